package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// checkCurrency reads one page of products, to see that their currency is still what it was when
// they were last read whole: stocks come without one.
func (w *worker) checkCurrency(ctx context.Context) error {
	if !w.rules.updates() {
		return w.skipTo(ctx, Tidy)
	}
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	page, err := source.ProductPage(ctx, ProductQuery{}, "")
	if err != nil {
		return fmt.Errorf("check currency: %w", err)
	}
	run := w.next()
	run.Counters.Requests++
	run.enter(ReadPrices)
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		return w.e.store.setCurrencies(ctx, tx, run.Connection, page.Rows)
	})
}

// readPrices reads price and stock of all offers.
func (w *worker) readPrices(ctx context.Context) error {
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	return readPage(ctx, w, list[Stock]{
		name: "prices",
		fetch: func(ctx context.Context, group []string, page string) (Page[Stock], error) {
			return source.StockPage(ctx, StockQuery{Offers: group}, page)
		},
		stage: func(tx *sqlx.Tx, rows []Stock) (int, error) {
			offers := each(rows, func(s Stock) Offer { return Offer{ID: s.OfferID, Price: s.Price, Available: s.Available} })
			return w.e.store.stageOffers(ctx, tx, w.run.ID, offers, w.e.now())
		},
	}, nil, WritePrices)
}

// quote is the price and stock of a linked variant as the CRM says.
type quote struct {
	Offer    Offer
	CRM      string // the offer's product
	Product  plugin.ProductID
	Variant  plugin.VariantID
	Hash     []byte
	ReadAt   time.Time
	Currency string         // of the product's prices
	Version  plugin.Version // of the product when it was last written
	Same     bool           // price and stock are as when they were last in order
}

// writePrices writes what differs of the next variants.
func (w *worker) writePrices(ctx context.Context) error {
	at, err := w.run.at()
	if err != nil {
		return err
	}
	quotes, err := w.e.store.quotes(ctx, w.run, at.Page, w.e.deps.Config.PlanBatch)
	if err != nil {
		return err
	}
	if len(quotes) == 0 {
		return w.skipTo(ctx, Tidy)
	}
	total := w.run.Total
	if total == 0 {
		if total, err = w.e.store.countQuotes(ctx, w.run); err != nil {
			return err
		}
	}
	b, err := w.writeQuotes(ctx, quotes)
	if err != nil {
		return err
	}
	run := w.next()
	run.moveTo(cursor{Page: quotes[len(quotes)-1].Offer.ID})
	run.Done, run.Total = run.Done+int64(len(quotes)), total
	run.Counters.Updated += len(b.updated)
	run.Counters.Unchanged += b.unchanged
	run.Counters.count(b.items)
	return w.commit(ctx, run, func(tx *sqlx.Tx) error { return w.recordPrices(ctx, tx, run, b) })
}

// priceBatch is what came of some quotes.
type priceBatch struct {
	quoted    []quoted
	versions  map[plugin.ProductID]seenVersion
	updated   map[plugin.ProductID]bool
	unchanged int // variants
	changes   []Change
	items     []Item
}

// quoted is what is remembered of a variant in order.
type quoted struct {
	Offer  string
	Hash   []byte // nil: look again in the next run
	ReadAt time.Time
}

// seenVersion is a product's version before and after our write.
type seenVersion struct{ Before, After plugin.Version }

func (w *worker) writeQuotes(ctx context.Context, quotes []quote) (*priceBatch, error) {
	b := &priceBatch{versions: map[plugin.ProductID]seenVersion{}, updated: map[plugin.ProductID]bool{}}
	links := map[string]link{}
	for _, q := range quotes {
		l, ok := links[q.CRM]
		if !ok {
			l.Variants = map[string]variantLink{}
		}
		l.Variants[q.Offer.ID] = variantLink{Variant: q.Variant}
		links[q.CRM] = l
	}
	unsent, err := w.unsent(ctx, links)
	if err != nil {
		return nil, err
	}
	open, err := w.openQuotes(ctx, quotes, unsent, b)
	if err != nil || len(open) == 0 {
		return b, err
	}
	m := material{shop: map[plugin.ProductID]plugin.Product{}}
	ids := slices.Compact(slices.Sorted(slices.Values(each(open, func(q quote) plugin.ProductID { return q.Product }))))
	if err := w.readProductsOf(ctx, ids, &m); err != nil {
		return nil, err
	}
	return b, w.sendQuotes(ctx, open, m.shop, unsent, b)
}

// openQuotes leaves out variants at which neither side changed.
func (w *worker) openQuotes(ctx context.Context, quotes []quote, unsent map[plugin.VariantID]decimal.Decimal, b *priceBatch) ([]quote, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(each(quotes, func(q quote) plugin.ProductID { return q.Product }))))
	versions, err := w.catalog.Versions(ctx, ids)
	if err != nil {
		return nil, fromShop(err)
	}
	var open []quote
	for _, q := range quotes {
		v, there := versions[q.Product]
		switch {
		case !there: // deleted in the shop: the next full run sees to it
		case q.Same && v == q.Version && unsent[q.Variant].Sign() <= 0:
			b.unchanged++
		default:
			open = append(open, q)
		}
	}
	return open, nil
}

