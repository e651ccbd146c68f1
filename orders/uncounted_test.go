package orders_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

// sells makes an order of two units of variant v.
func sells(v plugin.VariantID) func(*plugin.Order) {
	return func(o *plugin.Order) { o.Lines[0].VariantID = v }
}

func (r *rig) wantUnsent(at time.Time, want string) {
	r.t.Helper()
	units, err := r.x.Uncounted(r.t.Context(), r.conn.ID, []plugin.VariantID{"v", "other"}, at)
	if err != nil {
		r.t.Fatal(err)
	}
	if got := units["v"]; !got.Equal(decimal.RequireFromString(want)) || units["other"].Sign() != 0 {
		r.t.Errorf("unsent = %v, want %s of v", units, want)
	}
}

func TestUnitsAreUnsentUntilTheCRMHasTheOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.wantUnsent(r.clock.Now(), "0")
	r.place("1", sells("v"))
	r.place("2", sells("v"))
	r.wantUnsent(r.clock.Now(), "4")
	before := r.clock.Now()
	r.pass(time.Minute)
	r.work()
	r.wantUnsent(before, "4") // a list read before the CRM had them counts their stock
	r.clock.Advance(time.Minute)
	r.wantUnsent(r.clock.Now(), "0")
}

func TestCancelledAndForgottenOrdersHoldNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1", sells("v"))
	r.place("2", sells("v"), func(o *plugin.Order) { o.Status = "canceled" })
	r.wantUnsent(r.clock.Now(), "2")
	if err := r.x.Ignore(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	r.wantUnsent(r.clock.Now(), "0")
}

func TestOpenCardsHoldTheirUnits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set := orderstest.Settings()
	set.Target = settings.TargetCards
	r.conn = r.save(r.conn, set)
	r.clock.Advance(time.Minute)
	r.place("1", sells("v"))
	r.work()
	r.clock.Advance(time.Hour)
	r.wantUnsent(r.clock.Now(), "2")
	r.db.MustExec(`UPDATE keybridge.outbox SET converted_id = '5'`) // the card became an order, which reserves
	r.wantUnsent(r.clock.Now(), "0")
	r.db.MustExec(`UPDATE keybridge.outbox SET converted_id = ''`)
	r.clock.Advance(31 * 24 * time.Hour)
	r.wantUnsent(r.clock.Now(), "0")
}

// TestUnitsOfAnOrderNobodyToldOfAreUnsentToo: the checkout committed although its note did not.
func TestUnitsOfAnOrderNobodyToldOfAreUnsentToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := orderstest.Order("1", r.clock.Now())
	sells("v")(&o)
	r.shop.Put(o)
	r.wantUnsent(r.clock.Now(), "2")
	e, err := r.x.ByOrder(t.Context(), shopID, "1")
	if err != nil || e.State != orders.Pending {
		t.Errorf("order 1 is %s, %v; want it to be sent", e.State, err)
	}
}

// TestUnsentUnitsAreOfTheShopWhoseListingItIs: what an adapter lists without a shop is the shop's, as for the
// scan; and what is another's is not stored.
func TestUnsentUnitsAreOfTheShopWhoseListingItIs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open(careless{r.shop, func(p *plugin.Placement) {
		if p.Shop = ""; p.Order == "2" {
			p.Shop = "another"
		}
	}})
	for _, id := range []plugin.OrderID{"1", "2"} {
		o := orderstest.Order(id, r.clock.Now())
		sells("v")(&o)
		r.shop.Put(o)
	}
	r.wantUnsent(r.clock.Now(), "2")
	var stored []string
	if err := r.db.Select(&stored, `SELECT shop_id || ' ' || order_id FROM keybridge.outbox`); err != nil || len(stored) != 1 || stored[0] != string(shopID)+" 1" {
		t.Errorf("stored %q, %v; want order 1 of the shop", stored, err)
	}
}
