package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/internal/sliceutil"
)

// Offers answers the live offers that a run has read, behind the given id.
func (s *Staging) Offers(ctx context.Context, run int64, after string, limit int) ([]catalog.Offer, error) {
	var bodies [][]byte
	const q = `SELECT body FROM keybridge.stage_offer WHERE run_id = $1 AND id > $2 AND NOT archived ORDER BY id LIMIT $3`
	if err := s.db.SelectContext(ctx, &bodies, q, run, after, limit); err != nil {
		return nil, fmt.Errorf("offers of run %d: %w", run, err)
	}
	out := make([]catalog.Offer, len(bodies))
	for i, b := range bodies {
		if err := json.Unmarshal(b, &out[i]); err != nil {
			return nil, fmt.Errorf("offers of run %d: %w", run, err)
		}
	}
	return out, nil
}

// CountOffers counts what Offers lists.
func (s *Staging) CountOffers(ctx context.Context, run int64) (int64, error) {
	var n int64
	const q = `SELECT count(*) FROM keybridge.stage_offer WHERE run_id = $1 AND NOT archived`
	if err := s.db.GetContext(ctx, &n, q, run); err != nil {
		return 0, fmt.Errorf("count offers of run %d: %w", run, err)
	}
	return n, nil
}

// PutWarehouses notes warehouses that the CRM has named to a preview.
func (s *Staging) PutWarehouses(ctx context.Context, tx *sqlx.Tx, run int64, rows []catalog.Warehouse) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.stage_warehouse (run_id, code, name)
		SELECT $1, code, name FROM unnest($2::text[], $3::text[]) AS t (code, name) ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, q, run,
		pq.Array(sliceutil.Map(rows, func(w catalog.Warehouse) string { return w.Code })),
		pq.Array(sliceutil.Map(rows, func(w catalog.Warehouse) string { return safehtml.Text(w.Name) })))
	if err != nil {
		return fmt.Errorf("warehouses of run %d: %w", run, err)
	}
	return nil
}

// Warehouses answers those that were named to a preview.
func (s *Staging) Warehouses(ctx context.Context, tx *sqlx.Tx, run int64) ([]catalog.Warehouse, error) {
	var rows []catalog.Warehouse
	const q = `SELECT code, name FROM keybridge.stage_warehouse WHERE run_id = $1 ORDER BY code`
	if err := tx.SelectContext(ctx, &rows, q, run); err != nil {
		return nil, fmt.Errorf("warehouses of run %d: %w", run, err)
	}
	return rows, nil
}

// UnseenWarehouses answers which of the chosen warehouses a preview was not named; none when it has read
// no offer that could have named them.
func (s *Staging) UnseenWarehouses(ctx context.Context, run catalog.Run, chosen []string) ([]catalog.Warehouse, error) {
	const q = `SELECT DISTINCT t.code, coalesce(w.name, '') AS name FROM unnest($2::text[]) AS t (code)
		LEFT JOIN keybridge.warehouse w ON w.connection_id = $1 AND w.code = t.code
		WHERE EXISTS (SELECT 1 FROM keybridge.stage_offer o WHERE o.run_id = $3 AND NOT o.archived)
			AND NOT EXISTS (SELECT 1 FROM keybridge.stage_warehouse x WHERE x.run_id = $3 AND x.code = t.code)`
	var rows []catalog.Warehouse
	if err := s.db.SelectContext(ctx, &rows, q, run.Connection, pq.Array(chosen), run.ID); err != nil {
		return nil, fmt.Errorf("warehouses of run %d: %w", run.ID, err)
	}
	return rows, nil
}
