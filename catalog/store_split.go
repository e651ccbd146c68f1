package catalog

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/plugin"
)

// hasKeys reports whether something is linked by the key of an offer.
func (s *store) hasKeys(ctx context.Context, conn plugin.ConnectionID) (bool, error) {
	var has bool
	const q = `SELECT EXISTS (SELECT 1 FROM keybridge.link_product WHERE connection_id = $1 AND strpos(crm_id, $2) > 0)`
	if err := s.db.GetContext(ctx, &has, q, conn, keySeparator); err != nil {
		return false, fmt.Errorf("keys of %s: %w", conn, err)
	}
	return has, nil
}

// parents answers the staged products as the CRM has them, behind the given one: all, or those of which
// offers are linked by key.
func (s *store) parents(ctx context.Context, run Run, all bool, after string, limit int) ([]parent, error) {
	const q = `SELECT p.id, p.presence, p.scanned, p.read_at FROM keybridge.stage_product p
		WHERE p.run_id = $1 AND p.id > $2 AND p.presence <> 'outside' AND strpos(p.id, $3) = 0
			AND ($5 OR EXISTS (SELECT 1 FROM keybridge.link_product l
				WHERE l.connection_id = $6 AND l.crm_id > p.id || '/' AND l.crm_id < p.id || '0'))
		ORDER BY p.id LIMIT $4`
	var rows []parent
	if err := s.db.SelectContext(ctx, &rows, q, run.ID, after, keySeparator, limit, all, run.Connection); err != nil {
		return nil, fmt.Errorf("products of run %d: %w", run.ID, err)
	}
	return rows, nil
}

// keysOf answers the finished links of products and of their offers, by product. '0' comes right
// behind the separator.
func (s *store) keysOf(ctx context.Context, conn plugin.ConnectionID, ids []string) (map[string][]keyed, error) {
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
	out := map[string][]keyed{}
	for _, r := range rows {
		out[r.ID] = append(out[r.ID], keyed{Key: r.Key, Product: r.Product, Offers: r.Offers, Variants: r.Variants})
	}
	return out, nil
}

// putSplit stages what was split and notes which links are to stand under other keys.
func (s *store) putSplit(ctx context.Context, tx *sqlx.Tx, run Run, all splitting) error {
	if len(all.rows) > 0 {
		if _, err := s.stageProducts(ctx, tx, run.ID, all.rows); err != nil {
			return err
		}
	}
	bodies := each(all.offers, func(o Offer) []byte { return toJSON(o) })
	const offers = `UPDATE keybridge.stage_offer o SET product_id = t.product_id, hash = t.hash, body = t.body::jsonb
		FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[]) AS t (id, product_id, hash, body)
		WHERE o.run_id = $1 AND o.id = t.id`
	_, err := tx.ExecContext(ctx, offers, run.ID,
		pq.Array(each(all.offers, func(o Offer) string { return o.ID })),
		pq.Array(each(all.offers, func(o Offer) string { return o.ProductID })),
		pq.ByteaArray(each(bodies, digest)),
		pq.Array(each(bodies, func(b []byte) string { return string(b) })))
	if err != nil {
		return fmt.Errorf("split offers of run %d: %w", run.ID, err)
	}
	var ids, presences []string
	for id, p := range all.parents {
		ids, presences = append(ids, id), append(presences, string(p))
	}
	const parents = `UPDATE keybridge.stage_product p SET presence = t.presence, scanned = false
		FROM unnest($2::text[], $3::text[]) AS t (id, presence) WHERE p.run_id = $1 AND p.id = t.id`
	if _, err := tx.ExecContext(ctx, parents, run.ID, pq.Array(ids), pq.Array(presences)); err != nil {
		return fmt.Errorf("split products of run %d: %w", run.ID, err)
	}
	return s.noteKeys(ctx, tx, run.ID, all.keys)
}

// unreadOfKeys is unreadOffers for keys of offers: it answers the products behind them.
func (s *store) unreadOfKeys(ctx context.Context, run Run, untreated []string, after string, limit int) ([]string, error) {
	return s.unread(ctx, run, untreated, after, limit, `SELECT split_part(v.crm_product_id, '/', 1) FROM keybridge.link_variant v
		JOIN keybridge.link_product l ON l.connection_id = $2 AND l.crm_id = v.crm_product_id AND l.missing_action = ANY($5)`)
}
