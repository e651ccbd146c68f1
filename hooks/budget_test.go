package hooks_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// TestWaitingForTheBudgetIsNoFailure: however long it lasts, the first real failure after it is tried
// again as soon as any first one.
func TestWaitingForTheBudgetIsNoFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		why   hooks.Reason
		pause time.Duration
	}{
		"no slot yet": {&budget.WaitError{After: 3 * time.Second}, hooks.ReasonWaitingBudget, 3 * time.Second},
		"a slot soon": {crm.NewLimited(time.Millisecond, &budget.WaitError{After: time.Millisecond}), hooks.ReasonWaitingBudget, time.Second},
		"no Redis":    {budget.ErrNoRedis, hooks.ReasonNoRedis, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := r.place("1")
			before := r.reads()
			r.ungranted = c.err
			r.manager(id, 3)
			for range 12 {
				r.work()
				r.wantLast(hooks.Waiting, c.why)
				r.wantAgain(c.pause, c.pause)
				r.clock.Advance(c.pause)
			}
			if n := r.reads() - before; n != 0 {
				t.Fatalf("%d reads without a grant", n)
			}
			r.ungranted = nil
			r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Method: http.MethodGet, Times: 1})
			r.work()
			r.wantLast(hooks.Waiting, hooks.ReasonUnavailable)
			r.wantAgain(4*time.Second, 6*time.Second)
			r.clock.Advance(6 * time.Second)
			r.work()
			r.wantStatus("1", "accepted")
		})
	}
}

// TestPanicIsToldAndReadAgainLater: what panics says so and is not read over and over.
func TestPanicIsToldAndReadAgainLater(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.panics = true
	r.manager(id, 3)
	r.work()
	r.wantLast(hooks.Waiting, hooks.ReasonInternal)
	r.wantAgain(4*time.Second, 6*time.Second)
	r.clock.Advance(6 * time.Second)
	r.work()
	r.wantAgain(8*time.Second, 12*time.Second)
	r.panics = false
	r.clock.Advance(12 * time.Second)
	r.work()
	r.wantStatus("1", "accepted")
}

// wantAgain checks how long it is until the one object is read again.
func (r *rig) wantAgain(from, to time.Duration) {
	r.t.Helper()
	var next time.Time
	if err := r.db.Get(&next, `SELECT next_at FROM keybridge.inbox WHERE next_at IS NOT NULL`); err != nil {
		r.t.Fatal(err)
	}
	if pause := next.Sub(r.clock.Now()); pause < from || pause > to {
		r.t.Fatalf("again in %v, want %v to %v", pause, from, to)
	}
}
