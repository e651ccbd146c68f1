package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// StockCall is a connection's calls, leased by a worker.
type StockCall struct {
	lease.Row
	Connection plugin.ConnectionID `db:"connection_id"`
	Tries      int                 `db:"tries"`
}

// Notice is an offer that calls named.
type Notice struct {
	Offer string
	// Calls are those that the read which follows covers.
	Calls int64
	// Link says what it is linked to; its price and stock are not filled.
	Link plan.PriceStock
	// PriceHash is what the last price that was in order looked like; nil: look.
	PriceHash []byte
}

// SeenNotice is what became of an offer.
type SeenNotice struct {
	Offer   string
	Calls   int64
	Outcome catalog.StockOutcome
	// Again: it is looked at again after that long; 0: it is dealt with.
	Again time.Duration
}

// Add stores a call with the offers it names. It waits for nobody: the row of all calls is only made
// when there is none.
func (s *StockCalls) Add(ctx context.Context, conn plugin.ConnectionID, offers []string, now, soon time.Time) error {
	// One text is read faster than a list of quoted ones, and no code of an offer spans lines.
	const q = `WITH call AS (
			INSERT INTO keybridge.stock_call (connection_id, calls, received_at) SELECT $1, 0, $2
			WHERE NOT EXISTS (SELECT 1 FROM keybridge.stock_call WHERE connection_id = $1) ON CONFLICT DO NOTHING)
		INSERT INTO keybridge.stock_body (connection_id, received_at, next_at, offers, size)
		SELECT $1, $2, $3, offers, cardinality(offers) FROM string_to_array($4, E'\n') AS offers`
	if _, err := s.db.ExecContext(ctx, q, conn, now, soon, strings.Join(offers, "\n")); err != nil {
		return fmt.Errorf("note stock call of %s: %w", conn, err)
	}
	return nil
}

// callsDue are the rows of connections for whose calls there is something to do at $1. What waits for its
// retry keeps waiting.
const callsDue = `(SELECT id FROM keybridge.stock_call WHERE next_at <= $1
	UNION SELECT c.id FROM keybridge.stock_body b JOIN keybridge.stock_call c ON c.connection_id = b.connection_id
		WHERE b.next_at <= $1 AND (c.tries = 0 OR c.next_at IS NULL))`

// callRows is the table of all calls of a connection each.
func callRows() lease.Table {
	return lease.Table{Name: "keybridge.stock_call", Ready: `id IN ` + callsDue}
}

// Due hands over calls whose time has come, and leaves them to the queue until then.
func (s *StockCalls) Due(ctx context.Context, now, until time.Time, limit int) ([]jobs.Task, error) {
	rows, err := callRows().Due(ctx, s.db, now, until, limit)
	return jobs.Tasks(catalog.StockTaskKind, jobs.Interactive, rows), err
}

// Claim takes the lease of due calls; false when there is nothing to do here.
func (s *StockCalls) Claim(ctx context.Context, id int64, now, until time.Time) (call StockCall, ok bool, err error) {
	ok, err = callRows().Claim(ctx, s.db, &call, `id, connection_id, tries, fence`, id, now, until)
	return call, ok, err
}

// Renew renews the lease inside a transaction. Errors: lease.ErrLost, and then it is rolled back.
func (s *StockCalls) Renew(ctx context.Context, tx *sqlx.Tx, call StockCall, until time.Time) error {
	return callRows().Keep(ctx, tx, call.Row, until, "")
}

// Release releases the lease: what is left is due when its offers are, but not before the given moment (zero: at any).
// Calls that have come meanwhile are due by themselves. Errors: lease.ErrLost.
func (s *StockCalls) Release(ctx context.Context, call StockCall, reason catalog.StockReason, before time.Time) error {
	const set = `tries = 0, reason = $4,
		next_at = greatest($5::timestamptz, (SELECT min(n.next_at) FROM keybridge.stock_notice n WHERE n.connection_id = $6))`
	return s.givenBack(ctx, call, func(tx *sqlx.Tx) error {
		return callRows().Release(ctx, tx, call.Row, set, reason, sql.NullTime{Time: before, Valid: !before.IsZero()}, call.Connection)
	})
}

