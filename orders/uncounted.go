package orders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// cardsHold is how long the units of an open card are counted here. A card that old was settled in the CRM by hand.
const cardsHold = 30 * 24 * time.Hour

// missedWithin is how far back placements are listed that no hook may have told of; the scan finds
// what is older.
const missedWithin = 5 * time.Minute

// Uncounted answers, for variants of the connection's shop, the units of placed orders whose stock the
// CRM still counted at the moment at: orders that it did not have then, and those it has as cards that
// are no orders yet, because cards reserve nothing. Cancelled orders and those left out count for nothing.
// The map lacks variants of which there are none; nil: no order is uncounted. Errors: plugin.ErrNotFound when the
// connection is gone, those of the shop, and of Postgres; without an answer stock must not be written.
func (x *Exporter) Uncounted(ctx context.Context, id plugin.ConnectionID, variants []plugin.VariantID, at time.Time) (map[plugin.VariantID]decimal.Decimal, error) {
	conn, err := x.Connections.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("uncounted units of %s: %w", id, err)
	}
	shop, err := x.Shop(ctx, conn.Shop)
	if err != nil {
		return nil, fmt.Errorf("uncounted units of %s: %w", id, err)
	}
	if err := x.putMissed(ctx, conn, shop); err != nil {
		return nil, fmt.Errorf("uncounted units of %s: %w", id, err)
	}
	entries, err := x.store.uncounted(ctx, conn.Shop, id, at, x.Clock.Now().Add(-cardsHold))
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	statuses, err := shop.Dictionaries().OrderStatuses(ctx)
	if err != nil {
		return nil, fmt.Errorf("uncounted units of %s: %w", id, err)
	}
	canceled := map[string]bool{}
	for _, s := range statuses {
		canceled[s.Code] = s.Canceled
	}
	asked := make(map[plugin.VariantID]bool, len(variants))
	for _, v := range variants {
		asked[v] = true
	}
	units := map[plugin.VariantID]decimal.Decimal{}
	for part := range slices.Chunk(entries, plugin.MaxBatch) {
		list, err := readOrders(ctx, shop.Orders(), part)
		if err != nil {
			return nil, fmt.Errorf("uncounted units of %s: %w", id, err)
		}
		for _, o := range list {
			if canceled[o.Status] {
				continue
			}
			for _, line := range o.Lines {
				if asked[line.VariantID] {
					units[line.VariantID] = units[line.VariantID].Add(line.Quantity)
				}
			}
		}
	}
	return units, nil
}

// readOrders reads orders at once where the shop can, else one by one. Unknown ones are left out.
func readOrders(ctx context.Context, from plugin.Orders, ids []plugin.OrderID) ([]plugin.Order, error) {
	if many, ok := from.(plugin.OrdersByID); ok {
		return many.GetMany(ctx, ids)
	}
	list := make([]plugin.Order, 0, len(ids))
	for _, id := range ids {
		o, err := from.Get(ctx, id)
		if errors.Is(err, plugin.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("order %q: %w", id, err)
		}
		list = append(list, o)
	}
	return list, nil
}

// putMissed stores the latest placements that no hook told of, as after a commit that our table kept
// waiting, or in a shop whose events come late: their units must not be sold again. The scan's own
// place stays as it is.
func (x *Exporter) putMissed(ctx context.Context, conn settings.Connection, shop plugin.Shop) error {
	if !exports(conn) || conn.OrdersSince == nil {
		return nil
	}
	var wrong wrongPlacements // the scan tells of them
	q := plugin.OrderQuery{From: x.Clock.Now().Add(-missedWithin), Limit: plugin.MaxBatch}
	if q.From.Before(*conn.OrdersSince) {
		q.From = *conn.OrdersSince
	}
	for {
		page, err := shop.Orders().List(ctx, q)
		if err != nil {
			return err
		}
		if _, err := x.Put(ctx, wrong.sift(conn.Shop, page.Placements)...); err != nil {
			return err
		}
		if page.Next == "" || page.Next == q.Cursor {
			return nil
		}
		q.Cursor = page.Next
	}
}
