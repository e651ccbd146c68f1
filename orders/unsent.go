package orders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// cardsHold is how long an open card holds its units. A card that old was settled in the CRM by hand.
const cardsHold = 30 * 24 * time.Hour

// Unsent answers, for variants of the connection's shop, the units of placed orders whose stock the
// CRM still counted at the moment at: orders that it did not have then, and those it has as cards that
// are no orders yet, because cards reserve nothing. Cancelled orders and those left out hold nothing.
func (x *Exporter) Unsent(ctx context.Context, id plugin.ConnectionID, variants []plugin.VariantID, at time.Time) (map[plugin.VariantID]decimal.Decimal, error) {
	conn, err := x.Connections.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("unsent units of %s: %w", id, err)
	}
	entries, err := x.store.unsent(ctx, conn.Shop, id, at, x.Clock.Now().Add(-cardsHold))
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	shop, err := x.Shop(ctx, conn.Shop)
	if err != nil {
		return nil, fmt.Errorf("unsent units of %s: %w", id, err)
	}
	statuses, err := shop.Dictionaries().OrderStatuses(ctx)
	if err != nil {
		return nil, fmt.Errorf("unsent units of %s: %w", id, err)
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
	for _, order := range entries {
		o, err := shop.Orders().Get(ctx, order)
		if errors.Is(err, plugin.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("unsent units of %s: order %q: %w", id, order, err)
		}
		for _, line := range o.Lines {
			if !canceled[o.Status] && asked[line.VariantID] {
				units[line.VariantID] = units[line.VariantID].Add(line.Quantity)
			}
		}
	}
	return units, nil
}
