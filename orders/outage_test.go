package orders_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

// outage is a day on which the CRM answers every creation with 502 and everything else as ever. Those that ask it
// share a budget of so many requests a minute.
type outage struct {
	*rig
	path   string
	budget int
	fault  int64
	placed []plugin.OrderID

	mu      sync.Mutex
	granted []time.Time
}

const writesOff = 24 * time.Hour

func newOutage(t *testing.T, target settings.Target, perMinute int) *outage {
	t.Helper()
	o := &outage{rig: newRig(t), path: "/v1/order", budget: perMinute}
	if target == settings.TargetCards {
		set := orderstest.Settings()
		set.Target, set.AddOns, set.StatusOut = settings.TargetCards, nil, nil
		o.conn, o.path = o.save(o.conn, set), "/v1/pipelines/cards"
	}
	o.wrapSink(func(s orders.Sink) orders.Sink { return budgeted{s, o} })
	o.fault = o.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Status: 502, Method: "POST", Path: o.path})
	return o
}

// grant is what our own budget says to one more request.
func (o *outage) grant() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.clock.Now()
	for len(o.granted) > 0 && !o.granted[0].After(now.Add(-time.Minute)) {
		o.granted = o.granted[1:]
	}
	if len(o.granted) >= o.budget {
		after := o.granted[0].Add(time.Minute).Sub(now)
		return crm.NewLimited(after, &budget.WaitError{After: after})
	}
	o.granted = append(o.granted, now)
	return nil
}

type budgeted struct {
	orders.Sink
	o *outage
}

func (b budgeted) CreateOrder(ctx context.Context, target settings.Target, body []byte) (orders.Receipt, error) {
	if err := b.o.grant(); err != nil {
		return orders.Receipt{}, err
	}
	return b.Sink.CreateOrder(ctx, target, body)
}

func (b budgeted) FindOrders(ctx context.Context, p orders.Probe) ([]orders.Found, error) {
	if err := b.o.grant(); err != nil {
		return nil, err
	}
	return b.Sink.FindOrders(ctx, p)
}

// until lets workers do what is due, moment by moment, till then or till done says so.
func (o *outage) until(end time.Time, done func() bool) {
	o.t.Helper()
	for o.clock.Now().Before(end) {
		o.work()
		if done != nil && done() {
			return
		}
		next := end
		var at *time.Time
		if err := o.db.Get(&at, `SELECT min(next_at) FROM keybridge.outbox`); err != nil {
			o.t.Fatal(err)
		}
		if at != nil && at.Before(end) {
			next = *at
		}
		o.clock.Advance(max(next.Sub(o.clock.Now()), time.Second))
	}
}

// passes lets the day go by, an order coming every so often.
func (o *outage) passes(orders int) {
	o.t.Helper()
	for i := range orders {
		id := plugin.OrderID(fmt.Sprint(100 + i))
		o.placed = append(o.placed, id)
		o.place(id)
		o.until(o.clock.Now().Add(writesOff/time.Duration(orders)), nil)
	}
}

// all reports whether every order stands in a state.
func (o *outage) all(is func(orders.Entry) bool) func() bool {
	return func() bool {
		for _, id := range o.placed {
			if !is(o.entry(id)) {
				return false
			}
		}
		return true
	}
}

func isDone(e orders.Entry) bool { return e.State == orders.Done }

func TestOrdersOfADayWithoutWritesArriveByThemselves(t *testing.T) {
	t.Parallel()
	o := newOutage(t, settings.TargetOrders, 12)
	o.passes(6)
	for _, id := range o.placed {
		if e := o.entry(id); e.Waits() {
			t.Errorf("order %s waits for a person during the outage: %s, %s", id, e.State, e.Reason)
		}
	}
	o.crm.ClearFault(o.fault)
	healed := o.clock.Now()
	limit := 15*time.Minute + time.Duration(3*len(o.placed))*time.Minute/time.Duration(o.budget)
	o.until(healed.Add(limit), o.all(isDone))
	t.Logf("%d orders arrived within %v of the outage's end, want %v", len(o.placed), o.clock.Now().Sub(healed), limit)
	for _, id := range o.placed {
		o.wantState(id, orders.Done, "")
		o.wantOrders(string(id), 1)
	}
}

// TestADayWithoutWritesCostsFewRequests: what waits for the end of an outage leaves the CRM's limit to the rest,
// and keeps the bytes that may have to be sent again, not a copy of each attempt.
func TestADayWithoutWritesCostsFewRequests(t *testing.T) {
	t.Parallel()
	o := newOutage(t, settings.TargetOrders, 1000)
	o.passes(1)
	creations, all := o.creations(), o.crm.RequestCount()
	if creations < 50 || all > 2*creations+20 {
		t.Errorf("%d requests with %d creations of one order, want two for each", all, creations)
	}
	var kept int
	if err := o.db.Get(&kept, `SELECT count(*) FROM keybridge.outbox_attempt WHERE length(body) > 0 OR masked <> ''`); err != nil || kept > 2 {
		t.Errorf("%d bodies are kept, %v; want those of the last two", kept, err)
	}
}

