package connector_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/connector"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func catalogOf(t *testing.T, sim *keycrmtest.Server) catalog.CRM {
	t.Helper()
	client, err := keycrm.New(sim.BaseURL(), sim.Key())
	if err != nil {
		t.Fatal(err)
	}
	return connector.New(client)
}

// all walks a list to its end.
func all[T any](t *testing.T, page func(cursor string) (catalog.Page[T], error)) (rows []T, pages, total int) {
	t.Helper()
	for cursor := ""; ; {
		p, err := page(cursor)
		if err != nil {
			t.Fatal(err)
		}
		rows, pages, total = append(rows, p.Rows...), pages+1, p.Total
		if cursor = p.Next; cursor == "" {
			return rows, pages, total
		}
	}
}

func TestCatalogListsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(120, 230))
	c, ctx := catalogOf(t, sim), t.Context()
	offers, pages, total := all(t, func(cursor string) (catalog.Page[catalog.Offer], error) {
		return c.OfferPage(ctx, catalog.OfferQuery{}, cursor)
	})
	if len(offers) != 230 || pages != 5 || total != 230 {
		t.Errorf("offers: %d rows on %d pages of %d", len(offers), pages, total)
	}
	stocks, pages, _ := all(t, func(cursor string) (catalog.Page[catalog.Stock], error) {
		return c.StockPage(ctx, catalog.StockQuery{}, cursor)
	})
	if len(stocks) != 230 || pages != 5 {
		t.Errorf("stocks: %d rows on %d pages", len(stocks), pages)
	}
	live, _, _ := all(t, func(cursor string) (catalog.Page[catalog.Product], error) {
		return c.ProductPage(ctx, catalog.ProductQuery{}, cursor)
	})
	every, _, _ := all(t, func(cursor string) (catalog.Page[catalog.Product], error) {
		return c.ProductPage(ctx, catalog.ProductQuery{Archived: true}, cursor)
	})
	if len(every) != 120 || len(live) >= len(every) || slices.ContainsFunc(live, func(p catalog.Product) bool { return p.Archived }) {
		t.Errorf("products: %d live of %d", len(live), len(every))
	}
	tree, _, _ := all(t, func(cursor string) (catalog.Page[catalog.Category], error) { return c.CategoryPage(ctx, cursor) })
	roots := 0
	for _, x := range tree {
		if x.ParentID == "" {
			roots++
		}
	}
	if len(tree) != len(sim.Categories()) || roots == 0 || roots == len(tree) {
		t.Errorf("categories: %d with %d roots", len(tree), roots)
	}
}

func TestCatalogRowsInNeutralWords(t *testing.T) {
	t.Parallel()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(1, 1))
	category := sim.AddCategory("Стрічки", 0)
	id := sim.AddProduct(keycrmtest.NewProduct{
		Product: keycrmtest.Product{
			Name: " Стрічка ", Description: "<p>Текст</p>", CategoryID: category, CurrencyCode: "UAH", UnitType: "м",
			Pictures: []string{"https://cdn.example.com/1.jpg"},
		},
		Offers: []keycrmtest.Offer{{
			SKU: "RIBBON", Barcode: "4820", Price: decimal.RequireFromString("12.50"), Reserve: decimal.NewFromInt(2),
			Stock:      map[int64]decimal.Decimal{keycrmtest.WarehouseKyiv: decimal.RequireFromString("122.5")},
			Properties: []keycrmtest.Property{{Name: "Колір", Value: "Червоний"}},
		}},
	})
	c, want := catalogOf(t, sim), strconv.FormatInt(id, 10)
	products, err := c.ProductPage(t.Context(), catalog.ProductQuery{IDs: []string{want}}, "")
	if err != nil || len(products.Rows) != 1 || products.Next != "" {
		t.Fatalf("products %+v, %v", products, err)
	}
	p := products.Rows[0]
	if p.ID != want || p.Name != "Стрічка" || p.Unit != "м" || p.Currency != "UAH" || p.CategoryID != strconv.FormatInt(category, 10) ||
		!slices.Equal(p.Pictures, []string{"https://cdn.example.com/1.jpg"}) {
		t.Errorf("product %+v", p)
	}
	offers, err := c.OfferPage(t.Context(), catalog.OfferQuery{Products: []string{want}}, "")
	if err != nil || len(offers.Rows) != 1 {
		t.Fatalf("offers %+v, %v", offers, err)
	}
	o := offers.Rows[0]
	if o.ProductID != want || o.SKU != "RIBBON" || !o.Price.Valid || o.Price.Decimal.String() != "12.5" || o.Available.String() != "120.5" ||
		!slices.Equal(o.Options, []plugin.Attribute{{Name: "Колір", Value: "Червоний"}}) {
		t.Errorf("offer %+v", o)
	}
	stocks, err := c.StockPage(t.Context(), catalog.StockQuery{Offers: []string{o.ID}}, "")
	if err != nil || len(stocks.Rows) != 1 || stocks.Rows[0].OfferID != o.ID || stocks.Rows[0].Available.String() != "120.5" {
		t.Errorf("stocks %+v, %v", stocks, err)
	}
}

func TestCatalogErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(1, 1))
	client, err := keycrm.New(sim.BaseURL(), "a-key-nobody-knows")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connector.New(client).CategoryPage(t.Context(), ""); !errors.Is(err, crm.ErrUnauthorised) {
		t.Errorf("with a wrong key: %v", err)
	}
	c := catalogOf(t, sim)
	for name, ask := range map[string]func(context.Context) error{
		"a foreign cursor": func(ctx context.Context) error { _, err := c.CategoryPage(ctx, "x"); return err },
		"a foreign id": func(ctx context.Context) error {
			_, err := c.ProductPage(ctx, catalog.ProductQuery{IDs: []string{"abc"}}, "")
			return err
		},
	} {
		if err := ask(t.Context()); !errors.Is(err, crm.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	sim.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Status: 503, Times: 1})
	if _, err := c.CategoryPage(t.Context(), ""); !errors.Is(err, crm.ErrUnavailable) {
		t.Errorf("in an outage: %v", err)
	}
	before := sim.RequestCount()
	if _, err := c.ProductPage(t.Context(), catalog.ProductQuery{IDs: []string{}}, ""); err == nil || sim.RequestCount() != before {
		t.Errorf("an empty filter must never mean all: %v", err)
	}
}

func TestStockOfChosenWarehouses(t *testing.T) {
	t.Parallel()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(5, 5))
	offer := sim.OfferIDs()[0]
	for warehouse, units := range map[int64]int64{keycrmtest.WarehouseKyiv: 4, keycrmtest.WarehouseLviv: 7} {
		if err := sim.SetStock(offer, warehouse, decimal.NewFromInt(units)); err != nil {
			t.Fatal(err)
		}
	}
	id := strconv.FormatInt(offer, 10)
	for _, tt := range []struct {
		name    string
		chosen  []string
		want    int64
		unknown bool
	}{
		{"all", nil, 11, false},
		{"the first", []string{"1"}, 4, false},
		{"the second", []string{"2"}, 7, false},
		{"both", []string{"1", "2"}, 11, false},
		{"one that is not there", []string{"9"}, 0, false},
	} {
		page, err := catalogOf(t, sim).StockPage(t.Context(), catalog.StockQuery{Offers: []string{id}, Warehouses: tt.chosen}, "")
		if err != nil || len(page.Rows) != 1 {
			t.Fatalf("%s: %d rows, %v", tt.name, len(page.Rows), err)
		}
		if got := page.Rows[0]; !got.Available.Equal(decimal.NewFromInt(tt.want)) || got.Unknown != tt.unknown || (len(got.Warehouses) == 2) != (tt.chosen != nil) {
			t.Errorf("%s: %+v, want %d", tt.name, got, tt.want)
		}
	}
	sim.DeleteWarehouse(keycrmtest.WarehouseKyiv)
	sim.DeleteWarehouse(keycrmtest.WarehouseLviv)
	page, err := catalogOf(t, sim).StockPage(t.Context(), catalog.StockQuery{Offers: []string{id}, Warehouses: []string{"1"}}, "")
	if err != nil || !page.Rows[0].Unknown {
		t.Errorf("stock without details is %+v, %v, want it unknown", page.Rows, err)
	}
}
