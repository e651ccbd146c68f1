package demoshop

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// catalog is the shop's catalog as the plugin sees it. The shop has no events about products, so an
// Origin has nowhere to be repeated and is not kept.
type catalog struct {
	store *store
	most  int // variants of a product
	langs languages
}

var _ plugin.Catalog = (*catalog)(nil)

// CreateProducts implements plugin.Catalog.
func (c *catalog) CreateProducts(ctx context.Context, _ plugin.Origin, batch []plugin.NewProduct) ([]plugin.ProductResult, error) {
	if err := checkBatch(len(batch)); err != nil {
		return nil, err
	}
	results := make([]plugin.ProductResult, len(batch))
	err := c.store.batch(ctx, len(batch),
		func(tx *sqlx.Tx, items []int) error { return c.createItems(ctx, tx, batch, items, results) },
		func(i int, err error) { results[i] = plugin.ProductResult{Err: err} })
	if err != nil {
		return nil, fmt.Errorf("create products: %w", err)
	}
	return results, nil
}

func (c *catalog) createItems(ctx context.Context, tx *sqlx.Tx, batch []plugin.NewProduct, items []int, results []plugin.ProductResult) error {
	var wanted []plugin.CategoryID
	variants := 0
	for _, i := range items {
		wanted = append(wanted, batch[i].CategoryID)
		variants += len(batch[i].Variants)
	}
	facts, err := c.facts(ctx, tx, wanted, variants)
	if err != nil {
		return err
	}
	ids, err := newIDs(ctx, tx, "demoshop.products", len(items))
	if err != nil {
		return err
	}
	var states []*productState
	for n, i := range items {
		s, err := newProductState(batch[i], ids[n], facts)
		if err != nil {
			results[i] = plugin.ProductResult{Err: err}
			continue
		}
		states = append(states, s)
		results[i] = plugin.ProductResult{
			ID: formatID[plugin.ProductID](ids[n]), Version: version(1), Changed: true, Added: variantIDs(s.added),
		}
	}
	return c.store.insertProductRows(ctx, tx, states)
}

func variantIDs(ids []int64) []plugin.VariantID {
	out := make([]plugin.VariantID, len(ids))
	for i, id := range ids {
		out[i] = formatID[plugin.VariantID](id)
	}
	return out
}

// facts reads what items need to know beside their own product.
func (c *catalog) facts(ctx context.Context, tx *sqlx.Tx, categories []plugin.CategoryID, variants int) (catalogFacts, error) {
	known, err := knownCategories(ctx, tx, parseIDs(categories))
	if err != nil {
		return catalogFacts{}, err
	}
	ids, err := newIDs(ctx, tx, "demoshop.variants", variants)
	if err != nil {
		return catalogFacts{}, err
	}
	next := func() int64 {
		id := ids[0]
		ids = ids[1:]
		return id
	}
	return catalogFacts{categories: known, newIDs: next, most: c.most, langs: c.langs}, nil
}

// UpdateProducts implements plugin.Catalog.
func (c *catalog) UpdateProducts(ctx context.Context, _ plugin.Origin, batch []plugin.ProductPatch) ([]plugin.ProductResult, error) {
	if err := checkBatch(len(batch)); err != nil {
		return nil, err
	}
	results := make([]plugin.ProductResult, len(batch))
	err := c.store.batch(ctx, len(batch),
		func(tx *sqlx.Tx, items []int) error { return c.updateItems(ctx, tx, batch, items, results) },
		func(i int, err error) { results[i] = plugin.ProductResult{Err: err} })
	if err != nil {
		return nil, fmt.Errorf("update products: %w", err)
	}
	return results, nil
}

