package engine

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Rematch is a full run that also looks, by the key that is set now, for the products that others of
// the shop were linked to before. It is a preview: links change only once somebody approves, all at
// once, and where the key finds one product beyond doubt. A link stays when the key finds none,
// several, or what belongs to another; so do links of products we have created, which bear the CRM's
// id. Errors: as Start's, and catalog.ErrNoKey.
func (e *Engine) Rematch(ctx context.Context, id plugin.ConnectionID, by string) (int64, error) {
	conn, err := e.t.Deps.Connections.Get(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("rematch: %w", err)
	}
	if conn.Settings.Catalog.Match == settings.MatchNever {
		return 0, fmt.Errorf("rematch %s: %w", id, catalog.ErrNoKey)
	}
	return e.start(ctx, id, store.Request{Kind: catalog.Full, Preview: true, Rematch: true, By: by})
}
