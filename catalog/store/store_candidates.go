package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
)

const candidateColumns = `
	p.id, p.presence, least(p.read_at, h.read_at) AS read_at, h.hash, p.category_id,
	coalesce(c.category_id, '') AS shop_category,
	CASE WHEN $3 THEN coalesce(sc.name, '') ELSE '' END AS category_name,
	` + linkKey + ` AS link_key,
	coalesce(l.product_id, p.made) AS product_id,
	coalesce(l.state = 'creating' AND p.made = '', false) AS creating, p.made <> '' AS made,
	coalesce(l.shop_version, '') AS shop_version,
	coalesce(l.state = 'linked' AND l.crm_hash = h.hash AND l.settings_hash = $4 AND l.missing_action = ''
		AND p.link_key = '' AND l.images NOT IN ('pending', 'partial') AND p.presence = 'live'
		AND CASE WHEN c.category_id IS NULL THEN NOT ($3 AND sc.id IS NOT NULL) ELSE c.category_id = l.category_id END,
		false) AS same`

const candidateFrom = `
	FROM keybridge.stage_product p
	CROSS JOIN LATERAL (
		SELECT sha256(p.hash || coalesce(string_agg(o.hash, ''::bytea ORDER BY o.id), ''::bytea)) AS hash,
			min(o.read_at) AS read_at
		FROM keybridge.stage_offer o WHERE o.run_id = p.run_id AND o.product_id = p.id) h
	LEFT JOIN keybridge.link_product l ON l.connection_id = $2 AND l.crm_id = ` + linkKey + `
	LEFT JOIN keybridge.link_category c ON c.connection_id = $2 AND c.crm_id = p.category_id
	LEFT JOIN keybridge.stage_category sc ON sc.run_id = p.run_id AND sc.id = p.category_id
	WHERE p.run_id = $1 AND p.presence <> 'outside'`

// Candidates answers the staged products behind the given id. categories says that the run writes the tree; rules is
// the hash of those that hold now: under others a product that was in order is looked at again.
func (s *Staging) Candidates(ctx context.Context, run catalog.Run, categories bool, rules []byte, after string, limit int) ([]plan.Candidate, error) {
	const q = `SELECT` + candidateColumns + candidateFrom + ` AND p.id > $5 ORDER BY p.id LIMIT $6`
	var rows []plan.Candidate
	if err := s.db.SelectContext(ctx, &rows, q, run.ID, run.Connection, categories, rules, after, limit); err != nil {
		return nil, fmt.Errorf("compare products of run %d: %w", run.ID, err)
	}
	return rows, nil
}

// CandidatesByID is Candidates for the products with the given ids.
func (s *Staging) CandidatesByID(ctx context.Context, run catalog.Run, categories bool, rules []byte, ids []string) ([]plan.Candidate, error) {
	const q = `SELECT` + candidateColumns + candidateFrom + ` AND p.id = ANY($5) ORDER BY p.id`
	var rows []plan.Candidate
	if err := s.db.SelectContext(ctx, &rows, q, run.ID, run.Connection, categories, rules, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("compare products of run %d: %w", run.ID, err)
	}
	return rows, nil
}

// Analyse tells Postgres what was staged: its own look at new rows can come minutes too late,
// and without it the joins of confirming and planning are a guess. Only the columns they go by are
// looked at; bodies are long.
func (s *Staging) Analyse(ctx context.Context) error {
	const q = `ANALYZE keybridge.stage_product (run_id, id, presence, category_id, name_key),
		keybridge.stage_offer (run_id, id, product_id, sku, barcode)`
	if _, err := s.db.ExecContext(ctx, q); err != nil {
		return fmt.Errorf("analyse staging: %w", err)
	}
	return nil
}

// CountProducts counts the products that are planned.
func (s *Staging) CountProducts(ctx context.Context, run int64) (int64, error) {
	var n int64
	const q = `SELECT count(*) FROM keybridge.stage_product WHERE run_id = $1 AND presence <> 'outside'`
	if err := s.db.GetContext(ctx, &n, q, run); err != nil {
		return 0, fmt.Errorf("count products of run %d: %w", run, err)
	}
	return n, nil
}

