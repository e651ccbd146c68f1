package catalog

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog/pictures"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// writeImages fetches and writes the pictures of the next few products, side by side. It comes after
// all products are written, so that they appear quickly, and asks nothing of the CRM.
func (w *worker) writeImages(ctx context.Context) error {
	plans, err := w.e.store.imagePlans(ctx, w.run.ID, w.e.deps.Config.Pictures.Parallel)
	if err != nil {
		return err
	}
	if len(plans) == 0 {
		return w.skipTo(ctx, Tidy)
	}
	total := w.run.Total
	if total == 0 {
		if total, err = w.e.store.countImages(ctx, w.run.ID); err != nil {
			return err
		}
	}
	products, err := w.catalog.Products(ctx, w.rules.Lang, each(plans, func(p planned) plugin.ProductID { return p.Product }))
	if err != nil {
		return fromShop(err)
	}
	pinned, err := w.e.store.pinsOf(ctx, w.e.deps.DB, w.run.Connection, each(plans, func(p planned) plugin.ProductID { return p.Product }))
	if err != nil {
		return err
	}
	sets, err := w.setAll(ctx, plans, products, pinned)
	if err != nil {
		return err
	}
	run := w.next()
	run.Done, run.Total = run.Done+int64(len(plans)), total
	return w.commit(ctx, run, func(tx *sqlx.Tx) error { return w.recordImages(ctx, tx, run, plans, sets) })
}

// setAll works on the products side by side. One that is gone from the shop has no pictures to set.
func (w *worker) setAll(ctx context.Context, plans []planned, products []plugin.Product, pinned pins) ([]imageSet, error) {
	sets := make([]imageSet, len(plans))
	var wg sync.WaitGroup
	for i, p := range plans {
		at := slices.IndexFunc(products, func(x plugin.Product) bool { return x.ID == p.Product })
		if at < 0 {
			continue
		}
		if slices.Contains(pinned[p.Product], settings.FieldImages) {
			sets[i] = imageSet{state: imagesDone}
			continue
		}
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					w.e.deps.Log.Error("pictures panicked", "run", w.run.ID, "product", p.Product, "panic", r)
					sets[i] = imageSet{state: imagesPartial, refused: true}
				}
			}()
			sets[i] = w.setImages(ctx, p, products[at])
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err // what failed only because we stop must not be listed
	}
	for _, set := range sets {
		if set.broken != nil {
			return nil, set.broken
		}
	}
	return sets, nil
}

// imageSet is what came of the pictures of one product.
type imageSet struct {
	state   string
	version plugin.Version // empty: nothing was written
	seen    plugin.Version
	stored  int
	failed  map[string]Reason // by address
	refused bool              // by the shop
	said    Params            // what it said then
	broken  error             // the shop breaks the contract
}

// setImages makes the pictures of one product those of the CRM. A picture known by address or
// content is not stored again.
func (w *worker) setImages(ctx context.Context, p planned, shop plugin.Product) imageSet {
	set := imageSet{state: imagesDone, seen: shop.Version, failed: map[string]Reason{}}
	if w.rules.Owners.Images == owner(settings.OwnerFill) && slices.ContainsFunc(shop.Images, func(i plugin.Image) bool { return i.SourceURL == "" }) {
		return set // somebody has put pictures there since
	}
	refs := w.references(ctx, p.Images, shop.Images, &set)
	if len(set.failed) > 0 {
		set.state = imagesPartial
	}
	if len(refs) == 0 || sameImages(refs, shop.Images) {
		return set
	}
	results, err := w.catalog.SetImages(ctx, w.origin(), []plugin.ImageSet{{ProductID: shop.ID, Images: refs}})
	if err == nil {
		if set.broken = answered(1, len(results), nil); set.broken != nil {
			return set
		}
		err = results[0].Err
	}
	if err != nil {
		set.state, set.refused, set.said, set.stored = imagesPartial, true, saidParams(err), 0
		return set
	}
	set.version = results[0].Version
	return set
}

