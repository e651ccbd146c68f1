package store

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// ReleaseDeleted ends the ownership of deleted connections as soon as another connection of the shop
// synchronises: their products can be matched again. Reconnecting the account later matches by key.
func ReleaseDeleted(ctx context.Context, db *sqlx.DB, conn plugin.ConnectionID, shop plugin.ShopID) error {
	for _, table := range []string{"link_variant", "link_product", "link_category"} {
		q := `DELETE FROM keybridge.` + table + ` WHERE shop_id = $1 AND connection_id <> $2 AND connection_id IN
			(SELECT id FROM keybridge.connection WHERE shop_id = $1 AND deleted_at IS NOT NULL)`
		if _, err := db.ExecContext(ctx, q, shop, conn); err != nil {
			return fmt.Errorf("release links of deleted connections of shop %q: %w", shop, err)
		}
	}
	return nil
}
