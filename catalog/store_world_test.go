package catalog_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/plugin"
)

// snapshot tells the whole catalog of the shop in words, one product a line, without ids of the shop.
func (w *world) snapshot() []string {
	w.t.Helper()
	c := w.shop.Shop.Catalog()
	tree, err := c.Categories(w.t.Context(), demoshop.Locale)
	must(w.t, err)
	byID := map[plugin.CategoryID]plugin.Category{}
	for _, x := range tree {
		byID[x.ID] = x
	}
	path := func(id plugin.CategoryID) string {
		var names []string
		for ; id != ""; id = byID[id].ParentID {
			names = append(names, byID[id].Name)
		}
		return strings.Join(names, " < ")
	}
	var lines []string
	for _, x := range tree {
		lines = append(lines, "category "+path(x.ID))
	}
	var ids []plugin.ProductID
	must(w.t, w.db.SelectContext(w.t.Context(), &ids, `SELECT id::text FROM demoshop.products`))
	for part := range slices.Chunk(ids, plugin.MaxBatch) {
		products, err := c.Products(w.t.Context(), demoshop.Locale, part)
		must(w.t, err)
		for _, p := range products {
			lines = append(lines, productLine(p, path(p.CategoryID)))
		}
	}
	slices.Sort(lines)
	return lines
}

func productLine(p plugin.Product, category string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "product %s %q in %q published=%v orderable=%v unit=%q attributes=%v text=%d pictures=%d",
		p.ExternalID, p.Name, category, p.Published, p.Orderable, p.Unit, p.Attributes, len(p.Description), len(p.Images))
	for _, v := range p.Variants {
		fmt.Fprintf(&b, " [%s %s %v stock=%v %v %v %v %v]", v.SKU, v.Barcode, v.Price, v.Stock, v.Size, v.Options, v.Published, v.Orderable)
	}
	return b.String()
}

// openIntents counts creations whose end is not known.
func (w *world) openIntents() (n int) {
	w.t.Helper()
	must(w.t, w.db.GetContext(w.t.Context(), &n, `SELECT count(*) FROM keybridge.link_product WHERE state = 'creating'`))
	return n
}

// staged counts rows that a run has left behind.
func (w *world) staged() (n int) {
	w.t.Helper()
	must(w.t, w.db.GetContext(w.t.Context(), &n, `SELECT (SELECT count(*) FROM keybridge.stage_product)
		+ (SELECT count(*) FROM keybridge.stage_offer) + (SELECT count(*) FROM keybridge.stage_category)
		+ (SELECT count(*) FROM keybridge.run_plan)`))
	return n
}
