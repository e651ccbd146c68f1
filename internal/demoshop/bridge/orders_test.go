package bridge_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/shoptest"
	"github.com/keybridge/keybridge/plugin"
)

func TestMoveByThePluginIsToldWithItsOrigin(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	f := shoptest.NewPlugin()
	s.Use(f)
	o := s.Order(t, s.Browser(t).Buy(s.Create(t, shoptest.Simple("Чай", "80", "4"))[0].Added, "email", "a@example.com"))
	s.Time.Advance(time.Minute)
	move := plugin.StatusMove{OrderID: o.ID, To: domain.StatusShipped, Expect: domain.StatusNew, Note: "KeyCRM: Відправлено"}
	r, err := s.Only(t).Orders().MoveStatus(t.Context(), shoptest.By(), move)
	if err != nil || !r.Changed || r.Version == o.Version {
		t.Fatalf("move: %+v, %v", r, err)
	}
	want := plugin.Event{
		Kind: plugin.StatusChanged, Shop: demoshop.ShopID, Order: o.ID, Actor: plugin.Actor{Kind: plugin.ActorPlugin, ID: "fake"}, Origin: shoptest.By(),
		At: shoptest.Opened().Add(time.Minute), From: domain.StatusNew, To: domain.StatusShipped,
	}
	if diff := cmp.Diff(want, f.Event(t)); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	again, err := s.Only(t).Orders().MoveStatus(t.Context(), shoptest.By(), move)
	if err != nil || again.Changed || again.Version != r.Version {
		t.Errorf("the same move again: %+v, %v", again, err)
	}
	refused := map[string]struct {
		move plugin.StatusMove
		want error
	}{
		"backwards":     {plugin.StatusMove{OrderID: o.ID, To: domain.StatusNew}, plugin.ErrRefused},
		"cancel sent":   {plugin.StatusMove{OrderID: o.ID, To: domain.StatusCanceled}, plugin.ErrRefused},
		"unknown code":  {plugin.StatusMove{OrderID: o.ID, To: "42"}, plugin.ErrRefused},
		"other status":  {plugin.StatusMove{OrderID: o.ID, To: domain.StatusDelivered, Expect: domain.StatusNew}, plugin.ErrConflict},
		"unknown order": {plugin.StatusMove{OrderID: "999", To: domain.StatusDelivered}, plugin.ErrNotFound},
		"odd id":        {plugin.StatusMove{OrderID: "1x", To: domain.StatusDelivered}, plugin.ErrNotFound},
	}
	for name, c := range refused {
		if r, err := s.Only(t).Orders().MoveStatus(t.Context(), shoptest.By(), c.move); !errors.Is(err, c.want) || r.Changed {
			t.Errorf("%s: %+v, %v; want %v", name, r, err, c.want)
		}
	}
	full, err := s.Store.Orders.ByNumber(t.Context(), o.Number)
	if err != nil || len(full.History) != 2 {
		t.Fatalf("history %+v, %v", full.History, err)
	}
	line := full.History[1]
	if line.Actor != "KeyCRM" || line.Line != "Статус: «Новий» → «Відправлено». KeyCRM: Відправлено" {
		t.Errorf("history says %+v", line)
	}
	r, err = s.Only(t).Orders().MoveStatus(t.Context(), shoptest.By(), plugin.StatusMove{OrderID: o.ID, To: domain.StatusDelivered, MayWriteToBuyer: true})
	full, _ = s.Store.Orders.ByNumber(t.Context(), o.Number)
	if err != nil || !r.Changed || !strings.HasPrefix(full.History[3].Line, "Лист покупцю") {
		t.Errorf("move with a letter: %+v, %v, history %+v", r, err, full.History)
	}
}

