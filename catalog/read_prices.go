package catalog

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog/requests"
)

// checkCurrency reads one page of linked products, others each time, to see that their currency is
// still what it was when they were last read whole: stocks come without one. A preview stages them.
func (w *worker) checkCurrency(ctx context.Context) error {
	if !w.rules.updates() {
		return w.skipTo(ctx, Tidy)
	}
	ids, err := w.e.store.sampleLinked(ctx, w.run, GroupSize)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return w.skipTo(ctx, Tidy)
	}
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	asked := w.askedFor(ids)
	page, err := source.ProductPage(ctx, ProductQuery{IDs: asked, Archived: true}, "")
	if err := onlyOf("products", asked, page.Rows, func(p Product) string { return p.ID }, err); err != nil {
		return fmt.Errorf("check currency: %w", err)
	}
	run := w.next()
	run.Counters.Requests++
	run.enter(ReadPrices)
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		rows := w.underKeys(ids, page.Rows)
		if run.Preview {
			w.asked = w.e.now()
			_, err := w.e.store.stageProducts(ctx, tx, run.ID, w.stagedProducts(rows, true))
			return err
		}
		return w.e.store.setCurrencies(ctx, tx, run.Connection, rows)
	})
}

// readPrices reads price and stock: of all offers, or of the linked ones in groups when that is cheaper.
func (w *worker) readPrices(ctx context.Context) error {
	at, err := w.run.at()
	if err != nil {
		return err
	}
	p := part{end: w.endPrices}
	switch at.Way {
	case requests.Undecided:
		return w.decidePrices(ctx, at)
	case requests.InGroups:
		p.end = inGroups(at.Groups, PlanPrices)
		if p.codes, err = w.e.store.group(ctx, w.run.ID, at.Group); err != nil {
			return err
		}
	}
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	warehouses := w.warehouses()
	return readPage(ctx, w, at, list[Stock]{
		name: listPrices,
		fetch: func(ctx context.Context, codes []string, page string) (Page[Stock], error) {
			answer, err := source.StockPage(ctx, StockQuery{Offers: codes, Warehouses: warehouses}, page)
			return answer, onlyOf(listPrices, codes, answer.Rows, func(s Stock) string { return s.OfferID }, err)
		},
		stage: func(tx *sqlx.Tx, rows []Stock) (int, error) {
			return w.stagePrices(ctx, tx, rows)
		},
		have: func(tx *sqlx.Tx, codes []string) (int, error) {
			return w.e.store.have(ctx, tx, "stage_offer", "id", w.run.ID, codes)
		},
	}, p)
}

// decidePrices says how prices are asked for. How long the list of all is may only be known once its
// first page was read; the page is in hand then.
func (w *worker) decidePrices(ctx context.Context, at cursor) error {
	linked, err := w.e.store.countLinked(ctx, w.run.Connection)
	if err != nil {
		return err
	}
	total, spent := -1, 0
	if at.Total != nil {
		total, spent = *at.Total, 1
	} else if total, err = w.e.store.lastTotal(ctx, w.run.Connection); err != nil {
		return err
	}
	run := w.next()
	at.Way = requests.CountAll
	if total >= 0 {
		at.Way = requests.PriceStrategy(linked, total, spent, len(run.Settings.Chosen) > 0)
	}
	if at.Way == requests.CountAll {
		return w.countPrices(ctx, at)
	}
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if at.Way == requests.WholeList {
			at.Page = at.Rest
			if at.Total != nil && at.Rest == "" {
				return w.endPrices(ctx, tx, run, at, total)
			}
			run.moveTo(at)
			return nil
		}
		if at.Groups, err = w.e.store.groupLinked(ctx, tx, *run); err != nil {
			return err
		}
		run.Total = run.Done + int64(linked)
		if at.Groups == 0 {
			run.enter(PlanPrices)
			return nil
		}
		run.moveTo(at)
		return nil
	})
}

// countPrices reads the first page of all prices.
func (w *worker) countPrices(ctx context.Context, at cursor) error {
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	w.asked = w.e.now()
	page, err := source.StockPage(ctx, w.stockQuery(nil), "")
	if err != nil {
		return fmt.Errorf("read prices: %w", err)
	}
	at.Way, at.Total, at.Rest = requests.Undecided, &page.Total, page.Next
	run := w.next()
	run.Counters.Requests++
	run.moveTo(at)
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		fresh, err := w.stagePrices(ctx, tx, page.Rows)
		if err != nil {
			return err
		}
		run.Done, run.Total = run.Done+int64(fresh), int64(page.Total)
		return w.rememberTotal(ctx, tx, *run, listPrices, page.Total)
	})
}

// stagePrices stores prices and remembers the warehouses they name.
func (w *worker) stagePrices(ctx context.Context, tx *sqlx.Tx, rows []Stock) (int, error) {
	if err := w.seeWarehouses(ctx, tx, warehousesOf(rows)); err != nil {
		return 0, err
	}
	return w.e.store.stageOffers(ctx, tx, w.run.ID, each(rows, Stock.offer), w.asked)
}

// endPrices remembers how many there are.
func (w *worker) endPrices(ctx context.Context, tx *sqlx.Tx, run *Run, at cursor, total int) error {
	run.enter(PlanPrices)
	return w.rememberTotal(ctx, tx, *run, listPrices, total)
}
