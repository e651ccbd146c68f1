package orders_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

func TestTwoOrdersOfOneNumberAreToldApart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	same := func(o *plugin.Order) { o.Number = "77" }
	r.place("1", same)
	r.place("2", same)
	r.work()
	r.pass(10 * time.Minute)
	states := map[orders.EntryState]int{}
	for _, id := range []plugin.OrderID{"1", "2"} {
		e := r.entry(id)
		states[e.State]++
		if e.State == orders.Blocked && (e.Reason != orders.ReasonTakenByOrder || e.Params["number"] != "77" || e.Params["order"] == string(id) || e.CRMID != "") {
			t.Errorf("order %s is blocked by %s %v", id, e.Reason, e.Params)
		}
	}
	if states[orders.Done] != 1 || states[orders.Blocked] != 1 {
		t.Errorf("states %v, want one in the CRM and the other blocked", states)
	}
	r.wantOrders("77", 1)
	if n := len(r.entry("1").Attempts) + len(r.entry("2").Attempts); n > 3 {
		t.Errorf("%d attempts, want it not tried for ever", n)
	}
}

func TestEntriesOfASwitchedOffConnectionAreNotLookedAt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: time.Minute, Times: 1}))
	id := r.place("1")
	r.work()
	if err := r.store.SetEnabled(t.Context(), r.conn.ID, false); err != nil {
		t.Fatal(err)
	}
	r.pass(5 * time.Minute)
	if e := r.wantState("1", orders.Retrying, orders.ReasonConnectionOff); !e.NextAt.IsZero() {
		t.Errorf("it goes on at %v, want it to rest", e.NextAt)
	}
	fence := r.fence(id)
	r.pass(time.Hour)
	if n := r.fence(id) - fence; n != 0 {
		t.Errorf("it was taken up %d times in an hour", n)
	}
	if err := r.store.SetEnabled(t.Context(), r.conn.ID, true); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantState("1", orders.Done, "")

	// One that was deleted while its orders rested says so.
	r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: time.Minute, Times: 1}))
	r.place("2")
	r.work()
	if err := r.store.SetEnabled(t.Context(), r.conn.ID, false); err != nil {
		t.Fatal(err)
	}
	r.pass(2 * time.Minute)
	if err := r.store.Delete(t.Context(), r.conn.ID); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantState("2", orders.Dead, orders.ReasonConnectionGone)
}

func TestEntriesOfAnInactiveShopAreNotLookedAt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	active := false
	r.active = func(plugin.ShopID) bool { return active }
	r.x = r.exporter(orders.Config{})
	id := r.place("1")
	r.work()
	r.wantState("1", orders.Retrying, orders.ReasonShopInactive)
	fence := r.fence(id)
	r.pass(time.Hour)
	if n := r.fence(id) - fence; n != 0 {
		t.Errorf("it was taken up %d times in an hour", n)
	}
	active = true
	r.work()
	r.wantState("1", orders.Done, "")
}

// TestAStepThatRestsBesideABlockedOneGoesOn although the entry tells of the blocked one, which is refused again.
func TestAStepThatRestsBesideABlockedOneGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set := orderstest.Settings()
	set.StatusOut = map[string]settings.Choice{"accepted": {Code: "3"}}
	r.conn = r.save(r.conn, set)
	r.wrapSink(func(s orders.Sink) orders.Sink { return statusRefusing{s} })
	id := r.place("1", func(o *plugin.Order) { o.Status = "accepted" })
	r.work()
	r.wantState("1", orders.Blocked, orders.ReasonStatusRefused)

	// The shop did not answer when it was to learn the CRM's number, and then the connection is switched off.
	r.db.MustExec(`UPDATE keybridge.outbox_step SET state = 'retrying', reason = 'shop_unavailable', next_at = $2
		WHERE outbox_id = $1 AND step = 'facts'`, id, r.clock.Now())
	r.db.MustExec(`UPDATE keybridge.outbox SET next_at = $2 WHERE id = $1`, id, r.clock.Now())
	if err := r.store.SetEnabled(t.Context(), r.conn.ID, false); err != nil {
		t.Fatal(err)
	}
	r.work()
	if s := r.facts("1"); s.State != orders.StepRetrying || !s.NextAt.IsZero() {
		t.Fatalf("the step does not rest: %+v", s)
	}
	r.wantState("1", orders.Blocked, orders.ReasonStatusRefused)
	r.clock.Advance(time.Minute)
	if err := r.store.SetEnabled(t.Context(), r.conn.ID, true); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantState("1", orders.Blocked, orders.ReasonStatusRefused)
	if s := r.facts("1"); s.State != orders.StepDone {
		t.Errorf("the step rests for good: %+v", s)
	}
}

// statusRefusing is a CRM that takes no status.
type statusRefusing struct{ orders.Sink }

func (statusRefusing) SetOrderStatus(context.Context, settings.Target, string, string) (orders.StatusSet, error) {
	return orders.StatusSet{}, crm.NewRefusal("No such status.", nil, errors.New("status 422"))
}

// facts is the step by which the shop learns the CRM's number.
func (r *rig) facts(id plugin.OrderID) orders.StepView {
	r.t.Helper()
	for _, s := range r.entry(id).Steps {
		if s.Name == orders.StepFacts {
			return s
		}
	}
	r.t.Fatalf("order %s has no such step", id)
	return orders.StepView{}
}

