package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/requests"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// The lists whose length is remembered.
const (
	ListOffers = "offers"
	ListPrices = "prices" // and stock
)

// KnownTotal answers how long a list was when it was last read; negative: that is not known.
func (s *Batches) KnownTotal(ctx context.Context, conn plugin.ConnectionID, list string) (int, error) {
	var n int
	err := s.db.GetContext(ctx, &n, `SELECT total FROM keybridge.known_list WHERE connection_id = $1 AND list = $2`, conn, list)
	if errors.Is(err, sql.ErrNoRows) {
		return -1, nil
	}
	if err != nil {
		return 0, fmt.Errorf("known length of %s of %s: %w", list, conn, err)
	}
	return n, nil
}

// SetTotal remembers how long a list was.
func (s *Batches) SetTotal(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, list string, total int) error {
	const q = `INSERT INTO keybridge.known_list (connection_id, list, total) VALUES ($1, $2, $3)
		ON CONFLICT (connection_id, list) DO UPDATE SET total = excluded.total`
	if _, err := tx.ExecContext(ctx, q, conn, list, total); err != nil {
		return fmt.Errorf("remember length of %s of %s: %w", list, conn, err)
	}
	return nil
}

// chosenExpected are the chosen products that are not asked for yet, with the offers expected of each:
// as counted before, else as many as are linked, else one for a product without variants, else 0, which
// means that nobody knows.
const chosenExpected = `
	SELECT p.id, greatest(coalesce(k.offers, l.linked, CASE WHEN p.body->>'several' = 'true' THEN 0 ELSE 1 END),
		CASE WHEN k.offers IS NULL THEN 0 ELSE 1 END) AS expected
	FROM keybridge.stage_product p
	LEFT JOIN keybridge.known_offers k ON k.connection_id = $2 AND k.crm_id = p.id
	LEFT JOIN LATERAL (SELECT nullif(count(*), 0) AS linked FROM keybridge.link_variant v
		WHERE k.offers IS NULL AND v.connection_id = $2 AND v.crm_product_id = p.id) l ON true
	WHERE p.run_id = $1 AND p.presence = 'live'
		AND NOT EXISTS (SELECT 1 FROM keybridge.run_group g WHERE g.run_id = $1 AND g.id = p.id)`

// Expected counts the chosen products by the offers expected of them; those of which nothing is known
// are answered apart.
func (s *Batches) Expected(ctx context.Context, run catalog.Run) (known []requests.SizeClass, unknown int, err error) {
	var rows []requests.SizeClass
	const q = `SELECT expected, count(*) AS products FROM (` + chosenExpected + `) x GROUP BY expected ORDER BY expected`
	if err := s.db.SelectContext(ctx, &rows, q, run.ID, run.Connection); err != nil {
		return nil, 0, fmt.Errorf("expected offers of run %d: %w", run.ID, err)
	}
	for _, c := range rows {
		if c.Expected == 0 {
			unknown = c.Products
			continue
		}
		known = append(known, c)
	}
	return known, unknown, nil
}

// PutSample makes a group of products of which nothing is known, from all over the catalog.
func (s *Batches) PutSample(ctx context.Context, tx *sqlx.Tx, run catalog.Run, group int) error {
	const q = `INSERT INTO keybridge.run_group (run_id, n, id)
		SELECT $1, $3, id FROM (` + chosenExpected + `) x WHERE expected = 0 ORDER BY md5(id) LIMIT $4`
	if _, err := tx.ExecContext(ctx, q, run.ID, run.Connection, group, catalog.GroupSize); err != nil {
		return fmt.Errorf("sample products of run %d: %w", run.ID, err)
	}
	return nil
}

// PutGroups puts the rest of the chosen products in their groups.
func (s *Batches) PutGroups(ctx context.Context, tx *sqlx.Tx, run catalog.Run, seats []requests.BatchRange) error {
	const q = `INSERT INTO keybridge.run_group (run_id, n, id)
		SELECT $1, a.first + (r.at - a.low) / a.each, r.id
		FROM (SELECT id, expected, row_number() OVER (PARTITION BY expected ORDER BY id) - 1 AS at
			FROM (` + chosenExpected + `) x) r
		JOIN unnest($3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[])
			AS a (expected, low, high, first, each)
			ON a.expected = r.expected AND r.at >= a.low AND r.at < a.high`
	column := func(f func(requests.BatchRange) int) any {
		return pq.Array(sliceutil.Map(seats, func(p requests.BatchRange) int64 { return int64(f(p)) }))
	}
	_, err := tx.ExecContext(ctx, q, run.ID, run.Connection,
		column(func(p requests.BatchRange) int { return p.Expected }), column(func(p requests.BatchRange) int { return p.From }),
		column(func(p requests.BatchRange) int { return p.To }), column(func(p requests.BatchRange) int { return p.First }),
		column(func(p requests.BatchRange) int { return p.Each }))
	if err != nil {
		return fmt.Errorf("group products of run %d: %w", run.ID, err)
	}
	return nil
}

// Group answers the ids of the group n, counted from 0.
func (s *Batches) Group(ctx context.Context, run int64, n int) ([]string, error) {
	var ids []string
	const q = `SELECT id FROM keybridge.run_group WHERE run_id = $1 AND n = $2 ORDER BY id`
	if err := s.db.SelectContext(ctx, &ids, q, run, n); err != nil {
		return nil, fmt.Errorf("group %d of run %d: %w", n, run, err)
	}
	return ids, nil
}

