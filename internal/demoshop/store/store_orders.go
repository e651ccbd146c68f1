package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// Orders are placed orders with all that hangs on them.
type Orders struct{ conn }

// Get reads one order whole. Errors: ErrNotFound.
func (s *Orders) Get(ctx context.Context, id int64) (domain.FullOrder, error) {
	return s.fullOrder(ctx, `SELECT * FROM demoshop.orders WHERE id = $1`, id)
}

// ByNumber reads one order whole by the number the buyer was told. Errors: ErrNotFound.
func (s *Orders) ByNumber(ctx context.Context, number string) (domain.FullOrder, error) {
	return s.fullOrder(ctx, `SELECT * FROM demoshop.orders WHERE number = $1`, number)
}

// fullOrder reads the parts in one snapshot: an order edited in between would not add up.
func (s *Orders) fullOrder(ctx context.Context, query string, arg any) (domain.FullOrder, error) {
	var o domain.FullOrder
	tx, err := s.db.BeginTxx(ctx, snapshot())
	if err != nil {
		return o, dbErr("begin", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := tx.GetContext(ctx, &o.Order, query, arg); err != nil {
		return o, dbErr("read order", err)
	}
	parts := []struct {
		into  any
		query string
	}{
		{&o.Lines, `SELECT id, product_id, variant_id, sku, name, options, quantity, unit, price, image_id, took_stock
			FROM demoshop.order_lines WHERE order_id = $1 ORDER BY id`},
		{&o.AddOns, `SELECT code, name, price, quantity, value FROM demoshop.order_add_ons WHERE order_id = $1 ORDER BY id`},
		{&o.Payments, `SELECT id, method, amount, state, paid_at, note FROM demoshop.order_payments WHERE order_id = $1 ORDER BY id`},
		{&o.History, `SELECT at, actor, line FROM demoshop.order_history WHERE order_id = $1 ORDER BY id`},
	}
	for _, p := range parts {
		if err := tx.SelectContext(ctx, p.into, p.query, o.ID); err != nil {
			return o, dbErr("read order", err)
		}
	}
	return o, nil
}

// partRow is a part of an order that tells which one it belongs to.
type partRow[T any] struct {
	Part    T     `db:"part"`
	OrderID int64 `db:"order_id"`
}

// Many reads orders whole, in one snapshot and with one query for each part. An unknown id is
// left out.
func (s *Orders) Many(ctx context.Context, ids []int64) ([]domain.FullOrder, error) {
	tx, err := s.db.BeginTxx(ctx, snapshot())
	if err != nil {
		return nil, dbErr("begin", err)
	}
	defer func() { _ = tx.Rollback() }()
	var rows []domain.Order
	if err := tx.SelectContext(ctx, &rows, `SELECT * FROM demoshop.orders WHERE id = ANY($1) ORDER BY id`, pq.Array(ids)); err != nil {
		return nil, dbErr("read orders", err)
	}
	out := make([]domain.FullOrder, len(rows))
	at := make(map[int64]*domain.FullOrder, len(rows))
	for i, r := range rows {
		out[i].Order = r
		at[r.ID] = &out[i]
	}
	if err := partsOf(ctx, tx, ids, `SELECT order_id, id AS "part.id", product_id AS "part.product_id", variant_id AS "part.variant_id",
			sku AS "part.sku", name AS "part.name", options AS "part.options", quantity AS "part.quantity", unit AS "part.unit",
			price AS "part.price", image_id AS "part.image_id", took_stock AS "part.took_stock"
		FROM demoshop.order_lines WHERE order_id = ANY($1) ORDER BY id`,
		func(id int64, p domain.OrderLine) { at[id].Lines = append(at[id].Lines, p) }); err != nil {
		return nil, err
	}
	if err := partsOf(ctx, tx, ids, `SELECT order_id, code AS "part.code", name AS "part.name", price AS "part.price",
			quantity AS "part.quantity", value AS "part.value"
		FROM demoshop.order_add_ons WHERE order_id = ANY($1) ORDER BY id`,
		func(id int64, p domain.OrderAddOn) { at[id].AddOns = append(at[id].AddOns, p) }); err != nil {
		return nil, err
	}
	if err := partsOf(ctx, tx, ids, `SELECT order_id, id AS "part.id", method AS "part.method", amount AS "part.amount",
			state AS "part.state", paid_at AS "part.paid_at", note AS "part.note"
		FROM demoshop.order_payments WHERE order_id = ANY($1) ORDER BY id`,
		func(id int64, p domain.Payment) { at[id].Payments = append(at[id].Payments, p) }); err != nil {
		return nil, err
	}
	err = partsOf(ctx, tx, ids, `SELECT order_id, at AS "part.at", actor AS "part.actor", line AS "part.line"
		FROM demoshop.order_history WHERE order_id = ANY($1) ORDER BY id`,
		func(id int64, p domain.HistoryLine) { at[id].History = append(at[id].History, p) })
	return out, err
}

func partsOf[T any](ctx context.Context, tx *sqlx.Tx, ids []int64, query string, put func(order int64, part T)) error {
	var rows []partRow[T]
	if err := tx.SelectContext(ctx, &rows, query, pq.Array(ids)); err != nil {
		return dbErr("read orders", err)
	}
	for _, r := range rows {
		put(r.OrderID, r.Part)
	}
	return nil
}

// PlacementQuery selects orders by when they were placed.
type PlacementQuery struct {
	From, To time.Time // From inclusive, To exclusive; zero is open
	Statuses []string  // nil: all
	After    *Position // nil: from the start
	Limit    int
}

// Position is a place in the scan: that of an order, which is not repeated.
type Position struct {
	At    time.Time
	Order int64
}

// Placements answers one row more than the limit, so that the caller sees whether a page follows.
func (s *Orders) Placements(ctx context.Context, q PlacementQuery) ([]domain.Placement, error) {
	var at *time.Time
	var id int64
	if q.After != nil {
		at, id = &q.After.At, q.After.Order
	}
	var rows []domain.Placement
	err := s.db.SelectContext(ctx, &rows, `
		SELECT id, storefront, domain, placed_at FROM demoshop.orders
		WHERE ($1::timestamptz IS NULL OR (placed_at, id) > ($1, $2))
			AND ($3::timestamptz IS NULL OR placed_at >= $3)
			AND ($4::timestamptz IS NULL OR placed_at < $4)
			AND ($5::text[] IS NULL OR status = ANY($5))
		ORDER BY placed_at, id LIMIT $6`,
		at, id, openEnd(q.From), openEnd(q.To), pq.Array(q.Statuses), q.Limit+1)
	return rows, dbErr("list orders", err)
}

// snapshot is a read-only transaction that sees one instant.
func snapshot() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

func openEnd(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
