package session

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/plugin"
)

// WriteFunc writes a batch of plans to the shop and commits what came of it; total is how many products are planned.
// last: what fails is not tried again.
type WriteFunc func(ctx context.Context, plans []plan.Planned, total int64, last bool) error

// Write gives apply the next planned products; when there are none left it enters WriteAgain. Errors: those of apply
// and of Commit.
func (w *Session) Write(ctx context.Context, apply WriteFunc) error {
	total := w.Run.Total
	if total == 0 {
		var err error
		if total, err = w.Store.Plans.Count(ctx, w.Run.ID, plan.Pending); err != nil {
			return err
		}
	}
	at, err := CursorOf[RowCursor](w.Run)
	if err != nil {
		return err
	}
	run, most := w.Run.ID, w.Deps.Config.WriteBatch
	got, err := NextPages(ctx, w, PageKey{Phase: w.Run.Phase, Page: at.After}, OneAhead, func(ctx context.Context, after string) (catalog.Page[plan.Planned], error) {
		plans, err := w.Store.Plans.Open(ctx, run, plan.Pending, after, most)
		if err != nil || len(plans) == 0 {
			return catalog.Page[plan.Planned]{}, err
		}
		return catalog.Page[plan.Planned]{Rows: plans, Next: plans[len(plans)-1].CRM}, nil
	})
	if err != nil {
		return err
	}
	if len(got.Rows) == 0 {
		return w.SkipTo(ctx, catalog.WriteAgain)
	}
	return apply(ctx, got.Rows, total, false)
}

// BatchResult is what a batch of writes came to. It is filled while the shop answers, and Record stores it.
type BatchResult struct {
	Last       bool                         // nothing is tried again
	Approved   bool                         // what moved since is left alone
	Categories map[string]plugin.CategoryID // of the shop, by the CRM's

	Marks   []plan.Outcome
	settled []plan.LinkUpdate
	joints  []plan.VariantLinkRow
	Gone    map[string]string // offers whose variants were treated as missing, and how
	review  []string          // offers whose variants were added hidden
	Changes []catalog.Change
	Items   []catalog.Item
	Stock   plan.StockOutcomes
	Refused []string // creations the shop did not make

	foreign                               int
	Fulfilled                             map[string]plugin.ProductID // creations that came to be, by the CRM's product
	created, updated, Unchanged, restored int
	hidden, unavailable                   int // of the missing
}

