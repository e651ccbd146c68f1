package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// linkedOffer joins what the shop has for the offer of a notice n.
const linkedOffer = `
	JOIN keybridge.link_variant v ON v.connection_id = n.connection_id AND v.crm_id = n.offer_id AND v.missing_action = ''
	JOIN keybridge.link_product l ON l.connection_id = n.connection_id AND l.crm_id = v.crm_product_id
		AND l.state = 'linked' AND l.missing_action = ''`

// Bulk is what is done with many offers at a time.
type Bulk struct {
	Conn plugin.ConnectionID
	Now  time.Time
	// Busy: a run may be making products of offers that are not linked, so they are due once more at again.
	Busy  bool
	Again time.Time
	// Most is how many offers one statement takes, or about that.
	Most int
}

// BodiesDue reports whether calls have named offers that are not notices yet.
func (s *StockCalls) BodiesDue(ctx context.Context, conn plugin.ConnectionID, now time.Time) (bool, error) {
	var yes bool
	const q = `SELECT EXISTS (SELECT 1 FROM keybridge.stock_body WHERE connection_id = $1 AND next_at <= $2)`
	if err := s.db.GetContext(ctx, &yes, q, conn, now); err != nil {
		return false, fmt.Errorf("noted stock of %s: %w", conn, err)
	}
	return yes, nil
}

// NoteBodies makes notices of the next offers that calls named and answers how many. The linked ones are
// due, the others are unknown. Rows of offers are taken in the order of their ids.
func (s *StockCalls) NoteBodies(ctx context.Context, tx *sqlx.Tx, b Bulk) (int64, error) {
	const q = `WITH next AS (
			SELECT id, noted, sum(size - noted) OVER (ORDER BY id) - (size - noted) AS before FROM keybridge.stock_body
			WHERE connection_id = $1 AND next_at <= $2 ORDER BY id LIMIT 1000),
		slice AS (
			UPDATE keybridge.stock_body b SET noted = least(b.size, b.noted + $5) FROM next
			WHERE b.id = next.id AND next.before < $5
			RETURNING b.received_at, b.next_at, b.offers[next.noted + 1 : b.noted] AS offers),
		named AS (
			SELECT offer, count(*) AS calls, max(received_at) AS received_at, min(next_at) AS next_at
			FROM slice, unnest(slice.offers) AS offer GROUP BY offer),
		n AS (SELECT $1::text AS connection_id, offer AS offer_id, * FROM named),
		linked AS (SELECT n.offer FROM n ` + linkedOffer + `)
		INSERT INTO keybridge.stock_notice AS n (connection_id, offer_id, calls, handled, received_at, next_at, outcome)
		SELECT $1, offer, calls, CASE WHEN known OR $4 THEN 0 ELSE calls END, received_at,
			CASE WHEN known THEN next_at WHEN $4 THEN $3::timestamptz END, CASE WHEN known THEN '' ELSE 'unknown' END
		FROM (SELECT *, offer IN (SELECT offer FROM linked) AS known FROM named) AS t ORDER BY offer COLLATE "C"
		ON CONFLICT (connection_id, offer_id) DO UPDATE SET calls = n.calls + excluded.calls, received_at = excluded.received_at,
			next_at = CASE WHEN excluded.outcome = '' THEN least(n.next_at, excluded.next_at) ELSE excluded.next_at END,
			handled = CASE WHEN excluded.next_at IS NULL THEN n.calls + excluded.calls ELSE n.handled END,
			outcome = CASE WHEN excluded.outcome = '' THEN n.outcome ELSE excluded.outcome END`
	res, err := tx.ExecContext(ctx, q, b.Conn, b.Now, b.Again, b.Busy, b.Most)
	if err != nil {
		return 0, fmt.Errorf("note stock of %s: %w", b.Conn, err)
	}
	// Should this worker die, the notices are due for another.
	const due = `UPDATE keybridge.stock_call SET next_at = least(next_at, $2) WHERE connection_id = $1`
	if _, err := tx.ExecContext(ctx, due, b.Conn, b.Now); err != nil {
		return 0, fmt.Errorf("note stock of %s: %w", b.Conn, err)
	}
	if err := s.dropBodies(ctx, tx, b.Conn, false); err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// dropBodies forgets calls of which every offer is a notice, or all of them, and counts them.
func (s *StockCalls) dropBodies(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, all bool) error {
	const q = `WITH dropped AS (
			DELETE FROM keybridge.stock_body WHERE connection_id = $1 AND ($2 OR noted >= size) RETURNING received_at)
		UPDATE keybridge.stock_call c SET calls = c.calls + d.calls, received_at = greatest(c.received_at, d.received_at)
		FROM (SELECT count(*) AS calls, max(received_at) AS received_at FROM dropped) d WHERE c.connection_id = $1`
	if _, err := tx.ExecContext(ctx, q, conn, all); err != nil {
		return fmt.Errorf("count stock calls of %s: %w", conn, err)
	}
	return nil
}

// SortOut deals with due offers that nothing of the shop is linked to any more, or still, and answers how
// many they were.
func (s *StockCalls) SortOut(ctx context.Context, tx *sqlx.Tx, b Bulk) (int64, error) {
	const q = `UPDATE keybridge.stock_notice SET outcome = 'unknown', handled = CASE WHEN $4 THEN handled ELSE calls END,
			next_at = CASE WHEN $4 THEN $3::timestamptz END
		WHERE connection_id = $1 AND offer_id IN (
			SELECT offer_id FROM keybridge.stock_notice WHERE connection_id = $1 AND next_at <= $2
				AND offer_id NOT IN (SELECT n.offer_id FROM keybridge.stock_notice n ` + linkedOffer + `
					WHERE n.connection_id = $1 AND n.next_at <= $2)
			ORDER BY offer_id LIMIT $5 FOR UPDATE)`
	res, err := tx.ExecContext(ctx, q, b.Conn, b.Now, b.Again, b.Busy, b.Most)
	if err != nil {
		return 0, fmt.Errorf("sort out stock of %s: %w", b.Conn, err)
	}
	return res.RowsAffected()
}

// Purge forgets what calls have written and named before a moment, and the bodies of those that were
// not worked on since another.
func (s *StockCalls) Purge(ctx context.Context, before, bodies time.Time) error {
	for q, at := range map[string]time.Time{
		`DELETE FROM keybridge.stock_notice WHERE next_at IS NULL AND received_at < $1`: before,
		`DELETE FROM keybridge.stock_change WHERE at < $1`:                              before,
		`DELETE FROM keybridge.stock_body WHERE received_at < $1`:                       bodies,
	} {
		if _, err := s.db.ExecContext(ctx, q, at); err != nil {
			return fmt.Errorf("purge stock calls: %w", err)
		}
	}
	return nil
}
