package calendar

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/schedule"
)

// Rows of a part's own work are locked before rows of the calendar, and those in the order of their keys.

// CurrentRows counts, by owner and version, the rows of the kinds $1 (text[]) that are in order: neither
// parked nor, once joined on the owner's version, older than what they are made from. Its columns are owner,
// version and kinds. Handler.Unscheduled joins it with what the owners are, in one statement.
const CurrentRows = `SELECT owner, version, count(*) AS kinds FROM keybridge.calendar
	WHERE kind = ANY($1) AND (due_at IS NULL OR look_at IS NOT NULL) GROUP BY owner, version`

// WakeEnded completes a statement that ends a piece of work, so that both are stored at once. It follows
// "WITH … finished AS (…)", which answers at most one row with the columns owner, kind and well (it ended well),
// and $1 is the present moment. What comes after such work falls due if it ended well, and the next tick tries
// again what had to wait for it. The statement returns one row for the one that ended.
const WakeEnded = `, held AS (
		SELECT owner, kind FROM keybridge.calendar
		WHERE owner = (SELECT owner FROM finished) ORDER BY kind FOR UPDATE
	), woken AS (
		UPDATE keybridge.calendar s
		SET due_at = coalesce(s.due_at, $1), look_at = coalesce(s.due_at, $1), fence = s.fence + 1
		FROM held h, finished f
		WHERE s.owner = h.owner AND s.kind = h.kind AND (s.due_at <= $1 OR s.after_kind = f.kind AND f.well)
	)
	SELECT 1 FROM finished`

// store is all SQL of the calendar.
type store struct {
	db *sqlx.DB
	// idle is how long a transaction may be left alone in the middle before Postgres ends it.
	idle time.Duration
}

// row is a kind of work of an owner.
type row struct {
	Owner   Owner
	Kind    Kind
	Rule    schedule.Rule
	Zone    string
	Version int64
	DueAt   time.Time // zero: not by the clock
	fence   int64
}

// inTx runs f in one transaction. Should the process be frozen in the middle, Postgres ends it as soon
// as the lease is over as well, so that nobody waits for its rows any longer.
func (s store) inTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`SET LOCAL idle_in_transaction_session_timeout = %d`, s.idle.Milliseconds())); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// stamp writes a moment for unnest; empty is null.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// put stores the rows of one owner. What is stored from a later version stays; a rule that has not changed
// keeps its moment. A row that was parked or waits is looked at again.
func (s store) put(ctx context.Context, rows []row) error {
	var kinds, rules, afters, dues []string
	for _, r := range rows {
		rule, err := json.Marshal(r.Rule)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", r.Owner, err)
		}
		kinds, rules = append(kinds, string(r.Kind)), append(rules, string(rule))
		afters, dues = append(afters, r.Rule.After), append(dues, stamp(r.DueAt))
	}
	const q = `
		INSERT INTO keybridge.calendar AS s (owner, kind, rule, after_kind, zone, version, due_at, look_at)
		SELECT $1, kind, rule::jsonb, after_kind, $2, $3, nullif(due, '')::timestamptz, nullif(due, '')::timestamptz
		FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS t (kind, rule, after_kind, due)
		ORDER BY kind
		ON CONFLICT (owner, kind) DO UPDATE
		SET rule = excluded.rule, after_kind = excluded.after_kind, zone = excluded.zone, version = excluded.version,
			due_at = CASE WHEN s.rule = excluded.rule AND s.zone = excluded.zone THEN s.due_at ELSE excluded.due_at END,
			look_at = CASE WHEN s.rule = excluded.rule AND s.zone = excluded.zone THEN s.due_at ELSE excluded.due_at END,
			fence = s.fence + 1
		WHERE s.version <= excluded.version`
	_, err := s.db.ExecContext(ctx, q, rows[0].Owner, rows[0].Zone, rows[0].Version, pq.Array(kinds), pq.Array(rules),
		pq.Array(afters), pq.Array(dues))
	if err != nil {
		return fmt.Errorf("schedule %s: %w", rows[0].Owner, err)
	}
	return nil
}

