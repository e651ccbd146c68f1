package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// LockProducts reads products with their variants and holds their rows until the transaction ends,
// in id order like everybody else. Unknown ids are left out.
func (t *CatalogTx) LockProducts(ctx context.Context, ids []int64) (map[int64]*domain.ProductState, error) {
	var rows []domain.Product
	err := t.tx.SelectContext(ctx, &rows, `
		SELECT id, version, external_id, name, description, COALESCE(category_id, 0) AS category_id,
			published, orderable, featured, unit, attributes, texts
		FROM demoshop.products WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`, pq.Array(ids))
	if err != nil {
		return nil, dbErr("lock products", err)
	}
	states := make(map[int64]*domain.ProductState, len(rows))
	for _, row := range rows {
		states[row.ID] = &domain.ProductState{Product: row, Dirty: map[int64]bool{}}
	}
	variants, err := variantsOf(ctx, t.tx, ids)
	if err != nil {
		return nil, err
	}
	for _, v := range variants {
		if s := states[v.ProductID]; s != nil {
			s.Variants = append(s.Variants, v)
		}
	}
	return states, nil
}

// ProductsOf answers which product holds each of the variants that exist.
func (t *CatalogTx) ProductsOf(ctx context.Context, variants []int64) (map[int64]int64, error) {
	return productsOfVariants(ctx, t.tx, variants)
}

func productsOfVariants(ctx context.Context, q sqlx.QueryerContext, ids []int64) (map[int64]int64, error) {
	var rows []struct {
		ID        int64 `db:"id"`
		ProductID int64 `db:"product_id"`
	}
	err := sqlx.SelectContext(ctx, q, &rows, `SELECT id, product_id FROM demoshop.variants WHERE id = ANY($1)`, pq.Array(ids))
	if err != nil {
		return nil, dbErr("find products of variants", err)
	}
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.ProductID
	}
	return out, nil
}

// KnownCategories answers which of the ids exist, and keeps them from vanishing until the end of
// the transaction.
func (t *CatalogTx) KnownCategories(ctx context.Context, ids []int64) (map[int64]bool, error) {
	known := make(map[int64]bool, len(ids))
	if len(ids) == 0 {
		return known, nil
	}
	var found []int64
	err := t.tx.SelectContext(ctx, &found,
		`SELECT id FROM demoshop.categories WHERE id = ANY($1) ORDER BY id FOR KEY SHARE`, pq.Array(ids))
	if err != nil {
		return nil, dbErr("find categories", err)
	}
	for _, id := range found {
		known[id] = true
	}
	return known, nil
}

