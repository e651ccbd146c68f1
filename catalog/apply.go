package catalog

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

func (w *worker) origin() plugin.Origin {
	ref := "stock call"
	if w.run.ID != 0 {
		ref = "run " + strconv.FormatInt(w.run.ID, 10)
	}
	return plugin.Origin{Plugin: w.e.deps.PluginID, Connection: w.run.Connection, Ref: ref}
}

// applying writes a batch to the shop and commits what came of it; total is how many products are
// planned. last: nothing is tried again.
type applying func(ctx context.Context, plans []planned, total int64, last bool) error

// write writes the next planned products.
func (w *worker) write(ctx context.Context, apply applying) error {
	total := w.run.Total
	if total == 0 {
		var err error
		if total, err = w.e.store.countPlans(ctx, w.run.ID, planPending); err != nil {
			return err
		}
	}
	at, err := w.run.at()
	if err != nil {
		return err
	}
	run, most := w.run.ID, w.e.deps.Config.WriteBatch
	got, err := nextPages(ctx, w, pageKey{phase: w.run.Phase, page: at.Page}, oneAhead, func(ctx context.Context, after string) (Page[planned], error) {
		plans, err := w.e.store.openPlans(ctx, run, planPending, after, most)
		if err != nil || len(plans) == 0 {
			return Page[planned]{}, err
		}
		return Page[planned]{Rows: plans, Next: plans[len(plans)-1].CRM}, nil
	})
	if err != nil {
		return err
	}
	if len(got.Rows) == 0 {
		return w.skipTo(ctx, WriteAgain)
	}
	return apply(ctx, got.Rows, total, false)
}

// writeAgain plans what failed anew and tries it once more.
func (w *worker) writeAgain(ctx context.Context) error {
	old, err := w.e.store.openPlans(ctx, w.run.ID, planAgain, "", w.e.deps.Config.WriteBatch)
	if err != nil {
		return err
	}
	if len(old) == 0 {
		return w.skipTo(ctx, afterAgain(w.run.Kind))
	}
	if w.run.Kind == Prices {
		return w.pricesAgain(ctx, old)
	}
	if w.run.ApprovedBy != "" {
		return w.apply(ctx, old, w.run.Total, true) // what was approved, and nothing else
	}
	ids := each(old, func(p planned) string { return p.CRM })
	if did, err := w.resolve(ctx, ids); did || err != nil {
		return err
	}
	rows, err := w.e.store.candidatesByID(ctx, w.run, w.writesCategories(), w.rulesHash, ids)
	if err != nil {
		return err
	}
	batch, err := w.decideAll(ctx, rows)
	if err != nil {
		return err
	}
	// What needs no write any more is done; what was listed before is not listed again.
	batch.items = nil
	still := setOf(each(batch.plans, func(p planned) string { return p.CRM }))
	var done []planOutcome
	for _, p := range old {
		if !still[p.CRM] {
			done = append(done, planOutcome{CRM: p.CRM, State: planDone, Product: p.Product})
		}
	}
	run := w.next()
	err = w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.e.store.unlink(ctx, tx, run.Connection, batch.lost); err != nil {
			return err
		}
		if err := w.storePlan(ctx, tx, run, batch); err != nil {
			return err
		}
		return w.e.store.markPlans(ctx, tx, run.ID, done)
	})
	if err != nil || len(batch.plans) == 0 {
		return err
	}
	return w.apply(ctx, batch.plans, w.run.Total, true)
}

// batchResult is a batch on its way to the shop and what came of it.
type batchResult struct {
	last       bool // nothing is tried again
	approved   bool // what moved since is left alone
	categories map[string]plugin.CategoryID

	marks   []planOutcome
	settled []linkUpdate
	joints  []variantLinkRow
	gone    map[string]string
	review  []string // offers whose variants were added hidden
	changes []Change
	items   []Item
	stock   stockSeen
	refused []string // creations the shop did not make

	foreign                               int
	fulfilled                             map[string]plugin.ProductID // creations that came to be, by the CRM's product
	created, updated, unchanged, restored int
	hidden, unavailable                   int // of the missing
}

