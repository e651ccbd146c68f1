package plugin

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// CaptureLevel is how surely an engine tells us of placed orders. Higher is better.
type CaptureLevel int

const (
	// CaptureScan: only Orders.List; orders are found by the scan, within a minute.
	CaptureScan CaptureLevel = 1
	// CaptureDurable: the engine's own at-least-once queue calls OrderListener.Handle until it
	// answers nil.
	CaptureDurable CaptureLevel = 2
	// CaptureInTx: OrderListener.PlacedTx is called inside the checkout's own transaction, and the
	// order and our entry of it commit or vanish together.
	CaptureInTx CaptureLevel = 3
)

// Placement is what the capture of an order needs; no personal data. Shop, Order and PlacedAt are always
// set; an order whose placement lacks one of them never reaches the CRM, and we say so wherever we meet it.
type Placement struct {
	Shop       ShopID
	Order      OrderID
	Storefront StorefrontID // empty when the shop has none
	Domain     string       // empty when not known
	PlacedAt   time.Time
}

// Check reports which of the fields that are always set is not. Engines may ask it in their tests.
// Errors: ErrInvalid.
func (p Placement) Check() error {
	switch {
	case p.Shop == "":
		return fmt.Errorf("placement of order %q: Shop is empty: %w", p.Order, ErrInvalid)
	case p.Order == "":
		return fmt.Errorf("placement in shop %q: Order is empty: %w", p.Shop, ErrInvalid)
	case p.PlacedAt.IsZero():
		return fmt.Errorf("placement of order %q in shop %q: PlacedAt is zero: %w", p.Order, p.Shop, ErrInvalid)
	}
	return nil
}

// Execer is the checkout's own transaction (*sqlx.Tx, *sql.Tx) on a lib/pq connection.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// OrderListener is what the plugin gives the engine to call.
type OrderListener interface {
	// PlacedTx stores the order's id inside the checkout's transaction (CaptureInTx). It is one statement
	// that cannot raise: whatever is wrong with our tables, the checkout commits, and the scan finds
	// the order later. It answers nothing, because checkout must not decide on it.
	//
	// The engine passes its transaction, calls it at most once per order, at the end of the
	// transaction, and gives a context without a deadline of its own (lib/pq answers an expired
	// context by closing the connection, which would kill the checkout).
	//
	// A placement that Check refuses is not stored. The checkout commits all the same; the host's log has
	// an error about it, once for each field in the life of the process.
	PlacedTx(ctx context.Context, tx Execer, p Placement)
	// Committed is a process-local nudge after the commit. It returns at once, never blocks, and may
	// be left out: a poll covers it.
	Committed(p Placement)
	// Handle takes an event from a durable queue or in process. nil means taken for good; an error other than
	// ErrInvalid means that our tables could not be written: deliver it again later. Handling an event twice does no harm. ErrInvalid names the field of
	// the event that is wrong: Shop or Order empty, or a placement that Check refuses or that is of
	// another shop or order than the event. Delivering the same again does not help then.
	Handle(ctx context.Context, e Event) error
}
