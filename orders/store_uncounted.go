package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// uncounted answers orders, of the connection or not routed yet, that the CRM did not have as orders at
// the given moment. Cards placed before cardsSince count no more.
func (s store) uncounted(ctx context.Context, shop plugin.ShopID, conn plugin.ConnectionID, at, cardsSince time.Time) ([]plugin.OrderID, error) {
	const q = `
		SELECT o.order_id FROM keybridge.outbox o
		WHERE o.shop_id = $1 AND (o.connection_id = $2 OR o.connection_id IS NULL)
			AND o.state <> 'ignored' AND o.crm_deleted_at IS NULL
			AND (o.crm_id IS NULL
				OR o.target = 'cards' AND o.converted_id = '' AND o.placed_at >= $4
				OR EXISTS (SELECT 1 FROM keybridge.outbox_step s
					WHERE s.outbox_id = o.id AND s.step = 'create' AND s.changed_at >= $3))
		ORDER BY o.id`
	var ids []plugin.OrderID
	if err := s.db.SelectContext(ctx, &ids, q, shop, conn, at, cardsSince); err != nil {
		return nil, fmt.Errorf("uncounted orders of %s: %w", conn, err)
	}
	return ids, nil
}