func TestCardsOfADayWithoutWritesAreNeverDoubled(t *testing.T) {
	t.Parallel()
	o := newOutage(t, settings.TargetCards, 12)
	o.passes(5)
	// The last one is made, though the answer says 502.
	o.crm.ClearFault(o.fault)
	o.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultErrorAfter, Status: 502, Method: "POST", Path: o.path, Times: 1})
	o.placed = append(o.placed, "200")
	o.place("200")
	o.until(o.clock.Now().Add(3*time.Hour), nil)
	o.wantCards(len(o.placed))

	settled := func(e orders.Entry) bool { return isDone(e) || e.Waits() }
	o.until(o.clock.Now().Add(26*time.Hour), o.all(isDone))
	if !o.all(settled)() {
		t.Error("a card neither is in the CRM nor waits for a person")
	}
	o.wantCards(len(o.placed))
	for _, id := range o.placed {
		if n := o.cards(id); n != 1 {
			t.Errorf("the CRM has %d cards of order %s", n, id)
		}
	}
}

// TestUnclearCardsAreSettledWithOneClick: the CRM goes on refusing to answer, for days.
func TestUnclearCardsAreSettledWithOneClick(t *testing.T) {
	t.Parallel()
	o := newOutage(t, settings.TargetCards, 60)
	for _, id := range []plugin.OrderID{"1", "2", "3"} {
		o.placed = append(o.placed, id)
		o.place(id)
	}
	o.until(o.clock.Now().Add(time.Hour), nil)
	group := o.onlyGroup()
	if group.State != orders.Checking || group.Reason != orders.ReasonStillLooking {
		t.Errorf("after an hour they are %+v, want them looked for", group)
	}
	o.until(o.clock.Now().Add(30*time.Hour), nil)
	if group = o.onlyGroup(); group.State != orders.Blocked || group.Reason != orders.ReasonUnknownOutcome || group.Count != 3 {
		t.Errorf("after a day they are %+v, want them to wait for a person", group)
	}
	if n := o.creations(); n != 3*4 {
		t.Errorf("%d creations of 3 cards, want 4 of each", n)
	}
	// A saved setting is no decision about this.
	o.save(o.conn, o.conn.Settings.Orders)
	o.until(o.clock.Now().Add(10*time.Minute), nil)
	o.onlyGroup()

	o.crm.ClearFault(o.fault)
	n, err := o.x.RetryGroup(t.Context(), orders.Filter{Shop: shopID, Connection: o.conn.ID, Reason: group.Reason}, o.conn.ID, 100)
	if err != nil || n != 3 {
		t.Fatalf("RetryGroup = %d, %v", n, err)
	}
	o.work()
	if n := o.creations(); n != 3*4 {
		t.Errorf("sent again without looking first: %d creations", n)
	}
	o.until(o.clock.Now().Add(5*time.Minute), nil)
	for _, id := range o.placed {
		o.wantState(id, orders.Done, "")
	}
	o.wantCards(3)
}

// TestWhetherACardWaitsForAPersonDoesNotFlap: not in the first minutes, in which it may turn up by itself, and
// from then on without a break, also while it cannot be looked for.
func TestWhetherACardWaitsForAPersonDoesNotFlap(t *testing.T) {
	t.Parallel()
	o := newOutage(t, settings.TargetCards, 60)
	o.place("1")
	o.until(o.clock.Now().Add(time.Hour), func() bool { return o.creations() == 3 })
	third := o.clock.Now()
	o.until(third.Add(5*time.Minute), func() bool { return o.entry("1").Waits() })
	if waited := o.clock.Now().Sub(third); waited < 2*time.Minute || !o.entry("1").Waits() {
		t.Errorf("it waits for a person %v after the last creation: %v", waited, o.entry("1").Waits())
	}
	o.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Status: 502, Method: "GET", Path: o.path})
	looks := o.crm.RequestCount()
	for range 60 {
		o.until(o.clock.Now().Add(2*time.Minute), nil)
		if e := o.wantState("1", orders.Checking, orders.ReasonStillLooking); e.Params["rounds"] != "3" {
			t.Errorf("params %v", e.Params)
		}
	}
	if o.crm.RequestCount() == looks {
		t.Error("it was not looked for")
	}
}

func TestAPersonNeedNotWaitTillACardIsLookedForNoMore(t *testing.T) {
	t.Parallel()
	o := newOutage(t, settings.TargetCards, 60)
	sent, left := o.place("1"), o.place("2")
	o.until(o.clock.Now().Add(time.Hour), nil)
	o.crm.ClearFault(o.fault)
	if err := o.x.Retry(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	if err := o.x.Ignore(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	o.until(o.clock.Now().Add(5*time.Minute), nil)
	o.wantState("1", orders.Done, "")
	o.wantState("2", orders.Ignored, orders.ReasonByHand)
	o.wantCards(1)
}

func (o *outage) onlyGroup() orders.Group {
	o.t.Helper()
	groups, err := o.x.Groups(o.t.Context(), orders.Filter{Shop: shopID}, 10)
	if err != nil || len(groups) != 1 {
		o.t.Fatalf("Groups = %+v, %v; want one", groups, err)
	}
	return groups[0]
}

func (o *outage) creations() int {
	n := 0
	for _, q := range o.crm.Requests() {
		if q.Method == http.MethodPost && q.Path == o.path {
			n++
		}
	}
	return n
}

func (o *outage) cards(id plugin.OrderID) int {
	n := 0
	for _, c := range o.crm.Cards() {
		if c.Title == fmt.Sprintf("Замовлення %s [%s]", id, id) {
			n++
		}
	}
	return n
}

func (o *outage) wantCards(want int) {
	o.t.Helper()
	if n := len(o.crm.Cards()); n > want {
		o.t.Fatalf("the CRM has %d cards, want %d at most", n, want)
	}
}
