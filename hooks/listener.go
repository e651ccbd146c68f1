package hooks

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

// Listener implements plugin.OrderListener.
type Listener struct {
	Deps
	nudge nudge
}

var _ plugin.OrderListener = (*Listener)(nil)

// PlacedTx implements plugin.OrderListener. Whatever goes wrong is left to the scan: the statement
// cannot raise, and if even sending it fails the checkout's own next statement will say so.
func (l *Listener) PlacedTx(ctx context.Context, tx plugin.Execer, p plugin.Placement) {
	if !l.Active(p.Shop) {
		return
	}
	// lib/pq answers an expired context by closing the connection, and that is the checkout's.
	if _, err := tx.ExecContext(context.WithoutCancel(ctx), placedStatement(p)); err != nil {
		l.Log.Warn("order hook: not noted, the scan will find it", "shop", string(p.Shop), "order", string(p.Order),
			"error", err.Error())
	}
}

// Committed implements plugin.OrderListener.
func (l *Listener) Committed(p plugin.Placement) {
	if l.Active(p.Shop) {
		l.nudge.poke()
	}
}

// Handle implements plugin.OrderListener. Events of an inactive shop and those we caused ourselves
// are taken and change nothing.
func (l *Listener) Handle(ctx context.Context, e plugin.Event) error {
	if !l.Active(e.Shop) {
		return nil
	}
	switch e.Kind {
	case plugin.OrderPlaced:
		if _, err := l.Orders.Note(ctx, placementOf(e)); err != nil {
			return fmt.Errorf("event %s of order %q: %w", e.Kind, e.Order, err)
		}
	case plugin.StatusChanged:
		if e.Origin.Plugin == l.PluginID {
			return nil
		}
		if err := l.Orders.StatusChanged(ctx, e.Shop, e.Order, e.At); err != nil {
			return fmt.Errorf("event %s of order %q: %w", e.Kind, e.Order, err)
		}
	case plugin.PaymentChanged, plugin.OrderEdited, plugin.OrderDeleted:
		return nil // the order is read as it is when it is sent; later changes are not carried
	}
	l.nudge.poke()
	return nil
}

func placementOf(e plugin.Event) plugin.Placement {
	if e.Placement != nil {
		return *e.Placement
	}
	return plugin.Placement{Shop: e.Shop, Order: e.Order, PlacedAt: e.At}
}
