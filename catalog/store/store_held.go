package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Telling is one look at who is to be told: of what they were told of before a moment at the latest, and
// until when nobody else does.
type Telling struct{ Before, Now, Until time.Time }

// inStock counts linked variants of which a run's reading shows more than $3, which are kept from sale.
const inStock = `(SELECT count(*) FROM keybridge.stage_offer o
	JOIN keybridge.link_variant v ON v.connection_id = $2 AND v.crm_id = o.id AND v.missing_action = ''
	WHERE o.run_id = $1 AND NOT o.archived AND (o.body->>'available')::numeric > $3)`

// StockBefore counts linked variants that were available before what a plan would write: those of which
// there are some now, but for those that had none, and those that go.
func (s *Held) StockBefore(ctx context.Context, tx *sqlx.Tx, run catalog.Run) (int, error) {
	const q = `SELECT ` + inStock + ` + coalesce((SELECT sum(sold_out) FROM keybridge.run_plan WHERE run_id = $1 AND state = 'pending'), 0)
		- (SELECT count(*) FROM keybridge.run_plan p CROSS JOIN LATERAL jsonb_array_elements(p.body->'changes') AS c
			WHERE p.run_id = $1 AND p.state = 'pending' AND c->>'Field' = 'stock' AND c->>'Old' = '0')`
	var n int
	if err := tx.GetContext(ctx, &n, q, run.ID, run.Connection, run.Settings.SafetyStock); err != nil {
		return 0, fmt.Errorf("stock before run %d: %w", run.ID, err)
	}
	return n, nil
}

// StockAfter counts linked variants that are available once a run is over; what is held back is.
func (s *Held) StockAfter(ctx context.Context, tx *sqlx.Tx, run catalog.Run) (int, error) {
	const q = `SELECT ` + inStock + ` + (SELECT count(*) FROM keybridge.stock_held WHERE connection_id = $2)`
	var n int
	if err := tx.GetContext(ctx, &n, q, run.ID, run.Connection, run.Settings.SafetyStock); err != nil {
		return 0, fmt.Errorf("stock after run %d: %w", run.ID, err)
	}
	return n, nil
}

// SoldOutSince counts variants that our writing brought to none since a moment.
func (s *Held) SoldOutSince(ctx context.Context, db sqlx.QueryerContext, conn plugin.ConnectionID, since time.Time) (int, error) {
	var n int
	const q = `SELECT count(*) FROM keybridge.link_variant WHERE connection_id = $1 AND sold_out_at > $2`
	if err := sqlx.GetContext(ctx, db, &n, q, conn, since); err != nil {
		return 0, fmt.Errorf("sold-out variants of %s: %w", conn, err)
	}
	return n, nil
}

// Count counts variants that are held back, but for some offers.
func (s *Held) Count(ctx context.Context, conn plugin.ConnectionID, but []string) (int, error) {
	var n int
	const q = `SELECT count(*) FROM keybridge.stock_held
		WHERE connection_id = $1 AND confirmed_at IS NULL AND NOT offer_id = ANY($2)`
	if err := s.db.GetContext(ctx, &n, q, conn, pq.Array(sliceutil.OrEmpty(but))); err != nil {
		return 0, fmt.Errorf("held stock of %s: %w", conn, err)
	}
	return n, nil
}

// LastRun answers the settings and the counters of the run that ended well last; false: there is none.
func (s *Held) LastRun(ctx context.Context, db sqlx.QueryerContext, conn plugin.ConnectionID) (set settings.Catalog, c catalog.Counters, ok bool, err error) {
	var row runRow
	const q = `SELECT settings, counters FROM keybridge.run WHERE connection_id = $1 AND state = 'done' ORDER BY id DESC LIMIT 1`
	err = sqlx.GetContext(ctx, db, &row, q, conn)
	if errors.Is(err, sql.ErrNoRows) {
		return set, c, false, nil
	}
	if err == nil {
		err = errors.Join(json.Unmarshal(row.Settings, &set), json.Unmarshal(row.Counters, &c))
	}
	if err != nil {
		return set, c, false, fmt.Errorf("last run of %s: %w", conn, err)
	}
	return set, c, true, nil
}

