package stockcalls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/quotes"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

const (
	// stockUrgent is how many offers are read before everything else. What is more than that, as after
	// an import of stock in the CRM, waits its turn among the runs.
	stockUrgent = 5 * catalog.GroupSize
	// stockChunk is how many offers are dealt with in one statement, so that none takes long.
	stockChunk = 5000
	// stockUnlinked is when an unknown offer is looked at again while a run may be making its product.
	stockUnlinked = 30 * time.Second
	// stockBusy is when an offer is looked at again whose product did not stand still.
	stockBusy = 2 * time.Second
	// stockAtOnce is when an offer is looked at again of which a run has read something later.
	stockAtOnce = time.Millisecond
)

// Handle implements jobs.Handler for catalog.StockTaskKind: it reads what calls named, for one slice.
func (s *Calls) Handle(ctx context.Context, id int64) error {
	now := s.T.Now()
	call, ok, err := s.T.Store.StockCalls.Claim(ctx, id, now, now.Add(s.T.Deps.Config.Lease))
	if err != nil || !ok {
		return err
	}
	sw := &stockWorker{Connection: session.Connection{Tools: s.T, ID: call.Connection, Ref: "stock call"}, call: call}
	err = contain.Do(func() error { return sw.slice(ctx) })
	if contain.Log(s.T.Deps.Log, err, "stock calls panicked", "connection", call.Connection) {
		err = fmt.Errorf("stock calls of %s: %w", call.Connection, err)
	}
	return s.settle(ctx, sw, err)
}

// settle gives the connection's calls back and says when to go on.
func (s *Calls) settle(ctx context.Context, sw *stockWorker, err error) error {
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var later *budget.WaitError
	var st *session.Stop
	call := sw.call
	switch {
	case errors.Is(err, lease.ErrLost):
		return nil
	case err == nil, stopping:
		return session.IgnoreLost(s.T.Store.StockCalls.Release(ctx, call, sw.reason, time.Time{}))
	case errors.As(err, &later):
		return session.IgnoreLost(s.T.Store.StockCalls.Release(ctx, call, "", s.T.Now().Add(max(later.After, time.Second))))
	case errors.As(err, &st):
		return session.IgnoreLost(s.T.Store.StockCalls.Ignore(ctx, call, string(st.Code)))
	}
	why := session.OutcomeOf(err)
	next := s.T.Now().Add(session.Pause(call.Tries, why.After))
	s.T.Deps.Log.Warn("stock calls wait", "connection", call.Connection, "code", why.Code, "until", next, "error", err.Error())
	return session.IgnoreLost(s.T.Store.StockCalls.Retry(ctx, call, string(why.Code), next))
}

// stockWorker reads and writes what calls named, with the means of a price run.
type stockWorker struct {
	session.Connection
	call   store.StockCall
	reason catalog.StockReason
	seen   []catalog.Warehouse // that the last answer named
	// looked: what is held back was looked at in this slice.
	looked bool
}

