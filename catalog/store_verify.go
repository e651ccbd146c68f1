package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/plugin"
)

// snapshots answers what a run has read of products and their offers.
func (s *store) snapshots(ctx context.Context, run int64, ids []string) (map[string]snapshot, error) {
	out := map[string]snapshot{}
	const live = `SELECT id, body FROM keybridge.stage_product WHERE run_id = $1 AND id = ANY($2) AND presence = 'live'`
	err := s.bodies(ctx, live, func(id string, body []byte) error {
		var p Product
		err := json.Unmarshal(body, &p)
		out[id] = snapshot{Product: &p}
		return err
	}, run, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("compare products of run %d: %w", run, err)
	}
	const parts = `SELECT product_id AS id, body FROM keybridge.stage_offer WHERE run_id = $1 AND product_id = ANY($2)`
	err = s.bodies(ctx, parts, func(id string, body []byte) error {
		var o Offer
		err := json.Unmarshal(body, &o)
		of := out[id]
		if of.Offers == nil {
			of.Offers = map[string]Offer{}
		}
		of.Offers[o.ID] = o
		out[id] = of
		return err
	}, run, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("compare offers of run %d: %w", run, err)
	}
	return out, nil
}

// stagedHashes answers what a run has read of offers, by hash.
func (s *store) stagedHashes(ctx context.Context, run int64, offers []string) (map[string][]byte, error) {
	out := make(map[string][]byte, len(offers))
	const q = `SELECT id, hash FROM keybridge.stage_offer WHERE run_id = $1 AND id = ANY($2)`
	err := s.bodies(ctx, q, func(id string, hash []byte) error { out[id] = hash; return nil }, run, pq.Array(offers))
	if err != nil {
		return nil, fmt.Errorf("compare prices of run %d: %w", run, err)
	}
	return out, nil
}

// lockPlans takes plans in the order in which whoever writes prices meanwhile takes them.
func (s *store) lockPlans(ctx context.Context, tx *sqlx.Tx, run int64, ids []string) error {
	const q = `SELECT 1 FROM keybridge.run_plan WHERE run_id = $1 AND crm_id = ANY($2) ORDER BY crm_id FOR UPDATE`
	if _, err := tx.ExecContext(ctx, q, run, pq.Array(ids)); err != nil {
		return fmt.Errorf("lock plan of run %d: %w", run, err)
	}
	return nil
}

// readAt answers when the price and stock of variants last written were read. They are asked for by the
// shop's variants, because links go under other keys once the run has taken them.
func (s *store) readAt(ctx context.Context, tx *sqlx.Tx, run Run, variants []plugin.VariantID) (map[plugin.VariantID]time.Time, error) {
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
