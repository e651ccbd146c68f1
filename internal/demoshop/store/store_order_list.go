package store

import (
	"context"
	"time"

	"github.com/shopspring/decimal"
)

// OrderListRow is an order in the admin's list.
type OrderListRow struct {
	ID             int64           `db:"id"`
	Number         string          `db:"number"`
	PlacedAt       time.Time       `db:"placed_at"`
	Status         string          `db:"status"`
	BuyerName      string          `db:"buyer_name"`
	Total          decimal.Decimal `db:"total"`
	DeliveryMethod string          `db:"delivery_method"`
	CRMOrderID     *string         `db:"crm_order_id"`
	CRMURL         *string         `db:"crm_url"`
	Paid           bool            `db:"paid"`
	Found          int             `db:"found"` // how many there are on all pages
}

// List answers one page, newest first. An empty status means all; q finds a number, a buyer's
// name or a CRM id.
func (s *Orders) List(ctx context.Context, status, q string, page, size int) ([]OrderListRow, error) {
	var rows []OrderListRow
	err := s.db.SelectContext(ctx, &rows, `
		SELECT o.id, o.number, o.placed_at, o.status, o.buyer_name, o.total, o.delivery_method, o.crm_order_id, o.crm_url,
			EXISTS (SELECT 1 FROM demoshop.order_payments p WHERE p.order_id = o.id)
				AND NOT EXISTS (SELECT 1 FROM demoshop.order_payments p WHERE p.order_id = o.id AND p.state <> 'paid') AS paid,
			count(*) OVER () AS found
		FROM demoshop.orders o
		WHERE ($1 = '' OR o.status = $1)
			AND ($2 = '' OR o.number = $2 OR o.crm_order_id = $2 OR strpos(o.buyer_name, $2) > 0)
		ORDER BY o.placed_at DESC, o.id DESC LIMIT $3 OFFSET $4`, status, q, size, (page-1)*size)
	return rows, dbErr("list orders", err)
}

// StatusCounts answers how many orders stand at each status.
func (s *Orders) StatusCounts(ctx context.Context) (map[string]int, error) {
	var rows []struct {
		Status string `db:"status"`
		N      int    `db:"n"`
	}
	if err := s.db.SelectContext(ctx, &rows, `SELECT status, count(*) AS n FROM demoshop.orders GROUP BY status`); err != nil {
		return nil, dbErr("count orders", err)
	}
	out := map[string]int{}
	for _, r := range rows {
		out[r.Status] = r.N
	}
	return out, nil
}
