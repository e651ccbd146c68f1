package orders_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

func TestBlankRowBlocksUntilTheMerchantChooses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set := orderstest.Settings()
	set.Payments = nil
	r.conn = r.save(r.conn, set)
	r.place("1")
	r.work()
	e := r.wantState("1", orders.Blocked, orders.ReasonUnmappedPayment)
	if e.Params["payment"] != "cash" {
		t.Errorf("params %v, want the shop's method", e.Params)
	}
	if r.posts() != 0 {
		t.Error("something was sent")
	}
	r.pass(time.Minute)
	r.wantState("1", orders.Blocked, orders.ReasonUnmappedPayment)

	r.conn = r.save(r.conn, orderstest.Settings())
	r.work()
	r.wantState("1", orders.Done, "") // by itself
}

func TestRowLeftOutOnPurposeSendsTheRest(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set := orderstest.Settings()
	set.Payments = map[string]settings.Choice{"cash": {Skip: true}}
	r.save(r.conn, set)
	r.place("2")
	r.work()
	r.wantState("2", orders.Done, "")
	if got, _ := r.crm.OrderBySourceUUID("2"); len(got.Payments) != 0 {
		t.Errorf("payments %+v, want none", got.Payments)
	}
}

func TestWhatTheCRMRefusesIsShownWithItsFieldAndWithoutPersonalData(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.wrapSink(func(s orders.Sink) orders.Sink {
		return refusing{s, map[string][]string{"buyer.phone": {"The phone +380501234567 of olena@example.com is invalid."}}}
	})
	id := r.place("3")
	r.work()
	e := r.wantState("3", orders.Blocked, orders.ReasonRefused)
	all, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(all), "501234567") || strings.Contains(string(all), "olena@") || strings.Contains(string(all), "Тестенко") {
		t.Errorf("personal data in the journal: %s", all)
	}
	if !strings.Contains(e.Params["fields"], "buyer.phone") {
		t.Errorf("params %v do not name the field", e.Params)
	}
	r.wrapSink(nil)
	if err := r.x.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantState("3", orders.Done, "")
}

// refusing is a CRM that refuses what has these fields; a map with only the branch's reference is
// refused as long as the body carries one.
type refusing struct {
	orders.Sink
	fields map[string][]string
}

func (s refusing) CreateOrder(ctx context.Context, target settings.Target, body []byte) (orders.Receipt, error) {
	if _, branch := s.fields["shipping.warehouse_ref"]; branch && !strings.Contains(string(body), "warehouse_ref") {
		return s.Sink.CreateOrder(ctx, target, body)
	}
	return orders.Receipt{}, crm.NewRefusal("The given data was invalid.", s.fields, errors.New("status 422"))
}

func TestRefusedBranchIsToldInWords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.wrapSink(func(s orders.Sink) orders.Sink {
		return refusing{s, map[string][]string{"shipping.warehouse_ref": {"unknown"}}}
	})
	r.place("4")
	r.work()
	r.wantState("4", orders.Done, "")
	got, _ := r.crm.OrderBySourceUUID("4")
	if got.Shipping.WarehouseRef != "" || got.Shipping.ReceivePoint != "Відділення №1" ||
		!strings.Contains(got.ManagerComment, "22222222-2222-4222-8222-222222222222") {
		t.Errorf("shipping %+v, comment %q; want the branch in words and a visible note", got.Shipping, got.ManagerComment)
	}
}

func TestWrongKeyBlocksAndAMendedOneSends(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.store.SetKey(t.Context(), r.conn.ID, "no-such-key-at-all", ""); err != nil {
		t.Fatal(err)
	}
	r.place("5")
	r.work()
	r.wantState("5", orders.Blocked, orders.ReasonUnauthorised)
	r.clock.Advance(time.Second)
	if err := r.store.SetKey(t.Context(), r.conn.ID, r.crm.Key(), ""); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantState("5", orders.Done, "")
}

func TestWhichOrdersAreLeftOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.place("canceled", func(o *plugin.Order) { o.Status = "canceled" })
	r.place("old", func(o *plugin.Order) { o.PlacedAt = r.clock.Now().Add(-24 * time.Hour) })
	gone := orderstest.Order("gone", r.clock.Now())
	if _, err := r.x.Put(t.Context(), orderstest.PlacementOf(shopID, gone)); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantState("canceled", orders.Ignored, orders.ReasonCanceled)
	old := r.wantState("old", orders.Ignored, orders.ReasonBeforeStart)
	r.wantState("gone", orders.Ignored, orders.ReasonOrderGone)
	if r.posts() != 0 {
		t.Error("something was sent")
	}
	// A person may send it all the same.
	if err := r.x.Retry(t.Context(), old.ID); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantState("old", orders.Done, "")
}

func TestOrderGoesToTheFirstConnectionThatTakesIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.conn
	c.Settings.Routing = plugin.RoutingRule{Domains: []string{"other.test"}}
	r.conn = r.save(c, orderstest.Settings())
	r.place("none")
	r.work()
	r.wantState("none", orders.Ignored, orders.ReasonNoConnection)

	set := orderstest.Settings()
	set.Source, set.Prefix = "8", "B-"
	second := r.connect(set)
	r.place("second")
	r.place("first", func(o *plugin.Order) { o.Domain = "other.test" })
	r.work()
	if e := r.wantState("second", orders.Done, ""); e.Connection != second.ID {
		t.Errorf("connection %s, want %s", e.Connection, second.ID)
	}
	if e := r.wantState("first", orders.Done, ""); e.Connection != r.conn.ID {
		t.Errorf("connection %s, want %s", e.Connection, r.conn.ID)
	}
	r.wantOrders("B-second", 1)
	r.wantOrders("first", 1)
}

func TestConnectionSwitchedOffHoldsWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: time.Minute, Times: 1}))
	r.place("6")
	r.work()
	if err := r.store.SetEnabled(t.Context(), r.conn.ID, false); err != nil {
		t.Fatal(err)
	}
	r.pass(5 * time.Minute)
	r.wantState("6", orders.Retrying, orders.ReasonConnectionOff)
	if err := r.store.SetEnabled(t.Context(), r.conn.ID, true); err != nil {
		t.Fatal(err)
	}
	r.pass(2 * time.Minute)
	r.wantState("6", orders.Done, "")
}

func TestShopThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.place("7")
	r.shop.Fail(plugin.ErrTemporary)
	r.work()
	r.wantState("7", orders.Retrying, orders.ReasonShopUnavailable)
	r.shop.Fail(nil)
	r.pass(time.Minute)
	r.wantState("7", orders.Done, "")
}

func TestPersonMayLeaveAnOrderOutButNotOneTheCRMMayHave(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set := orderstest.Settings()
	set.Payments = nil
	r.conn = r.save(r.conn, set)
	id := r.place("8")
	r.work()
	if err := r.x.Ignore(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	r.wantState("8", orders.Ignored, orders.ReasonByHand)

	r.save(r.conn, orderstest.Settings())
	r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultCutAfter, Times: 1}))
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Method: "GET", Path: "/v1/order", Times: 1, Skip: 2})
	id = r.place("9")
	r.work()
	if e := r.entry("9"); e.State == orders.Checking {
		if err := r.x.Ignore(t.Context(), id); !errors.Is(err, plugin.ErrConflict) {
			t.Errorf("Ignore of an order that may be in the CRM = %v, want a conflict", err)
		}
	}
	r.pass(5 * time.Minute)
	r.wantState("9", orders.Done, "")
	if err := r.x.Ignore(t.Context(), id); !errors.Is(err, plugin.ErrConflict) {
		t.Errorf("Ignore of an order in the CRM = %v, want a conflict", err)
	}
	if err := r.x.Retry(t.Context(), 4711); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("Retry of no entry = %v", err)
	}
}

func TestStatusOfTheShopIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.place("1", func(o *plugin.Order) { o.Status = "accepted" })
	r.work()
	r.wantState("1", orders.Done, "")
	if got, _ := r.crm.OrderBySourceUUID("1"); got.StatusID != 3 {
		t.Errorf("status %d in the CRM after creation, want 3", got.StatusID)
	}

	r.place("2")
	r.work()
	if got, _ := r.crm.OrderBySourceUUID("2"); got.StatusID != 1 {
		t.Errorf("status %d, want the CRM's first: the shop's is not to be told", got.StatusID)
	}
	r.clock.Advance(time.Minute)
	r.shop.Edit("2", func(o *plugin.Order) { o.Status = "accepted" })
	if err := r.x.StatusChanged(t.Context(), shopID, "2", r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultCutAfter, Method: "PUT", Times: 1})
	r.work()
	r.wantState("2", orders.Created, orders.ReasonUnavailable)
	r.pass(time.Minute)
	r.wantState("2", orders.Done, "")
	if got, _ := r.crm.OrderBySourceUUID("2"); got.StatusID != 3 {
		t.Errorf("status %d after the change, want 3", got.StatusID)
	}
}

func TestStatusThatChangesWhileOneIsToldIsToldToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set := orderstest.Settings()
	set.StatusOut = map[string]settings.Choice{"accepted": {Code: "3"}, "shipped": {Code: "8"}}
	r.save(r.conn, set)
	r.place("1", func(o *plugin.Order) { o.Status = "accepted" })
	var once sync.Once
	r.crm.After(func(q keycrmtest.Request) {
		if q.Method == http.MethodPut {
			once.Do(func() {
				r.shop.Edit("1", func(o *plugin.Order) { o.Status = "shipped" })
				if err := r.x.StatusChanged(t.Context(), shopID, "1", r.clock.Now()); err != nil {
					t.Error(err)
				}
			})
		}
	})
	r.work()
	r.wantState("1", orders.Done, "")
	if got, _ := r.crm.OrderBySourceUUID("1"); got.StatusID != 8 {
		t.Errorf("status %d in the CRM, want 8", got.StatusID)
	}
}

func TestOrderDeletedInTheCRMIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.place("1")
	r.work()
	got, _ := r.crm.OrderBySourceUUID("1")
	if err := r.crm.DeleteOrder(got.ID); err != nil {
		t.Fatal(err)
	}
	r.shop.Edit("1", func(o *plugin.Order) { o.Status = "accepted" })
	if err := r.x.StatusChanged(t.Context(), shopID, "1", r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantState("1", orders.Dead, orders.ReasonCRMOrderGone)
	if n := r.posts(); n != 1 || r.dead != 1 {
		t.Errorf("%d attempts to create, %d tasks left for a person; want 1 of each", n, r.dead)
	}
}

func TestDifferentTotalIsShownNotRepaired(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.place("1", func(o *plugin.Order) { o.Total = decimal.NewFromInt(1250) }) // the shop's own sums do not add up
	r.work()
	e := r.wantState("1", orders.Done, "")
	if !e.Differs() || !e.CRMTotal.Equal(decimal.NewFromInt(1200)) || !e.Total.Equal(decimal.NewFromInt(1250)) {
		t.Errorf("totals %s and %s, want 1250 here and 1200 there", e.Total, e.CRMTotal)
	}
	if f := r.shop.Order("1").Facts.CRMTotal; f == nil || !f.Equal(plugin.NewMoney("1200", "UAH")) {
		t.Errorf("the shop knows %v, want 1200 UAH", f)
	}
}

func TestScanFindsWhatNoHookTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.shop.Put(orderstest.Order("before", r.clock.Now().Add(-24*time.Hour)))
	for _, id := range []plugin.OrderID{"a", "b", "c"} {
		r.clock.Advance(time.Minute)
		r.shop.Put(orderstest.Order(id, r.clock.Now()))
	}
	scan := func() {
		t.Helper()
		if err := r.x.Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.work()
	}
	scan()
	for _, id := range []plugin.OrderID{"a", "b", "c"} {
		r.wantState(id, orders.Done, "")
	}
	if _, err := r.x.ByOrder(t.Context(), shopID, "before"); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("an order from before the start was noted: %v", err)
	}
	// A transaction that took ten minutes shows an order older than those already seen.
	r.clock.Advance(10 * time.Minute)
	r.shop.Put(orderstest.Order("d", r.clock.Now()))
	scan()
	r.shop.Put(orderstest.Order("late", r.clock.Now().Add(-10*time.Minute)))
	// And one whose clock is wrong must not hide all that follow.
	r.shop.Put(orderstest.Order("future", r.clock.Now().Add(1000*time.Hour)))
	scan()
	r.wantState("late", orders.Done, "")
	r.clock.Advance(time.Minute)
	r.shop.Put(orderstest.Order("e", r.clock.Now()))
	scan()
	r.wantState("e", orders.Done, "")
	if n := r.posts(); n != 7 {
		t.Errorf("%d orders were sent, want 7", n)
	}
	// The shop's failure is an error of the scan, and the next one goes on from the same place.
	r.shop.Fail(plugin.ErrTemporary)
	if err := r.x.Scan(t.Context()); !errors.Is(err, plugin.ErrTemporary) {
		t.Errorf("Scan of a shop that does not answer = %v", err)
	}
	r.shop.Fail(nil)
	r.clock.Advance(time.Minute)
	r.shop.Put(orderstest.Order("f", r.clock.Now()))
	scan()
	r.wantState("f", orders.Done, "")
}

func TestJournal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set := orderstest.Settings()
	set.Payments = map[string]settings.Choice{"cash": {Code: "1"}}
	r.save(r.conn, set)
	r.place("1")
	r.clock.Advance(time.Second)
	r.place("2", func(o *plugin.Order) { o.Payments[0].Method = "card" })
	r.clock.Advance(time.Second)
	r.place("3", func(o *plugin.Order) { o.Status = "canceled" })
	waiting := r.clock.Now()
	if at, err := r.x.OldestPending(t.Context(), shopID); err != nil || !at.Equal(waiting.Add(-2*time.Second)) {
		t.Errorf("OldestPending = %v, %v", at, err)
	}
	r.work()
	rows, err := r.x.List(t.Context(), orders.Filter{Shop: shopID}, 2)
	if err != nil || len(rows) != 2 || rows[0].Order != "3" || rows[1].Order != "2" {
		t.Fatalf("List = %+v, %v", rows, err)
	}
	rest, err := r.x.List(t.Context(), orders.Filter{Shop: shopID, Before: &rows[1]}, 2)
	if err != nil || len(rest) != 1 || rest[0].Order != "1" || rest[0].Attempts != 1 {
		t.Errorf("the second page = %+v, %v", rest, err)
	}
	counts, err := r.x.Counts(t.Context(), orders.Filter{Shop: shopID})
	want := map[orders.EntryState]int{orders.Done: 1, orders.Blocked: 1, orders.Ignored: 1}
	if err != nil || !maps.Equal(counts, want) {
		t.Errorf("Counts = %v, %v, want %v", counts, err, want)
	}
	blocked, err := r.x.List(t.Context(), orders.Filter{Connection: r.conn.ID, States: []orders.EntryState{orders.Blocked}}, 10)
	if err != nil || len(blocked) != 1 || blocked[0].Order != "2" {
		t.Errorf("List of blocked = %+v, %v", blocked, err)
	}
	if at, err := r.x.OldestPending(t.Context(), ""); err != nil || !at.IsZero() {
		t.Errorf("OldestPending = %v, %v, want none", at, err)
	}
	body, blocks, err := r.x.Preview(t.Context(), r.conn, "1", false)
	if err != nil || len(blocks) != 0 || !strings.Contains(string(body), `"source_uuid": "1"`) || strings.Contains(string(body), "Тестенко") {
		t.Errorf("Preview = %s, %v, %v", body, blocks, err)
	}
	if err := r.x.Purge(t.Context(), -time.Hour); err != nil {
		t.Fatal(err)
	}
	if e := r.entry("1"); len(e.Attempts) != 1 || e.Attempts[0].Body != "" {
		t.Errorf("attempts after their time of keeping: %+v", e.Attempts)
	}
}