func (r *rig) fence(id int64) (n int64) {
	r.t.Helper()
	if err := r.db.Get(&n, `SELECT fence FROM keybridge.outbox WHERE id = $1`, id); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func TestOrdersKnownAlreadyCostNoIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.place("1")
	p := orderstest.PlacementOf(shopID, r.shop.Order("1"))
	for range 30 {
		if _, err := r.x.Put(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	first, second := r.entry("1").ID, r.place("2")
	if second != first+1 {
		t.Errorf("ids %d and %d, want them to follow one another", first, second)
	}
}

// TestACardIsFoundThoughItsTitleWasChanged: a manager or an automation has written something behind the marker.
func TestACardIsFoundThoughItsTitleWasChanged(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*keycrmtest.Card){
		"in the title": func(c *keycrmtest.Card) { c.Title, c.ManagerComment = "VIP "+c.Title+" терміново", "" },
		"in the comment": func(c *keycrmtest.Card) {
			c.Title, c.ManagerComment = "Олена", c.ManagerComment+"\nдзвонили 12.08"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			set := orderstest.Settings()
			set.Target, set.AddOns, set.StatusOut = settings.TargetCards, nil, nil
			r.save(r.conn, set)
			r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultCutAfter, Method: "POST", Path: "/v1/pipelines/cards", Times: 1})
			unreadable := r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Method: "GET", Path: "/v1/pipelines/cards"})
			r.place("1")
			r.work()
			if err := r.crm.EditCard(r.crm.Cards()[0].ID, edit); err != nil {
				t.Fatal(err)
			}
			r.crm.ClearFault(unreadable)
			r.pass(10 * time.Minute)
			r.wantState("1", orders.Done, "")
			if n := len(r.crm.Cards()); n != 1 {
				t.Errorf("%d cards, want 1", n)
			}
		})
	}
}

// TestMaskedBodiesHoldNobody: what is kept for people to look at names neither a person nor a place.
func TestMaskedBodiesHoldNobody(t *testing.T) {
	t.Parallel()
	for _, target := range []settings.Target{settings.TargetOrders, settings.TargetCards} {
		t.Run(string(target), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			set := orderstest.Settings()
			if set.Target = target; target == settings.TargetCards {
				set.AddOns, set.StatusOut = map[string]settings.Choice{"nocall": {Skip: true}}, nil
			}
			r.save(r.conn, set)
			r.place("1", func(o *plugin.Order) {
				o.Comment = "Подзвоніть Тарасові"
				o.Delivery.Region, o.Delivery.City, o.Delivery.PostCode, o.Delivery.Street = "Полтавська", "Лубни", "37500", "Ярмаркова 5"
				o.Delivery.Branch = "Відділення №3, Драбинівка"
				o.Recipient = plugin.Recipient{FullName: "Марія Безсмертна", Phone: "067 765 43 21"}
				o.Payments[0].Note = "платить Гнат Хоткевич, картка 5168"
				o.Lines[0].Comment = "для Соломії"
				o.AddOns = []plugin.OrderAddOn{{Code: "nocall", Name: "Не телефонувати", Price: decimal.Zero, Quantity: decimal.NewFromInt(1), Value: "Степанові"}}
			})
			r.work()
			body := r.entry("1").Attempts[0].Body
			for _, private := range []string{
				"Тестенко", "olena", "1234567", "Тарас", "Полтавська", "Лубни", "37500", "Ярмаркова", "Драбинівка", "22222222",
				"Безсмертна", "7654321", "Хоткевич", "5168", "Соломії", "Степанові",
			} {
				if strings.Contains(body, private) {
					t.Errorf("the masked body holds %q: %s", private, body)
				}
			}
			if marker := fmt.Sprintf("[%s/p1]", "1"); !strings.Contains(body, marker) {
				t.Errorf("the masked body has lost the payment's marker %s: %s", marker, body)
			}
		})
	}
}

func TestWhatWaitsForAPersonIsFoundHoweverManyOrdersCameSince(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	byCard := func(o *plugin.Order) { o.Payments[0].Method = "paypal" }
	r.place("1", byCard)
	r.place("2", byCard)
	for i := range 30 {
		r.clock.Advance(time.Second)
		r.place(plugin.OrderID(fmt.Sprint(100 + i)))
	}
	r.work()
	f := orders.Filter{Shop: shopID, Waiting: true}
	rows, err := r.x.List(t.Context(), f, 20)
	if err != nil || len(rows) != 2 || !rows[0].Waits() {
		t.Fatalf("List = %+v, %v; want the two that wait", rows, err)
	}
	groups, err := r.x.Groups(t.Context(), f, 10)
	if err != nil || len(groups) != 1 || groups[0].State != orders.Blocked || groups[0].Reason != orders.ReasonUnmappedPayment || groups[0].Count != 2 {
		t.Fatalf("Groups = %+v, %v", groups, err)
	}
	for payment, want := range map[string]int{"paypal": 2, "card": 0} {
		f.Reason, f.Params = groups[0].Reason, orders.Params{"payment": payment}
		if rows, err := r.x.List(t.Context(), f, 20); err != nil || len(rows) != want {
			t.Errorf("%d wait for %s, %v; want %d", len(rows), payment, err, want)
		}
	}
	calm, seen := orders.Filter{Shop: shopID, Calm: true}, map[int64]bool{}
	for {
		page, err := r.x.List(t.Context(), calm, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page {
			if seen[row.ID] || row.Waits() {
				t.Errorf("entry %d is listed twice, or waits", row.ID)
			}
			seen[row.ID] = true
		}
		if len(page) < 7 {
			break
		}
		calm.Before = &page[6]
	}
	if len(seen) != 30 {
		t.Errorf("%d others are listed, want 30", len(seen))
	}
}