// Products reads staged products with their live offers, by id.
func (s *Staging) Products(ctx context.Context, run int64, ids []string) (map[string]plan.CRMProduct, error) {
	out := make(map[string]plan.CRMProduct, len(ids))
	const products = `SELECT id, body FROM keybridge.stage_product WHERE run_id = $1 AND id = ANY($2) AND presence = 'live'`
	err := s.bodies(ctx, products, func(id string, body []byte) error {
		var g plan.CRMProduct
		err := json.Unmarshal(body, &g.Product)
		out[id] = g
		return err
	}, run, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read staged products of run %d: %w", run, err)
	}
	// Ids of one length sort as the numbers they mostly are: the oldest offer comes first.
	const offers = `SELECT product_id AS id, body FROM keybridge.stage_offer
		WHERE run_id = $1 AND product_id = ANY($2) ORDER BY length(stage_offer.id), stage_offer.id`
	some := map[string]bool{}
	err = s.bodies(ctx, offers, func(id string, body []byte) error {
		var o catalog.Offer
		err := json.Unmarshal(body, &o)
		some[id] = true
		if g, ok := out[id]; ok && !o.Archived {
			g.Offers = append(g.Offers, o)
			out[id] = g
		}
		return err
	}, run, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read staged offers of run %d: %w", run, err)
	}
	for id, g := range out {
		if !some[id] && !g.Product.Several {
			g.Offers = []catalog.Offer{plan.OwnOffer(g.Product)}
			out[id] = g
		}
	}
	return out, nil
}

// SeveralInCRM answers those of the live products whose key another live product of the CRM has too.
func (s *Staging) SeveralInCRM(ctx context.Context, run int64, key settings.MatchKey, ids []string) (map[string]bool, error) {
	var find string
	switch key {
	case settings.MatchSKU:
		find = findTwins("sku")
	case settings.MatchBarcode:
		find = findTwins("barcode")
	case settings.MatchName:
		find = `INSERT INTO keybridge.stage_twin (run_id, product_id)
			SELECT run_id, id FROM keybridge.stage_product WHERE run_id = $1 AND presence = 'live' AND name_key IN (
				SELECT name_key FROM keybridge.stage_product WHERE run_id = $1 AND presence = 'live' AND name_key <> ''
				GROUP BY name_key HAVING count(*) > 1)`
	default:
		return nil, nil
	}
	if err := s.lookForTwins(ctx, run, find); err != nil {
		return nil, err
	}
	var found []string
	const q = `SELECT product_id FROM keybridge.stage_twin WHERE run_id = $1 AND product_id = ANY($2)`
	if err := s.db.SelectContext(ctx, &found, q, run, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("look for equal keys of run %d: %w", run, err)
	}
	return sliceutil.Set(found), nil
}

func findTwins(column string) string {
	return `WITH keys AS (
			SELECT o.product_id, o.` + column + ` AS key FROM keybridge.stage_offer o
			JOIN keybridge.stage_product p ON p.run_id = o.run_id AND p.id = o.product_id AND p.presence = 'live'
			WHERE o.run_id = $1 AND o.` + column + ` <> '' AND NOT o.archived)
		INSERT INTO keybridge.stage_twin (run_id, product_id)
		SELECT DISTINCT $1::bigint, product_id FROM keys
		WHERE key IN (SELECT key FROM keys GROUP BY key HAVING min(product_id) <> max(product_id))`
}

// lookForTwins finds all products that share a key, when the first is asked about.
func (s *Staging) lookForTwins(ctx context.Context, run int64, find string) error {
	err := s.InAsyncTx(ctx, func(tx *sqlx.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO keybridge.stage_twin (run_id, product_id) VALUES ($1, '') ON CONFLICT DO NOTHING`, run)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, find, run)
		return err
	})
	if err != nil {
		return fmt.Errorf("look for equal keys of run %d: %w", run, err)
	}
	return nil
}
