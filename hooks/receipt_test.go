package hooks_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// busyShop has people act amid what the exporter does with a new order: once its number has come, and once its
// status was read after that.
type busyShop struct {
	plugin.Shop
	numbered, read func(crmID int64)
	crmID          int64
}

func (s *busyShop) Orders() plugin.Orders { return busyOrders{s.Shop.Orders(), s} }

type busyOrders struct {
	plugin.Orders
	shop *busyShop
}

func (o busyOrders) OfferFacts(ctx context.Context, by plugin.Origin, id plugin.OrderID, f plugin.Facts) (plugin.OrderResult, error) {
	res, err := o.Orders.OfferFacts(ctx, by, id, f)
	crmID, bad := strconv.ParseInt(*f.CRMOrderID, 10, 64)
	if bad != nil {
		return res, bad
	}
	o.shop.crmID = crmID
	if act := o.shop.numbered; act != nil {
		act(crmID)
	}
	return res, err
}

func (o busyOrders) Get(ctx context.Context, id plugin.OrderID) (plugin.Order, error) {
	order, err := o.Orders.Get(ctx, id)
	if act := o.shop.read; act != nil && o.shop.crmID != 0 {
		o.shop.read = nil
		act(o.shop.crmID)
	}
	return order, err
}

// busy has the exporter find people at work.
func (r *rig) busy(s *busyShop) {
	r.t.Helper()
	var err error
	if s.Shop, err = r.shop.Open(r.t.Context(), shopID); err != nil {
		r.t.Fatal(err)
	}
	r.x = r.exporter(func(context.Context, plugin.ShopID) (plugin.Shop, error) { return s, nil })
}

func (r *rig) wantInCRM(crmID, want int64) {
	r.t.Helper()
	if got, _ := r.crm.Order(crmID); got.StatusID != want {
		r.t.Errorf("status %d in the CRM, want %d", got.StatusID, want)
	}
}

// TestAStatusThatComesRightAfterTheCreationIsNotOverwritten: an automation of the CRM moves the new order, and the
// shop has followed before its own status is told.
func TestAStatusThatComesRightAfterTheCreationIsNotOverwritten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set := r.conn.Settings.Orders
	set.OrderStatus["6"] = settings.Choice{Code: "accepted"} // and accepted leads to 3
	r.save(set)
	r.busy(&busyShop{numbered: func(crmID int64) {
		r.manager(crmID, 6)
		for _, row := range r.receive() {
			if err := <-r.handle(row); err != nil {
				t.Error(err)
			}
		}
		r.wantStatus("1", "accepted")
	}})
	id := r.place("1")
	r.wantInCRM(id, 6)
	r.wantStatus("1", "accepted")
}

// TestADecisionThatIsMadeAnewReadsTheCRM: staff moved the new order while its status was on its way, and then a
// manager did; the webhook is late.
func TestADecisionThatIsMadeAnewReadsTheCRM(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set := r.conn.Settings.Orders
	set.StatusOut = map[string]settings.Choice{"new": {Code: "3"}, "accepted": {Code: "6"}}
	r.save(set)
	r.busy(&busyShop{read: func(crmID int64) {
		r.clock.Advance(time.Minute)
		r.inShop("1", "accepted")
		r.manager(crmID, 8)
	}})
	id := r.place("1")
	r.wantInCRM(id, 8)
	r.wantStatus("1", "shipped")
}
