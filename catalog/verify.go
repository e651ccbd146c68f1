package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// verify takes out of an approved plan what has changed on either side since it was made.
func (w *worker) verify(ctx context.Context) error {
	at, err := w.run.at()
	if err != nil {
		return err
	}
	if at.Group == 0 {
		return w.verifyTree(ctx)
	}
	plans, err := w.toVerify(ctx, at.Page)
	if err != nil {
		return err
	}
	if len(plans) == 0 {
		run := w.next()
		run.enter(w.afterVerify())
		return w.commit(ctx, run, func(tx *sqlx.Tx) error { return w.takeLinks(ctx, tx, *run) })
	}
	shop, err := w.movedInShop(ctx, plans)
	if err != nil {
		return err
	}
	run, asked := w.next(), w.e.now()
	crm, err := w.movedInCRM(ctx, run, plans)
	if err != nil {
		return err
	}
	run.Done += int64(len(plans))
	run.moveTo(cursor{Group: 1, Page: plans[len(plans)-1].CRM})
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.e.store.lockPlans(ctx, tx, run.ID, each(plans, func(p planned) string { return p.CRM })); err != nil {
			return err
		}
		readAt, err := w.e.store.readAt(ctx, tx, *run, variantsIn(plans))
		if err != nil {
			return err
		}
		v := verified{readAt: readAt, asked: asked}
		for _, p := range plans {
			v.look(p, shop[p.CRM], crm[p.CRM])
		}
		run.Counters.Unchanged += v.unchanged
		run.Counters.count(v.items)
		if err := w.e.store.addItems(ctx, tx, run.ID, v.items, w.e.now()); err != nil {
			return err
		}
		if err := w.e.store.markPlans(ctx, tx, run.ID, v.dropped); err != nil {
			return err
		}
		return w.e.store.replacePlan(ctx, tx, run.ID, v.changed)
	})
}

// toVerify answers the next plans to look at: those of as many products of the CRM as one question may
// name. Where each variant is a product, a product stands behind many plans, and all its offers are read
// for any of them.
func (w *worker) toVerify(ctx context.Context, after string) ([]planned, error) {
	most := GroupSize
	if w.keyed && w.run.Kind == Full {
		most = plugin.MaxBatch
	}
	plans, err := w.e.store.pendingPlans(ctx, w.run.ID, after, most)
	if err != nil {
		return nil, err
	}
	behind := map[string]bool{}
	for i, p := range plans {
		if behind[w.askedFor([]string{p.CRM})[0]] = true; len(behind) > GroupSize {
			return plans[:i], nil
		}
	}
	return plans, nil
}

// verified is what the second look at some plans came to.
type verified struct {
	// readAt is when the price and stock of variants last written were read.
	readAt map[plugin.VariantID]time.Time
	asked  time.Time // when the CRM was asked again

	dropped   []planOutcome
	changed   []planned
	items     []Item
	unchanged int // products of which newer prices were all there was to write
}

// look decides what stays of a plan.
func (v *verified) look(p planned, shop bool, crm changeSet) {
	switch {
	case shop:
		v.drop(p, "shop")
		return
	case crm.whole, crm.any() && p.Action == actCreate, slices.ContainsFunc(p.Adds, crm.quoted):
		v.drop(p, "crm")
		return
	}
	moved, later, open := v.quotes(p, crm)
	if len(later) > 0 {
		p.leave(moved, later)
	}
	// What stays is what the CRM says now.
	p.ReadAt, p.Passed = v.asked, later
	switch {
	case len(later) > 0 && p.idle() && open:
		v.drop(p, "crm")
		return
	case len(later) > 0 && p.idle():
		v.unchanged++
		v.dropped = append(v.dropped, planOutcome{CRM: p.CRM, State: planDropped, Product: p.Product})
		return
	case open:
		v.items = append(v.items, Item{Kind: ItemNote, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: ReasonQuoteMoved})
	}
	v.changed = append(v.changed, p)
}

// quotes answers the variants whose price is left out of a plan because the CRM says something else by
// now, and those whose stock is, for that reason or because a later reading was written: sales that the
// CRM does not know of were counted anew for that one. open: no later reading was written of one of
// them, so it is still to come.
func (v *verified) quotes(p planned, crm changeSet) (moved, later map[plugin.VariantID]bool, open bool) {
	moved, later = map[plugin.VariantID]bool{}, map[plugin.VariantID]bool{}
	for _, variant := range variantsIn([]planned{p}) {
		if v.readAt[variant].After(p.ReadAt) {
			later[variant] = true
		}
	}
	move := func(offer string, variant plugin.VariantID) {
		if crm.quoted(offer) {
			open = open || !later[variant]
			moved[variant], later[variant] = true, true
		}
	}
	for offer, variant := range p.Pairs {
		move(offer, variant)
	}
	for _, q := range p.Quoted {
		move(q.Offer, q.Variant)
	}
	return moved, later, open
}

// variantsIn are the shop's variants that plans are about.
func variantsIn(plans []planned) []plugin.VariantID {
	var out []plugin.VariantID
	for _, p := range plans {
		out = slices.AppendSeq(out, maps.Values(p.Pairs))
		out = append(out, each(p.Quoted, func(q syncedPrice) plugin.VariantID { return q.Variant })...)
	}
	return out
}

func (v *verified) drop(p planned, side string) {
	v.dropped = append(v.dropped, planOutcome{CRM: p.CRM, State: planDropped, Product: p.Product})
	v.items = append(v.items, Item{
		Kind: ItemSkip, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: ReasonMoved, Params: Params{"side": side},
	})
}