func (w *stockWorker) slice(ctx context.Context) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	until := w.Now().Add(w.Deps.Config.Slice)
	for first := true; first || w.Now().Before(until); first = false {
		more, err := w.step(ctx)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// begin reads what the slice works with. Errors: *session.Stop when calls are left aside, those of Open.
func (w *stockWorker) begin(ctx context.Context) error {
	conn, err := w.Deps.Connections.Get(ctx, w.call.Connection)
	if errors.Is(err, plugin.ErrNotFound) {
		return &session.Stop{Code: catalog.CodeConnectionGone}
	}
	if err != nil {
		return fmt.Errorf("stock calls of %s: %w", w.call.Connection, err)
	}
	w.ShopID, w.Settings = conn.Shop, conn.Settings.Catalog
	if _, err := w.Open(ctx); err != nil {
		return err
	}
	if !conn.Running() {
		return &session.Stop{Code: catalog.CodeConnectionOff}
	}
	if !catalog.Brings(conn.Settings.Catalog, catalog.Prices) || !w.Rules.Updates() {
		return &session.Stop{Code: catalog.Code(catalog.StockReasonOff)}
	}
	if w.Rules.Frozen {
		w.reason = catalog.StockReasonWarehouseGone
	}
	return nil
}

// hurry opens the CRM in the urgent lane when few offers are due; else it is opened when first asked, in
// the lane of runs.
func (w *stockWorker) hurry(ctx context.Context) error {
	open := w.Deps.Urgent
	if w.Source != nil || open == nil {
		return nil
	}
	waiting, err := w.Store.StockCalls.CountWaiting(ctx, w.call.Connection, w.Now())
	if err != nil || waiting > stockUrgent {
		return err
	}
	if w.Source, err = open(ctx, w.call.Connection); err != nil {
		return fmt.Errorf("open CRM of %s: %w", w.call.Connection, err)
	}
	return nil
}

// step makes notices of what calls named or, once that is done, reads one group of offers and writes them.
// It answers whether there may be more to do.
func (w *stockWorker) step(ctx context.Context) (more bool, err error) {
	named, err := w.Store.StockCalls.BodiesDue(ctx, w.call.Connection, w.Now())
	if err != nil {
		return false, err
	}
	if named {
		_, err := w.inBulk(ctx, w.Store.StockCalls.NoteBodies)
		return true, err
	}
	notices, err := w.Store.StockCalls.Notices(ctx, w.call.Connection, w.Now(), catalog.GroupSize)
	if err != nil {
		return false, err
	}
	if len(notices) == 0 {
		if n, err := w.inBulk(ctx, w.Store.StockCalls.SortOut); err != nil || n > 0 {
			return true, err
		}
		return w.lookAtHeld(ctx)
	}
	if w.Rules.Gone, err = w.Store.Held.ConfirmedGone(ctx, w.call.Connection); err != nil {
		return false, err
	}
	if err := w.hurry(ctx); err != nil {
		return false, err
	}
	quotes, done, err := w.readStock(ctx, notices)
	if err != nil {
		return false, err
	}
	left := quotes
	for range 3 { // a product that is sold or edited meanwhile is looked at anew
		if left, err = w.writeStock(ctx, left, &done); err != nil {
			return false, err
		}
		if len(left) == 0 {
			break
		}
	}
	for _, q := range left {
		done = append(done, store.SeenNotice{Offer: q.Offer.ID, Again: stockBusy})
	}
	for i := range done { // by offer
		n := slices.IndexFunc(notices, func(n store.Notice) bool { return n.Offer == done[i].Offer })
		done[i].Calls = notices[n].Calls
	}
	return true, w.remember(ctx, done)
}

// inBulk changes the rows of many offers in one transaction and answers how many these were. Offers that
// nothing of the shop is linked to are looked at again while a run may be making their products.
func (w *stockWorker) inBulk(ctx context.Context, change func(context.Context, *sqlx.Tx, store.Bulk) (int64, error)) (n int64, err error) {
	busy, err := w.Store.StockCalls.FullRunActive(ctx, w.call.Connection)
	if err != nil {
		return 0, err
	}
	now := w.Now()
	err = w.Store.InTx(ctx, func(tx *sqlx.Tx) error {
		// The row of the calls before those of the offers, as whoever stores what became of them.
		if err := w.Store.StockCalls.Renew(ctx, tx, w.call, now.Add(w.Deps.Config.Lease)); err != nil {
			return err
		}
		n, err = change(ctx, tx, store.Bulk{Conn: w.call.Connection, Now: now, Again: now.Add(stockUnlinked), Busy: busy, Most: stockChunk})
		return err
	})
	return n, err
}

// readStock asks the CRM about offers. Those it does not have any more are gone.
func (w *stockWorker) readStock(ctx context.Context, linked []store.Notice) (quotes []plan.PriceStock, gone []store.SeenNotice, err error) {
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return nil, nil, err
	}
	w.Asked = w.Now()
	page, err := source.StockPage(ctx, w.StockQuery(sliceutil.Map(linked, func(n store.Notice) string { return n.Offer })), "")
	if err != nil {
		return nil, nil, fmt.Errorf("read stock of %d offers: %w", len(linked), err)
	}
	if page.Total > len(linked) {
		// The answer is not to our question, so silence about an offer says nothing.
		return nil, nil, fmt.Errorf("read stock of %d offers: %d answered: %w", len(linked), page.Total, crm.ErrUnavailable)
	}
	w.seen = session.WarehousesOf(page.Rows)
	now := map[string]catalog.Offer{}
	for _, s := range page.Rows {
		now[s.OfferID] = s.Offer().Scrubbed()
	}
	for _, n := range linked {
		offer, there := now[n.Offer]
		if !there {
			gone = append(gone, store.SeenNotice{Offer: n.Offer, Outcome: catalog.StockGone})
			continue
		}
		q := n.Link
		q.Offer, q.ReadAt, q.Hash = offer, w.Asked, plan.PriceHash(plan.Digest(plan.JSON(offer)), w.RulesHash)
		q.Same = bytes.Equal(n.PriceHash, q.Hash)
		quotes = append(quotes, q)
	}
	return quotes, gone, nil
}

