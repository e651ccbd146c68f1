package hooks

import (
	"context"
	"errors"
	"strings"

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
	d := decide(table(conn, m.Object), l, s)
	res.Outcome, res.Reason, res.ShopStatus = d.Outcome, d.Reason, d.To
	origin := plugin.Origin{Plugin: b.PluginID, Connection: conn.ID, Ref: "order " + l.Number}
	if d.Outcome == Applied && !b.move(ctx, shop, origin, m, l, d, res) {
		return nil
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

// move asks the shop for the status. Not done: it is tried again, res says when.
func (b *Inbox) move(ctx context.Context, shop plugin.Shop, by plugin.Origin, m *message, l orders.Link, d decision, res *result) bool {
	moved, err := shop.Orders().MoveStatus(ctx, by, plugin.StatusMove{
		OrderID: l.Order, To: d.To, Note: b.note(ctx, shop), At: d.At, MayWriteToBuyer: false,
	})
	var refusal *plugin.Refusal
	switch {
	case err == nil && !moved.Changed:
		res.Outcome = Unchanged
	case err == nil:
	case errors.As(err, &refusal):
		res.Outcome, res.Reason, res.Params = Refused, ReasonShopRefused, params{"detail": refusal.Reason}
	case errors.Is(err, plugin.ErrNotFound):
		res.Outcome, res.Reason = Refused, ReasonShopLost
	case plugin.Retryable(err), errors.Is(err, plugin.ErrConflict):
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