// SaveProducts writes what a batch changed, with one statement per kind of change.
func (t *CatalogTx) SaveProducts(ctx context.Context, states map[int64]*domain.ProductState) error {
	var changed []*domain.ProductState
	for _, id := range slices.Sorted(maps.Keys(states)) {
		if states[id].Changed {
			changed = append(changed, states[id])
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := t.updateProductRows(ctx, changed); err != nil {
		return err
	}
	var update, insert []domain.Variant
	var remove []int64
	for _, st := range changed {
		remove = append(remove, st.Removed...)
		for _, v := range st.Variants {
			switch {
			case st.Dirty[v.ID]:
				update = append(update, v)
			case slices.Contains(st.Added, v.ID):
				insert = append(insert, v)
			}
		}
	}
	if err := dropVariants(ctx, t.tx, remove); err != nil {
		return err
	}
	if err := updateVariantRows(ctx, t.tx, update); err != nil {
		return err
	}
	return insertVariantRows(ctx, t.tx, insert)
}

// productColumns are the columns of many products, for an unnest.
type productColumns struct {
	ids, versions                                                        []int64
	external, names, keys, sorts, descriptions, units, attributes, texts []string
	categories                                                           []sql.NullInt64
	prices                                                               []sql.NullString
	published, orderable, featured                                       []bool
}

func columnsOf(states []*domain.ProductState) (productColumns, error) {
	var c productColumns
	for _, st := range states {
		p := st.Product
		attrs, err := p.Attributes.JSON()
		if err != nil {
			return c, domain.Invalidf("attributes of product %d", p.ID)
		}
		texts, err := p.Texts.JSON()
		if err != nil {
			return c, domain.Invalidf("texts of product %d", p.ID)
		}
		c.texts = append(c.texts, texts)
		c.ids = append(c.ids, p.ID)
		c.versions = append(c.versions, st.Current())
		c.external = append(c.external, p.ExternalID)
		c.names = append(c.names, p.Name)
		c.keys = append(c.keys, domain.NameKey(p.Name))
		c.sorts = append(c.sorts, domain.Cut(domain.UkrainianOrder(p.Name), 120))
		c.descriptions = append(c.descriptions, p.Description)
		c.categories = append(c.categories, noneIsNull(p.CategoryID))
		c.published = append(c.published, p.Published)
		c.orderable = append(c.orderable, p.Orderable)
		c.featured = append(c.featured, p.Featured)
		c.units = append(c.units, p.Unit)
		c.attributes = append(c.attributes, attrs)
		c.prices = append(c.prices, nullable(st.MinPrice()))
	}
	return c, nil
}

func (c productColumns) args() []any {
	return []any{
		pq.Array(c.ids), pq.Array(c.versions), pq.Array(c.external), pq.Array(c.names), pq.Array(c.keys),
		pq.Array(c.descriptions), pq.Array(c.categories), pq.Array(c.published), pq.Array(c.orderable),
		pq.Array(c.featured), pq.Array(c.units), pq.Array(c.attributes), pq.Array(c.prices), pq.Array(c.sorts), pq.Array(c.texts),
	}
}

const productUnnest = `
	unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::boolean[],
		$9::boolean[], $10::boolean[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
	AS n (id, version, external_id, name, name_key, description, category_id, published, orderable, featured, unit,
		attributes, min_price, name_sort, texts)`

func (t *CatalogTx) updateProductRows(ctx context.Context, states []*domain.ProductState) error {
	c, err := columnsOf(states)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		UPDATE demoshop.products p SET version = n.version, external_id = n.external_id, name = n.name, name_key = n.name_key,
			name_sort = n.name_sort, description = n.description, category_id = n.category_id, published = n.published, orderable = n.orderable,
			featured = n.featured, unit = n.unit, attributes = n.attributes::jsonb, min_price = n.min_price::numeric,
			texts = n.texts::jsonb, updated_at = $16
		FROM `+productUnnest+` WHERE p.id = n.id`, append(c.args(), t.now())...)
	return dbErr("update products", err)
}

// InsertProducts writes new products with their variants.
func (t *CatalogTx) InsertProducts(ctx context.Context, states []*domain.ProductState) error {
	if len(states) == 0 {
		return nil
	}
	c, err := columnsOf(states)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		INSERT INTO demoshop.products (id, version, external_id, name, name_key, name_sort, description, category_id, published,
			orderable, featured, unit, attributes, min_price, texts, created_at, updated_at)
		SELECT n.id, n.version, n.external_id, n.name, n.name_key, n.name_sort, n.description, n.category_id, n.published,
			n.orderable, n.featured, n.unit, n.attributes::jsonb, n.min_price::numeric, n.texts::jsonb, $16, $16
		FROM `+productUnnest, append(c.args(), t.now())...)
	if err != nil {
		return dbErr("insert products", err)
	}
	var variants []domain.Variant
	for _, st := range states {
		variants = append(variants, st.Variants...)
	}
	return insertVariantRows(ctx, t.tx, variants)
}

const variantUnnest = `
	unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
		$9::boolean[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])
	AS n (id, product_id, sku, barcode, price, old_price, stock, orderable, published, weight, length, width, height,
		options)`

func variantArgs(rows []domain.Variant) ([]any, error) {
	var ids, products []int64
	var skus, barcodes, weights, lengths, widths, heights, options []string
	var prices, oldPrices, stocks []sql.NullString
	var orderable, published []bool
	for _, v := range rows {
		opts, err := v.Options.JSON()
		if err != nil {
			return nil, domain.Invalidf("options of variant %d", v.ID)
		}
		ids, products = append(ids, v.ID), append(products, v.ProductID)
		skus, barcodes = append(skus, v.SKU), append(barcodes, v.Barcode)
		prices, oldPrices = append(prices, nullable(v.Price)), append(oldPrices, nullable(v.OldPrice))
		stocks = append(stocks, nullable(v.Stock))
		orderable, published = append(orderable, v.Orderable), append(published, v.Published)
		weights, lengths = append(weights, v.Weight.String()), append(lengths, v.Length.String())
		widths, heights = append(widths, v.Width.String()), append(heights, v.Height.String())
		options = append(options, opts)
	}
	return []any{
		pq.Array(ids), pq.Array(products), pq.Array(skus), pq.Array(barcodes), pq.Array(prices), pq.Array(oldPrices),
		pq.Array(stocks), pq.Array(orderable), pq.Array(published), pq.Array(weights), pq.Array(lengths),
		pq.Array(widths), pq.Array(heights), pq.Array(options),
	}, nil
}

func insertVariantRows(ctx context.Context, tx *sqlx.Tx, rows []domain.Variant) error {
	if len(rows) == 0 {
		return nil
	}
	args, err := variantArgs(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO demoshop.variants (id, product_id, sku, barcode, price, old_price, stock, orderable, published,
			weight, length, width, height, options)
		SELECT n.id, n.product_id, n.sku, n.barcode, n.price::numeric, n.old_price::numeric, n.stock::numeric, n.orderable,
			n.published, n.weight::numeric, n.length::numeric, n.width::numeric, n.height::numeric, n.options::jsonb
		FROM `+variantUnnest, args...)
	return dbErr("insert variants", err)
}

func updateVariantRows(ctx context.Context, tx *sqlx.Tx, rows []domain.Variant) error {
	if len(rows) == 0 {
		return nil
	}
	args, err := variantArgs(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE demoshop.variants v SET sku = n.sku, barcode = n.barcode, price = n.price::numeric,
			old_price = n.old_price::numeric, stock = n.stock::numeric, orderable = n.orderable, published = n.published,
			weight = n.weight::numeric, length = n.length::numeric, width = n.width::numeric, height = n.height::numeric,
			options = n.options::jsonb
		FROM `+variantUnnest+` WHERE v.id = n.id`, args...)
	return dbErr("update variants", err)
}

func dropVariants(ctx context.Context, tx *sqlx.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM demoshop.variants WHERE id = ANY($1)`, pq.Array(ids))
	return dbErr("remove variants", err)
}
