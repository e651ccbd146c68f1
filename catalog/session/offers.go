package session

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/store"
)

// SkipTo moves to another phase, with a checkpoint and nothing else. Errors: as Commit's.
func (w *Session) SkipTo(ctx context.Context, p catalog.Phase) error {
	run := w.Next()
	run.Enter(p)
	return w.CommitAsync(ctx, run, nil)
}

// OnlyOf refuses an answer with rows that nobody asked for: a CRM that does not heed the question would
// answer the whole list to each group. nil codes ask for everything. Errors: err, *Stop with CodeIncomplete.
func OnlyOf[T any](name string, codes []string, rows []T, code func(T) string, err error) error {
	if err != nil || codes == nil {
		return err
	}
	strange := 0
	for _, r := range rows {
		if !slices.Contains(codes, code(r)) {
			strange++
		}
	}
	if strange == 0 {
		return nil
	}
	return &Stop{Code: catalog.CodeIncomplete, Params: catalog.Params{
		"list": name, "read": strconv.Itoa(len(rows) - strange), "total": strconv.Itoa(len(rows)),
	}}
}

// InWarehouses puts what lies in the chosen warehouses in place of all stock of at most GroupSize
// offers, and answers the warehouses that the CRM named. It counts the request in run. Errors: the CRM's, as OnlyOf's.
func (w *Session) InWarehouses(ctx context.Context, source catalog.CRM, run *catalog.Run, offers []catalog.Offer) ([]catalog.Warehouse, error) {
	ids := make([]string, 0, len(offers))
	for _, o := range offers {
		if !o.Archived {
			ids = append(ids, o.ID)
		}
	}
	if w.Warehouses() == nil || len(ids) == 0 {
		return nil, nil
	}
	page, err := source.StockPage(ctx, w.StockQuery(ids), "")
	if err := OnlyOf(store.ListPrices, ids, page.Rows, func(s catalog.Stock) string { return s.OfferID }, err); err != nil {
		return nil, fmt.Errorf("read stock of %d offers: %w", len(ids), err)
	}
	run.Counters.Requests++
	now := map[string]catalog.Stock{}
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
	return WarehousesOf(page.Rows), nil
}

// WarehousesOf lists the warehouses that stocks name, each once.
func WarehousesOf(rows []catalog.Stock) []catalog.Warehouse {
	seen := map[catalog.Warehouse]bool{}
	var out []catalog.Warehouse
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

// WritesCategories reports whether the run brings the category tree: it is to, and the shop can.
func (w *Session) WritesCategories() bool { return w.Run.Settings.Categories && w.Rules.Can.Categories }
