package stage

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/requests"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/sliceutil"
)

// checkCurrency reads one page of linked products, others each time, to see that their currency is
// still what it was when they were last read whole: stocks come without one. A preview stages them.
func (w reader) checkCurrency(ctx context.Context) error {
	if !w.Rules.Updates() {
		return w.SkipTo(ctx, catalog.Tidy)
	}
	ids, err := w.Store.Batches.SampleLinked(ctx, w.Run, catalog.GroupSize)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return w.SkipTo(ctx, catalog.Tidy)
	}
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return err
	}
	asked := w.AskedFor(ids)
	page, err := source.ProductPage(ctx, catalog.ProductQuery{IDs: asked, Archived: true}, "")
	if err := session.OnlyOf("products", asked, page.Rows, func(p catalog.Product) string { return p.ID }, err); err != nil {
		return fmt.Errorf("check currency: %w", err)
	}
	run := w.Next()
	run.Counters.Requests++
	run.Enter(catalog.ReadPrices)
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		rows := w.underKeys(ids, page.Rows)
		if run.Preview {
			w.Asked = w.Now()
			_, err := w.Store.Staging.PutProducts(ctx, tx, run.ID, w.stagedProducts(rows, true))
			return err
		}
		return w.Store.Quotes.SetCurrencies(ctx, tx, run.Connection, rows)
	})
}

// readPrices reads price and stock: of all offers, or of the linked ones in groups when that is cheaper.
func (w reader) readPrices(ctx context.Context) error {
	cursor, err := session.CursorOf[session.StrategyCursor](w.Run)
	if err != nil {
		return err
	}
	at := &cursor
	p := part{end: w.endPrices}
	if at.Way == requests.Undecided {
		return w.decidePrices(ctx, at)
	}
	if at.Way == requests.InGroups {
		p.end = inGroups(at, at.Groups, w.afterPrices())
		if p.codes, err = w.Store.Batches.Group(ctx, w.Run.ID, at.Group); err != nil {
			return err
		}
	}
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return err
	}
	warehouses := w.Warehouses()
	return readPage(ctx, w.Session, at, list[catalog.Stock]{
		name: store.ListPrices,
		fetch: func(ctx context.Context, codes []string, page string) (catalog.Page[catalog.Stock], error) {
			answer, err := source.StockPage(ctx, catalog.StockQuery{Offers: codes, Warehouses: warehouses}, page)
			return answer, session.OnlyOf(store.ListPrices, codes, answer.Rows, func(s catalog.Stock) string { return s.OfferID }, err)
		},
		stage: func(tx *sqlx.Tx, rows []catalog.Stock) (int, error) {
			return w.stagePrices(ctx, tx, rows)
		},
		have: func(tx *sqlx.Tx, codes []string) (int, error) {
			return w.Store.Batches.Have(ctx, tx, "stage_offer", "id", w.Run.ID, codes)
		},
	}, p)
}

// decidePrices says how prices are asked for. How long the list of all is may only be known once its
// first page was read; the page is in hand then.
func (w reader) decidePrices(ctx context.Context, at *session.StrategyCursor) error {
	linked, err := w.Store.Batches.CountLinked(ctx, w.Run.Connection)
	if err != nil {
		return err
	}
	total, spent := -1, 0
	if at.Total != nil {
		total, spent = *at.Total, 1
	} else if total, err = w.Store.Batches.LastTotal(ctx, w.Run.Connection); err != nil {
		return err
	}
	run := w.Next()
	at.Way = requests.CountAll
	if total >= 0 {
		at.Way = requests.PriceStrategy(linked, total, spent, len(run.Settings.Chosen) > 0)
	}
	if at.Way == requests.CountAll {
		return w.countPrices(ctx, at)
	}
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if at.Way == requests.WholeList {
			at.Page = at.Rest
			if at.Total != nil && at.Rest == "" {
				return w.endPrices(ctx, tx, run, total)
			}
			session.MoveTo(run, at)
			return nil
		}
		if at.Groups, err = w.Store.Batches.GroupLinked(ctx, tx, *run); err != nil {
			return err
		}
		run.Total = run.Done + int64(linked)
		if at.Groups == 0 {
			run.Enter(w.afterPrices())
			return nil
		}
		session.MoveTo(run, at)
		return nil
	})
}

// countPrices reads the first page of all prices.
func (w reader) countPrices(ctx context.Context, at *session.StrategyCursor) error {
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return err
	}
	w.Asked = w.Now()
	page, err := source.StockPage(ctx, w.StockQuery(nil), "")
	if err != nil {
		return fmt.Errorf("read prices: %w", err)
	}
	at.Way, at.Total, at.Rest = requests.Undecided, &page.Total, page.Next
	run := w.Next()
	run.Counters.Requests++
	session.MoveTo(run, at)
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		fresh, err := w.stagePrices(ctx, tx, page.Rows)
		if err != nil {
			return err
		}
		run.Done, run.Total = run.Done+int64(fresh), int64(page.Total)
		return w.rememberTotal(ctx, tx, *run, store.ListPrices, page.Total)
	})
}

// stagePrices stores prices and remembers the warehouses they name.
func (w reader) stagePrices(ctx context.Context, tx *sqlx.Tx, rows []catalog.Stock) (int, error) {
	if err := w.seeWarehouses(ctx, tx, session.WarehousesOf(rows)); err != nil {
		return 0, err
	}
	return w.Store.Staging.PutOffers(ctx, tx, w.Run.ID, sliceutil.Map(rows, catalog.Stock.Offer), w.Asked)
}

// endPrices remembers how many there are.
func (w reader) endPrices(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, total int) error {
	run.Enter(w.afterPrices())
	return w.rememberTotal(ctx, tx, *run, store.ListPrices, total)
}

// underKeys answers products once for each key that was to be asked for.
func (w reader) underKeys(keys []string, rows []catalog.Product) []catalog.Product {
	if !w.Keyed {
		return rows
	}
	var out []catalog.Product
	for _, key := range keys {
		id, _ := plan.CutKey(key)
		for _, p := range rows {
			if p.ID == id {
				p.ID = key
				out = append(out, p)
				break
			}
		}
	}
	return out
}
