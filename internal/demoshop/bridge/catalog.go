package bridge

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// catalog is the shop's catalog as the plugin sees it. The shop has no events about products, so an
// Origin has nowhere to be repeated and is not kept.
type catalog struct {
	store *store.Products
	most  int // variants of a product
	langs domain.Languages
}

var _ plugin.Catalog = (*catalog)(nil)

// CreateProducts implements plugin.Catalog.
func (c *catalog) CreateProducts(ctx context.Context, _ plugin.Origin, batch []plugin.NewProduct) ([]plugin.ProductResult, error) {
	return inBatch(ctx, c.store, "create products", batch, c.createItems, productRefused)
}

func (c *catalog) createItems(ctx context.Context, tx *store.CatalogTx, batch []plugin.NewProduct, items []int, results []plugin.ProductResult) error {
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
	ids, err := tx.NewProductIDs(ctx, len(items))
	if err != nil {
		return err
	}
	var states []*domain.ProductState
	for n, i := range items {
		s, err := newProductState(batch[i], ids[n], facts)
		if err != nil {
			results[i] = productRefused(err)
			continue
		}
		states = append(states, s)
		results[i] = plugin.ProductResult{
			ID: domain.FormatID[plugin.ProductID](ids[n]), Version: version(1), Changed: true, Added: variantIDs(s.Added),
		}
	}
	return tx.InsertProducts(ctx, states)
}

func variantIDs(ids []int64) []plugin.VariantID {
	out := make([]plugin.VariantID, len(ids))
	for i, id := range ids {
		out[i] = domain.FormatID[plugin.VariantID](id)
	}
	return out
}

// facts reads what items need to know beside their own product.
func (c *catalog) facts(ctx context.Context, tx *store.CatalogTx, categories []plugin.CategoryID, variants int) (catalogFacts, error) {
	known, err := tx.KnownCategories(ctx, domain.ParseIDs(categories))
	if err != nil {
		return catalogFacts{}, err
	}
	ids, err := tx.NewVariantIDs(ctx, variants)
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
	return inBatch(ctx, c.store, "update products", batch, c.updateItems, productRefused)
}

func (c *catalog) updateItems(ctx context.Context, tx *store.CatalogTx, batch []plugin.ProductPatch, items []int, results []plugin.ProductResult) error {
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
	states, err := tx.LockProducts(ctx, domain.ParseIDs(ids))
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
	return tx.SaveProducts(ctx, states)
}

// patchItem applies one item to the states, or leaves them untouched and answers why.
func patchItem(states map[int64]*domain.ProductState, p plugin.ProductPatch, facts catalogFacts) plugin.ProductResult {
	id, _ := domain.ParseID(p.ID)
	old := states[id]
	if old == nil {
		return productRefused(fmt.Errorf("product %q: %w", domain.Cut(string(p.ID), 40), domain.ErrNotFound))
	}
	trial := old.Clone()
	added, changed, err := patchProduct(trial, p, facts)
	if err != nil {
		return productRefused(err)
	}
	states[id] = trial
	return plugin.ProductResult{ID: p.ID, Changed: changed, Added: variantIDs(added)}
}

// fillVersions answers to every item the version its product ends with: several items of one
// product in one batch are one stored change.
func fillVersions(states map[int64]*domain.ProductState, items []int, results []plugin.ProductResult) {
	for _, i := range items {
		if results[i].Err != nil {
			continue
		}
		id, _ := domain.ParseID(results[i].ID)
		results[i].Version = version(states[id].Current())
	}
}

// UpdateVariants implements plugin.Catalog.
func (c *catalog) UpdateVariants(ctx context.Context, _ plugin.Origin, batch []plugin.VariantPatch) ([]plugin.VariantResult, error) {
	return inBatch(ctx, c.store, "update variants", batch, c.variantItems, variantRefused)
}

func (c *catalog) variantItems(ctx context.Context, tx *store.CatalogTx, batch []plugin.VariantPatch, items []int, results []plugin.VariantResult) error {
	var ids []plugin.VariantID
	for _, i := range items {
		ids = append(ids, batch[i].ID)
	}
	holders, err := tx.ProductsOf(ctx, domain.ParseIDs(ids))
	if err != nil {
		return err
	}
	var products []int64
	for _, p := range holders {
		products = append(products, p)
	}
	states, err := tx.LockProducts(ctx, products)
	if err != nil {
		return err
	}
	for _, i := range items {
		results[i] = patchVariantItem(states, holders, batch[i])
	}
	for _, i := range items {
		if results[i].Err == nil {
			id, _ := domain.ParseID(results[i].ProductID)
			results[i].Version = version(states[id].Current())
		}
	}
	return tx.SaveProducts(ctx, states)
}

func patchVariantItem(states map[int64]*domain.ProductState, holders map[int64]int64, p plugin.VariantPatch) plugin.VariantResult {
	id, _ := domain.ParseID(p.ID)
	s := states[holders[id]]
	if s == nil {
		return variantRefused(fmt.Errorf("variant %q: %w", domain.Cut(string(p.ID), 40), domain.ErrNotFound))
	}
	changed, err := patchVariant(s, p)
	if err != nil {
		return variantRefused(err)
	}
	return plugin.VariantResult{ProductID: domain.FormatID[plugin.ProductID](s.Product.ID), Changed: changed}
}
