package engine_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func goods(name, sku string, category int64) keycrmtest.NewProduct {
	return keycrmtest.NewProduct{
		Product: keycrmtest.Product{Name: name, CategoryID: category},
		Offers:  []keycrmtest.Offer{{SKU: sku, Price: decimal.NewFromInt(250), Stock: map[int64]decimal.Decimal{keycrmtest.WarehouseKyiv: decimal.NewFromInt(4)}}},
	}
}

func code(id int64) string { return strconv.FormatInt(id, 10) }

func TestChosenCategoriesLimitProductsWithWhatLiesBelow(t *testing.T) {
	t.Parallel()
	sim := small(t)
	chosen := sim.AddCategory("Обране", 0)
	below := sim.AddCategory("Нижче", chosen)
	sim.AddProduct(goods("В обраній", "IN", chosen))
	moving := sim.AddProduct(goods("Під обраною", "BELOW", below))
	sim.AddProduct(goods("Деінде", "OUT", sim.Categories()[0].ID))
	w := newWorld(t, sim, func(c *settings.Catalog) { c.Chosen, c.Missing = []string{code(chosen)}, settings.MissingHide })
	if run := w.full(); run.Counters.Created != 2 {
		t.Errorf("created %d, want 2: %v", run.Counters.Created, w.snapshot())
	}
	if p := w.product("BELOW"); p.ExternalID != code(moving) {
		t.Errorf("the product below is %+v", p)
	}
	// What has left the chosen categories is out of scope, not missing.
	elsewhere := sim.Categories()[0].ID
	must(t, sim.EditProduct(moving, func(p *keycrmtest.Product) { p.CategoryID = elsewhere }))
	shop := w.product("BELOW")
	w.patch(plugin.ProductPatch{ID: shop.ID, Published: ptr(true)})
	if run := w.full(); run.Counters.Missing != 0 || !w.product("BELOW").Published {
		t.Errorf("it was taken for missing: %+v", run.Counters)
	}
	// A filter whose categories have all vanished never means "all".
	must(t, sim.DeleteCategory(chosen))
	if run := w.finish(w.begin(catalog.Full)); run.State != catalog.Failed || run.Code != catalog.CodeCategoriesVanished {
		t.Errorf("the run ended %s: %s", run.State, run.Code)
	}
}

func TestMissingIsTakenOffAndRestored(t *testing.T) {
	t.Parallel()
	for policy, offSale := range map[settings.MissingPolicy]func(plugin.Product) bool{
		settings.MissingHide:        func(p plugin.Product) bool { return !p.Published },
		settings.MissingUnavailable: func(p plugin.Product) bool { return !p.Orderable },
	} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			sim := small(t)
			id := sim.AddProduct(goods("Мандрівний", "TRAVEL", 0))
			touched := sim.AddProduct(goods("Зачеплений", "TOUCHED", 0))
			w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, policy })
			w.full()
			must(t, sim.ArchiveProduct(id, true))
			must(t, sim.ArchiveProduct(touched, true))
			gone := w.full().Counters
			if !offSale(w.product("TRAVEL")) || gone.Missing != 2 || gone.Hidden+gone.Unavailable != 2 || (gone.Hidden == 2) != (policy == settings.MissingHide) {
				t.Errorf("counters %+v", gone)
			}
			before := sim.RequestCount()
			w.shop.writes.Store(0)
			calm := w.full()
			if w.shop.writes.Load() != 0 || calm.Counters.Missing != 0 || sim.RequestCount()-before != calm.Counters.Requests {
				t.Errorf("what is off sale was treated again: %+v", calm.Counters)
			}
			w.patch(plugin.ProductPatch{ID: w.product("TOUCHED").ID, Description: ptr("<p>нове</p>")})
			must(t, sim.ArchiveProduct(id, false))
			must(t, sim.ArchiveProduct(touched, false))
			back := w.full().Counters
			if offSale(w.product("TRAVEL")) || !offSale(w.product("TOUCHED")) {
				t.Error("what we took off must come back, unless somebody touched it")
			}
			if back.Restored != 1 || back.Missing != 0 {
				t.Errorf("counters %+v", back)
			}
		})
	}
}

func TestTwoConnectionsNeverShareAProduct(t *testing.T) {
	t.Parallel()
	sim := small(t)
	w := newWorld(t, sim)
	first := w.full()
	before := w.snapshot()
	w.conn = w.connect("Друге")
	second := w.full()
	if second.Counters.Created != 0 || second.Counters.Updated != 0 || second.Counters.Conflicts < first.Counters.Created-10 {
		t.Errorf("the second connection counts %+v after %+v", second.Counters, first.Counters)
	}
	for _, it := range w.items(second.ID) {
		if it.Kind == catalog.ItemConflict && it.Reason != catalog.ReasonOtherConnection {
			t.Errorf("listed %+v", it)
		}
	}
	products := func(lines []string) (n int) {
		for _, l := range lines {
			if strings.HasPrefix(l, "product") {
				n++
			}
		}
		return n
	}
	if got := w.snapshot(); products(got) != products(before) {
		t.Errorf("%d products became %d", products(before), products(got))
	}
}

