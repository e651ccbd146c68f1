package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

const (
	// stockUrgent is how many offers are read before everything else. What is more than that, as after
	// an import of stock in the CRM, waits its turn among the runs.
	stockUrgent = 5 * GroupSize
	// stockChunk is how many offers are dealt with in one statement, so that none takes long.
	stockChunk = 5000
	// stockUnlinked is when an unknown offer is looked at again while a run may be making its product.
	stockUnlinked = 30 * time.Second
	// stockBusy is when an offer is looked at again whose product did not stand still.
	stockBusy = 2 * time.Second
	// stockAtOnce is when an offer is looked at again of which a run has read something later.
	stockAtOnce = time.Millisecond
)

// Handle implements jobs.Handler for StockTaskKind: it reads what calls named, for one slice.
func (s *StockCalls) Handle(ctx context.Context, id int64) error {
	call, ok, err := s.e.store.claimStock(ctx, id, s.e.now(), s.e.deps.Config.Lease)
	if err != nil || !ok {
		return err
	}
	sw := &stockWorker{
		worker: worker{e: s.e, run: Run{Connection: call.Connection, Kind: Prices}}, call: call,
	}
	err = sw.slice(ctx)
	return s.settle(ctx, sw, err)
}

// settle gives the connection's calls back and says when to go on.
func (s *StockCalls) settle(ctx context.Context, sw *stockWorker, err error) error {
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var later *budget.Later
	var st *stop
	call := sw.call
	switch {
	case errors.Is(err, errLost):
		return nil
	case err == nil, stopping:
		return ignoreLost(s.e.store.releaseStock(ctx, call, sw.reason, time.Time{}))
	case errors.As(err, &later):
		return ignoreLost(s.e.store.releaseStock(ctx, call, "", s.e.now().Add(max(later.After, time.Second))))
	case errors.As(err, &st):
		return ignoreLost(s.e.store.ignoreStock(ctx, call, string(st.code)))
	}
	why := outcomeOf(err)
	next := s.e.now().Add(pause(call.Tries, why.after))
	s.e.deps.Log.Warn("stock calls wait", "connection", call.Connection, "code", why.code, "until", next, "error", err.Error())
	return ignoreLost(s.e.store.waitStock(ctx, call, string(why.code), next))
}

// stockCall is a connection's calls in the hands of the worker that holds their lease.
type stockCall struct {
	ID         int64               `db:"id"`
	Connection plugin.ConnectionID `db:"connection_id"`
	Tries      int                 `db:"tries"`
	Fence      int64               `db:"fence"`
}

// stockWorker reads and writes what calls named, with the means of a price run.
type stockWorker struct {
	worker
	call   stockCall
	reason StockReason
	seen   []Warehouse // that the last answer named
	// looked: what is held back was looked at in this slice.
	looked bool
}

