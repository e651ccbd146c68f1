package hooks

import (
	"context"
	"fmt"
	"sync"

	"github.com/keybridge/keybridge/plugin"
)

// Listener implements plugin.OrderListener.
type Listener struct {
	Deps
	nudge nudge
	told  sync.Map // fields of placements whose lack was logged
}

var _ plugin.OrderListener = (*Listener)(nil)

// PlacedTx implements plugin.OrderListener. Whatever goes wrong is left to the scan: the statement
// cannot raise, and if even sending it fails the checkout's own next statement will say so.
func (l *Listener) PlacedTx(ctx context.Context, tx plugin.Execer, p plugin.Placement) {
	if p.Shop != "" && !l.Active(p.Shop) {
		return
	}
	if err := p.Check(); err != nil {
		l.wrong(p, err)
		return
	}
	// lib/pq answers an expired context by closing the connection, and that is the checkout's.
	if _, err := tx.ExecContext(context.WithoutCancel(ctx), placedStatement(p)); err != nil {
		l.Log.Warn("order hook: not stored, the scan will find it", "shop", string(p.Shop), "order", string(p.Order),
			"error", err.Error())
	}
}

// wrong tells once of each kind of placement that cannot be stored: an engine that gives one gives many.
func (l *Listener) wrong(p plugin.Placement, err error) {
	kind := [...]bool{p.Shop == "", p.Order == "", p.PlacedAt.IsZero()}
	if _, told := l.told.LoadOrStore(kind, true); !told {
		l.Log.Error("order hook: the engine's placement is wrong, so it is not stored; the scan finds the order if it is listed right",
			"shop", string(p.Shop), "order", string(p.Order), "error", err.Error())
	}
}

// Committed implements plugin.OrderListener: the order is sent at once rather than within the second.
func (l *Listener) Committed(p plugin.Placement) {
	if l.Active(p.Shop) {
		l.nudge.notify()
	}
}

// Handle implements plugin.OrderListener. Events of an inactive shop and those we caused ourselves
// are accepted and change nothing. Errors: plugin.ErrInvalid when the event lacks something, and repeating it does not
// help; those of Postgres, and then the engine tells it again.
func (l *Listener) Handle(ctx context.Context, e plugin.Event) error {
	if e.Shop != "" && !l.Active(e.Shop) {
		return nil
	}
	if err := checkEvent(e); err != nil {
		return fmt.Errorf("event %s: %w", e.Kind, err)
	}
	switch e.Kind {
	case plugin.OrderPlaced:
		if _, err := l.Orders.Put(ctx, placementOf(e)); err != nil {
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
	l.nudge.notify()
	return nil
}

// checkEvent names the field that keeps an event from meaning anything. Errors: plugin.ErrInvalid.
func checkEvent(e plugin.Event) error {
	switch p := placementOf(e); {
	case e.Shop == "":
		return fmt.Errorf("of order %q: Shop is empty: %w", e.Order, plugin.ErrInvalid)
	case e.Order == "":
		return fmt.Errorf("in shop %q: Order is empty: %w", e.Shop, plugin.ErrInvalid)
	case e.Kind != plugin.OrderPlaced:
		return nil
	case p.Check() != nil:
		return p.Check()
	case p.Shop != e.Shop:
		return fmt.Errorf("of order %q in shop %q: Placement.Shop is %q: %w", e.Order, e.Shop, p.Shop, plugin.ErrInvalid)
	case p.Order != e.Order:
		return fmt.Errorf("of order %q in shop %q: Placement.Order is %q: %w", e.Order, e.Shop, p.Order, plugin.ErrInvalid)
	}
	return nil
}

func placementOf(e plugin.Event) plugin.Placement {
	if e.Placement != nil {
		return *e.Placement
	}
	return plugin.Placement{Shop: e.Shop, Order: e.Order, PlacedAt: e.At}
}
