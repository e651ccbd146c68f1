package orders

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Link is what joins an order of the CRM to one of the shop, for statuses on their way back.
type Link struct {
	Entry      int64
	Shop       plugin.ShopID
	Order      plugin.OrderID
	Number     string
	Connection plugin.ConnectionID
	Target     settings.Target
	CRMID      string // empty: the creation is not confirmed yet
	Source     string
	Currency   string
	Total      decimal.Decimal // the shop's
	// Applied is the CRM's status dealt with last, and since when it was set there; empty: none.
	Applied   string
	AppliedAt time.Time
	// Own is the CRM's status that we set last, and when by our clock; empty: none.
	Own   string
	OwnAt time.Time
	// ShopStatusAt is when somebody else last changed the status in the shop; zero: not known.
	ShopStatusAt time.Time
	// MovingAt is when the newest status was set in the CRM that somebody began to apply; zero: none.
	// Its worker may still be at it.
	MovingAt time.Time
}

// ByCRM finds an order by the CRM's id. Errors: plugin.ErrNotFound.
func (x *Exporter) ByCRM(ctx context.Context, conn plugin.ConnectionID, target settings.Target, id string) (Link, error) {
	return x.store.byCRM(ctx, conn, target, id)
}

// ByKey finds an order by its natural key, also while its creation is not confirmed yet.
// Errors: plugin.ErrNotFound.
func (x *Exporter) ByKey(ctx context.Context, conn plugin.ConnectionID, target settings.Target, key string) (Link, error) {
	return x.store.byKey(ctx, conn, target, key)
}

// ByConverted finds the order whose card became an order of the CRM. Errors: plugin.ErrNotFound.
func (x *Exporter) ByConverted(ctx context.Context, conn plugin.ConnectionID, id string) (Link, error) {
	return x.store.byConverted(ctx, conn, id)
}

// MarkConverted notes that a card became an order of the CRM.
func (x *Exporter) MarkConverted(ctx context.Context, entry int64, id string) error {
	return x.store.markConverted(ctx, entry, id)
}

// BeginMove lets decide look at the entry as it is now, while nobody else may decide about it, and
// remembers the time that it answers: when the status that is going to be applied was set in the CRM;
// zero: none is. decide may read through the transaction; it must not call the shop, whose own
// transaction may wait for this one.
func (x *Exporter) BeginMove(ctx context.Context, entry int64, decide func(*sqlx.Tx, Link) (time.Time, error)) error {
	return x.store.beginMove(ctx, entry, decide)
}

// MarkApplied notes that a status of the CRM was dealt with. An older one than noted changes nothing.
func (x *Exporter) MarkApplied(ctx context.Context, entry int64, status string, at time.Time) error {
	return x.store.markApplied(ctx, entry, status, at)
}

// MarkDeleted notes that the CRM's order is gone. It is not made again.
func (x *Exporter) MarkDeleted(ctx context.Context, entry int64) error {
	return x.store.markDeleted(ctx, entry, x.Clock.Now())
}

// StatusChanged notes that somebody other than us changed an order's status in the shop; the CRM is
// told as table (c) says. An order that is not in the CRM yet changes nothing: its present status is
// told after its creation.
func (x *Exporter) StatusChanged(ctx context.Context, shop plugin.ShopID, order plugin.OrderID, at time.Time) error {
	return x.store.statusChanged(ctx, shop, order, at, x.Clock.Now())
}
