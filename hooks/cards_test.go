package hooks_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

func newCardRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	set := orderstest.Settings()
	set.Target = settings.TargetCards
	set.AddOns = nil
	set.StatusOut = map[string]settings.Choice{"paid": {Code: "1/105"}}
	r.save(set)
	return r
}

func (r *rig) setCard(card, status int64) {
	r.t.Helper()
	r.clock.Advance(10 * time.Second)
	if err := r.crm.SetCardStatus(card, status); err != nil {
		r.t.Fatal(err)
	}
}

func TestOrderBecomesACardAndItsStatusesComeBack(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	id := r.place("1")
	card, ok := r.crm.Card(id)
	if !ok || len(r.crm.Orders()) != 0 {
		t.Fatalf("card %d: %v, and %d orders", id, ok, len(r.crm.Orders()))
	}
	if total := card.ProductsTotal(); !total.Equal(decimal.NewFromInt(1200)) || card.PipelineID != 1 {
		t.Errorf("card of %s in pipeline %d, want 1200 in 1", total, card.PipelineID)
	}
	r.setCard(id, 102)
	r.work()
	r.wantStatus("1", "accepted")
	r.setCard(id, 103)
	r.work()
	r.wantLast(hooks.Unmapped, hooks.ReasonUnmapped)

	// The shop's status goes the other way, and its echo moves nothing.
	r.clock.Advance(time.Minute)
	r.shop.Edit("1", func(o *plugin.Order) { o.Status = "paid" })
	if err := r.hooks.Listener().Handle(t.Context(), plugin.Event{
		Kind: plugin.StatusChanged, Shop: shopID, Order: "1", At: r.clock.Now(), To: "paid",
	}); err != nil {
		t.Fatal(err)
	}
	r.work()
	if card, _ = r.crm.Card(id); card.StatusID != 105 {
		t.Errorf("card status %d, want 105", card.StatusID)
	}
	r.wantLast(hooks.Echo, "")
	r.wantStatus("1", "paid")
}

// convert makes an order of a card, as a manager does, and moves it a minute later.
func (r *rig) convert(card, status int64) int64 {
	r.t.Helper()
	order, err := r.crm.ConvertCard(card)
	if err != nil {
		r.t.Fatal(err)
	}
	r.clock.Advance(time.Minute)
	if err := r.crm.SetOrderStatus(order, status); err != nil {
		r.t.Fatal(err)
	}
	return order
}

// listed counts the pages of cards that were asked for.
func (r *rig) listed() int {
	n := 0
	for _, q := range r.crm.Requests() {
		if q.Method == http.MethodGet && q.Path == "/v1/pipelines/cards" {
			n++
		}
	}
	return n
}

func (r *rig) hookOf(object settings.Object, id int64) {
	r.t.Helper()
	event := map[settings.Object]string{settings.ObjectOrder: "order.change_order_status", settings.ObjectCard: "lead.change_lead_status"}[object]
	if got := r.call(http.MethodPost, r.links[object], asJSON, fmt.Sprintf(`{"event":%q,"context":{"id":%d}}`, event, id)); got != http.StatusOK {
		r.t.Fatalf("the webhook was answered %d", got)
	}
}

// TestOrderOfAConvertedCardIsFollowed though no webhook of the card tells that it became an order.
func TestOrderOfAConvertedCardIsFollowed(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	card := r.place("1")
	r.setCard(card, 102)
	r.work()
	r.wantStatus("1", "accepted")
	order := r.convert(card, 8)
	r.work()
	r.wantStatus("1", "shipped")
	r.wantLast(hooks.Applied, "")
	// The card's webhook comes late, and so does a repeated one of the order.
	r.hookOf(settings.ObjectCard, card)
	r.work()
	r.wantLast(hooks.Unchanged, "")
	r.clock.Advance(time.Minute)
	if err := r.crm.SetOrderStatus(order, 12); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantStatus("1", "done")
}

