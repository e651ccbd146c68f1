package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

// ReleaseDeleted ends the ownership of deleted connections as soon as another connection of the shop
// synchronises: their products can be matched again. Reconnecting the account later matches by key.
func (s *Links) ReleaseDeleted(ctx context.Context, conn plugin.ConnectionID, shop plugin.ShopID) error {
	for _, table := range []string{"link_variant", "link_product", "link_category"} {
		q := `DELETE FROM keybridge.` + table + ` WHERE shop_id = $1 AND connection_id <> $2 AND connection_id IN
			(SELECT id FROM keybridge.connection WHERE shop_id = $1 AND deleted_at IS NOT NULL)`
		if _, err := s.db.ExecContext(ctx, q, shop, conn); err != nil {
			return fmt.Errorf("release links of deleted connections of shop %q: %w", shop, err)
		}
	}
	return nil
}

// OwnerOf answers the connection a shop product is linked to. Errors: plugin.ErrNotFound when it is linked to none.
func (s *Links) OwnerOf(ctx context.Context, shop plugin.ShopID, product plugin.ProductID) (plugin.ConnectionID, error) {
	var owner plugin.ConnectionID
	const q = `
		SELECT l.connection_id FROM keybridge.link_product l
		JOIN keybridge.connection c ON c.id = l.connection_id AND c.deleted_at IS NULL
		WHERE l.shop_id = $1 AND l.product_id = $2`
	err := s.db.GetContext(ctx, &owner, q, shop, product)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("owner of product %q: %w", product, plugin.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("owner of product %q: %w", product, err)
	}
	return owner, nil
}
