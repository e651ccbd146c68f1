package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
)

// lie is what a CRM that has gone wrong makes of its lists; nil leaves a list as it is.
type lie struct {
	categories func([]catalog.Category) []catalog.Category
	products   func([]catalog.Product) []catalog.Product
	offers     func([]catalog.Offer) []catalog.Offer
	stocks     func([]catalog.Stock) []catalog.Stock
}

// lyingCRM answers the real lists as the lie has it, with totals that agree.
type lyingCRM struct {
	catalog.CRM
	lie *lie
}

func lied[T any](cursor string, edit func([]T) []T, page func(cursor string) (catalog.Page[T], error)) (catalog.Page[T], error) {
	if edit == nil {
		return page(cursor)
	}
	var rows []T
	for at := ""; ; {
		p, err := page(at)
		if err != nil {
			return p, err
		}
		rows = append(rows, p.Rows...)
		if at = p.Next; at == "" {
			break
		}
	}
	rows = edit(rows)
	n, _ := strconv.Atoi(cursor)
	from := min(n*50, len(rows))
	out := catalog.Page[T]{Rows: rows[from:min(from+50, len(rows))], Total: len(rows)}
	if from+50 < len(rows) {
		out.Next = strconv.Itoa(n + 1)
	}
	return out, nil
}

func (c lyingCRM) CategoryPage(ctx context.Context, cursor string) (catalog.Page[catalog.Category], error) {
	return lied(cursor, c.lie.categories, func(at string) (catalog.Page[catalog.Category], error) { return c.CRM.CategoryPage(ctx, at) })
}

func (c lyingCRM) ProductPage(ctx context.Context, q catalog.ProductQuery, cursor string) (catalog.Page[catalog.Product], error) {
	return lied(cursor, c.lie.products, func(at string) (catalog.Page[catalog.Product], error) { return c.CRM.ProductPage(ctx, q, at) })
}

func (c lyingCRM) OfferPage(ctx context.Context, q catalog.OfferQuery, cursor string) (catalog.Page[catalog.Offer], error) {
	return lied(cursor, c.lie.offers, func(at string) (catalog.Page[catalog.Offer], error) { return c.CRM.OfferPage(ctx, q, at) })
}

func (c lyingCRM) StockPage(ctx context.Context, q catalog.StockQuery, cursor string) (catalog.Page[catalog.Stock], error) {
	return lied(cursor, c.lie.stocks, func(at string) (catalog.Page[catalog.Stock], error) { return c.CRM.StockPage(ctx, q, at) })
}

func none[T any]([]T) []T { return nil }

// but edits every row.
func but[T any](edit func(*T)) func([]T) []T {
	return func(rows []T) []T {
		for i := range rows {
			edit(&rows[i])
		}
		return rows
	}
}

// without drops the rows of some products.
func without[T any](gone map[string]bool, product func(T) string) func([]T) []T {
	return func(rows []T) []T {
		return slices.DeleteFunc(rows, func(r T) bool { return gone[product(r)] })
	}
}

func priced(amount int64) decimal.NullDecimal {
	return decimal.NewNullDecimal(decimal.NewFromInt(amount))
}

