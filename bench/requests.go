package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// requestOffers is the size of the catalog whose requests are counted.
const requestOffers = 12_000

// measureRequests counts the requests of runs against the fewest there can be.
func (b *bench) measureRequests(ctx context.Context) (err error) {
	w, err := openWorld(ctx, requestOffers, func(context.Context, *sqlx.DB) (plugin.Shop, error) { return newMemoryShop(), nil })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	// Candidates for «missing» are asked for by id, on top of what is counted here.
	if err := w.edit(ctx, func(s *settings.Catalog) { s.Missing = settings.MissingNothing }); err != nil {
		return err
	}
	all, err := w.survey(ctx)
	if err != nil {
		return err
	}
	if err := b.countUnfiltered(ctx, w, all); err != nil {
		return err
	}
	return b.countFiltered(ctx, w, all)
}

func (b *bench) countUnfiltered(ctx context.Context, w *world, all survey) error {
	n, err := w.asks(ctx, catalog.Full)
	if err != nil {
		return err
	}
	b.note("everything: %d requests for %d categories, %d products, %d offers", n, len(all.parent), len(all.category), all.offers)
	b.figure("requests-full-above-minimum", float64(n-all.fewest()), 0)
	if n, err = w.asks(ctx, catalog.Prices); err != nil {
		return err
	}
	b.figure("requests-prices-above-minimum", float64(n-pagesOf(all.offers)-1), 0)
	return nil
}

// countFiltered chooses few categories and half of them, as a merchant may.
func (b *bench) countFiltered(ctx context.Context, w *world, all survey) error {
	for _, c := range []struct {
		name   string
		chosen int // leaves of the tree
	}{{"few", 2}, {"half", len(all.leaves()) / 2}} {
		chosen := all.leaves()[:c.chosen]
		if err := w.edit(ctx, func(s *settings.Catalog) { s.Chosen = chosen }); err != nil {
			return err
		}
		cheaper := all.fewestOf(chosen)
		for _, run := range []string{"first", "second"} {
			n, err := w.asks(ctx, catalog.Full)
			if err != nil {
				return err
			}
			b.note("%s categories, %s run: %d requests, the cheaper way %d", c.name, run, n, cheaper)
			b.figure(fmt.Sprintf("requests-filter-%s-%s", c.name, run), float64(n-2)/float64(cheaper), 1.15)
		}
	}
	return nil
}

// asks makes a run and answers how many requests arrived at the CRM.
func (w *world) asks(ctx context.Context, kind catalog.Kind) (int, error) {
	before, err := w.counted()
	if err != nil {
		return 0, err
	}
	run, err := w.full(ctx, kind)
	if err != nil {
		return 0, err
	}
	after, err := w.counted()
	if err == nil && run.Counters.Requests != after-before {
		err = fmt.Errorf("the run counts %d requests, the CRM %d", run.Counters.Requests, after-before)
	}
	return after - before, err
}

func (w *world) counted() (int, error) {
	answer, err := w.sim.tell("count")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(answer)
}

// survey is what the CRM has.
type survey struct {
	parent   map[string]string // of categories
	order    []string          // of categories
	category map[string]string // of live products
	of       map[string]int    // offers of products
	offers   int               // archived ones among them
}

func (w *world) survey(ctx context.Context) (survey, error) {
	s := survey{parent: map[string]string{}, category: map[string]string{}, of: map[string]int{}}
	crm, err := w.crm()
	if err != nil {
		return s, err
	}
	if _, err := pages(func(at string) (catalog.Page[catalog.Category], error) {
		page, err := crm.CategoryPage(ctx, at)
		for _, c := range page.Rows {
			s.parent[c.ID] = c.ParentID
			s.order = append(s.order, c.ID)
		}
		return page, err
	}); err != nil {
		return s, err
	}
	if _, err := pages(func(at string) (catalog.Page[catalog.Product], error) {
		page, err := crm.ProductPage(ctx, catalog.ProductQuery{}, at)
		for _, p := range page.Rows {
			s.category[p.ID] = p.CategoryID
		}
		return page, err
	}); err != nil {
		return s, err
	}
	_, err = pages(func(at string) (catalog.Page[catalog.Offer], error) {
		page, err := crm.OfferPage(ctx, catalog.OfferQuery{}, at)
		for _, o := range page.Rows {
			s.of[o.ProductID]++
			s.offers++
		}
		return page, err
	})
	return s, err
}

// leaves are the categories without any below them.
func (s survey) leaves() []string {
	parents := map[string]bool{}
	for _, p := range s.parent {
		parents[p] = true
	}
	var out []string
	for _, id := range s.order {
		if !parents[id] {
			out = append(out, id)
		}
	}
	return out
}

func (s survey) fewest() int {
	return pagesOf(len(s.parent)) + pagesOf(len(s.category)) + pagesOf(s.offers)
}

// fewestOf is the cheaper of reading all offers and of asking for those of the products of the
// chosen leaves: as many groups as hold 50 products and 50 offers each, were they packed perfectly.
func (s survey) fewestOf(leaves []string) int {
	chosen := map[string]bool{}
	for _, id := range leaves {
		chosen[id] = true
	}
	products, offers := 0, 0
	for id, c := range s.category {
		if chosen[c] {
			products++
			offers += s.of[id]
		}
	}
	groups := max(pagesOf(products), pagesOf(offers))
	return pagesOf(len(s.parent)) + pagesOf(products) + min(pagesOf(s.offers), groups)
}

// pagesOf is how many requests a list of n rows takes; an empty one takes one, too.
func pagesOf(n int) int { return max(1, (n+catalog.GroupSize-1)/catalog.GroupSize) }
