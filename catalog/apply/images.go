package apply

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/pictures"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// writeImages fetches and writes the pictures of the next few products, side by side. It comes after
// all products are written, so that they appear quickly, and asks nothing of the CRM.
func (w writer) writeImages(ctx context.Context) error {
	plans, err := w.Store.Plans.WithImages(ctx, w.Run.ID, w.Deps.Config.Pictures.Parallel)
	if err != nil {
		return err
	}
	if len(plans) == 0 {
		return w.SkipTo(ctx, catalog.Tidy)
	}
	total := w.Run.Total
	if total == 0 {
		if total, err = w.Store.Plans.CountImages(ctx, w.Run.ID); err != nil {
			return err
		}
	}
	products, err := w.Catalog.Products(ctx, w.Rules.Lang, sliceutil.Map(plans, func(p plan.Planned) plugin.ProductID { return p.Product }))
	if err != nil {
		return session.FromShop(err)
	}
	pinned, err := w.Store.Review.PinsOf(ctx, w.Deps.DB, w.Run.Connection, sliceutil.Map(plans, func(p plan.Planned) plugin.ProductID { return p.Product }))
	if err != nil {
		return err
	}
	sets, err := w.setAll(ctx, plans, products, pinned)
	if err != nil {
		return err
	}
	run := w.Next()
	run.Done, run.Total = run.Done+int64(len(plans)), total
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error { return w.recordImages(ctx, tx, run, plans, sets) })
}

// setAll works on the products side by side. One that is gone from the shop has no pictures to set.
func (w writer) setAll(ctx context.Context, plans []plan.Planned, products []plugin.Product, pinned plan.Pins) ([]imageSet, error) {
	sets := make([]imageSet, len(plans))
	var wg sync.WaitGroup
	for i, p := range plans {
		at := slices.IndexFunc(products, func(x plugin.Product) bool { return x.ID == p.Product })
		if at < 0 {
			continue
		}
		if slices.Contains(pinned[p.Product], settings.FieldImages) {
			sets[i] = imageSet{state: plan.ImagesDone}
			continue
		}
		wg.Go(func() {
			err := contain.Do(func() error {
				sets[i] = w.setImages(ctx, p, products[at])
				return nil
			})
			if contain.Log(w.Deps.Log, err, "pictures panicked", "run", w.Run.ID, "product", p.Product) {
				sets[i] = imageSet{state: plan.ImagesPartial, refused: true}
			}
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
	failed  map[string]catalog.Reason // by address
	refused bool                      // by the shop
	said    catalog.Params            // what it said then
	broken  error                     // the shop breaks the contract
}

// setImages makes the pictures of one product those of the CRM. A picture known by address or
// content is not stored again.
func (w writer) setImages(ctx context.Context, p plan.Planned, shop plugin.Product) imageSet {
	set := imageSet{state: plan.ImagesDone, seen: shop.Version, failed: map[string]catalog.Reason{}}
	if w.Rules.Owners.Images == plan.Owner(settings.OwnerFill) && slices.ContainsFunc(shop.Images, func(i plugin.Image) bool { return i.SourceURL == "" }) {
		return set // somebody has put pictures there since
	}
	refs := w.references(ctx, p.Images, shop.Images, &set)
	if len(set.failed) > 0 {
		set.state = plan.ImagesPartial
	}
	if len(refs) == 0 || sameImages(refs, shop.Images) {
		return set
	}
	results, err := w.Catalog.SetImages(ctx, w.Origin(), []plugin.ImageSet{{ProductID: shop.ID, Images: refs}})
	if err == nil {
		if set.broken = session.CheckBatch(1, len(results), nil); set.broken != nil {
			return set
		}
		err = results[0].Err
	}
	if err != nil {
		set.state, set.refused, set.said, set.stored = plan.ImagesPartial, true, session.TextParams(err), 0
		return set
	}
	set.version = results[0].Version
	return set
}

// references lists the pictures to keep and to store.
func (w writer) references(ctx context.Context, addresses []string, have []plugin.Image, set *imageSet) []plugin.ImageRef {
	limits := w.Deps.Config.Pictures
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
	for _, address := range sliceutil.Unique(addresses)[:min(len(sliceutil.Unique(addresses)), limits.MaxPerProduct)] {
		if keep(func(i plugin.Image) bool { return i.SourceURL == address }) {
			continue
		}
		content, err := w.Pictures.Fetch(ctx, address)
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
func (w writer) recordImages(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, plans []plan.Planned, sets []imageSet) error {
	var rows []plan.LinkUpdate
	var items []catalog.Item
	var changes []catalog.Change
	for i, p := range plans {
		set := sets[i]
		if set.state == "" {
			continue
		}
		rows = append(rows, plan.LinkUpdate{CRM: p.CRM, Version: set.version, Seen: set.seen, Images: set.state})
		run.Counters.Images += set.stored
		run.Counters.ImagesFailed += len(set.failed)
		items = append(items, set.items(p)...)
		switch {
		case !p.Empty() || p.Action == plan.ActCreate: // counted when it was written
		case set.version != "":
			run.Counters.Updated++
		default:
			run.Counters.Unchanged++
		}
		if set.version != "" {
			changes = append(changes, catalog.Change{
				CRMID: p.CRM, Product: p.Product, Name: p.Name, Field: catalog.FieldImages, New: plan.Cut(plan.JoinLines(p.Images)),
			})
		}
	}
	if err := w.Store.Links.SettleImages(ctx, tx, *run, rows, w.Now()); err != nil {
		return err
	}
	if err := w.ListItems(ctx, tx, items); err != nil {
		return err
	}
	if err := w.Store.Runs.AddChanges(ctx, tx, run.ID, changes, w.Now()); err != nil {
		return err
	}
	return w.Store.Plans.ImagesDone(ctx, tx, run.ID, sliceutil.Map(plans, func(p plan.Planned) string { return p.CRM }))
}

func (s imageSet) items(p plan.Planned) []catalog.Item {
	var out []catalog.Item
	for _, address := range p.Images {
		if r, failed := s.failed[address]; failed {
			out = append(out, catalog.Item{
				Kind: catalog.ItemNote, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: r, Params: catalog.Params{"url": plan.Cut(address)},
			})
		}
	}
	if s.refused {
		out = append(out, catalog.Item{Kind: catalog.ItemNote, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: catalog.ReasonImageRefused, Params: s.said})
	}
	return out
}

// imageReason reads an error of Fetch.
func imageReason(err error) catalog.Reason {
	switch {
	case errors.Is(err, pictures.ErrAddress):
		return catalog.ReasonImageAddress
	case errors.Is(err, pictures.ErrTooBig):
		return catalog.ReasonImageTooBig
	case errors.Is(err, pictures.ErrType):
		return catalog.ReasonImageType
	}
	return catalog.ReasonImageUnreachable
}
