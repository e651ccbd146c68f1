package store

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// HasKeys reports whether something is linked by the key of an offer.
func (s *Staging) HasKeys(ctx context.Context, conn plugin.ConnectionID) (bool, error) {
	var has bool
	const q = `SELECT EXISTS (SELECT 1 FROM keybridge.link_product WHERE connection_id = $1 AND strpos(crm_id, $2) > 0)`
	if err := s.db.GetContext(ctx, &has, q, conn, plan.KeySeparator); err != nil {
		return false, fmt.Errorf("keys of %s: %w", conn, err)
	}
	return has, nil
}

// Parents answers the staged products as the CRM has them, behind the given one: all, or those of which
// offers are linked by key.
func (s *Staging) Parents(ctx context.Context, run catalog.Run, all bool, after string, limit int) ([]plan.Parent, error) {
	const q = `SELECT p.id, p.presence, p.scanned, p.read_at FROM keybridge.stage_product p
		WHERE p.run_id = $1 AND p.id > $2 AND p.presence <> 'outside' AND strpos(p.id, $3) = 0
			AND ($5 OR EXISTS (SELECT 1 FROM keybridge.link_product l
				WHERE l.connection_id = $6 AND l.crm_id > p.id || '/' AND l.crm_id < p.id || '0'))
		ORDER BY p.id LIMIT $4`
	var rows []plan.Parent
	if err := s.db.SelectContext(ctx, &rows, q, run.ID, after, plan.KeySeparator, limit, all, run.Connection); err != nil {
		return nil, fmt.Errorf("products of run %d: %w", run.ID, err)
	}
	return rows, nil
}

// KeysOf answers the finished links of products and of their offers, by product. '0' comes right
// behind the separator.
func (s *Staging) KeysOf(ctx context.Context, conn plugin.ConnectionID, ids []string) (map[string][]plan.LinkOfKey, error) {
	const q = `SELECT t.id, l.crm_id, l.product_id, ARRAY(SELECT v.crm_id FROM keybridge.link_variant v
			WHERE v.connection_id = $1 AND v.crm_product_id = l.crm_id ORDER BY v.crm_id) AS offers,
			ARRAY(SELECT v.variant_id FROM keybridge.link_variant v
				WHERE v.connection_id = $1 AND v.crm_product_id = l.crm_id ORDER BY v.crm_id) AS variants
		FROM unnest($2::text[]) AS t (id)
		JOIN LATERAL (
			SELECT crm_id, product_id FROM keybridge.link_product WHERE connection_id = $1 AND state = 'linked' AND crm_id = t.id
			UNION ALL
			SELECT crm_id, product_id FROM keybridge.link_product WHERE connection_id = $1 AND state = 'linked'
				AND crm_id > t.id || '/' AND crm_id < t.id || '0') l ON true
		ORDER BY t.id, length(l.crm_id), l.crm_id`
	var rows []struct {
		ID       string           `db:"id"`
		Key      string           `db:"crm_id"`
		Product  plugin.ProductID `db:"product_id"`
		Offers   pq.StringArray   `db:"offers"`
		Variants pq.StringArray   `db:"variants"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, conn, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("links of %s: %w", conn, err)
	}
	out := map[string][]plan.LinkOfKey{}
	for _, r := range rows {
		out[r.ID] = append(out[r.ID], plan.LinkOfKey{Key: r.Key, Product: r.Product, Offers: r.Offers, Variants: r.Variants})
	}
	return out, nil
}

// PutSplit stages what was split and notes which links are to stand under other keys.
func (s *Staging) PutSplit(ctx context.Context, tx *sqlx.Tx, run catalog.Run, all plan.Splitting) error {
	if len(all.Rows) > 0 {
		if _, err := s.PutProducts(ctx, tx, run.ID, all.Rows); err != nil {
			return err
		}
	}
	bodies := sliceutil.Map(all.Offers, func(o catalog.Offer) []byte { return plan.JSON(o) })
	const offers = `UPDATE keybridge.stage_offer o SET product_id = t.product_id, hash = t.hash, body = t.body::jsonb
		FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[]) AS t (id, product_id, hash, body)
		WHERE o.run_id = $1 AND o.id = t.id`
	_, err := tx.ExecContext(ctx, offers, run.ID,
		pq.Array(sliceutil.Map(all.Offers, func(o catalog.Offer) string { return o.ID })),
		pq.Array(sliceutil.Map(all.Offers, func(o catalog.Offer) string { return o.ProductID })),
		pq.ByteaArray(sliceutil.Map(bodies, plan.Digest)),
		pq.Array(sliceutil.Map(bodies, func(b []byte) string { return string(b) })))
	if err != nil {
		return fmt.Errorf("split offers of run %d: %w", run.ID, err)
	}
	var ids, presences []string
	for id, p := range all.Parents {
		ids, presences = append(ids, id), append(presences, string(p))
	}
	const parents = `UPDATE keybridge.stage_product p SET presence = t.presence, scanned = false
		FROM unnest($2::text[], $3::text[]) AS t (id, presence) WHERE p.run_id = $1 AND p.id = t.id`
	if _, err := tx.ExecContext(ctx, parents, run.ID, pq.Array(ids), pq.Array(presences)); err != nil {
		return fmt.Errorf("split products of run %d: %w", run.ID, err)
	}
	return s.noteKeys(ctx, tx, run.ID, all.Keys)
}

// UnreadOfKeys is UnreadOffers for keys of offers: it answers the products behind them.
func (s *Staging) UnreadOfKeys(ctx context.Context, run catalog.Run, untreated []string, after string, limit int) ([]string, error) {
	return s.unread(ctx, run, untreated, after, limit, `SELECT split_part(v.crm_product_id, '/', 1) FROM keybridge.link_variant v
		JOIN keybridge.link_product l ON l.connection_id = $2 AND l.crm_id = v.crm_product_id AND l.missing_action = ANY($5)`)
}

// noteKeys notes links that are to stand under other keys, by the old one.
func (s *Staging) noteKeys(ctx context.Context, tx *sqlx.Tx, run int64, keys map[string]string) error {
	if len(keys) == 0 {
		return nil
	}
	var from, to []string
	for old, key := range keys {
		from, to = append(from, old), append(to, key)
	}
	const q = `UPDATE keybridge.stage_product p SET link_key = t.old FROM unnest($2::text[], $3::text[]) AS t (old, key)
		WHERE p.run_id = $1 AND p.id = t.key`
	if _, err := tx.ExecContext(ctx, q, run, pq.Array(from), pq.Array(to)); err != nil {
		return fmt.Errorf("note keys of run %d: %w", run, err)
	}
	return nil
}
