package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// The methods that put store rows, the latest reading of each, and answer how many are new.

// PutCategories stores categories of the CRM and answers how many were not there before.
func (s *Staging) PutCategories(ctx context.Context, tx *sqlx.Tx, run int64, rows []catalog.Category) (int, error) {
	rows = sliceutil.LastOfEach(rows, func(c catalog.Category) string { return c.ID })
	const q = `WITH put AS (
			INSERT INTO keybridge.stage_category (run_id, id, parent_id, name)
			SELECT $1, id, parent_id, name FROM unnest($2::text[], $3::text[], $4::text[]) AS t (id, parent_id, name)
			ON CONFLICT (run_id, id) DO UPDATE SET parent_id = excluded.parent_id, name = excluded.name
			RETURNING xmax = 0 AS fresh)
		SELECT count(*) FILTER (WHERE fresh) FROM put`
	return s.staged(ctx, tx, "categories", q, run,
		pq.Array(sliceutil.Map(rows, func(c catalog.Category) string { return c.ID })),
		pq.Array(sliceutil.Map(rows, func(c catalog.Category) string { return c.ParentID })),
		pq.Array(sliceutil.Map(rows, func(c catalog.Category) string { return safehtml.Text(c.Name) })))
}

// PutProducts stores products and answers how many are new; of one that comes twice the last counts.
func (s *Staging) PutProducts(ctx context.Context, tx *sqlx.Tx, run int64, rows []plan.StagedProduct) (int, error) {
	rows = sliceutil.LastOfEach(rows, func(p plan.StagedProduct) string { return p.ID })
	columns := []string{"run_id", "id", "presence", "scanned", "name_key", "category_id", "hash", "body", "read_at"}
	fresh, err := copied(ctx, tx, "stage_product", columns, rows, func(p plan.StagedProduct) []any {
		return []any{run, p.ID, string(p.Presence), p.Scanned, p.NameKey, p.Category, p.Hash, string(p.Body), p.ReadAt}
	})
	if fresh || err != nil {
		return len(rows), err
	}
	const q = `WITH put AS (
			INSERT INTO keybridge.stage_product (run_id, id, presence, scanned, name_key, category_id, hash, body, read_at)
			SELECT $1, id, presence, scanned, name_key, category_id, hash, body::jsonb, read_at
			FROM unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::timestamptz[])
				AS t (id, presence, scanned, name_key, category_id, hash, body, read_at)
			ON CONFLICT (run_id, id) DO UPDATE SET presence = excluded.presence, name_key = excluded.name_key,
				category_id = excluded.category_id, hash = excluded.hash, body = excluded.body, read_at = excluded.read_at
			RETURNING xmax = 0 AS fresh)
		SELECT count(*) FILTER (WHERE fresh) FROM put`
	return s.staged(ctx, tx, "products", q, run,
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) string { return p.ID })),
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) string { return string(p.Presence) })),
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) bool { return p.Scanned })),
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) string { return p.NameKey })),
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) string { return p.Category })),
		pq.ByteaArray(sliceutil.Map(rows, func(p plan.StagedProduct) []byte { return p.Hash })),
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) string { return string(p.Body) })),
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) string { return p.ReadAt.Format(time.RFC3339Nano) })))
}