func (w *stockWorker) quoter() quotes.Quoter { return quotes.Quoter{Connection: &w.Connection} }

// writeStock plans and writes what was read. It answers what did not stand still.
func (w *stockWorker) writeStock(ctx context.Context, quotes []plan.PriceStock, done *[]store.SeenNotice) (left []plan.PriceStock, err error) {
	b, err := w.quoter().ComparePrices(ctx, quotes)
	if err != nil {
		return nil, err
	}
	w.leaveMoves(b)
	o := &stockOutcomes{of: map[string]catalog.StockOutcome{}}
	if o.hold, err = w.doubts(ctx, b); err != nil {
		return nil, err
	}
	for _, q := range quotes {
		o.of[q.Offer.ID] = catalog.StockUnchanged
	}
	err = w.Locked(ctx, lockedOf(quotes), func(tx *sqlx.Tx, later map[plugin.VariantID]bool) error {
		fresher, err := w.Store.StockCalls.StagedLater(ctx, tx, w.call.Connection, quotes)
		if err != nil {
			return err
		}
		for _, q := range quotes {
			if fresher[q.Offer.ID] { // a run has read it after us: we read once more
				o.again, later[q.Variant] = append(o.again, q.Offer.ID), true
			}
		}
		return w.writePlans(ctx, tx, quotes, b, later, o)
	})
	if err != nil {
		return nil, err
	}
	for _, q := range quotes {
		switch {
		case slices.Contains(o.again, q.Offer.ID):
			*done = append(*done, store.SeenNotice{Offer: q.Offer.ID, Again: stockAtOnce})
		case slices.Contains(o.moved, q.CRM):
			left = append(left, q)
		default:
			*done = append(*done, store.SeenNotice{Offer: q.Offer.ID, Outcome: o.of[q.Offer.ID]})
		}
	}
	return left, nil
}

// stockOutcomes is what became of a group under its locks.
type stockOutcomes struct {
	of    map[string]catalog.StockOutcome // by offer
	again []string                        // offers to be read once more
	moved []string                        // products of the CRM whose shop product did not stand still
	// hold is set when stock that goes to none is held back, and says why.
	hold *catalog.HeldCause
}

// lockedOf names the products of quotes, for their locks.
func lockedOf(quotes []plan.PriceStock) []plan.Planned {
	out := sliceutil.Map(quotes, func(q plan.PriceStock) plan.Planned {
		return plan.Planned{CRM: q.CRM, Plan: plan.Plan{Memory: plan.Memory{ReadAt: q.ReadAt}}}
	})
	return slices.CompactFunc(out, func(a, b plan.Planned) bool { return a.CRM == b.CRM })
}

// leaveMoves leaves prices alone that move so far that a run would ask first.
func (w *stockWorker) leaveMoves(b *plan.PriceBatch) {
	for i := range b.Plans {
		if p := &b.Plans[i]; p.PriceMoves > 0 {
			w.reason = catalog.StockReasonMovesMuch
			p.DropPrices()
		}
	}
}

