package hooks_test

import (
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

func TestConvertedCardIsFollowedByItsOrder(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	id := r.place("1")
	r.setCard(id, 102)
	r.work()
	order, err := r.crm.ConvertCard(id)
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Minute)
	if err := r.crm.SetOrderStatus(order, 8); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantStatus("1", "accepted")
	r.wantLast(hooks.Waiting, hooks.ReasonUnconverted)
	reads := r.reads()
	r.clock.Advance(20 * time.Minute)
	r.work()
	if n := r.reads() - reads; n != 0 {
		t.Errorf("%d reads while no card names the order, want none", n)
	}
	// Another hook of the card names the order.
	r.call("POST", r.links[settings.ObjectCard], asJSON, `{"event":"lead.change_lead_status","context":{"id":`+strconv.FormatInt(id, 10)+`}}`)
	r.work()
	r.clock.Advance(20 * time.Minute)
	r.work()
	r.wantStatus("1", "shipped")
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
			if _, err := r.x.Note(t.Context(), orderstest.PlacementOf(shopID, o)); err != nil {
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
