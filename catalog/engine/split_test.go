package engine_test

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// oneEach makes the world's shop one that keeps each variant as a product.
func (w *world) oneEach() *world {
	w.t.Helper()
	host, err := demoshop.Open(w.t.Context(), demoshop.Config{
		DB: w.db, Clock: w.clock, PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, VariantsAsProducts: true,
	})
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, host.Close()) })
	w.shop.Shop, err = host.Shop(w.t.Context(), demoshop.ShopID)
	must(w.t, err)
	return w
}

func shirt(sizes ...string) keycrmtest.NewProduct {
	p := keycrmtest.NewProduct{Product: keycrmtest.Product{Name: "Футболка"}}
	for _, s := range sizes {
		p.Offers = append(p.Offers, keycrmtest.Offer{
			SKU: "T-" + s, Price: decimal.NewFromInt(100), Properties: []keycrmtest.Property{{Name: "Розмір", Value: s}},
		})
	}
	return p
}

// wardrobe is an account with a product without variants and one with three.
func wardrobe(t *testing.T, edits ...change) (w *world, plain, shirts int64) {
	t.Helper()
	sim, ids := few(t, 4)
	shirts = sim.AddProduct(shirt("S", "M", "L"))
	w = newWorld(t, sim, append([]change{func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide }}, edits...)...)
	return w.oneEach(), ids[0], shirts
}

func (w *world) offers(product int64) []int64 {
	w.t.Helper()
	p, ok := w.sim.Product(product)
	if !ok {
		w.t.Fatalf("no product %d", product)
	}
	return p.OfferIDs
}

func (w *world) quiet() {
	w.t.Helper()
	before := w.shop.writes.Load()
	run := w.full()
	if n := w.shop.writes.Load() - before; n != 0 || run.Counters.Errors+run.Counters.Conflicts != 0 {
		w.t.Errorf("a run without news made %d writing calls: %+v, %v", n, run.Counters, w.changes(run.ID))
	}
}

func (w *world) productCount() (n int) {
	w.t.Helper()
	must(w.t, w.db.Get(&n, `SELECT count(*) FROM demoshop.products`))
	return n
}

func TestEachVariantIsAProductWhereTheShopKeepsThemSo(t *testing.T) {
	t.Parallel()
	w, plain, shirts := wardrobe(t)
	run := w.full()
	if run.Counters.Created != 7 || w.productCount() != 7 || run.Counters.Errors != 0 {
		t.Fatalf("made %d products: %+v %v", w.productCount(), run.Counters, w.items(run.ID))
	}
	m := w.product("T-M")
	want := strconv.FormatInt(shirts, 10) + "/" + strconv.FormatInt(w.offers(shirts)[1], 10)
	if m.Name != "Футболка (M)" || m.ExternalID != want || len(m.Variants) != 1 || len(m.Variants[0].Options) != 0 || !m.Published {
		t.Errorf("the variant became %+v, want external id %s", m, want)
	}
	if !slices.Contains(m.Attributes, plugin.Attribute{Name: "Розмір", Value: "M"}) {
		t.Errorf("the product does not say its size: %v", m.Attributes)
	}
	if p := w.product("SKU-0"); p.ExternalID != strconv.FormatInt(plain, 10) || p.Name != "Товар 0" {
		t.Errorf("a product without variants became %+v", p)
	}
	w.quiet()
}

func TestVariantsAsProductsComeGoAndComeBack(t *testing.T) {
	t.Parallel()
	w, _, shirts := wardrobe(t)
	w.full()
	offers, m := w.offers(shirts), w.product("T-M")
	must(t, w.sim.EditOffer(offers[1], func(o *keycrmtest.Offer) { o.Archived = true }))
	must(t, w.sim.EditOffer(offers[2], func(o *keycrmtest.Offer) { o.Deleted = true }))
	must(t, w.sim.EditProduct(shirts, func(p *keycrmtest.Product) { p.OfferIDs = offers[:2] }))
	l := w.product("T-L")
	run := w.full()
	if w.read(m.ID).Published || w.read(l.ID).Published || !w.product("T-S").Published {
		t.Errorf("an archived and a deleted offer leave %v, %v and the third %v", w.read(m.ID).Published, w.read(l.ID).Published, w.product("T-S").Published)
	}
	if got := w.changes(run.ID); len(got) != 2 {
		t.Errorf("the run changed %+v", got)
	}
	w.quiet()
	must(t, w.sim.EditOffer(offers[1], func(o *keycrmtest.Offer) { o.Archived = false }))
	w.full()
	if !w.read(m.ID).Published {
		t.Error("the product of an offer that came back stays hidden")
	}
	w.quiet()
	must(t, w.sim.DeleteProduct(shirts))
	w.approvedIfAsked()
	for _, id := range []plugin.ProductID{m.ID, l.ID, w.product("T-S").ID} {
		if w.read(id).Published {
			t.Errorf("product %s of a deleted one is still shown", id)
		}
	}
	w.quiet()
	if n := w.productCount(); n != 7 {
		t.Errorf("%d products", n)
	}
}

