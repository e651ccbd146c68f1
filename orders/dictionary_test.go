package orders_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// counting counts how often the account's dictionary is asked for, and holds the first asker until as
// many orders as there are wait for it.
type counting struct {
	orders.Sink
	asked   *atomic.Int32
	waiting *sync.WaitGroup
}

func (c counting) OrderDictionary(ctx context.Context) (orders.Dictionary, error) {
	c.asked.Add(1)
	c.waiting.Wait()
	return c.Sink.OrderDictionary(ctx)
}

// TestOrdersOfOneMomentAskForTheDictionaryOnce: five workers with an order each cost one look at the
// account.
func TestOrdersOfOneMomentAskForTheDictionaryOnce(t *testing.T) {
	t.Parallel()
	const many = 5
	r := newRig(t)
	var asked atomic.Int32
	var waiting sync.WaitGroup
	waiting.Add(many)
	var rows []int64
	for _, id := range []plugin.OrderID{"1", "2", "3", "4", "5"} {
		rows = append(rows, r.place(id))
	}
	// Opening the CRM is the last thing a worker does before it needs the dictionary.
	r.wrapSink(func(s orders.Sink) orders.Sink {
		waiting.Done()
		return counting{s, &asked, &waiting}
	})
	var workers sync.WaitGroup
	for _, row := range rows {
		workers.Go(func() {
			if err := r.x.Handle(t.Context(), row); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("the dictionary was asked for %d times, want once", n)
	}
	for _, id := range []plugin.OrderID{"1", "2", "3", "4", "5"} {
		r.wantState(id, orders.Done, "")
		r.wantOrders(string(id), 1)
	}
}
