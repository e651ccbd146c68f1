package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// HiddenRow is a product or variant that we hid and that may still be hidden.
type HiddenRow struct {
	// Sort orders rows: by the CRM's product, the product before its variants.
	Sort    string           `db:"sort"`
	CRM     string           `db:"crm_product_id"`
	Product plugin.ProductID `db:"product_id"`
	Variant plugin.VariantID `db:"variant_id"` // empty: the product itself
	Missing bool             `db:"missing"`    // the CRM no longer has it, whatever was done about that
}

const hiddenRows = `SELECT * FROM (
	SELECT crm_id || chr(1) AS sort, crm_id AS crm_product_id, product_id, '' AS variant_id, missing_action NOT IN ('', 'already') AS missing
		FROM keybridge.link_product WHERE connection_id = $1 AND state = 'linked' AND (review OR missing_action = 'hidden')
	UNION ALL
	SELECT crm_product_id || chr(2) || crm_id, crm_product_id, product_id, variant_id, missing_action NOT IN ('', 'already')
		FROM keybridge.link_variant WHERE connection_id = $1 AND (review OR missing_action = 'hidden')) h`

// Hidden answers what we hid and may still be hidden, from behind the row with the given Sort.
func (s *Review) Hidden(ctx context.Context, conn plugin.ConnectionID, after string, limit int) ([]HiddenRow, error) {
	const q = hiddenRows + ` WHERE sort COLLATE "C" > $2 ORDER BY sort COLLATE "C" LIMIT $3`
	var rows []HiddenRow
	if err := s.db.SelectContext(ctx, &rows, q, conn, after, limit); err != nil {
		return nil, fmt.Errorf("hidden products of %s: %w", conn, err)
	}
	return rows, nil
}

// HiddenOf is Hidden for some products of the shop.
func (s *Review) HiddenOf(ctx context.Context, conn plugin.ConnectionID, ids []plugin.ProductID) ([]HiddenRow, error) {
	const q = hiddenRows + ` WHERE product_id = ANY($2) ORDER BY sort COLLATE "C"`
	var rows []HiddenRow
	if err := s.db.SelectContext(ctx, &rows, q, conn, pq.Array(sliceutil.Map(ids, func(id plugin.ProductID) string { return string(id) }))); err != nil {
		return nil, fmt.Errorf("hidden products of %s: %w", conn, err)
	}
	return rows, nil
}

// CountHidden counts what Hidden answers, limit at most.
func (s *Review) CountHidden(ctx context.Context, conn plugin.ConnectionID, limit int) (int, error) {
	var n int
	if err := s.db.GetContext(ctx, &n, `SELECT count(*) FROM (`+hiddenRows+` LIMIT $2) AS counted`, conn, limit); err != nil {
		return 0, fmt.Errorf("count hidden products of %s: %w", conn, err)
	}
	return n, nil
}

// Reviewed forgets that things were hidden by us: a person has published them, so what becomes of
// them is no longer ours to undo.
func (s *Review) Reviewed(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, rows []HiddenRow) error {
	var products, variants []string
	for _, r := range rows {
		if r.Variant == "" {
			products = append(products, string(r.Product))
			continue
		}
		variants = append(variants, string(r.Variant))
	}
	for table, ids := range map[string][]string{"link_product": products, "link_variant": variants} {
		if len(ids) == 0 {
			continue
		}
		q := `UPDATE keybridge.` + table + ` SET review = false,
				missing_action = CASE WHEN missing_action IN ('hidden', 'was_hidden') THEN 'already' ELSE missing_action END
			WHERE connection_id = $1 AND ` + strings.TrimPrefix(table, "link_") + `_id = ANY($2)`
		if _, err := tx.ExecContext(ctx, q, conn, pq.Array(ids)); err != nil {
			return fmt.Errorf("note published products of %s: %w", conn, err)
		}
	}
	return nil
}

// NoteReview marks variants that were added hidden.
func (s *Review) NoteReview(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, offers []string) error {
	if len(offers) == 0 {
		return nil
	}
	const q = `UPDATE keybridge.link_variant SET review = true WHERE connection_id = $1 AND crm_id = ANY($2)`
	if _, err := tx.ExecContext(ctx, q, conn, pq.Array(offers)); err != nil {
		return fmt.Errorf("note hidden variants of %s: %w", conn, err)
	}
	return nil
}

// AuditEntry is what a person did to a product by hand.
type AuditEntry struct {
	Action  string // "pin", "unpin" or "publish"
	Product plugin.ProductID
	Variant plugin.VariantID
	Field   string
}

// Audit notes what a person did.
func (s *Review) Audit(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, by string, deeds []AuditEntry, now time.Time) error {
	if len(deeds) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.catalog_audit (connection_id, operator_id, action, product_id, variant_id, field, at)
		SELECT $1, $2, action, product_id, variant_id, field, $3
		FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS t (action, product_id, variant_id, field)`
	_, err := tx.ExecContext(ctx, q, conn, by, now,
		pq.Array(sliceutil.Map(deeds, func(d AuditEntry) string { return d.Action })),
		pq.Array(sliceutil.Map(deeds, func(d AuditEntry) string { return string(d.Product) })),
		pq.Array(sliceutil.Map(deeds, func(d AuditEntry) string { return string(d.Variant) })),
		pq.Array(sliceutil.Map(deeds, func(d AuditEntry) string { return d.Field })))
	if err != nil {
		return fmt.Errorf("note what was done to products of %s: %w", conn, err)
	}
	return nil
}
