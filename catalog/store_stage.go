package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/plugin"
)

// presence says what the CRM said of a product.
type presence string

const (
	live     presence = "live"
	archived presence = "archived"
	absent   presence = "absent"  // asked for by id and not answered
	outside  presence = "outside" // of a category that was not chosen
)

// stagedProduct is a row of staging.
type stagedProduct struct {
	ID       string
	Presence presence
	// Scanned: it came with the scan, not with a look-up by id.
	Scanned  bool
	NameKey  string
	Category string
	Hash     []byte
	Body     []byte
	ReadAt   time.Time
}

// onlyLast drops all but the last of rows with one id: a statement can write a row once.
func onlyLast[T any](rows []T, id func(T) string) []T {
	at := make(map[string]int, len(rows))
	out := make([]T, 0, len(rows))
	for _, r := range rows {
		if i, ok := at[id(r)]; ok {
			out[i] = r
			continue
		}
		at[id(r)] = len(out)
		out = append(out, r)
	}
	return out
}

// The stage methods store rows, the latest reading of each, and answer how many are new.

func (s *store) stageCategories(ctx context.Context, tx *sqlx.Tx, run int64, rows []Category) (int, error) {
	rows = onlyLast(rows, func(c Category) string { return c.ID })
	const q = `WITH put AS (
			INSERT INTO keybridge.stage_category (run_id, id, parent_id, name)
			SELECT $1, id, parent_id, name FROM unnest($2::text[], $3::text[], $4::text[]) AS t (id, parent_id, name)
			ON CONFLICT (run_id, id) DO UPDATE SET parent_id = excluded.parent_id, name = excluded.name
			RETURNING xmax = 0 AS fresh)
		SELECT count(*) FILTER (WHERE fresh) FROM put`
	return s.staged(ctx, tx, "categories", q, run,
		pq.Array(each(rows, func(c Category) string { return c.ID })),
		pq.Array(each(rows, func(c Category) string { return c.ParentID })),
		pq.Array(each(rows, func(c Category) string { return safehtml.Text(c.Name) })))
}

func (s *store) stageProducts(ctx context.Context, tx *sqlx.Tx, run int64, rows []stagedProduct) (int, error) {
	rows = onlyLast(rows, func(p stagedProduct) string { return p.ID })
	columns := []string{"run_id", "id", "presence", "scanned", "name_key", "category_id", "hash", "body", "read_at"}
	fresh, err := copied(ctx, tx, "stage_product", columns, rows, func(p stagedProduct) []any {
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
		pq.Array(each(rows, func(p stagedProduct) string { return p.ID })),
		pq.Array(each(rows, func(p stagedProduct) string { return string(p.Presence) })),
		pq.Array(each(rows, func(p stagedProduct) bool { return p.Scanned })),
		pq.Array(each(rows, func(p stagedProduct) string { return p.NameKey })),
		pq.Array(each(rows, func(p stagedProduct) string { return p.Category })),
		pq.ByteaArray(each(rows, func(p stagedProduct) []byte { return p.Hash })),
		pq.Array(each(rows, func(p stagedProduct) string { return string(p.Body) })),
		pq.Array(each(rows, func(p stagedProduct) string { return p.ReadAt.Format(time.RFC3339Nano) })))
}

func (s *store) stageOffers(ctx context.Context, tx *sqlx.Tx, run int64, rows []Offer, at time.Time) (int, error) {
	rows = onlyLast(rows, func(o Offer) string { return o.ID })
	for i := range rows {
		rows[i] = rows[i].scrubbed()
	}
	columns := []string{"run_id", "id", "product_id", "sku", "barcode", "archived", "hash", "body", "read_at"}
	fresh, err := copied(ctx, tx, "stage_offer", columns, rows, func(o Offer) []any {
		body := toJSON(o)
		return []any{run, o.ID, o.ProductID, o.SKU, o.Barcode, o.Archived, digest(body), string(body), at}
	})
	if fresh || err != nil {
		return len(rows), err
	}
	bodies := each(rows, func(o Offer) []byte { return toJSON(o) })
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
		pq.Array(each(rows, func(o Offer) string { return o.ID })),
		pq.Array(each(rows, func(o Offer) string { return o.ProductID })),
		pq.Array(each(rows, func(o Offer) string { return o.SKU })),
		pq.Array(each(rows, func(o Offer) string { return o.Barcode })),
		pq.Array(each(rows, func(o Offer) bool { return o.Archived })),
		pq.ByteaArray(each(bodies, digest)),
		pq.Array(each(bodies, func(b []byte) string { return string(b) })))
}

func (s *store) staged(ctx context.Context, tx *sqlx.Tx, what, q string, args ...any) (int, error) {
	var fresh int
	if err := tx.GetContext(ctx, &fresh, q, args...); err != nil {
		return 0, fmt.Errorf("stage %s: %w", what, err)
	}
	return fresh, nil
}

// chosenCategories answers those of the chosen categories that exist and all below them, in a fixed
// order.
func (s *store) chosenCategories(ctx context.Context, run int64, chosen []string) ([]string, error) {
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

// unreadOffers answers live products of which the run has read no offers, although they should have
// some, or not those that are linked, as far as they were not treated as missing; those behind the given
// one, in the order of ids.
func (s *store) unreadOffers(ctx context.Context, run Run, untreated []string, after string, limit int) ([]string, error) {
	return s.unread(ctx, run, untreated, after, limit, `SELECT v.crm_product_id FROM keybridge.link_variant v`)
}

// unread is unreadOffers with the beginning of the look at linked variants v, up to what is joined there.
func (s *store) unread(ctx context.Context, run Run, untreated []string, after string, limit int, linked string) ([]string, error) {
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

// tidy deletes what the connection's finished runs and this one have staged, a part at a time; it
// answers how many rows it deleted.
func (s *store) tidy(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, run int64) (int64, error) {
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
