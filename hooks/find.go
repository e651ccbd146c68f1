package hooks

import (
	"context"
	"errors"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// find tells which order of the shop the object is. Not ours, or not yet: res says so.
func (b *Inbox) find(ctx context.Context, m *message, conn settings.Connection, s orders.State, res *result) (orders.Link, error) {
	link, err := b.findSent(ctx, m)
	if errors.Is(err, plugin.ErrNotFound) {
		link, err = b.findPending(ctx, m, conn, s, res)
	}
	switch {
	case err != nil || res.Outcome != "":
		return link, err
	case s.Source != link.Source:
		res.Outcome, res.Reason, res.Params = Unknown, ReasonOtherSource, params{"source": s.Source}
	}
	return link, nil
}

// findSent looks the object up among what we sent, and what became of it.
func (b *Inbox) findSent(ctx context.Context, m *message) (orders.Link, error) {
	link, err := b.Orders.ByCRM(ctx, m.Connection, target(m.Object), m.ObjectID)
	if m.Object == settings.ObjectOrder && errors.Is(err, plugin.ErrNotFound) {
		return b.Orders.ByConverted(ctx, m.Connection, m.ObjectID)
	}
	return link, err
}

// findPending looks for the order behind an object that we do not know: one whose creation is not confirmed yet, or
// one that a card of ours became. Else res says why there is none.
func (b *Inbox) findPending(ctx context.Context, m *message, conn settings.Connection, s orders.State, res *result) (orders.Link, error) {
	if s.Source != conn.Settings.Orders.Source {
		res.Outcome, res.Reason, res.Params = Unknown, ReasonOtherSource, params{"source": s.Source}
		return orders.Link{}, nil
	}
	link, err := b.Orders.ByKey(ctx, conn.ID, target(m.Object), s.Key)
	switch {
	case err == nil:
		// Created, but the exporter does not know yet: it will within a moment.
		if res.Outcome, res.Reason = Unknown, ReasonNotOurs; link.CRMID == "" && b.Clock.Now().Sub(m.FirstAt) < b.Config.Unconfirmed {
			b.again(m, res, 0, ReasonUnconfirmed)
		}
		return link, nil
	case !errors.Is(err, plugin.ErrNotFound):
		return link, err
	case m.Object == settings.ObjectOrder && s.Key == "": // one with a number of its own came some other way
		return b.became(ctx, m, conn, s, res)
	}
	res.Outcome, res.Reason = Unknown, ReasonNotOurs
	return link, nil
}
