package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/calendar"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// wakeSchedules follows "WITH ended AS (…)", which ends a run and answers its connection_id, kind and
// state, with $1 the present moment; see calendar.WakeEnded.
const wakeSchedules = `, finished AS (
		SELECT connection_id AS owner, kind, state = 'done' AS well FROM ended
	)` + calendar.WakeEnded

// StartDue inserts the runs that nothing is in the way of: a run at work is in that of every other,
// and a full one that waits for a person in that of a full one. It answers their ids as they are due.
func (s *Runs) StartDue(ctx context.Context, tx *sqlx.Tx, due []calendar.Due[settings.Connection], now time.Time) ([]int64, error) {
	var conns, shops, kinds, phases, bodies []string
	var versions []int64
	for _, d := range due {
		conns, shops = append(conns, string(d.With.ID)), append(shops, string(d.With.Shop))
		kinds, phases = append(kinds, string(d.Kind)), append(phases, string(catalog.FirstPhase(catalog.Kind(d.Kind))))
		bodies, versions = append(bodies, string(plan.JSON(d.With.Settings.Catalog))), append(versions, d.With.Version)
	}
	const q = `
		INSERT INTO keybridge.run (connection_id, shop_id, kind, state, phase, settings, settings_version,
			started_by, created_at, next_at, layout)
		SELECT connection_id, shop_id, kind, 'queued', phase, settings::jsonb, version, $1, $2, $2, $9
		FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
			WITH ORDINALITY AS t (connection_id, shop_id, kind, phase, settings, version, at)
		ORDER BY at
		ON CONFLICT DO NOTHING
		RETURNING id, connection_id, kind`
	type key struct {
		Connection string `db:"connection_id"`
		Kind       string `db:"kind"`
	}
	var rows []struct {
		ID int64 `db:"id"`
		key
	}
	err := tx.SelectContext(ctx, &rows, q, catalog.ByScheduleID, now, pq.Array(conns), pq.Array(shops), pq.Array(kinds),
		pq.Array(phases), pq.Array(bodies), pq.Array(versions), catalog.Layout)
	if err != nil {
		return nil, fmt.Errorf("insert due runs: %w", err)
	}
	started := make(map[key]int64, len(rows))
	for _, r := range rows {
		started[r.key] = r.ID
	}
	ids := make([]int64, len(due))
	for i := range due {
		ids[i] = started[key{conns[i], kinds[i]}]
	}
	return ids, s.lockReplaced(ctx, tx, ids)
}

// Unstart takes back runs before anybody could see them.
func (s *Runs) Unstart(ctx context.Context, tx *sqlx.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM keybridge.run WHERE id = ANY($1)`, pq.Array(ids)); err != nil {
		return fmt.Errorf("take back runs: %w", err)
	}
	return nil
}

// ConnectionOf names a connection with its shop.
type ConnectionOf struct {
	ID   plugin.ConnectionID `db:"id"`
	Shop plugin.ShopID       `db:"shop_id"`
}

// Unscheduled lists connections that run while their schedule is missing, older than their settings,
// or parked.
func (s *Runs) Unscheduled(ctx context.Context) ([]ConnectionOf, error) {
	const q = `
		SELECT c.id, c.shop_id FROM keybridge.connection c
		LEFT JOIN (` + calendar.CurrentRows + `) s ON s.owner = c.id AND s.version = c.version
		WHERE c.enabled AND c.ready_at IS NOT NULL AND c.deleted_at IS NULL AND coalesce(s.kinds, 0) < cardinality($1)`
	var out []ConnectionOf
	if err := s.db.SelectContext(ctx, &out, q, pq.Array(catalog.Kinds())); err != nil {
		return nil, fmt.Errorf("find connections without a current schedule: %w", err)
	}
	return out, nil
}
