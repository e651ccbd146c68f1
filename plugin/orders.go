package plugin

import (
	"context"
	"time"
)

// Orders reads the orders of one shop and moves their statuses.
type Orders interface {
	// Get reads one order whole. Errors: ErrNotFound.
	Get(ctx context.Context, id OrderID) (Order, error)
	// List answers placements in the order (PlacedAt, ID), oldest first. It is the reconciling scan
	// and the back-fill; an order must be in it from the moment its transaction is visible. A placement
	// whose Shop is empty is taken as one of this shop. One of another shop, or that Placement.Check
	// refuses, is never stored: it is counted in the host's log, and its order is not sent.
	List(ctx context.Context, q OrderQuery) (OrderPage, error)
	// MoveStatus moves an order through the shop's own rules and leaves a line in its history that
	// names the CRM. Moving to the current status answers Changed=false.
	// Errors: ErrNotFound, ErrRefused (see Refuse), ErrConflict when Expect is set and differs.
	MoveStatus(ctx context.Context, by Origin, m StatusMove) (OrderResult, error)
	// OfferFacts gives the shop what the CRM knows. Fields whose capability the shop did not declare
	// are ignored. Equal facts answer Changed=false.
	OfferFacts(ctx context.Context, by Origin, id OrderID, f Facts) (OrderResult, error)
}

// OrdersByID is what Orders may offer beside, for shops that can read several orders at a time. Without
// it they are read one by one, which takes long where hundreds of orders are open.
type OrdersByID interface {
	// GetMany reads up to MaxBatch orders whole, each as it was at one moment, in no promised order. An
	// unknown id is left out.
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
