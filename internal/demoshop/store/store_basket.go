package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// Sales are baskets, and what becomes of them.
type Sales struct{ conn }

// BasketLife is how long an untouched basket is kept.
const BasketLife = 60 * 24 * time.Hour

func readBasket(ctx context.Context, q sqlx.QueryerContext, query string, hash []byte) (domain.Basket, bool, error) {
	var row struct {
		Lines []byte `db:"lines"`
		Promo string `db:"promo"`
	}
	err := sqlx.GetContext(ctx, q, &row, query, hash)
	if errors.Is(err, sql.ErrNoRows) {
		return domain.Basket{}, false, nil
	}
	if err != nil {
		return domain.Basket{}, false, dbErr("read basket", err)
	}
	b := domain.Basket{Promo: row.Promo}
	return b, true, dbErr("read basket", json.Unmarshal(row.Lines, &b.Lines))
}

// Basket answers a basket; an unknown one is empty.
func (s *Sales) Basket(ctx context.Context, hash []byte) (domain.Basket, error) {
	b, _, err := readBasket(ctx, s.db, `SELECT lines, promo FROM demoshop.baskets WHERE token_hash = $1`, hash)
	return b, err
}

// ChangeBasket changes a basket, which comes into being when it was not there.
func (s *Sales) ChangeBasket(ctx context.Context, hash []byte, change func(b *domain.Basket)) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		now := s.now()
		if _, err := tx.ExecContext(ctx, `DELETE FROM demoshop.baskets WHERE updated_at < $1`, now.Add(-BasketLife)); err != nil {
			return dbErr("sweep baskets", err)
		}
		_, err := tx.ExecContext(ctx,
			`INSERT INTO demoshop.baskets (token_hash, updated_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, hash, now)
		if err != nil {
			return dbErr("make basket", err)
		}
		b, _, err := readBasket(ctx, tx, `SELECT lines, promo FROM demoshop.baskets WHERE token_hash = $1 FOR UPDATE`, hash)
		if err != nil {
			return err
		}
		change(&b)
		return saveBasket(ctx, tx, hash, b, now)
	})
}

func saveBasket(ctx context.Context, tx *sqlx.Tx, hash []byte, b domain.Basket, now time.Time) error {
	if b.Lines == nil {
		b.Lines = []domain.BasketLine{}
	}
	lines, err := json.Marshal(b.Lines)
	if err != nil {
		return dbErr("write basket", err)
	}
	_, err = tx.ExecContext(ctx,
		`UPDATE demoshop.baskets SET lines = $2, promo = $3, updated_at = $4 WHERE token_hash = $1`, hash, lines, b.Promo, now)
	return dbErr("write basket", err)
}

// goodsQuery reads what a basket holds.
const goodsQuery = `
	SELECT v.id, v.product_id, p.name, v.options, v.sku, p.unit, p.main_image_id, v.price, v.old_price, v.stock,
		p.published AND p.orderable AND v.published AND v.orderable AND v.price IS NOT NULL AS for_sale
	FROM demoshop.variants v JOIN demoshop.products p ON p.id = v.product_id WHERE v.id = ANY($1)`

func goodsOf(ctx context.Context, q sqlx.QueryerContext, variants []int64) (map[int64]domain.Goods, error) {
	var rows []domain.Goods
	if err := sqlx.SelectContext(ctx, q, &rows, goodsQuery, pq.Array(variants)); err != nil {
		return nil, dbErr("read goods", err)
	}
	out := make(map[int64]domain.Goods, len(rows))
	for _, g := range rows {
		out[g.VariantID] = g
	}
	return out, nil
}

// Goods answers the variants that still exist, by id.
func (s *Sales) Goods(ctx context.Context, variants []int64) (map[int64]domain.Goods, error) {
	return goodsOf(ctx, s.db, variants)
}
