package catalog

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
	"github.com/keybridge/keybridge/plugin"
)

// Rows of runs are locked before rows of schedules, and those in the order of their keys.

// scheduled is one row: a kind of run of a connection.
type scheduled struct {
	Connection plugin.ConnectionID
	Kind       Kind
	Rule       schedule.Rule
	Zone       string
	Version    int64
	DueAt      time.Time // zero: not by the clock
	Fence      int64
}

// stamp writes a moment for unnest; empty is null.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// reschedule stores rows made from settings. What is stored from later settings stays; a rule that
// has not changed keeps its moment. A row that was parked or waits is looked at again.
func (s *store) reschedule(ctx context.Context, rows []scheduled) error {
	var kinds, rules, afters, dues []string
	for _, r := range rows {
		kinds, rules = append(kinds, string(r.Kind)), append(rules, string(toJSON(r.Rule)))
		afters, dues = append(afters, r.Rule.After), append(dues, stamp(r.DueAt))
	}
	const q = `
		INSERT INTO keybridge.schedule AS s (connection_id, kind, rule, after_kind, zone, version, due_at, look_at)
		SELECT $1, kind, rule::jsonb, after_kind, $2, $3, nullif(due, '')::timestamptz, nullif(due, '')::timestamptz
		FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS t (kind, rule, after_kind, due)
		ORDER BY kind
		ON CONFLICT (connection_id, kind) DO UPDATE
		SET rule = excluded.rule, after_kind = excluded.after_kind, zone = excluded.zone, version = excluded.version,
			due_at = CASE WHEN s.rule = excluded.rule AND s.zone = excluded.zone THEN s.due_at ELSE excluded.due_at END,
			look_at = CASE WHEN s.rule = excluded.rule AND s.zone = excluded.zone THEN s.due_at ELSE excluded.due_at END,
			fence = s.fence + 1
		WHERE s.version <= excluded.version`
	_, err := s.db.ExecContext(ctx, q, rows[0].Connection, rows[0].Zone, rows[0].Version, pq.Array(kinds), pq.Array(rules),
		pq.Array(afters), pq.Array(dues))
	if err != nil {
		return fmt.Errorf("reschedule %s: %w", rows[0].Connection, err)
	}
	return nil
}