func TestMerchantsOwnProductsAreMatchedNotDoubled(t *testing.T) {
	t.Parallel()
	sim := small(t)
	w := newWorld(t, sim)
	res, err := w.shop.Shop.Catalog().CreateProducts(t.Context(), plugin.Origin{}, []plugin.NewProduct{{
		Lang: "uk", Name: "Стара назва", Description: "<p>Свій текст</p>", Published: true, Orderable: true,
		Variants: []plugin.NewVariant{{SKU: "MINE", Price: plugin.NewMoney("99", "UAH"), Orderable: true, Published: true}},
	}})
	must(t, err)
	must(t, res[0].Err)
	sim.AddProduct(goods("Нова назва", "MINE", 0))
	run := w.approved(catalog.Full, catalog.GuardForeign)
	p := w.read(res[0].ID)
	if p.Name != "Нова назва" || p.Description != "<p>Свій текст</p>" || !p.Published || !p.Variants[0].Price.Equal(plugin.NewMoney("250", "UAH")) {
		t.Errorf("the matched product is %+v", p)
	}
	got := map[catalog.Field]string{}
	for _, c := range w.changes(run.ID) {
		if c.Product == p.ID {
			got[c.Field] = c.Old + " → " + c.New
		}
	}
	if got[catalog.FieldName] != "Стара назва → Нова назва" || got[catalog.FieldPrice] != "99 UAH → 250 UAH" {
		t.Errorf("changes %v", got)
	}
	if run.Counters.Updated != 1 {
		t.Errorf("counters %+v", run.Counters)
	}
}

func TestAProductDeletedInTheShopIsNewAgain(t *testing.T) {
	t.Parallel()
	sim := small(t)
	sim.AddProduct(goods("Видалений", "GONE", 0))
	w := newWorld(t, sim)
	w.full()
	old := w.product("GONE")
	w.deleteProduct(old.ID)
	if run := w.full(); run.Counters.Created != 1 || w.product("GONE").ID == old.ID {
		t.Errorf("counters %+v", run.Counters)
	}
}

func TestCategoriesFollowTheCRM(t *testing.T) {
	t.Parallel()
	sim := small(t)
	root := sim.AddCategory("Нове дерево", 0)
	leaf := sim.AddCategory("Листок", root)
	other := sim.AddCategory("Інша гілка", 0)
	w := newWorld(t, sim)
	own, err := w.shop.Shop.Catalog().CreateCategories(t.Context(), plugin.Origin{}, []plugin.NewCategory{{Lang: "uk", Name: " нове дерево"}})
	must(t, err)
	w.full()
	if got := w.path("Листок"); got != "Листок < "+w.name(own[0].ID) {
		t.Errorf("the leaf hangs at %q: the merchant's own category was not found by name", got)
	}
	must(t, sim.EditCategory(leaf, "Гілочка", other))
	run := w.full()
	if got := w.path("Гілочка"); got != "Гілочка < Інша гілка" || run.Counters.Categories != 1 {
		t.Errorf("after the move it hangs at %q, counters %+v", got, run.Counters)
	}
	must(t, sim.DeleteCategory(other))
	run = w.full()
	listed := 0
	for _, it := range w.items(run.ID) {
		if it.Reason == catalog.ReasonCategoryGone {
			listed++
		}
	}
	if w.path("Інша гілка") == "" || listed != 1 {
		t.Errorf("a category gone from the CRM stays and is listed; listed %d", listed)
	}
}

func TestUnsentUnitsAreTakenOffStockUntilTheCRMKnows(t *testing.T) {
	t.Parallel()
	sim := small(t)
	sim.AddProduct(goods("Гарячий", "HOT", 0))
	w := newWorld(t, sim)
	w.full()
	variant := w.product("HOT").Variants[0].ID
	units := map[plugin.VariantID]decimal.Decimal{variant: decimal.NewFromInt(3)}
	w.unsent = unsentOf(units)
	w.engine = w.newEngine()
	stock := func() string { return w.product("HOT").Variants[0].Stock.String() }
	w.full()
	if stock() != "1" {
		t.Errorf("stock is %s, want 4 - 3", stock())
	}
	delete(units, variant)
	w.full()
	if stock() != "4" {
		t.Errorf("stock is %s after the CRM knows", stock())
	}
}