// Record stores what a batch came to and counts it in run. Errors: our database's.
func (w *Session) Record(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, b *BatchResult) error {
	s, now := w.Store, w.Now()
	run.Counters.Created += b.created
	run.Counters.Updated += b.updated
	run.Counters.Foreign += b.foreign
	run.Counters.Unchanged += b.Unchanged
	run.Counters.Missing += b.hidden + b.unavailable
	run.Counters.Hidden += b.hidden
	run.Counters.Unavailable += b.unavailable
	run.Counters.Restored += b.restored
	run.Counters.Held += len(b.Stock.Held)
	run.Counters.Count(b.Items)
	for _, f := range []func() error{
		func() error { return s.Links.DropIntents(ctx, tx, run.Connection, b.Refused) },
		func() error { return s.Links.JoinVariants(ctx, tx, *run, b.joints, len(b.Fulfilled) == len(b.settled)) },
		func() error { return s.Review.NoteReview(ctx, tx, run.Connection, b.review) },
		func() error { return s.Links.MarkGone(ctx, tx, run.Connection, b.Gone) },
		func() error { return s.Links.Settle(ctx, tx, *run, w.RulesHash, b.settled, now) },
		func() error { return s.Held.Record(ctx, tx, run.Connection, run.Cause(), b.Stock, now) },
		func() error { return s.Runs.AddChanges(ctx, tx, run.ID, b.Changes, now) },
		func() error { return w.ListItems(ctx, tx, b.Items) },
		func() error { return s.Plans.Mark(ctx, tx, run.ID, b.Marks) },
	} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// PatchOf completes a patch with the category; nil when there is nothing to write.
func (b *BatchResult) PatchOf(p plan.Planned) *plugin.ProductPatch {
	id := b.Categories[p.Category]
	if id == "" {
		return p.Patch
	}
	patch := plugin.ProductPatch{ID: p.Product, Expect: p.Seen}
	if p.Patch != nil {
		patch = *p.Patch
	}
	patch.CategoryID = &id
	return &patch
}

// Wrote records that a product stands in the shop as planned.
func (b *BatchResult) Wrote(p plan.Planned, res plugin.ProductResult) {
	if b.Last || len(p.Images) > 0 { // else the cursor says it
		b.Marks = append(b.Marks, plan.Outcome{CRM: p.CRM, State: plan.Done, Product: res.ID, Images: len(p.Images) > 0})
	}
	s := plan.LinkUpdate{CRM: p.CRM, Made: b.Fulfilled[p.CRM], Hash: p.Hash, Version: res.Version, Category: b.categoryOf(p), Missing: p.Missing, Images: plan.ImagesDone, Currency: p.Currency}
	if len(p.Images) > 0 {
		s.Images = plan.ImagesPending
	}
	b.settled = append(b.settled, s)
	stands := make([]plan.StockReading, 0, len(p.Pairs))
	for offer, variant := range p.Pairs {
		j := plan.VariantLinkRow{Offer: offer, CRM: p.CRM, Variant: variant, Product: res.ID, ReadAt: p.ReadAt}
		if p.Passed[variant] {
			j.ReadAt = time.Time{} // the time of the later reading stays
		}
		b.joints = append(b.joints, j)
		stands = append(stands, plan.StockReading{Offer: offer, ReadAt: j.ReadAt})
	}
	b.Stock.Add(p, stands)
	for i, offer := range p.Adds {
		if len(res.Added) > 0 { // what an earlier try has made is paired instead
			b.joints = append(b.joints, plan.VariantLinkRow{Offer: offer, CRM: p.CRM, Variant: res.Added[i], Product: res.ID, ReadAt: p.ReadAt})
		}
		if p.Patch != nil && !p.Patch.AddVariants[i].Published {
			b.review = append(b.review, offer)
		}
	}
	for offer, note := range p.Gone {
		b.Gone[offer] = note
	}
	b.Count(p, res)
}

// categoryOf is the shop category the product lies in as far as we know.
func (b *BatchResult) categoryOf(p plan.Planned) plugin.CategoryID {
	if id := b.Categories[p.Category]; id != "" {
		return id
	}
	return p.InCategory
}

// Count counts what the shop has changed, and lists the changes. It is part of Wrote; price runs need it alone.
func (b *BatchResult) Count(p plan.Planned, res plugin.ProductResult) {
	if !res.Changed {
		// Pictures still to come decide whether the product counts as updated.
		if p.Action != plan.ActLink && len(p.Images) == 0 {
			b.Unchanged++
		}
		return
	}
	switch p.Action {
	case plan.ActCreate:
		b.created++
	case plan.ActMissing:
		if p.Missing == plan.MissingUnavailable || p.Missing == plan.WasUnavailable {
			b.unavailable++
		} else {
			b.hidden++
		}
	default:
		b.updated++
		if p.Foreign {
			b.foreign++
		}
		if p.Restores() {
			b.restored++
		}
	}
	for _, c := range p.Changes {
		if c.Field == catalog.FieldCategory && b.Categories[p.Category] == "" {
			continue // the category could not be made, so nothing was moved
		}
		c.CRMID, c.Product, c.Name = p.CRM, res.ID, p.Name
		b.Changes = append(b.Changes, c)
	}
}

// Failed records what the shop did not take: what may succeed later is tried once more at the end of the run.
func (b *BatchResult) Failed(p plan.Planned, err error) {
	reason, params, again := ShopReason(err)
	if b.Approved && (reason == catalog.ReasonShopConflict || reason == catalog.ReasonShopGone) {
		b.Marks = append(b.Marks, plan.Outcome{CRM: p.CRM, State: plan.Failed, Product: p.Product})
		b.Item(p, catalog.ItemSkip, catalog.ReasonMoved, catalog.Params{"side": "shop"})
		return
	}
	if again && !b.Last {
		b.Marks = append(b.Marks, plan.Outcome{CRM: p.CRM, State: plan.Again, Product: p.Product})
		return
	}
	b.Marks = append(b.Marks, plan.Outcome{CRM: p.CRM, State: plan.Failed, Product: p.Product})
	b.Item(p, catalog.ItemError, reason, params)
}

// Item lists something about a product.
func (b *BatchResult) Item(p plan.Planned, kind catalog.ItemKind, r catalog.Reason, params catalog.Params) {
	b.Items = append(b.Items, catalog.Item{Kind: kind, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: r, Params: params})
}

// ShopReason says why the shop did not take an item, and whether trying again may help.
func ShopReason(err error) (r catalog.Reason, p catalog.Params, again bool) {
	p = TextParams(err)
	switch {
	case errors.Is(err, plugin.ErrRefused):
		return catalog.ReasonShopRefused, p, false
	case errors.Is(err, plugin.ErrConflict):
		return catalog.ReasonShopConflict, p, true
	case errors.Is(err, plugin.ErrNotFound):
		return catalog.ReasonShopGone, p, true
	case errors.Is(err, plugin.ErrInvalid), errors.Is(err, plugin.ErrUnsupported):
		return catalog.ReasonShopInvalid, p, false
	}
	return catalog.ReasonShopError, p, true
}

// Done marks a plan of prices as written, unless the cursor says it.
func (b *BatchResult) Done(p plan.Planned) {
	if b.Last {
		b.Marks = append(b.Marks, plan.Outcome{CRM: p.CRM, State: plan.Done, Product: p.Product})
	}
}
