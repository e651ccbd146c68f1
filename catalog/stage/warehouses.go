package stage

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/sliceutil"
)

// afterOffers is the phase in which stock is read apart, when offers do not tell it: they know the sum
// of all warehouses alone.
func (w reader) afterOffers() catalog.Phase {
	if w.Warehouses() == nil {
		return w.planning()
	}
	return catalog.ReadStocks
}

// afterPrices is what follows once prices and stock were read.
func (w reader) afterPrices() catalog.Phase {
	if w.Warehouses() == nil {
		return w.planning()
	}
	return catalog.CheckWarehouses
}

// planning is where planning begins.
func (w reader) planning() catalog.Phase {
	switch {
	case w.Run.Kind == catalog.Prices:
		return catalog.PlanPrices
	case w.Keyed:
		return catalog.SplitVariants
	}
	return catalog.PlanProducts
}

// readStocks reads what lies of the next staged offers in the chosen warehouses.
func (w reader) readStocks(ctx context.Context) error {
	at, err := session.CursorOf[session.RowCursor](w.Run)
	if err != nil {
		return err
	}
	offers, err := w.Store.Staging.Offers(ctx, w.Run.ID, at.After, catalog.GroupSize)
	if err != nil {
		return err
	}
	if len(offers) == 0 {
		return w.SkipTo(ctx, catalog.CheckWarehouses)
	}
	total := w.Run.Total
	if total == 0 {
		if total, err = w.Store.Staging.CountOffers(ctx, w.Run.ID); err != nil {
			return err
		}
	}
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return err
	}
	run := w.Next()
	w.Asked = w.Now()
	seen, err := w.InWarehouses(ctx, source, run, offers)
	if err != nil {
		return err
	}
	run.Done, run.Total = run.Done+int64(len(offers)), total
	session.MoveTo(run, session.RowCursor{After: offers[len(offers)-1].ID})
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.seeWarehouses(ctx, tx, seen); err != nil {
			return err
		}
		_, err := w.Store.Staging.PutOffers(ctx, tx, run.ID, offers, w.Asked)
		return err
	})
}

// checkWarehouses looks, once all stock was read, whether every chosen warehouse is still there. One
// that has vanished stops the writing of stock, and is listed: the others alone are not what the
// merchant chose, and all of them even less.
func (w reader) checkWarehouses(ctx context.Context) error {
	chosen := w.Warehouses()
	if chosen == nil || w.Run.StartedAt == nil {
		return w.SkipTo(ctx, w.planning())
	}
	gone, err := w.goneWarehouses(ctx, chosen)
	if err != nil {
		return err
	}
	var items []catalog.Item
	if len(gone) > 0 {
		items = []catalog.Item{{Kind: catalog.ItemNote, Name: namesOf(gone), Reason: catalog.ReasonWarehouseGone, Params: catalog.Params{"warehouse": namesOf(gone)}}}
	}
	run := w.Next()
	run.Enter(w.planning())
	err = w.Commit(ctx, run, func(tx *sqlx.Tx) error { return w.Store.Runs.AddItems(ctx, tx, run.ID, items, w.Now()) })
	if err == nil {
		w.Freeze(len(gone) > 0)
	}
	return err
}

// goneWarehouses answers which of the chosen warehouses the reading has not shown, and remembers it but
// for a preview.
func (w reader) goneWarehouses(ctx context.Context, chosen []string) ([]catalog.Warehouse, error) {
	if w.Run.Preview {
		return w.Store.Staging.UnseenWarehouses(ctx, w.Run, chosen)
	}
	return w.Store.Warehouses.CheckSeen(ctx, w.Deps.DB, w.Run, chosen, *w.Run.StartedAt)
}

// seeWarehouses remembers warehouses that the CRM has named; a preview does so for itself alone.
func (w reader) seeWarehouses(ctx context.Context, tx *sqlx.Tx, seen []catalog.Warehouse) error {
	if w.Run.Preview {
		return w.Store.Staging.PutWarehouses(ctx, tx, w.Run.ID, seen)
	}
	return w.Store.Warehouses.See(ctx, tx, w.Run.Connection, seen, w.Now())
}

func namesOf(list []catalog.Warehouse) string {
	return strings.Join(sliceutil.Map(list, func(wh catalog.Warehouse) string {
		if wh.Name == "" {
			return wh.Code
		}
		return wh.Name
	}), ", ")
}
