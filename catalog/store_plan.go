package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// candidate is a staged product beside what we know of it.
type candidate struct {
	ID       string    `db:"id"`
	Presence presence  `db:"presence"`
	ReadAt   time.Time `db:"read_at"` // of the oldest of its parts
	// Hash is of the product with all its offers.
	Hash     []byte `db:"hash"`
	Category string `db:"category_id"`
	// ShopCategory is what the category is linked to; empty: nothing.
	ShopCategory string `db:"shop_category"`
	// CategoryName is set when the category will be written by this run.
	CategoryName string `db:"category_name"`
	// Key is the one under which its link stands.
	Key string `db:"link_key"`
	// Product is empty when there is no finished link.
	Product  string `db:"product_id"`
	Creating bool   `db:"creating"` // the creation was begun and its end is not known
	Made     bool   `db:"made"`     // the creation was begun and has led to Product
	Version  string `db:"shop_version"`
	// Same: the CRM and the settings are as they were when the product was last written.
	Same bool `db:"same"`
}

const standingColumns = `
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

const standingFrom = `
	FROM keybridge.stage_product p
	CROSS JOIN LATERAL (
		SELECT sha256(p.hash || coalesce(string_agg(o.hash, ''::bytea ORDER BY o.id), ''::bytea)) AS hash,
			min(o.read_at) AS read_at
		FROM keybridge.stage_offer o WHERE o.run_id = p.run_id AND o.product_id = p.id) h
	LEFT JOIN keybridge.link_product l ON l.connection_id = $2 AND l.crm_id = ` + linkKey + `
	LEFT JOIN keybridge.link_category c ON c.connection_id = $2 AND c.crm_id = p.category_id
	LEFT JOIN keybridge.stage_category sc ON sc.run_id = p.run_id AND sc.id = p.category_id
	WHERE p.run_id = $1 AND p.presence <> 'outside'`

// candidates answers the staged products behind the given id, in the order of ids.
func (s *store) candidates(ctx context.Context, run Run, categories bool, rules []byte, after string, limit int) ([]candidate, error) {
	const q = `SELECT` + standingColumns + standingFrom + ` AND p.id > $5 ORDER BY p.id LIMIT $6`
	var rows []candidate
	if err := s.db.SelectContext(ctx, &rows, q, run.ID, run.Connection, categories, rules, after, limit); err != nil {
		return nil, fmt.Errorf("compare products of run %d: %w", run.ID, err)
	}
	return rows, nil
}

// candidatesByID answers the staged products with the given ids.
func (s *store) candidatesByID(ctx context.Context, run Run, categories bool, rules []byte, ids []string) ([]candidate, error) {
	const q = `SELECT` + standingColumns + standingFrom + ` AND p.id = ANY($5) ORDER BY p.id`
	var rows []candidate
	if err := s.db.SelectContext(ctx, &rows, q, run.ID, run.Connection, categories, rules, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("compare products of run %d: %w", run.ID, err)
	}
	return rows, nil
}

// analyseStaged tells Postgres what was staged: its own look at new rows can come minutes too late,
// and without it the joins of confirming and planning are a guess. Only the columns they go by are
// looked at; bodies are long.
func (s *store) analyseStaged(ctx context.Context) error {
	const q = `ANALYZE keybridge.stage_product (run_id, id, presence, category_id, name_key),
		keybridge.stage_offer (run_id, id, product_id, sku, barcode)`
	if _, err := s.db.ExecContext(ctx, q); err != nil {
		return fmt.Errorf("analyse staging: %w", err)
	}
	return nil
}

// analysePlan does it for what was planned.
func (s *store) analysePlan(ctx context.Context, tx *sqlx.Tx) error {
	if _, err := tx.ExecContext(ctx, `ANALYZE keybridge.run_plan (run_id, crm_id, product_id, state, action)`); err != nil {
		return fmt.Errorf("analyse plan: %w", err)
	}
	return nil
}

func (s *store) countStaged(ctx context.Context, run int64) (int64, error) {
	var n int64
	const q = `SELECT count(*) FROM keybridge.stage_product WHERE run_id = $1 AND presence <> 'outside'`
	if err := s.db.GetContext(ctx, &n, q, run); err != nil {
		return 0, fmt.Errorf("count products of run %d: %w", run, err)
	}
	return n, nil
}

// goodsOf reads staged products whole.
func (s *store) goodsOf(ctx context.Context, run int64, ids []string) (map[string]crmProduct, error) {
	out := make(map[string]crmProduct, len(ids))
	const products = `SELECT id, body FROM keybridge.stage_product WHERE run_id = $1 AND id = ANY($2) AND presence = 'live'`
	err := s.bodies(ctx, products, func(id string, body []byte) error {
		var g crmProduct
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
	any := map[string]bool{}
	err = s.bodies(ctx, offers, func(id string, body []byte) error {
		var o Offer
		err := json.Unmarshal(body, &o)
		any[id] = true
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
		if !any[id] && !g.Product.Several {
			g.Offers = []Offer{ownOffer(g.Product)}
			out[id] = g
		}
	}
	return out, nil
}

// ownOffer stands in for the offer of a product that the list of offers has left out. A product with
// variants has none: the card tells nothing of them.
func ownOffer(p Product) Offer {
	o := p.Own
	o.ID, o.ProductID = "product:"+p.ID, p.ID
	return o
}

func (s *store) bodies(ctx context.Context, q string, read func(id string, body []byte) error, args ...any) error {
	rows, err := s.db.QueryxContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		if err := read(id, body); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	return rows.Err()
}

// severalInCRM answers those of the live products whose key another live product of the CRM has too.
func (s *store) severalInCRM(ctx context.Context, run int64, key settings.MatchKey, ids []string) (map[string]bool, error) {
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
	return setOf(found), nil
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

// lookForTwins looks for them when the first is asked about.
func (s *store) lookForTwins(ctx context.Context, run int64, find string) error {
	err := s.inAsyncTx(ctx, func(tx *sqlx.Tx) error {
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

// planned is the plan of one product of the CRM.
type planned struct {
	CRM string
	decision
	// held are variants whose stock is held back when the plan is written.
	held []soldOut
}

// planBody selects a plan with the version that other writes of ours have made of the product since.
const planBody = `CASE WHEN seen_now = '' THEN body ELSE body || jsonb_build_object('seen_now', seen_now) END`

// seeNow makes a plan go by the version that other writes of ours have made since. Those were of later
// readings, so the next run compares the product anew.
func (p *planned) seeNow() {
	if p.SeenNow == "" {
		return
	}
	p.Seen, p.SeenNow, p.Hash = p.SeenNow, "", nil
	if p.Patch != nil {
		p.Patch.Expect = p.Seen
	}
}

// putPlan stores plans; one of the same product is replaced.
func (s *store) putPlan(ctx context.Context, tx *sqlx.Tx, run int64, plans []planned) error {
	if len(plans) == 0 {
		return nil
	}
	columns := []string{
		"run_id", "crm_id", "action", "product_id", "name", "body", "state", "images", "price_moves", "gone_variants", "replaced",
		"foreign_made", "sold_out",
	}
	fresh, err := copied(ctx, tx, "run_plan", columns, plans, func(p planned) []any {
		return []any{
			run, p.CRM, string(p.Action), string(p.Product), p.Name, string(toJSON(p.decision)), string(planPending), "none",
			p.PriceMoves, p.FreshlyGone, p.Replaced, p.Foreign, len(p.SoldOut),
		}
	})
	if fresh || err != nil {
		return err
	}
	return s.replacePlan(ctx, tx, run, plans)
}

// replacePlan is putPlan for plans of which most likely one is there already.
func (s *store) replacePlan(ctx context.Context, tx *sqlx.Tx, run int64, plans []planned) error {
	if len(plans) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.run_plan (run_id, crm_id, action, product_id, name, body, state, images,
			price_moves, gone_variants, replaced, foreign_made, sold_out)
		SELECT $1, crm_id, action, product_id, name, body::jsonb, 'pending', 'none', moves, gone, replaced, foreign_made, sold_out
		FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::integer[],
				$9::boolean[], $10::boolean[], $11::integer[])
			AS t (crm_id, action, product_id, name, body, moves, gone, replaced, foreign_made, sold_out)
		ON CONFLICT (run_id, crm_id) DO UPDATE SET action = excluded.action, product_id = excluded.product_id,
			name = excluded.name, body = excluded.body`
	_, err := tx.ExecContext(ctx, q, run,
		pq.Array(each(plans, func(p planned) string { return p.CRM })),
		pq.Array(each(plans, func(p planned) string { return string(p.Action) })),
		pq.Array(each(plans, func(p planned) string { return string(p.Product) })),
		pq.Array(each(plans, func(p planned) string { return p.Name })),
		pq.Array(each(plans, func(p planned) string { return string(toJSON(p.decision)) })),
		pq.Array(each(plans, func(p planned) int64 { return int64(p.PriceMoves) })),
		pq.Array(each(plans, func(p planned) int64 { return int64(p.FreshlyGone) })),
		pq.Array(each(plans, func(p planned) bool { return p.Replaced })),
		pq.Array(each(plans, func(p planned) bool { return p.Foreign })),
		pq.Array(each(plans, func(p planned) int64 { return int64(len(p.SoldOut)) })))
	if err != nil {
		return fmt.Errorf("store plan of run %d: %w", run, err)
	}
	return nil
}

