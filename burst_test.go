package keybridge_test

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/plugin"
)

// interactive is the queue of a process and its eight workers, on the clock of a pace: what was handed over
// first is done first, whatever it is.
type interactive struct {
	*pace
	mu    sync.Mutex
	tasks []jobs.Task
}

// Enqueue implements jobs.Enqueuer.
func (q *interactive) Enqueue(_ context.Context, t jobs.Task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = append(q.tasks, t)
	return nil
}

func (q *interactive) next() (jobs.Task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.tasks) == 0 {
		return jobs.Task{}, false
	}
	t := q.tasks[0]
	q.tasks = q.tasks[1:]
	return t, true
}

// during lets relay and workers work until f is over.
func (q *interactive) during(f func(ctx context.Context, wg *sync.WaitGroup)) {
	q.t.Helper()
	ctx, stop := context.WithCancel(q.t.Context())
	defer stop()
	var wg sync.WaitGroup
	relay, handlers := q.Relay(q), q.Handlers()
	relay.Periodic = nil
	q.clock.work(&wg, func() {
		for ctx.Err() == nil {
			relay.Step(q.t.Context())
			_ = q.clock.Sleep(ctx, time.Second)
		}
	})
	for range 8 {
		q.clock.work(&wg, func() {
			for ctx.Err() == nil {
				t, ok := q.next()
				if !ok {
					_ = q.clock.Sleep(ctx, 200*time.Millisecond)
					continue
				}
				if err := handlers[t.Kind](q.t.Context(), t.Row); err != nil {
					q.t.Error(err)
				}
			}
		})
	}
	q.clock.work(&wg, func() {
		defer stop()
		f(ctx, &wg)
	})
	wg.Wait()
}

// TestOrdersBesideABurstOfStatuses: a manager moves three hundred orders at once, at the CRM's limit of 60
// requests a minute. Orders placed meanwhile, four a minute, hardly wait.
func TestOrdersBesideABurstOfStatuses(t *testing.T) {
	t.Parallel()
	p := newPace(t)
	p.connect(t)
	if err := p.Catalog().Cancel(t.Context(), 1); err != nil { // nothing but orders and statuses
		t.Fatal(err)
	}
	p.stockUp()
	const moved = 300
	for range moved {
		p.buy(t)
	}
	q := &interactive{pace: p}
	q.during(func(ctx context.Context, _ *sync.WaitGroup) {
		for len(p.sim.Orders()) < moved {
			_ = p.clock.Sleep(ctx, 5*time.Second)
		}
	})
	for _, o := range p.sim.Orders() {
		if err := p.sim.SetOrderStatus(o.ID, 3); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.sim.DeliverWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.start = p.clock.Now()
	q.during(func(ctx context.Context, wg *sync.WaitGroup) {
		buying, enough := context.WithCancel(ctx)
		p.clock.work(wg, func() { p.customers(buying, 4) })
		for p.confirmed() < moved && ctx.Err() == nil {
			_ = p.clock.Sleep(ctx, 5*time.Second)
		}
		enough()
		_ = p.clock.Sleep(ctx, time.Minute)
		p.end = p.clock.Now()
	})
	waits := p.waits()
	p99 := waits[int(math.Ceil(float64(len(waits))*0.99))-1]
	t.Logf("%d orders beside %d statuses, which took %s: median %s, longest %s", len(waits), moved,
		p.end.Sub(p.start).Round(time.Second), waits[len(waits)/2], waits[len(waits)-1])
	if p99 > 5*time.Second {
		t.Errorf("the 99th percentile of orders waited %s, want 5 s", p99)
	}
	if _, asked, refused := p.measure(); refused > 0 {
		t.Errorf("%d of %d requests were refused", refused, asked)
	}
}

// stockUp gives the shop a product to sell without a catalog run.
func (p *pace) stockUp() {
	p.t.Helper()
	ctx := p.t.Context()
	shop, err := p.engine.Shop(ctx, p.conn.Shop)
	if err != nil {
		p.t.Fatal(err)
	}
	stock := decimal.NewFromInt(100_000)
	res, err := shop.Catalog().CreateProducts(ctx, plugin.Origin{}, []plugin.NewProduct{{
		Lang: demoshop.Locale, Name: "Чашка", Published: true, Orderable: true,
		Variants: []plugin.NewVariant{{SKU: "CUP", Price: plugin.NewMoney("100", "UAH"), Stock: &stock, Published: true, Orderable: true}},
	}})
	if err != nil || res[0].Err != nil {
		p.t.Fatal(err, res)
	}
}

// customers place orders at random, so many a minute.
func (p *pace) customers(ctx context.Context, perMinute float64) {
	random := rand.New(rand.NewPCG(1, 2)) // the same customers each time
	for {
		d := time.Duration(random.ExpFloat64() / perMinute * float64(time.Minute))
		if p.clock.Sleep(ctx, d) != nil {
			return
		}
		p.placed = append(p.placed, p.clock.Now())
		p.buy(p.t)
	}
}

// confirmed counts the shop's orders that the CRM's status has reached.
func (p *pace) confirmed() (n int) {
	if err := p.db.Get(&n, `SELECT count(*) FROM demoshop.orders WHERE status = 'confirmed'`); err != nil {
		p.t.Error(err)
	}
	return n
}
