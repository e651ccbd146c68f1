package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/plugin"
)

// stagedOffers answers the live offers that a run has read, behind the given id.
func (s *store) stagedOffers(ctx context.Context, run int64, after string, limit int) ([]Offer, error) {
	var bodies [][]byte
	const q = `SELECT body FROM keybridge.stage_offer WHERE run_id = $1 AND id > $2 AND NOT archived ORDER BY id LIMIT $3`
	if err := s.db.SelectContext(ctx, &bodies, q, run, after, limit); err != nil {
		return nil, fmt.Errorf("offers of run %d: %w", run, err)
	}
	out := make([]Offer, len(bodies))
	for i, b := range bodies {
		if err := json.Unmarshal(b, &out[i]); err != nil {
			return nil, fmt.Errorf("offers of run %d: %w", run, err)
		}
	}
	return out, nil
}

func (s *store) countStagedOffers(ctx context.Context, run int64) (int64, error) {
	var n int64
	const q = `SELECT count(*) FROM keybridge.stage_offer WHERE run_id = $1 AND NOT archived`
	if err := s.db.GetContext(ctx, &n, q, run); err != nil {
		return 0, fmt.Errorf("count offers of run %d: %w", run, err)
	}
	return n, nil
}

// seeWarehouses remembers warehouses that the CRM has named. One that had vanished is there again.
func (s *store) seeWarehouses(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, rows []Warehouse, now time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.warehouse (connection_id, code, name, seen_at)
		SELECT DISTINCT ON (code) $1, code, name, $2::timestamptz FROM unnest($3::text[], $4::text[]) AS t (code, name) ORDER BY code
		ON CONFLICT (connection_id, code) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at, gone = false`
	_, err := tx.ExecContext(ctx, q, conn, now,
		pq.Array(each(rows, func(w Warehouse) string { return w.Code })),
		pq.Array(each(rows, func(w Warehouse) string { return safehtml.Text(w.Name) })))
	if err != nil {
		return fmt.Errorf("warehouses of %s: %w", conn, err)
	}
	return nil
}

// judgeWarehouses notes which of the chosen warehouses were not seen since then, and answers them; none
// when the run has read no offer that could have named them.
func (s *store) judgeWarehouses(ctx context.Context, db sqlx.QueryerContext, run Run, chosen []string, since time.Time) ([]Warehouse, error) {
	const q = `INSERT INTO keybridge.warehouse AS w (connection_id, code, name, gone)
		SELECT DISTINCT $1, code, '', true FROM unnest($2::text[]) AS t (code)
		WHERE EXISTS (SELECT 1 FROM keybridge.stage_offer o WHERE o.run_id = $4 AND NOT o.archived)
		ON CONFLICT (connection_id, code) DO UPDATE SET gone = w.seen_at IS NULL OR w.seen_at < $3
		RETURNING code, name, gone`
	var rows []struct {
		Code string `db:"code"`
		Name string `db:"name"`
		Gone bool   `db:"gone"`
	}
	if err := sqlx.SelectContext(ctx, db, &rows, q, run.Connection, pq.Array(chosen), since, run.ID); err != nil {
		return nil, fmt.Errorf("warehouses of %s: %w", run.Connection, err)
	}
	var out []Warehouse
	for _, r := range rows {
		if r.Gone {
			out = append(out, Warehouse{Code: r.Code, Name: r.Name})
		}
	}
	return out, nil
}

// warehousesGone answers those of the chosen warehouses that were found to have vanished.
func (s *store) warehousesGone(ctx context.Context, conn plugin.ConnectionID, chosen []string) ([]Warehouse, error) {
	const q = `SELECT code, name FROM keybridge.warehouse WHERE connection_id = $1 AND code = ANY($2) AND gone`
	var rows []struct {
		Code string `db:"code"`
		Name string `db:"name"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, conn, pq.Array(chosen)); err != nil {
		return nil, fmt.Errorf("warehouses of %s: %w", conn, err)
	}
	out := make([]Warehouse, len(rows))
	for i, r := range rows {
		out[i] = Warehouse{Code: r.Code, Name: r.Name}
	}
	return out, nil
}

// stageWarehouses notes warehouses that the CRM has named to a preview.
func (s *store) stageWarehouses(ctx context.Context, tx *sqlx.Tx, run int64, rows []Warehouse) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.stage_warehouse (run_id, code, name)
		SELECT $1, code, name FROM unnest($2::text[], $3::text[]) AS t (code, name) ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, q, run,
		pq.Array(each(rows, func(w Warehouse) string { return w.Code })),
		pq.Array(each(rows, func(w Warehouse) string { return safehtml.Text(w.Name) })))
	if err != nil {
		return fmt.Errorf("warehouses of run %d: %w", run, err)
	}
	return nil
}

// stagedWarehouses answers those that were named to a preview.
func (s *store) stagedWarehouses(ctx context.Context, tx *sqlx.Tx, run int64) ([]Warehouse, error) {
	var rows []Warehouse
	const q = `SELECT code, name FROM keybridge.stage_warehouse WHERE run_id = $1 ORDER BY code`
	if err := tx.SelectContext(ctx, &rows, q, run); err != nil {
		return nil, fmt.Errorf("warehouses of run %d: %w", run, err)
	}
	return rows, nil
}

// unseenWarehouses answers which of the chosen warehouses a preview was not named; none when it has read
// no offer that could have named them.
func (s *store) unseenWarehouses(ctx context.Context, run Run, chosen []string) ([]Warehouse, error) {
	const q = `SELECT DISTINCT t.code, coalesce(w.name, '') AS name FROM unnest($2::text[]) AS t (code)
		LEFT JOIN keybridge.warehouse w ON w.connection_id = $1 AND w.code = t.code
		WHERE EXISTS (SELECT 1 FROM keybridge.stage_offer o WHERE o.run_id = $3 AND NOT o.archived)
			AND NOT EXISTS (SELECT 1 FROM keybridge.stage_warehouse x WHERE x.run_id = $3 AND x.code = t.code)`
	var rows []Warehouse
	if err := s.db.SelectContext(ctx, &rows, q, run.Connection, pq.Array(chosen), run.ID); err != nil {
		return nil, fmt.Errorf("warehouses of run %d: %w", run.ID, err)
	}
	return rows, nil
}