// claimDue takes up rows whose time has come until a moment later, the longest due first.
func (s *store) claimDue(ctx context.Context, now, until time.Time, limit int) ([]scheduled, error) {
	const q = `
		UPDATE keybridge.schedule s SET look_at = $2, fence = s.fence + 1
		FROM (SELECT connection_id, kind FROM keybridge.schedule
			WHERE look_at <= $1 ORDER BY look_at LIMIT $3 FOR UPDATE SKIP LOCKED) d
		WHERE s.connection_id = d.connection_id AND s.kind = d.kind
		RETURNING s.connection_id, s.kind, s.rule, s.zone, s.version, s.due_at, s.fence`
	var rows []struct {
		Connection string    `db:"connection_id"`
		Kind       string    `db:"kind"`
		Rule       []byte    `db:"rule"`
		Zone       string    `db:"zone"`
		Version    int64     `db:"version"`
		DueAt      time.Time `db:"due_at"`
		Fence      int64     `db:"fence"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, now, until, limit); err != nil {
		return nil, fmt.Errorf("take up due runs: %w", err)
	}
	out := make([]scheduled, len(rows))
	for i, r := range rows {
		out[i] = scheduled{
			Connection: plugin.ConnectionID(r.Connection), Kind: Kind(r.Kind), Zone: r.Zone, Version: r.Version,
			DueAt: r.DueAt.UTC(), Fence: r.Fence,
		}
		if err := json.Unmarshal(r.Rule, &out[i].Rule); err != nil {
			return nil, fmt.Errorf("rule of %s: %w", r.Connection, err)
		}
	}
	slices.SortFunc(out, func(a, b scheduled) int { return a.DueAt.Compare(b.DueAt) })
	return out, nil
}

// settleDue starts runs and writes down when they are due again, all in one transaction: a run and
// the row that started it are stored together or not at all. What another run is in the way of stays due
// until that run's end, or again. Rows that somebody else has taken up or changed meanwhile start
// nothing.
func (s *store) settleDue(ctx context.Context, turns []turn, now, again time.Time) error {
	if len(turns) == 0 {
		return nil
	}
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		started, err := s.startAll(ctx, tx, turns, now)
		if err != nil {
			return err
		}
		var conns, kinds, zones, dues, looks []string
		var fences, runs []int64
		for _, t := range turns {
			due, look, run := t.row.DueAt, again, started[t.key()]
			switch {
			case t.park:
				look = time.Time{}
			case run != 0:
				due, look = t.next, t.next
			}
			conns, kinds, zones = append(conns, string(t.row.Connection)), append(kinds, string(t.row.Kind)), append(zones, t.row.Zone)
			dues, looks = append(dues, stamp(due)), append(looks, stamp(look))
			fences, runs = append(fences, t.row.Fence), append(runs, run)
		}
		const q = `
			WITH mine AS (
				SELECT s.connection_id, s.kind, t.zone, nullif(t.due, '')::timestamptz AS due,
					nullif(t.look, '')::timestamptz AS look, t.run
				FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[])
					AS t (connection_id, kind, fence, zone, due, look, run)
				JOIN keybridge.schedule s ON s.connection_id = t.connection_id AND s.kind = t.kind AND s.fence = t.fence
				ORDER BY s.connection_id, s.kind FOR UPDATE OF s
			)
			UPDATE keybridge.schedule s SET due_at = m.due, look_at = m.look, zone = m.zone,
				last_started_at = CASE WHEN m.run = 0 THEN s.last_started_at ELSE $8 END,
				last_run_id = CASE WHEN m.run = 0 THEN s.last_run_id ELSE m.run END
			FROM mine m WHERE s.connection_id = m.connection_id AND s.kind = m.kind
			RETURNING m.run`
		var kept []int64
		err = tx.SelectContext(ctx, &kept, q, pq.Array(conns), pq.Array(kinds), pq.Array(fences), pq.Array(zones),
			pq.Array(dues), pq.Array(looks), pq.Array(runs), now)
		if err != nil {
			return fmt.Errorf("settle due runs: %w", err)
		}
		if err := s.unstart(ctx, tx, runs, kept); err != nil {
			return err
		}
		return s.replacePrices(ctx, tx, kept, false, now)
	})
}

type turnKey struct {
	connection plugin.ConnectionID
	kind       Kind
}

func (t turn) key() turnKey { return turnKey{t.row.Connection, t.row.Kind} }

// startAll inserts the runs that nothing is in the way of: a run at work is in that of every other,
// and a full one that waits for a person in that of a full one.
func (s *store) startAll(ctx context.Context, tx *sqlx.Tx, turns []turn, now time.Time) (map[turnKey]int64, error) {
	var conns, shops, kinds, phases, bodies []string
	var versions []int64
	for _, t := range turns {
		if t.park {
			continue
		}
		conns, shops = append(conns, string(t.conn.ID)), append(shops, string(t.conn.Shop))
		kinds, phases = append(kinds, string(t.row.Kind)), append(phases, string(firstPhase(t.row.Kind)))
		bodies, versions = append(bodies, string(toJSON(t.conn.Settings.Catalog))), append(versions, t.conn.Version)
	}
	const q = `
		INSERT INTO keybridge.run (connection_id, shop_id, kind, state, phase, settings, settings_version,
			started_by, created_at, next_at)
		SELECT connection_id, shop_id, kind, 'queued', phase, settings::jsonb, version, $1, $2, $2
		FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
			WITH ORDINALITY AS t (connection_id, shop_id, kind, phase, settings, version, at)
		ORDER BY at
		ON CONFLICT DO NOTHING
		RETURNING id, connection_id, kind`
	var rows []struct {
		ID         int64  `db:"id"`
		Connection string `db:"connection_id"`
		Kind       string `db:"kind"`
	}
	err := tx.SelectContext(ctx, &rows, q, ByScheduleID, now, pq.Array(conns), pq.Array(shops), pq.Array(kinds),
		pq.Array(phases), pq.Array(bodies), pq.Array(versions))
	if err != nil {
		return nil, fmt.Errorf("insert due runs: %w", err)
	}
	started := make(map[turnKey]int64, len(rows))
	for _, r := range rows {
		started[turnKey{plugin.ConnectionID(r.Connection), Kind(r.Kind)}] = r.ID
	}
	return started, s.lockReplaced(ctx, tx, slices.Collect(maps.Values(started)))
}

// unstart takes back runs whose rows are not ours any more, before anybody could see them.
func (s *store) unstart(ctx context.Context, tx *sqlx.Tx, started, kept []int64) error {
	lost := slices.DeleteFunc(slices.Clone(started), func(id int64) bool { return id == 0 || slices.Contains(kept, id) })
	if len(lost) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM keybridge.run WHERE id = ANY($1)`, pq.Array(lost)); err != nil {
		return fmt.Errorf("take back runs: %w", err)
	}
	return nil
}

