package bridge

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// Products implements plugin.Catalog; in the order asked, each product once.
func (c *catalog) Products(ctx context.Context, lang string, ids []plugin.ProductID) ([]plugin.Product, error) {
	if err := checkBatch(len(ids)); err != nil {
		return nil, err
	}
	wanted := domain.ParseIDs(ids)
	rows, err := c.store.ByID(ctx, wanted)
	if err != nil {
		return nil, contractErr(err)
	}
	variants, err := c.store.Variants(ctx, wanted)
	if err != nil {
		return nil, contractErr(err)
	}
	images, err := c.store.Images(ctx, wanted)
	if err != nil {
		return nil, contractErr(err)
	}
	return assemble(c.langs.Reading(lang), wanted, rows, variants, images), nil
}

func assemble(lang string, order []int64, rows []domain.Product, variants []domain.Variant, images []domain.Image) []plugin.Product {
	byID := make(map[int64]domain.Product, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	vs, is := map[int64][]domain.Variant{}, map[int64][]domain.Image{}
	for _, v := range variants {
		vs[v.ProductID] = append(vs[v.ProductID], v)
	}
	for _, i := range images {
		is[i.ProductID] = append(is[i.ProductID], i)
	}
	out := make([]plugin.Product, 0, len(rows))
	for _, id := range order {
		// A product deleted between the reads has no variants any more: it is left out.
		if row, ok := byID[id]; ok && len(vs[id]) > 0 {
			out = append(out, contractProduct(row, lang, vs[id], is[id]))
			delete(byID, id)
		}
	}
	return out
}

// ProductsByKey implements plugin.Catalog.
func (c *catalog) ProductsByKey(ctx context.Context, key plugin.ProductKey, values []string) ([][]plugin.KeyHit, error) {
	if err := checkBatch(len(values)); err != nil {
		return nil, err
	}
	hits, err := c.store.ByKey(ctx, store.Key(key), values)
	if err != nil {
		return nil, contractErr(err)
	}
	out := make([][]plugin.KeyHit, len(values))
	for _, h := range hits {
		out[h.Ord-1] = append(out[h.Ord-1], plugin.KeyHit{
			ProductID: domain.FormatID[plugin.ProductID](h.ProductID), VariantID: domain.FormatID[plugin.VariantID](h.VariantID),
		})
	}
	return out, nil
}

// Versions implements plugin.Catalog.
func (c *catalog) Versions(ctx context.Context, ids []plugin.ProductID) (map[plugin.ProductID]plugin.Version, error) {
	if err := checkBatch(len(ids)); err != nil {
		return nil, err
	}
	rows, err := c.store.Versions(ctx, domain.ParseIDs(ids))
	if err != nil {
		return nil, contractErr(fmt.Errorf("versions: %w", err))
	}
	out := make(map[plugin.ProductID]plugin.Version, len(rows))
	for id, v := range rows {
		out[domain.FormatID[plugin.ProductID](id)] = version(v)
	}
	return out, nil
}
