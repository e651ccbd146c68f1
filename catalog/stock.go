package catalog

import (
	"time"
)

// StockTaskKind is the kind of the tasks that stock calls leave; see jobs.Task.
const StockTaskKind = "stock"

// StockOutcome is what became of an offer that a call named.
type StockOutcome string

// The outcomes of offers.
const (
	StockWritten   StockOutcome = "written"   // the shop has taken price or stock
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

// StockStatus is the status of a connection's stock notifications. Times are UTC.
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

// Warehouse is a place in which the CRM keeps goods.
type Warehouse struct{ Code, Name string }