// writePlans writes to the shop and stores what it came to.
func (w *stockWorker) writePlans(ctx context.Context, tx *sqlx.Tx, quotes []plan.PriceStock, b *plan.PriceBatch, later map[plugin.VariantID]bool, o *stockOutcomes) error {
	for i := range b.Plans {
		b.Plans[i].DropOutdated(later)
	}
	var cause catalog.HeldCause
	if o.hold != nil {
		cause = *o.hold
		plan.HoldBackAll(b.Plans)
	}
	shop := &session.BatchResult{}
	versions, done, err := w.quoter().PatchPrices(ctx, b.Plans, shop)
	if err != nil {
		return err
	}
	for _, m := range shop.Marks {
		switch m.State {
		case plan.Again:
			o.moved = append(o.moved, m.CRM)
		case plan.Failed:
			o.refuse(quotes, m.CRM)
		case plan.Done, plan.Pending, plan.Dropped:
		}
	}
	for _, it := range w.NewTexts(shop.Items) {
		w.LogText(it)
	}
	for _, c := range shop.Changes {
		if i := slices.IndexFunc(quotes, func(q plan.PriceStock) bool { return q.Variant == c.Variant }); i >= 0 {
			o.of[quotes[i].Offer.ID] = catalog.StockWritten
		}
	}
	for _, h := range shop.Stock.Held {
		o.of[h.Offer] = catalog.StockHeld
	}
	calm := append(sameAsBefore(quotes, b), b.InSync...)
	shop.Stock.Stands = append(shop.Stock.Stands, plan.StockReadings(calm)...)
	done = append(done, calm...)
	done = slices.DeleteFunc(done, func(q plan.SyncedPrice) bool { return later[q.Variant] })
	s, now := w.Store, w.Now()
	for _, f := range []func() error{
		func() error { return s.Quotes.SavePriceHashes(ctx, tx, w.call.Connection, done) },
		func() error { return s.Held.Record(ctx, tx, w.call.Connection, cause, shop.Stock, now) },
		func() error { return s.Quotes.MoveVersions(ctx, tx, w.call.Connection, versions, now) },
		func() error { return s.Plans.Rebase(ctx, tx, w.call.Connection, 0, versions) },
		func() error { return s.StockCalls.AddChanges(ctx, tx, w.call.Connection, shop.Changes, now) },
		func() error { return s.StockCalls.Renew(ctx, tx, w.call, now.Add(w.Deps.Config.Lease)) },
	} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// refuse notes that the shop does not take what was planned for a product.
func (o *stockOutcomes) refuse(quotes []plan.PriceStock, crm string) {
	for _, q := range quotes {
		if q.CRM == crm {
			o.of[q.Offer.ID] = catalog.StockRefused
		}
	}
}

// sameAsBefore are quotes in order that were not looked at; that they still are is remembered, so that
// no run writes what it has read earlier.
func sameAsBefore(quotes []plan.PriceStock, b *plan.PriceBatch) []plan.SyncedPrice {
	calm := sliceutil.Set(sliceutil.Map(b.InSync, func(q plan.SyncedPrice) string { return q.Offer }))
	planned := sliceutil.Set(sliceutil.Map(b.Plans, func(p plan.Planned) string { return p.CRM }))
	var out []plan.SyncedPrice
	for _, q := range quotes {
		if q.Same && !calm[q.Offer.ID] && !planned[q.CRM] {
			out = append(out, plan.SyncedPrice{Offer: q.Offer.ID, Variant: q.Variant, Hash: q.Hash, ReadAt: q.ReadAt})
		}
	}
	return out
}

// remember stores what became of offers.
func (w *stockWorker) remember(ctx context.Context, done []store.SeenNotice) error {
	now := w.Now()
	return w.Store.InTx(ctx, func(tx *sqlx.Tx) error {
		// The row of the calls before those of the offers, as whoever notes a call takes them.
		if err := w.Store.StockCalls.Renew(ctx, tx, w.call, now.Add(w.Deps.Config.Lease)); err != nil {
			return err
		}
		if err := w.Store.Warehouses.See(ctx, tx, w.call.Connection, w.seen, now); err != nil {
			return err
		}
		return w.Store.StockCalls.SettleNotices(ctx, tx, w.call.Connection, done, now)
	})
}