// sendQuotes compares with the shop and writes what differs.
func (w *worker) sendQuotes(ctx context.Context, open []quote, shop map[plugin.ProductID]plugin.Product, unsent map[plugin.VariantID]decimal.Decimal, b *priceBatch) error {
	var patches []plugin.VariantPatch
	var of []quote
	var changes [][]Change
	for _, q := range open {
		p, there := shop[q.Product]
		i := slices.IndexFunc(p.Variants, func(v plugin.Variant) bool { return v.ID == q.Variant })
		if !there || i < 0 {
			continue
		}
		patch, d := priceOf(w.rules, q, p, p.Variants[i], unsent)
		b.items = append(b.items, d.Items...)
		if len(d.Changes) == 0 {
			b.unchanged++
			b.note(q, d.Open)
			continue
		}
		patches, of, changes = append(patches, patch), append(of, q), append(changes, d.Changes)
	}
	if len(patches) == 0 {
		return nil
	}
	results, err := w.catalog.UpdateVariants(ctx, w.origin(), patches)
	if err := answered(len(patches), len(results), err); err != nil {
		return err
	}
	for i, res := range results {
		b.result(of[i], shop[of[i].Product], res, changes[i], unsent)
	}
	return nil
}

// priceOf plans one variant; it is pure.
func priceOf(r rules, q quote, p plugin.Product, v plugin.Variant, unsent map[plugin.VariantID]decimal.Decimal) (plugin.VariantPatch, decision) {
	d := decision{Product: p.ID, Name: p.Name}
	g := goods{Product: Product{ID: q.CRM, Name: p.Name, Currency: q.Currency}}
	patch := plugin.VariantPatch{ID: v.ID}
	setPriceAndStock(r, g, q.Offer, v, unsent, &patch, &d)
	for i := range d.Items {
		d.Items[i].CRMID, d.Items[i].Name = q.CRM, p.Name
		if d.Items[i].Reason == ReasonNoPrice {
			d.Items[i].Params = Params{"sku": v.SKU}
		}
	}
	return patch, d
}

// note remembers that a variant is in order; open asks for another look in the next run.
func (b *priceBatch) note(q quote, open bool) {
	n := quoted{Offer: q.Offer.ID, Hash: q.Hash, ReadAt: q.ReadAt}
	if open {
		n.Hash = nil
	}
	b.quoted = append(b.quoted, n)
}

func (b *priceBatch) result(q quote, p plugin.Product, res plugin.VariantResult, changes []Change, unsent map[plugin.VariantID]decimal.Decimal) {
	if res.Err != nil {
		reason, params, _ := shopReason(res.Err)
		b.items = append(b.items, Item{Kind: ItemError, CRMID: q.CRM, Product: q.Product, Name: p.Name, Reason: reason, Params: params})
		return
	}
	b.note(q, unsent[q.Variant].Sign() > 0)
	b.versions[q.Product] = seenVersion{Before: p.Version, After: res.Version}
	if !res.Changed {
		b.unchanged++
		return
	}
	b.updated[q.Product] = true
	for _, c := range changes {
		c.CRMID, c.Product, c.Name = q.CRM, q.Product, p.Name
		b.changes = append(b.changes, c)
	}
}

func (w *worker) recordPrices(ctx context.Context, tx *sqlx.Tx, run *Run, b *priceBatch) error {
	now := w.e.now()
	if err := w.e.store.putQuoted(ctx, tx, run.Connection, b.quoted); err != nil {
		return err
	}
	if err := w.e.store.moveVersions(ctx, tx, *run, b.versions, now); err != nil {
		return err
	}
	if err := w.e.store.addChanges(ctx, tx, run.ID, b.changes, now); err != nil {
		return err
	}
	return w.e.store.addItems(ctx, tx, run.ID, b.items, now)
}

// keepLater takes price and stock out of patches for variants of which a later reading was written
// meanwhile, by a price run or the CRM's own call.
func (w *worker) keepLater(ctx context.Context, plans []planned) error {
	readAt := map[plugin.VariantID]time.Time{}
	for _, p := range plans {
		if p.Patch != nil {
			for _, v := range p.Patch.Variants {
				readAt[v.ID] = p.ReadAt
			}
		}
	}
	later, err := w.e.store.readLater(ctx, w.run.Connection, readAt)
	if err != nil || len(later) == 0 {
		return err
	}
	for i := range plans {
		if plans[i].Patch != nil {
			plans[i].leaveLater(later)
		}
	}
	return nil
}

func (p *planned) leaveLater(later map[plugin.VariantID]bool) {
	patch := *p.Patch
	patch.Variants = nil
	for _, v := range p.Patch.Variants {
		if later[v.ID] {
			v.Price, v.Stock, p.Hash = nil, nil, nil
		}
		if v != (plugin.VariantPatch{ID: v.ID}) {
			patch.Variants = append(patch.Variants, v)
		}
	}
	p.Changes = slices.DeleteFunc(p.Changes, func(c Change) bool {
		return later[c.Variant] && (c.Field == FieldPrice || c.Field == FieldStock)
	})
	if p.Patch = &patch; len(p.Changes) == 0 {
		p.Patch = nil
	}
}
