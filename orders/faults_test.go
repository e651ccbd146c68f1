package orders_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// post is a fault of the request that creates an order.
func post(f keycrmtest.Fault) keycrmtest.Fault {
	f.Method, f.Path = "POST", "/v1/order"
	return f
}

func TestOrderIsNeverDoubled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults []keycrmtest.Fault
		delay  time.Duration // until lists show a new order
		within time.Duration // by then it is in the CRM, and we know
		posts  int
	}{
		"cut before it was processed": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultCutBefore, Times: 1}}, within: 4 * time.Minute, posts: 2,
		},
		"processed, but the answer was cut": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultCutAfter, Times: 1}}, posts: 1,
		},
		"processed, but the answer was cut in its middle": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultCutBody, Times: 1}}, posts: 1,
		},
		"processed, but lists show it two minutes later": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultCutAfter, Times: 1}}, delay: 2 * time.Minute,
			within: 4 * time.Minute, posts: 1,
		},
		"an HTML page with 502, nothing done": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultStatus, Times: 1}}, within: 4 * time.Minute, posts: 2,
		},
		"an HTML page with 500, but it was processed": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultErrorAfter, Status: 500, Times: 1}}, posts: 1,
		},
		"something that is no JSON, but it was processed": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultWrongJSON, Times: 1}}, posts: 1,
		},
		"no answer in time, nothing done": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultHang, Times: 1}}, within: 4 * time.Minute, posts: 2,
		},
		"no answer in time, but it was processed": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultHangAfter, Times: 1}}, posts: 1,
		},
		"too many requests, with a pause": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultLimited, RetryAfter: 40 * time.Second, Times: 1}},
			within: 40 * time.Second, posts: 2,
		},
		"too many requests, without a pause": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultLimited, RetryAfter: -1, Times: 1}},
			within: 20 * time.Second, posts: 2,
		},
		"lost, sent again, lost again but processed": {
			faults: []keycrmtest.Fault{{Kind: keycrmtest.FaultCutBefore, Times: 1}, {Kind: keycrmtest.FaultCutAfter, Times: 1}},
			within: 5 * time.Minute, posts: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, keycrmtest.WithVisibilityDelay(c.delay))
			r.x = r.exporter(orders.Config{Request: 500 * time.Millisecond})
			for _, f := range c.faults {
				r.crm.Fault(post(f))
			}
			r.place("7")
			r.work()
			r.pass(c.within)
			r.wantState("7", orders.Done, "")
			r.wantOrders("7", 1)
			if n := r.posts(); n != c.posts {
				t.Errorf("%d attempts to create, want %d", n, c.posts)
			}
			r.pass(10 * time.Minute)
			r.wantOrders("7", 1)
		})
	}
}

func TestNobodySendsAgainBeforeTheLookUpsAreComplete(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultCutBefore, Times: 1}))
	r.place("8")
	r.work()
	r.wantState("8", orders.Checking, orders.ReasonAwaitingOutcome)

	// A look-up that fails is no look-up: the CRM is unreadable from here on.
	gets := r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Method: "GET", Path: "/v1/order"})
	r.pass(time.Hour)
	if n := r.posts(); n != 1 {
		t.Fatalf("%d attempts while the CRM could not be asked, want 1", n)
	}
	r.wantState("8", orders.Checking, orders.ReasonUnavailable)

	r.crm.ClearFault(gets)
	r.pass(15 * time.Minute)
	r.wantState("8", orders.Done, "")
	r.wantOrders("8", 1)
}

func TestFrozenBytesAreSentAgainThoughTheOrderChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultCutBefore, Times: 1}))
	r.place("10")
	r.work()
	r.shop.Edit("10", func(o *plugin.Order) { o.Comment = "передумала" })
	r.pass(5 * time.Minute)
	r.wantState("10", orders.Done, "")
	var bodies []string
	for _, q := range r.crm.Requests() {
		if q.Method == http.MethodPost && q.Path == "/v1/order" {
			bodies = append(bodies, string(q.Body))
		}
	}
	if len(bodies) != 2 || bodies[0] != bodies[1] {
		t.Fatalf("%d bodies, want two equal ones:\n%s", len(bodies), strings.Join(bodies, "\n"))
	}
	if strings.Contains(bodies[1], "передумала") {
		t.Error("the order was translated anew while its outcome was unknown")
	}
}

func TestTakenNumber(t *testing.T) {
	t.Parallel()
	t.Run("our own order is adopted", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.place("11")
		r.work()
		// As after a database brought back from yesterday: the CRM knows more than we do.
		if _, err := r.db.ExecContext(t.Context(), `DELETE FROM keybridge.outbox`); err != nil {
			t.Fatal(err)
		}
		if _, err := r.x.Put(t.Context(), plugin.Placement{Shop: shopID, Order: "11", Storefront: "main", PlacedAt: r.clock.Now()}); err != nil {
			t.Fatal(err)
		}
		r.work()
		e := r.wantState("11", orders.Done, "")
		r.wantOrders("11", 1)
		if len(e.Attempts) != 1 || e.Attempts[0].Outcome != "taken" {
			t.Errorf("attempts %+v, want one that found the number taken", e.Attempts)
		}
	})
	t.Run("another sum is another order", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		other := r.foreign("12", "7", 100)
		r.place("12")
		r.work()
		e := r.wantState("12", orders.Blocked, orders.ReasonTakenByOther)
		if e.Params["crm_id"] != other || e.Params["crm_total"] != "100" || e.Params["total"] != "1200" {
			t.Errorf("params %v, want both sums and order %s", e.Params, other)
		}
	})
	t.Run("another source is another order", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.foreign("13", "8", 1200)
		r.place("13")
		r.work()
		r.wantState("13", orders.Blocked, orders.ReasonTakenByOther)
	})
	t.Run("a number nobody finds waits for a person", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, keycrmtest.WithVisibilityDelay(24*time.Hour))
		r.foreign("14", "7", 1200)
		r.place("14")
		r.work()
		r.pass(10 * time.Minute)
		r.wantState("14", orders.Blocked, orders.ReasonTakenNotFound)
		r.wantOrders("14", 1)
	})
}

