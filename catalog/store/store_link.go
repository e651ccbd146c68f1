package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Products reads finished links whole, by the CRM's product.
func (s *Links) Products(ctx context.Context, conn plugin.ConnectionID, ids []string) (map[string]plan.Link, error) {
	const q = `SELECT crm_id, created_here, images, missing_action, missing_version
		FROM keybridge.link_product WHERE connection_id = $1 AND crm_id = ANY($2) AND state = 'linked'`
	var rows []struct {
		CRMID          string `db:"crm_id"`
		CreatedHere    bool   `db:"created_here"`
		Images         string `db:"images"`
		Missing        string `db:"missing_action"`
		MissingVersion string `db:"missing_version"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, conn, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("links of %s: %w", conn, err)
	}
	out := make(map[string]plan.Link, len(rows))
	for _, r := range rows {
		out[r.CRMID] = plan.Link{
			Variants: map[string]plan.VariantLink{}, CreatedHere: r.CreatedHere,
			ImagesOpen: r.Images == plan.ImagesPending || r.Images == plan.ImagesPartial,
			Missing:    r.Missing, MissingVersion: plugin.Version(r.MissingVersion),
		}
	}
	return out, s.variantLinks(ctx, conn, ids, out)
}

func (s *Links) variantLinks(ctx context.Context, conn plugin.ConnectionID, ids []string, into map[string]plan.Link) error {
	const q = `SELECT crm_id, crm_product_id, variant_id, missing_action
		FROM keybridge.link_variant WHERE connection_id = $1 AND crm_product_id = ANY($2)`
	var rows []struct {
		CRMID   string `db:"crm_id"`
		Product string `db:"crm_product_id"`
		Variant string `db:"variant_id"`
		Missing string `db:"missing_action"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, conn, pq.Array(ids)); err != nil {
		return fmt.Errorf("variant links of %s: %w", conn, err)
	}
	for _, r := range rows {
		if l, ok := into[r.Product]; ok {
			l.Variants[r.CRMID] = plan.VariantLink{Variant: plugin.VariantID(r.Variant), Missing: r.Missing}
		}
	}
	return nil
}

// OwnersOf answers the links of products of a shop, over all connections; products without one are left out.
func (s *Links) OwnersOf(ctx context.Context, shop plugin.ShopID, ids []plugin.ProductID) (map[plugin.ProductID]plan.Ownership, error) {
	const q = `SELECT product_id, connection_id, crm_id, created_here FROM keybridge.link_product
		WHERE shop_id = $1 AND product_id = ANY($2)`
	var rows []struct {
		Product    string `db:"product_id"`
		Connection string `db:"connection_id"`
		CRM        string `db:"crm_id"`
		Made       bool   `db:"created_here"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, shop, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("owners in shop %q: %w", shop, err)
	}
	out := make(map[plugin.ProductID]plan.Ownership, len(rows))
	for _, r := range rows {
		out[plugin.ProductID(r.Product)] = plan.Ownership{Connection: plugin.ConnectionID(r.Connection), CRM: r.CRM, Made: r.Made}
	}
	return out, nil
}

// Unlink forgets products that the shop no longer has.
func (s *Links) Unlink(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	for _, q := range []string{
		`DELETE FROM keybridge.link_variant WHERE connection_id = $1 AND crm_product_id = ANY($2)`,
		`DELETE FROM keybridge.link_product WHERE connection_id = $1 AND crm_id = ANY($2) AND state = 'linked'`,
	} {
		if _, err := tx.ExecContext(ctx, q, conn, pq.Array(ids)); err != nil {
			return fmt.Errorf("unlink products of %s: %w", conn, err)
		}
	}
	return nil
}

// Intent is a product whose creation was begun.
type Intent struct {
	CRM string
	// Before are the shop's products that bore its external id before we made one.
	Before []string
	// Hidden: it is created hidden, so a person is to look at it.
	Hidden bool
}

// Intents answers those of the given products whose creation was begun and not seen to end.
func (s *Links) Intents(ctx context.Context, conn plugin.ConnectionID, ids []string) ([]Intent, error) {
	const q = `SELECT crm_id, before_ids FROM keybridge.link_product
		WHERE connection_id = $1 AND crm_id = ANY($2) AND state = 'creating' ORDER BY crm_id`
	var rows []struct {
		CRM    string         `db:"crm_id"`
		Before pq.StringArray `db:"before_ids"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, conn, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("intents of %s: %w", conn, err)
	}
	return sliceutil.Map(rows, func(r struct {
		CRM    string         `db:"crm_id"`
		Before pq.StringArray `db:"before_ids"`
	},
	) Intent {
		return Intent{CRM: r.CRM, Before: r.Before}
	}), nil
}

