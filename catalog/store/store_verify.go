package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// Lock takes row locks on plans, in the order in which whoever writes prices meanwhile takes them.
func (s *Plans) Lock(ctx context.Context, tx *sqlx.Tx, run int64, ids []string) error {
	const q = `SELECT 1 FROM keybridge.run_plan WHERE run_id = $1 AND crm_id = ANY($2) ORDER BY crm_id FOR UPDATE`
	if _, err := tx.ExecContext(ctx, q, run, pq.Array(ids)); err != nil {
		return fmt.Errorf("lock plan of run %d: %w", run, err)
	}
	return nil
}

// ReadAt answers when the price and stock of variants last written were read. They are asked for by the
// shop's variants, because links go under other keys once the run has taken them.
func (s *Plans) ReadAt(ctx context.Context, tx *sqlx.Tx, run catalog.Run, variants []plugin.VariantID) (map[plugin.VariantID]time.Time, error) {
	const q = `SELECT variant_id, read_at FROM keybridge.link_variant
		WHERE shop_id = $1 AND variant_id = ANY($2) AND connection_id = $3 AND read_at IS NOT NULL`
	var rows []struct {
		Variant plugin.VariantID `db:"variant_id"`
		ReadAt  time.Time        `db:"read_at"`
	}
	if err := tx.SelectContext(ctx, &rows, q, run.Shop, pq.Array(variants), run.Connection); err != nil {
		return nil, fmt.Errorf("read times for run %d: %w", run.ID, err)
	}
	out := make(map[plugin.VariantID]time.Time, len(rows))
	for _, r := range rows {
		out[r.Variant] = r.ReadAt
	}
	return out, nil
}