// foreign makes an order in the CRM that we did not send and answers its id.
func (r *rig) foreign(uuid, source string, total int64) string {
	r.t.Helper()
	sink, err := r.sink(r.t.Context(), r.conn.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	receipt, err := sink.CreateOrder(r.t.Context(), settings.TargetOrders, []byte(`{"source_id":`+source+`,"source_uuid":"`+uuid+
		`","buyer":{"full_name":"Хтось"},"products":[{"name":"x","price":`+itoa(total)+`,"quantity":1}]}`))
	if err != nil {
		r.t.Fatal(err)
	}
	return receipt.ID
}

func TestOutageOfDaysLosesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	down := r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: -1})
	r.place("20")
	for range 3 * 24 * 2 {
		r.work()
		r.clock.Advance(30 * time.Minute)
	}
	r.wantState("20", orders.Retrying, orders.ReasonLimited)
	r.crm.ClearFault(down)
	r.pass(20 * time.Minute)
	r.wantState("20", orders.Done, "")
	r.wantOrders("20", 1)
}

// dying is a sink whose worker is as good as dead the moment the CRM has answered: its fence is over, so
// what it knows is never written, and nobody gives the entry back.
type dying struct {
	orders.Sink
	once *sync.Once
	die  func()
}

func (d dying) CreateOrder(ctx context.Context, target settings.Target, body []byte) (orders.Receipt, error) {
	receipt, err := d.Sink.CreateOrder(ctx, target, body)
	d.once.Do(d.die)
	return receipt, err
}

func TestWorkerDiesBetweenTheAnswerAndItsCommit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var once sync.Once
	r.wrapSink(func(s orders.Sink) orders.Sink {
		return dying{s, &once, func() { r.db.MustExec(`UPDATE keybridge.outbox SET fence = fence + 1`) }}
	})
	id := r.place("30")
	if err := r.x.Handle(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	r.wantState("30", orders.Sending, "")
	r.x = r.exporter(orders.Config{}) // another process
	r.work()
	r.wantState("30", orders.Sending, "") // the lease still holds
	r.pass(time.Minute)
	e := r.wantState("30", orders.Done, "")
	r.wantOrders("30", 1)
	if r.posts() != 1 || len(e.Attempts) != 1 || e.Attempts[0].Outcome != "unknown" {
		t.Errorf("%d attempts to create, journal %+v; want one, of unknown outcome", r.posts(), e.Attempts)
	}
}

// slow is a sink that answers only when it is let go, after its worker's lease ran out.
type slow struct {
	orders.Sink
	arrived chan struct{}
	goOn    chan struct{}
	once    *sync.Once
}

func (s slow) CreateOrder(ctx context.Context, target settings.Target, body []byte) (orders.Receipt, error) {
	receipt, err := s.Sink.CreateOrder(ctx, target, body)
	s.once.Do(func() {
		close(s.arrived)
		<-s.goOn
	})
	return receipt, err
}

func TestLateWorkerIsRefusedByItsFence(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var once sync.Once
	s := slow{arrived: make(chan struct{}), goOn: make(chan struct{}), once: &once}
	r.wrapSink(func(sink orders.Sink) orders.Sink { s.Sink = sink; return s })
	id := r.place("31")
	first := make(chan error, 1)
	go func() { first <- r.x.Handle(t.Context(), id) }()
	<-s.arrived
	r.clock.Advance(time.Minute) // the lease of the first is over
	r.work()
	done := r.wantState("31", orders.Done, "")
	close(s.goOn)
	if err := <-first; err != nil {
		t.Errorf("the late worker: %v, want it to step back quietly", err)
	}
	after := r.wantState("31", orders.Done, "")
	if !reflect.DeepEqual(after, done) {
		t.Errorf("the late worker changed\n%+v to\n%+v", done, after)
	}
	r.wantOrders("31", 1)
}

func TestWorkersRaceForOneOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("32")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			x := r.exporter(orders.Config{})
			if _, err := x.Due(t.Context(), r.clock.Now(), 10); err != nil {
				t.Error(err)
			}
			if err := x.Handle(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r.work()
	r.wantState("32", orders.Done, "")
	r.wantOrders("32", 1)
	if n := r.posts(); n != 1 {
		t.Errorf("%d attempts to create, want 1", n)
	}
}

func TestStoppedProcessStillWritesWhatItKnows(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, stop := context.WithCancel(t.Context())
	r.wrapSink(func(s orders.Sink) orders.Sink { return stopping{s, stop} })
	id := r.place("33")
	if err := r.x.Handle(ctx, id); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if e := r.entry("33"); e.CRMID == "" {
		t.Errorf("state %s: the CRM's answer was not written", e.State)
	}
	r.wrapSink(nil)
	r.pass(time.Minute)
	r.wantState("33", orders.Done, "")
	r.wantOrders("33", 1)
}

// stopping ends the process's context as soon as the order is created.
type stopping struct {
	orders.Sink
	stop func()
}

func (s stopping) CreateOrder(ctx context.Context, target settings.Target, body []byte) (orders.Receipt, error) {
	defer s.stop()
	return s.Sink.CreateOrder(ctx, target, body)
}
