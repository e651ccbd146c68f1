package propose

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// splitBatch is how many products of the CRM are split in one transaction.
const splitBatch = 250

// sameID is the shop's product whose id equals the CRM's: that of the offer when the key is of one.
func (w *Planner) sameID(key string) plugin.ProductID {
	if _, offer := plan.CutKey(key); offer != "" && w.Keyed {
		return plugin.ProductID(offer)
	}
	return plugin.ProductID(key)
}

// split splits the next staged products.
func (w Proposer) split(ctx context.Context) error {
	at, err := session.CursorOf[session.ProductCursor](w.Run)
	if err != nil {
		return err
	}
	parents, err := w.Store.Staging.Parents(ctx, w.Run, w.Rules.Can.AsProducts, at.After, min(splitBatch, w.Deps.Config.PlanBatch))
	if err != nil {
		return err
	}
	if len(parents) == 0 {
		// One product may have become thousands, of which the database has no idea yet.
		if err := w.Store.Staging.Analyse(ctx); err != nil {
			return err
		}
		return w.SkipTo(ctx, catalog.PlanProducts)
	}
	ids := sliceutil.Map(parents, func(p plan.Parent) string { return p.ID })
	all, err := w.Store.Staging.Products(ctx, w.Run.ID, ids)
	if err != nil {
		return err
	}
	links, err := w.Store.Staging.KeysOf(ctx, w.Run.Connection, ids)
	if err != nil {
		return err
	}
	s := plan.Splitting{Parents: map[string]plan.Presence{}, Keys: map[string]string{}}
	whole, err := w.linkShapes(ctx, links)
	if err != nil {
		return err
	}
	for _, p := range parents {
		s.Add(p, all[p.ID], links[p.ID], whole[p.ID])
	}
	run := w.Next()
	session.MoveTo(run, session.ProductCursor{After: ids[len(ids)-1]})
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error { return w.Store.Staging.PutSplit(ctx, tx, w.Run, s) })
}
