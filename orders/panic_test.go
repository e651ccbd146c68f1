package orders_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
)

// panicking panics at its first calls, as a bug would for one order.
type panicking struct {
	orders.Sink
	reading, creating *atomic.Int32 // how often
}

func (p panicking) OrderDictionary(ctx context.Context) (orders.Dictionary, error) {
	if p.reading.Add(-1) >= 0 {
		panic("a bug in reading")
	}
	return p.Sink.OrderDictionary(ctx)
}

// CreateOrder panics once the CRM has the order.
func (p panicking) CreateOrder(ctx context.Context, target settings.Target, body []byte) (orders.Receipt, error) {
	r, err := p.Sink.CreateOrder(ctx, target, body)
	if p.creating.Add(-1) >= 0 {
		panic("a bug in creating")
	}
	return r, err
}

// TestPanicIsToldAndTriedAgainLater: an order amid which something panics says so, does not keep a worker
// busy, harms no other order and is sent once.
func TestPanicIsToldAndTriedAgainLater(t *testing.T) {
	t.Parallel()
	var reading, creating atomic.Int32
	r := newRig(t)
	r.wrapSink(func(s orders.Sink) orders.Sink { return panicking{s, &reading, &creating} })
	reading.Store(2)
	r.place("1")
	for range 2 {
		r.work()
		if e := r.wantState("1", orders.Retrying, orders.ReasonInternal); !e.NextAt.After(r.clock.Now()) {
			t.Fatalf("it is due again at once: %v", e.NextAt)
		}
		r.clock.Advance(time.Minute)
	}
	r.work()
	r.wantState("1", orders.Done, "")
	r.wantOrders("1", 1)

	creating.Store(1)
	r.place("2")
	r.work()
	r.place("3")
	r.work()
	r.wantState("3", orders.Done, "")
	r.pass(10 * time.Minute)
	r.wantState("2", orders.Done, "")
	r.wantOrders("2", 1)
}