// TestDeletedOrderOfAConvertedCardIsNoted at the order of the shop, as one that was sent is.
func TestDeletedOrderOfAConvertedCardIsNoted(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	order := r.convert(r.place("1"), 8)
	r.work()
	r.wantStatus("1", "shipped")
	if err := r.crm.DeleteOrder(order); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Minute)
	r.hookOf(settings.ObjectOrder, order)
	r.work()
	if got := r.wantLast(hooks.Gone, hooks.ReasonCRMGone); got.Order != "1" {
		t.Errorf("journal %+v, want it to name order 1", got)
	}
	if r.entry("1").CRMDeletedAt.IsZero() {
		t.Error("the order is not marked as deleted in the CRM")
	}
}

// TestTimesOfACardAndItsOrderAreNotCompared: the card was changed after its order, by an edit or an automation.
func TestTimesOfACardAndItsOrderAreNotCompared(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	card := r.place("1")
	order := r.convert(card, 8)
	r.setCard(card, 102) // ten seconds later
	r.hookOf(settings.ObjectCard, card)
	r.workInbox() // the card's comes first
	r.work()
	r.wantStatus("1", "shipped")
	// What the card says from then on is history.
	r.setCard(card, 104)
	r.hookOf(settings.ObjectCard, card)
	r.work()
	r.wantLast(hooks.Skipped, hooks.ReasonCardConverted)
	r.wantStatus("1", "shipped")
	// And its order begins with a status that nobody has set.
	r.hookOf(settings.ObjectOrder, order)
	r.work()
	r.wantLast(hooks.Unchanged, "")
}

func TestShopsStatusIsNotPutOnACardThatBecameAnOrder(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	card := r.place("1")
	r.convert(card, 8)
	r.work()
	r.clock.Advance(time.Minute)
	r.inShop("1", "paid")
	r.work()
	if c, _ := r.crm.Card(card); c.StatusID == 105 {
		t.Error("the card was moved")
	}
	for _, s := range r.entry("1").Steps {
		if s.Name == orders.StepStatus && (s.State != orders.StepSkipped || s.Reason != orders.ReasonCardConverted) {
			t.Errorf("step %+v, want it skipped because the card was converted", s)
		}
	}
}

// TestCardsAreReadSparingly: an order that nobody's card became waits a day, and is given up then.
func TestCardsAreReadSparingly(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	for i := range 60 {
		r.place(plugin.OrderID(strconv.Itoa(i + 1)))
	}
	stranger := r.byHand(7)
	r.clock.Advance(time.Hour)
	r.hookOf(settings.ObjectOrder, stranger)
	r.work()
	r.wantLast(hooks.Waiting, hooks.ReasonUnconverted)
	if n := r.listed(); n != 2 {
		t.Errorf("%d pages for 60 cards, want 2", n)
	}
	// Others that wait beside it cost nothing within the minute, and the same cards are not read again.
	other := r.byHand(7)
	r.hookOf(settings.ObjectOrder, other)
	r.work()
	if n := r.listed(); n != 2 {
		t.Errorf("%d pages within a minute, want no more than 2", n)
	}
	for range 60 {
		r.clock.Advance(time.Minute)
		r.work()
	}
	if n := r.listed(); n > 2+60 {
		t.Errorf("%d pages in an hour, want one a minute at most", n)
	}
	card := r.place("100")
	order := r.convert(card, 8)
	for range 12 {
		r.clock.Advance(time.Minute)
		r.work()
	}
	r.wantStatus("100", "shipped")
	r.clock.Advance(25 * time.Hour)
	r.work()
	before := r.listed()
	r.clock.Advance(time.Hour)
	r.work()
	if n := r.listed(); n != before {
		t.Errorf("%d pages though nothing waits any more", n-before)
	}
	for _, id := range []int64{stranger, other} {
		if e := r.lastOf(id); e.Outcome != hooks.Unknown || e.Reason != hooks.ReasonNotOurs {
			t.Errorf("order %d of somebody is %s, %s; want it given up", id, e.Outcome, e.Reason)
		}
	}
	_ = order
}