// PutIntents notes that products are about to be created.
func (s *Links) PutIntents(ctx context.Context, tx *sqlx.Tx, run catalog.Run, rows []Intent, now time.Time) error {
	const q = `INSERT INTO keybridge.link_product
			(connection_id, shop_id, crm_id, state, before_ids, created_here, created_at, updated_at, review)
		SELECT $1, $2, crm_id, 'creating', ARRAY(SELECT jsonb_array_elements_text(before::jsonb)), true, $3, $3, hidden
		FROM unnest($4::text[], $5::text[], $6::boolean[]) AS t (crm_id, before, hidden)`
	_, err := tx.ExecContext(ctx, q, run.Connection, run.Shop, now,
		pq.Array(sliceutil.Map(rows, func(i Intent) string { return i.CRM })),
		pq.Array(sliceutil.Map(rows, func(i Intent) string { return string(plan.JSON(i.Before)) })),
		pq.Array(sliceutil.Map(rows, func(i Intent) bool { return i.Hidden })))
	if err != nil {
		return fmt.Errorf("note creations of %s: %w", run.Connection, err)
	}
	return nil
}

// DropIntents forgets creations that the shop has refused.
func (s *Links) DropIntents(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	const q = `DELETE FROM keybridge.link_product WHERE connection_id = $1 AND crm_id = ANY($2) AND state = 'creating'`
	if _, err := tx.ExecContext(ctx, q, conn, pq.Array(ids)); err != nil {
		return fmt.Errorf("forget creations of %s: %w", conn, err)
	}
	return nil
}

// Fulfil turns intents into links to the products that came to be.
func (s *Links) Fulfil(ctx context.Context, tx *sqlx.Tx, run catalog.Run, made map[string]plugin.ProductID, now time.Time) error {
	if len(made) == 0 {
		return nil
	}
	var crms, products []string
	for crm, id := range made {
		crms, products = append(crms, crm), append(products, string(id))
	}
	const q = `UPDATE keybridge.link_product l
		SET product_id = t.product_id, state = 'linked', before_ids = '{}', updated_at = $2
		FROM unnest($3::text[], $4::text[]) AS t (crm_id, product_id)
		WHERE l.connection_id = $1 AND l.crm_id = t.crm_id AND l.state = 'creating'`
	if _, err := tx.ExecContext(ctx, q, run.Connection, now, pq.Array(crms), pq.Array(products)); err != nil {
		return fmt.Errorf("link created products of %s: %w", run.Connection, err)
	}
	return nil
}

// Join links products that were found by key; it answers those that are ours now. The others were
// linked by somebody else meanwhile.
func (s *Links) Join(ctx context.Context, tx *sqlx.Tx, run catalog.Run, plans []plan.Planned, now time.Time) (map[string]bool, error) {
	crms := sliceutil.Map(plans, func(p plan.Planned) string { return p.CRM })
	products := sliceutil.Map(plans, func(p plan.Planned) string { return string(p.Product) })
	const insert = `INSERT INTO keybridge.link_product
			(connection_id, shop_id, crm_id, product_id, state, created_here, created_at, updated_at)
		SELECT $1, $2, crm_id, product_id, 'linked', false, $3, $3
		FROM unnest($4::text[], $5::text[]) AS t (crm_id, product_id)
		ON CONFLICT DO NOTHING`
	if _, err := tx.ExecContext(ctx, insert, run.Connection, run.Shop, now, pq.Array(crms), pq.Array(products)); err != nil {
		return nil, fmt.Errorf("join products of %s: %w", run.Connection, err)
	}
	const ours = `SELECT l.crm_id FROM keybridge.link_product l
		JOIN unnest($2::text[], $3::text[]) AS t (crm_id, product_id) USING (crm_id, product_id)
		WHERE l.connection_id = $1`
	var got []string
	if err := tx.SelectContext(ctx, &got, ours, run.Connection, pq.Array(crms), pq.Array(products)); err != nil {
		return nil, fmt.Errorf("join products of %s: %w", run.Connection, err)
	}
	return sliceutil.Set(got), nil
}

// Settle remembers of linked products that they stand as planned; rules is the hash of the rules they were planned by.
func (s *Links) Settle(ctx context.Context, tx *sqlx.Tx, run catalog.Run, rules []byte, rows []plan.LinkUpdate, now time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `UPDATE keybridge.link_product l
		SET crm_hash = nullif(t.hash, ''::bytea), settings_hash = $2, shop_version = t.version, category_id = t.category,
			images = CASE WHEN t.images = '' THEN l.images ELSE t.images END, missing_action = t.missing,
			missing_version = CASE WHEN t.missing = '' THEN '' ELSE t.version END, currency = t.currency, updated_at = $3,
			state = 'linked', product_id = CASE WHEN l.state = 'creating' THEN t.made ELSE l.product_id END, before_ids = '{}'
		FROM unnest($4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
			AS t (crm_id, hash, version, category, images, missing, currency, made)
		WHERE l.connection_id = $1 AND l.crm_id = t.crm_id AND (l.state = 'linked' OR t.made <> '')`
	_, err := tx.ExecContext(ctx, q, run.Connection, rules, now,
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return r.CRM })),
		pq.ByteaArray(sliceutil.Map(rows, func(r plan.LinkUpdate) []byte { return append([]byte{}, r.Hash...) })),
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return string(r.Version) })),
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return string(r.Category) })),
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return r.Images })),
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return r.Missing })),
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return r.Currency })),
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return string(r.Made) })))
	if err != nil {
		return fmt.Errorf("settle links of %s: %w", run.Connection, err)
	}
	return nil
}

