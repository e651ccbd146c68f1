package catalog

import (
	"context"
	"time"

	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/plugin"
)

// StockTaskKind is the kind of the tasks that stock calls leave; see jobs.Task.
const StockTaskKind = "stock"

// StockCalls takes the CRM's calls about stock. A call is a hint: the offers it names are kept as they
// came, and a moment later a worker makes a notice of each, reads their price and stock and writes them as
// a price run would. Safe for concurrent use.
type StockCalls struct{ e *Engine }

// StockCalls answers the engine's part that deals with them.
func (e *Engine) StockCalls() *StockCalls { return &StockCalls{e: e} }

var _ jobs.Source = (*StockCalls)(nil)

// StockOutcome is what became of an offer that a call named.
type StockOutcome string

// The outcomes.
const (
	StockWritten   StockOutcome = "written"
	StockUnchanged StockOutcome = "unchanged" // the shop was in order
	StockUnknown   StockOutcome = "unknown"   // not linked to anything of the shop
	StockGone      StockOutcome = "gone"      // one of the two sides does not have it any more
	StockRefused   StockOutcome = "refused"   // the shop does not take it
	StockIgnored   StockOutcome = "ignored"   // the settings do not let calls write
	StockHeld      StockOutcome = "held"      // there is none, which is doubted: see HeldStock
)

// StockReason says why calls wait or are left aside. Beside these it can be a Code of runs.
type StockReason string

// The reasons of our own.
const (
	StockReasonOff StockReason = "stock_off" // goods that exist are not to be updated
	// StockReasonMovesMuch: a price moved so far that a price run, which can ask, shall write it.
	StockReasonMovesMuch StockReason = "stock_price_moves"
	// StockReasonWarehouseGone: a chosen warehouse has vanished from the CRM, so stock is not written.
	StockReasonWarehouseGone StockReason = "stock_warehouse_gone"
)

// StockReasons lists them, so that a page can be checked to have words for each.
func StockReasons() []StockReason {
	return []StockReason{StockReasonOff, StockReasonMovesMuch, StockReasonWarehouseGone}
}

// StockStatus is how a connection's stock calls fare. Times are UTC.
type StockStatus struct {
	// Calls and ReceivedAt count what came in; zero: nothing ever did.
	Calls      int64
	ReceivedAt time.Time
	// Written counts variants written, AppliedAt is the latest of them; zero: never.
	Written   int64
	AppliedAt time.Time
	// Waiting counts offers still to be read, Unknown those linked to nothing of the shop.
	Waiting int64
	Unknown int64
	// UnknownOffers names some of the unknown ones, the latest first.
	UnknownOffers []string
	// Reason says why calls wait or are left aside; empty: all is well.
	Reason string
}

// Note stores that a call named offers; none is a call too. It takes no longer for many of them than it
// takes to store them.
func (s *StockCalls) Note(ctx context.Context, conn plugin.ConnectionID, offers []string) error {
	now := s.e.now()
	return s.e.store.noteStock(ctx, conn, offers, now, now.Add(s.e.deps.Config.Gather))
}

// Status tells how the calls of a connection fare.
func (s *StockCalls) Status(ctx context.Context, conn plugin.ConnectionID) (StockStatus, error) {
	return s.e.store.stockStatus(ctx, conn)
}

// Changes lists what calls have written lately, newest first.
func (s *StockCalls) Changes(ctx context.Context, conn plugin.ConnectionID, limit int) ([]Change, error) {
	return s.e.store.stockChanges(ctx, conn, limit)
}

// bodyKept is how long the offers of a call are kept that nobody could work on.
const bodyKept = 24 * time.Hour

// Purge forgets what is older than age, and what calls named a day ago and nobody could work on.
func (s *StockCalls) Purge(ctx context.Context, age time.Duration) error {
	return s.e.store.purgeStock(ctx, s.e.now().Add(-age), s.e.now().Add(-bodyKept))
}

// Due implements jobs.Source.
func (s *StockCalls) Due(ctx context.Context, now time.Time, limit int) ([]jobs.Task, error) {
	return s.e.store.dueStock(ctx, now, now.Add(s.e.deps.Config.HandOver), limit)
}
