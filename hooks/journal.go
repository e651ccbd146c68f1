package hooks

import (
	"context"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// LinkView is the status of a webhook link of a connection. Zero times: never.
type LinkView struct {
	Object settings.Object
	// Received is how many hooks came in, and LastReceived the newest.
	Received     int64
	LastReceived time.Time
	// Last holds the newest line of the journal of each outcome.
	Last map[Outcome]EventView
}

// EventView is a line of the journal of what came in.
type EventView struct {
	At       time.Time
	Object   settings.Object
	ObjectID string         // the CRM's id; empty when the body made no sense
	Order    plugin.OrderID // the shop's; empty when not known
	Outcome  Outcome
	Reason   Reason
	Params   map[string]string
	// CRMStatus is what the CRM said, ShopStatus where the order was to be moved.
	CRMStatus  string
	ShopStatus string
}

func (e event) view() EventView {
	return EventView{
		At: e.At.UTC(), Object: e.Object, ObjectID: e.ObjectID, Order: e.Order, Outcome: e.Outcome, Reason: e.Reason,
		Params: e.Params, CRMStatus: e.CRMStatus, ShopStatus: e.ShopStatus,
	}
}

// LastUnreadable answers the newest call of a link whose body made no sense; zero: there was none.
// Errors: those of Postgres.
func (b *Inbox) LastUnreadable(ctx context.Context, conn plugin.ConnectionID, o settings.Object) (EventView, error) {
	last, err := b.store.lastEvents(ctx, conn, o)
	if err != nil {
		return EventView{}, err
	}
	for _, e := range last {
		if e.Outcome == Unreadable {
			return e.view(), nil
		}
	}
	return EventView{}, nil
}

// Links answers the status of a connection's links, orders first. Errors: those of Postgres.
func (b *Inbox) Links(ctx context.Context, conn plugin.ConnectionID) ([]LinkView, error) {
	out := make([]LinkView, 0, 2)
	for _, o := range []settings.Object{settings.ObjectOrder, settings.ObjectCard} {
		v := LinkView{Object: o, Last: map[Outcome]EventView{}}
		var err error
		if v.Received, v.LastReceived, err = b.store.received(ctx, conn, o); err != nil {
			return nil, err
		}
		last, err := b.store.lastEvents(ctx, conn, o)
		if err != nil {
			return nil, err
		}
		for _, e := range last {
			v.Last[e.Outcome] = e.view()
			if e.At.After(v.LastReceived) && (e.Outcome == Unreadable || e.Reason == ReasonWrongLink) {
				v.LastReceived = e.At.UTC()
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// Events answers the newest lines of a connection's journal, newest first. With an order, of that
// order alone. Errors: those of Postgres.
func (b *Inbox) Events(ctx context.Context, conn plugin.ConnectionID, order plugin.OrderID, limit int) ([]EventView, error) {
	rows, err := b.store.events(ctx, conn, order, limit)
	if err != nil {
		return nil, err
	}
	out := make([]EventView, len(rows))
	for i, e := range rows {
		out[i] = e.view()
	}
	return out, nil
}
