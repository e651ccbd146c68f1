package demoshop

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/plugin"
)

// order reads one order whole. Errors: plugin.ErrNotFound.
func (s *store) order(ctx context.Context, id int64) (fullOrder, error) {
	return s.fullOrder(ctx, `SELECT * FROM demoshop.orders WHERE id = $1`, id)
}

// orderByNumber reads one order whole by the number the buyer was told. Errors: plugin.ErrNotFound.
func (s *store) orderByNumber(ctx context.Context, number string) (fullOrder, error) {
	return s.fullOrder(ctx, `SELECT * FROM demoshop.orders WHERE number = $1`, number)
}

// fullOrder reads the parts in one snapshot: an order edited in between would not add up.
func (s *store) fullOrder(ctx context.Context, query string, arg any) (fullOrder, error) {
	var o fullOrder
	tx, err := s.db.BeginTxx(ctx, snapshot())
	if err != nil {
		return o, dbErr("begin", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := tx.GetContext(ctx, &o.orderRow, query, arg); err != nil {
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

// fullOrders reads orders whole, in one snapshot and with one query for each part. An unknown id is
// left out.
func (s *store) fullOrders(ctx context.Context, ids []int64) ([]fullOrder, error) {
	tx, err := s.db.BeginTxx(ctx, snapshot())
	if err != nil {
		return nil, dbErr("begin", err)
	}
	defer func() { _ = tx.Rollback() }()
	var rows []orderRow
	if err := tx.SelectContext(ctx, &rows, `SELECT * FROM demoshop.orders WHERE id = ANY($1) ORDER BY id`, pq.Array(ids)); err != nil {
		return nil, dbErr("read orders", err)
	}
	out := make([]fullOrder, len(rows))
	at := make(map[int64]*fullOrder, len(rows))
	for i, r := range rows {
		out[i].orderRow = r
		at[r.ID] = &out[i]
	}
	if err := partsOf(ctx, tx, ids, `SELECT order_id, id AS "part.id", product_id AS "part.product_id", variant_id AS "part.variant_id",
			sku AS "part.sku", name AS "part.name", options AS "part.options", quantity AS "part.quantity", unit AS "part.unit",
			price AS "part.price", image_id AS "part.image_id", took_stock AS "part.took_stock"
		FROM demoshop.order_lines WHERE order_id = ANY($1) ORDER BY id`,
		func(id int64, p lineRow) { at[id].Lines = append(at[id].Lines, p) }); err != nil {
		return nil, err
	}
	if err := partsOf(ctx, tx, ids, `SELECT order_id, code AS "part.code", name AS "part.name", price AS "part.price",
			quantity AS "part.quantity", value AS "part.value"
		FROM demoshop.order_add_ons WHERE order_id = ANY($1) ORDER BY id`,
		func(id int64, p addOnRow) { at[id].AddOns = append(at[id].AddOns, p) }); err != nil {
		return nil, err
	}
	if err := partsOf(ctx, tx, ids, `SELECT order_id, id AS "part.id", method AS "part.method", amount AS "part.amount",
			state AS "part.state", paid_at AS "part.paid_at", note AS "part.note"
		FROM demoshop.order_payments WHERE order_id = ANY($1) ORDER BY id`,
		func(id int64, p paymentRow) { at[id].Payments = append(at[id].Payments, p) }); err != nil {
		return nil, err
	}
	err = partsOf(ctx, tx, ids, `SELECT order_id, at AS "part.at", actor AS "part.actor", line AS "part.line"
		FROM demoshop.order_history WHERE order_id = ANY($1) ORDER BY id`,
		func(id int64, p historyRow) { at[id].History = append(at[id].History, p) })
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

// placements answers one row more than the limit, so that the caller sees whether a page follows.
func (s *store) placements(ctx context.Context, q plugin.OrderQuery, after *orderCursor) ([]placementRow, error) {
	var at *time.Time
	var id int64
	if after != nil {
		at, id = &after.at, after.id
	}
	var rows []placementRow
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

// statusChange is a move asked for.
type statusChange struct {
	To, Expect string
	Letter     bool // the buyer may be written to
	Note       string
	By         actor
	Event      bool // somebody listens
}

// moveStatus moves an order by the shop's rules. A cancelled order gives its stock back and expects
// no more payments. Errors: plugin.ErrNotFound, ErrRefused, ErrConflict.
func (s *store) moveStatus(ctx context.Context, id int64, c statusChange) (plugin.OrderResult, error) {
	var res plugin.OrderResult
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		o, err := lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		if res.Version = version(o.Version); o.Status == c.To {
			return nil
		}
		if c.Expect != "" && c.Expect != o.Status {
			return statusMoved(o, c)
		}
		if err := checkMove(o.Status, c.To); err != nil {
			return err
		}
		res = plugin.OrderResult{Version: version(o.Version + 1), Changed: true}
		return s.applyMove(ctx, tx, o, c)
	})
	return res, err
}

func (s *store) applyMove(ctx context.Context, tx *sqlx.Tx, o orderRow, c statusChange) error {
	now := s.now()
	_, err := tx.ExecContext(ctx, `UPDATE demoshop.orders SET status = $2, version = version + 1 WHERE id = $1`, o.ID, c.To)
	if err != nil {
		return dbErr("move status", err)
	}
	if c.To == statusCanceled {
		if err := s.undoSale(ctx, tx, o.ID); err != nil {
			return err
		}
	}
	for _, line := range c.history(o) {
		if err := addHistory(ctx, tx, o.ID, historyRow{At: now, Actor: c.By.Name, Line: line}); err != nil {
			return err
		}
	}
	if !c.Event {
		return nil
	}
	return putEvent(ctx, tx, plugin.Event{
		Kind: plugin.StatusChanged, Shop: ShopID, Order: formatID[plugin.OrderID](o.ID), Actor: c.By.Actor, Origin: c.By.Origin,
		At: now, From: o.Status, To: c.To,
	})
}

// undoSale gives back the stock an order took and cancels what was not paid.
func (s *store) undoSale(ctx context.Context, tx *sqlx.Tx, id int64) error {
	var products []int64
	err := tx.SelectContext(ctx, &products, `
		SELECT p.id FROM demoshop.products p
		WHERE p.id IN (SELECT product_id FROM demoshop.order_lines WHERE order_id = $1 AND took_stock)
		ORDER BY p.id FOR NO KEY UPDATE`, id)
	if err != nil {
		return dbErr("lock products of order", err)
	}
	for _, q := range []string{
		`UPDATE demoshop.variants v SET stock = v.stock + l.quantity
		FROM (SELECT variant_id, sum(quantity) AS quantity FROM demoshop.order_lines
			WHERE order_id = $1 AND took_stock GROUP BY variant_id) l
		WHERE v.id = l.variant_id AND v.stock IS NOT NULL`,
		`UPDATE demoshop.products SET version = version + 1
		WHERE id IN (SELECT v.product_id FROM demoshop.variants v
			JOIN demoshop.order_lines l ON l.variant_id = v.id AND l.took_stock
			WHERE l.order_id = $1 AND v.stock IS NOT NULL)`,
		`UPDATE demoshop.order_lines SET took_stock = false WHERE order_id = $1`,
		`UPDATE demoshop.order_payments SET state = 'canceled' WHERE order_id = $1 AND state = 'pending'`,
	} {
		if _, err := tx.ExecContext(ctx, q, id); err != nil {
			return dbErr("undo sale", err)
		}
	}
	return nil
}

// lockOrder reads an order's row and holds it. Errors: plugin.ErrNotFound.
func lockOrder(ctx context.Context, tx *sqlx.Tx, id int64) (orderRow, error) {
	var o orderRow
	err := tx.GetContext(ctx, &o, `SELECT * FROM demoshop.orders WHERE id = $1 FOR NO KEY UPDATE`, id)
	return o, dbErr("lock order", err)
}

func addHistory(ctx context.Context, tx *sqlx.Tx, id int64, h historyRow) error {
	_, err := tx.ExecContext(ctx,
		`INSERT INTO demoshop.order_history (order_id, at, actor, line) VALUES ($1, $2, $3, $4)`, id, h.At, h.Actor, h.Line)
	return dbErr("write history", err)
}

// offerFacts stores what the CRM knows; fields not known stay. Errors: plugin.ErrNotFound.
func (s *store) offerFacts(ctx context.Context, id int64, by actor, f plugin.Facts) (plugin.OrderResult, error) {
	var res plugin.OrderResult
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		o, err := lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		lines := o.takeFacts(f)
		if res.Version = version(o.Version); len(lines) == 0 {
			return nil
		}
		o.Version++
		res = plugin.OrderResult{Version: version(o.Version), Changed: true}
		_, err = tx.NamedExecContext(ctx, `
			UPDATE demoshop.orders SET version = :version, crm_order_id = :crm_order_id, crm_url = :crm_url,
				tracking_number = :tracking_number, shipping_status = :shipping_status, crm_payment = :crm_payment,
				crm_total = :crm_total, crm_currency = :crm_currency
			WHERE id = :id`, o)
		if err != nil {
			return dbErr("store facts", err)
		}
		now := s.now()
		for _, line := range lines {
			if err := addHistory(ctx, tx, id, historyRow{At: now, Actor: by.Name, Line: line}); err != nil {
				return err
			}
		}
		return nil
	})
	return res, err
}
