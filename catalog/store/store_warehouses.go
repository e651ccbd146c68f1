package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// See remembers warehouses that the CRM has named. One that had vanished is there again.
func (s *Warehouses) See(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, rows []catalog.Warehouse, now time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.warehouse (connection_id, code, name, seen_at)
		SELECT DISTINCT ON (code) $1, code, name, $2::timestamptz FROM unnest($3::text[], $4::text[]) AS t (code, name) ORDER BY code
		ON CONFLICT (connection_id, code) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at, gone = false`
	_, err := tx.ExecContext(ctx, q, conn, now,
		pq.Array(sliceutil.Map(rows, func(w catalog.Warehouse) string { return w.Code })),
		pq.Array(sliceutil.Map(rows, func(w catalog.Warehouse) string { return safehtml.Text(w.Name) })))
	if err != nil {
		return fmt.Errorf("warehouses of %s: %w", conn, err)
	}
	return nil
}

// CheckSeen notes which of the chosen warehouses were not seen since a moment, and answers them; none
// when the run has read no offer that could have named them.
func (s *Warehouses) CheckSeen(ctx context.Context, db sqlx.QueryerContext, run catalog.Run, chosen []string, since time.Time) ([]catalog.Warehouse, error) {
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
	var out []catalog.Warehouse
	for _, r := range rows {
		if r.Gone {
			out = append(out, catalog.Warehouse{Code: r.Code, Name: r.Name})
		}
	}
	return out, nil
}

// Gone answers those of the chosen warehouses that were found to have vanished.
func (s *Warehouses) Gone(ctx context.Context, conn plugin.ConnectionID, chosen []string) ([]catalog.Warehouse, error) {
	const q = `SELECT code, name FROM keybridge.warehouse WHERE connection_id = $1 AND code = ANY($2) AND gone`
	var rows []struct {
		Code string `db:"code"`
		Name string `db:"name"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, conn, pq.Array(chosen)); err != nil {
		return nil, fmt.Errorf("warehouses of %s: %w", conn, err)
	}
	out := make([]catalog.Warehouse, len(rows))
	for i, r := range rows {
		out[i] = catalog.Warehouse{Code: r.Code, Name: r.Name}
	}
	return out, nil
}
