package store

import (
	"context"
	"database/sql"
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

// SetCurrencies remembers the currency of some linked products. When more than a tenth of them have
// another than before, that of all the others is forgotten: their prices wait for the next full run,
// which reads it.
func (s *Quotes) SetCurrencies(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, rows []catalog.Product) error {
	ids := pq.Array(sliceutil.Map(rows, func(p catalog.Product) string { return p.ID }))
	currencies := pq.Array(sliceutil.Map(rows, func(p catalog.Product) string { return safehtml.Text(p.Currency) }))
	const differ = `SELECT count(*) FROM keybridge.link_product l
		JOIN unnest($2::text[], $3::text[]) AS t (crm_id, currency) USING (crm_id)
		WHERE l.connection_id = $1 AND l.currency <> '' AND l.currency <> t.currency`
	var changed int
	if err := tx.GetContext(ctx, &changed, differ, conn, ids, currencies); err != nil {
		return fmt.Errorf("currencies of %s: %w", conn, err)
	}
	const q = `UPDATE keybridge.link_product l SET currency = t.currency
		FROM unnest($2::text[], $3::text[]) AS t (crm_id, currency)
		WHERE l.connection_id = $1 AND l.crm_id = t.crm_id AND l.currency <> t.currency`
	if _, err := tx.ExecContext(ctx, q, conn, ids, currencies); err != nil {
		return fmt.Errorf("currencies of %s: %w", conn, err)
	}
	if changed*10 <= len(rows) {
		return nil
	}
	const forget = `UPDATE keybridge.link_product SET currency = '', crm_hash = NULL
		WHERE connection_id = $1 AND NOT crm_id = ANY($2)`
	if _, err := tx.ExecContext(ctx, forget, conn, ids); err != nil {
		return fmt.Errorf("forget currencies of %s: %w", conn, err)
	}
	return nil
}

// StagedCurrencies answers the products whose currency a preview has looked at.
func (s *Quotes) StagedCurrencies(ctx context.Context, tx *sqlx.Tx, run int64) ([]catalog.Product, error) {
	var rows []struct {
		ID       string `db:"id"`
		Currency string `db:"currency"`
	}
	const q = `SELECT id, coalesce(body->>'currency', '') AS currency FROM keybridge.stage_product WHERE run_id = $1 ORDER BY id`
	if err := tx.SelectContext(ctx, &rows, q, run); err != nil {
		return nil, fmt.Errorf("currencies of run %d: %w", run, err)
	}
	out := make([]catalog.Product, len(rows))
	for i, r := range rows {
		out[i] = catalog.Product{ID: r.ID, Currency: r.Currency}
	}
	return out, nil
}

// currenciesDoubted says that a preview has found another currency at more than a tenth of the products
// it looked at. It stages them; other runs have noted what they found, and have none staged.
const currenciesDoubted = `(SELECT count(*) FILTER (WHERE k.currency <> '' AND k.currency <> coalesce(q.body->>'currency', '')) * 10 > count(*)
	FROM keybridge.stage_product q JOIN keybridge.link_product k ON k.connection_id = $2 AND k.crm_id = q.id WHERE q.run_id = $1)`

const quotesFrom = `
	FROM keybridge.stage_offer o
	JOIN keybridge.link_variant v ON v.connection_id = $2 AND v.crm_id = o.id AND v.missing_action = ''
		AND (v.read_at IS NULL OR v.read_at <= o.read_at)
	JOIN keybridge.link_product l ON l.connection_id = $2 AND l.crm_id = v.crm_product_id
		AND l.state = 'linked' AND l.missing_action = ''
	LEFT JOIN keybridge.stage_product c ON c.run_id = o.run_id AND c.id = l.crm_id
	WHERE o.run_id = $1`

const quoteColumns = `SELECT o.body, o.hash, o.read_at, v.crm_product_id, v.variant_id, l.product_id,
	CASE WHEN c.id IS NOT NULL THEN coalesce(c.body->>'currency', '') WHEN ` + currenciesDoubted + ` THEN '' ELSE l.currency END AS currency,
	l.shop_version, l.created_here, coalesce(v.price_hash = sha256(o.hash || $3::bytea), false) AS same`

// Staged answers staged prices of the variants of the next linked products, in the order of the
// CRM's products. A variant of which a later reading was written is left out. rules is the hash of those that hold
// now: under others a price that was in order is looked at again.
func (s *Quotes) Staged(ctx context.Context, run catalog.Run, rules []byte, after string, products int) ([]plan.PriceStock, error) {
	const q = quoteColumns + quotesFrom + ` AND v.crm_product_id IN (
			SELECT DISTINCT v.crm_product_id` + quotesFrom + ` AND v.crm_product_id > $4 ORDER BY v.crm_product_id LIMIT $5)
		ORDER BY v.crm_product_id, o.id`
	return s.readQuotes(ctx, run, rules, q, run.ID, run.Connection, rules, after, products)
}

// OfProducts is Staged for the given products of the CRM.
func (s *Quotes) OfProducts(ctx context.Context, run catalog.Run, rules []byte, ids []string) ([]plan.PriceStock, error) {
	const q = quoteColumns + quotesFrom + ` AND v.crm_product_id = ANY($4) ORDER BY v.crm_product_id, o.id`
	return s.readQuotes(ctx, run, rules, q, run.ID, run.Connection, rules, pq.Array(ids))
}

func (s *Quotes) readQuotes(ctx context.Context, run catalog.Run, rules []byte, q string, args ...any) ([]plan.PriceStock, error) {
	var rows []struct {
		Body     []byte    `db:"body"`
		Hash     []byte    `db:"hash"`
		ReadAt   time.Time `db:"read_at"`
		CRM      string    `db:"crm_product_id"`
		Variant  string    `db:"variant_id"`
		Product  string    `db:"product_id"`
		Currency string    `db:"currency"`
		Version  string    `db:"shop_version"`
		Made     bool      `db:"created_here"`
		Same     bool      `db:"same"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, args...); err != nil {
		return nil, fmt.Errorf("prices of run %d: %w", run.ID, err)
	}
	out := make([]plan.PriceStock, len(rows))
	for i, r := range rows {
		out[i] = plan.PriceStock{
			CRM: r.CRM, Product: plugin.ProductID(r.Product), Variant: plugin.VariantID(r.Variant), Hash: plan.PriceHash(r.Hash, rules),
			ReadAt: r.ReadAt.UTC(), Currency: r.Currency, Version: plugin.Version(r.Version), Same: r.Same,
			Made: r.Made,
		}
		if err := json.Unmarshal(r.Body, &out[i].Offer); err != nil {
			return nil, fmt.Errorf("prices of run %d: %w", run.ID, err)
		}
	}
	return out, nil
}

// CountQuotes counts the products that Staged answers variants of.
func (s *Quotes) CountQuotes(ctx context.Context, run catalog.Run) (int64, error) {
	var n int64
	if err := s.db.GetContext(ctx, &n, `SELECT count(DISTINCT v.crm_product_id)`+quotesFrom, run.ID, run.Connection); err != nil {
		return 0, fmt.Errorf("count prices of run %d: %w", run.ID, err)
	}
	return n, nil
}

// SavePriceHashes remembers variants whose price and stock are in order, as far as no later reading was
// written meanwhile.
func (s *Quotes) SavePriceHashes(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, rows []plan.SyncedPrice) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `UPDATE keybridge.link_variant v
		SET price_hash = nullif(t.hash, ''::bytea), read_at = greatest(v.read_at, t.read_at)
		FROM unnest($2::text[], $3::bytea[], $4::timestamptz[]) AS t (crm_id, hash, read_at)
		WHERE v.connection_id = $1 AND v.crm_id = t.crm_id AND (v.read_at IS NULL OR v.read_at <= t.read_at)`
	_, err := tx.ExecContext(ctx, q, conn,
		pq.Array(sliceutil.Map(rows, func(r plan.SyncedPrice) string { return r.Offer })),
		pq.ByteaArray(sliceutil.Map(rows, func(r plan.SyncedPrice) []byte { return append([]byte{}, r.Hash...) })),
		pq.Array(sliceutil.Map(rows, func(r plan.SyncedPrice) string { return r.ReadAt.Format(time.RFC3339Nano) })))
	if err != nil {
		return fmt.Errorf("remember prices of %s: %w", conn, err)
	}
	return nil
}

// MoveVersions takes over the versions our writes made, unless somebody had edited the product since
// we last looked at it whole. The next full run compares what was written with the CRM: it may say
// again by then what it said when that run's last one looked.
func (s *Quotes) MoveVersions(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, versions map[plugin.ProductID]plan.SeenVersion, now time.Time) error {
	if len(versions) == 0 {
		return nil
	}
	ids, before, after := unzipped(versions)
	const q = `UPDATE keybridge.link_product l SET shop_version = t.after, crm_hash = NULL, updated_at = $2
		FROM unnest($3::text[], $4::text[], $5::text[]) AS t (product_id, before, after)
		WHERE l.connection_id = $1 AND l.shop_id = (SELECT shop_id FROM keybridge.connection WHERE id = $1)
			AND l.product_id = t.product_id AND l.shop_version = t.before`
	if _, err := tx.ExecContext(ctx, q, conn, now, pq.Array(ids), pq.Array(before), pq.Array(after)); err != nil {
		return fmt.Errorf("move versions of %s: %w", conn, err)
	}
	return nil
}

func unzipped(versions map[plugin.ProductID]plan.SeenVersion) (ids, before, after []string) {
	for id, v := range versions {
		ids, before, after = append(ids, string(id)), append(before, string(v.Before)), append(after, string(v.After))
	}
	return ids, before, after
}

// LockLinks takes the links of the offers of some products, in the order of the offers' ids, and
// answers by product and variant when what was last written was read. The locks end with the transaction.
func (s *Quotes) LockLinks(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, products []string) (map[string]map[plugin.VariantID]time.Time, error) {
	const q = `SELECT crm_product_id, variant_id, read_at FROM keybridge.link_variant
		WHERE connection_id = $1 AND crm_product_id = ANY($2) ORDER BY crm_id FOR UPDATE`
	// Nobody waits for ever for a worker that was frozen in the middle: after a while its transaction is
	// ended for it, and its write, if it comes, finds another version.
	const bounds = `SELECT set_config('lock_timeout', '30s', true), set_config('idle_in_transaction_session_timeout', '60s', true)`
	if _, err := tx.ExecContext(ctx, bounds); err != nil {
		return nil, fmt.Errorf("lock links of %s: %w", conn, err)
	}
	var rows []struct {
		Product string           `db:"crm_product_id"`
		Variant plugin.VariantID `db:"variant_id"`
		ReadAt  sql.NullTime     `db:"read_at"`
	}
	if err := tx.SelectContext(ctx, &rows, q, conn, pq.Array(products)); err != nil {
		return nil, fmt.Errorf("lock links of %s: %w", conn, err)
	}
	out := make(map[string]map[plugin.VariantID]time.Time, len(products))
	for _, r := range rows {
		if out[r.Product] == nil {
			out[r.Product] = map[plugin.VariantID]time.Time{}
		}
		out[r.Product][r.Variant] = r.ReadAt.Time
	}
	return out, nil
}
