package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// applyCreates creates products. Before the shop is asked, the intent is stored; a worker that finds
// an intent looks whether the product came to be, so a crash in between never makes a double.
func (w *worker) applyCreates(ctx context.Context, plans []planned, b *batchResult) error {
	if len(plans) == 0 {
		return nil
	}
	ids := each(plans, func(p planned) string { return p.CRM })
	begun, err := w.e.store.intents(ctx, w.run.Connection, ids)
	if err != nil {
		return err
	}
	found, err := w.made(ctx, begun)
	if err != nil {
		return err
	}
	fresh := plans[:0:0]
	for _, p := range plans {
		if made, ok := found[p.CRM]; ok {
			if err := w.adopt(ctx, p, made, b); err != nil {
				return err
			}
			continue
		}
		fresh = append(fresh, p)
	}
	if err := w.noteIntents(ctx, fresh, begun); err != nil {
		return err
	}
	return w.createProducts(ctx, fresh, b)
}

// noteIntents stores the intents of products not begun yet, with what bears their ids already.
func (w *worker) noteIntents(ctx context.Context, plans []planned, begun []intent) error {
	known := setOf(each(begun, func(i intent) string { return i.CRM }))
	var ids []string
	var rows []intent
	for _, p := range plans {
		if !known[p.CRM] {
			ids, rows = append(ids, p.CRM), append(rows, intent{CRM: p.CRM, Hidden: !p.New.Published})
		}
	}
	if len(ids) == 0 {
		return nil
	}
	hits, err := w.catalog.ProductsByKey(ctx, plugin.KeyExternalID, ids)
	if err := answered(len(ids), len(hits), err); err != nil {
		return err
	}
	for i := range rows {
		rows[i].Before = each(hits[i], func(h plugin.KeyHit) string { return string(h.ProductID) })
	}
	return w.commit(ctx, w.next(), func(tx *sqlx.Tx) error {
		return w.e.store.putIntents(ctx, tx, w.run, rows, w.e.now())
	})
}

// createProducts asks the shop.
func (w *worker) createProducts(ctx context.Context, plans []planned, b *batchResult) error {
	if len(plans) == 0 {
		return nil
	}
	batch := make([]plugin.NewProduct, len(plans))
	for i, p := range plans {
		batch[i] = *p.New
		if id := b.categories[p.Category]; id != "" {
			batch[i].CategoryID = id
		}
	}
	results, err := w.catalog.CreateProducts(ctx, w.origin(), batch)
	if err := answered(len(batch), len(results), err); err != nil {
		return err
	}
	for i, res := range results {
		p := plans[i]
		if res.Err == nil {
			if err := numbered(res, len(batch[i].Variants)); err != nil {
				return err // what was made is found and adopted by the next run
			}
			res.Changed = true
			b.fulfilled[p.CRM] = res.ID
			b.wrote(p, res)
			continue
		}
		if _, _, again := shopReason(res.Err); !again {
			b.refused = append(b.refused, p.CRM)
		}
		b.failed(p, res.Err)
	}
	return nil
}

// made looks for products that earlier tries have created: those that bear the external id now and
// did not before.
func (w *worker) made(ctx context.Context, begun []intent) (map[string]plugin.ProductID, error) {
	if len(begun) == 0 {
		return nil, nil
	}
	hits, err := w.catalog.ProductsByKey(ctx, plugin.KeyExternalID, each(begun, func(i intent) string { return i.CRM }))
	if err := answered(len(begun), len(hits), err); err != nil {
		return nil, err
	}
	out := map[string]plugin.ProductID{}
	for i, in := range begun {
		for _, h := range hits[i] {
			if _, have := out[in.CRM]; !have && !slices.Contains(in.Before, string(h.ProductID)) {
				out[in.CRM] = h.ProductID
			}
		}
	}
	owners, err := w.e.store.ownersOf(ctx, w.run.Shop, slices.Collect(maps.Values(out)))
	if err != nil {
		return nil, err
	}
	for crm, id := range out {
		if _, taken := owners[id]; taken {
			delete(out, crm)
		}
	}
	return out, nil
}

// adopt takes a product that an earlier try has created for the one just planned.
func (w *worker) adopt(ctx context.Context, p planned, id plugin.ProductID, b *batchResult) error {
	products, err := w.catalog.Products(ctx, w.rules.Lang, []plugin.ProductID{id})
	if err != nil {
		return fromShop(err)
	}
	if len(products) == 0 {
		return fromShop(fmt.Errorf("product %q was found and cannot be read: %w", id, plugin.ErrTemporary))
	}
	shop := products[0]
	if err := withVariants(shop); err != nil {
		return err
	}
	b.fulfilled[p.CRM] = id
	p.Pairs = pairMade(w.rules, p, shop)
	b.wrote(p, plugin.ProductResult{ID: id, Version: shop.Version, Changed: true})
	return nil
}

// pairMade joins the offers of a product we have made to its variants: as always, and what is left
// in the order they were given.
func pairMade(r rules, p planned, shop plugin.Product) map[string]plugin.VariantID {
	offers := make([]Offer, len(p.Adds))
	for i, id := range p.Adds {
		v := p.New.Variants[i]
		offers[i] = Offer{ID: id, SKU: v.SKU, Barcode: v.Barcode, Options: v.Options}
	}
	pairs := pair(r, offers, shop, nil).pairs
	taken := map[plugin.VariantID]bool{}
	for _, v := range pairs {
		taken[v] = true
	}
	if len(shop.Variants) != len(offers) {
		return pairs
	}
	for i, o := range offers {
		if v := shop.Variants[i].ID; pairs[o.ID] == "" && !taken[v] {
			pairs[o.ID] = v
		}
	}
	return pairs
}

// resolve finishes creations that an earlier try has left open; did says that something was changed.
func (w *worker) resolve(ctx context.Context, ids []string) (did bool, err error) {
	found, err := w.madeEarlier(ctx, ids)
	if err != nil || len(found) == 0 {
		return false, err
	}
	return true, w.commit(ctx, w.next(), func(tx *sqlx.Tx) error {
		return w.e.store.fulfil(ctx, tx, w.run, found, w.e.now())
	})
}

// foreseeMade notes which creations an earlier run has left open and what they have led to; did says
// that some have led to something.
func (w *worker) foreseeMade(ctx context.Context, ids []string) (did bool, err error) {
	found, err := w.madeEarlier(ctx, ids)
	if err != nil || len(found) == 0 {
		return false, err
	}
	return true, w.commit(ctx, w.next(), func(tx *sqlx.Tx) error {
		return w.e.store.noteMade(ctx, tx, w.run.ID, found)
	})
}

// madeEarlier looks for what creations that were begun earlier have led to.
func (w *worker) madeEarlier(ctx context.Context, ids []string) (map[string]plugin.ProductID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	begun, err := w.e.store.intents(ctx, w.run.Connection, ids)
	if err != nil {
		return nil, err
	}
	return w.made(ctx, begun)
}
