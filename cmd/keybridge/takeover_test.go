package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// crew is a shop whose pages and workers are processes of their own, on real Postgres and Redis. Its
// workers' leases last 3 s.
type crew struct{ *mortal }

const (
	crewLease = 3 * time.Second
	// takeover is how long after the end of a lease the next worker has written at the latest: the relay
	// looks each second, an idle worker too, and the machine may be busy. Without the relay it would be
	// half a minute and more until Redis gave the task of a dead worker to another.
	takeover = 20 * time.Second
)

func newCrew(t *testing.T) crew {
	t.Helper()
	m := newMortal(t, keycrmtest.WithCatalog(160, 240))
	m.env = []string{"DATABASE_URL=" + m.dsn, "REDIS_URL=" + localredis.StartReal(t).URL()}
	m.args = []string{"--role", "web"}
	m.start()
	c := crew{m}
	c.keepTrail()
	return c
}

// keepTrail has the database note how each holder of the run has brought it on.
func (c crew) keepTrail() {
	c.t.Helper()
	for _, q := range []string{
		`CREATE TABLE public.trail (at timestamptz DEFAULT clock_timestamp(), fence bigint)`,
		`CREATE FUNCTION public.leave_trail() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			INSERT INTO public.trail (fence) VALUES (NEW.fence);
			RETURN NULL;
		END $$`,
		`CREATE TRIGGER trail AFTER UPDATE ON keybridge.run FOR EACH ROW WHEN (NEW.fence = OLD.fence AND
			(NEW.phase, NEW.cursor, NEW.phase_done) <> (OLD.phase, OLD.cursor, OLD.phase_done)) EXECUTE FUNCTION public.leave_trail()`,
	} {
		if _, err := c.db.ExecContext(c.t.Context(), q); err != nil {
			c.t.Fatal(err)
		}
	}
}

// hire starts a worker and returns once it works.
func (c crew) hire() *child { return c.hireWith("--quick-checks") }

// hireWith starts a worker with more arguments. Without --quick-checks its leases last 30 s.
func (c crew) hireWith(args ...string) *child {
	c.t.Helper()
	w := startChild(c.t, c.env, append([]string{
		"demo", "--role", "worker", "--dir", c.dir,
		"--keycrm-key", c.sim.Key(), "--keycrm-url", c.sim.BaseURL(),
	}, args...)...)
	w.waitFor("Working for " + c.shopURL())
	return w
}

// freeze stops a process as the kernel does with one that gets no time; thaw lets it go on.
func (c *child) freeze() { _ = c.cmd.Process.Signal(syscall.SIGSTOP) }
func (c *child) thaw()   { _ = c.cmd.Process.Signal(syscall.SIGCONT) }

// amid starts something and, when the CRM is about to answer a page of products to a run for the second
// time, does something and returns. Workers ask for other things too, also before they have taken a run
// up.
func (c crew) amid(start, do func()) {
	c.t.Helper()
	reached, answer := make(chan struct{}), make(chan struct{})
	var pages atomic.Int32
	c.sim.After(func(q keycrmtest.Request) {
		if q.Path == "/v1/products" && pages.Add(1) == 2 {
			close(reached)
			select {
			case <-answer:
			case <-c.t.Context().Done():
			}
		}
	})
	start()
	select {
	case <-reached:
	case <-time.After(patience):
		c.t.Fatal("no run has read its second page")
	}
	do()
	c.sim.After(nil)
	close(answer)
}

// standing is who has the run.
type standing struct {
	State string
	Fence int64
}

