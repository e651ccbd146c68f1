package demoshop

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

// Products implements plugin.Catalog; in the order asked, each product once.
func (c *catalog) Products(ctx context.Context, lang string, ids []plugin.ProductID) ([]plugin.Product, error) {
	if err := checkBatch(len(ids)); err != nil {
		return nil, err
	}
	wanted := parseIDs(ids)
	rows, err := c.store.productsByID(ctx, wanted)
	if err != nil {
		return nil, err
	}
	variants, err := variantsOf(ctx, c.store.db, wanted)
	if err != nil {
		return nil, err
	}
	images, err := imagesOf(ctx, c.store.db, wanted)
	if err != nil {
		return nil, err
	}
	return assemble(c.langs.reading(lang), wanted, rows, variants, images), nil
}

func assemble(lang string, order []int64, rows []productRow, variants []variantRow, images []imageRow) []plugin.Product {
	byID := make(map[int64]productRow, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	vs, is := map[int64][]variantRow{}, map[int64][]imageRow{}
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
			out = append(out, row.contract(lang, vs[id], is[id]))
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
	hits, err := c.store.productsByKey(ctx, key, values)
	if err != nil {
		return nil, err
	}
	out := make([][]plugin.KeyHit, len(values))
	for _, h := range hits {
		out[h.Ord-1] = append(out[h.Ord-1], plugin.KeyHit{
			ProductID: formatID[plugin.ProductID](h.ProductID), VariantID: formatID[plugin.VariantID](h.VariantID),
		})
	}
	return out, nil
}

// Versions implements plugin.Catalog.
func (c *catalog) Versions(ctx context.Context, ids []plugin.ProductID) (map[plugin.ProductID]plugin.Version, error) {
	if err := checkBatch(len(ids)); err != nil {
		return nil, err
	}
	rows, err := c.store.versions(ctx, c.store.db, parseIDs(ids))
	if err != nil {
		return nil, fmt.Errorf("versions: %w", err)
	}
	out := make(map[plugin.ProductID]plugin.Version, len(rows))
	for id, v := range rows {
		out[formatID[plugin.ProductID](id)] = version(v)
	}
	return out, nil
}