// lies are what a CRM may suddenly answer. gone are half of its products, by id, and their offers.
func lies(gone, goneOffers map[string]bool) map[string]lie {
	noPrice := func(price decimal.NullDecimal) lie {
		return lie{
			products: but(func(p *catalog.Product) { p.Own.Price = price }),
			offers:   but(func(o *catalog.Offer) { o.Price = price }),
			stocks:   but(func(s *catalog.Stock) { s.Price = price }),
		}
	}
	ownProduct, ownOffer := func(p catalog.Product) string { return p.ID }, func(o catalog.Offer) string { return o.ProductID }
	alien := func(id string) string { return "9" + id }
	return map[string]lie{
		"empty lists":                   {none[catalog.Category], none[catalog.Product], none[catalog.Offer], none[catalog.Stock]},
		"no products":                   {products: none[catalog.Product]},
		"no offers":                     {offers: none[catalog.Offer], stocks: none[catalog.Stock]},
		"no categories":                 {categories: none[catalog.Category]},
		"half the catalog":              {products: without(gone, ownProduct), offers: without(gone, ownOffer), stocks: without(goneOffers, func(s catalog.Stock) string { return s.OfferID })},
		"half the products":             {products: without(gone, ownProduct)},
		"half the products archived":    {products: but(func(p *catalog.Product) { p.Archived = gone[p.ID] })},
		"all prices zero":               noPrice(priced(0)),
		"all prices below zero":         noPrice(priced(-5)),
		"no prices":                     noPrice(decimal.NullDecimal{}),
		"another currency":              {products: but(func(p *catalog.Product) { p.Currency, p.Own.Price = "USD", priced(240) }), offers: but(func(o *catalog.Offer) { o.Price = priced(240) }), stocks: but(func(s *catalog.Stock) { s.Price = priced(240) })},
		"no currency":                   {products: but(func(p *catalog.Product) { p.Currency, p.Own.Price = "", priced(240) }), offers: but(func(o *catalog.Offer) { o.Price = priced(240) }), stocks: but(func(s *catalog.Stock) { s.Price = priced(240) })},
		"another account's tree":        {categories: but(func(c *catalog.Category) { c.ID, c.Name, c.ParentID = alien(c.ID), "Чужа "+c.Name, "" })},
		"another tree with ids of ours": {categories: but(func(c *catalog.Category) { c.Name = "Чужа " + c.Name })},
		"another account": {but(func(c *catalog.Category) { c.ID, c.Name, c.ParentID = alien(c.ID), "Чужа "+c.Name, "" }), but(func(p *catalog.Product) {
			p.ID, p.Name, p.Own.SKU, p.CategoryID = alien(p.ID), "Чужий "+p.Name, "ALIEN-"+p.Own.SKU, ""
		}), but(func(o *catalog.Offer) { o.ID, o.ProductID, o.SKU = alien(o.ID), alien(o.ProductID), "ALIEN-"+o.SKU }), but(func(s *catalog.Stock) { s.OfferID, s.SKU, s.Price = alien(s.OfferID), "ALIEN-"+s.SKU, priced(260) })},
		"another account with ids of ours": {products: but(func(p *catalog.Product) { p.Name, p.Own.SKU = "Чужий "+p.Name, "ALIEN-"+p.Own.SKU }), offers: but(func(o *catalog.Offer) { o.SKU, o.Price = "ALIEN-"+o.SKU, priced(260) }), stocks: but(func(s *catalog.Stock) {
			s.SKU, s.Price, s.Available = "ALIEN-"+s.SKU, priced(260), decimal.NewFromInt(77)
		})},
	}
}

// Whatever a CRM suddenly answers, nothing changes in the shop before a person has looked: the run
// either stops and asks, or writes nothing. Full runs and price runs, shops of any size.
func TestALyingCRMChangesNothing(t *testing.T) {
	t.Parallel()
	for _, size := range []int{2, 3, 15, 40, 120} {
		for _, missing := range []settings.MissingPolicy{settings.MissingHide, settings.MissingNothing} {
			t.Run(fmt.Sprintf("%d products, %s", size, missing), func(t *testing.T) {
				t.Parallel()
				sim, ids := few(t, size)
				w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, missing })
				w.full()
				before := w.snapshot()
				gone, goneOffers := map[string]bool{}, map[string]bool{}
				half := size / 2
				if half == 1 { // one of three is no half
					half = size - 1
				}
				for _, id := range ids[:half] {
					gone[code(id)] = true
				}
				eachOffer(t, sim, ids[:half], func(o int64) { goneOffers[code(o)] = true })
				for name, l := range lies(gone, goneOffers) {
					for _, kind := range catalog.Kinds() {
						w.crm = func(c catalog.CRM) catalog.CRM { return lyingCRM{c, &l} }
						w.engine = w.newEngine()
						w.shop.writes.Store(0)
						run := w.finish(w.begin(kind))
						if got := w.snapshot(); !slices.Equal(got, before) || w.shop.writes.Load() != 0 {
							t.Fatalf("%s: a %s run, %s for %v, makes %d writes: %s", name, kind, run.State, run.Guards, w.shop.writes.Load(), firstDifference(got, before))
						}
						must(t, w.engine.Cancel(t.Context(), run.ID))
					}
				}
				w.crm = nil
				w.engine = w.newEngine()
				run := w.full()
				if got := w.snapshot(); !slices.Equal(got, before) || w.shop.writes.Load() != 0 {
					t.Errorf("after all lies the truth makes %d writes, %+v: %s", w.shop.writes.Load(), run.Counters, firstDifference(got, before))
				}
			})
		}
	}
}