// approvedIfAsked makes a full run and approves it when it stops.
func (w *world) approvedIfAsked() catalog.Run {
	w.t.Helper()
	run := w.finish(w.begin(catalog.Full))
	if run.State == catalog.Approval {
		must(w.t, w.engine.Approve(w.t.Context(), run.ID, "1"))
		run = w.finish(run.ID)
	}
	if run.State != catalog.Done {
		w.t.Fatalf("the run ended %s: %s", run.State, run.Code)
	}
	return run
}

func TestAProductThatGetsVariantsGoesOnAsOneOfThem(t *testing.T) {
	t.Parallel()
	w, plain, _ := wardrobe(t)
	w.full()
	before := w.product("SKU-0")
	// The default offer gives way to those with properties, as in the CRM.
	var ids []int64
	other := w.sim.AddProduct(shirt("36", "37"))
	ids = w.offers(other)
	for _, id := range ids {
		must(t, w.sim.EditOffer(id, func(o *keycrmtest.Offer) { o.ProductID = plain }))
	}
	old := w.offers(plain)
	must(t, w.sim.EditOffer(old[0], func(o *keycrmtest.Offer) { o.Deleted = true }))
	must(t, w.sim.EditProduct(other, func(p *keycrmtest.Product) { p.OfferIDs, p.Deleted = nil, true }))
	must(t, w.sim.EditProduct(plain, func(p *keycrmtest.Product) { p.OfferIDs = ids }))
	w.approvedIfAsked()
	if got := w.read(before.ID); got.Name != "Товар 0 (36)" || got.Variants[0].SKU != "T-36" || !got.Published {
		t.Errorf("the product became %+v", got)
	}
	if n := w.productCount(); n != 8 || w.product("T-37").Name != "Товар 0 (37)" {
		t.Errorf("%d products", n)
	}
	w.quiet()
	// And back: what is left without properties is a product without variants.
	must(t, w.sim.EditOffer(ids[0], func(o *keycrmtest.Offer) { o.Properties = nil }))
	must(t, w.sim.EditOffer(ids[1], func(o *keycrmtest.Offer) { o.Deleted = true }))
	must(t, w.sim.EditProduct(plain, func(p *keycrmtest.Product) { p.OfferIDs = ids[:1] }))
	second := w.product("T-37")
	w.approvedIfAsked()
	if got := w.read(before.ID); got.Name != "Товар 0" || !got.Published || w.read(second.ID).Published {
		t.Errorf("the product became %+v, and the other one is shown: %v", got, w.read(second.ID).Published)
	}
	if n := w.productCount(); n != 8 {
		t.Errorf("%d products", n)
	}
	w.quiet()
}

func TestVariantsAsProductsMatchWhatTheMerchantHas(t *testing.T) {
	t.Parallel()
	w, _, shirts := wardrobe(t, func(c *settings.Catalog) { c.Match = settings.MatchSKU })
	res, err := w.shop.Shop.Catalog().CreateProducts(t.Context(), plugin.Origin{}, []plugin.NewProduct{
		{Lang: demoshop.Locale, Name: "Моя футболка", ExternalID: "mine", Published: true, Variants: []plugin.NewVariant{{SKU: "T-M", Published: true, Orderable: true}}},
	})
	must(t, err)
	must(t, res[0].Err)
	w.approvedIfAsked()
	if got := w.product("T-M"); got.ID != res[0].ID || got.ExternalID != "mine" || got.Variants[0].Price.Amount.String() != "100" {
		t.Errorf("the merchant's product became %+v", got)
	}
	if n := w.productCount(); n != 7 {
		t.Errorf("%d products", n)
	}
	w.quiet()
	if got, _, ok := w.variantOf("T-S"); !ok || got.ID == res[0].ID {
		t.Errorf("offer %d went to %v", w.offers(shirts)[0], got.ID)
	}
}