// Retry releases the lease of calls that failed and are tried again at next. Errors: lease.ErrLost.
func (s *StockCalls) Retry(ctx context.Context, call StockCall, reason string, next time.Time) error {
	return s.givenBack(ctx, call, func(tx *sqlx.Tx) error {
		return callRows().Release(ctx, tx, call.Row, `tries = tries + 1, reason = $4, next_at = $5`, reason, next)
	})
}

// Ignore leaves aside all that calls have named, says why, and releases the lease. Errors: lease.ErrLost.
func (s *StockCalls) Ignore(ctx context.Context, call StockCall, reason string) error {
	const notices = `UPDATE keybridge.stock_notice SET next_at = NULL, handled = calls, outcome = 'ignored'
		WHERE connection_id = $1 AND next_at IS NOT NULL`
	return s.givenBack(ctx, call, func(tx *sqlx.Tx) error {
		if err := callRows().Release(ctx, tx, call.Row, `tries = 0, reason = $4, next_at = NULL`, reason); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, notices, call.Connection); err != nil {
			return fmt.Errorf("ignore stock calls of %s: %w", call.Connection, err)
		}
		return s.dropBodies(ctx, tx, call.Connection, true)
	})
}

// givenBack runs f while nobody can make notices: what is noted at this moment is seen by f, or sets its own
// time afterwards.
func (s *StockCalls) givenBack(ctx context.Context, call StockCall, f func(tx *sqlx.Tx) error) error {
	return s.InTx(ctx, func(tx *sqlx.Tx) error {
		var id int64
		if err := tx.GetContext(ctx, &id, `SELECT id FROM keybridge.stock_call WHERE id = $1 FOR UPDATE`, call.ID); err != nil {
			return fmt.Errorf("stock calls of %s: %w", call.Connection, err)
		}
		return f(tx)
	})
}

// CountWaiting counts offers that are due.
func (s *StockCalls) CountWaiting(ctx context.Context, conn plugin.ConnectionID, now time.Time) (int, error) {
	var n int
	const q = `SELECT count(*) FROM keybridge.stock_notice WHERE connection_id = $1 AND next_at <= $2`
	if err := s.db.GetContext(ctx, &n, q, conn, now); err != nil {
		return 0, fmt.Errorf("waiting stock of %s: %w", conn, err)
	}
	return n, nil
}

