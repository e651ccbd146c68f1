package propose

import (
	"context"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// FindCreated looks for products that earlier tries have created, by the CRM's product: those that bear the external id
// now, did not before, and are not linked. It makes creating idempotent.
func (w Proposer) FindCreated(ctx context.Context, begun []store.Intent) (map[string]plugin.ProductID, error) {
	if len(begun) == 0 {
		return nil, nil
	}
	hits, err := w.Catalog.ProductsByKey(ctx, plugin.KeyExternalID, sliceutil.Map(begun, func(i store.Intent) string { return i.CRM }))
	if err := session.CheckBatch(len(begun), len(hits), err); err != nil {
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
	owners, err := w.Store.Links.OwnersOf(ctx, w.Run.Shop, slices.Collect(maps.Values(out)))
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

// EarlierCreations is FindCreated for those of the products whose creation was begun and not seen to end.
func (w Proposer) EarlierCreations(ctx context.Context, ids []string) (map[string]plugin.ProductID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	begun, err := w.Store.Links.Intents(ctx, w.Run.Connection, ids)
	if err != nil {
		return nil, err
	}
	return w.FindCreated(ctx, begun)
}

// recordEarlierCreations notes which creations an earlier run has left open and what they have led to; did says
// that some have led to something.
func (w Proposer) recordEarlierCreations(ctx context.Context, ids []string) (did bool, err error) {
	found, err := w.EarlierCreations(ctx, ids)
	if err != nil || len(found) == 0 {
		return false, err
	}
	return true, w.Commit(ctx, w.Next(), func(tx *sqlx.Tx) error {
		return w.Store.Plans.NoteMade(ctx, tx, w.Run.ID, found)
	})
}
