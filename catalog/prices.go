package catalog

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// priceStock is the price and stock of a linked variant as the CRM says.
type priceStock struct {
	Offer    Offer
	CRM      string // the offer's product
	Product  plugin.ProductID
	Variant  plugin.VariantID
	Hash     []byte
	ReadAt   time.Time
	Currency string         // of the product's prices
	Version  plugin.Version // of the product when it was last written
	Made     bool           // we created the product
	Same     bool           // price and stock are as when they were last in order
}

// planPrices plans the variants of the next products. Nothing is written to the shop.
func (w *worker) planPrices(ctx context.Context) error {
	at, err := w.run.at()
	if err != nil {
		return err
	}
	if at.Page == "" {
		if err := w.e.store.analyseStaged(ctx); err != nil {
			return err
		}
		if err := w.judgeWarehouses(ctx); err != nil {
			return err
		}
	}
	planner := *w // plans ahead while this one stores
	got, err := nextPages(ctx, w, pageKey{phase: w.run.Phase, page: at.Page}, oneAhead, planner.buildPriceBatch)
	if err != nil {
		return err
	}
	if len(got.Rows) == 0 {
		return w.skipTo(ctx, CheckPlan)
	}
	total := w.run.Total
	if total == 0 {
		if total, err = w.e.store.countQuotes(ctx, w.run); err != nil {
			return err
		}
	}
	b, run := got.Rows[0], w.next()
	run.moveTo(cursor{Page: got.Next})
	run.Done, run.Total = run.Done+int64(b.products), total
	return w.commitAsync(ctx, run, func(tx *sqlx.Tx) error { return w.storePrices(ctx, tx, run, b) })
}

// buildPriceBatch makes up a plan of the prices behind the given product, and changes nothing.
func (w *worker) buildPriceBatch(ctx context.Context, after string) (Page[*priceBatch], error) {
	quotes, err := w.e.store.quotes(ctx, w.run, after, w.e.deps.Config.PlanBatch)
	if err != nil || len(quotes) == 0 {
		return Page[*priceBatch]{}, err
	}
	last := quotes[len(quotes)-1].CRM
	b, err := w.comparePrices(ctx, quotes)
	return Page[*priceBatch]{Rows: []*priceBatch{b}, Next: last}, err
}

// priceBatch is what the planning of some prices came to.
type priceBatch struct {
	products  int
	unchanged int // products
	plans     []planned
	calm      []syncedPrice // variants in order
	items     []Item
}

// syncedPrice is what is remembered of a variant in order.
type syncedPrice struct {
	Offer   string           `json:"offer"`
	Variant plugin.VariantID `json:"variant"`
	Hash    []byte           `json:"hash,omitempty"` // nil: look again in the next run
	ReadAt  time.Time        `json:"read_at"`
}

// seenVersion is a product's version before and after our write.
type seenVersion struct{ Before, After plugin.Version }