func TestPricesAndStockCallsReachVariantsAsProducts(t *testing.T) {
	t.Parallel()
	w, _, shirts := wardrobe(t)
	w.full()
	offers := w.offers(shirts)
	must(t, w.sim.SetPrice(offers[2], decimal.NewFromInt(110)))
	if run := w.finish(w.begin(catalog.Prices)); run.State != catalog.Done || run.Counters.Updated != 1 {
		t.Fatalf("the price run ended %s with %+v", run.State, run.Counters)
	}
	if got := w.product("T-L").Variants[0].Price.Amount.String(); got != "110" {
		t.Errorf("the price is %s", got)
	}
	must(t, w.sim.SetStock(offers[0], 1, decimal.NewFromInt(9)))
	w.call(offers[0])
	w.clock.Advance(time.Minute)
	w.answerCalls()
	if got := w.stockOf("T-S"); got != "9" {
		t.Errorf("the stock is %s", got)
	}
	w.full()
	w.quiet()
}

func TestAnApprovedPlanOfVariantsAsProductsIsStillTrue(t *testing.T) {
	t.Parallel()
	w, _, shirts := wardrobe(t)
	id, err := w.engine.Preview(t.Context(), w.conn, catalog.Full, "1")
	must(t, err)
	if run := w.finish(id); run.State != catalog.Approval || w.productCount() != 0 {
		t.Fatalf("the preview ended %s and wrote %d products", run.State, w.productCount())
	}
	must(t, w.sim.SetPrice(w.offers(shirts)[0], decimal.NewFromInt(130)))
	must(t, w.engine.Approve(t.Context(), id, "1"))
	run := w.finish(id)
	moved := slices.DeleteFunc(w.items(id), func(i catalog.Item) bool { return i.Reason != catalog.ReasonMoved })
	if run.State != catalog.Done || w.productCount() != 6 || len(moved) != 1 || !strings.HasSuffix(moved[0].CRMID, "/"+strconv.FormatInt(w.offers(shirts)[0], 10)) {
		t.Errorf("the run ended %s with %d products and left %+v", run.State, w.productCount(), moved)
	}
	w.full()
	w.quiet()
}

// All offers of a product are read to look at any of its variants again: once for all of them.
func TestAnApprovedPlanOfManyVariantsAsProductsAsksLittle(t *testing.T) {
	t.Parallel()
	var sizes []string
	for i := range 300 {
		sizes = append(sizes, strconv.Itoa(i))
	}
	w, _, _ := wardrobe(t)
	w.sim.AddProduct(shirt(sizes...))
	id, err := w.engine.Preview(t.Context(), w.conn, catalog.Full, "1")
	must(t, err)
	w.finish(id)
	w.sim.Reset()
	must(t, w.engine.Approve(t.Context(), id, "1"))
	if run := w.finish(id); run.Counters.Created != 307 || asked(w.sim, "/v1/offers") > 7 {
		t.Errorf("%d requests for offers, %+v", asked(w.sim, "/v1/offers"), run.Counters)
	}
}

func TestKilledWorkersLeaveVariantsAsProductsAsUndisturbedOnes(t *testing.T) {
	t.Parallel()
	day := func(w *world, run func() catalog.Run) {
		for i := range 2 {
			if i == 1 {
				edits(t, w.sim)
			}
			if r := run(); r.State != catalog.Done {
				t.Fatalf("run %d ended %s: %s %v", i, r.State, r.Code, r.Params)
			}
		}
	}
	with := func(t *testing.T, g *gate) *world {
		t.Helper()
		w := gatedOn(t, pgtest.NewMigrated(t, "catalog", migrate), g).oneEach()
		for i := range 6 {
			p := shirt("S", "M", "L", "XL")
			p.Name += " " + strconv.Itoa(i)
			for j := range p.Offers {
				p.Offers[j].SKU += "-" + strconv.Itoa(i)
			}
			w.sim.AddProduct(p)
		}
		return w
	}
	calm := with(t, &gate{})
	day(calm, func() catalog.Run { return calm.finish(calm.begin(catalog.Full)) })
	want := calm.snapshot()
	if !slices.ContainsFunc(want, func(l string) bool { return strings.Contains(l, "/") && strings.HasPrefix(l, "product") }) {
		t.Fatal("there is no variant as a product")
	}
	for _, every := range []int64{3, 4, 7} {
		t.Run(strconv.FormatInt(every, 10), func(t *testing.T) {
			t.Parallel()
			g := &gate{every: every}
			w := with(t, g)
			day(w, func() catalog.Run {
				id := w.begin(catalog.Full)
				for !w.survives(id) {
					w.clock.Advance(31 * time.Second)
					w.engine = w.newEngine()
				}
				return w.finish(id)
			})
			if got := w.snapshot(); !slices.Equal(got, want) {
				t.Errorf("the shop differs: %s", firstDifference(got, want))
			}
			if n := w.openIntents() + w.staged(); n != 0 || g.deaths.Load() < 4 {
				t.Errorf("%d rows are left behind after %d deaths", n, g.deaths.Load())
			}
		})
	}
}