// Notices answers the linked offers that are due longest, in the order of their products.
func (s *StockCalls) Notices(ctx context.Context, conn plugin.ConnectionID, now time.Time, limit int) ([]Notice, error) {
	const q = `SELECT * FROM (
			SELECT n.offer_id, n.calls, v.crm_product_id, v.variant_id, v.price_hash, l.product_id, l.currency, l.shop_version,
				l.created_here
			FROM keybridge.stock_notice n ` + linkedOffer + `
			WHERE n.connection_id = $1 AND n.next_at <= $2 ORDER BY n.next_at, n.offer_id LIMIT $3) AS due
		ORDER BY crm_product_id, offer_id`
	var rows []struct {
		Offer    string `db:"offer_id"`
		Calls    int64  `db:"calls"`
		CRM      string `db:"crm_product_id"`
		Variant  string `db:"variant_id"`
		Hash     []byte `db:"price_hash"`
		Product  string `db:"product_id"`
		Currency string `db:"currency"`
		Version  string `db:"shop_version"`
		Made     bool   `db:"created_here"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, conn, now, limit); err != nil {
		return nil, fmt.Errorf("noted stock of %s: %w", conn, err)
	}
	out := make([]Notice, len(rows))
	for i, r := range rows {
		out[i] = Notice{
			Offer: r.Offer, Calls: r.Calls, PriceHash: r.Hash,
			Link: plan.PriceStock{
				CRM: r.CRM, Product: plugin.ProductID(r.Product), Variant: plugin.VariantID(r.Variant), Currency: r.Currency,
				Version: plugin.Version(r.Version), Made: r.Made,
			},
		}
	}
	return out, nil
}

// SettleNotices stores what became of offers. Calls that came meanwhile stay due.
func (s *StockCalls) SettleNotices(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, rows []SeenNotice, now time.Time) error {
	const q = `UPDATE keybridge.stock_notice n SET outcome = t.outcome,
			handled = CASE WHEN t.again > 0 THEN n.handled ELSE t.calls END,
			next_at = CASE WHEN t.again > 0 THEN $2::timestamptz + t.again * interval '1 microsecond'
				WHEN n.calls > t.calls THEN n.received_at END
		FROM unnest($3::text[], $4::bigint[], $5::text[], $6::bigint[]) AS t (offer_id, calls, outcome, again)
		WHERE n.connection_id = $1 AND n.offer_id = t.offer_id`
	_, err := tx.ExecContext(ctx, q, conn, now,
		pq.Array(sliceutil.Map(rows, func(r SeenNotice) string { return r.Offer })),
		pq.Array(sliceutil.Map(rows, func(r SeenNotice) int64 { return r.Calls })),
		pq.Array(sliceutil.Map(rows, func(r SeenNotice) string { return string(r.Outcome) })),
		pq.Array(sliceutil.Map(rows, func(r SeenNotice) int64 { return r.Again.Microseconds() })))
	if err != nil {
		return fmt.Errorf("stock seen of %s: %w", conn, err)
	}
	return nil
}

// FullRunActive reports whether a run may be making products just now.
func (s *StockCalls) FullRunActive(ctx context.Context, conn plugin.ConnectionID) (bool, error) {
	var yes bool
	const q = `SELECT EXISTS (SELECT 1 FROM keybridge.run
		WHERE connection_id = $1 AND kind = 'full' AND state IN ('queued', 'running', 'waiting'))`
	if err := s.db.GetContext(ctx, &yes, q, conn); err != nil {
		return false, fmt.Errorf("runs of %s: %w", conn, err)
	}
	return yes, nil
}

// StagedLater answers offers that a run has read after us, or may have: what a run that is over has
// read is forgotten. Such a run need not have written anything, when the shop was in order.
func (s *StockCalls) StagedLater(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, quotes []plan.PriceStock) (map[string]bool, error) {
	const q = `WITH latest AS (
			SELECT id, state, finished_at FROM keybridge.run WHERE connection_id = $1 ORDER BY id DESC LIMIT 10)
		SELECT t.id FROM unnest($2::text[], $3::timestamptz[]) AS t (id, read_at)
		WHERE EXISTS (SELECT 1 FROM latest r WHERE r.finished_at > t.read_at)
			OR EXISTS (SELECT 1 FROM latest r JOIN keybridge.stage_offer o ON o.run_id = r.id
				WHERE r.finished_at IS NULL AND o.id = t.id AND o.read_at > t.read_at)`
	var ids []string
	err := tx.SelectContext(ctx, &ids, q, conn, pq.Array(sliceutil.Map(quotes, func(q plan.PriceStock) string { return q.Offer.ID })),
		pq.Array(sliceutil.Map(quotes, func(q plan.PriceStock) string { return q.ReadAt.Format(time.RFC3339Nano) })))
	if err != nil {
		return nil, fmt.Errorf("stock that runs of %s have read: %w", conn, err)
	}
	return sliceutil.Set(ids), nil
}

// AddChanges stores what was written and counts it.
func (s *StockCalls) AddChanges(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, rows []catalog.Change, now time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.stock_change (connection_id, crm_id, product_id, variant_id, name, field, old, new, at)
		SELECT $1, crm_id, product_id, variant_id, name, field, old, new, $2
		FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
			AS t (crm_id, product_id, variant_id, name, field, old, new)`
	_, err := tx.ExecContext(ctx, q, conn, now,
		pq.Array(sliceutil.Map(rows, func(c catalog.Change) string { return c.CRMID })),
		pq.Array(sliceutil.Map(rows, func(c catalog.Change) string { return string(c.Product) })),
		pq.Array(sliceutil.Map(rows, func(c catalog.Change) string { return string(c.Variant) })),
		pq.Array(sliceutil.Map(rows, func(c catalog.Change) string { return safehtml.Text(c.Name) })),
		pq.Array(sliceutil.Map(rows, func(c catalog.Change) string { return string(c.Field) })),
		pq.Array(sliceutil.Map(rows, func(c catalog.Change) string { return c.Old })),
		pq.Array(sliceutil.Map(rows, func(c catalog.Change) string { return c.New })))
	if err != nil {
		return fmt.Errorf("stock changes of %s: %w", conn, err)
	}
	variants := sliceutil.Unique(sliceutil.Map(rows, func(c catalog.Change) string { return string(c.Variant) }))
	const count = `UPDATE keybridge.stock_call SET written = written + $2, applied_at = $3 WHERE connection_id = $1`
	if _, err := tx.ExecContext(ctx, count, conn, len(variants), now); err != nil {
		return fmt.Errorf("count stock changes of %s: %w", conn, err)
	}
	return nil
}

// Changes lists what calls have written lately, newest first.
func (s *StockCalls) Changes(ctx context.Context, conn plugin.ConnectionID, limit int) ([]catalog.Change, error) {
	out, err := s.selectChanges(ctx, `SELECT id, crm_id, product_id, variant_id, name, field, old, new, at
		FROM keybridge.stock_change WHERE connection_id = $1 ORDER BY id DESC LIMIT $2`, conn, limit)
	if err != nil {
		return nil, fmt.Errorf("stock changes of %s: %w", conn, err)
	}
	return out, nil
}

// unknownShown is how many unknown offers are named.
const unknownShown = 20

// Status is the status of stock notifications.
func (s *StockCalls) Status(ctx context.Context, conn plugin.ConnectionID) (catalog.StockStatus, error) {
	// A price left to a run was looked at once a run has ended well.
	const q = `SELECT c.calls + b.calls AS calls, greatest(c.received_at, b.received_at) AS received_at, c.written, c.applied_at,
			CASE WHEN c.reason = 'stock_price_moves' AND EXISTS (SELECT 1 FROM keybridge.run r
				WHERE r.connection_id = $1 AND r.state = 'done' AND r.created_at > c.received_at) THEN '' ELSE c.reason END AS reason,
			(SELECT count(*) FROM keybridge.stock_notice n WHERE n.connection_id = $1 AND n.next_at IS NOT NULL)
				+ b.waiting AS waiting,
			(SELECT count(*) FROM keybridge.stock_notice n WHERE n.connection_id = $1 AND n.outcome = 'unknown') AS unknown
		FROM keybridge.stock_call c CROSS JOIN LATERAL (
			SELECT count(*) AS calls, max(received_at) AS received_at, coalesce(sum(size - noted), 0) AS waiting
			FROM keybridge.stock_body WHERE connection_id = $1) b
		WHERE c.connection_id = $1`
	var row struct {
		Calls    int64        `db:"calls"`
		Received time.Time    `db:"received_at"`
		Written  int64        `db:"written"`
		Applied  sql.NullTime `db:"applied_at"`
		Reason   string       `db:"reason"`
		Waiting  int64        `db:"waiting"`
		Unknown  int64        `db:"unknown"`
	}
	err := s.db.GetContext(ctx, &row, q, conn)
	if errors.Is(err, sql.ErrNoRows) {
		return catalog.StockStatus{}, nil
	}
	if err != nil {
		return catalog.StockStatus{}, fmt.Errorf("stock calls of %s: %w", conn, err)
	}
	out := catalog.StockStatus{
		Calls: row.Calls, ReceivedAt: row.Received.UTC(), Written: row.Written, Waiting: row.Waiting, Unknown: row.Unknown,
		Reason: row.Reason,
	}
	if row.Calls == 0 { // what is held back was looked at, and the CRM has never called
		out.ReceivedAt = time.Time{}
	}
	if row.Applied.Valid {
		out.AppliedAt = row.Applied.Time.UTC()
	}
	if row.Unknown == 0 {
		return out, nil
	}
	const unknown = `SELECT offer_id FROM keybridge.stock_notice
		WHERE connection_id = $1 AND outcome = 'unknown' ORDER BY received_at DESC, offer_id LIMIT $2`
	if err := s.db.SelectContext(ctx, &out.UnknownOffers, unknown, conn, unknownShown); err != nil {
		return catalog.StockStatus{}, fmt.Errorf("unknown offers of %s: %w", conn, err)
	}
	return out, nil
}
