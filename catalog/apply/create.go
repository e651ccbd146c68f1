package apply

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// applyCreates creates products, idempotently: before the shop is asked, the intent is stored; a worker that finds an
// intent looks whether the product came to be, so a crash in between never makes a double.
func (w writer) applyCreates(ctx context.Context, plans []plan.Planned, b *session.BatchResult) error {
	if len(plans) == 0 {
		return nil
	}
	ids := sliceutil.Map(plans, func(p plan.Planned) string { return p.CRM })
	begun, err := w.Store.Links.Intents(ctx, w.Run.Connection, ids)
	if err != nil {
		return err
	}
	found, err := w.proposer().FindCreated(ctx, begun)
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
func (w writer) noteIntents(ctx context.Context, plans []plan.Planned, begun []store.Intent) error {
	known := sliceutil.Set(sliceutil.Map(begun, func(i store.Intent) string { return i.CRM }))
	var ids []string
	var rows []store.Intent
	for _, p := range plans {
		if !known[p.CRM] {
			ids, rows = append(ids, p.CRM), append(rows, store.Intent{CRM: p.CRM, Hidden: !p.New.Published})
		}
	}
	if len(ids) == 0 {
		return nil
	}
	hits, err := w.Catalog.ProductsByKey(ctx, plugin.KeyExternalID, ids)
	if err := session.CheckBatch(len(ids), len(hits), err); err != nil {
		return err
	}
	for i := range rows {
		rows[i].Before = sliceutil.Map(hits[i], func(h plugin.KeyHit) string { return string(h.ProductID) })
	}
	return w.Commit(ctx, w.Next(), func(tx *sqlx.Tx) error {
		return w.Store.Links.PutIntents(ctx, tx, w.Run, rows, w.Now())
	})
}

// createProducts asks the shop.
func (w writer) createProducts(ctx context.Context, plans []plan.Planned, b *session.BatchResult) error {
	if len(plans) == 0 {
		return nil
	}
	batch := make([]plugin.NewProduct, len(plans))
	for i, p := range plans {
		batch[i] = *p.New
		if id := b.Categories[p.Category]; id != "" {
			batch[i].CategoryID = id
		}
	}
	results, err := w.Catalog.CreateProducts(ctx, w.Origin(), batch)
	if err := session.CheckBatch(len(batch), len(results), err); err != nil {
		return err
	}
	for i, res := range results {
		p := plans[i]
		if res.Err == nil {
			if err := session.CheckAdded(res, len(batch[i].Variants)); err != nil {
				return err // what was made is found and adopted by the next run
			}
			res.Changed = true
			b.Fulfilled[p.CRM] = res.ID
			b.Wrote(p, res)
			continue
		}
		if _, _, again := session.ShopReason(res.Err); !again {
			b.Refused = append(b.Refused, p.CRM)
		}
		b.Failed(p, res.Err)
	}
	return nil
}

// adopt takes a product that an earlier try has created for the one just planned.
func (w writer) adopt(ctx context.Context, p plan.Planned, id plugin.ProductID, b *session.BatchResult) error {
	products, err := w.Catalog.Products(ctx, w.Rules.Lang, []plugin.ProductID{id})
	if err != nil {
		return session.FromShop(err)
	}
	if len(products) == 0 {
		return session.FromShop(fmt.Errorf("product %q was found and cannot be read: %w", id, plugin.ErrTemporary))
	}
	shop := products[0]
	if err := session.CheckVariants(shop); err != nil {
		return err
	}
	b.Fulfilled[p.CRM] = id
	p.Pairs = pairMade(w.Rules, p, shop)
	b.Wrote(p, plugin.ProductResult{ID: id, Version: shop.Version, Changed: true})
	return nil
}

// pairMade pairs the offers of a product we have made with its variants: as plan.Pair does, and what is left in the
// order they were given.
func pairMade(r plan.Rules, p plan.Planned, shop plugin.Product) map[string]plugin.VariantID {
	offers := make([]catalog.Offer, len(p.Adds))
	for i, id := range p.Adds {
		v := p.New.Variants[i]
		offers[i] = catalog.Offer{ID: id, SKU: v.SKU, Barcode: v.Barcode, Options: v.Options}
	}
	pairs := plan.Pair(r, offers, shop, nil).Pairs
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
func (w writer) resolve(ctx context.Context, ids []string) (did bool, err error) {
	found, err := w.proposer().EarlierCreations(ctx, ids)
	if err != nil || len(found) == 0 {
		return false, err
	}
	return true, w.Commit(ctx, w.Next(), func(tx *sqlx.Tx) error {
		return w.Store.Links.Fulfil(ctx, tx, w.Run, found, w.Now())
	})
}
