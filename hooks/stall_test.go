package hooks_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// gates stop the first worker that reaches a point until it is let go.
type gates struct {
	mu sync.Mutex
	at map[string]*gate
}

type gate struct {
	arrived, goOn chan struct{}
}

func (g *gates) close(point string) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.at == nil {
		g.at = map[string]*gate{}
	}
	g.at[point] = &gate{make(chan struct{}), make(chan struct{})}
	return g.at[point]
}

func (g *gates) pass(point string) {
	g.mu.Lock()
	closed := g.at[point]
	delete(g.at, point)
	g.mu.Unlock()
	if closed != nil {
		close(closed.arrived)
		<-closed.goOn
	}
}

func (r *rig) openShop(ctx context.Context, id plugin.ShopID) (plugin.Shop, error) {
	r.gates.pass("open")
	s, err := r.shop.Open(ctx, id)
	return gatedShop{s, &r.gates}, err
}

type gatedShop struct {
	plugin.Shop
	gates *gates
}

func (s gatedShop) Orders() plugin.Orders { return gatedOrders{s.Shop.Orders(), s.gates} }

type gatedOrders struct {
	plugin.Orders
	gates *gates
}

func (o gatedOrders) Get(ctx context.Context, id plugin.OrderID) (plugin.Order, error) {
	o.gates.pass("read")
	return o.Orders.Get(ctx, id)
}

func (o gatedOrders) OfferFacts(ctx context.Context, by plugin.Origin, id plugin.OrderID, f plugin.Facts) (plugin.OrderResult, error) {
	o.gates.pass("offer")
	return o.Orders.OfferFacts(ctx, by, id, f)
}

func (o gatedOrders) MoveStatus(ctx context.Context, by plugin.Origin, m plugin.StatusMove) (plugin.OrderResult, error) {
	o.gates.pass("move")
	res, err := o.Orders.MoveStatus(ctx, by, m)
	o.gates.pass("moved")
	return res, err
}

// receive takes in what the CRM has to tell and answers the rows that are due.
func (r *rig) receive() []int64 {
	r.t.Helper()
	if err := r.crm.DeliverWebhooks(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	tasks, err := r.hooks.Inbox().Due(r.t.Context(), r.clock.Now(), 10)
	if err != nil {
		r.t.Fatal(err)
	}
	var rows []int64
	for _, task := range tasks {
		rows = append(rows, task.Row)
	}
	return rows
}

// handle lets a worker of its own do a row; the answer comes when it is done.
func (r *rig) handle(row int64) <-chan error {
	done := make(chan error, 1)
	go func() { done <- r.hooks.Inbox().Handle(r.t.Context(), row) }()
	return done
}

func TestWorkerThatStallsDoesNotOverwriteANewerStatus(t *testing.T) {
	t.Parallel()
	for name, point := range map[string]string{
		"before it opens the shop":    "open",
		"before it reads the order":   "read",
		"before it moves the order":   "move",
		"after it has moved it first": "moved",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := r.place("1")
			r.manager(id, 3)
			rows := r.receive()
			if len(rows) != 1 {
				t.Fatalf("%d rows are due, want 1", len(rows))
			}
			stalled := r.gates.close(point)
			first := r.handle(rows[0])
			<-stalled.arrived
			r.clock.Advance(time.Minute) // its lease is over
			r.manager(id, 8)
			r.work()
			r.wantStatus("1", "shipped")
			close(stalled.goOn)
			if err := <-first; err != nil {
				t.Errorf("the late worker: %v, want it to step back quietly", err)
			}
			r.wantStatus("1", "shipped")
			r.work()
			r.wantStatus("1", "shipped")
			r.manager(id, 12)
			r.work()
			r.wantStatus("1", "done")
		})
	}
}

func TestCardAndItsOrderMoveTheShopByTheNewerStatus(t *testing.T) {
	t.Parallel()
	for name, marked := range map[string]bool{"once it is dealt with": true, "while it is dealt with": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newCardRig(t)
			id := r.place("1")
			r.setCard(id, 102)
			order, err := r.crm.ConvertCard(id)
			if err != nil {
				t.Fatal(err)
			}
			rows := r.receive()
			if len(rows) != 1 {
				t.Fatalf("%d rows are due, want the card alone", len(rows))
			}
			moving := r.gates.close("move")
			card := r.handle(rows[0])
			<-moving.arrived

			r.clock.Advance(10 * time.Second) // its lease holds
			if err := r.crm.SetOrderStatus(order, 8); err != nil {
				t.Fatal(err)
			}
			r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, statusHook(order))
			moved := r.gates.close("moved")
			rows = r.receive()
			if len(rows) != 1 {
				t.Fatalf("%d rows are due, want the order alone", len(rows))
			}
			other := r.handle(rows[0])
			<-moved.arrived
			if marked {
				close(moved.goOn)
				if err := <-other; err != nil {
					t.Fatal(err)
				}
			}
			close(moving.goOn)
			if err := <-card; err != nil {
				t.Fatal(err)
			}
			if !marked {
				close(moved.goOn)
				if err := <-other; err != nil {
					t.Fatal(err)
				}
			}
			r.wantStatus("1", "shipped")
			events, err := r.hooks.Inbox().Events(t.Context(), r.conn.ID, "1", 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.ObjectID == strconv.FormatInt(id, 10) && e.Object == settings.ObjectCard && e.Reason != hooks.ReasonCardConverted {
					t.Errorf("the card's status is %s, want its order's to count", e.Outcome)
				}
			}
		})
	}
}

func TestStaffWhoMoveTheOrderMeanwhileAreNotOverwritten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.manager(id, 3)
	rows := r.receive()
	moving := r.gates.close("move")
	worker := r.handle(rows[0])
	<-moving.arrived
	r.clock.Advance(10 * time.Second)
	r.shop.Edit("1", func(o *plugin.Order) { o.Status = "canceled" })
	if err := r.hooks.Listener().Handle(t.Context(), plugin.Event{
		Kind: plugin.StatusChanged, Shop: shopID, Order: "1", At: r.clock.Now(), From: "new", To: "canceled",
		Actor: plugin.Actor{Kind: plugin.ActorStaff},
	}); err != nil {
		t.Fatal(err)
	}
	close(moving.goOn)
	if err := <-worker; err != nil {
		t.Fatal(err)
	}
	r.wantLast(hooks.Skipped, hooks.ReasonShopNewer)
	r.wantStatus("1", "canceled")
}
