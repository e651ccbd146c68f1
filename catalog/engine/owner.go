package engine

import (
	"context"

	"github.com/keybridge/keybridge/plugin"
)

// OwnerOf answers the connection a shop product is linked to. Errors: plugin.ErrNotFound when it is linked to none.
func (e *Engine) OwnerOf(ctx context.Context, shop plugin.ShopID, product plugin.ProductID) (plugin.ConnectionID, error) {
	return e.t.Store.Links.OwnerOf(ctx, shop, product)
}