// comparePrices plans products, each from all its quotes.
func (w *worker) comparePrices(ctx context.Context, quotes []priceStock) (*priceBatch, error) {
	b := &priceBatch{}
	ids := slices.Compact(slices.Sorted(slices.Values(each(quotes, func(q priceStock) plugin.ProductID { return q.Product }))))
	b.products = len(ids)
	versions := map[plugin.ProductID]plugin.Version{}
	for part := range slices.Chunk(ids, plugin.MaxBatch) {
		some, err := w.catalog.Versions(ctx, part)
		if err != nil {
			return nil, fromShop(err)
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
	b.unchanged = len(versions) - len(open)
	m := planInputs{shop: map[plugin.ProductID]plugin.Product{}}
	if len(open) == 0 {
		return b, nil
	}
	if err := w.readProductsOf(ctx, slices.Sorted(maps.Keys(open)), &m); err != nil {
		return nil, err
	}
	// Asked after the products were read: whoever buys later moves their versions, and nothing is
	// written over that.
	if unsent, err = w.unsentOf(ctx, quotes); err != nil {
		return nil, err
	}
	pinned, err := w.e.store.pinsOf(ctx, w.e.deps.DB, w.run.Connection, slices.Collect(maps.Keys(open)))
	if err != nil {
		return nil, err
	}
	for len(quotes) > 0 {
		n := slices.IndexFunc(quotes, func(q priceStock) bool { return q.CRM != quotes[0].CRM })
		if n < 0 {
			n = len(quotes)
		}
		if p, there := m.shop[quotes[0].Product]; there {
			b.take(pricesOf(w.rules.keeping(pinned[p.ID]), quotes[:n], p, unsent), quotes[0].CRM)
		}
		quotes = quotes[n:]
	}
	return b, nil
}

// unsentOf asks for the units sold of the variants of quotes.
func (w *worker) unsentOf(ctx context.Context, quotes []priceStock) (map[plugin.VariantID]decimal.Decimal, error) {
	var at time.Time
	for _, q := range quotes {
		if at.IsZero() || q.ReadAt.Before(at) {
			at = q.ReadAt
		}
	}
	return w.unsent(ctx, each(quotes, func(q priceStock) plugin.VariantID { return q.Variant }), at)
}

// pricesOf plans one product; it is pure.
func pricesOf(r rules, quotes []priceStock, p plugin.Product, unsent map[plugin.VariantID]decimal.Decimal) decision {
	d := decision{Action: actUpdate, Product: p.ID, Name: p.Name, Seen: p.Version, ReadAt: quotes[0].ReadAt, Foreign: !quotes[0].Made}
	alike, alien := false, false // SKUs are those of the shop
	variants := variantsOf(p)
	for _, q := range quotes {
		v, there := variants[q.Variant]
		if !there {
			continue
		}
		if q.ReadAt.Before(d.ReadAt) {
			d.ReadAt = q.ReadAt
		}
		told, ours := q.Offer.SKU, strings.TrimSpace(v.SKU)
		if r.Owners.SKU.writes(false) && told != "" && ours != "" { // elsewhere the merchant's SKUs may be others
			alike, alien = alike || told == ours, alien || told != ours
		}
		priceOf(r, q, p, v, unsent, &d)
	}
	d.Replaced = alien && !alike
	return d
}

func priceOf(r rules, q priceStock, p plugin.Product, v plugin.Variant, unsent map[plugin.VariantID]decimal.Decimal, d *decision) {
	g := crmProduct{Product: Product{ID: q.CRM, Name: p.Name, Currency: q.Currency}}
	patch, from := plugin.VariantPatch{ID: v.ID}, len(d.Items)
	d.Open = false
	o := q.Offer
	o.SKU = v.SKU // a price run leaves it alone
	changes := len(d.Changes)
	if setPriceAndStock(r, g, o, v, unsent, &patch, d) {
		all := d.patch("")
		all.Variants = append(all.Variants, patch)
	}
	for i := range d.Changes[changes:] {
		d.Changes[changes+i].Overwrote = q.Same && d.Changes[changes+i].Old != ""
	}
	for i := range d.Items[from:] {
		d.Items[from+i].CRMID, d.Items[from+i].Name = q.CRM, p.Name
	}
	done := syncedPrice{Offer: q.Offer.ID, Variant: v.ID, Hash: q.Hash, ReadAt: q.ReadAt}
	if d.Open {
		done.Hash = nil
	}
	d.Quoted = append(d.Quoted, done)
}

// take sorts a plan into the batch.
func (b *priceBatch) take(d decision, crm string) {
	b.items = append(b.items, d.Items...)
	d.Items = nil
	if d.empty() {
		b.unchanged++
		b.calm = append(b.calm, d.Quoted...)
		return
	}
	b.plans = append(b.plans, planned{CRM: crm, decision: d})
}

// storePrices stores a batch and counts what was left alone.
func (w *worker) storePrices(ctx context.Context, tx *sqlx.Tx, run *Run, b *priceBatch) error {
	run.Counters.Unchanged += b.unchanged
	run.Counters.count(b.items)
	if !run.Preview { // a preview leaves the next run all its work
		if err := w.e.store.putQuoted(ctx, tx, run.Connection, b.calm); err != nil {
			return err
		}
		if err := w.e.store.letGo(ctx, tx, run.Connection, readings(b.calm)); err != nil {
			return err
		}
	}
	if err := w.e.store.addItems(ctx, tx, run.ID, b.items, w.e.now()); err != nil {
		return err
	}
	return w.e.store.putPlan(ctx, tx, run.ID, b.plans)
}

// pricesAgain plans what failed anew and tries it once more; what was approved is tried as it is.
func (w *worker) pricesAgain(ctx context.Context, old []planned) error {
	if w.run.ApprovedBy != "" {
		return w.applyPrices(ctx, old, w.run.Total, true)
	}
	quotes, err := w.e.store.quotesOf(ctx, w.run, each(old, func(p planned) string { return p.CRM }))
	if err != nil {
		return err
	}
	b, err := w.comparePrices(ctx, quotes)
	if err != nil {
		return err
	}
	still := setOf(each(b.plans, func(p planned) string { return p.CRM }))
	var done []planOutcome
	for _, p := range old {
		if !still[p.CRM] {
			done = append(done, planOutcome{CRM: p.CRM, State: planDone, Product: p.Product})
		}
	}
	b.items = nil // listed before
	run := w.next()
	err = w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.storePrices(ctx, tx, run, b); err != nil {
			return err
		}
		return w.e.store.markPlans(ctx, tx, run.ID, done)
	})
	if err != nil || len(b.plans) == 0 {
		return err
	}
	return w.applyPrices(ctx, b.plans, w.run.Total, true)
}