func (c *catalog) updateItems(ctx context.Context, tx *sqlx.Tx, batch []plugin.ProductPatch, items []int, results []plugin.ProductResult) error {
	var ids []plugin.ProductID
	var wanted []plugin.CategoryID
	variants := 0
	for _, i := range items {
		ids = append(ids, batch[i].ID)
		if batch[i].CategoryID != nil {
			wanted = append(wanted, *batch[i].CategoryID)
		}
		variants += len(batch[i].AddVariants)
	}
	states, err := lockProducts(ctx, tx, parseIDs(ids))
	if err != nil {
		return err
	}
	facts, err := c.facts(ctx, tx, wanted, variants)
	if err != nil {
		return err
	}
	for _, i := range items {
		results[i] = patchItem(states, batch[i], facts)
	}
	fillVersions(states, items, results)
	return c.store.saveProducts(ctx, tx, states)
}

// patchItem applies one item to the states, or leaves them untouched and answers why.
func patchItem(states map[int64]*productState, p plugin.ProductPatch, facts catalogFacts) plugin.ProductResult {
	id, _ := parseID(p.ID)
	old := states[id]
	if old == nil {
		return plugin.ProductResult{Err: fmt.Errorf("product %q: %w", cut(string(p.ID), 40), plugin.ErrNotFound)}
	}
	trial := old.clone()
	added, changed, err := trial.patch(p, facts)
	if err != nil {
		return plugin.ProductResult{Err: err}
	}
	states[id] = trial
	return plugin.ProductResult{ID: p.ID, Changed: changed, Added: variantIDs(added)}
}

// fillVersions answers to every item the version its product ends with: several items of one
// product in one batch are one stored change.
func fillVersions(states map[int64]*productState, items []int, results []plugin.ProductResult) {
	for _, i := range items {
		if results[i].Err != nil {
			continue
		}
		id, _ := parseID(results[i].ID)
		results[i].Version = version(states[id].current())
	}
}

// UpdateVariants implements plugin.Catalog.
func (c *catalog) UpdateVariants(ctx context.Context, _ plugin.Origin, batch []plugin.VariantPatch) ([]plugin.VariantResult, error) {
	if err := checkBatch(len(batch)); err != nil {
		return nil, err
	}
	results := make([]plugin.VariantResult, len(batch))
	err := c.store.batch(ctx, len(batch),
		func(tx *sqlx.Tx, items []int) error { return c.variantItems(ctx, tx, batch, items, results) },
		func(i int, err error) { results[i] = plugin.VariantResult{Err: err} })
	if err != nil {
		return nil, fmt.Errorf("update variants: %w", err)
	}
	return results, nil
}

func (c *catalog) variantItems(ctx context.Context, tx *sqlx.Tx, batch []plugin.VariantPatch, items []int, results []plugin.VariantResult) error {
	var ids []plugin.VariantID
	for _, i := range items {
		ids = append(ids, batch[i].ID)
	}
	holders, err := productsOfVariants(ctx, tx, parseIDs(ids))
	if err != nil {
		return err
	}
	var products []int64
	for _, p := range holders {
		products = append(products, p)
	}
	states, err := lockProducts(ctx, tx, products)
	if err != nil {
		return err
	}
	for _, i := range items {
		results[i] = patchVariantItem(states, holders, batch[i])
	}
	for _, i := range items {
		if results[i].Err == nil {
			id, _ := parseID(results[i].ProductID)
			results[i].Version = version(states[id].current())
		}
	}
	return c.store.saveProducts(ctx, tx, states)
}

func patchVariantItem(states map[int64]*productState, holders map[int64]int64, p plugin.VariantPatch) plugin.VariantResult {
	id, _ := parseID(p.ID)
	s := states[holders[id]]
	if s == nil {
		return plugin.VariantResult{Err: fmt.Errorf("variant %q: %w", cut(string(p.ID), 40), plugin.ErrNotFound)}
	}
	changed, err := s.patchVariant(p)
	if err != nil {
		return plugin.VariantResult{Err: err}
	}
	return plugin.VariantResult{ProductID: formatID[plugin.ProductID](s.row.ID), Changed: changed}
}
