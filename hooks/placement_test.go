package hooks_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

// wrongPlacements are placements of order 1 that lack a field, by its name.
func (r *rig) wrongPlacements() map[string]plugin.Placement {
	out := map[string]plugin.Placement{}
	for _, field := range []string{"Shop", "Order", "PlacedAt"} {
		p := orderstest.PlacementOf(shopID, orderstest.Order("1", r.clock.Now()))
		switch field {
		case "Shop":
			p.Shop = ""
		case "Order":
			p.Order = ""
		default:
			p.PlacedAt = time.Time{}
		}
		out[field] = p
	}
	return out
}

func TestAWrongPlacementIsToldOnceAndTheCheckoutCommits(t *testing.T) {
	t.Parallel()
	r := withShopTable(t)
	var log bytes.Buffer
	l := r.hooks.Listener()
	l.Log = slog.New(slog.NewTextHandler(&log, nil))
	for range 3 {
		for _, p := range r.wrongPlacements() {
			l.PlacedTx(t.Context(), untouchable{t}, p)
		}
	}
	if got := strings.Count(log.String(), "\n"); got != 3 {
		t.Errorf("%d lines about three kinds of wrong placements:\n%s", got, log.String())
	}
	for field := range r.wrongPlacements() {
		if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), field+" is ") {
			t.Errorf("the log does not name %s:\n%s", field, log.String())
		}
	}
	r.checkout("1")
	r.wantNoted("1", true)
	if n := r.committed(); n != 1 {
		t.Errorf("%d orders committed, want 1", n)
	}
}

func TestAWrongEventIsInvalidAndNamesItsField(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	good := orderstest.PlacementOf(shopID, orderstest.Order("1", r.clock.Now()))
	other, foreign := good, good
	other.Order, foreign.Shop = "2", "s2"
	event := func(kind plugin.EventKind, p *plugin.Placement) plugin.Event {
		return plugin.Event{Kind: kind, Shop: shopID, Order: "1", At: good.PlacedAt, Placement: p}
	}
	noShop, noOrder := event(plugin.StatusChanged, nil), event(plugin.OrderEdited, nil)
	noShop.Shop, noOrder.Order = "", ""
	noTime := event(plugin.OrderPlaced, nil)
	noTime.At = time.Time{}
	events := map[string]plugin.Event{
		"Shop is empty": noShop, "Order is empty": noOrder, "PlacedAt is zero": noTime,
		`Placement.Order is "2"`: event(plugin.OrderPlaced, &other), `Placement.Shop is "s2"`: event(plugin.OrderPlaced, &foreign),
	}
	for field, p := range r.wrongPlacements() {
		events["placement: "+field] = event(plugin.OrderPlaced, &p)
	}
	for name, e := range events {
		err := r.hooks.Listener().Handle(t.Context(), e)
		words := strings.TrimPrefix(name, "placement: ")
		if !errors.Is(err, plugin.ErrInvalid) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: Handle = %v, want ErrInvalid with %q", name, err, words)
		}
	}
	r.wantNoted("1", false)
	if err := r.hooks.Listener().Handle(t.Context(), event(plugin.OrderPlaced, &good)); err != nil {
		t.Error(err)
	}
	r.wantNoted("1", true)
}