// applyPrices writes a batch and commits what came of it. The writes are conditional: a product that
// was edited or sold since it was planned is planned anew, so that no sale is written over.
func (w *worker) applyPrices(ctx context.Context, plans []planned, total int64, last bool) error {
	b := &batchResult{last: last, approved: w.run.ApprovedBy != ""}
	run := w.next()
	run.Done, run.Total = run.Done+int64(len(plans)), total
	if !last {
		run.moveTo(cursor{Page: plans[len(plans)-1].CRM})
	}
	return w.writeLocked(ctx, run, plans, func(tx *sqlx.Tx) error {
		if run.holds() {
			holdAll(plans)
		}
		versions, done, err := w.patchPrices(ctx, plans, b)
		if err != nil {
			return err
		}
		if err := w.e.store.putQuoted(ctx, tx, run.Connection, done); err != nil {
			return err
		}
		if err := w.e.store.moveVersions(ctx, tx, run.Connection, versions, w.e.now()); err != nil {
			return err
		}
		if err := w.e.store.movePlans(ctx, tx, run.Connection, run.ID, versions); err != nil {
			return err
		}
		return w.record(ctx, tx, run, b)
	})
}

// patchPrices writes the patches of plans. It answers the versions that came of it and what is in
// order now.
func (w *worker) patchPrices(ctx context.Context, plans []planned, b *batchResult) (map[plugin.ProductID]seenVersion, []syncedPrice, error) {
	var patches []plugin.ProductPatch
	var of []planned
	var done []syncedPrice
	for _, p := range plans {
		if p.Patch == nil {
			b.unchanged++
			b.done(p)
			b.stock.note(p, readings(p.Quoted))
			done = append(done, p.Quoted...)
			continue
		}
		patches, of = append(patches, *p.Patch), append(of, p)
	}
	versions := map[plugin.ProductID]seenVersion{}
	if len(patches) > 0 {
		results, err := w.catalog.UpdateProducts(ctx, w.origin(), patches)
		if err := answered(len(patches), len(results), err); err != nil {
			return nil, nil, err
		}
		for i, res := range results {
			p := of[i]
			if res.Err != nil {
				b.failed(p, res.Err)
				continue
			}
			b.done(p)
			b.count(p, res)
			b.stock.note(p, readings(p.Quoted))
			versions[p.Product] = seenVersion{Before: p.Seen, After: res.Version}
			done = append(done, p.Quoted...)
		}
	}
	return versions, done, nil
}

// done marks a price as written, unless the cursor says it.
func (b *batchResult) done(p planned) {
	if b.last {
		b.marks = append(b.marks, planOutcome{CRM: p.CRM, State: planDone, Product: p.Product})
	}
}

// offer is how a price is staged.
func (s Stock) offer() Offer {
	return Offer{ID: s.OfferID, SKU: s.SKU, Price: s.Price, Available: s.Available, StockUnknown: s.Unknown}
}
