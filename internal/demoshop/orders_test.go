package demoshop

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

func TestStatusMachine(t *testing.T) {
	t.Parallel()
	cases := []struct {
		from, to string
		allowed  bool
	}{
		{statusNew, statusConfirmed, true},
		{statusNew, statusShipped, true},
		{statusNew, statusCompleted, true},
		{statusNew, statusCanceled, true},
		{statusNew, statusReturned, false},
		{statusPacking, statusCanceled, true},
		{statusPacking, statusNew, false},
		{statusShipped, statusCanceled, false},
		{statusShipped, statusReturned, true},
		{statusShipped, statusPacking, false},
		{statusCompleted, statusReturned, true},
		{statusCompleted, statusDelivered, false},
		{statusCanceled, statusNew, false},
		{statusReturned, statusCompleted, false},
		{statusNew, "unknown", false},
	}
	for _, c := range cases {
		err := checkMove(c.from, c.to)
		var refusal *plugin.Refusal
		if (err == nil) != c.allowed || err != nil && (!errors.As(err, &refusal) || refusal.Reason == "") {
			t.Errorf("checkMove(%s, %s) = %v, allowed %v", c.from, c.to, err, c.allowed)
		}
		offered := slices.ContainsFunc(nextStatuses(c.from), func(s plugin.OrderStatus) bool { return s.Code == c.to })
		if offered != c.allowed {
			t.Errorf("from %s, %s is offered: %v", c.from, c.to, offered)
		}
	}
}

func TestMoveByThePluginIsToldWithItsOrigin(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	f := newFakePlugin()
	s.Use(f)
	o := s.order(t, s.browser(t).buy(s.create(t, simple("Чай", "80", "4"))[0].Added, "email", "a@example.com"))
	s.clock.Advance(time.Minute)
	move := plugin.StatusMove{OrderID: o.ID, To: statusShipped, Expect: statusNew, Note: "KeyCRM: Відправлено"}
	r, err := s.shop.orders.MoveStatus(t.Context(), by(), move)
	if err != nil || !r.Changed || r.Version == o.Version {
		t.Fatalf("move: %+v, %v", r, err)
	}
	want := plugin.Event{
		Kind: plugin.StatusChanged, Shop: ShopID, Order: o.ID, Actor: plugin.Actor{Kind: plugin.ActorPlugin, ID: "fake"}, Origin: by(),
		At: opened().Add(time.Minute), From: statusNew, To: statusShipped,
	}
	if diff := cmp.Diff(want, f.event(t)); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	again, err := s.shop.orders.MoveStatus(t.Context(), by(), move)
	if err != nil || again.Changed || again.Version != r.Version {
		t.Errorf("the same move again: %+v, %v", again, err)
	}
	refused := map[string]struct {
		move plugin.StatusMove
		want error
	}{
		"backwards":     {plugin.StatusMove{OrderID: o.ID, To: statusNew}, plugin.ErrRefused},
		"cancel sent":   {plugin.StatusMove{OrderID: o.ID, To: statusCanceled}, plugin.ErrRefused},
		"unknown code":  {plugin.StatusMove{OrderID: o.ID, To: "42"}, plugin.ErrRefused},
		"other status":  {plugin.StatusMove{OrderID: o.ID, To: statusDelivered, Expect: statusNew}, plugin.ErrConflict},
		"unknown order": {plugin.StatusMove{OrderID: "999", To: statusDelivered}, plugin.ErrNotFound},
		"odd id":        {plugin.StatusMove{OrderID: "1x", To: statusDelivered}, plugin.ErrNotFound},
	}
	for name, c := range refused {
		if r, err := s.shop.orders.MoveStatus(t.Context(), by(), c.move); !errors.Is(err, c.want) || r.Changed {
			t.Errorf("%s: %+v, %v; want %v", name, r, err, c.want)
		}
	}
	full, err := s.store.orderByNumber(t.Context(), o.Number)
	if err != nil || len(full.History) != 2 {
		t.Fatalf("history %+v, %v", full.History, err)
	}
	line := full.History[1]
	if line.Actor != "KeyCRM" || line.Line != "Статус: «Новий» → «Відправлено». KeyCRM: Відправлено" {
		t.Errorf("history says %+v", line)
	}
	r, err = s.shop.orders.MoveStatus(t.Context(), by(), plugin.StatusMove{OrderID: o.ID, To: statusDelivered, MayWriteToBuyer: true})
	full, _ = s.store.orderByNumber(t.Context(), o.Number)
	if err != nil || !r.Changed || !strings.HasPrefix(full.History[3].Line, "Лист покупцю") {
		t.Errorf("move with a letter: %+v, %v, history %+v", r, err, full.History)
	}
}

