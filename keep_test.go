//go:build keep

package keybridge_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// TestKeepData leaves what TestKeptDataIsUpgraded opens: a world at the moment its process dies, for each phase
// of runs, and one with orders of many states. It is run once, at the last commit of a version, with the number of
// its latest migration, and needs PostgreSQL's pg_dump:
//
//	KEYBRIDGE_KEEP=00029 go test -tags keep -run TestKeepData .
func TestKeepData(t *testing.T) { //nolint:paralleltest // it is run alone, to leave data
	k := newKeeper(t, os.Getenv("KEYBRIDGE_KEEP"))
	k.run("full", func() (int64, error) { return k.start(catalog.Full) })
	k.change()
	k.choose(func(s *settings.Settings) {
		s.Catalog.Warehouses = []string{strconv.FormatInt(keycrmtest.WarehouseKyiv, 10)}
	})
	k.run("update", func() (int64, error) { return k.start(catalog.Full) })
	k.prices()
	k.run("prices", func() (int64, error) { return k.start(catalog.Prices) })
	k.change()
	k.run("preview", func() (int64, error) {
		return k.day.Catalog().Preview(t.Context(), k.day.conn.ID, catalog.Full, "1")
	})
	k.choose(func(s *settings.Settings) { s.Catalog.Match = settings.MatchName })
	k.run("rematch", func() (int64, error) { return k.day.Catalog().Rematch(t.Context(), k.day.conn.ID, "1") })
	k.orders()
	k.index()
}

type keeper struct {
	t       *testing.T
	dir     string
	account string // the simulator's file
	dsn     string
	day     *day
	held    *sqlx.Conn     // makes runs stand still
	passed  int            // phases of runs
	times   map[string]int // by phase
	all     []kept
	edits   int
}

func newKeeper(t *testing.T, version string) *keeper {
	t.Helper()
	if version == "" {
		t.Fatal("KEYBRIDGE_KEEP names no folder")
	}
	k := &keeper{t: t, dir: filepath.Join(keptIn, version), account: filepath.Join(t.TempDir(), "account"), dsn: pgtest.DSN(t), times: map[string]int{}}
	k.must(os.MkdirAll(k.dir, 0o755))
	db := sqlx.MustConnect("postgres", k.dsn)
	t.Cleanup(func() { _ = db.Close() })
	c := clock.NewAlone(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	k.day = newDayOn(t, db, c, keptAccount(c, k.account))
	k.day.activate(t)
	for _, q := range []string{
		`CREATE TABLE public.passed (run bigint, phase text)`,
		`CREATE FUNCTION public.stand_still() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NOT EXISTS (SELECT 1 FROM public.passed WHERE run = OLD.id AND phase = OLD.phase) THEN
				PERFORM pg_advisory_xact_lock_shared(77, (SELECT count(*)::int FROM public.passed));
			END IF;
			RETURN NEW;
		END $$`,
		`CREATE TRIGGER stand_still BEFORE UPDATE ON keybridge.run FOR EACH ROW WHEN ((OLD.phase, OLD.cursor, OLD.phase_done, OLD.state)
			IS DISTINCT FROM (NEW.phase, NEW.cursor, NEW.phase_done, NEW.state) AND OLD.state = 'running') EXECUTE FUNCTION public.stand_still()`,
	} {
		db.MustExec(q)
	}
	var err error
	k.held, err = db.Connx(t.Context())
	k.must(err)
	t.Cleanup(func() { _ = k.held.Close() })
	k.day.connect(t)
	k.must(k.day.Catalog().Cancel(t.Context(), 1)) // run starts it
	return k
}

func (k *keeper) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *keeper) start(kind catalog.Kind) (int64, error) {
	return k.day.Catalog().Start(k.t.Context(), k.day.conn.ID, kind, "1")
}

// run keeps the world in each phase of a run, and ends it. One that is to wait for a person reads as others do, and
// is kept from then on.
func (k *keeper) run(name string, start func() (int64, error)) {
	k.t.Helper()
	id, err := start()
	k.must(err)
	if run, err := k.day.Catalog().Run(k.t.Context(), id); err != nil || !run.Preview {
		k.still(name, id)
	} else {
		k.must(k.finish(id))
	}
	if k.state(id) == catalog.Approval {
		k.keep(name + "-approval")
		k.must(k.day.Catalog().Approve(k.t.Context(), id, "1"))
		k.still(name+"-approved", id)
	}
	if s := k.state(id); s != catalog.Done {
		k.t.Errorf("%s ended as %s", name, s)
	}
}

func (k *keeper) state(id int64) catalog.State {
	k.t.Helper()
	run, err := k.day.Catalog().Run(k.t.Context(), id)
	k.must(err)
	return run.State
}

