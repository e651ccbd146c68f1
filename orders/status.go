package orders

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders/statuses"
	"github.com/keybridge/keybridge/plugin"
)

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

// HasCards reports whether a connection has cards that have not become orders as far as we know, and that were sent,
// or worked at for another reason, since then. Errors: those of Postgres.
func (x *Exporter) HasCards(ctx context.Context, conn plugin.ConnectionID, since time.Time) (bool, error) {
	return x.store.hasCards(ctx, conn, since)
}

// MarkConverted records which cards became which orders of the CRM, by the CRM's ids. Cards of others are
// passed over. Errors: those of Postgres.
func (x *Exporter) MarkConverted(ctx context.Context, conn plugin.ConnectionID, became map[string]string) error {
	if len(became) == 0 {
		return nil
	}
	return x.store.markConverted(ctx, conn, became)
}

// BeginMove lets decide look at the link as it is now, while nobody else may decide about it, and
// remembers what it answers: the status of the CRM that is going to be brought to the shop; nil: none is.
// decide may read through the transaction; it must not call the shop, whose own transaction may wait for
// this one. Errors: decide's, and then nothing is remembered, and those of Postgres.
func (x *Exporter) BeginMove(ctx context.Context, l Link, decide func(*sqlx.Tx, Link) (*statuses.Seen, error)) error {
	return x.store.inTx(ctx, func(tx *sqlx.Tx) error {
		return changeMemory(ctx, tx, l.Entry, l.Converted, func(now Link) (statuses.Memory, error) {
			seen, err := decide(tx, now)
			if seen == nil || err != nil {
				return now.Memory, err
			}
			return now.Memory.Begin(*seen), nil
		})
	})
}

// MarkSettled records that a status of the CRM was dealt with, by a decision on what l remembers; see
// statuses.Memory. Errors: those of Postgres; the next reading settles it.
func (x *Exporter) MarkSettled(ctx context.Context, l Link, seen statuses.Seen, confirmed bool) error {
	return x.store.inTx(ctx, func(tx *sqlx.Tx) error {
		return changeMemory(ctx, tx, l.Entry, l.Converted, func(now Link) (statuses.Memory, error) {
			return now.Memory.Settle(seen, l.Memory, confirmed), nil
		})
	})
}

// MarkDeleted records that the CRM's order is gone. It is not made again. Errors: those of Postgres.
func (x *Exporter) MarkDeleted(ctx context.Context, entry int64) error {
	return x.store.markDeleted(ctx, entry, x.Clock.Now())
}

// StatusChanged records that somebody other than us changed an order's status in the shop; the CRM is
// told as table (c) says. An order that is not in the CRM yet changes nothing: its present status is
// told after its creation, and so does an order we do not know. Errors: those of Postgres; tell it again.
func (x *Exporter) StatusChanged(ctx context.Context, shop plugin.ShopID, order plugin.OrderID, at time.Time) error {
	return x.store.statusChanged(ctx, shop, order, at, x.Clock.Now())
}