// Spread answers mean and deviation of the offers that were read of the products of a group.
func (s *Batches) Spread(ctx context.Context, tx *sqlx.Tx, run int64, group int) (mean, deviation float64, err error) {
	var row struct {
		Mean      float64 `db:"mean"`
		Deviation float64 `db:"deviation"`
	}
	const q = `SELECT coalesce(avg(n), 0)::float8 AS mean, coalesce(stddev_pop(n), 0)::float8 AS deviation FROM (
			SELECT count(o.id) AS n FROM keybridge.run_group g
			LEFT JOIN keybridge.stage_offer o ON o.run_id = g.run_id AND o.product_id = g.id
			WHERE g.run_id = $1 AND g.n = $2 GROUP BY g.id) x`
	if err := tx.GetContext(ctx, &row, q, run, group); err != nil {
		return 0, 0, fmt.Errorf("offers of group %d of run %d: %w", group, run, err)
	}
	return row.Mean, row.Deviation, nil
}

// CountOffers remembers how many offers each product has that was read whole.
func (s *Batches) CountOffers(ctx context.Context, tx *sqlx.Tx, run catalog.Run) error {
	const q = `INSERT INTO keybridge.known_offers (connection_id, crm_id, offers)
		SELECT $2, p.id, count(o.id) FROM keybridge.stage_product p
		LEFT JOIN keybridge.stage_offer o ON o.run_id = p.run_id AND o.product_id = p.id
		WHERE p.run_id = $1 AND p.presence = 'live' GROUP BY p.id
		ON CONFLICT (connection_id, crm_id) DO UPDATE SET offers = excluded.offers
			WHERE known_offers.offers <> excluded.offers`
	if _, err := tx.ExecContext(ctx, q, run.ID, run.Connection); err != nil {
		return fmt.Errorf("remember offers of run %d: %w", run.ID, err)
	}
	return nil
}

const linkedOffers = `FROM keybridge.link_variant v
	JOIN keybridge.link_product l ON l.connection_id = v.connection_id AND l.crm_id = v.crm_product_id
		AND l.state = 'linked' AND l.missing_action = ''
	WHERE v.connection_id = $1 AND v.missing_action = '' AND v.crm_id NOT LIKE 'product:%'`

// CountLinked counts the offers of which a price run wants to know.
func (s *Batches) CountLinked(ctx context.Context, conn plugin.ConnectionID) (int, error) {
	var n int
	if err := s.db.GetContext(ctx, &n, `SELECT count(*) `+linkedOffers, conn); err != nil {
		return 0, fmt.Errorf("count linked offers of %s: %w", conn, err)
	}
	return n, nil
}

// GroupLinked puts the offers that CountLinked counts in groups, as many as one question may name; it answers how many
// groups.
func (s *Batches) GroupLinked(ctx context.Context, tx *sqlx.Tx, run catalog.Run) (int, error) {
	const q = `WITH put AS (INSERT INTO keybridge.run_group (run_id, n, id)
			SELECT $2, (row_number() OVER (ORDER BY v.crm_id) - 1) / $3, v.crm_id ` + linkedOffers + ` RETURNING n)
		SELECT coalesce(max(n) + 1, 0) FROM put`
	var n int
	if err := tx.GetContext(ctx, &n, q, run.Connection, run.ID, catalog.GroupSize); err != nil {
		return 0, fmt.Errorf("group linked offers of run %d: %w", run.ID, err)
	}
	return n, nil
}

// SampleLinked answers some linked products, others in each run.
func (s *Batches) SampleLinked(ctx context.Context, run catalog.Run, limit int) ([]string, error) {
	var ids []string
	const q = `SELECT crm_id FROM keybridge.link_product
		WHERE connection_id = $1 AND state = 'linked' AND missing_action = '' ORDER BY md5(crm_id || $2::text) LIMIT $3`
	if err := s.db.SelectContext(ctx, &ids, q, run.Connection, run.ID, limit); err != nil {
		return nil, fmt.Errorf("sample linked products of %s: %w", run.Connection, err)
	}
	return ids, nil
}

// Have counts the staged rows of a table whose column has one of the codes; nil codes: all.
func (s *Batches) Have(ctx context.Context, tx *sqlx.Tx, table, column string, run int64, codes []string) (int, error) {
	q, args := `SELECT count(*) FROM keybridge.`+table+` WHERE run_id = $1`, []any{run}
	if codes != nil {
		q, args = q+` AND `+column+` = ANY($2)`, append(args, pq.Array(codes))
	}
	var n int
	if err := tx.GetContext(ctx, &n, q, args...); err != nil {
		return 0, fmt.Errorf("count %s of run %d: %w", table, run, err)
	}
	return n, nil
}

// LastTotal answers how many offers there were when prices, or else offers, were last read whole;
// negative: that is not known.
func (s *Batches) LastTotal(ctx context.Context, conn plugin.ConnectionID) (int, error) {
	n, err := s.KnownTotal(ctx, conn, ListPrices)
	if err != nil || n >= 0 {
		return n, err
	}
	return s.KnownTotal(ctx, conn, ListOffers)
}