func TestCancelGivesStockBack(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	made := s.create(t, simple("Чай", "80", "4"), simple("Вода", "20", ""))
	b := s.browser(t)
	o := s.order(t, b.buy([]plugin.VariantID{made[0].Added[0], made[1].Added[0]}))
	before := s.product(t, made[0].ID)
	if _, err := s.shop.orders.MoveStatus(t.Context(), by(), plugin.StatusMove{OrderID: o.ID, To: statusCanceled}); err != nil {
		t.Fatal(err)
	}
	tea, water := s.product(t, made[0].ID), s.product(t, made[1].ID)
	if !tea.Variants[0].Stock.Equal(decimal.NewFromInt(4)) || tea.Version == before.Version {
		t.Errorf("tea: %s at %s, before %s at %s", tea.Variants[0].Stock, tea.Version, before.Variants[0].Stock, before.Version)
	}
	if water.Variants[0].Stock != nil || water.Version != made[1].Version {
		t.Errorf("water is not tracked, yet %+v", water)
	}
	if p := s.order(t, o.Number).Payments[0]; p.State != plugin.PaymentCanceled {
		t.Errorf("payment is %+v", p)
	}
}

func TestFactsAreKeptAndShown(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	o := s.order(t, s.browser(t).buy(s.create(t, simple("Чай", "80", ""))[0].Added))
	f := plugin.Facts{
		CRMOrderID: ptr("70123"), CRMURL: ptr("https://demo.keycrm.app/app/orders/view/70123"), TrackingNumber: ptr("20450000000001"),
		CRMTotal: ptr(plugin.NewMoney("79.50", Currency)),
	}
	r, err := s.shop.orders.OfferFacts(t.Context(), by(), o.ID, f)
	if err != nil || !r.Changed {
		t.Fatalf("first: %+v, %v", r, err)
	}
	if again, err := s.shop.orders.OfferFacts(t.Context(), by(), o.ID, f); err != nil || again.Changed || again.Version != r.Version {
		t.Errorf("again: %+v, %v", again, err)
	}
	if diff := cmp.Diff(f, s.order(t, o.Number).Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if _, err := s.shop.orders.OfferFacts(t.Context(), by(), o.ID, plugin.Facts{CRMTotal: &plugin.Money{}}); err != nil {
		t.Fatal(err)
	}
	if got := s.order(t, o.Number).Facts; got.CRMTotal != nil || *got.TrackingNumber != "20450000000001" {
		t.Errorf("total cleared, the rest kept? %+v", got)
	}
	bad := plugin.Facts{CRMURL: ptr("javascript:alert(1)")}
	if _, err := s.shop.orders.OfferFacts(t.Context(), by(), o.ID, bad); !errors.Is(err, plugin.ErrInvalid) {
		t.Errorf("a script for an address: %v", err)
	}
	if _, err := s.shop.orders.OfferFacts(t.Context(), by(), "999", plugin.Facts{}); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("unknown order: %v", err)
	}
	admin := s.browser(t)
	admin.signIn("viewer", "viewer-secret")
	page := admin.get("/admin/orders/" + string(o.ID)).doc(t)
	if id, link := page.Find("#crm-id").Text(), page.Find("#crm-id a").AttrOr("href", ""); !strings.Contains(id, "70123") || link != *f.CRMURL {
		t.Errorf("the admin shows %q with link %q", id, link)
	}
	if got := page.Find("#tracking").Text(); got != "20450000000001" {
		t.Errorf("the admin shows tracking %q", got)
	}
}