// still lets a run stand still in each of its phases, and keeps the world there.
func (k *keeper) still(name string, id int64) {
	k.t.Helper()
	over := make(chan error, 1)
	k.lock(true)
	go func() { over <- k.finish(id) }()
	for {
		select {
		case err := <-over:
			k.must(err)
			k.lock(false)
			return
		case <-time.After(50 * time.Millisecond):
		}
		var waits int
		k.must(k.day.db.Get(&waits, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 77 AND NOT granted`))
		if waits == 0 {
			continue
		}
		var run struct {
			ID    int64
			Phase string
		}
		k.must(k.day.db.Get(&run, `SELECT id, phase FROM keybridge.run WHERE state = 'running'`))
		// Two kinds of runs that went through a phase are enough, but for what writes.
		if run.ID == id {
			if k.times[run.Phase]++; k.times[run.Phase] <= 2 || run.Phase == string(catalog.WriteProducts) {
				k.keep(name + "-" + run.Phase)
			}
		}
		k.pass(run.ID, run.Phase)
	}
}

// finish works until a run is over or waits for a person.
func (k *keeper) finish(id int64) error {
	step := k.day.Driven()
	for {
		if err := step(k.t.Context()); err != nil {
			return err
		}
		run, err := k.day.Catalog().Run(k.t.Context(), id)
		if err != nil || !run.State.Active() || run.State == catalog.Approval {
			return err
		}
		k.day.clock.Advance(time.Minute)
	}
}

// lock takes the lock that the next standstill waits for, or lets it go.
func (k *keeper) lock(take bool) {
	k.t.Helper()
	q := `SELECT pg_advisory_unlock(77, $1)`
	if take {
		q = `SELECT pg_advisory_lock(77, $1)`
	}
	_, err := k.held.ExecContext(k.t.Context(), q, k.passed)
	k.must(err)
}

// pass lets a run go on to its next phase, where it stands still again.
func (k *keeper) pass(run int64, phase string) {
	k.t.Helper()
	k.passed++
	k.lock(true)
	k.day.db.MustExec(`INSERT INTO public.passed VALUES ($1, $2)`, run, phase)
	k.passed--
	k.lock(false)
	k.passed++
}

// our trigger and what pg_dump sets for psql alone.
var notKept = regexp.MustCompile(`(?m)^CREATE TRIGGER stand_still .*$|^\\(un)?restrict .*$|^CREATE SCHEMA public;$`)

// keep leaves the world as a process that died this moment would.
func (k *keeper) keep(name string) {
	k.t.Helper()
	dump := exec.CommandContext(k.t.Context(), "pg_dump", "--dbname="+k.dsn, "--schema=keybridge", "--schema=demoshop",
		"--inserts", "--rows-per-insert=200", "--no-owner", "--no-privileges")
	var errs bytes.Buffer
	dump.Stderr = &errs
	script, err := dump.Output()
	if err != nil {
		k.t.Fatalf("pg_dump: %v: %s", err, errs.String())
	}
	rows, err := os.ReadFile(k.account)
	k.must(err)
	k.write(name+".sql.gz", notKept.ReplaceAll(script, nil))
	k.write(name+".account.gz", rows)
	k.all = append(k.all, kept{Name: name, At: k.day.clock.Now()})
}

func (k *keeper) write(name string, body []byte) {
	k.t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	k.must(err)
	_, err = z.Write(body)
	k.must(errors.Join(err, z.Close(), os.WriteFile(filepath.Join(k.dir, name), out.Bytes(), 0o644)))
}

func (k *keeper) index() {
	slices.SortFunc(k.all, func(a, b kept) int { return a.At.Compare(b.At) })
	body, err := json.MarshalIndent(k.all, "", "\t")
	k.must(err)
	k.must(os.WriteFile(filepath.Join(k.dir, "index.json"), append(body, '\n'), 0o644))
}

// change edits the account so that a full run has something of each kind to do.
func (k *keeper) change() {
	k.t.Helper()
	k.edits++
	ids := k.day.sim.ProductIDs()
	for i, id := range ids {
		switch i {
		case 0, 1:
			k.must(k.day.sim.EditProduct(id, func(p *keycrmtest.Product) { p.Name += " нова"; p.CategoryID = 0 }))
		case 2:
			k.must(k.day.sim.DeleteProduct(id))
		}
	}
	k.prices()
}

// prices moves two of them.
func (k *keeper) prices() {
	k.t.Helper()
	for i, id := range k.day.sim.ProductIDs() {
		if p, _ := k.day.sim.Product(id); i >= 3 && i < 5 {
			k.must(k.day.sim.SetPrice(p.OfferIDs[0], decimal.NewFromInt(int64(700+10*k.edits+i))))
		}
	}
	k.edits++
}

// choose saves other settings.
func (k *keeper) choose(edit func(*settings.Settings)) {
	k.t.Helper()
	ctx := k.t.Context()
	conn, err := k.day.Settings().Get(ctx, k.day.conn.ID)
	k.must(err)
	edit(&conn.Settings)
	_, err = k.day.Settings().Save(ctx, conn.ID, conn.Version, conn.Settings, true, plugin.Operator{ID: "1"})
	k.must(err)
}

// orders keeps a world with orders of all states.
func (k *keeper) orders() {
	k.t.Helper()
	ctx := k.t.Context()
	step := k.day.Driven()
	work := func() { k.must(step(ctx)) }
	post := func(kind keycrmtest.FaultKind, status int) keycrmtest.Fault {
		return keycrmtest.Fault{Kind: kind, Status: status, Method: http.MethodPost, Path: "/v1/order", Times: 1}
	}
	k.day.buy(k.t) // done
	work()
	k.must(k.day.sim.SetOrderStatus(k.day.sim.Orders()[0].ID, 3))
	k.day.sim.Fault(post(keycrmtest.FaultErrorAfter, 502)) // made, and we do not know
	k.day.buy(k.t)
	work()
	k.day.sim.Fault(post(keycrmtest.FaultStatus, 502)) // not made, and we do not know
	k.day.buy(k.t)
	work()
	k.day.sim.Fault(post(keycrmtest.FaultStatus, 429))
	k.day.buy(k.t)
	work()
	k.day.buy(k.t)
	k.day.sim.After(func(q keycrmtest.Request) { // under way
		if q.Method == http.MethodPost && q.Path == "/v1/order" {
			k.day.sim.After(nil)
			k.keep("order-under-way")
		}
	})
	work()
	k.choose(func(s *settings.Settings) { s.Orders.Payments = nil })
	k.day.buy(k.t) // a person is to say what the payment is in the CRM
	work()
	k.must(k.day.TellTroubles(ctx))
	k.keep("orders")
}
