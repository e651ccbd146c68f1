package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// hiddenRead is how many rows one call of Hidden looks through at most.
const hiddenRead = 5 * plugin.MaxBatch

// Hidden lists what waits to be published, in a fixed order, from behind the mark after (empty: from
// the first). next is the mark to go on from; empty at the end. What somebody has published in the
// shop is left out, and so is what is gone from it.
// Errors: plugin.ErrNotFound, the shop's.
func (e *Engine) Hidden(ctx context.Context, id plugin.ConnectionID, after string, limit int) (list []catalog.Hidden, next string, err error) {
	o, err := e.asOperator(ctx, id)
	if err != nil {
		return nil, "", err
	}
	for read := 0; read < hiddenRead; {
		rows, err := e.t.Store.Review.Hidden(ctx, id, after, limit)
		if err != nil {
			return nil, "", err
		}
		products, err := o.read(ctx, rows)
		if err != nil {
			return nil, "", err
		}
		for _, r := range rows {
			after = r.Sort
			if h, still := stillHidden(r, products); still {
				list = append(list, h)
			}
			if len(list) == limit {
				return list, after, nil
			}
		}
		if read += len(rows); len(rows) < limit {
			return list, "", nil
		}
	}
	return list, after, nil
}

// CountHidden counts what may wait to be published, without asking the shop; at most limit.
func (e *Engine) CountHidden(ctx context.Context, id plugin.ConnectionID, limit int) (int, error) {
	return e.t.Store.Review.CountHidden(ctx, id, limit)
}

func stillHidden(r store.HiddenRow, products map[plugin.ProductID]plugin.Product) (catalog.Hidden, bool) {
	p, there := products[r.Product]
	if !there || len(p.Variants) == 0 {
		return catalog.Hidden{}, false
	}
	h := catalog.Hidden{Product: p.ID, Variant: r.Variant, Name: p.Name, Missing: r.Missing}
	i := 0
	if r.Variant != "" {
		if i = slices.IndexFunc(p.Variants, func(v plugin.Variant) bool { return v.ID == r.Variant }); i < 0 {
			return catalog.Hidden{}, false
		}
	}
	v := p.Variants[i]
	h.SKU, h.Price = v.SKU, v.Price
	if r.Variant == "" {
		return h, !p.Published
	}
	return h, !v.Published
}

// Publish shows products, with the variants that we hid of them, and answers what the shop did not
// take. by is an operator's id. Products that do not wait to be published are left alone, so it can be repeated.
// Errors: plugin.ErrNotFound, the shop's; done and refused count what came before.
func (e *Engine) Publish(ctx context.Context, id plugin.ConnectionID, products []plugin.ProductID, by string) (done int, refused []catalog.Item, err error) {
	o, err := e.asOperator(ctx, id)
	if err != nil {
		return 0, nil, err
	}
	for part := range slices.Chunk(products, plugin.MaxBatch) {
		rows, err := e.t.Store.Review.HiddenOf(ctx, id, part)
		if err != nil {
			return done, refused, err
		}
		n, not, err := o.publish(ctx, rows, by, true)
		refused = append(refused, not...)
		if done += n; err != nil {
			return done, refused, err
		}
	}
	return done, refused, nil
}

// operatorAction does in the shop what a person asks for outside of runs.
type operatorAction struct {
	t       *session.Tools
	conn    plugin.ConnectionID
	catalog plugin.Catalog
	lang    string
}

func (e *Engine) asOperator(ctx context.Context, id plugin.ConnectionID) (*operatorAction, error) {
	conn, err := e.t.Deps.Connections.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("by hand: %w", err)
	}
	shop, err := e.t.Deps.Shop(ctx, conn.Shop)
	if err != nil {
		return nil, fmt.Errorf("by hand for %s: %w", id, err)
	}
	lang, err := session.FirstLanguage(ctx, shop)
	if err != nil {
		return nil, fmt.Errorf("by hand for %s: %w", id, err)
	}
	return &operatorAction{t: e.t, conn: id, catalog: shop.Catalog(), lang: lang}, nil
}

// read reads the products of rows.
func (o *operatorAction) read(ctx context.Context, rows []store.HiddenRow) (map[plugin.ProductID]plugin.Product, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(sliceutil.Map(rows, func(r store.HiddenRow) plugin.ProductID { return r.Product }))))
	return o.products(ctx, ids)
}