// TestOldCardsAreNotWaitedFor: one that has stayed a card for months is not what an unknown order was.
func TestOldCardsAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	r.place("1")
	first := r.byHand(7)
	r.clock.Advance(89 * 24 * time.Hour)
	r.hookOf(settings.ObjectOrder, r.byHand(7))
	r.work()
	r.wantLast(hooks.Waiting, hooks.ReasonUnconverted)
	r.clock.Advance(2 * 24 * time.Hour)
	r.work() // that one is given up
	before := r.listed()
	r.hookOf(settings.ObjectOrder, r.byHand(7))
	r.work()
	r.wantLast(hooks.Unknown, hooks.ReasonNotOurs)
	r.place("2") // and an order of that time was not this card
	r.hookOf(settings.ObjectOrder, first)
	r.work()
	r.wantLast(hooks.Unknown, hooks.ReasonNotOurs)
	if n := r.listed() - before; n != 0 {
		t.Errorf("%d pages of cards were read, want none", n)
	}
}

// lateReader answers a page of cards just when the time to read them is over.
type lateReader struct{ hooks.Reader }

func (l lateReader) ConvertedCards(ctx context.Context, source string, since time.Time, page int) (map[string]string, bool, error) {
	<-ctx.Done()
	return l.Reader.ConvertedCards(context.WithoutCancel(ctx), source, since, page)
}

func TestCardsThatWereReadInTheLastMomentAreNoted(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	r.reader = func(c hooks.Reader) hooks.Reader { return lateReader{c} }
	r.config.Request = 20 * time.Second
	r.config.Lease = r.config.Request + 20*time.Millisecond // half of the rest is for cards
	r.hooks = r.newHooks(r.db, r.store)
	r.convert(r.place("1"), 8)
	r.work()
	r.wantStatus("1", "shipped")
}

// byHand makes an order in the CRM as a manager does.
func (r *rig) byHand(source int) int64 {
	r.t.Helper()
	c, err := r.open(r.t.Context(), r.conn.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	got, err := c.CreateOrder(r.t.Context(), settings.TargetOrders,
		[]byte(fmt.Sprintf(`{"source_id":%d,"buyer":{"full_name":"Хтось"},"products":[{"name":"x","price":5,"quantity":1}]}`, source)))
	if err != nil {
		r.t.Fatal(err)
	}
	id, err := strconv.ParseInt(got.ID, 10, 64)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// lastOf is the newest line of the webhook journal about an object.
func (r *rig) lastOf(id int64) hooks.EventView {
	r.t.Helper()
	events, err := r.hooks.Inbox().Events(r.t.Context(), r.conn.ID, "", 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range events {
		if e.ObjectID == strconv.FormatInt(id, 10) {
			return e
		}
	}
	r.t.Fatalf("the journal has nothing about %d", id)
	return hooks.EventView{}
}

func TestCardIsNeverDoubled(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]keycrmtest.Fault{
		"cut before it was processed":        {Kind: keycrmtest.FaultCutBefore},
		"processed, but the answer was cut":  {Kind: keycrmtest.FaultCutAfter},
		"an HTML page, but it was processed": {Kind: keycrmtest.FaultErrorAfter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newCardRig(t)
			fault.Method, fault.Path, fault.Times = "POST", "/v1/pipelines/cards", 1
			r.crm.Fault(fault)
			o := orderstest.Order("1", r.clock.Now())
			r.shop.Put(o)
			if _, err := r.x.Put(t.Context(), orderstest.PlacementOf(shopID, o)); err != nil {
				t.Fatal(err)
			}
			for range 30 {
				r.work()
				r.clock.Advance(10 * time.Second)
			}
			if e := r.entry("1"); e.State != orders.Done {
				t.Fatalf("order 1 is %s, %s", e.State, e.Reason)
			}
			if n := len(r.crm.Cards()); n != 1 {
				t.Errorf("%d cards, want 1", n)
			}
		})
	}
}
