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
// placements since a little before the last ones seen. It runs every Timings.Scan of the root;
// two processes at once share the shops between them. One shop's failure does not keep the others from their scan.
// Errors: those of Postgres and of the shops, joined; the next scan lists the same placements again.
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
	var wrong wrongPlacements
	for {
		page, err := shop.Orders().List(ctx, q)
		if err != nil {
			return err
		}
		placed := wrong.sift(id, page.Placements)
		if n, err := x.Put(ctx, placed...); err != nil {
			return err
		} else if n > 0 {
			x.Log.Info("order scan: found orders no hook told of", "shop", string(id), "orders", n)
		}
		if err := x.moveScan(ctx, id, placed); err != nil {
			return err
		}
		if page.Next == "" || page.Next == q.Cursor {
			return wrong.err()
		}
		q.Cursor = page.Next
	}
}

// wrongPlacements counts what a shop listed and nobody can send.
type wrongPlacements struct {
	count int
	first error
}

// sift answers the placements of a page that can be stored. The listing is the shop's, so one without a
// shop is this one's.
func (w *wrongPlacements) sift(shop plugin.ShopID, page []plugin.Placement) []plugin.Placement {
	sound := make([]plugin.Placement, 0, len(page))
	for _, p := range page {
		if p.Shop == "" {
			p.Shop = shop
		}
		err := p.Check()
		if err == nil && p.Shop != shop {
			err = fmt.Errorf("placement of order %q: Shop is %q: %w", p.Order, p.Shop, plugin.ErrInvalid)
		}
		if err == nil {
			sound = append(sound, p)
			continue
		}
		if w.count++; w.first == nil {
			w.first = err
		}
	}
	return sound
}

func (w *wrongPlacements) err() error {
	if w.count == 0 {
		return nil
	}
	return fmt.Errorf("%d listed placements are wrong and their orders are not sent, the first: %w", w.count, w.first)
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