// PutOffers stores offers that were asked for at a moment and answers how many are new.
func (s *Staging) PutOffers(ctx context.Context, tx *sqlx.Tx, run int64, rows []catalog.Offer, at time.Time) (int, error) {
	rows = sliceutil.LastOfEach(rows, func(o catalog.Offer) string { return o.ID })
	for i := range rows {
		rows[i] = rows[i].Scrubbed()
	}
	columns := []string{"run_id", "id", "product_id", "sku", "barcode", "archived", "hash", "body", "read_at"}
	fresh, err := copied(ctx, tx, "stage_offer", columns, rows, func(o catalog.Offer) []any {
		body := plan.JSON(o)
		return []any{run, o.ID, o.ProductID, o.SKU, o.Barcode, o.Archived, plan.Digest(body), string(body), at}
	})
	if fresh || err != nil {
		return len(rows), err
	}
	bodies := sliceutil.Map(rows, func(o catalog.Offer) []byte { return plan.JSON(o) })
	const q = `WITH put AS (
			INSERT INTO keybridge.stage_offer (run_id, id, product_id, sku, barcode, archived, hash, body, read_at)
			SELECT $1, id, product_id, sku, barcode, archived, hash, body::jsonb, $2
			FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::bytea[], $9::text[])
				AS t (id, product_id, sku, barcode, archived, hash, body)
			ON CONFLICT (run_id, id) DO UPDATE SET product_id = excluded.product_id, sku = excluded.sku,
				barcode = excluded.barcode, archived = excluded.archived, hash = excluded.hash,
				body = excluded.body, read_at = excluded.read_at
			RETURNING xmax = 0 AS fresh)
		SELECT count(*) FILTER (WHERE fresh) FROM put`
	return s.staged(ctx, tx, "offers", q, run, at,
		pq.Array(sliceutil.Map(rows, func(o catalog.Offer) string { return o.ID })),
		pq.Array(sliceutil.Map(rows, func(o catalog.Offer) string { return o.ProductID })),
		pq.Array(sliceutil.Map(rows, func(o catalog.Offer) string { return o.SKU })),
		pq.Array(sliceutil.Map(rows, func(o catalog.Offer) string { return o.Barcode })),
		pq.Array(sliceutil.Map(rows, func(o catalog.Offer) bool { return o.Archived })),
		pq.ByteaArray(sliceutil.Map(bodies, plan.Digest)),
		pq.Array(sliceutil.Map(bodies, func(b []byte) string { return string(b) })))
}

func (s *Staging) staged(ctx context.Context, tx *sqlx.Tx, what, q string, args ...any) (int, error) {
	var fresh int
	if err := tx.GetContext(ctx, &fresh, q, args...); err != nil {
		return 0, fmt.Errorf("stage %s: %w", what, err)
	}
	return fresh, nil
}

// ChosenCategories answers those of the chosen categories that exist and all below them, in a fixed
// order.
func (s *Staging) ChosenCategories(ctx context.Context, run int64, chosen []string) ([]string, error) {
	const q = `WITH RECURSIVE below AS (
			SELECT id FROM keybridge.stage_category WHERE run_id = $1 AND id = ANY($2)
			UNION
			SELECT c.id FROM keybridge.stage_category c JOIN below b ON c.run_id = $1 AND c.parent_id = b.id)
		SELECT id FROM below ORDER BY id`
	var ids []string
	if err := s.db.SelectContext(ctx, &ids, q, run, pq.Array(chosen)); err != nil {
		return nil, fmt.Errorf("chosen categories of run %d: %w", run, err)
	}
	return ids, nil
}

// UnreadOffers answers live products of which the run has read no offers, although they should have
// some, or not those that are linked, as far as they were not treated as missing; those behind the given
// one, in the order of ids.
func (s *Staging) UnreadOffers(ctx context.Context, run catalog.Run, untreated []string, after string, limit int) ([]string, error) {
	return s.unread(ctx, run, untreated, after, limit, `SELECT v.crm_product_id FROM keybridge.link_variant v`)
}

// unread is UnreadOffers with the beginning of the look at linked variants v, up to what is joined there.
func (s *Staging) unread(ctx context.Context, run catalog.Run, untreated []string, after string, limit int, linked string) ([]string, error) {
	q := `SELECT p.id FROM keybridge.stage_product p
		WHERE p.run_id = $1 AND p.presence = 'live' AND p.id > $3 AND (
			p.id IN (` + linked + `
				LEFT JOIN keybridge.stage_offer o ON o.run_id = $1 AND o.id = v.crm_id
				WHERE v.connection_id = $2 AND v.missing_action = ANY($5) AND v.crm_id NOT LIKE 'product:%' AND o.id IS NULL)
			OR p.body->>'several' = 'true' AND NOT EXISTS (
				SELECT 1 FROM keybridge.stage_offer o WHERE o.run_id = $1 AND o.product_id = p.id))
		ORDER BY p.id LIMIT $4`
	var ids []string
	if err := s.db.SelectContext(ctx, &ids, q, run.ID, run.Connection, after, limit, pq.Array(untreated)); err != nil {
		return nil, fmt.Errorf("unread offers of run %d: %w", run.ID, err)
	}
	return ids, nil
}

