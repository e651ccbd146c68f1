package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// dieAt ends the connection of whoever makes the nth of such statements, amid its transaction.
func (w *world) dieAt(statement string, nth int) {
	w.t.Helper()
	w.exec(`CREATE SEQUENCE public.passed`)
	w.exec(fmt.Sprintf(`CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('public.passed') = %d THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
		RETURN NULL; END $$`, nth))
	w.exec(`CREATE TRIGGER die AFTER ` + statement + ` FOR EACH STATEMENT EXECUTE FUNCTION public.die()`)
}

// mortally makes a full run whose workers may die, and approves what it asks about.
func (w *world) mortally() catalog.Run {
	w.t.Helper()
	id := w.begin(catalog.Full)
	for {
		for !w.survives(id) {
			w.clock.Advance(31 * time.Second)
			w.engine = w.newEngine()
		}
		run := w.finish(id)
		if run.State != catalog.Approval {
			return run
		}
		must(w.t, w.engine.Approve(w.t.Context(), id, "1"))
	}
}

func TestAKillAroundTheSplitLeavesTheShopAsItIs(t *testing.T) {
	t.Parallel()
	prepare := func(w *world) {
		w.config.PlanBatch = 5
		w.engine = w.newEngine()
		w.oneEach()
	}
	calm := eventful(t, prepare)
	calm.approvedIfAsked()
	want := calm.snapshot()
	passed := func(w *world, least int64) {
		var n int64
		must(w.t, w.db.GetContext(w.t.Context(), &n, `SELECT last_value FROM public.passed`))
		if n <= least {
			w.t.Errorf("only %d such statements were made", n)
		}
	}
	for name, disturb := range map[string]func(w *world) (check func()){
		"amid the split of the first products": func(w *world) func() {
			w.dieAt(`UPDATE OF presence ON keybridge.stage_product`, 1)
			return func() { passed(w, 1) }
		},
		"amid the split of later ones": func(w *world) func() {
			w.dieAt(`UPDATE OF presence ON keybridge.stage_product`, 4)
			return func() { passed(w, 4) }
		},
		"while links move": func(w *world) func() {
			w.dieAt(`UPDATE OF crm_id ON keybridge.link_product`, 1)
			return func() { passed(w, 1) }
		},
		"after the split, before anything is planned, and later": func(w *world) func() {
			var calls atomic.Int64
			w.unsent = func(ctx context.Context, _ plugin.ConnectionID, _ []plugin.VariantID, _ time.Time) (map[plugin.VariantID]decimal.Decimal, error) {
				if n := calls.Add(1); n == 1 || n == 4 || n == 9 {
					kill(ctx)
				}
				return nil, living(ctx)
			}
			w.engine = w.newEngine()
			return func() {
				if n := calls.Load(); n < 10 {
					w.t.Errorf("planning asked only %d times", n)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := eventful(t, prepare)
			check := disturb(w)
			run := w.mortally()
			if run.State != catalog.Done || run.Counters.Conflicts+run.Counters.Errors != 0 {
				t.Fatalf("the run ended %s in %s: %s %+v", run.State, run.Phase, run.Code, run.Counters)
			}
			check()
			if got := w.snapshot(); !slices.Equal(got, want) {
				t.Errorf("the shop differs: %s", firstDifference(got, want))
			}
			if n := w.openIntents() + w.staged(); n != 0 {
				t.Errorf("%d rows are left behind", n)
			}
			w.quiet()
		})
	}
}
