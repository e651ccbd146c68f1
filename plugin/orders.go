package plugin

import (
	"context"
	"time"
)

// Orders reads the orders of one shop and moves their statuses. Safe for concurrent use.
//
// After ErrTemporary, and after an error of no sentinel, we do the same again, later and later, for as long as it
// takes: an order waits and is not lost. Every other error is an answer for good, and each method says what follows.
type Orders interface {
	// Get reads one order whole. Errors: ErrNotFound when the order does not exist any more: it is not sent, and its
	// status is not told. Any other that is not ErrTemporary says that the order cannot be read, ever: the merchant
	// sees it as one that only a person can help.
	Get(ctx context.Context, id OrderID) (Order, error)
	// List answers placements in the order (PlacedAt, ID), oldest first. It is the reconciling scan
	// and the back-fill; an order must be in it from the moment its transaction is visible. A placement
	// whose Shop is empty is taken as one of this shop. One of another shop, or that Placement.Check
	// refuses, is never stored: it is counted in the host's log, and its order is not sent. Errors: ErrInvalid for a
	// Cursor that is not one of this shop's; after any error the next scan begins where the last one stood.
	List(ctx context.Context, q OrderQuery) (OrderPage, error)
	// MoveStatus moves an order through the shop's own rules and leaves a line in its history that
	// names the CRM. Moving to the current status answers Changed=false.
	// Errors: ErrConflict when Expect is set and differs, and we read the order and decide anew, a few times;
	// ErrRefused (see Refuse) and ErrInvalid (no such status), shown to the merchant and not tried again;
	// ErrNotFound likewise.
	MoveStatus(ctx context.Context, by Origin, m StatusMove) (OrderResult, error)
	// OfferFacts gives the shop what the CRM knows. Fields whose capability the shop did not declare
	// are ignored. Equal facts answer Changed=false. Errors: ErrNotFound, ErrRefused, ErrInvalid, all of which mean
	// that the shop shows less, and are not tried again.
	OfferFacts(ctx context.Context, by Origin, id OrderID, f Facts) (OrderResult, error)
}

// OrdersByID is what Orders may offer beside, for shops that can read several orders at a time. Without
// it they are read one by one, which takes long where hundreds of orders are open.
type OrdersByID interface {
	// GetMany reads up to MaxBatch orders whole, each as it was at one moment, in no promised order. An
	// unknown id is left out. Errors: those of the call; no stock is written then, because what the orders of
	// this shop have sold cannot be counted.
	GetMany(ctx context.Context, ids []OrderID) ([]Order, error)
}

// OrderQuery selects placements. From is inclusive, To exclusive; zero times are open ends.
type OrderQuery struct {
	From, To time.Time
	Statuses []string // codes; empty: all
	Cursor   string   // as answered by the page before; empty: the start
	Limit    int      // 1..MaxBatch
}

// OrderPage is one page of placements.
type OrderPage struct {
	Placements []Placement
	// Next is the cursor of the following page; empty at the end.
	Next string
}

// StatusMove asks for a status.
type StatusMove struct {
	OrderID OrderID
	To      string // a code of Dictionaries.OrderStatuses
	// Expect makes the move conditional on the current status; empty: whatever it is.
	Expect string
	// MayWriteToBuyer allows the shop to send its usual letter or message about the new status.
	MayWriteToBuyer bool
	// Note is for the order's history, in the shop's locale; it names the CRM.
	Note string
	// At is when the status was changed in the CRM.
	At time.Time
}

// OrderResult answers a write.
type OrderResult struct {
	Version Version
	Changed bool
}