func (c crew) run() standing {
	c.t.Helper()
	var s standing
	if err := c.db.Get(&s, `SELECT state, fence FROM keybridge.run`); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// wantTakeover waits until somebody has brought the run on under a later fence, and checks how long that
// took.
func (c crew) wantTakeover(where string, from standing, since time.Time, within time.Duration) {
	c.t.Helper()
	if from.State != "running" {
		c.t.Fatalf("%s: the run was %+v when its worker was ended", where, from)
	}
	var at sql.NullTime
	until(c.t, patience, "another worker goes on", func(ctx context.Context) error {
		err := c.db.GetContext(ctx, &at, `SELECT min(at) FROM public.trail WHERE fence > $1`, from.Fence)
		if err == nil && !at.Valid {
			err = errors.New("the run stands still")
		}
		return err
	})
	took := at.Time.Sub(since)
	c.t.Logf("%s: the next worker wrote after %.1f s", where, took.Seconds())
	if took > within {
		c.t.Errorf("%s: the next worker wrote after %v, want %v at most", where, took, within)
	}
}

// TestKilledWorkerIsReplacedWhenItsLeaseEnds kills whoever has the run, while it reads and while it
// writes; another worker stands by.
func TestKilledWorkerIsReplacedWhenItsLeaseEnds(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	second, third := c.hire(), c.hire()
	second.freeze() // so that it is known who has the run
	third.freeze()
	goOn := c.holdPictures()
	c.connect(t.Context()) // the first save starts the first run
	var first *child
	var killed time.Time
	var stood standing
	c.amid(func() { first = c.hire() }, func() {
		first.kill()
		killed, stood = time.Now(), c.run()
	})
	second.thaw()
	c.wantTakeover("while it read", stood, killed, crewLease+takeover)

	until(t, patience, "a worker stores the 20th picture", func(context.Context) error {
		if c.count(`SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
			WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.objid = 20 AND NOT l.granted`) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	second.kill()
	killed, stood = time.Now(), c.run()
	goOn()
	third.thaw()
	c.wantTakeover("while it wrote", stood, killed, crewLease+takeover)
	c.checkCatalog(t.Context())
	if n := c.count(`SELECT count(*) FROM keybridge.run`); n != 1 {
		t.Errorf("%d runs, want 1", n)
	}
}

// TestStoppedWorkerHandsItsRunOver: a process that is told to stop lets its run go, and another goes on
// long before the lease of 30 s would have run out.
func TestStoppedWorkerHandsItsRunOver(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	second := c.hireWith()
	second.freeze()
	c.connect(t.Context())
	var first *child
	var stopped time.Time
	var stood standing
	c.amid(func() { first = c.hireWith() }, func() {
		stood, stopped = c.run(), time.Now()
		second.thaw()
		first.interrupt()
		c.wantTakeover("after a stop", stood, stopped, 10*time.Second)
	})
	if err := first.wait(); err != nil {
		t.Errorf("the stopped worker ended with %v", err)
	}
	c.checkCatalog(t.Context())
}

// holdPictures lets whoever stores the 20th picture of the shop wait until goOn is called.
func (c crew) holdPictures() (goOn func()) {
	c.t.Helper()
	holder, err := c.db.Connx(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = holder.Close() })
	for _, q := range []string{
		`SELECT pg_advisory_lock(20)`,
		`CREATE FUNCTION public.hold_pictures() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF (SELECT count(*) FROM demoshop.images) >= 20 THEN
				PERFORM pg_advisory_xact_lock_shared(20);
			END IF;
			RETURN NULL;
		END $$`,
		`CREATE TRIGGER hold AFTER INSERT ON demoshop.images FOR EACH STATEMENT EXECUTE FUNCTION public.hold_pictures()`,
	} {
		if _, err := holder.ExecContext(c.t.Context(), q); err != nil {
			c.t.Fatal(err)
		}
	}
	return func() {
		if _, err := holder.ExecContext(c.t.Context(), `SELECT pg_advisory_unlock(20)`); err != nil {
			c.t.Fatal(err)
		}
	}
}

// TestFrozenWorkersLateWriteIsRefused: a worker that gets no time for longer than its lease wakes up
// when another has done its run.
func TestFrozenWorkersLateWriteIsRefused(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	second := c.hire()
	second.freeze()
	c.connect(t.Context())
	var first *child
	c.amid(func() { first = c.hire() }, func() { first.freeze() })
	if held := c.run(); held.State != "running" {
		t.Fatalf("the run was %+v when its worker froze", held)
	}
	second.thaw()
	c.checkCatalog(t.Context())

	before := c.everything()
	refusals := c.logged("another worker goes on")
	first.thaw()
	until(t, patience, "the late worker is refused", func(context.Context) error {
		if c.logged("another worker goes on") == refusals {
			return errors.New("nothing was refused")
		}
		return nil
	})
	for table, rows := range c.everything() {
		if rows != before[table] {
			t.Errorf("the late worker changed %s", table)
		}
	}
}

// everything is what a run writes, by table.
func (c crew) everything() map[string]string {
	c.t.Helper()
	out := map[string]string{}
	for _, table := range []string{
		"keybridge.run", "keybridge.link_product", "keybridge.link_variant", "keybridge.run_item", "keybridge.run_change",
		"keybridge.stage_product", "demoshop.products", "demoshop.variants", "demoshop.images",
	} {
		var rows string
		if err := c.db.Get(&rows, `SELECT coalesce(md5(string_agg(r::text, ' ' ORDER BY r::text)), '') FROM `+table+` r`); err != nil {
			c.t.Fatal(err)
		}
		out[table] = rows
	}
	return out
}

// logged counts lines of the workers' log.
func (c crew) logged(words string) int {
	c.t.Helper()
	log, err := os.ReadFile(filepath.Join(c.dir, "worker.log"))
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.Count(string(log), words)
}
