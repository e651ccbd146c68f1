package orders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Scan finds placed orders that no hook told of: for each shop whose orders are sent it lists the
// placements since a little before the last ones seen. Meant to run each minute; two processes at
// once share the shops between them. One shop's failure does not keep the others from their scan.
func (x *Exporter) Scan(ctx context.Context) error {
	conns, err := x.Connections.All(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, start := range starts(conns) {
		if !x.Active(start.shop) {
			continue
		}
		if err := x.scanShop(ctx, start); err != nil {
			errs = append(errs, fmt.Errorf("scan orders of shop %q: %w", start.shop, err))
		}
	}
	return errors.Join(errs...)
}

// scanStart is a shop and the earliest placement any of its connections takes.
type scanStart struct {
	shop  plugin.ShopID
	since time.Time
}

func starts(conns []settings.Connection) []scanStart {
	var out []scanStart
	at := map[plugin.ShopID]int{}
	for _, c := range conns {
		if !exports(c) || c.OrdersSince == nil {
			continue
		}
		i, ok := at[c.Shop]
		if !ok {
			at[c.Shop] = len(out)
			out = append(out, scanStart{c.Shop, *c.OrdersSince})
		} else if c.OrdersSince.Before(out[i].since) {
			out[i].since = *c.OrdersSince
		}
	}
	return out
}

// scanLease is how long a scan of one shop may take before another process may take over.
const scanLease = 5 * time.Minute

func (x *Exporter) scanShop(ctx context.Context, start scanStart) error {
	now := x.Clock.Now()
	seen, ok, err := x.store.claimScan(ctx, start.shop, start.since, now, now.Add(scanLease))
	if err != nil || !ok {
		return err
	}
	from := seen.Add(-x.Config.StepBack)
	if from.Before(start.since) {
		from = start.since
	}
	err = x.scanFrom(ctx, start.shop, from)
	return errors.Join(err, x.store.releaseScan(context.WithoutCancel(ctx), start.shop))
}

func (x *Exporter) scanFrom(ctx context.Context, id plugin.ShopID, from time.Time) error {
	shop, err := x.Shop(ctx, id)
	if err != nil {
		return err
	}
	q := plugin.OrderQuery{From: from, Limit: plugin.MaxBatch}
	for {
		page, err := shop.Orders().List(ctx, q)
		if err != nil {
			return err
		}
		if n, err := x.Note(ctx, page.Placements...); err != nil {
			return err
		} else if n > 0 {
			x.Log.Info("order scan: found orders no hook told of", "shop", string(id), "orders", n)
		}
		if err := x.moveScan(ctx, id, page.Placements); err != nil {
			return err
		}
		if page.Next == "" || page.Next == q.Cursor {
			return nil
		}
		q.Cursor = page.Next
	}
}

// moveScan moves the cursor, only after a page is stored and never into the future: one order with
// a wrong time must not hide all that follow.
func (x *Exporter) moveScan(ctx context.Context, shop plugin.ShopID, page []plugin.Placement) error {
	if len(page) == 0 {
		return nil
	}
	now := x.Clock.Now()
	last := page[len(page)-1].PlacedAt
	if last.After(now) {
		last = now
	}
	return x.store.moveScan(ctx, shop, last, now)
}
