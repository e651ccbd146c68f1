package keycrmtest_test

import (
	"bytes"
	"image/jpeg"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func TestDefaultCatalogLooksLikeAShop(t *testing.T) {
	t.Parallel()
	s := keycrmtest.New(keycrmtest.WithLimit(0))
	t.Cleanup(func() { _ = s.Close() })
	c, err := keycrm.New(s.BaseURL(), s.Key(), keycrm.WithTransport(s.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	names, archived, metres, fields, loose, bare := map[string]bool{}, 0, 0, 0, 0, 0
	for p, err := range c.Products.All(t.Context(), keycrm.ProductQuery{IncludeCustomFields: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if names[p.Name] {
			t.Errorf("two products are called %q", p.Name)
		}
		names[p.Name] = true
		archived, metres = archived+count(bool(p.IsArchived)), metres+count(p.UnitType == "м")
		fields, loose = fields+count(len(p.CustomFields) > 0), loose+count(p.CategoryID == 0)
		bare += count(len(p.Pictures) == 0)
		if !strings.Contains(p.Description, "<li>") || p.CurrencyCode != "UAH" {
			t.Errorf("product %d: %+v", p.ID, p)
		}
	}
	skus, variants, broken := map[string]bool{}, 0, 0
	for o, err := range c.Offers.All(t.Context(), keycrm.OfferQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if skus[o.SKU] || o.SKU == "" || !o.Price.IsPositive() {
			t.Errorf("offer %d: SKU %q, price %s", o.ID, o.SKU, o.Price)
		}
		skus[o.SKU] = true
		variants, broken = variants+count(len(o.Properties) > 0), broken+count(o.Quantity.IsNegative())
	}
	if len(names) < 1200 || len(skus) < 2000 {
		t.Errorf("%d products, %d offers, want at least 1200 and 2000", len(names), len(skus))
	}
	for what, n := range map[string]int{
		"archived": archived, "by the metre": metres, "with custom fields": fields, "without a category": loose,
		"without pictures": bare, "variants": variants, "below zero": broken,
	} {
		if n == 0 {
			t.Errorf("nothing is %s", what)
		}
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func TestCategoriesHaveThreeLevels(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	depth, deepest := map[int64]int{0: 0}, 0
	for _, c := range s.Categories() {
		above, ok := depth[c.ParentID]
		if !ok {
			t.Errorf("category %d has an unknown parent %d", c.ID, c.ParentID)
		}
		depth[c.ID] = above + 1
		deepest = max(deepest, above+1)
	}
	if deepest != 3 {
		t.Errorf("%d levels, want 3", deepest)
	}
}

func TestSameSeedSameShop(t *testing.T) {
	t.Parallel()
	shop := func(seed int64) []keycrm.Offer {
		_, c, _ := account(t, keycrmtest.WithSeed(seed))
		rows, _, err := c.Offers.List(t.Context(), keycrm.OfferQuery{IncludeProduct: true})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	if !reflect.DeepEqual(shop(5), shop(5)) {
		t.Error("the same seed gave two shops")
	}
	if reflect.DeepEqual(shop(5), shop(6)) {
		t.Error("another seed gave the same shop")
	}
}

func TestEveryOfferIsFoundBySKU(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	for _, id := range s.OfferIDs() {
		o, _ := s.Offer(id)
		rows, _, err := c.Offers.List(t.Context(), keycrm.OfferQuery{SKUs: []string{o.SKU}})
		if err != nil || len(rows) != 1 || rows[0].ID != id {
			t.Fatalf("%s: %d rows, %v, want offer %d", o.SKU, len(rows), err, id)
		}
	}
}

func TestMillionOffers(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t, keycrmtest.WithCatalog(400_000, 1_000_000))
	_, page, err := c.Offers.List(t.Context(), keycrm.OfferQuery{IncludeProduct: true})
	if err != nil || page.Total != 1_000_000 || page.Last != 20_000 {
		t.Fatalf("%+v, %v", page, err)
	}
	rows, _, err := c.Offers.List(t.Context(), keycrm.OfferQuery{Page: 20_000})
	if err != nil || len(rows) != 50 {
		t.Fatalf("the last page: %d rows, %v", len(rows), err)
	}
	if err := s.SetPrice(rows[49].ID, dec("1.23")); err != nil {
		t.Fatal(err)
	}
	got, _, err := c.Offers.List(t.Context(), keycrm.OfferQuery{IDs: []int64{rows[49].ID}})
	if err != nil || !got[0].Price.Equal(dec("1.23")) {
		t.Errorf("an edited row: %+v, %v", got, err)
	}
	live, page, err := c.Offers.List(t.Context(), keycrm.OfferQuery{Page: 15_000, Archived: keycrm.No()})
	if err != nil || len(live) != 50 || page.Total < 900_000 || page.Total >= 1_000_000 {
		t.Errorf("a deep page of what is not archived: %+v, %v", page, err)
	}
	if err := s.DeleteProduct(rows[49].ProductID); err != nil { // from now on lists cannot be cut by counting
		t.Fatal(err)
	}
	_, page, err = c.Offers.List(t.Context(), keycrm.OfferQuery{Page: 19_999})
	if err != nil || page.Total >= 1_000_000 || page.Total < 999_900 {
		t.Errorf("after a deletion: %+v, %v", page, err)
	}
}

// TestBriefsAgreeWithRows keeps the quick walk honest.
func TestBriefsAgreeWithRows(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t, keycrmtest.WithCatalog(300, 700))
	ids := s.OfferIDs()
	for i, id := range s.ProductIDs() {
		var err error
		switch i % 20 {
		case 3:
			err = s.ArchiveProduct(id, true)
		case 7:
			err = s.DeleteProduct(id)
		case 9:
			err = s.EditProduct(id, func(p *keycrmtest.Product) { p.CategoryID = 15 })
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range ids {
		if _, ok := s.Offer(id); ok && id%31 == 0 {
			if err := s.EditOffer(id, func(o *keycrmtest.Offer) { o.Archived = true }); err != nil {
				t.Fatal(err)
			}
		}
	}
	archived, live, inCategory := map[int64]bool{}, map[int64]bool{}, 0
	for _, id := range s.OfferIDs() {
		o, _ := s.Offer(id)
		p, _ := s.Product(o.ProductID)
		if o.Archived || p.Archived {
			archived[id] = true
		} else {
			live[id] = true
		}
	}
	for _, id := range s.ProductIDs() {
		if p, _ := s.Product(id); p.CategoryID == 15 {
			inCategory++
		}
	}
	for want, q := range map[*map[int64]bool]keycrm.OfferQuery{&archived: {Archived: keycrm.Yes()}, &live: {Archived: keycrm.No()}} {
		n := 0
		for o, err := range c.Offers.All(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; !(*want)[o.ID] {
				t.Errorf("offer %d is on the wrong side", o.ID)
			}
		}
		if n != len(*want) {
			t.Errorf("%d offers, want %d", n, len(*want))
		}
	}
	_, page, err := c.Products.List(t.Context(), keycrm.ProductQuery{CategoryIDs: []int64{15}})
	if err != nil || page.Total != inCategory || inCategory < 10 {
		t.Errorf("%d in the category, want %d: %v", page.Total, inCategory, err)
	}
}

func TestCatalogFiltersAndEdits(t *testing.T) {
	t.Parallel()
	s, c, clk := account(t)
	ids := s.ProductIDs()
	p, _ := s.Product(ids[3])
	clk.move(time.Hour)
	if err := s.ArchiveProduct(p.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteProduct(ids[4]); err != nil {
		t.Fatal(err)
	}
	total := func(q keycrm.ProductQuery) int {
		_, page, err := c.Products.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return page.Total
	}
	if all, yes, no := total(keycrm.ProductQuery{}), total(keycrm.ProductQuery{Archived: keycrm.Yes()}), total(keycrm.ProductQuery{Archived: keycrm.No()}); all != 119 || yes == 0 || yes+no != all {
		t.Errorf("%d products, %d archived, %d not", all, yes, no)
	}
	if n := total(keycrm.ProductQuery{IDs: []int64{p.ID, ids[4]}}); n != 1 {
		t.Errorf("by id: %d, want the one that is left", n)
	}
	if n := total(keycrm.ProductQuery{CategoryIDs: []int64{p.CategoryID}}); n == 0 || n == 119 {
		t.Errorf("by category: %d", n)
	}
	got, err := c.Products.Get(t.Context(), p.ID, keycrm.ProductQuery{})
	if err != nil || !bool(got.IsArchived) || !got.UpdatedAt.Equal(clk.now()) {
		t.Errorf("an archived product: %+v, %v", got, err)
	}
	offers, _, err := c.Offers.List(t.Context(), keycrm.OfferQuery{ProductIDs: []int64{p.ID}})
	if err != nil || len(offers) != len(p.OfferIDs) || !bool(offers[0].IsArchived) {
		t.Errorf("its offers: %+v, %v", offers, err)
	}
	cat := s.AddCategory("Нова", 10)
	if err := s.EditProduct(p.ID, func(p *keycrmtest.Product) { p.CategoryID = cat }); err != nil {
		t.Fatal(err)
	}
	if n := total(keycrm.ProductQuery{CategoryIDs: []int64{cat}}); n != 1 {
		t.Errorf("in the new category: %d, want 1", n)
	}
	if err := s.DeleteCategory(cat); err != nil {
		t.Fatal(err)
	}
	cats, _, err := c.Categories.List(t.Context(), keycrm.CategoryQuery{IDs: []int64{cat}})
	if err != nil || len(cats) != 0 {
		t.Errorf("a deleted category: %v, %v", cats, err)
	}
}

func TestStocksComeWithWarehouses(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	o := anOffer(t, s)
	body := `{"warehouse_id":2,"stocks":[{"sku":"` + o.SKU + `","quantity":7.5}]}`
	if res, _ := raw(t, s, "PUT", "/v1/offers/stocks", body); res.StatusCode != http.StatusAccepted {
		t.Fatalf("PUT stocks: %d", res.StatusCode)
	}
	if res, _ := raw(t, s, "PUT", "/v1/offers", `{"offers":[{"sku":"`+o.SKU+`","price":99}]}`); res.StatusCode != http.StatusAccepted {
		t.Fatalf("PUT offers: %d", res.StatusCode)
	}
	rows, _, err := c.Offers.Stocks(t.Context(), keycrm.StockQuery{SKUs: []string{o.SKU}, Details: true})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	got := rows[0]
	if len(got.Warehouses) != 2 || !got.Warehouses[1].Quantity.Equal(dec("7.5")) || !got.Price.Equal(dec("99")) {
		t.Errorf("got %+v", got)
	}
	if !got.Quantity.Equal(got.Warehouses[0].Quantity.Add(got.Warehouses[1].Quantity.Decimal)) {
		t.Errorf("%s is not the sum of the warehouses", got.Quantity)
	}
}

func TestPicturesAreDrawn(t *testing.T) {
	t.Parallel()
	s := keycrmtest.Start(t, keycrmtest.WithCatalog(40, 80))
	c, err := keycrm.New(s.BaseURL(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := c.Products.List(t.Context(), keycrm.ProductQuery{Limit: 30})
	if err != nil {
		t.Fatal(err)
	}
	load := func(url string) []byte {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		data, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/jpeg" {
			t.Fatalf("%s: %d, %v", url, res.StatusCode, err)
		}
		return data
	}
	seen := map[string]bool{}
	for _, p := range rows[:8] {
		for _, url := range p.Pictures {
			data := load(url)
			cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
			if err != nil || cfg.Width < 400 || cfg.Height != cfg.Width {
				t.Errorf("%s: %dx%d, %v", url, cfg.Width, cfg.Height, err)
			}
			seen[string(data)] = true
		}
	}
	if len(seen) < 8 {
		t.Errorf("%d different pictures of 8 products", len(seen))
	}
	res, err := http.Get(s.URL() + "/pictures/p999999-1.jpg")
	if err != nil || res.StatusCode != http.StatusNotFound {
		t.Fatalf("an unknown product: %v, %v", res, err)
	}
	_ = res.Body.Close()
}