// planState is how far a planned product is.
type planState string

const (
	planPending planState = "pending" // or written, as the run's cursor tells
	planDone    planState = "done"
	planAgain   planState = "again" // failed once, is tried once more at the end
	planFailed  planState = "failed"
	planDropped planState = "dropped" // left alone
)

// openPlans answers the next plans in a state, behind the given product.
func (s *store) openPlans(ctx context.Context, run int64, state planState, after string, limit int) ([]planned, error) {
	const q = `SELECT crm_id AS id, ` + planBody + ` FROM keybridge.run_plan
		WHERE run_id = $1 AND state = $2 AND crm_id > $3 ORDER BY crm_id LIMIT $4`
	return s.plans(ctx, run, q, run, state, after, limit)
}

// imagePlans answers the next products whose pictures are to be written.
func (s *store) imagePlans(ctx context.Context, run int64, limit int) ([]planned, error) {
	const q = `SELECT crm_id AS id, body || jsonb_build_object('product', product_id) FROM keybridge.run_plan
		WHERE run_id = $1 AND images = 'pending' ORDER BY crm_id LIMIT $2`
	return s.plans(ctx, run, q, run, limit)
}

func (s *store) plans(ctx context.Context, run int64, q string, args ...any) ([]planned, error) {
	var out []planned
	err := s.bodies(ctx, q, func(id string, body []byte) error {
		p := planned{CRM: id}
		err := json.Unmarshal(body, &p.decision)
		p.seeNow()
		out = append(out, p)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("read plan of run %d: %w", run, err)
	}
	return out, nil
}

// countPlans answers how many plans wait in a state, or how many wait for pictures.
func (s *store) countPlans(ctx context.Context, run int64, state planState) (int64, error) {
	var n int64
	const q = `SELECT count(*) FROM keybridge.run_plan WHERE run_id = $1 AND state = $2`
	if err := s.db.GetContext(ctx, &n, q, run, state); err != nil {
		return 0, fmt.Errorf("count plan of run %d: %w", run, err)
	}
	return n, nil
}

func (s *store) countImages(ctx context.Context, run int64) (int64, error) {
	var n int64
	const q = `SELECT count(*) FROM keybridge.run_plan WHERE run_id = $1 AND images = 'pending'`
	if err := s.db.GetContext(ctx, &n, q, run); err != nil {
		return 0, fmt.Errorf("count pictures of run %d: %w", run, err)
	}
	return n, nil
}

// planOutcome is how a planned product ended.
type planOutcome struct {
	CRM     string
	State   planState
	Product plugin.ProductID
	Images  bool // its pictures are to be written now
}

func (s *store) markPlans(ctx context.Context, tx *sqlx.Tx, run int64, rows []planOutcome) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `UPDATE keybridge.run_plan p
		SET state = t.state, product_id = t.product_id, images = CASE WHEN t.images THEN 'pending' ELSE p.images END
		FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[]) AS t (crm_id, state, product_id, images)
		WHERE p.run_id = $1 AND p.crm_id = t.crm_id`
	_, err := tx.ExecContext(ctx, q, run,
		pq.Array(each(rows, func(w planOutcome) string { return w.CRM })),
		pq.Array(each(rows, func(w planOutcome) string { return string(w.State) })),
		pq.Array(each(rows, func(w planOutcome) string { return string(w.Product) })),
		pq.Array(each(rows, func(w planOutcome) bool { return w.Images })))
	if err != nil {
		return fmt.Errorf("mark plan of run %d: %w", run, err)
	}
	return nil
}

