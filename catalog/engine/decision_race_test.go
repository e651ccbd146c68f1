package engine_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/keybridge/keybridge/catalog"
)

// Two people decide about a run at once, while a third starts another one.
func TestOneDecisionCountsHoweverManyAreMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	for range 12 {
		id, err := w.engine.Preview(t.Context(), w.conn, catalog.Full, "1")
		must(t, err)
		if run := w.finish(id); run.State != catalog.Approval {
			t.Fatalf("the preview is %s", run.State)
		}
		var wg sync.WaitGroup
		var approved, cancelled, started error
		wg.Go(func() { approved = w.engine.Approve(t.Context(), id, "2") })
		wg.Go(func() { cancelled = w.engine.Cancel(t.Context(), id) })
		wg.Go(func() { _, started = w.engine.Start(t.Context(), w.conn, catalog.Full, "3") })
		wg.Wait()
		must(t, cancelled)
		if approved != nil && !errors.Is(approved, catalog.ErrNotWaiting) {
			t.Errorf("approve: %v", approved)
		}
		if started != nil && !errors.Is(started, catalog.ErrRunning) {
			t.Errorf("start: %v", started)
		}
		runs, err := w.engine.Runs(t.Context(), w.conn, 2)
		must(t, err)
		active := 0
		for _, r := range runs {
			if r.State.Active() {
				active++
			}
		}
		if began := started == nil; active > 1 || began != (runs[0].ID != id) || began && runs[0].State != catalog.Queued {
			t.Fatalf("start answered %v; the latest runs are %d %s and %d %s", started, runs[0].ID, runs[0].State, runs[1].ID, runs[1].State)
		}
		must(t, w.engine.Cancel(t.Context(), runs[0].ID))
	}
}
