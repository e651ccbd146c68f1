package hooks

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

const eventColumns = `connection_id, object, object_id, order_id, at, outcome, reason, reason_params, crm_status, shop_status`

func (s store) received(ctx context.Context, conn plugin.ConnectionID, o settings.Object) (int64, time.Time, error) {
	const q = `SELECT coalesce(sum(hooks), 0) AS n, max(received_at) AS last FROM keybridge.inbox
		WHERE connection_id = $1 AND object = $2 AND hooks > 0`
	var row struct {
		N    int64        `db:"n"`
		Last sql.NullTime `db:"last"`
	}
	if err := s.db.GetContext(ctx, &row, q, conn, o); err != nil {
		return 0, time.Time{}, fmt.Errorf("%s webhooks of connection %s: %w", o, conn, err)
	}
	if !row.Last.Valid {
		return 0, time.Time{}, nil
	}
	return row.N, row.Last.Time.UTC(), nil
}

func (s store) lastEvents(ctx context.Context, conn plugin.ConnectionID, o settings.Object) ([]event, error) {
	const q = `SELECT DISTINCT ON (outcome) ` + eventColumns + ` FROM keybridge.inbox_event
		WHERE connection_id = $1 AND object = $2 ORDER BY outcome, at DESC, id DESC`
	var rows []event
	if err := s.db.SelectContext(ctx, &rows, q, conn, o); err != nil {
		return nil, fmt.Errorf("%s webhooks of connection %s: %w", o, conn, err)
	}
	return rows, nil
}

func (s store) events(ctx context.Context, conn plugin.ConnectionID, order plugin.OrderID, limit int) ([]event, error) {
	const q = `SELECT ` + eventColumns + ` FROM keybridge.inbox_event
		WHERE connection_id = $1 AND ($2 = '' OR order_id = $2) ORDER BY at DESC, id DESC LIMIT $3`
	var rows []event
	if err := s.db.SelectContext(ctx, &rows, q, conn, string(order), limit); err != nil {
		return nil, fmt.Errorf("webhook journal of connection %s: %w", conn, err)
	}
	return rows, nil
}