// tidyBatch is how many staged rows one step deletes from each table.
const tidyBatch = 20_000

// Tidy deletes what the connection's finished runs and this one have staged, a part at a time; it
// answers how many rows it deleted.
func (s *Staging) Tidy(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, run int64) (int64, error) {
	var total int64
	for _, table := range []string{"stage_category", "stage_product", "stage_offer", "stage_twin", "stage_warehouse", "run_plan", "run_group", "run_tree"} {
		q := `DELETE FROM keybridge.` + table + ` WHERE ctid IN (
			SELECT t.ctid FROM keybridge.` + table + ` t JOIN keybridge.run r ON r.id = t.run_id
			WHERE r.connection_id = $1 AND (r.id = $2 OR r.state IN ('done', 'failed', 'cancelled'))
			LIMIT $3)`
		res, err := tx.ExecContext(ctx, q, conn, run, tidyBatch)
		if err != nil {
			return 0, fmt.Errorf("tidy %s of run %d: %w", table, run, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, fmt.Errorf("tidy %s of run %d: %w", table, run, err)
		}
		total += n
	}
	return total, nil
}

// Categories reads the staged categories in a fixed order.
func (s *Staging) Categories(ctx context.Context, run int64) ([]catalog.Category, error) {
	var rows []struct {
		ID     string `db:"id"`
		Parent string `db:"parent_id"`
		Name   string `db:"name"`
	}
	const q = `SELECT id, parent_id, name FROM keybridge.stage_category WHERE run_id = $1 ORDER BY length(id), id`
	if err := s.db.SelectContext(ctx, &rows, q, run); err != nil {
		return nil, fmt.Errorf("categories of run %d: %w", run, err)
	}
	out := make([]catalog.Category, len(rows))
	for i, r := range rows {
		out[i] = catalog.Category{ID: r.ID, ParentID: r.Parent, Name: r.Name}
	}
	return out, nil
}

// Snapshots answers what a run has read of products and their offers.
func (s *Staging) Snapshots(ctx context.Context, run int64, ids []string) (map[string]plan.Snapshot, error) {
	out := map[string]plan.Snapshot{}
	const live = `SELECT id, body FROM keybridge.stage_product WHERE run_id = $1 AND id = ANY($2) AND presence = 'live'`
	err := s.bodies(ctx, live, func(id string, body []byte) error {
		var p catalog.Product
		err := json.Unmarshal(body, &p)
		out[id] = plan.Snapshot{Product: &p}
		return err
	}, run, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("compare products of run %d: %w", run, err)
	}
	const parts = `SELECT product_id AS id, body FROM keybridge.stage_offer WHERE run_id = $1 AND product_id = ANY($2)`
	err = s.bodies(ctx, parts, func(id string, body []byte) error {
		var o catalog.Offer
		err := json.Unmarshal(body, &o)
		of := out[id]
		if of.Offers == nil {
			of.Offers = map[string]catalog.Offer{}
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

// Hashes answers what a run has read of offers, by hash.
func (s *Staging) Hashes(ctx context.Context, run int64, offers []string) (map[string][]byte, error) {
	out := make(map[string][]byte, len(offers))
	const q = `SELECT id, hash FROM keybridge.stage_offer WHERE run_id = $1 AND id = ANY($2)`
	err := s.bodies(ctx, q, func(id string, hash []byte) error { out[id] = hash; return nil }, run, pq.Array(offers))
	if err != nil {
		return nil, fmt.Errorf("compare prices of run %d: %w", run, err)
	}
	return out, nil
}
