package apply

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// verify takes out of an approved plan what has changed on either side since it was made.
func (w writer) verify(ctx context.Context) error {
	at, err := session.CursorOf[session.RowCursor](w.Run)
	if err != nil {
		return err
	}
	plans, err := w.toVerify(ctx, at.After)
	if err != nil {
		return err
	}
	if len(plans) == 0 {
		run := w.Next()
		run.Enter(w.afterVerify())
		return w.Commit(ctx, run, func(tx *sqlx.Tx) error { return w.proposer().ApplyLinks(ctx, tx, *run) })
	}
	shop, err := w.movedInShop(ctx, plans)
	if err != nil {
		return err
	}
	run, asked := w.Next(), w.Now()
	crm, err := w.movedInCRM(ctx, run, plans)
	if err != nil {
		return err
	}
	run.Done += int64(len(plans))
	session.MoveTo(run, session.RowCursor{After: plans[len(plans)-1].CRM})
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.Store.Plans.Lock(ctx, tx, run.ID, sliceutil.Map(plans, func(p plan.Planned) string { return p.CRM })); err != nil {
			return err
		}
		readAt, err := w.Store.Plans.ReadAt(ctx, tx, *run, plan.VariantsIn(plans))
		if err != nil {
			return err
		}
		v := plan.Verification{ReadAt: readAt, Asked: asked}
		for _, p := range plans {
			v.Look(p, shop[p.CRM], crm[p.CRM])
		}
		run.Counters.Unchanged += v.Unchanged
		run.Counters.Count(v.Items)
		if err := w.Store.Runs.AddItems(ctx, tx, run.ID, v.Items, w.Now()); err != nil {
			return err
		}
		if err := w.Store.Plans.Mark(ctx, tx, run.ID, v.Dropped); err != nil {
			return err
		}
		return w.Store.Plans.Replace(ctx, tx, run.ID, v.Changed)
	})
}

// toVerify answers the next plans to look at: those of as many products of the CRM as one question may
// name. Where each variant is a product, a product stands behind many plans, and all its offers are read
// for any of them.
func (w writer) toVerify(ctx context.Context, after string) ([]plan.Planned, error) {
	most := catalog.GroupSize
	if w.Keyed && w.Run.Kind == catalog.Full {
		most = plugin.MaxBatch
	}
	plans, err := w.Store.Plans.Pending(ctx, w.Run.ID, after, most)
	if err != nil {
		return nil, err
	}
	behind := map[string]bool{}
	for i, p := range plans {
		if behind[w.AskedFor([]string{p.CRM})[0]] = true; len(behind) > catalog.GroupSize {
			return plans[:i], nil
		}
	}
	return plans, nil
}

// movedInShop answers those whose shop product has neither the version that was planned for nor one that later writes
// of our own produced.
func (w writer) movedInShop(ctx context.Context, plans []plan.Planned) (map[string]bool, error) {
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
	versions, err := w.Catalog.Versions(ctx, ids)
	if err != nil {
		return nil, session.FromShop(err)
	}
	for _, p := range plans {
		out[p.CRM] = p.Product != "" && versions[p.Product] != p.Seen
	}
	return out, nil
}

// movedInCRM reads the products again and answers how far what the CRM says of them is from what was
// planned from.
func (w writer) movedInCRM(ctx context.Context, run *catalog.Run, plans []plan.Planned) (map[string]plan.ChangeSet, error) {
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return nil, err
	}
	if run.Kind == catalog.Prices {
		return w.pricesMoved(ctx, source, run, plans)
	}
	ids := sliceutil.Map(plans, func(p plan.Planned) string { return p.CRM })
	asked := w.AskedFor(ids)
	page, err := source.ProductPage(ctx, catalog.ProductQuery{IDs: asked, Archived: true}, "")
	if err != nil {
		return nil, fmt.Errorf("verify %d products: %w", len(asked), err)
	}
	run.Counters.Requests++
	offers, err := w.offersNow(ctx, source, run, asked)
	if err != nil {
		return nil, err
	}
	was, err := w.Store.Staging.Snapshots(ctx, run.ID, ids)
	if err != nil {
		return nil, err
	}
	now := plan.Snapshots(page.Rows, offers)
	if w.Keyed {
		now = plan.SnapshotsByVariant(page.Rows, offers)
	}
	out := make(map[string]plan.ChangeSet, len(ids))
	for _, id := range ids {
		out[id] = plan.Diff(was[id], now[id])
	}
	return out, nil
}

// pricesMoved is movedInCRM for a price run.
func (w writer) pricesMoved(ctx context.Context, source catalog.CRM, run *catalog.Run, plans []plan.Planned) (map[string]plan.ChangeSet, error) {
	var offers []string
	for _, p := range plans {
		for _, q := range p.Quoted {
			offers = append(offers, q.Offer)
		}
	}
	now := map[string][]byte{}
	for group := range slices.Chunk(offers, catalog.GroupSize) {
		page, err := source.StockPage(ctx, w.StockQuery(group), "")
		if err != nil {
			return nil, fmt.Errorf("verify %d prices: %w", len(group), err)
		}
		run.Counters.Requests++
		for _, s := range page.Rows {
			now[s.OfferID] = plan.Digest(plan.JSON(s.Offer().Scrubbed()))
		}
	}
	was, err := w.Store.Staging.Hashes(ctx, run.ID, offers)
	if err != nil {
		return nil, err
	}
	out := make(map[string]plan.ChangeSet, len(plans))
	for _, p := range plans {
		d := plan.ChangeSet{Offers: map[string]bool{}}
		for _, q := range p.Quoted {
			hash, there := now[q.Offer]
			d.Whole = d.Whole || !there
			d.Offers[q.Offer] = !bytes.Equal(hash, was[q.Offer])
		}
		out[p.CRM] = d
	}
	return out, nil
}

// offersNow reads the offers of some products again and answers them by product.
func (w writer) offersNow(ctx context.Context, source catalog.CRM, run *catalog.Run, products []string) (map[string][]catalog.Offer, error) {
	out := map[string][]catalog.Offer{}
	read := 0
	for cursor := ""; ; {
		page, err := source.OfferPage(ctx, catalog.OfferQuery{Products: products}, cursor)
		if err != nil {
			return nil, fmt.Errorf("verify offers: %w", err)
		}
		run.Counters.Requests++
		read += len(page.Rows)
		if _, err := w.InWarehouses(ctx, source, run, page.Rows); err != nil {
			return nil, err
		}
		for _, o := range page.Rows {
			o = o.Scrubbed()
			out[o.ProductID] = append(out[o.ProductID], o)
		}
		if cursor = page.Next; cursor == "" || read > page.Total+catalog.GroupSize*session.MaxStale {
			return out, nil
		}
	}
}
