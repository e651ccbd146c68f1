package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// Warehouse is a place in which the CRM keeps goods.
type Warehouse struct{ Code, Name string }

// warehouses are those whose stock counts; nil: all.
func (w *worker) warehouses() []string {
	if !w.rules.Can.Stock || len(w.run.Settings.Warehouses) == 0 {
		return nil
	}
	return w.run.Settings.Warehouses
}

// stockQuery asks for the stock of offers, nil for all, in the chosen warehouses.
func (w *worker) stockQuery(offers []string) StockQuery {
	return StockQuery{Offers: offers, Warehouses: w.warehouses()}
}

// beforePlan is the phase in which stock is read apart, when offers do not tell it: they know the sum
// of all warehouses alone.
func (w *worker) beforePlan() Phase {
	if w.warehouses() == nil {
		return PlanProducts
	}
	return ReadStocks
}

// readStocks reads what lies of the next staged offers in the chosen warehouses.
func (w *worker) readStocks(ctx context.Context) error {
	at, err := w.run.at()
	if err != nil {
		return err
	}
	offers, err := w.e.store.stagedOffers(ctx, w.run.ID, at.Page, GroupSize)
	if err != nil {
		return err
	}
	if len(offers) == 0 {
		return w.skipTo(ctx, PlanProducts)
	}
	total := w.run.Total
	if total == 0 {
		if total, err = w.e.store.countStagedOffers(ctx, w.run.ID); err != nil {
			return err
		}
	}
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	run := w.next()
	w.asked = w.e.now()
	seen, err := w.inWarehouses(ctx, source, run, offers)
	if err != nil {
		return err
	}
	run.Done, run.Total = run.Done+int64(len(offers)), total
	run.moveTo(cursor{Page: offers[len(offers)-1].ID})
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.seeWarehouses(ctx, tx, seen); err != nil {
			return err
		}
		_, err := w.e.store.stageOffers(ctx, tx, run.ID, offers, w.asked)
		return err
	})
}

// inWarehouses puts what lies in the chosen warehouses in place of all stock of at most GroupSize
// offers. It answers the warehouses that the CRM named.
func (w *worker) inWarehouses(ctx context.Context, source CRM, run *Run, offers []Offer) ([]Warehouse, error) {
	ids := make([]string, 0, len(offers))
	for _, o := range offers {
		if !o.Archived {
			ids = append(ids, o.ID)
		}
	}
	if w.warehouses() == nil || len(ids) == 0 {
		return nil, nil
	}
	page, err := source.StockPage(ctx, w.stockQuery(ids), "")
	if err := onlyOf(listPrices, ids, page.Rows, func(s Stock) string { return s.OfferID }, err); err != nil {
		return nil, fmt.Errorf("read stock of %d offers: %w", len(ids), err)
	}
	run.Counters.Requests++
	now := map[string]Stock{}
	for _, s := range page.Rows {
		now[s.OfferID] = s
	}
	for i := range offers {
		if offers[i].Archived {
			continue
		}
		s, there := now[offers[i].ID]
		offers[i].Available, offers[i].StockUnknown = s.Available, s.Unknown || !there
	}
	return warehousesOf(page.Rows), nil
}

// warehousesOf are the warehouses that stocks name.
func warehousesOf(rows []Stock) []Warehouse {
	seen := map[Warehouse]bool{}
	var out []Warehouse
	for _, s := range rows {
		for _, wh := range s.Warehouses {
			if !seen[wh] {
				seen[wh] = true
				out = append(out, wh)
			}
		}
	}
	return out
}

// judgeWarehouses looks, once all stock was read, whether every chosen warehouse is still there. One
// that has vanished stops the writing of stock, and is listed: the others alone are not what the
// merchant chose, and all of them even less.
func (w *worker) judgeWarehouses(ctx context.Context) error {
	chosen := w.warehouses()
	if chosen == nil || w.run.StartedAt == nil || w.judged {
		return nil
	}
	w.judged = true
	gone, err := w.goneWarehouses(ctx, chosen)
	if err != nil {
		return err
	}
	if w.rules.Frozen = len(gone) > 0; !w.rules.Frozen {
		return nil
	}
	w.rulesHash = w.rules.hash()
	item := Item{Kind: ItemNote, Name: namesOf(gone), Reason: ReasonWarehouseGone, Params: Params{"warehouse": namesOf(gone)}}
	return w.commit(ctx, w.next(), func(tx *sqlx.Tx) error {
		return w.e.store.addItems(ctx, tx, w.run.ID, []Item{item}, w.e.now())
	})
}

// goneWarehouses answers which of the chosen warehouses the reading has not shown, and remembers it but
// for a preview.
func (w *worker) goneWarehouses(ctx context.Context, chosen []string) ([]Warehouse, error) {
	if w.run.Preview {
		return w.e.store.unseenWarehouses(ctx, w.run, chosen)
	}
	return w.e.store.judgeWarehouses(ctx, w.e.deps.DB, w.run, chosen, *w.run.StartedAt)
}

// seeWarehouses remembers warehouses that the CRM has named; a preview does so for itself alone.
func (w *worker) seeWarehouses(ctx context.Context, tx *sqlx.Tx, seen []Warehouse) error {
	if w.run.Preview {
		return w.e.store.stageWarehouses(ctx, tx, w.run.ID, seen)
	}
	return w.e.store.seeWarehouses(ctx, tx, w.run.Connection, seen, w.e.now())
}

func namesOf(list []Warehouse) string {
	return strings.Join(each(list, func(wh Warehouse) string {
		if wh.Name == "" {
			return wh.Code
		}
		return wh.Name
	}), ", ")
}

// freeze finds out whether a chosen warehouse was found to have vanished.
func (w *worker) freeze(ctx context.Context, conn plugin.ConnectionID) error {
	chosen := w.warehouses()
	if chosen == nil {
		return nil
	}
	if w.run.Preview {
		gone, err := w.e.store.unseenWarehouses(ctx, w.run, chosen)
		w.rules.Frozen = len(gone) > 0
		return err
	}
	gone, err := w.e.store.warehousesGone(ctx, conn, chosen)
	w.rules.Frozen = len(gone) > 0
	return err
}
