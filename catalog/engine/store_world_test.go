package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
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

// deleteProduct deletes a product as the merchant would.
func (w *world) deleteProduct(id plugin.ProductID) {
	w.t.Helper()
	_, err := w.db.ExecContext(w.t.Context(), `DELETE FROM demoshop.products WHERE id = $1::bigint`, id)
	must(w.t, err)
}

func (w *world) tree() map[plugin.CategoryID]plugin.Category {
	w.t.Helper()
	list, err := w.shop.Shop.Catalog().Categories(w.t.Context(), demoshop.Locale)
	must(w.t, err)
	out := map[plugin.CategoryID]plugin.Category{}
	for _, c := range list {
		out[c.ID] = c
	}
	return out
}

func (w *world) name(id plugin.CategoryID) string { return w.tree()[id].Name }

// path tells where the category with a name hangs; empty: there is none.
func (w *world) path(name string) string {
	tree := w.tree()
	for _, c := range tree {
		if c.Name != name {
			continue
		}
		names := []string{name}
		for id := c.ParentID; id != ""; id = tree[id].ParentID {
			names = append(names, tree[id].Name)
		}
		return strings.Join(names, " < ")
	}
	return ""
}

func unsentOf(units map[plugin.VariantID]decimal.Decimal) catalog.Uncounted {
	return func(context.Context, plugin.ConnectionID, []plugin.VariantID, time.Time) (map[plugin.VariantID]decimal.Decimal, error) {
		return units, nil
	}
}

// readLater is what a stock call leaves behind: a reading half an hour after now.
func (w *world) readLater(offer int64) {
	w.t.Helper()
	_, err := w.db.ExecContext(w.t.Context(), `UPDATE keybridge.link_variant SET read_at = $2 WHERE crm_id = $1::text`,
		strconv.FormatInt(offer, 10), w.clock.Now().Add(30*time.Minute))
	must(w.t, err)
}

// sell takes units off a variant as the checkout does, in the shop's own transaction.
func (w *world) sell(variant plugin.VariantID, units int) {
	w.t.Helper()
	_, err := w.db.ExecContext(context.WithoutCancel(w.t.Context()), `WITH v AS (
			UPDATE demoshop.variants SET stock = stock - $2 WHERE id = $1::bigint RETURNING product_id)
		UPDATE demoshop.products p SET version = version + 1 FROM v WHERE p.id = v.product_id`, variant, units)
	must(w.t, err)
}
