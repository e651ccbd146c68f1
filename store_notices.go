package keybridge

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// notices remember which troubles the merchants were told of.
type notices struct{ db *sqlx.DB }

// The parts of the statements below. All count for connections that work.
const (
	working = `
		working AS (SELECT id, shop_id, updated_at FROM keybridge.connection
			WHERE deleted_at IS NULL AND enabled AND ready_at IS NOT NULL)`
	// over are the latest runs that ended well or failed; well counts those of the kind, as late or later,
	// that ended well. untouched: nobody has saved or replaced anything since.
	over = `
		over AS (
			SELECT w.id AS connection_id, w.shop_id, r.id, r.state, r.error_code,
				coalesce((r.counters->>'errors')::bigint, 0) AS errors, r.finished_at > w.updated_at AS untouched,
				count(*) FILTER (WHERE r.state = 'done') OVER (PARTITION BY w.id, r.kind ORDER BY r.id DESC) AS well
			FROM working w JOIN keybridge.run r ON r.connection_id = w.id
			WHERE r.state IN ('done', 'failed') AND r.finished_at > $1 AND (NOT r.preview OR r.approved_at IS NOT NULL))`
)

// A key that is not accepted stops runs, orders and statuses alike. It is told of once, and not as failed
// runs and blocked orders besides.
const (
	failedRuns = `WITH ` + working + `,` + over + `
		SELECT connection_id, shop_id, count(*) AS count, max(id) AS run FROM over
		WHERE state = 'failed' AND well = 0 AND error_code <> 'crm_unauthorised'
		GROUP BY connection_id, shop_id`

	failedProducts = `WITH ` + working + `,` + over + `
		SELECT DISTINCT ON (connection_id) connection_id, shop_id, errors AS count, id AS run FROM over
		WHERE state = 'done' AND well = 1 AND errors > 0
		ORDER BY connection_id, errors DESC, id DESC`

	waitingOrders = `WITH ` + working + `
		SELECT w.id AS connection_id, w.shop_id, count(*) AS count
		FROM working w JOIN keybridge.outbox o ON o.connection_id = w.id
		WHERE ` + orders.Waiting + ` AND o.reason <> 'crm_unauthorised'
		GROUP BY w.id, w.shop_id`

	refusedMoves = `WITH ` + working + `
		SELECT w.id AS connection_id, w.shop_id, count(*) AS count
		FROM working w JOIN keybridge.inbox i ON i.connection_id = w.id
		WHERE i.outcome = 'refused' AND i.received_at > $1
		GROUP BY w.id, w.shop_id`

	refusedKeys = `WITH ` + working + `,` + over + `,
		held AS (SELECT connection_id FROM keybridge.outbox WHERE state = 'blocked' AND reason = 'crm_unauthorised'),
		refused AS (
			SELECT connection_id FROM over WHERE state = 'failed' AND well = 0 AND error_code = 'crm_unauthorised' AND untouched
			UNION SELECT connection_id FROM held
			UNION SELECT connection_id FROM keybridge.inbox WHERE next_at IS NOT NULL AND reason = 'crm_unauthorised')
		SELECT w.id AS connection_id, w.shop_id, (SELECT count(*) FROM held h WHERE h.connection_id = w.id) AS count
		FROM working w JOIN refused r ON r.connection_id = w.id`
)

// troubles counts what there is to tell of now. What is older than since and has not come up again is no
// news any more; orders wait as long as nobody has decided.
func troubles(ctx context.Context, tx sqlx.QueryerContext, since time.Time) ([]words.Trouble, error) {
	var all []words.Trouble
	for _, q := range []struct {
		kind  words.TroubleKind
		query string
		args  []any
	}{
		{words.RunsFailed, failedRuns, []any{since}},
		{words.ProductsFailed, failedProducts, []any{since}},
		{words.OrdersWait, waitingOrders, nil},
		{words.MovesRefused, refusedMoves, []any{since}},
		{words.KeyRefused, refusedKeys, []any{since}},
	} {
		var found []words.Trouble
		if err := sqlx.SelectContext(ctx, tx, &found, q.query, q.args...); err != nil {
			return nil, fmt.Errorf("count %s: %w", q.kind, err)
		}
		for _, t := range found {
			t.Kind = q.kind
			all = append(all, t)
		}
	}
	return all, nil
}

// claim answers the troubles that this process is to tell now; nobody else does until then. What has ended
// is forgotten, so that it is told anew when it comes back. While another process is at it there is nothing
// to do.
func (n notices) claim(ctx context.Context, active func(plugin.ShopID) bool, since, now, then time.Time) ([]words.Trouble, error) {
	tx, err := n.db.BeginTxx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("claim notices: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	var mine bool
	if err := tx.GetContext(ctx, &mine, `SELECT pg_try_advisory_xact_lock(hashtext('keybridge.notice'))`); err != nil || !mine {
		return nil, err
	}
	found, err := troubles(ctx, tx, since)
	if err != nil {
		return nil, err
	}
	last := map[noticeKey]words.Trouble{}
	var conns, kinds []string
	for _, t := range found {
		if active(t.Shop) {
			last[noticeKey{t.Connection, t.Kind}] = t
			conns, kinds = append(conns, string(t.Connection)), append(kinds, string(t.Kind))
		}
	}
	const forget = `DELETE FROM keybridge.notice
		WHERE (connection_id, kind) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))`
	if _, err := tx.ExecContext(ctx, forget, pq.Array(conns), pq.Array(kinds)); err != nil {
		return nil, fmt.Errorf("forget notices: %w", err)
	}
	const take = `
		INSERT INTO keybridge.notice (connection_id, kind, began_at, due_at)
		SELECT connection_id, kind, $3, $4 FROM unnest($1::text[], $2::text[]) AS t (connection_id, kind)
		ON CONFLICT (connection_id, kind) DO UPDATE SET due_at = $4 WHERE notice.due_at <= $3
		RETURNING connection_id, kind`
	var taken []noticeKey
	if err := tx.SelectContext(ctx, &taken, take, pq.Array(conns), pq.Array(kinds), now, then); err != nil {
		return nil, fmt.Errorf("claim notices: %w", err)
	}
	due := make([]words.Trouble, 0, len(taken))
	for _, k := range taken {
		due = append(due, last[k])
	}
	return due, tx.Commit()
}

type noticeKey struct {
	Connection plugin.ConnectionID `db:"connection_id"`
	Kind       words.TroubleKind   `db:"kind"`
}

// told puts the next message off.
func (n notices) told(ctx context.Context, t words.Trouble, again time.Time) error {
	const q = `UPDATE keybridge.notice SET due_at = $3 WHERE connection_id = $1 AND kind = $2`
	if _, err := n.db.ExecContext(ctx, q, t.Connection, t.Kind, again); err != nil {
		return fmt.Errorf("record that %s of connection %s was told: %w", t.Kind, t.Connection, err)
	}
	return nil
}