// SettleImages remembers how far the pictures of products are and the version they made. When the
// product was edited in the shop since it was last written, the old version stays, so that the next
// run looks at the edit.
func (s *Links) SettleImages(ctx context.Context, tx *sqlx.Tx, run catalog.Run, rows []plan.LinkUpdate, now time.Time) error {
	const q = `UPDATE keybridge.link_product l
		SET images = t.images, updated_at = $2, shop_version =
			CASE WHEN t.version = '' OR l.shop_version <> t.seen THEN l.shop_version ELSE t.version END
		FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS t (crm_id, version, images, seen)
		WHERE l.connection_id = $1 AND l.crm_id = t.crm_id AND l.state = 'linked'`
	_, err := tx.ExecContext(ctx, q, run.Connection, now,
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return r.CRM })),
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return string(r.Version) })),
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return r.Images })),
		pq.Array(sliceutil.Map(rows, func(r plan.LinkUpdate) string { return string(r.Seen) })))
	if err != nil {
		return fmt.Errorf("settle pictures of %s: %w", run.Connection, err)
	}
	return nil
}

// JoinVariants links variants to offers. A variant linked to another offer of this connection is relinked; one of
// another connection is left to it. made says that all are of products just created, and so most likely none is linked
// yet.
func (s *Links) JoinVariants(ctx context.Context, tx *sqlx.Tx, run catalog.Run, rows []plan.VariantLinkRow, made bool) error {
	if len(rows) == 0 {
		return nil
	}
	if made {
		columns := []string{"connection_id", "shop_id", "crm_id", "crm_product_id", "variant_id", "product_id", "read_at"}
		fresh, err := copied(ctx, tx, "link_variant", columns, rows, func(j plan.VariantLinkRow) []any {
			return []any{string(run.Connection), string(run.Shop), j.Offer, j.CRM, string(j.Variant), string(j.Product), j.ReadAt}
		})
		if fresh || err != nil {
			return err
		}
	}
	offers := pq.Array(sliceutil.Map(rows, func(j plan.VariantLinkRow) string { return j.Offer }))
	variants := pq.Array(sliceutil.Map(rows, func(j plan.VariantLinkRow) string { return string(j.Variant) }))
	const drop = `DELETE FROM keybridge.link_variant l USING unnest($2::text[], $3::text[]) AS t (crm_id, variant_id)
		WHERE l.connection_id = $1 AND l.shop_id = $4 AND l.variant_id = t.variant_id AND l.crm_id <> t.crm_id`
	if _, err := tx.ExecContext(ctx, drop, run.Connection, offers, variants, run.Shop); err != nil {
		return fmt.Errorf("join variants of %s: %w", run.Connection, err)
	}
	const put = `INSERT INTO keybridge.link_variant
			(connection_id, shop_id, crm_id, crm_product_id, variant_id, product_id, read_at)
		SELECT $1, $2, crm_id, crm_product_id, variant_id, product_id, read_at
		FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
			AS t (crm_id, variant_id, crm_product_id, product_id, read_at)
		WHERE NOT EXISTS (SELECT 1 FROM keybridge.link_variant x
			WHERE x.shop_id = $2 AND x.variant_id = t.variant_id AND x.connection_id <> $1)
		ORDER BY crm_id
		ON CONFLICT (connection_id, crm_id) DO UPDATE SET crm_product_id = excluded.crm_product_id,
			variant_id = excluded.variant_id, product_id = excluded.product_id, missing_action = '',
			read_at = greatest(link_variant.read_at, excluded.read_at), price_hash = NULL`
	_, err := tx.ExecContext(ctx, put, run.Connection, run.Shop, offers, variants,
		pq.Array(sliceutil.Map(rows, func(j plan.VariantLinkRow) string { return j.CRM })),
		pq.Array(sliceutil.Map(rows, func(j plan.VariantLinkRow) string { return string(j.Product) })),
		pq.Array(sliceutil.Map(rows, func(j plan.VariantLinkRow) string { return j.ReadAt.Format(time.RFC3339Nano) })))
	if err != nil {
		return fmt.Errorf("join variants of %s: %w", run.Connection, err)
	}
	return nil
}

// MarkGone notes what was done to variants whose offers are gone.
func (s *Links) MarkGone(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, gone map[string]string) error {
	if len(gone) == 0 {
		return nil
	}
	var offers, notes []string
	for offer, note := range gone {
		offers, notes = append(offers, offer), append(notes, note)
	}
	const q = `UPDATE keybridge.link_variant l SET missing_action = t.note
		FROM unnest($2::text[], $3::text[]) AS t (crm_id, note) WHERE l.connection_id = $1 AND l.crm_id = t.crm_id`
	if _, err := tx.ExecContext(ctx, q, conn, pq.Array(offers), pq.Array(notes)); err != nil {
		return fmt.Errorf("mark variants of %s: %w", conn, err)
	}
	return nil
}
