package plugin

import (
	"context"
	"database/sql"
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
	// order and our note of it commit or vanish together.
	CaptureInTx CaptureLevel = 3
)

// Placement is what the capture of an order needs; no personal data.
type Placement struct {
	Shop       ShopID
	Order      OrderID
	Storefront StorefrontID
	Domain     string
	PlacedAt   time.Time
}

// Execer is the checkout's own transaction (*sqlx.Tx, *sql.Tx) on a lib/pq connection.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// OrderListener is what the plugin gives the engine to call.
type OrderListener interface {
	// PlacedTx notes the order inside the checkout's transaction (CaptureInTx). It is one statement
	// that cannot raise: whatever is wrong with our tables, the checkout commits, and the scan finds
	// the order later. It answers nothing, because checkout must not decide on it.
	//
	// The engine passes its transaction, calls it at most once per order, at the end of the
	// transaction, and gives a context without a deadline of its own (lib/pq answers an expired
	// context by closing the connection, which would kill the checkout).
	PlacedTx(ctx context.Context, tx Execer, p Placement)
	// Committed is a process-local nudge after the commit. It returns at once, never blocks, and may
	// be left out: a poll covers it.
	Committed(p Placement)
	// Handle takes an event from a durable queue or in process. nil means taken for good; an error
	// means: deliver it again later. Handling an event twice does no harm.
	Handle(ctx context.Context, e Event) error
}
