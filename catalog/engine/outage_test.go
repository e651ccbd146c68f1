package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/localpg"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// troubledCRM asks before every request whether something goes wrong with it.
type troubledCRM struct {
	catalog.CRM
	before func() error
}

func (c troubledCRM) CategoryPage(ctx context.Context, cursor string) (page catalog.Page[catalog.Category], err error) {
	if err := c.before(); err != nil {
		return page, err
	}
	return c.CRM.CategoryPage(ctx, cursor)
}

func (c troubledCRM) ProductPage(ctx context.Context, q catalog.ProductQuery, cursor string) (page catalog.Page[catalog.Product], err error) {
	if err := c.before(); err != nil {
		return page, err
	}
	return c.CRM.ProductPage(ctx, q, cursor)
}

func (c troubledCRM) OfferPage(ctx context.Context, q catalog.OfferQuery, cursor string) (page catalog.Page[catalog.Offer], err error) {
	if err := c.before(); err != nil {
		return page, err
	}
	return c.CRM.OfferPage(ctx, q, cursor)
}

// TestTroubleAtAnyRequestLeavesTheShopAsAnUndisturbedOne lets every request of two runs fail once, each
// time in another way, before it succeeds.
func TestTroubleAtAnyRequestLeavesTheShopAsAnUndisturbedOne(t *testing.T) {
	t.Parallel()
	calm := gated(t, &gate{})
	twoRuns(t, calm, func() catalog.Run { return calm.finish(calm.begin(catalog.Full)) })
	want := calm.snapshot()
	kinds := []keycrmtest.Fault{
		{Kind: keycrmtest.FaultLimited, RetryAfter: 20 * time.Second},
		{Kind: keycrmtest.FaultLimited, RetryAfter: -1},
		{Kind: keycrmtest.FaultStatus, Status: 500},
		{Kind: keycrmtest.FaultStatus, Status: 503},
		{Kind: keycrmtest.FaultErrorAfter, Status: 502},
		{Kind: keycrmtest.FaultCutBefore},
		{Kind: keycrmtest.FaultCutBody},
		{Kind: keycrmtest.FaultWrongJSON},
		{Kind: ""}, // Redis is away, so the budget grants nothing
	}
	for first := range kinds {
		t.Run(fmt.Sprintf("beginning with %d", first), func(t *testing.T) {
			t.Parallel()
			w := gated(t, &gate{})
			asked := 0
			w.crm = func(c catalog.CRM) catalog.CRM {
				return troubledCRM{c, func() error {
					asked++
					if asked%2 == 0 {
						return nil
					}
					f := kinds[(first+asked/2)%len(kinds)]
					if f.Kind == "" {
						return fmt.Errorf("%w: %w", crm.ErrUnavailable, budget.ErrNoRedis)
					}
					f.Times = 1
					w.sim.Fault(f)
					return nil
				}}
			}
			w.engine = w.newEngine()
			twoRuns(t, w, func() catalog.Run { return w.finish(w.begin(catalog.Full)) })
			if got := w.snapshot(); !slices.Equal(got, want) {
				t.Errorf("the shop differs: %s", firstDifference(got, want))
			}
			if n := w.openIntents() + w.staged(); n != 0 || asked < 2*len(kinds) {
				t.Errorf("%d rows are left behind after %d requests", n, asked)
			}
		})
	}
}

// mortalPostgres is a server of a test's own that can be killed. What it has committed is durable.
type mortalPostgres struct {
	t   *testing.T
	dir string
	srv *localpg.Server
}

func startPostgres(t *testing.T) *mortalPostgres {
	t.Helper()
	p := &mortalPostgres{t: t, dir: t.TempDir()}
	p.start()
	t.Cleanup(func() { must(t, p.srv.Stop(context.WithoutCancel(t.Context()))) })
	return p
}

func (p *mortalPostgres) start() {
	p.t.Helper()
	var err error
	p.srv, err = localpg.Start(p.t.Context(), localpg.Config{Dir: p.dir, Getenv: func(name string) string {
		if name == "DATABASE_URL" {
			return "" // a server of our own, which may be killed
		}
		return os.Getenv(name)
	}})
	must(p.t, err)
}

// restart kills the server as a power cut would and starts it again on what it left.
func (p *mortalPostgres) restart() {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.srv.Dir(), "data", "postmaster.pid"))
	must(p.t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	must(p.t, err)
	must(p.t, syscall.Kill(pid, syscall.SIGKILL))
	<-p.srv.Done()
	_ = p.srv.Stop(p.t.Context()) // gives the folder free; that the server died is known
	p.start()
}

// TestPostgresKilledAmidARunLeavesTheShopAsAnUndisturbedOne kills the server before and after requests
// and writes of a run, among them those amid which rows were only staged.
func TestPostgresKilledAmidARunLeavesTheShopAsAnUndisturbedOne(t *testing.T) {
	t.Parallel()
	calm := gated(t, &gate{})
	twoRuns(t, calm, func() catalog.Run { return calm.finish(calm.begin(catalog.Full)) })
	want := calm.snapshot()

	pg := startPostgres(t)
	db, err := sqlx.Connect("postgres", pg.srv.DSN())
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	must(t, migrate(db))
	g := &gate{every: 8, offset: 3, what: pg.restart}
	w := gatedOn(t, db, g)
	twoRuns(t, w, func() catalog.Run { return w.endure(w.begin(catalog.Full)) })
	w.engine = w.newEngine()
	if got := w.snapshot(); !slices.Equal(got, want) {
		t.Errorf("the shop differs: %s", firstDifference(got, want))
	}
	if n := w.openIntents() + w.staged(); n != 0 || g.deaths.Load() < 5 {
		t.Errorf("%d rows are left behind after %d deaths of the server", n, g.deaths.Load())
	}
}

// endure is finish for a world whose database goes away now and then: a worker that could not say what
// came of its work leaves a lease, which must run out.
func (w *world) endure(id int64) catalog.Run {
	w.t.Helper()
	for range 1000 {
		if err := w.engine.Handle(w.t.Context(), id); err != nil {
			w.clock.Advance(31 * time.Second)
			continue
		}
		run, err := w.engine.Run(w.t.Context(), id)
		must(w.t, err)
		if !run.State.Active() || run.State == catalog.Approval {
			return run
		}
		w.clock.Advance(max(run.NextAt.Sub(w.clock.Now()), 31*time.Second))
	}
	w.t.Fatalf("run %d does not end", id)
	return catalog.Run{}
}
