package demoshop

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/plugin"
)

// productsByID answers the rows that exist, in no promised order.
func (s *store) productsByID(ctx context.Context, ids []int64) ([]productRow, error) {
	var rows []productRow
	err := s.db.SelectContext(ctx, &rows, `
		SELECT id, version, external_id, name, description, COALESCE(category_id, 0) AS category_id,
			published, orderable, featured, unit, attributes, texts
		FROM demoshop.products WHERE id = ANY($1)`, pq.Array(ids))
	return rows, dbErr("read products", err)
}

// variantsOf answers the variants of products, in the order they were made.
func variantsOf(ctx context.Context, q sqlx.QueryerContext, products []int64) ([]variantRow, error) {
	var rows []variantRow
	err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT id, product_id, sku, barcode, price, old_price, stock, orderable, published, weight, length, width,
			height, options
		FROM demoshop.variants WHERE product_id = ANY($1) ORDER BY product_id, id`, pq.Array(products))
	return rows, dbErr("read variants", err)
}

// imagesOf answers the pictures of products in the order of display, without their bytes.
func imagesOf(ctx context.Context, q sqlx.QueryerContext, products []int64) ([]imageRow, error) {
	var rows []imageRow
	err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT id, product_id, source_url, sha256 FROM demoshop.images
		WHERE product_id = ANY($1) ORDER BY product_id, position`, pq.Array(products))
	return rows, dbErr("read images", err)
}

// keyHit is a match of one value; Ord is the value's place, from 1.
type keyHit struct {
	Ord       int   `db:"ord"`
	ProductID int64 `db:"product_id"`
	VariantID int64 `db:"variant_id"`
}

// keyQueries find every match; an empty value matches nothing.
func keyQuery(key plugin.ProductKey) (query string, fold bool) {
	const values = `FROM unnest($1::text[]) WITH ORDINALITY AS k (val, ord) `
	switch key {
	case plugin.KeySKU:
		return `SELECT k.ord, v.product_id, v.id AS variant_id ` + values +
			`JOIN demoshop.variants v ON v.sku = k.val AND v.sku <> '' ORDER BY k.ord, v.product_id, v.id`, false
	case plugin.KeyBarcode:
		return `SELECT k.ord, v.product_id, v.id AS variant_id ` + values +
			`JOIN demoshop.variants v ON v.barcode = k.val AND v.barcode <> '' ORDER BY k.ord, v.product_id, v.id`, false
	case plugin.KeyName:
		return `SELECT k.ord, p.id AS product_id, 0 AS variant_id ` + values +
			`JOIN demoshop.products p ON md5(p.name_key) = md5(k.val) AND p.name_key = k.val ORDER BY k.ord, p.id`, true
	case plugin.KeyExternalID:
		return `SELECT k.ord, p.id AS product_id, 0 AS variant_id ` + values +
			`JOIN demoshop.products p ON p.external_id = k.val AND p.external_id <> '' ORDER BY k.ord, p.id`, false
	}
	return "", false
}

func (s *store) productsByKey(ctx context.Context, key plugin.ProductKey, values []string) ([]keyHit, error) {
	query, fold := keyQuery(key)
	if query == "" {
		return nil, invalidf("products cannot be found by %q", cut(string(key), 40))
	}
	asked := make([]string, len(values))
	for i, v := range values {
		// What cannot be stored matches nothing, and must not fail the other values.
		if checkText("value", v, maxName) != nil {
			continue
		}
		if asked[i] = v; fold {
			asked[i] = nameKey(v)
		}
	}
	var hits []keyHit
	err := s.db.SelectContext(ctx, &hits, query, pq.Array(asked))
	return hits, dbErr("find products by key", err)
}
