package hooks

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// apply moves the shop's order as the table says, and offers what else the CRM knows.
func (b *Inbox) apply(ctx context.Context, m *message, conn settings.Connection, l orders.Link, s orders.State, res *result) error {
	shop, err := b.Shop(ctx, conn.Shop)
	if err != nil {
		b.Log.Warn("webhook: the shop cannot be opened", "shop", string(conn.Shop), "error", err.Error())
		b.again(m, res, 0, ReasonShopUnavailable)
		return nil
	}
	if s.OrderID != "" {
		if err := b.Orders.MarkConverted(ctx, l.Entry, s.OrderID); err != nil {
			return err
		}
	}
	origin := plugin.Origin{Plugin: b.PluginID, Connection: conn.ID, Ref: "order " + l.Number}
	d, done, err := b.settle(ctx, shop, origin, m, conn, l, s, res)
	if err != nil || !done {
		return err
	}
	if d.Seen {
		if err := b.Orders.MarkApplied(ctx, l.Entry, s.Status, d.At); err != nil {
			return err
		}
	}
	b.offer(ctx, shop, origin, m, l, s, res)
	return nil
}

func table(conn settings.Connection, o settings.Object) map[string]settings.Choice {
	if o == settings.ObjectCard {
		return conn.Settings.Orders.CardStatus
	}
	return conn.Settings.Orders.OrderStatus
}

// maxMoves bounds how often a move is decided anew because the shop's order changed meanwhile.
const maxMoves = 3

// settle decides about the CRM's status and moves the shop's order. Not done: it is tried again, res
// says when.
func (b *Inbox) settle(
	ctx context.Context, shop plugin.Shop, by plugin.Origin, m *message, conn settings.Connection, l orders.Link,
	s orders.State, res *result,
) (d decision, done bool, err error) {
	for range maxMoves {
		// Read before the decision: a worker that stalls after it finds another status and decides anew.
		order, err := shop.Orders().Get(ctx, l.Order)
		if err != nil {
			return d, b.unmoved(m, err, res), nil
		}
		if d, err = b.begin(ctx, m, conn, l.Entry, s); err != nil {
			return d, false, err
		}
		res.Outcome, res.Reason, res.ShopStatus = d.Outcome, d.Reason, d.To
		if d.Outcome != Applied {
			return d, true, nil
		}
		moved, err := shop.Orders().MoveStatus(ctx, by, plugin.StatusMove{
			OrderID: l.Order, To: d.To, Expect: order.Status, Note: b.note(ctx, shop), At: d.At, MayWriteToBuyer: false,
		})
		switch {
		case err == nil && !moved.Changed:
			res.Outcome = Unchanged
			return d, true, nil
		case err == nil:
			return d, true, nil
		case !errors.Is(err, plugin.ErrConflict):
			return d, b.unmoved(m, err, res), nil
		}
	}
	b.again(m, res, 0, ReasonShopUnavailable)
	return d, false, nil
}

// begin decides by what is known now, unless another worker has taken the object. What is going to be
// applied is noted, so that nobody begins to apply an older status.
func (b *Inbox) begin(
	ctx context.Context, m *message, conn settings.Connection, entry int64, s orders.State,
) (d decision, err error) {
	err = b.Orders.BeginMove(ctx, entry, func(tx *sqlx.Tx, l orders.Link) (time.Time, error) {
		if err := held(ctx, tx, m); err != nil {
			return time.Time{}, err
		}
		if d = decide(table(conn, m.Object), l, s); d.Outcome != Applied {
			return time.Time{}, nil
		}
		return d.At, nil
	})
	return d, err
}

// unmoved settles an answer of the shop that is no move. Not done: it is tried again.
func (b *Inbox) unmoved(m *message, cause error, res *result) (done bool) {
	var refusal *plugin.Refusal
	switch {
	case errors.As(cause, &refusal):
		res.Outcome, res.Reason, res.Params = Refused, ReasonShopRefused, params{"detail": refusal.Reason}
	case errors.Is(cause, plugin.ErrNotFound):
		res.Outcome, res.Reason = Refused, ReasonShopLost
	case plugin.Retryable(cause):
		b.again(m, res, 0, ReasonShopUnavailable)
		return false
	default:
		res.Outcome, res.Reason, res.Params = Refused, ReasonShopRefused, params{"detail": ""}
	}
	return true
}

// note is the line in the order's history, in the shop's language.
func (b *Inbox) note(ctx context.Context, shop plugin.Shop) string {
	if p, err := shop.Profile(ctx); err == nil && !strings.HasPrefix(p.Locale, "uk") {
		return "Status changed in " + b.CRMName
	}
	return "Статус змінено в " + b.CRMName
}

// offer gives the shop what the CRM knows beside the status. A shop that cannot take it now is
// offered it again; one that does not want it is not.
func (b *Inbox) offer(ctx context.Context, shop plugin.Shop, by plugin.Origin, m *message, l orders.Link, s orders.State, res *result) {
	facts := plugin.Facts{
		TrackingNumber: known(s.Tracking), ShippingStatus: known(s.Shipping), PaymentState: known(s.Payment),
		CRMTotal: &plugin.Money{},
	}
	if !s.Total.Equal(l.Total) {
		facts.CRMTotal = &plugin.Money{Amount: s.Total, Currency: l.Currency}
	}
	_, err := shop.Orders().OfferFacts(ctx, by, l.Order, facts)
	if plugin.Retryable(err) {
		b.again(m, res, 0, ReasonShopUnavailable)
	}
}

func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