func TestScanListsEveryOrderOnce(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	item := s.create(t, simple("Чай", "80", ""))[0].Added
	b := s.browser(t)
	var want []plugin.OrderID
	for i := range 7 {
		if i%3 == 2 { // some share an instant
			s.clock.Advance(time.Minute)
		}
		want = append(want, s.order(t, b.buy(item)).ID)
	}
	scan := func(q plugin.OrderQuery) (ids []plugin.OrderID) {
		t.Helper()
		for {
			page, err := s.shop.orders.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Placements) > q.Limit {
				t.Fatalf("%d placements on a page of %d", len(page.Placements), q.Limit)
			}
			for _, p := range page.Placements {
				ids = append(ids, p.Order)
			}
			if page.Next == "" {
				return ids
			}
			q.Cursor = page.Next
		}
	}
	if got := scan(plugin.OrderQuery{Limit: 2}); !slices.Equal(got, want) {
		t.Errorf("scanned %v, want %v", got, want)
	}
	minute := plugin.OrderQuery{From: opened().Add(time.Minute), To: opened().Add(2 * time.Minute), Limit: 2}
	if got := scan(minute); !slices.Equal(got, want[2:5]) {
		t.Errorf("from inclusive to exclusive: %v, want %v", got, want[2:5])
	}
	if _, err := s.shop.orders.MoveStatus(t.Context(), by(), plugin.StatusMove{OrderID: want[3], To: statusConfirmed}); err != nil {
		t.Fatal(err)
	}
	if got := scan(plugin.OrderQuery{Statuses: []string{statusConfirmed, statusShipped}, Limit: 5}); !slices.Equal(got, want[3:4]) {
		t.Errorf("by status: %v", got)
	}
	for _, q := range []plugin.OrderQuery{{Limit: 0}, {Limit: plugin.MaxBatch + 1}, {Limit: 1, Cursor: "!"}, {Limit: 1, Cursor: "AAAA"}} {
		if _, err := s.shop.orders.List(t.Context(), q); !errors.Is(err, plugin.ErrInvalid) {
			t.Errorf("List(%+v): %v, want ErrInvalid", q, err)
		}
	}
}

func TestStaffChangesAreTold(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	f := newFakePlugin()
	s.Use(f)
	o := s.order(t, s.browser(t).buy(s.create(t, simple("Чай", "80", "2"))[0].Added))
	b := s.browser(t)
	csrf := b.signIn("manager", "manager-secret")
	address := "/admin/orders/" + string(o.ID)
	post := func(what string, fields ...string) answer {
		v := url.Values{plugin.CSRFField: {csrf}}
		for i := 0; i+1 < len(fields); i += 2 {
			v.Set(fields[i], fields[i+1])
		}
		return b.post(address+what, v)
	}
	staff := plugin.Actor{Kind: plugin.ActorStaff, ID: "manager"}
	steps := []struct {
		do   answer
		kind plugin.EventKind
	}{
		{post("/paid", "payment", o.Payments[0].ID), plugin.PaymentChanged},
		{post("/edit", "name", "Олена Коваль", "phone", "0509998877", "city", "Київ"), plugin.OrderEdited},
		{post("/status", "to", statusCanceled, "expect", statusNew), plugin.StatusChanged},
		{post("/delete"), plugin.OrderDeleted},
	}
	for _, step := range steps {
		if step.do.Status != 303 {
			t.Errorf("%s answered %d: %s", step.kind, step.do.Status, step.do.doc(t).Find("main").Text())
		}
		if e := f.event(t); e.Kind != step.kind || e.Actor != staff || e.Origin != (plugin.Origin{}) || e.Order != o.ID {
			t.Errorf("event %+v, want %s by the manager", e, step.kind)
		}
	}
	if _, err := s.shop.orders.Get(t.Context(), o.ID); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("deleted order: %v", err)
	}
}

func TestManyOrdersAreReadAsEachOfThem(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	mug := s.create(t, simple("Чашка", "120", "10"))[0]
	b := s.browser(t)
	var ids []plugin.OrderID
	for range 3 {
		ids = append(ids, s.order(t, b.buy(mug.Added, "addon_gift_wrap", "1")).ID)
	}
	got, err := s.shop.orders.GetMany(t.Context(), append(ids, "999999", "none"))
	if err != nil || len(got) != 3 {
		t.Fatalf("GetMany = %d orders, %v, want 3", len(got), err)
	}
	for i, id := range ids {
		want, err := s.shop.orders.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got[i]); diff != "" {
			t.Errorf("order %s (-want +got):\n%s", id, diff)
		}
	}
}
