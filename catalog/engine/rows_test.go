package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// spoilt spoils what the CRM answers about some products.
type spoilt struct {
	catalog.CRM
	product map[string]func(*catalog.Product)
	offer   map[string]func(*catalog.Offer)
}

func (h spoilt) ProductPage(ctx context.Context, q catalog.ProductQuery, cursor string) (catalog.Page[catalog.Product], error) {
	p, err := h.CRM.ProductPage(ctx, q, cursor)
	for i := range p.Rows {
		if f := h.product[p.Rows[i].Own.SKU]; f != nil {
			f(&p.Rows[i])
		}
	}
	return p, err
}

func (h spoilt) OfferPage(ctx context.Context, q catalog.OfferQuery, cursor string) (catalog.Page[catalog.Offer], error) {
	p, err := h.CRM.OfferPage(ctx, q, cursor)
	for i := range p.Rows {
		if f := h.offer[p.Rows[i].SKU]; f != nil {
			f(&p.Rows[i])
		}
	}
	return p, err
}

// Whatever a row says, the run ends, lists it in a few words and brings the others.
func TestNoRowOfTheCRMStopsARun(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("Ж", 1<<19)
	dec := func(s string) decimal.NullDecimal { return decimal.NewNullDecimal(decimal.RequireFromString(s)) }
	h := spoilt{product: map[string]func(*catalog.Product){
		"name": func(p *catalog.Product) { p.Name = big },
		"nul": func(p *catalog.Product) {
			p.Name = "a\x00b\xff"
			p.Attributes = []plugin.Attribute{{Name: "\x00", Value: "\xff"}}
		},
		"text":     func(p *catalog.Product) { p.Description = strings.Repeat("<b>", 1<<20) },
		"nested":   func(p *catalog.Product) { p.Description = strings.Repeat("<div>", 20000) },
		"attrs":    func(p *catalog.Product) { p.Attributes = make([]plugin.Attribute, 20000) },
		"currency": func(p *catalog.Product) { p.Currency = big },
		"unit":     func(p *catalog.Product) { p.Unit = big },
		"category": func(p *catalog.Product) { p.CategoryID = "no such" },
		"pictures": func(p *catalog.Product) { p.Pictures = []string{"", "javascript:alert(1)", big, "http://[::1", "\x00"} }, // not fetched here
		"several":  func(p *catalog.Product) { p.Several = true },
	}, offer: map[string]func(*catalog.Offer){
		"price":   func(o *catalog.Offer) { o.Price = dec("1e30") },
		"digits":  func(o *catalog.Offer) { o.Price = dec("0.000000000000000000000000000001") },
		"stock":   func(o *catalog.Offer) { o.Available = decimal.RequireFromString("1e30") },
		"bigsku":  func(o *catalog.Offer) { o.SKU, o.Barcode = big, big },
		"freesku": func(o *catalog.Offer) { o.SKU, o.Price = big, decimal.NullDecimal{} },
		"options": func(o *catalog.Offer) { o.Options = make([]plugin.Attribute, 20000) },
		"size":    func(o *catalog.Offer) { o.Size.Weight = decimal.RequireFromString("1e30") },
	}}
	sim := small(t)
	for sku := range h.product {
		sim.AddProduct(goods("Товар "+sku, sku, 0))
	}
	for sku := range h.offer {
		sim.AddProduct(goods("Товар "+sku, sku, 0))
	}
	sim.AddProduct(goods("Звичайний", "PLAIN", 0))
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	w.crm = func(c catalog.CRM) catalog.CRM { h.CRM = c; return h }
	run := w.full()
	if c := run.Counters; c.Errors == 0 || c.Errors > len(h.product)+len(h.offer) || c.Created == 0 {
		t.Errorf("counters %+v", c)
	}
	for _, it := range w.items(run.ID) {
		if n := len(it.Name) + len(it.Params["crm"]) + len(it.Params["sku"]); n > 2000 {
			t.Errorf("%s %s is told in %d bytes", it.Kind, it.Reason, n)
		}
	}
	changes, err := w.engine.Changes(t.Context(), run.ID, 0, 1000)
	must(t, err)
	for _, c := range changes {
		if n := len(c.Name) + len(c.Old) + len(c.New); n > 4000 {
			t.Errorf("the change of %s is told in %d bytes", c.Field, n)
		}
	}
	if w.product("PLAIN").Name != "Звичайний" || !strings.Contains(w.product("several").Name, "several") {
		t.Error("the harmless products did not come")
	}
	if again := w.full().Counters; again.Created != 0 || again.Updated != 0 || again.Errors != run.Counters.Errors {
		t.Errorf("the second run counts %+v", again)
	}
}