// takeCheck reports whether it is this process's turn to compare schedules with connections.
func (s *store) takeCheck(ctx context.Context, now, before time.Time) (bool, error) {
	res, err := s.db.ExecContext(ctx, `UPDATE keybridge.schedule_check SET checked_at = $1 WHERE checked_at <= $2`, now, before)
	if err != nil {
		return false, fmt.Errorf("check schedules: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// askCheck asks for the next comparison at once.
func (s *store) askCheck(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE keybridge.schedule_check SET checked_at = 'epoch'`); err != nil {
		return fmt.Errorf("check schedules: %w", err)
	}
	return nil
}

// connectionOf names a connection with its shop.
type connectionOf struct {
	ID   plugin.ConnectionID `db:"id"`
	Shop plugin.ShopID       `db:"shop_id"`
}

// unscheduled lists connections that run while their schedule is missing, older than their settings,
// or parked. In no order, so that those which cannot be mended do not stand before the others.
func (s *store) unscheduled(ctx context.Context) ([]connectionOf, error) {
	const q = `
		SELECT c.id, c.shop_id FROM keybridge.connection c
		LEFT JOIN (
			SELECT connection_id, version, count(*) AS kinds FROM keybridge.schedule
			WHERE due_at IS NULL OR look_at IS NOT NULL GROUP BY connection_id, version
		) s ON s.connection_id = c.id AND s.version = c.version
		WHERE c.enabled AND c.ready_at IS NOT NULL AND c.deleted_at IS NULL AND coalesce(s.kinds, 0) < $1
		ORDER BY random()`
	var out []connectionOf
	if err := s.db.SelectContext(ctx, &out, q, len(Kinds())); err != nil {
		return nil, fmt.Errorf("check schedules: %w", err)
	}
	return out, nil
}

func (s *store) nextRuns(ctx context.Context, id plugin.ConnectionID) ([]NextRun, error) {
	const q = `SELECT kind, rule, due_at, last_started_at FROM keybridge.schedule WHERE connection_id = $1 ORDER BY kind`
	var rows []struct {
		Kind        string       `db:"kind"`
		Rule        []byte       `db:"rule"`
		DueAt       sql.NullTime `db:"due_at"`
		LastStarted sql.NullTime `db:"last_started_at"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, id); err != nil {
		return nil, fmt.Errorf("schedule of %s: %w", id, err)
	}
	out := make([]NextRun, len(rows))
	for i, r := range rows {
		out[i] = NextRun{Kind: Kind(r.Kind), At: utc(r.DueAt), LastStarted: utc(r.LastStarted)}
		if err := json.Unmarshal(r.Rule, &out[i].Rule); err != nil {
			return nil, fmt.Errorf("schedule of %s: %w", id, err)
		}
	}
	return out, nil
}

// wakeDue lets the tick look at what had to wait for a run that waits for a person now.
func (s *store) wakeDue(ctx context.Context, conn plugin.ConnectionID, now time.Time) error {
	const q = `UPDATE keybridge.schedule s SET look_at = s.due_at, fence = s.fence + 1
		FROM (SELECT connection_id, kind FROM keybridge.schedule
			WHERE connection_id = $1 AND due_at <= $2 ORDER BY kind FOR UPDATE) h
		WHERE s.connection_id = h.connection_id AND s.kind = h.kind`
	if _, err := s.db.ExecContext(ctx, q, conn, now); err != nil {
		return fmt.Errorf("wake schedules of %s: %w", conn, err)
	}
	return nil
}

// wakeSchedules follows "WITH ended AS (…)", which ends a run and answers its connection_id, kind and
// state, with $1 the present moment. In the same statement it makes due what comes after such a run
// when it ended well, and lets the tick look at what had to wait for it.
const wakeSchedules = `, held AS (
		SELECT connection_id, kind FROM keybridge.schedule
		WHERE connection_id = (SELECT connection_id FROM ended) ORDER BY kind FOR UPDATE
	), woken AS (
		UPDATE keybridge.schedule s
		SET due_at = coalesce(s.due_at, $1), look_at = coalesce(s.due_at, $1), fence = s.fence + 1
		FROM held h, ended e
		WHERE s.connection_id = h.connection_id AND s.kind = h.kind
			AND (s.due_at <= $1 OR s.after_kind = e.kind AND e.state = 'done')
	)
	SELECT 1 FROM ended`
