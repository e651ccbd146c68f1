package store

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// Products is the catalog whole, published or not.
type Products struct{ conn }

// ByID answers the rows that exist, in no promised order.
func (s *Products) ByID(ctx context.Context, ids []int64) ([]domain.Product, error) {
	var rows []domain.Product
	err := s.db.SelectContext(ctx, &rows, `
		SELECT id, version, external_id, name, description, COALESCE(category_id, 0) AS category_id,
			published, orderable, featured, unit, attributes, texts
		FROM demoshop.products WHERE id = ANY($1)`, pq.Array(ids))
	return rows, dbErr("read products", err)
}

// Variants answers the variants of products, in the order they were made.
func (s *Products) Variants(ctx context.Context, products []int64) ([]domain.Variant, error) {
	return variantsOf(ctx, s.db, products)
}

func variantsOf(ctx context.Context, q sqlx.QueryerContext, products []int64) ([]domain.Variant, error) {
	var rows []domain.Variant
	err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT id, product_id, sku, barcode, price, old_price, stock, orderable, published, weight, length, width,
			height, options
		FROM demoshop.variants WHERE product_id = ANY($1) ORDER BY product_id, id`, pq.Array(products))
	return rows, dbErr("read variants", err)
}

// Images answers the pictures of products in the order of display, without their bytes.
func (s *Products) Images(ctx context.Context, products []int64) ([]domain.Image, error) {
	return imagesOf(ctx, s.db, products)
}

func imagesOf(ctx context.Context, q sqlx.QueryerContext, products []int64) ([]domain.Image, error) {
	var rows []domain.Image
	err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT id, product_id, source_url, sha256 FROM demoshop.images
		WHERE product_id = ANY($1) ORDER BY product_id, position`, pq.Array(products))
	return rows, dbErr("read images", err)
}

// KeyHit is a match of one value; Ord is the value's place, from 1.
type KeyHit struct {
	Ord       int   `db:"ord"`
	ProductID int64 `db:"product_id"`
	VariantID int64 `db:"variant_id"`
}

// Key is what products are found by.
type Key string

// The keys. A name is compared after trimming and case folding, all others exactly.
const (
	BySKU        Key = "sku"
	ByBarcode    Key = "barcode"
	ByName       Key = "name"
	ByExternalID Key = "external_id"
)

// keyQuery finds every match; an empty value matches nothing.
func keyQuery(key Key) (query string, fold bool) {
	const values = `FROM unnest($1::text[]) WITH ORDINALITY AS k (val, ord) `
	switch key {
	case BySKU:
		return `SELECT k.ord, v.product_id, v.id AS variant_id ` + values +
			`JOIN demoshop.variants v ON v.sku = k.val AND v.sku <> '' ORDER BY k.ord, v.product_id, v.id`, false
	case ByBarcode:
		return `SELECT k.ord, v.product_id, v.id AS variant_id ` + values +
			`JOIN demoshop.variants v ON v.barcode = k.val AND v.barcode <> '' ORDER BY k.ord, v.product_id, v.id`, false
	case ByName:
		return `SELECT k.ord, p.id AS product_id, 0 AS variant_id ` + values +
			`JOIN demoshop.products p ON md5(p.name_key) = md5(k.val) AND p.name_key = k.val ORDER BY k.ord, p.id`, true
	case ByExternalID:
		return `SELECT k.ord, p.id AS product_id, 0 AS variant_id ` + values +
			`JOIN demoshop.products p ON p.external_id = k.val AND p.external_id <> '' ORDER BY k.ord, p.id`, false
	}
	return "", false
}

// ByKey answers every product that matches one of the values, in the order of these. Errors: ErrInvalid for
// another key.
func (s *Products) ByKey(ctx context.Context, key Key, values []string) ([]KeyHit, error) {
	query, fold := keyQuery(key)
	if query == "" {
		return nil, domain.Invalidf("products cannot be found by %q", domain.Cut(string(key), 40))
	}
	asked := make([]string, len(values))
	for i, v := range values {
		// What cannot be stored matches nothing, and must not fail the other values.
		if domain.CheckText("value", v, domain.MaxName) != nil {
			continue
		}
		if asked[i] = v; fold {
			asked[i] = domain.NameKey(v)
		}
	}
	var hits []KeyHit
	err := s.db.SelectContext(ctx, &hits, query, pq.Array(asked))
	return hits, dbErr("find products by key", err)
}

// Versions answers the versions of the products that exist.
func (s *Products) Versions(ctx context.Context, ids []int64) (map[int64]int64, error) {
	var rows []struct {
		ID      int64 `db:"id"`
		Version int64 `db:"version"`
	}
	err := s.db.SelectContext(ctx, &rows, `SELECT id, version FROM demoshop.products WHERE id = ANY($1)`, pq.Array(ids))
	if err != nil {
		return nil, dbErr("read versions", err)
	}
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.Version
	}
	return out, nil
}
