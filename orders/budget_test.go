package orders_test

import (
	"context"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/connector"
	"github.com/keybridge/keybridge/orders"
)

// ungranted lets the budget grant no request that creates until err is nil.
func (r *rig) ungranted(err *error) {
	r.wrapSink(func(s orders.Sink) orders.Sink {
		client, failed := keycrm.New(r.crm.BaseURL(), r.crm.Key(),
			keycrm.WithBudget(func(context.Context, keycrm.Request) error { return *err }))
		if failed != nil {
			r.t.Error(failed)
			return s
		}
		return creating{s, connector.New(client)}
	})
}

// creating creates through another sink.
type creating struct {
	orders.Sink
	creator orders.Sink
}

func (c creating) CreateOrder(ctx context.Context, target settings.Target, body []byte) (orders.Receipt, error) {
	return c.creator.CreateOrder(ctx, target, body)
}

func TestRequestThatTheBudgetDidNotGrantIsNoAttempt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		why    orders.Reason
		within time.Duration
	}{
		"no slot yet": {&budget.WaitError{After: 3 * time.Second}, orders.ReasonWaitingBudget, 3 * time.Second},
		"no Redis":    {budget.ErrNoRedis, orders.ReasonNoRedis, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			err := c.err
			r.ungranted(&err)
			r.place("1")
			for range 12 { // the pause does not grow
				r.work()
				e := r.wantState("1", orders.Retrying, c.why)
				if len(e.Attempts) != 0 || e.Steps[0].Tries != 0 {
					t.Fatalf("%d attempts, %d tries, want none: nothing was sent", len(e.Attempts), e.Steps[0].Tries)
				}
				if pause := e.NextAt.Sub(r.clock.Now()); pause <= 0 || pause > c.within {
					t.Fatalf("again in %v, want within %v", pause, c.within)
				}
				r.clock.Advance(c.within)
			}
			err = nil
			r.work()
			if e := r.wantState("1", orders.Done, ""); len(e.Attempts) != 1 {
				t.Errorf("%d attempts, want 1", len(e.Attempts))
			}
			r.wantOrders("1", 1)
		})
	}
}