// leave takes prices and stock of variants out of a plan; what has its price taken out has its stock
// taken out too. The next run compares the product anew.
func (p *planned) leave(price, stock map[plugin.VariantID]bool) {
	p.Hash = nil
	p.Quoted = slices.DeleteFunc(p.Quoted, func(q syncedPrice) bool { return stock[q.Variant] })
	p.Changes = slices.DeleteFunc(p.Changes, func(c Change) bool {
		return c.Field == FieldPrice && price[c.Variant] || c.Field == FieldStock && stock[c.Variant]
	})
	if p.Patch == nil {
		return
	}
	patch := *p.Patch
	patch.Variants = nil
	for _, v := range p.Patch.Variants {
		if price[v.ID] {
			v.Price = nil
		}
		if stock[v.ID] {
			v.Stock = nil
		}
		if v != (plugin.VariantPatch{ID: v.ID}) {
			patch.Variants = append(patch.Variants, v)
		}
	}
	if p.Patch = &patch; len(p.Changes) == 0 {
		p.Patch = nil
	}
}

// idle reports whether nothing is left to write, neither to the shop nor about the product.
func (p *planned) idle() bool {
	return p.Action == actUpdate && p.empty() && !p.Joins && len(p.Images) == 0 && len(p.Gone) == 0
}

// movedInShop answers those whose shop product is not the one that was planned for, nor what other
// writes of ours have made of it since.
func (w *worker) movedInShop(ctx context.Context, plans []planned) (map[string]bool, error) {
	var ids []plugin.ProductID
	for _, p := range plans {
		if p.Product != "" {
			ids = append(ids, p.Product)
		}
	}
	out := map[string]bool{}
	if len(ids) == 0 {
		return out, nil
	}
	versions, err := w.catalog.Versions(ctx, ids)
	if err != nil {
		return nil, fromShop(err)
	}
	for _, p := range plans {
		out[p.CRM] = p.Product != "" && versions[p.Product] != p.Seen
	}
	return out, nil
}

// movedInCRM reads the products again and answers how far what the CRM says of them is from what was
// planned from.
func (w *worker) movedInCRM(ctx context.Context, run *Run, plans []planned) (map[string]changeSet, error) {
	source, err := w.crm(ctx)
	if err != nil {
		return nil, err
	}
	if run.Kind == Prices {
		return w.pricesMoved(ctx, source, run, plans)
	}
	ids := each(plans, func(p planned) string { return p.CRM })
	asked := w.askedFor(ids)
	page, err := source.ProductPage(ctx, ProductQuery{IDs: asked, Archived: true}, "")
	if err != nil {
		return nil, fmt.Errorf("verify %d products: %w", len(asked), err)
	}
	run.Counters.Requests++
	offers, err := w.offersNow(ctx, source, run, asked)
	if err != nil {
		return nil, err
	}
	was, err := w.e.store.snapshots(ctx, run.ID, ids)
	if err != nil {
		return nil, err
	}
	now := statedWhole(page.Rows, offers)
	if w.keyed {
		now = statedSplit(page.Rows, offers)
	}
	out := make(map[string]changeSet, len(ids))
	for _, id := range ids {
		out[id] = diff(was[id], now[id])
	}
	return out, nil
}

// pricesMoved is movedInCRM for a price run.
func (w *worker) pricesMoved(ctx context.Context, source CRM, run *Run, plans []planned) (map[string]changeSet, error) {
	var offers []string
	for _, p := range plans {
		for _, q := range p.Quoted {
			offers = append(offers, q.Offer)
		}
	}
	now := map[string][]byte{}
	for group := range slices.Chunk(offers, GroupSize) {
		page, err := source.StockPage(ctx, w.stockQuery(group), "")
		if err != nil {
			return nil, fmt.Errorf("verify %d prices: %w", len(group), err)
		}
		run.Counters.Requests++
		for _, s := range page.Rows {
			now[s.OfferID] = digest(toJSON(s.offer().scrubbed()))
		}
	}
	was, err := w.e.store.stagedHashes(ctx, run.ID, offers)
	if err != nil {
		return nil, err
	}
	out := make(map[string]changeSet, len(plans))
	for _, p := range plans {
		d := changeSet{offers: map[string]bool{}}
		for _, q := range p.Quoted {
			hash, there := now[q.Offer]
			d.whole = d.whole || !there
			d.offers[q.Offer] = string(hash) != string(was[q.Offer])
		}
		out[p.CRM] = d
	}
	return out, nil
}

// offersNow reads the offers of some products again and answers them by product.
func (w *worker) offersNow(ctx context.Context, source CRM, run *Run, products []string) (map[string][]Offer, error) {
	out := map[string][]Offer{}
	read := 0
	for cursor := ""; ; {
		page, err := source.OfferPage(ctx, OfferQuery{Products: products}, cursor)
		if err != nil {
			return nil, fmt.Errorf("verify offers: %w", err)
		}
		run.Counters.Requests++
		read += len(page.Rows)
		if _, err := w.inWarehouses(ctx, source, run, page.Rows); err != nil {
			return nil, err
		}
		for _, o := range page.Rows {
			o = o.scrubbed()
			out[o.ProductID] = append(out[o.ProductID], o)
		}
		if cursor = page.Next; cursor == "" || read > page.Total+GroupSize*maxStale {
			return out, nil
		}
	}
}
