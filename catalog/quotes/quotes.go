// Package quotes compares price and stock of linked variants with the shop's and writes what differs: for price
// runs and for stock calls alike.
package quotes

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Quoter compares the price and stock of variants with the shop's, and writes what differs. Runs and stock
// calls do it alike.
type Quoter struct{ *session.Connection }

// pricer makes the steps of a price run.
type pricer struct{ *session.Session }

func (w pricer) quoter() Quoter { return Quoter{&w.Connection} }

// pricePlanner plans prices. It changes nothing, and works beside the session whose run it plans.
type pricePlanner struct {
	Quoter
	run catalog.Run
}

// Steps are the steps of the phases in which a price run plans and writes. What follows after them is Again.
func Steps() map[catalog.Phase]session.Step {
	return map[catalog.Phase]session.Step{
		catalog.PlanPrices:  func(ctx context.Context, w *session.Session) error { return pricer{w}.planPrices(ctx) },
		catalog.WritePrices: func(ctx context.Context, w *session.Session) error { return w.Write(ctx, pricer{w}.applyPrices) },
	}
}

// planPrices plans the variants of the next products. Nothing is written to the shop.
func (w pricer) planPrices(ctx context.Context) error {
	at, err := session.CursorOf[session.RowCursor](w.Run)
	if err != nil {
		return err
	}
	if at.After == "" {
		if err := w.Store.Staging.Analyse(ctx); err != nil {
			return err
		}
	}
	got, err := session.NextPages(ctx, w.Session, session.PageKey{Phase: w.Run.Phase, Page: at.After}, session.OneAhead, pricePlanner{Quoter{&w.Connection}, w.Run}.buildPriceBatch)
	if err != nil {
		return err
	}
	if len(got.Rows) == 0 {
		return w.SkipTo(ctx, catalog.CheckPlan)
	}
	total := w.Run.Total
	if total == 0 {
		if total, err = w.Store.Quotes.CountQuotes(ctx, w.Run); err != nil {
			return err
		}
	}
	b, run := got.Rows[0], w.Next()
	session.MoveTo(run, session.RowCursor{After: got.Next})
	run.Done, run.Total = run.Done+int64(b.Products), total
	return w.CommitAsync(ctx, run, func(tx *sqlx.Tx) error { return w.storePrices(ctx, tx, run, b) })
}

// buildPriceBatch plans the prices of the products behind the given one, and changes nothing.
func (w pricePlanner) buildPriceBatch(ctx context.Context, after string) (catalog.Page[*plan.PriceBatch], error) {
	quotes, err := w.Store.Quotes.Staged(ctx, w.run, w.RulesHash, after, w.Deps.Config.PlanBatch)
	if err != nil || len(quotes) == 0 {
		return catalog.Page[*plan.PriceBatch]{}, err
	}
	last := quotes[len(quotes)-1].CRM
	b, err := w.ComparePrices(ctx, quotes)
	return catalog.Page[*plan.PriceBatch]{Rows: []*plan.PriceBatch{b}, Next: last}, err
}

// ComparePrices plans products, each from all its quotes, which are in the order of the CRM's products. Errors: the
// shop's, *session.Stop, those of Uncounted, our database's.
func (w Quoter) ComparePrices(ctx context.Context, quotes []plan.PriceStock) (*plan.PriceBatch, error) {
	b := &plan.PriceBatch{}
	ids := slices.Compact(slices.Sorted(slices.Values(sliceutil.Map(quotes, func(q plan.PriceStock) plugin.ProductID { return q.Product }))))
	b.Products = len(ids)
	versions := map[plugin.ProductID]plugin.Version{}
	for part := range slices.Chunk(ids, plugin.MaxBatch) {
		some, err := w.Catalog.Versions(ctx, part)
		if err != nil {
			return nil, session.FromShop(err)
		}
		maps.Copy(versions, some)
	}
	unsent, err := w.unsentOf(ctx, quotes)
	if err != nil {
		return nil, err
	}
	open := map[plugin.ProductID]bool{}
	for _, q := range quotes {
		// A product deleted in the shop is seen to by the next full run.
		if v, there := versions[q.Product]; there && (!q.Same || v != q.Version || unsent[q.Variant].Sign() > 0) {
			open[q.Product] = true
		}
	}
	b.Unchanged = len(versions) - len(open)
	shop := map[plugin.ProductID]plugin.Product{}
	if len(open) == 0 {
		return b, nil
	}
	if err := w.ShopProducts(ctx, slices.Sorted(maps.Keys(open)), shop); err != nil {
		return nil, err
	}
	// Asked after the products were read: whoever buys later moves their versions, and nothing is
	// written over that.
	if unsent, err = w.unsentOf(ctx, quotes); err != nil {
		return nil, err
	}
	pinned, err := w.Store.Review.PinsOf(ctx, w.Deps.DB, w.ID, slices.Collect(maps.Keys(open)))
	if err != nil {
		return nil, err
	}
	for len(quotes) > 0 {
		n := slices.IndexFunc(quotes, func(q plan.PriceStock) bool { return q.CRM != quotes[0].CRM })
		if n < 0 {
			n = len(quotes)
		}
		if p, there := shop[quotes[0].Product]; there {
			b.Add(plan.DecidePrices(w.Rules.WithPins(pinned[p.ID]), quotes[:n], p, unsent), quotes[0].CRM)
		}
		quotes = quotes[n:]
	}
	return b, nil
}