// Record stores what a batch came to for the guard of stock.
func (s *Held) Record(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, cause catalog.HeldCause, seen plan.StockOutcomes, now time.Time) error {
	for _, f := range []func() error{
		func() error { return s.Release(ctx, tx, conn, seen.Stands) },
		func() error { return s.holdBack(ctx, tx, conn, cause, seen.Held, now) },
		func() error { return s.noteSoldOut(ctx, tx, conn, seen.SoldOut, now) },
	} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// Release forgets that stock was held back, unless a later reading held it.
func (s *Held) Release(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, rows []plan.StockReading) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `DELETE FROM keybridge.stock_held h USING unnest($2::text[], $3::timestamptz[]) AS t (offer_id, read_at)
		WHERE h.connection_id = $1 AND h.offer_id = t.offer_id AND h.read_at <= t.read_at`
	_, err := tx.ExecContext(ctx, q, conn, pq.Array(sliceutil.Map(rows, func(r plan.StockReading) string { return r.Offer })),
		pq.Array(sliceutil.Map(rows, func(r plan.StockReading) string { return r.ReadAt.Format(time.RFC3339Nano) })))
	if err != nil {
		return fmt.Errorf("let stock of %s go: %w", conn, err)
	}
	return nil
}

// holdBack notes stock that was held back. Who held it first and when stays, and what a person has said of
// it too. No run skips the products before that is over.
func (s *Held) holdBack(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, cause catalog.HeldCause, rows []plan.HeldBack, now time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.stock_held AS h
			(connection_id, offer_id, product_id, variant_id, name, sku, old, says, run_id, setting, since, read_at)
		SELECT $1, offer_id, product_id, variant_id, name, sku, old, says, nullif($2::bigint, 0), $3, $4, read_at
		FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[])
			AS t (offer_id, product_id, variant_id, name, sku, old, says, read_at)
		WHERE EXISTS (SELECT 1 FROM keybridge.link_variant v WHERE v.connection_id = $1 AND v.crm_id = t.offer_id)
		ON CONFLICT (connection_id, offer_id) DO UPDATE SET product_id = excluded.product_id, variant_id = excluded.variant_id,
			name = excluded.name, sku = excluded.sku, old = excluded.old, says = excluded.says, read_at = excluded.read_at
		WHERE h.read_at <= excluded.read_at`
	_, err := tx.ExecContext(ctx, q, conn, cause.Run, cause.Setting, now,
		pq.Array(sliceutil.Map(rows, func(h plan.HeldBack) string { return h.Offer })),
		pq.Array(sliceutil.Map(rows, func(h plan.HeldBack) string { return string(h.Product) })),
		pq.Array(sliceutil.Map(rows, func(h plan.HeldBack) string { return string(h.Variant) })),
		pq.Array(sliceutil.Map(rows, func(h plan.HeldBack) string { return safehtml.Text(h.Name) })),
		pq.Array(sliceutil.Map(rows, func(h plan.HeldBack) string { return safehtml.Text(h.SKU) })),
		pq.Array(sliceutil.Map(rows, func(h plan.HeldBack) string { return h.Old })),
		pq.Array(sliceutil.Map(rows, func(h plan.HeldBack) string { return h.Says })),
		pq.Array(sliceutil.Map(rows, func(h plan.HeldBack) string { return h.ReadAt.Format(time.RFC3339Nano) })))
	if err != nil {
		return fmt.Errorf("hold stock of %s back: %w", conn, err)
	}
	const open = `UPDATE keybridge.link_product SET crm_hash = NULL WHERE connection_id = $1 AND crm_id = ANY($2)`
	if _, err := tx.ExecContext(ctx, open, conn, pq.Array(sliceutil.Unique(sliceutil.Map(rows, func(h plan.HeldBack) string { return h.CRM })))); err != nil {
		return fmt.Errorf("hold stock of %s back: %w", conn, err)
	}
	return nil
}

// noteSoldOut remembers when variants were brought to none.
func (s *Held) noteSoldOut(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, offers []string, now time.Time) error {
	if len(offers) == 0 {
		return nil
	}
	const q = `UPDATE keybridge.link_variant SET sold_out_at = $3 WHERE connection_id = $1 AND crm_id = ANY($2)`
	if _, err := tx.ExecContext(ctx, q, conn, pq.Array(offers), now); err != nil {
		return fmt.Errorf("sold-out variants of %s: %w", conn, err)
	}
	return nil
}

// Tidy forgets held stock of what the CRM no longer has.
func (s *Held) Tidy(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID) error {
	const q = `DELETE FROM keybridge.stock_held h WHERE connection_id = $1 AND NOT EXISTS (
		SELECT 1 FROM keybridge.link_variant v JOIN keybridge.link_product l
			ON l.connection_id = v.connection_id AND l.crm_id = v.crm_product_id AND l.state = 'linked' AND l.missing_action = ''
		WHERE v.connection_id = $1 AND v.crm_id = h.offer_id AND v.missing_action = '')`
	if _, err := tx.ExecContext(ctx, q, conn); err != nil {
		return fmt.Errorf("held stock of %s: %w", conn, err)
	}
	return nil
}

// ConfirmedGone answers offers of which a person has said that there really are none.
func (s *Held) ConfirmedGone(ctx context.Context, conn plugin.ConnectionID) (map[string]bool, error) {
	var offers []string
	const q = `SELECT offer_id FROM keybridge.stock_held WHERE connection_id = $1 AND confirmed_at IS NOT NULL`
	if err := s.db.SelectContext(ctx, &offers, q, conn); err != nil {
		return nil, fmt.Errorf("held stock of %s: %w", conn, err)
	}
	return sliceutil.Set(offers), nil
}

// Causes groups what is held back by what held it, the earliest first.
func (s *Held) Causes(ctx context.Context, conn plugin.ConnectionID) ([]HeldGroup, error) {
	var rows []HeldGroup
	const q = `SELECT coalesce(run_id, 0) AS run_id, setting, min(since) AS since, max(since) AS until, count(*) AS count,
			count(confirmed_at) AS confirmed
		FROM keybridge.stock_held WHERE connection_id = $1 GROUP BY run_id, setting ORDER BY min(since), run_id`
	if err := s.db.SelectContext(ctx, &rows, q, conn); err != nil {
		return nil, fmt.Errorf("held stock of %s: %w", conn, err)
	}
	return rows, nil
}

// HeldGroup is held stock with one cause. Count has the Confirmed variants in it.
type HeldGroup struct {
	Run       int64     `db:"run_id"` // 0: a stock call
	Setting   string    `db:"setting"`
	Since     time.Time `db:"since"`
	Until     time.Time `db:"until"`
	Count     int       `db:"count"`
	Confirmed int       `db:"confirmed"`
}

// Variants answers what is held back and nobody has spoken about, behind the given offer.
func (s *Held) Variants(ctx context.Context, conn plugin.ConnectionID, after string, limit int) ([]catalog.HeldVariant, error) {
	var rows []catalog.HeldVariant
	const q = `SELECT offer_id, product_id, variant_id, name, sku, old, says, since, coalesce(run_id, 0) AS run_id, setting
		FROM keybridge.stock_held WHERE connection_id = $1 AND confirmed_at IS NULL AND offer_id > $2 ORDER BY offer_id LIMIT $3`
	if err := s.db.SelectContext(ctx, &rows, q, conn, after, limit); err != nil {
		return nil, fmt.Errorf("held stock of %s: %w", conn, err)
	}
	for i := range rows {
		rows[i].Since = rows[i].Since.UTC()
	}
	return rows, nil
}

// Confirm notes that a person says of what was held back up to a moment that there really is none.
func (s *Held) Confirm(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, until time.Time, by string, now time.Time) ([]catalog.HeldVariant, error) {
	var rows []catalog.HeldVariant
	const q = `UPDATE keybridge.stock_held SET confirmed_at = $3, confirmed_by = $4
		WHERE connection_id = $1 AND confirmed_at IS NULL AND since <= $2
		RETURNING offer_id, product_id, variant_id`
	if err := tx.SelectContext(ctx, &rows, q, conn, until, now, by); err != nil {
		return nil, fmt.Errorf("held stock of %s: %w", conn, err)
	}
	return rows, nil
}

// Recheck makes the stock calls look at offers that are held back, confirmed ones or the others, and
// answers how many these are. It is no call of the CRM's, so none is counted.
func (s *Held) Recheck(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, confirmed bool, now time.Time) (int64, error) {
	const call = `INSERT INTO keybridge.stock_call AS c (connection_id, calls, received_at, next_at) VALUES ($1, 0, $2, $2)
		ON CONFLICT (connection_id) DO UPDATE SET next_at = CASE WHEN c.tries > 0 THEN coalesce(c.next_at, $2) ELSE least(c.next_at, $2) END`
	if _, err := tx.ExecContext(ctx, call, conn, now); err != nil {
		return 0, fmt.Errorf("look at held stock of %s: %w", conn, err)
	}
	const notices = `INSERT INTO keybridge.stock_notice AS n (connection_id, offer_id, received_at, next_at)
		SELECT connection_id, offer_id, $2, $2 FROM keybridge.stock_held
		WHERE connection_id = $1 AND (confirmed_at IS NOT NULL) = $3 ORDER BY offer_id
		ON CONFLICT (connection_id, offer_id) DO UPDATE SET calls = n.calls + 1, next_at = least(n.next_at, excluded.next_at)`
	res, err := tx.ExecContext(ctx, notices, conn, now, confirmed)
	if err != nil {
		return 0, fmt.Errorf("look at held stock of %s: %w", conn, err)
	}
	return res.RowsAffected()
}

// Untold answers connections whose merchants are to be told: of what nobody was told of, once an hour,
// and once more of what they were told of before the given moment. Those that somebody tells just now are
// left out.
func (s *Held) Untold(ctx context.Context, t Telling) ([]plugin.ConnectionID, error) {
	var ids []plugin.ConnectionID
	const q = `SELECT connection_id FROM keybridge.stock_held WHERE confirmed_at IS NULL GROUP BY connection_id
		HAVING (bool_or(told = 1 AND told_at <= $1) OR bool_or(told = 0) AND NOT bool_or(told > 0 AND told_at > $1))
			AND NOT bool_or(telling_until IS NOT NULL AND telling_until > $2)`
	if err := s.db.SelectContext(ctx, &ids, q, t.Before, t.Now); err != nil {
		return nil, fmt.Errorf("held stock to tell of: %w", err)
	}
	return ids, nil
}

// ClaimTelling takes what a merchant is to be told of for this process; mine is false when another one tells
// it, again when some of it was told before.
func (s *Held) ClaimTelling(ctx context.Context, conn plugin.ConnectionID, t Telling) (mine, again bool, err error) {
	var times []int
	const q = `UPDATE keybridge.stock_held SET telling_until = $4
		WHERE connection_id = $1 AND confirmed_at IS NULL AND told < 2 AND (told_at IS NULL OR told_at <= $2)
			AND (telling_until IS NULL OR telling_until <= $3) RETURNING told`
	if err := s.db.SelectContext(ctx, &times, q, conn, t.Before, t.Now, t.Until); err != nil {
		return false, false, fmt.Errorf("claim held stock: %w", err)
	}
	for _, n := range times {
		again = again || n > 0
	}
	return len(times) > 0, again, nil
}

// Told notes that a merchant was told of what this process had claimed. What another one has claimed
// since is that one's to note.
func (s *Held) Told(ctx context.Context, conn plugin.ConnectionID, t Telling) error {
	const q = `UPDATE keybridge.stock_held SET told = least(told + 1, 2), told_at = $2, telling_until = NULL
		WHERE connection_id = $1 AND telling_until = $3`
	if _, err := s.db.ExecContext(ctx, q, conn, t.Now, t.Until); err != nil {
		return fmt.Errorf("note that held stock was told: %w", err)
	}
	return nil
}