// apply writes a batch to the shop and commits what came of it.
func (w *worker) apply(ctx context.Context, plans []planned, total int64, last bool) error {
	b := &batchResult{last: last, approved: w.run.ApprovedBy != "", gone: map[string]string{}, fulfilled: map[string]plugin.ProductID{}}
	var err error
	wanted := unique(each(plans, func(p planned) string { return p.Category }))
	if b.categories, err = w.e.store.categoryTargets(ctx, w.run.Connection, wanted); err != nil {
		return err
	}
	var creates, updates []planned
	for _, p := range plans {
		if p.Action == actCreate {
			creates = append(creates, p)
		} else {
			updates = append(updates, p)
		}
	}
	if err := w.applyCreates(ctx, creates, b); err != nil {
		return err
	}
	if updates, err = w.join(ctx, updates, b); err != nil {
		return err
	}
	run := w.next()
	run.Done, run.Total = run.Done+int64(len(plans)), total
	if !last {
		run.moveTo(cursor{Page: plans[len(plans)-1].CRM})
	}
	return w.writeLocked(ctx, run, updates, func(tx *sqlx.Tx) error {
		if run.holds() {
			holdAll(updates)
		}
		if err := w.applyUpdates(ctx, updates, b); err != nil {
			return err
		}
		return w.record(ctx, tx, run, b)
	})
}