// unsentOf asks for the units sold of the variants of quotes.
func (w Quoter) unsentOf(ctx context.Context, quotes []plan.PriceStock) (map[plugin.VariantID]decimal.Decimal, error) {
	var at time.Time
	for _, q := range quotes {
		if at.IsZero() || q.ReadAt.Before(at) {
			at = q.ReadAt
		}
	}
	return w.Uncounted(ctx, sliceutil.Map(quotes, func(q plan.PriceStock) plugin.VariantID { return q.Variant }), at)
}

// storePrices stores a batch and counts what was left alone.
func (w pricer) storePrices(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, b *plan.PriceBatch) error {
	run.Counters.Unchanged += b.Unchanged
	run.Counters.Count(b.Items)
	if !run.Preview { // a preview leaves the next run all its work
		if err := w.Store.Quotes.SavePriceHashes(ctx, tx, run.Connection, b.InSync); err != nil {
			return err
		}
		if err := w.Store.Held.Release(ctx, tx, run.Connection, plan.StockReadings(b.InSync)); err != nil {
			return err
		}
	}
	if err := w.Store.Runs.AddItems(ctx, tx, run.ID, b.Items, w.Now()); err != nil {
		return err
	}
	return w.Store.Plans.Put(ctx, tx, run.ID, b.Plans)
}

// Again is the step of WriteAgain in a price run: it plans what failed anew and tries it once more; what was approved
// is tried as it is.
func Again(ctx context.Context, s *session.Session) error {
	w := pricer{s}
	old, err := w.Store.Plans.Open(ctx, w.Run.ID, plan.Again, "", w.Deps.Config.WriteBatch)
	if err != nil {
		return err
	}
	if len(old) == 0 {
		return w.SkipTo(ctx, catalog.Tidy)
	}
	if w.Run.ApprovedBy != "" {
		return w.applyPrices(ctx, old, w.Run.Total, true)
	}
	quotes, err := w.Store.Quotes.OfProducts(ctx, w.Run, w.RulesHash, sliceutil.Map(old, func(p plan.Planned) string { return p.CRM }))
	if err != nil {
		return err
	}
	b, err := w.quoter().ComparePrices(ctx, quotes)
	if err != nil {
		return err
	}
	still := sliceutil.Set(sliceutil.Map(b.Plans, func(p plan.Planned) string { return p.CRM }))
	var done []plan.Outcome
	for _, p := range old {
		if !still[p.CRM] {
			done = append(done, plan.Outcome{CRM: p.CRM, State: plan.Done, Product: p.Product})
		}
	}
	b.Items = nil // listed before
	run := w.Next()
	err = w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.storePrices(ctx, tx, run, b); err != nil {
			return err
		}
		return w.Store.Plans.Mark(ctx, tx, run.ID, done)
	})
	if err != nil || len(b.Plans) == 0 {
		return err
	}
	return w.applyPrices(ctx, b.Plans, w.Run.Total, true)
}

// applyPrices writes a batch and commits what came of it, under optimistic concurrency: a product that was edited or
// sold since it was planned is planned anew, so that no sale is written over.
func (w pricer) applyPrices(ctx context.Context, plans []plan.Planned, total int64, last bool) error {
	b := &session.BatchResult{Last: last, Approved: w.Run.ApprovedBy != ""}
	run := w.Next()
	run.Done, run.Total = run.Done+int64(len(plans)), total
	if !last {
		session.MoveTo(run, session.RowCursor{After: plans[len(plans)-1].CRM})
	}
	return w.WriteLocked(ctx, run, plans, func(tx *sqlx.Tx) error {
		if run.Holds() {
			plan.HoldBackAll(plans)
		}
		versions, done, err := w.quoter().PatchPrices(ctx, plans, b)
		if err != nil {
			return err
		}
		if err := w.Store.Quotes.SavePriceHashes(ctx, tx, run.Connection, done); err != nil {
			return err
		}
		if err := w.Store.Quotes.MoveVersions(ctx, tx, run.Connection, versions, w.Now()); err != nil {
			return err
		}
		if err := w.Store.Plans.Rebase(ctx, tx, run.Connection, run.ID, versions); err != nil {
			return err
		}
		return w.Record(ctx, tx, run, b)
	})
}

// PatchPrices writes the patches of plans, and records in b what the shop took and what not. It answers the versions
// that came of it and the variants that are in order now. Errors: the shop's, *session.Stop.
func (w Quoter) PatchPrices(ctx context.Context, plans []plan.Planned, b *session.BatchResult) (map[plugin.ProductID]plan.SeenVersion, []plan.SyncedPrice, error) {
	var patches []plugin.ProductPatch
	var of []plan.Planned
	var done []plan.SyncedPrice
	for _, p := range plans {
		if p.Patch == nil {
			b.Unchanged++
			b.Done(p)
			b.Stock.Add(p, plan.StockReadings(p.Quoted))
			done = append(done, p.Quoted...)
			continue
		}
		patches, of = append(patches, *p.Patch), append(of, p)
	}
	versions := map[plugin.ProductID]plan.SeenVersion{}
	if len(patches) > 0 {
		results, err := w.Catalog.UpdateProducts(ctx, w.Origin(), patches)
		if err := session.CheckBatch(len(patches), len(results), err); err != nil {
			return nil, nil, err
		}
		for i, res := range results {
			p := of[i]
			if res.Err != nil {
				b.Failed(p, res.Err)
				continue
			}
			b.Done(p)
			b.Count(p, res)
			b.Stock.Add(p, plan.StockReadings(p.Quoted))
			versions[p.Product] = plan.SeenVersion{Before: p.Seen, After: res.Version}
			done = append(done, p.Quoted...)
		}
	}
	return versions, done, nil
}