// references lists the pictures to keep and to store.
func (w *worker) references(ctx context.Context, addresses []string, have []plugin.Image, set *imageSet) []plugin.ImageRef {
	limits := w.e.deps.Config.Pictures
	ctx, cancel := context.WithTimeout(ctx, limits.ProductTimeout)
	defer cancel()
	var refs []plugin.ImageRef
	kept, seen := map[plugin.ImageID]bool{}, map[string]bool{}
	keep := func(same func(plugin.Image) bool) bool {
		i := slices.IndexFunc(have, same)
		if i < 0 {
			return false
		}
		if !kept[have[i].ID] {
			kept[have[i].ID], seen[have[i].SHA256] = true, true
			refs = append(refs, plugin.ImageRef{ID: have[i].ID})
		}
		return true
	}
	for _, address := range unique(addresses)[:min(len(unique(addresses)), limits.MaxPerProduct)] {
		if keep(func(i plugin.Image) bool { return i.SourceURL == address }) {
			continue
		}
		content, err := w.e.pictures.Fetch(ctx, address)
		if err != nil {
			set.failed[address] = imageReason(err)
			continue
		}
		if keep(func(i plugin.Image) bool { return i.SHA256 == content.SHA256 }) || seen[content.SHA256] {
			continue
		}
		seen[content.SHA256] = true
		refs = append(refs, plugin.ImageRef{Content: content})
		set.stored++
	}
	return refs
}

func sameImages(refs []plugin.ImageRef, have []plugin.Image) bool {
	return slices.EqualFunc(refs, have, func(r plugin.ImageRef, i plugin.Image) bool { return r.Content == nil && r.ID == i.ID })
}

// recordImages stores what came of the pictures of some products.
func (w *worker) recordImages(ctx context.Context, tx *sqlx.Tx, run *Run, plans []planned, sets []imageSet) error {
	var rows []linkUpdate
	var items []Item
	var changes []Change
	for i, p := range plans {
		set := sets[i]
		if set.state == "" {
			continue
		}
		rows = append(rows, linkUpdate{CRM: p.CRM, Version: set.version, Seen: set.seen, Images: set.state})
		run.Counters.Images += set.stored
		run.Counters.ImagesFailed += len(set.failed)
		items = append(items, set.items(p)...)
		switch {
		case !p.empty() || p.Action == actCreate: // counted when it was written
		case set.version != "":
			run.Counters.Updated++
		default:
			run.Counters.Unchanged++
		}
		if set.version != "" {
			changes = append(changes, Change{
				CRMID: p.CRM, Product: p.Product, Name: p.Name, Field: FieldImages, New: cut(joinLines(p.Images)),
			})
		}
	}
	if err := w.e.store.settleImages(ctx, tx, *run, rows, w.e.now()); err != nil {
		return err
	}
	if err := w.list(ctx, tx, items); err != nil {
		return err
	}
	if err := w.e.store.addChanges(ctx, tx, run.ID, changes, w.e.now()); err != nil {
		return err
	}
	return w.e.store.imagesDone(ctx, tx, run.ID, each(plans, func(p planned) string { return p.CRM }))
}

func (s imageSet) items(p planned) []Item {
	var out []Item
	for _, address := range p.Images {
		if r, failed := s.failed[address]; failed {
			out = append(out, Item{
				Kind: ItemNote, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: r, Params: Params{"url": cut(address)},
			})
		}
	}
	if s.refused {
		out = append(out, Item{Kind: ItemNote, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: ReasonImageRefused, Params: s.said})
	}
	return out
}

// imageReason reads an error of Fetch.
func imageReason(err error) Reason {
	switch {
	case errors.Is(err, pictures.ErrAddress):
		return ReasonImageAddress
	case errors.Is(err, pictures.ErrTooBig):
		return ReasonImageTooBig
	case errors.Is(err, pictures.ErrType):
		return ReasonImageType
	}
	return ReasonImageUnreachable
}
