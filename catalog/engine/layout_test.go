package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keybridge/keybridge/catalog"
)

// olderLayout makes a run what a version before ours has stored, with a cursor and plans nobody can read.
func (w *world) olderLayout(id int64) {
	w.t.Helper()
	w.exec(`UPDATE keybridge.run SET layout = 1, cursor = CASE WHEN cursor = '' THEN '' ELSE '{"page": [' END WHERE id = $1`, id)
	w.exec(`UPDATE keybridge.run_plan SET body = '{"action": 1}' WHERE run_id = $1`, id)
}

func renewals(items []catalog.Item) (n int) {
	for _, it := range items {
		if it.Reason == catalog.ReasonPlanRenewed {
			n++
		}
	}
	return n
}

func TestAPlanOfAnotherLayoutIsVoidAndMadeAnew(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 3)
	w := newWorld(t, sim)
	id := w.previewed()
	before := w.planned(id)
	w.olderLayout(id)
	if err := w.engine.Approve(t.Context(), id, "an-operator"); !errors.Is(err, catalog.ErrMoved) {
		t.Fatalf("the old plan was approved: %v", err)
	}
	if left := w.planned(id); len(left) != 0 {
		t.Errorf("the old plan is shown: %v", left)
	}
	renewed := w.renewed(id)
	if renewed == 0 {
		t.Fatal("no run makes the plan anew")
	}
	if run := w.finish(renewed); run.State != catalog.Approval || !run.Preview {
		t.Fatalf("the new run is %s in %s", run.State, run.Phase)
	}
	if after := w.planned(renewed); len(after) == 0 || !slices.Equal(after, before) {
		t.Errorf("the new plan is\n%v\nthe old one was\n%v", after, before)
	}
	w.approve(renewed)
}

// renewed lets outdated plans be made anew and answers the run that does so for the one given; 0: none does.
func (w *world) renewed(id int64) int64 {
	w.t.Helper()
	_, err := w.engine.Due(w.t.Context(), w.clock.Now(), 10)
	must(w.t, err)
	runs, err := w.engine.Runs(w.t.Context(), w.conn, 10)
	must(w.t, err)
	for _, run := range runs {
		switch {
		case run.ID == id && (run.State != catalog.Cancelled || run.Code != catalog.CodePlanOutdated):
			return 0
		case run.ID > id && run.State == catalog.Queued && run.Phase == catalog.FirstPhase(run.Kind):
			return run.ID
		}
	}
	return 0
}

// TestTwoPlansOfAConnectionAreMadeAnewOneAfterTheOther: one run of a connection is at work at a time.
func TestTwoPlansOfAConnectionAreMadeAnewOneAfterTheOther(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 3)
	w := newWorld(t, sim)
	w.full()
	eachOffer(t, sim, sim.ProductIDs(), func(o int64) { setStock(t, sim, o, 4) })
	full := w.previewed()
	w.later()
	prices, err := w.engine.Preview(t.Context(), w.conn, catalog.Prices, "1")
	must(t, err)
	w.finish(prices)
	w.olderLayout(full)
	w.olderLayout(prices)
	first := w.renewed(full)
	if first == 0 || w.state(prices) != catalog.Approval {
		t.Fatalf("run %d makes the full plan anew, the other is %s", first, w.state(prices))
	}
	w.finish(first)
	second := w.renewed(prices)
	if second == 0 {
		t.Fatal("the plan of prices is not made anew")
	}
	if run := w.finish(second); run.Kind != catalog.Prices || run.State != catalog.Approval {
		t.Errorf("the second run is %s, %s", run.Kind, run.State)
	}
}

// TestAPlanOfAConnectionThatIsOffWaits until it is on.
func TestAPlanOfAConnectionThatIsOffWaits(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 1)
	w := newWorld(t, sim)
	id := w.previewed()
	w.olderLayout(id)
	must(t, w.set.SetEnabled(t.Context(), w.conn, false))
	if run := w.renewed(id); run != 0 || w.state(id) != catalog.Approval {
		t.Fatalf("the plan is %s", w.state(id))
	}
	must(t, w.set.SetEnabled(t.Context(), w.conn, true))
	if w.renewed(id) == 0 {
		t.Error("the plan is not made anew once the connection is on")
	}
}

// TestARunThatAnOlderProcessHadMeanwhileBeginsAnew: what that has stored says nothing of its layout.
func TestARunThatAnOlderProcessHadMeanwhileBeginsAnew(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 3)
	w := newWorld(t, sim)
	w.shop.stopAt(func(ctx context.Context, call string) {
		if call == "after CreateProducts" {
			kill(ctx)
		}
	})
	id := w.begin(catalog.Full)
	for w.survives(id) {
	}
	w.shop.stopAt(nil)
	w.exec(`UPDATE keybridge.run SET fence = fence + 1, cursor = '{"page": [' WHERE id = $1`, id)
	w.clock.Advance(time.Minute)
	if run := w.finish(id); run.State != catalog.Done || renewals(w.items(id)) != 1 || w.productCount() != 3 {
		t.Errorf("the run ended %s: %s %v, with %d products", run.State, run.Code, run.Params, w.productCount())
	}
}

func TestARunAtWorkInAnotherLayoutBeginsAnew(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 3)
	w := newWorld(t, sim)
	w.shop.stopAt(func(ctx context.Context, call string) {
		if call == "after CreateProducts" {
			kill(ctx)
		}
	})
	id := w.begin(catalog.Full)
	for w.survives(id) {
	}
	w.shop.stopAt(nil)
	if n := w.openIntents(); n != 3 {
		t.Fatalf("%d products were being created when the worker died", n)
	}
	w.olderLayout(id)
	w.clock.Advance(time.Minute)
	run := w.finish(id)
	if run.State != catalog.Done || renewals(w.items(id)) != 1 {
		t.Fatalf("the run ended %s: %s %v", run.State, run.Code, run.Params)
	}
	if n := w.productCount(); n != 3 || w.openIntents()+w.staged() != 0 {
		t.Errorf("%d products, %d creations open, %d rows left behind", n, w.openIntents(), w.staged())
	}
	if again := w.full(); again.Counters.Created+again.Counters.Updated != 0 {
		t.Errorf("the next run still wrote: %+v", again.Counters)
	}
}
