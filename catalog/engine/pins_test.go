package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func (w *world) pin(id plugin.ProductID, fields ...settings.OwnedField) {
	w.t.Helper()
	for _, f := range fields {
		must(w.t, w.engine.Pin(w.t.Context(), w.conn, id, f, "anna"))
	}
}

func TestAPinnedFieldStaysAsItIsUntilUnpinned(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 2)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	w.full()
	w.prices()
	p := w.product("SKU-0")
	w.pin(p.ID, settings.FieldName, settings.FieldPrice, settings.FieldPrice)
	must(t, sim.EditProduct(ids[0], func(p *keycrmtest.Product) { p.Name, p.UnitType = "Назва CRM", "kg" }))
	eachOffer(t, sim, ids, func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(270))) })
	w.prices()
	w.full()
	got := w.product("SKU-0")
	if got.Name != "Товар 0" || !got.Variants[0].Price.Equal(plugin.NewMoney("250", "UAH")) || got.Unit == p.Unit {
		t.Errorf("the product with pins is %+v", got)
	}
	if other := w.product("SKU-1").Variants[0].Price; !other.Equal(plugin.NewMoney("270", "UAH")) {
		t.Errorf("the other product costs %s", other)
	}
	w.shop.writes.Store(0)
	if w.full(); w.shop.writes.Load() != 0 {
		t.Error("an unchanged CRM was written again")
	}
	must(t, w.engine.Unpin(t.Context(), w.conn, p.ID, settings.FieldPrice, "petro"))
	w.prices()
	if got := w.product("SKU-0"); got.Name != "Товар 0" || !got.Variants[0].Price.Equal(plugin.NewMoney("270", "UAH")) {
		t.Errorf("with the price unpinned the product is %+v", got)
	}
	must(t, w.engine.Unpin(t.Context(), w.conn, p.ID, settings.FieldName, "petro"))
	must(t, w.engine.Unpin(t.Context(), w.conn, p.ID, settings.FieldName, "petro"))
	w.full()
	if got := w.product("SKU-0"); got.Name != "Назва CRM" {
		t.Errorf("without pins the name is %q", got.Name)
	}
	var noted []string
	must(t, w.db.SelectContext(t.Context(), &noted, `SELECT operator_id || ' ' || action || ' ' || field FROM keybridge.catalog_audit ORDER BY id`))
	if want := "anna pin name, anna pin price, petro unpin price, petro unpin name"; strings.Join(noted, ", ") != want {
		t.Errorf("noted %v, want %s", noted, want)
	}
}

func TestAPinCountsForAPlanThatWaits(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 2)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	w.full()
	must(t, sim.EditProduct(ids[0], func(p *keycrmtest.Product) { p.Name, p.UnitType = "Назва CRM", "kg" }))
	must(t, sim.EditProduct(ids[1], func(p *keycrmtest.Product) { p.Name = "Інша назва CRM" }))
	before := []plugin.Product{w.product("SKU-0"), w.product("SKU-1")}
	id, err := w.engine.Preview(t.Context(), w.conn, catalog.Full, "1")
	must(t, err)
	w.finish(id)
	w.pin(before[0].ID, settings.FieldName)
	w.pin(before[1].ID, settings.FieldName)
	must(t, w.engine.Approve(t.Context(), id, "7"))
	run := w.finish(id)
	if run.State != catalog.Done || run.Counters.Updated != 1 || run.Counters.Unchanged != 1 {
		t.Errorf("the run ended %s: %+v", run.State, run.Counters)
	}
	if a, b := w.read(before[0].ID), w.read(before[1].ID); a.Name != "Товар 0" || a.Unit == before[0].Unit || b.Name != "Товар 1" {
		t.Errorf("written were %+v and %+v", a, b)
	}
	for _, c := range w.changes(id) {
		if c.Field == catalog.FieldName {
			t.Errorf("listed as written: %+v", c)
		}
	}
}

func TestPinsAreListedAndMeaninglessOnesRefused(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 2)
	w := newWorld(t, sim)
	w.full()
	p := w.product("SKU-0")
	for _, c := range []struct {
		product plugin.ProductID
		field   settings.OwnedField
		want    error
	}{
		{"4711", settings.FieldName, plugin.ErrNotFound},
		{p.ID, "purchase_price", plugin.ErrInvalid},
		{p.ID, "", plugin.ErrInvalid},
	} {
		if err := w.engine.Pin(t.Context(), w.conn, c.product, c.field, "anna"); !errors.Is(err, c.want) {
			t.Errorf("Pin(%q, %q) = %v, want %v", c.product, c.field, err, c.want)
		}
	}
	w.pin(p.ID, settings.OwnedFields()...)
	var got []settings.OwnedField
	after := catalog.Pin{}
	for range 20 {
		list, err := w.engine.Pins(t.Context(), w.conn, after, 4)
		must(t, err)
		if len(list) == 0 {
			break
		}
		for _, one := range list {
			got = append(got, one.Field)
			if one.Name != "Товар 0" || one.By != "anna" || !one.At.Equal(w.clock.Now()) {
				t.Errorf("listed %+v", one)
			}
		}
		after = list[len(list)-1]
	}
	want := settings.OwnedFields()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("pins %v, want %v", got, want)
	}
}

func TestAStockCallLeavesPinnedStockAlone(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 2)
	w.pin(w.product("SKU-0").ID, settings.FieldStock)
	for _, o := range offers {
		setStock(t, sim, o, 9)
	}
	w.call(offers...)
	w.gathered()
	if a, b := w.stockOf("SKU-0"), w.stockOf("SKU-1"); a != "4" || b != "9" {
		t.Errorf("the pinned stock is %s, the other %s", a, b)
	}
}
