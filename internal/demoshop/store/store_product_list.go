package store

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// ProductListRow is a product in the admin's list.
type ProductListRow struct {
	ID         int64               `db:"id"`
	Name       string              `db:"name"`
	Published  bool                `db:"published"`
	Orderable  bool                `db:"orderable"`
	Featured   bool                `db:"featured"`
	ExternalID string              `db:"external_id"`
	MinPrice   decimal.NullDecimal `db:"min_price"`
	ImageID    *int64              `db:"main_image_id"`
	Category   *string             `db:"category"`
	Variants   int                 `db:"variants"`
	SKU        string              `db:"sku"`
	Stock      decimal.NullDecimal `db:"stock"`
	Unit       string              `db:"unit"`
	Found      int                 `db:"found"`
}

// ProductFilter selects products of the admin's list.
type ProductFilter struct {
	Query     string // in the name, or a whole SKU, barcode or external id
	Published string // "", "yes" or "no"
	Category  int64  // 0: all
}

// List answers one page, newest first, with what its variants hold together.
func (s *Products) List(ctx context.Context, f ProductFilter, page, size int) ([]ProductListRow, error) {
	var rows []ProductListRow
	err := s.db.SelectContext(ctx, &rows, `
		WITH found AS (
			SELECT p.*, count(*) OVER () AS found FROM demoshop.products p
			WHERE ($1 = '' OR p.name_key LIKE '%' || $2 || '%' OR p.external_id = $1
					OR p.id IN (SELECT product_id FROM demoshop.variants WHERE sku <> '' AND sku = $1)
					OR p.id IN (SELECT product_id FROM demoshop.variants WHERE barcode <> '' AND barcode = $1))
				AND ($3 = '' OR p.published = ($3 = 'yes'))
				AND ($4 = 0 OR p.category_id = $4)
			ORDER BY p.id DESC LIMIT $5 OFFSET $6)
		SELECT f.id, f.name, f.published, f.orderable, f.featured, f.external_id, f.min_price, f.main_image_id, f.unit, f.found,
			c.name AS category, v.variants, v.sku, v.stock
		FROM found f LEFT JOIN demoshop.categories c ON c.id = f.category_id
		CROSS JOIN LATERAL (SELECT count(*) AS variants, COALESCE(min(sku), '') AS sku, sum(stock) AS stock
			FROM demoshop.variants WHERE product_id = f.id) v
		ORDER BY f.id DESC`, f.Query, likeText(domain.NameKey(f.Query)), f.Published, f.Category, size, (page-1)*size)
	return rows, dbErr("list products", err)
}

// Publish shows or hides products.
func (s *Products) Publish(ctx context.Context, ids []int64, published bool) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		var locked []int64
		err := tx.SelectContext(ctx, &locked, `
			SELECT id FROM demoshop.products WHERE id = ANY($1) AND published <> $2 ORDER BY id FOR NO KEY UPDATE`,
			pq.Array(ids), published)
		if err != nil {
			return dbErr("lock products", err)
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE demoshop.products SET published = $2, version = version + 1, updated_at = $3 WHERE id = ANY($1)`,
			pq.Array(locked), published, s.now())
		return dbErr("publish products", err)
	})
}

// SetFeatured puts a product on the home page. It raises no version: plugins do not see it.
func (s *Products) SetFeatured(ctx context.Context, id int64, featured bool) error {
	_, err := s.db.ExecContext(ctx, `UPDATE demoshop.products SET featured = $2 WHERE id = $1`, id, featured)
	return dbErr("feature product", err)
}

// CategoryCounts answers how many products lie in each category, all and shown ones.
func (s *Products) CategoryCounts(ctx context.Context) (map[int64][2]int, error) {
	var rows []struct {
		ID    int64 `db:"id"`
		All   int   `db:"all"`
		Shown int   `db:"shown"`
	}
	err := s.db.SelectContext(ctx, &rows, `
		SELECT COALESCE(category_id, 0) AS id, count(*) AS "all", count(*) FILTER (WHERE published) AS shown
		FROM demoshop.products GROUP BY 1`)
	if err != nil {
		return nil, dbErr("count products", err)
	}
	out := map[int64][2]int{}
	for _, r := range rows {
		out[r.ID] = [2]int{r.All, r.Shown}
	}
	return out, nil
}