// claim takes rows of these kinds whose time has come until a moment later, the longest due first. Kinds
// that nobody here has registered are left to processes that know them.
func (s store) claim(ctx context.Context, kinds map[Kind]part, now, until time.Time, limit int) ([]row, error) {
	const q = `
		UPDATE keybridge.calendar s SET look_at = $2, fence = s.fence + 1
		FROM (SELECT owner, kind FROM keybridge.calendar
			WHERE look_at <= $1 AND kind = ANY($4) ORDER BY look_at LIMIT $3 FOR UPDATE SKIP LOCKED) d
		WHERE s.owner = d.owner AND s.kind = d.kind
		RETURNING s.owner, s.kind, s.rule, s.zone, s.version, s.due_at, s.fence`
	var rows []struct {
		Owner   string    `db:"owner"`
		Kind    string    `db:"kind"`
		Rule    []byte    `db:"rule"`
		Zone    string    `db:"zone"`
		Version int64     `db:"version"`
		DueAt   time.Time `db:"due_at"`
		Fence   int64     `db:"fence"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, now, until, limit, pq.Array(slices.Collect(maps.Keys(kinds)))); err != nil {
		return nil, fmt.Errorf("claim due rows: %w", err)
	}
	out := make([]row, len(rows))
	for i, r := range rows {
		out[i] = row{Owner: Owner(r.Owner), Kind: Kind(r.Kind), Zone: r.Zone, Version: r.Version, DueAt: r.DueAt.UTC(), fence: r.Fence}
		if err := json.Unmarshal(r.Rule, &out[i].Rule); err != nil {
			return nil, fmt.Errorf("rule of %s: %w", r.Owner, err)
		}
	}
	slices.SortFunc(out, func(a, b row) int { return a.DueAt.Compare(b.DueAt) })
	return out, nil
}

// settle stores what became of claimed rows and answers the ids of what was started whose rows are still
// ours. What was not started stays due until it is woken, or again.
func (s store) settle(ctx context.Context, tx *sqlx.Tx, done []dispatch, now, again time.Time) ([]int64, error) {
	var owners, kinds, zones, dues, looks []string
	var fences, started []int64
	for _, d := range done {
		due, look := d.row.DueAt, again
		switch {
		case d.park:
			look = time.Time{}
		case d.started != 0:
			due, look = d.next, d.next
		}
		owners, kinds, zones = append(owners, string(d.row.Owner)), append(kinds, string(d.row.Kind)), append(zones, d.row.Zone)
		dues, looks = append(dues, stamp(due)), append(looks, stamp(look))
		fences, started = append(fences, d.row.fence), append(started, d.started)
	}
	const q = `
		WITH mine AS (
			SELECT s.owner, s.kind, t.zone, nullif(t.due, '')::timestamptz AS due,
				nullif(t.look, '')::timestamptz AS look, t.started
			FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[])
				AS t (owner, kind, fence, zone, due, look, started)
			JOIN keybridge.calendar s ON s.owner = t.owner AND s.kind = t.kind AND s.fence = t.fence
			ORDER BY s.owner, s.kind FOR UPDATE OF s
		)
		UPDATE keybridge.calendar s SET due_at = m.due, look_at = m.look, zone = m.zone,
			last_started_at = CASE WHEN m.started = 0 THEN s.last_started_at ELSE $8 END,
			last_started_id = CASE WHEN m.started = 0 THEN s.last_started_id ELSE m.started END
		FROM mine m WHERE s.owner = m.owner AND s.kind = m.kind
		RETURNING m.started`
	var kept []int64
	err := tx.SelectContext(ctx, &kept, q, pq.Array(owners), pq.Array(kinds), pq.Array(fences), pq.Array(zones),
		pq.Array(dues), pq.Array(looks), pq.Array(started), now)
	if err != nil {
		return nil, fmt.Errorf("settle due rows: %w", err)
	}
	return slices.DeleteFunc(kept, func(id int64) bool { return id == 0 }), nil
}

// claimReconcile reports whether the comparison that is due is this process's.
func (s store) claimReconcile(ctx context.Context, now, before time.Time) (bool, error) {
	res, err := s.db.ExecContext(ctx, `UPDATE keybridge.calendar_reconcile SET checked_at = $1 WHERE checked_at <= $2`, now, before)
	if err != nil {
		return false, fmt.Errorf("claim the comparison of the calendar: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// requestReconcile asks for the next comparison at once.
func (s store) requestReconcile(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE keybridge.calendar_reconcile SET checked_at = 'epoch'`); err != nil {
		return fmt.Errorf("request a comparison of the calendar: %w", err)
	}
	return nil
}

func (s store) entries(ctx context.Context, owner Owner, kinds map[Kind]schedule.Pattern) ([]Entry, error) {
	const q = `SELECT kind, rule, due_at, last_started_at FROM keybridge.calendar WHERE owner = $1 AND kind = ANY($2) ORDER BY kind`
	var rows []struct {
		Kind        string       `db:"kind"`
		Rule        []byte       `db:"rule"`
		DueAt       sql.NullTime `db:"due_at"`
		LastStarted sql.NullTime `db:"last_started_at"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, owner, pq.Array(slices.Collect(maps.Keys(kinds)))); err != nil {
		return nil, fmt.Errorf("calendar of %s: %w", owner, err)
	}
	out := make([]Entry, len(rows))
	for i, r := range rows {
		out[i] = Entry{Kind: Kind(r.Kind), At: utc(r.DueAt), LastStarted: utc(r.LastStarted)}
		if err := json.Unmarshal(r.Rule, &out[i].Rule); err != nil {
			return nil, fmt.Errorf("calendar of %s: %w", owner, err)
		}
	}
	return out, nil
}

func utc(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	at := t.Time.UTC()
	return &at
}

// wake lets the tick look at what is due of an owner.
func (s store) wake(ctx context.Context, owner Owner, now time.Time) error {
	const q = `UPDATE keybridge.calendar s SET look_at = s.due_at, fence = s.fence + 1
		FROM (SELECT owner, kind FROM keybridge.calendar
			WHERE owner = $1 AND due_at <= $2 ORDER BY kind FOR UPDATE) h
		WHERE s.owner = h.owner AND s.kind = h.kind`
	if _, err := s.db.ExecContext(ctx, q, owner, now); err != nil {
		return fmt.Errorf("wake %s: %w", owner, err)
	}
	return nil
}