func (s *store) imagesDone(ctx context.Context, tx *sqlx.Tx, run int64, ids []string) error {
	const q = `UPDATE keybridge.run_plan SET images = 'done' WHERE run_id = $1 AND crm_id = ANY($2)`
	if _, err := tx.ExecContext(ctx, q, run, pq.Array(ids)); err != nil {
		return fmt.Errorf("mark pictures of run %d: %w", run, err)
	}
	return nil
}

// dropRivals takes plans out that mean one product of the shop; they are answered as conflicts.
func (s *store) dropRivals(ctx context.Context, tx *sqlx.Tx, run int64) ([]Item, error) {
	const q = `UPDATE keybridge.run_plan p SET state = 'dropped'
		WHERE p.run_id = $1 AND p.state = 'pending' AND p.product_id IN (
			SELECT x.product_id FROM keybridge.run_plan x
			WHERE x.run_id = $1 AND x.product_id <> '' GROUP BY x.product_id HAVING count(*) > 1)
		RETURNING p.crm_id, p.product_id, p.name`
	var rows []struct {
		CRMID   string `db:"crm_id"`
		Product string `db:"product_id"`
		Name    string `db:"name"`
	}
	if err := tx.SelectContext(ctx, &rows, q, run); err != nil {
		return nil, fmt.Errorf("look for rivals in run %d: %w", run, err)
	}
	items := make([]Item, len(rows))
	for i, r := range rows {
		items[i] = Item{
			Kind: ItemConflict, CRMID: r.CRMID, Product: plugin.ProductID(r.Product), Name: r.Name,
			Reason: ReasonSeveralInCRM,
		}
	}
	return items, nil
}
