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
	_, err := w.engine.Due(t.Context(), w.clock.Now(), 10)
	must(t, err)
	if run := w.finish(id); run.State != catalog.Approval || run.ApprovedBy != "" {
		t.Fatalf("the run is %s in %s, approved by %q", run.State, run.Phase, run.ApprovedBy)
	}
	if after := w.planned(id); len(after) == 0 || !slices.Equal(after, before) {
		t.Errorf("the new plan is\n%v\nthe old one was\n%v", after, before)
	}
	if n := renewals(w.items(id)); n != 1 {
		t.Errorf("the list says %d times that the plan was made anew", n)
	}
	if run := w.approve(id); run.State != catalog.Done {
		t.Errorf("once approved the run ended %s: %s", run.State, run.Code)
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