func TestCancelGivesStockBack(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	made := s.Create(t, shoptest.Simple("Чай", "80", "4"), shoptest.Simple("Вода", "20", ""))
	b := s.Browser(t)
	o := s.Order(t, b.Buy([]plugin.VariantID{made[0].Added[0], made[1].Added[0]}))
	before := s.Product(t, made[0].ID)
	if _, err := s.Only(t).Orders().MoveStatus(t.Context(), shoptest.By(), plugin.StatusMove{OrderID: o.ID, To: domain.StatusCanceled}); err != nil {
		t.Fatal(err)
	}
	tea, water := s.Product(t, made[0].ID), s.Product(t, made[1].ID)
	if !tea.Variants[0].Stock.Equal(decimal.NewFromInt(4)) || tea.Version == before.Version {
		t.Errorf("tea: %s at %s, before %s at %s", tea.Variants[0].Stock, tea.Version, before.Variants[0].Stock, before.Version)
	}
	if water.Variants[0].Stock != nil || water.Version != made[1].Version {
		t.Errorf("water is not tracked, yet %+v", water)
	}
	if p := s.Order(t, o.Number).Payments[0]; p.State != plugin.PaymentCanceled {
		t.Errorf("payment is %+v", p)
	}
}

func TestFactsAreKeptAndShown(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	o := s.Order(t, s.Browser(t).Buy(s.Create(t, shoptest.Simple("Чай", "80", ""))[0].Added))
	f := plugin.Facts{
		CRMOrderID: shoptest.Ptr("70123"), CRMURL: shoptest.Ptr("https://demo.keycrm.app/app/orders/view/70123"), TrackingNumber: shoptest.Ptr("20450000000001"),
		CRMTotal: shoptest.Ptr(plugin.NewMoney("79.50", demoshop.Currency)),
	}
	r, err := s.Only(t).Orders().OfferFacts(t.Context(), shoptest.By(), o.ID, f)
	if err != nil || !r.Changed {
		t.Fatalf("first: %+v, %v", r, err)
	}
	if again, err := s.Only(t).Orders().OfferFacts(t.Context(), shoptest.By(), o.ID, f); err != nil || again.Changed || again.Version != r.Version {
		t.Errorf("again: %+v, %v", again, err)
	}
	if diff := cmp.Diff(f, s.Order(t, o.Number).Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if _, err := s.Only(t).Orders().OfferFacts(t.Context(), shoptest.By(), o.ID, plugin.Facts{CRMTotal: &plugin.Money{}}); err != nil {
		t.Fatal(err)
	}
	if got := s.Order(t, o.Number).Facts; got.CRMTotal != nil || *got.TrackingNumber != "20450000000001" {
		t.Errorf("total cleared, the rest kept? %+v", got)
	}
	bad := plugin.Facts{CRMURL: shoptest.Ptr("javascript:alert(1)")}
	if _, err := s.Only(t).Orders().OfferFacts(t.Context(), shoptest.By(), o.ID, bad); !errors.Is(err, plugin.ErrInvalid) {
		t.Errorf("a script for an address: %v", err)
	}
	if _, err := s.Only(t).Orders().OfferFacts(t.Context(), shoptest.By(), "999", plugin.Facts{}); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("unknown order: %v", err)
	}
	admin := s.Browser(t)
	admin.SignIn("viewer", "viewer-secret")
	page := admin.Get("/admin/orders/" + string(o.ID)).Doc(t)
	if id, link := page.Find("#crm-id").Text(), page.Find("#crm-id a").AttrOr("href", ""); !strings.Contains(id, "70123") || link != *f.CRMURL {
		t.Errorf("the admin shows %q with link %q", id, link)
	}
	if got := page.Find("#tracking").Text(); got != "20450000000001" {
		t.Errorf("the admin shows tracking %q", got)
	}
}

