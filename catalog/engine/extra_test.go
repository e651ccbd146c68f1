package engine_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func TestWhatTheShopOwnsStaysItsOwn(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 2)
	w := newWorld(t, sim, func(c *settings.Catalog) {
		c.New = settings.NewPublish
		c.Owners = settings.Owners{settings.FieldName: settings.OwnerShop, settings.FieldPrice: settings.OwnerShop, settings.FieldDescription: settings.OwnerCRM}
	})
	w.full()
	p := w.product("SKU-0")
	if p.Name != "Товар 0" || !p.Variants[0].Price.Equal(plugin.NewMoney("250", "UAH")) {
		t.Fatalf("at creation the CRM's word counts: %+v", p)
	}
	old := plugin.NewMoney("400", "UAH")
	price := plugin.NewMoney("199", "UAH")
	w.patch(plugin.ProductPatch{
		ID: p.ID, Name: ptr("Моя назва"), Description: ptr("<p>мій опис</p>"),
		Variants: []plugin.VariantPatch{{ID: p.Variants[0].ID, Price: &price, OldPrice: &old}},
	})
	must(t, sim.EditProduct(ids[0], func(p *keycrmtest.Product) { p.Name, p.Description = "Назва CRM", "<p>опис CRM</p>" }))
	eachOffer(t, sim, ids[:1], func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(270))) })
	run := w.full()
	got := w.product("SKU-0")
	if v := got.Variants[0]; got.Name != "Моя назва" || !v.Price.Equal(price) || !v.OldPrice.Equal(old) || got.Description != "<p>опис CRM</p>" {
		t.Errorf("after a full run the product is %+v", got)
	}
	changes := w.changes(run.ID)
	if len(changes) != 1 || changes[0].Field != catalog.FieldDescription || !changes[0].Overwrote {
		t.Errorf("changes %+v, want the description alone, as an overwritten edit", changes)
	}
	w.prices()
	if got := w.product("SKU-0").Variants[0]; !got.Price.Equal(price) || !got.OldPrice.Equal(old) {
		t.Errorf("after a price run the variant is %+v", got)
	}
}

func TestAnEditOfAPriceThatGivesWayIsListedAsOverwritten(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 2)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	w.full()
	w.prices()
	p := w.product("SKU-1")
	price := plugin.NewMoney("240", "UAH")
	w.patch(plugin.ProductPatch{ID: p.ID, Variants: []plugin.VariantPatch{{ID: p.Variants[0].ID, Price: &price}}})
	changes := w.changes(w.prices().ID)
	if len(changes) != 1 || changes[0].Field != catalog.FieldPrice || changes[0].Old != "240 UAH" || !changes[0].Overwrote {
		t.Errorf("changes %+v", changes)
	}
}

func TestThePurchasePriceNeverReachesTheShop(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 1)
	secret := decimal.RequireFromString("77.13")
	bought := goods("Закуплений", "BOUGHT", 0)
	bought.Offers[0].PurchasedPrice = secret
	sim.AddProduct(bought)
	priceless := goods("Без ціни продажу", "PRICELESS", 0)
	priceless.Offers[0].PurchasedPrice, priceless.Offers[0].Price = secret, decimal.Zero
	sim.AddProduct(priceless)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	w.full()
	w.prices()
	for _, sku := range []string{"BOUGHT", "PRICELESS"} {
		raw, err := json.Marshal(w.product(sku))
		must(t, err)
		if strings.Contains(string(raw), "77.13") {
			t.Errorf("the shop knows the purchase price: %s", raw)
		}
	}
	if w.product("PRICELESS").Variants[0].Price.IsSet() {
		t.Error("a product without a price got one")
	}
	var rows int
	must(t, w.db.GetContext(t.Context(), &rows, `SELECT count(*) FROM demoshop.variants v WHERE v::text LIKE '%77.13%'`))
	if rows != 0 {
		t.Errorf("%d rows of the shop hold the purchase price", rows)
	}
}