func (w *stockWorker) slice(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.e.deps.Log.Error("stock calls panicked", "connection", w.call.Connection, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("stock calls of %s panicked", w.call.Connection)
		}
		err = cause(ctx, err)
	}()
	if err := w.begin(ctx); err != nil {
		return err
	}
	until := w.e.now().Add(w.e.deps.Config.Slice)
	for first := true; first || w.e.now().Before(until); first = false {
		more, err := w.step(ctx)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// begin reads what the slice works with. An error of type *stop: calls are left aside.
func (w *stockWorker) begin(ctx context.Context) error {
	conn, err := w.e.deps.Connections.Get(ctx, w.call.Connection)
	if errors.Is(err, plugin.ErrNotFound) {
		return &stop{code: CodeConnectionGone}
	}
	if err != nil {
		return fmt.Errorf("stock calls of %s: %w", w.call.Connection, err)
	}
	w.run.Shop, w.run.Settings = conn.Shop, conn.Settings.Catalog
	if err := w.open(ctx); err != nil {
		return err
	}
	if !conn.Running() {
		return &stop{code: CodeConnectionOff}
	}
	if !wanted(conn.Settings.Catalog, Prices) || !w.rules.updates() {
		return &stop{code: Code(StockReasonOff)}
	}
	if w.rules.Frozen {
		w.reason = StockReasonWarehouseGone
	}
	return nil
}

// hurry opens the CRM in the urgent lane when few offers are due; else it is opened when first asked, in
// the lane of runs.
func (w *stockWorker) hurry(ctx context.Context) error {
	open := w.e.deps.Urgent
	if w.source != nil || open == nil {
		return nil
	}
	waiting, err := w.e.store.stockWaiting(ctx, w.call.Connection, w.e.now())
	if err != nil || waiting > stockUrgent {
		return err
	}
	if w.source, err = open(ctx, w.call.Connection); err != nil {
		return fmt.Errorf("open CRM of %s: %w", w.call.Connection, err)
	}
	return nil
}

// notice is an offer that calls named.
type notice struct {
	Offer string
	// Calls are those that the read which follows covers.
	Calls int64
	// Link says what it is linked to; its price and stock are not filled.
	Link priceStock
	// PriceHash is what the last price that was in order looked like; nil: look.
	PriceHash []byte
}

// step makes notices of what calls named or, once that is done, reads one group of offers and writes them.
// It answers whether there may be more to do.
func (w *stockWorker) step(ctx context.Context) (more bool, err error) {
	named, err := w.e.store.bodiesDue(ctx, w.call.Connection, w.e.now())
	if err != nil {
		return false, err
	}
	if named {
		_, err := w.inBulk(ctx, w.e.store.noteBodies)
		return true, err
	}
	notices, err := w.e.store.stockNotices(ctx, w.call.Connection, w.e.now(), GroupSize)
	if err != nil {
		return false, err
	}
	if len(notices) == 0 {
		if n, err := w.inBulk(ctx, w.e.store.sortOut); err != nil || n > 0 {
			return true, err
		}
		return w.lookAtHeld(ctx)
	}
	if w.rules.Gone, err = w.e.store.confirmedGone(ctx, w.call.Connection); err != nil {
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
		done = append(done, seenNotice{Offer: q.Offer.ID, Again: stockBusy})
	}
	for i := range done { // by offer
		n := slices.IndexFunc(notices, func(n notice) bool { return n.Offer == done[i].Offer })
		done[i].Calls = notices[n].Calls
	}
	return true, w.remember(ctx, done)
}

// seenNotice is what became of an offer.
type seenNotice struct {
	Offer   string
	Calls   int64
	Outcome StockOutcome
	// Again: it is looked at again after that long; 0: it is dealt with.
	Again time.Duration
}

// inBulk changes the rows of many offers in one transaction and answers how many these were. Offers that
// nothing of the shop is linked to are looked at again while a run may be making their products.
func (w *stockWorker) inBulk(ctx context.Context, change func(context.Context, *sqlx.Tx, bulk) (int64, error)) (n int64, err error) {
	busy, err := w.e.store.fullRunActive(ctx, w.call.Connection)
	if err != nil {
		return 0, err
	}
	now := w.e.now()
	err = w.e.store.inTx(ctx, func(tx *sqlx.Tx) error {
		// The row of the calls before those of the offers, as whoever stores what became of them.
		if err := w.e.store.keepStock(ctx, tx, w.call, now.Add(w.e.deps.Config.Lease)); err != nil {
			return err
		}
		n, err = change(ctx, tx, bulk{conn: w.call.Connection, now: now, again: now.Add(stockUnlinked), busy: busy, most: stockChunk})
		return err
	})
	return n, err
}

// readStock asks the CRM about offers. Those it does not have any more are gone.
func (w *stockWorker) readStock(ctx context.Context, linked []notice) (quotes []priceStock, gone []seenNotice, err error) {
	source, err := w.crm(ctx)
	if err != nil {
		return nil, nil, err
	}
	w.asked = w.e.now()
	page, err := source.StockPage(ctx, w.stockQuery(each(linked, func(n notice) string { return n.Offer })), "")
	if err != nil {
		return nil, nil, fmt.Errorf("read stock of %d offers: %w", len(linked), err)
	}
	if page.Total > len(linked) {
		// The answer is not to our question, so silence about an offer says nothing.
		return nil, nil, fmt.Errorf("read stock of %d offers: %d answered: %w", len(linked), page.Total, crm.ErrUnavailable)
	}
	w.seen = warehousesOf(page.Rows)
	now := map[string]Offer{}
	for _, s := range page.Rows {
		now[s.OfferID] = s.offer().scrubbed()
	}
	for _, n := range linked {
		offer, there := now[n.Offer]
		if !there {
			gone = append(gone, seenNotice{Offer: n.Offer, Outcome: StockGone})
			continue
		}
		q := n.Link
		q.Offer, q.ReadAt, q.Hash = offer, w.asked, digest(toJSON(offer))
		q.Same = bytes.Equal(n.PriceHash, q.Hash)
		quotes = append(quotes, q)
	}
	return quotes, gone, nil
}

// writeStock plans and writes what was read. It answers what did not stand still.
func (w *stockWorker) writeStock(ctx context.Context, quotes []priceStock, done *[]seenNotice) (left []priceStock, err error) {
	b, err := w.comparePrices(ctx, quotes)
	if err != nil {
		return nil, err
	}
	w.leaveMoves(b)
	o := &stockOutcomes{of: map[string]StockOutcome{}}
	if o.hold, err = w.doubts(ctx, b); err != nil {
		return nil, err
	}
	for _, q := range quotes {
		o.of[q.Offer.ID] = StockUnchanged
	}
	err = w.e.locked(ctx, w.call.Connection, lockedOf(quotes), func(tx *sqlx.Tx, later map[plugin.VariantID]bool) error {
		fresher, err := w.e.store.stagedLater(ctx, tx, w.call.Connection, quotes)
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
			*done = append(*done, seenNotice{Offer: q.Offer.ID, Again: stockAtOnce})
		case slices.Contains(o.moved, q.CRM):
			left = append(left, q)
		default:
			*done = append(*done, seenNotice{Offer: q.Offer.ID, Outcome: o.of[q.Offer.ID]})
		}
	}
	return left, nil
}

// stockOutcomes is what became of a group under its locks.
type stockOutcomes struct {
	of    map[string]StockOutcome // by offer
	again []string                // offers to be read once more
	moved []string                // products of the CRM whose shop product did not stand still
	// hold is set when stock that goes to none is held back, and says why.
	hold *HeldCause
}

// lockedOf names the products of quotes, for their locks.
func lockedOf(quotes []priceStock) []planned {
	out := each(quotes, func(q priceStock) planned { return planned{CRM: q.CRM, decision: decision{ReadAt: q.ReadAt}} })
	return slices.CompactFunc(out, func(a, b planned) bool { return a.CRM == b.CRM })
}

// leaveMoves leaves prices alone that move so far that a run would ask first.
func (w *stockWorker) leaveMoves(b *priceBatch) {
	for i := range b.plans {
		if p := &b.plans[i]; p.PriceMoves > 0 {
			w.reason = StockReasonMovesMuch
			p.leavePrices()
		}
	}
}

// leavePrices takes the prices out of a plan; the next price run looks at them.
func (p *planned) leavePrices() {
	patch := *p.Patch
	patch.Variants = nil
	for _, v := range p.Patch.Variants {
		if v.Price = nil; v.Stock != nil {
			patch.Variants = append(patch.Variants, v)
		}
	}
	for i := range p.Quoted {
		p.Quoted[i].Hash = nil
	}
	p.Changes = slices.DeleteFunc(p.Changes, func(c Change) bool { return c.Field == FieldPrice })
	if p.Patch = &patch; len(patch.Variants) == 0 {
		p.Patch = nil
	}
}

// writePlans writes to the shop and stores what it came to.
func (w *stockWorker) writePlans(ctx context.Context, tx *sqlx.Tx, quotes []priceStock, b *priceBatch, later map[plugin.VariantID]bool, o *stockOutcomes) error {
	for i := range b.plans {
		b.plans[i].keepLater(later)
	}
	var cause HeldCause
	if o.hold != nil {
		cause = *o.hold
		holdAll(b.plans)
	}
	shop := &batchResult{}
	versions, done, err := w.patchPrices(ctx, b.plans, shop)
	if err != nil {
		return err
	}
	for _, m := range shop.marks {
		switch m.State {
		case planAgain:
			o.moved = append(o.moved, m.CRM)
		case planFailed:
			o.refuse(quotes, m.CRM)
		case planDone, planPending, planDropped:
		}
	}
	for _, it := range w.unsaid(shop.items) {
		w.logSaid(it)
	}
	for _, c := range shop.changes {
		if i := slices.IndexFunc(quotes, func(q priceStock) bool { return q.Variant == c.Variant }); i >= 0 {
			o.of[quotes[i].Offer.ID] = StockWritten
		}
	}
	for _, h := range shop.stock.held {
		o.of[h.Offer] = StockHeld
	}
	calm := append(sameAsBefore(quotes, b), b.calm...)
	shop.stock.stands = append(shop.stock.stands, readings(calm)...)
	done = append(done, calm...)
	done = slices.DeleteFunc(done, func(q syncedPrice) bool { return later[q.Variant] })
	s, now := w.e.store, w.e.now()
	for _, f := range []func() error{
		func() error { return s.putQuoted(ctx, tx, w.call.Connection, done) },
		func() error { return s.seeStock(ctx, tx, w.call.Connection, cause, shop.stock, now) },
		func() error { return s.moveVersions(ctx, tx, w.call.Connection, versions, now) },
		func() error { return s.movePlans(ctx, tx, w.call.Connection, 0, versions) },
		func() error { return s.addStockChanges(ctx, tx, w.call.Connection, shop.changes, now) },
		func() error { return s.keepStock(ctx, tx, w.call, now.Add(w.e.deps.Config.Lease)) },
	} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// refuse notes that the shop does not take what was planned for a product.
func (o *stockOutcomes) refuse(quotes []priceStock, crm string) {
	for _, q := range quotes {
		if q.CRM == crm {
			o.of[q.Offer.ID] = StockRefused
		}
	}
}

// sameAsBefore are quotes in order that were not looked at; that they still are is remembered, so that
// no run writes what it has read earlier.
func sameAsBefore(quotes []priceStock, b *priceBatch) []syncedPrice {
	calm := setOf(each(b.calm, func(q syncedPrice) string { return q.Offer }))
	planned := setOf(each(b.plans, func(p planned) string { return p.CRM }))
	var out []syncedPrice
	for _, q := range quotes {
		if q.Same && !calm[q.Offer.ID] && !planned[q.CRM] {
			out = append(out, syncedPrice{Offer: q.Offer.ID, Variant: q.Variant, Hash: q.Hash, ReadAt: q.ReadAt})
		}
	}
	return out
}

// remember stores what became of offers.
func (w *stockWorker) remember(ctx context.Context, done []seenNotice) error {
	now := w.e.now()
	return w.e.store.inTx(ctx, func(tx *sqlx.Tx) error {
		// The row of the calls before those of the offers, as whoever notes a call takes them.
		if err := w.e.store.keepStock(ctx, tx, w.call, now.Add(w.e.deps.Config.Lease)); err != nil {
			return err
		}
		if err := w.e.store.seeWarehouses(ctx, tx, w.call.Connection, w.seen, now); err != nil {
			return err
		}
		return w.e.store.seeNotices(ctx, tx, w.call.Connection, done, now)
	})
}