func TestScanListsEveryOrderOnce(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	item := s.Create(t, shoptest.Simple("Чай", "80", ""))[0].Added
	b := s.Browser(t)
	var want []plugin.OrderID
	for i := range 7 {
		if i%3 == 2 { // some share an instant
			s.Time.Advance(time.Minute)
		}
		want = append(want, s.Order(t, b.Buy(item)).ID)
	}
	scan := func(q plugin.OrderQuery) (ids []plugin.OrderID) {
		t.Helper()
		for {
			page, err := s.Only(t).Orders().List(t.Context(), q)
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
	minute := plugin.OrderQuery{From: shoptest.Opened().Add(time.Minute), To: shoptest.Opened().Add(2 * time.Minute), Limit: 2}
	if got := scan(minute); !slices.Equal(got, want[2:5]) {
		t.Errorf("from inclusive to exclusive: %v, want %v", got, want[2:5])
	}
	if _, err := s.Only(t).Orders().MoveStatus(t.Context(), shoptest.By(), plugin.StatusMove{OrderID: want[3], To: domain.StatusConfirmed}); err != nil {
		t.Fatal(err)
	}
	if got := scan(plugin.OrderQuery{Statuses: []string{domain.StatusConfirmed, domain.StatusShipped}, Limit: 5}); !slices.Equal(got, want[3:4]) {
		t.Errorf("by status: %v", got)
	}
	for _, q := range []plugin.OrderQuery{{Limit: 0}, {Limit: plugin.MaxBatch + 1}, {Limit: 1, Cursor: "!"}, {Limit: 1, Cursor: "AAAA"}} {
		if _, err := s.Only(t).Orders().List(t.Context(), q); !errors.Is(err, plugin.ErrInvalid) {
			t.Errorf("List(%+v): %v, want ErrInvalid", q, err)
		}
	}
}

func TestStaffChangesAreTold(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	f := shoptest.NewPlugin()
	s.Use(f)
	o := s.Order(t, s.Browser(t).Buy(s.Create(t, shoptest.Simple("Чай", "80", "2"))[0].Added))
	b := s.Browser(t)
	csrf := b.SignIn("manager", "manager-secret")
	address := "/admin/orders/" + string(o.ID)
	post := func(what string, fields ...string) shoptest.Answer {
		v := url.Values{plugin.CSRFField: {csrf}}
		for i := 0; i+1 < len(fields); i += 2 {
			v.Set(fields[i], fields[i+1])
		}
		return b.Post(address+what, v)
	}
	staff := plugin.Actor{Kind: plugin.ActorStaff, ID: "manager"}
	steps := []struct {
		do   shoptest.Answer
		kind plugin.EventKind
	}{
		{post("/paid", "payment", o.Payments[0].ID), plugin.PaymentChanged},
		{post("/edit", "name", "Олена Коваль", "phone", "0509998877", "city", "Київ"), plugin.OrderEdited},
		{post("/status", "to", domain.StatusCanceled, "expect", domain.StatusNew), plugin.StatusChanged},
		{post("/delete"), plugin.OrderDeleted},
	}
	for _, step := range steps {
		if step.do.Status != 303 {
			t.Errorf("%s answered %d: %s", step.kind, step.do.Status, step.do.Doc(t).Find("main").Text())
		}
		if e := f.Event(t); e.Kind != step.kind || e.Actor != staff || e.Origin != (plugin.Origin{}) || e.Order != o.ID {
			t.Errorf("event %+v, want %s by the manager", e, step.kind)
		}
	}
	if _, err := s.Only(t).Orders().Get(t.Context(), o.ID); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("deleted order: %v", err)
	}
}

func TestManyOrdersAreReadAsEachOfThem(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	mug := s.Create(t, shoptest.Simple("Чашка", "120", "10"))[0]
	b := s.Browser(t)
	var ids []plugin.OrderID
	for range 3 {
		ids = append(ids, s.Order(t, b.Buy(mug.Added, "addon_gift_wrap", "1")).ID)
	}
	got, err := s.Only(t).Orders().(plugin.OrdersByID).GetMany(t.Context(), append(ids, "999999", "none"))
	if err != nil || len(got) != 3 {
		t.Fatalf("GetMany = %d orders, %v, want 3", len(got), err)
	}
	for i, id := range ids {
		want, err := s.Only(t).Orders().Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got[i]); diff != "" {
			t.Errorf("order %s (-want +got):\n%s", id, diff)
		}
	}
}