func TestDefaultCategoryTakesWhatHasNoneWhileTheTreeIsNotBrought(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 2)
	linked := sim.AddCategory("Пов'язана", 0)
	alone := sim.AddCategory("Не пов'язана", 0)
	must(t, sim.EditProduct(ids[0], func(p *keycrmtest.Product) { p.CategoryID = linked }))
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	own, err := w.shop.Shop.Catalog().CreateCategories(t.Context(), plugin.Origin{}, []plugin.NewCategory{{Lang: "uk", Name: "Різне"}, {Lang: "uk", Name: "Своя"}})
	must(t, err)
	w.full() // links the tree
	sim.AddProduct(goods("Без пари", "ALONE", sim.AddCategory("Новіша", alone)))
	sim.AddProduct(goods("Без категорії", "NONE", 0))
	sim.AddProduct(goods("У пов'язаній", "LINKED", linked))
	moved := w.product("SKU-1")
	w.edit(w.conn, func(c *settings.Catalog) { c.Categories, c.DefaultCategory = false, own[0].ID })
	run := w.full()
	for sku, want := range map[string]string{
		"ALONE": "Різне", "NONE": "Різне", "LINKED": "Пов'язана", "SKU-0": "Пов'язана", "SKU-1": "Різне",
	} {
		if got := w.name(w.product(sku).CategoryID); got != want {
			t.Errorf("%s lies in %q, want %q", sku, got, want)
		}
	}
	if run.Counters.Categories != 0 || w.path("Новіша") != "" {
		t.Error("the tree was written although it is not wanted")
	}
	// Where the merchant has put a product, it stays.
	w.patch(plugin.ProductPatch{ID: moved.ID, CategoryID: &own[1].ID})
	w.full()
	if got := w.name(w.product("SKU-1").CategoryID); got != "Своя" {
		t.Errorf("the product was moved to %q", got)
	}
	// A default that is gone from the shop stops nothing.
	w.edit(w.conn, func(c *settings.Catalog) { c.DefaultCategory = "4711" })
	sim.AddProduct(goods("Після", "AFTER", 0))
	if run := w.full(); run.Counters.Created != 1 || run.Counters.Errors != 0 || w.product("AFTER").CategoryID != "" {
		t.Errorf("counters %+v", run.Counters)
	}
}

// inLanguages is a shop that keeps texts in several, and notes those that products were created in.
type inLanguages struct {
	plugin.Shop
	langs   []plugin.Language
	created map[string]int
}

type languageList struct {
	plugin.Dictionaries
	langs []plugin.Language
}

type languageCatalog struct {
	plugin.Catalog
	created map[string]int
}

func (s inLanguages) Dictionaries() plugin.Dictionaries {
	return languageList{s.Shop.Dictionaries(), s.langs}
}

func (s inLanguages) Catalog() plugin.Catalog { return languageCatalog{s.Shop.Catalog(), s.created} }

func (d languageList) Languages(context.Context) ([]plugin.Language, error) { return d.langs, nil }

func (c languageCatalog) CreateProducts(ctx context.Context, by plugin.Origin, b []plugin.NewProduct) ([]plugin.ProductResult, error) {
	for _, p := range b {
		c.created[p.Lang]++
	}
	return c.Catalog.CreateProducts(ctx, by, b)
}

func TestTextsGoToTheChosenLanguageAndNoOther(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 3)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.Language = "uk-UA" })
	created := map[string]int{}
	w.shop.Shop = inLanguages{w.shop.Shop, []plugin.Language{{Code: "uk"}, {Code: "uk-UA"}}, created}
	w.full()
	if created["uk-UA"] != 3 || len(created) != 1 {
		t.Errorf("products by language: %v", created)
	}
	w.edit(w.conn, func(c *settings.Catalog) { c.Language = "de" })
	run := w.finish(w.begin(catalog.Full))
	if run.State != catalog.Failed || run.Code != catalog.CodeLanguageGone || run.Params["language"] != "de" {
		t.Errorf("with a language the shop does not have the run ended %s: %s %v", run.State, run.Code, run.Params)
	}
}

func TestLimitsOfTheMerchantDecideWhenARunAsks(t *testing.T) {
	t.Parallel()
	dearer := func(w *world, ids []int64, to int64) {
		eachOffer(w.t, w.sim, ids, func(o int64) { must(w.t, w.sim.SetPrice(o, decimal.NewFromInt(to))) })
	}
	sim, ids := few(t, 15)
	w := newWorld(t, sim, func(c *settings.Catalog) {
		c.New, c.Missing = settings.NewPublish, settings.MissingHide
		c.Limits = settings.Limits{PriceCount: 2, PriceMove: 10, MissingCount: 2}
	})
	w.full()
	dearer(w, ids[:2], 300) // by 20 %, but two only
	w.prices()
	dearer(w, ids[:3], 340) // by 13 % and by 36 %
	run := w.stopped(catalog.Prices, catalog.GuardPrices)
	if run.Guards[0].Params["move"] != "10" || run.Guards[0].Params["count"] != "3" {
		t.Errorf("guard %+v", run.Guards[0])
	}
	must(t, w.engine.Cancel(t.Context(), run.ID))
	w.edit(w.conn, func(c *settings.Catalog) { c.Limits.PriceMove = 0 })
	w.prices() // 36 % is no more than the usual 50 %
	for _, id := range ids[:3] {
		must(t, sim.ArchiveProduct(id, true))
	}
	w.stopped(catalog.Full, catalog.GuardMissing)
}
