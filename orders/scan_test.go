package orders_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

// careless is a shop whose adapter lists placements as change leaves them.
type careless struct {
	*orderstest.Shop
	change func(*plugin.Placement)
}

func (c careless) Orders() plugin.Orders { return c }

func (c careless) List(ctx context.Context, q plugin.OrderQuery) (plugin.OrderPage, error) {
	page, err := c.Shop.List(ctx, q)
	for i := range page.Placements {
		c.change(&page.Placements[i])
	}
	return page, err
}

// open has the exporter work with another shop.
func (r *rig) open(shop plugin.Shop) {
	r.x = orders.New(orders.Deps{
		DB: r.db, Clock: r.clock, Log: slog.New(slog.DiscardHandler), Connections: r.store, Sink: r.sink, PluginID: "keybridge",
		Shop: func(context.Context, plugin.ShopID) (plugin.Shop, error) { return shop, nil },
	})
}

// TestAScanTakesTheShopOfItsListing, counts what an adapter lists wrongly, stores none of that, and goes
// on from the last order that it could use.
func TestAScanTakesTheShopOfItsListing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	shop := careless{r.shop, func(p *plugin.Placement) {
		switch p.Order {
		case "a":
			p.Shop = ""
		case "b":
			p.Shop = "another"
		case "c":
			p.PlacedAt = time.Time{}
		case "d":
			p.Order = ""
		}
	}}
	r.open(shop)
	for _, id := range []plugin.OrderID{"a", "e", "b", "d", "c"} {
		r.clock.Advance(time.Minute)
		r.shop.Put(orderstest.Order(id, r.clock.Now()))
	}
	for range 2 {
		err := r.x.Scan(t.Context())
		if !errors.Is(err, plugin.ErrInvalid) || !strings.Contains(err.Error(), "3 listed placements") || !strings.Contains(err.Error(), `Shop is "another"`) {
			t.Errorf("Scan = %v, want ErrInvalid with three wrong placements", err)
		}
		r.work()
	}
	r.wantState("a", orders.Done, "")
	r.wantState("e", orders.Done, "")
	var stored []string
	if err := r.db.Select(&stored, `SELECT shop_id || ' ' || order_id FROM keybridge.outbox ORDER BY id`); err != nil || len(stored) != 2 {
		t.Errorf("stored %q, %v; want a and e of the shop", stored, err)
	}
	var seen time.Time
	if err := r.db.Get(&seen, `SELECT placed_at FROM keybridge.order_scan`); err != nil || !seen.Equal(r.shop.Order("e").PlacedAt) {
		t.Errorf("the scan has seen all until %v, %v; want the placement of e", seen, err)
	}
}
