package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

// OwnerOf answers the connection a shop product is linked to. Errors: plugin.ErrNotFound.
func (e *Engine) OwnerOf(ctx context.Context, shop plugin.ShopID, product plugin.ProductID) (plugin.ConnectionID, error) {
	var owner plugin.ConnectionID
	const q = `
		SELECT l.connection_id FROM keybridge.link_product l
		JOIN keybridge.connection c ON c.id = l.connection_id AND c.deleted_at IS NULL
		WHERE l.shop_id = $1 AND l.product_id = $2`
	err := e.t.Deps.DB.GetContext(ctx, &owner, q, shop, product)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("owner of product %q: %w", product, plugin.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("owner of product %q: %w", product, err)
	}
	return owner, nil
}