func (o *operatorAction) products(ctx context.Context, ids []plugin.ProductID) (map[plugin.ProductID]plugin.Product, error) {
	out := make(map[plugin.ProductID]plugin.Product, len(ids))
	for part := range slices.Chunk(ids, plugin.MaxBatch) {
		products, err := o.catalog.Products(ctx, o.lang, part)
		if err != nil {
			return nil, fmt.Errorf("read %d products by hand for %s: %w", len(part), o.conn, err)
		}
		for _, p := range products {
			out[p.ID] = p
		}
	}
	return out, nil
}

// publish writes what is still hidden. A product that somebody edits at the same moment is tried once
// more.
func (o *operatorAction) publish(ctx context.Context, rows []store.HiddenRow, by string, again bool) (done int, refused []catalog.Item, err error) {
	products, err := o.read(ctx, rows)
	if err != nil {
		return 0, nil, err
	}
	patches, of := showing(rows, products)
	if len(patches) == 0 {
		return 0, nil, nil
	}
	origin := plugin.Origin{Plugin: o.t.Deps.PluginID, Connection: o.conn, Ref: "review"}
	results, err := o.catalog.UpdateProducts(ctx, origin, patches)
	if err := session.CheckBatch(len(patches), len(results), err); err != nil {
		return 0, nil, fmt.Errorf("publish %d products of %s: %w", len(patches), o.conn, err)
	}
	var shown, conflicts []store.HiddenRow
	versions := map[plugin.ProductID]plan.SeenVersion{}
	for i, res := range results {
		id := patches[i].ID
		switch {
		case res.Err == nil:
			done++
			shown = append(shown, of[id]...)
			versions[id] = plan.SeenVersion{Before: patches[i].Expect, After: res.Version}
		case errors.Is(res.Err, plugin.ErrConflict) && again:
			conflicts = append(conflicts, of[id]...)
		default:
			reason, params, _ := session.ShopReason(res.Err)
			refused = append(refused, catalog.Item{Kind: catalog.ItemError, Product: id, Name: products[id].Name, Reason: reason, Params: params})
		}
	}
	if err := o.note(ctx, shown, versions, by); err != nil {
		return done, refused, err
	}
	if len(conflicts) == 0 {
		return done, refused, nil
	}
	more, not, err := o.publish(ctx, conflicts, by, false)
	return done + more, append(refused, not...), err
}

// showing makes the patches that show what is still hidden, one a product.
func showing(rows []store.HiddenRow, products map[plugin.ProductID]plugin.Product) ([]plugin.ProductPatch, map[plugin.ProductID][]store.HiddenRow) {
	var patches []plugin.ProductPatch
	of := map[plugin.ProductID][]store.HiddenRow{}
	at := map[plugin.ProductID]int{}
	for _, r := range rows {
		if _, still := stillHidden(r, products); !still {
			continue
		}
		i, begun := at[r.Product]
		if !begun {
			i = len(patches)
			at[r.Product] = i
			patches = append(patches, plugin.ProductPatch{ID: r.Product, Expect: products[r.Product].Version})
		}
		yes := true
		if of[r.Product] = append(of[r.Product], r); r.Variant == "" {
			patches[i].Published = &yes
			continue
		}
		patches[i].Variants = append(patches[i].Variants, plugin.VariantPatch{ID: r.Variant, Published: &yes})
	}
	return patches, of
}

func (o *operatorAction) note(ctx context.Context, shown []store.HiddenRow, versions map[plugin.ProductID]plan.SeenVersion, by string) error {
	if len(shown) == 0 {
		return nil
	}
	deeds := sliceutil.Map(shown, func(r store.HiddenRow) store.AuditEntry {
		return store.AuditEntry{Action: "publish", Product: r.Product, Variant: r.Variant}
	})
	s, now := o.t.Store, o.t.Now()
	return s.InTx(ctx, func(tx *sqlx.Tx) error { return o.noteIn(ctx, tx, shown, versions, deeds, by, now) })
}

func (o *operatorAction) noteIn(ctx context.Context, tx *sqlx.Tx, shown []store.HiddenRow, versions map[plugin.ProductID]plan.SeenVersion, deeds []store.AuditEntry, by string, now time.Time) error {
	s := o.t.Store
	if err := s.Review.Reviewed(ctx, tx, o.conn, shown); err != nil {
		return err
	}
	if err := s.Quotes.MoveVersions(ctx, tx, o.conn, versions, now); err != nil {
		return err
	}
	return s.Review.Audit(ctx, tx, o.conn, by, deeds, now)
}