// record stores what a batch came to.
func (w *worker) record(ctx context.Context, tx *sqlx.Tx, run *Run, b *batchResult) error {
	s, now := w.e.store, w.e.now()
	run.Counters.Created += b.created
	run.Counters.Updated += b.updated
	run.Counters.Foreign += b.foreign
	run.Counters.Unchanged += b.unchanged
	run.Counters.Missing += b.hidden + b.unavailable
	run.Counters.Hidden += b.hidden
	run.Counters.Unavailable += b.unavailable
	run.Counters.Restored += b.restored
	run.Counters.Held += len(b.stock.held)
	run.Counters.count(b.items)
	for _, f := range []func() error{
		func() error { return s.dropIntents(ctx, tx, run.Connection, b.refused) },
		func() error { return s.joinVariants(ctx, tx, *run, b.joints, len(b.fulfilled) == len(b.settled)) },
		func() error { return s.noteReview(ctx, tx, run.Connection, b.review) },
		func() error { return s.markGone(ctx, tx, run.Connection, b.gone) },
		func() error { return s.settle(ctx, tx, *run, w.rulesHash, b.settled, now) },
		func() error { return s.seeStock(ctx, tx, run.Connection, run.cause(), b.stock, now) },
		func() error { return s.addChanges(ctx, tx, run.ID, b.changes, now) },
		func() error { return w.list(ctx, tx, b.items) },
		func() error { return s.markPlans(ctx, tx, run.ID, b.marks) },
	} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// applyUpdates patches products.
func (w *worker) applyUpdates(ctx context.Context, plans []planned, b *batchResult) error {
	var patches []plugin.ProductPatch
	var of []planned
	for _, p := range plans {
		patch := b.patchOf(p)
		if patch == nil {
			b.wrote(p, plugin.ProductResult{ID: p.Product, Version: p.Seen})
			continue
		}
		patches, of = append(patches, *patch), append(of, p)
	}
	if len(patches) == 0 {
		return nil
	}
	results, err := w.catalog.UpdateProducts(ctx, w.origin(), patches)
	if err := answered(len(patches), len(results), err); err != nil {
		return err
	}
	for i, res := range results {
		if res.Err != nil {
			b.failed(of[i], res.Err)
			continue
		}
		if err := numbered(res, len(patches[i].AddVariants)); err != nil {
			return err
		}
		b.wrote(of[i], res)
	}
	return nil
}

// join links the products of a batch that were found by key. One that somebody else has linked
// meanwhile is a conflict.
func (w *worker) join(ctx context.Context, plans []planned, b *batchResult) ([]planned, error) {
	var joining []planned
	for _, p := range plans {
		if p.Joins {
			joining = append(joining, p)
		}
	}
	if len(joining) == 0 {
		return plans, nil
	}
	var ours map[string]bool
	err := w.commit(ctx, w.next(), func(tx *sqlx.Tx) (err error) {
		ours, err = w.e.store.join(ctx, tx, w.run, joining, w.e.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []planned
	for _, p := range plans {
		if p.Joins && !ours[p.CRM] {
			b.marks = append(b.marks, planOutcome{CRM: p.CRM, State: planFailed, Product: p.Product})
			b.item(p, ItemConflict, ReasonLinkedElsewhere, Params{"product": string(p.Product)})
			continue
		}
		out = append(out, p)
	}
	return out, nil
}

// patchOf completes a patch with the category; nil when there is nothing to write.
func (b *batchResult) patchOf(p planned) *plugin.ProductPatch {
	id := b.categories[p.Category]
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

// wrote notes what stands as planned.
func (b *batchResult) wrote(p planned, res plugin.ProductResult) {
	if b.last || len(p.Images) > 0 { // else the cursor says it
		b.marks = append(b.marks, planOutcome{CRM: p.CRM, State: planDone, Product: res.ID, Images: len(p.Images) > 0})
	}
	s := linkUpdate{CRM: p.CRM, Made: b.fulfilled[p.CRM], Hash: p.Hash, Version: res.Version, Category: b.categoryOf(p), Missing: p.Missing, Images: imagesDone, Currency: p.Currency}
	if len(p.Images) > 0 {
		s.Images = imagesPending
	}
	b.settled = append(b.settled, s)
	stands := make([]reading, 0, len(p.Pairs))
	for offer, variant := range p.Pairs {
		j := variantLinkRow{Offer: offer, CRM: p.CRM, Variant: variant, Product: res.ID, ReadAt: p.ReadAt}
		if p.Passed[variant] {
			j.ReadAt = time.Time{} // the time of the later reading stays
		}
		b.joints = append(b.joints, j)
		stands = append(stands, reading{Offer: offer, ReadAt: j.ReadAt})
	}
	b.stock.note(p, stands)
	for i, offer := range p.Adds {
		if len(res.Added) > 0 { // what an earlier try has made is paired instead
			b.joints = append(b.joints, variantLinkRow{Offer: offer, CRM: p.CRM, Variant: res.Added[i], Product: res.ID, ReadAt: p.ReadAt})
		}
		if p.Patch != nil && !p.Patch.AddVariants[i].Published {
			b.review = append(b.review, offer)
		}
	}
	for offer, note := range p.Gone {
		b.gone[offer] = note
	}
	b.count(p, res)
}

// categoryOf is the shop category the product lies in as far as we know.
func (b *batchResult) categoryOf(p planned) plugin.CategoryID {
	if id := b.categories[p.Category]; id != "" {
		return id
	}
	return p.InCategory
}

func (b *batchResult) count(p planned, res plugin.ProductResult) {
	if !res.Changed {
		// Pictures still to come decide whether the product counts as updated.
		if p.Action != actLink && len(p.Images) == 0 {
			b.unchanged++
		}
		return
	}
	switch p.Action {
	case actCreate:
		b.created++
	case actMissing:
		if p.Missing == missingUnavailable || p.Missing == wasUnavailable {
			b.unavailable++
		} else {
			b.hidden++
		}
	default:
		b.updated++
		if p.Foreign {
			b.foreign++
		}
		if p.restores() {
			b.restored++
		}
	}
	for _, c := range p.Changes {
		if c.Field == FieldCategory && b.categories[p.Category] == "" {
			continue // the category could not be made, so nothing was moved
		}
		c.CRMID, c.Product, c.Name = p.CRM, res.ID, p.Name
		b.changes = append(b.changes, c)
	}
}

// failed notes what the shop did not take: what another try may mend is tried once more at the end.
func (b *batchResult) failed(p planned, err error) {
	reason, params, again := shopReason(err)
	if b.approved && (reason == ReasonShopConflict || reason == ReasonShopGone) {
		b.marks = append(b.marks, planOutcome{CRM: p.CRM, State: planFailed, Product: p.Product})
		b.item(p, ItemSkip, ReasonMoved, Params{"side": "shop"})
		return
	}
	if again && !b.last {
		b.marks = append(b.marks, planOutcome{CRM: p.CRM, State: planAgain, Product: p.Product})
		return
	}
	b.marks = append(b.marks, planOutcome{CRM: p.CRM, State: planFailed, Product: p.Product})
	b.item(p, ItemError, reason, params)
}

func (b *batchResult) item(p planned, kind ItemKind, r Reason, params Params) {
	b.items = append(b.items, Item{Kind: kind, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: r, Params: params})
}

// shopReason reads the shop's answer about one item.
func shopReason(err error) (r Reason, p Params, again bool) {
	p = saidParams(err)
	switch {
	case errors.Is(err, plugin.ErrRefused):
		return ReasonShopRefused, p, false
	case errors.Is(err, plugin.ErrConflict):
		return ReasonShopConflict, p, true
	case errors.Is(err, plugin.ErrNotFound):
		return ReasonShopGone, p, true
	case errors.Is(err, plugin.ErrInvalid), errors.Is(err, plugin.ErrUnsupported):
		return ReasonShopInvalid, p, false
	}
	return ReasonShopError, p, true
}

func afterAgain(kind Kind) Phase {
	if kind == Prices {
		return Tidy
	}
	return WriteImages
}
