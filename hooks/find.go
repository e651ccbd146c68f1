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
	link, err := b.known(ctx, m)
	switch {
	case err == nil && s.Source != link.Source:
		res.Outcome, res.Reason, res.Params = Unknown, ReasonOtherSource, params{"source": s.Source}
		return link, nil
	case err == nil:
		return link, nil
	case !errors.Is(err, plugin.ErrNotFound):
		return link, err
	}
	res.Outcome, res.Reason = Unknown, ReasonNotOurs
	if s.Source != conn.Settings.Orders.Source {
		res.Reason, res.Params = ReasonOtherSource, params{"source": s.Source}
		return link, nil
	}
	link, err = b.Orders.ByKey(ctx, conn.ID, target(m.Object), s.Key)
	switch {
	case errors.Is(err, plugin.ErrNotFound):
		b.awaitCard(m, conn, s, res)
		return link, nil
	case err != nil:
		return link, err
	}
	// Created, but the exporter does not know yet: it will within a moment.
	if link.CRMID == "" && b.Clock.Now().Sub(m.FirstAt) < b.Config.Unconfirmed {
		b.again(m, res, 0, ReasonUnconfirmed)
	}
	return link, nil
}

// known looks the object up among what we sent, and what became of it.
func (b *Inbox) known(ctx context.Context, m *message) (orders.Link, error) {
	link, err := b.Orders.ByCRM(ctx, m.Connection, target(m.Object), m.ObjectID)
	if m.Object == settings.ObjectOrder && errors.Is(err, plugin.ErrNotFound) {
		return b.Orders.ByConverted(ctx, m.Connection, m.ObjectID)
	}
	return link, err
}

// awaitCard lets an order of our source wait for the card that became it: the hooks of both may come
// in any order. An order with a number of its own came some other way.
func (b *Inbox) awaitCard(m *message, conn settings.Connection, s orders.State, res *result) {
	if m.Object == settings.ObjectOrder && conn.Settings.Orders.Target == settings.TargetCards && s.Key == "" &&
		b.Clock.Now().Sub(m.FirstAt) < b.Config.Unconverted {
		b.again(m, res, 0, ReasonUnconverted)
	}
}

// unconverted reports whether an order still waits for its card: as long as no card names it there is
// no need to read it again.
func (b *Inbox) unconverted(ctx context.Context, m *message, res *result) (bool, error) {
	if m.Outcome != Waiting || m.Reason != ReasonUnconverted || b.Clock.Now().Sub(m.FirstAt) >= b.Config.Unconverted {
		return false, nil
	}
	_, err := b.known(ctx, m)
	if errors.Is(err, plugin.ErrNotFound) {
		b.again(m, res, 0, ReasonUnconverted)
		return true, nil
	}
	return false, err
}
