package hooks

import (
	"context"
	"errors"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/statuses"
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
		if err := b.converted(ctx, conn.ID, map[string]string{s.ID: s.OrderID}); err != nil {
			return err
		}
	}
	mv := &move{shop: shop, by: plugin.Origin{Plugin: b.PluginID, Connection: conn.ID, Ref: "order " + l.Number}, m: m, conn: conn, link: l, state: s}
	done, err := b.decideAndMove(ctx, mv, res)
	if err != nil || !done {
		return err
	}
	if mv.Settles() {
		if err := b.Orders.MarkSettled(ctx, mv.link, mv.state.Said().Dated(), mv.Verdict == statuses.Echo); err != nil {
			return err
		}
	}
	b.offer(ctx, mv, res)
	return b.tellAfterAll(ctx, mv, res)
}

// tellAfterAll has the shop's own change told if nothing came to it from the CRM instead: the change may have
// given way to a status that was gone before it could be brought, or that the shop has refused.
func (b *Inbox) tellAfterAll(ctx context.Context, mv *move, res *result) error {
	if m := mv.link.Memory; mv.Verdict == statuses.Move && res.Outcome != Refused || !m.Unconfirmed() {
		return nil
	}
	return b.Orders.StatusChanged(ctx, mv.link.Shop, mv.link.Order, mv.link.Memory.ShopAt)
}

// move is a status of the CRM on its way into the shop.
type move struct {
	shop  plugin.Shop
	by    plugin.Origin
	m     *message
	conn  settings.Connection
	state orders.State

	link             orders.Link // as it was when the decision was made
	statuses.Inbound             // the decision
}

func (mv *move) table() statuses.Table {
	if mv.m.Object == settings.ObjectCard {
		return mv.conn.Settings.Orders.CardStatus
	}
	return mv.conn.Settings.Orders.OrderStatus
}

// maxMoves bounds how often a move is decided anew because the shop's order changed meanwhile.
const maxMoves = 3

// decideAndMove decides about the CRM's status and moves the shop's order. Not done: it is tried again, res
// says when.
func (b *Inbox) decideAndMove(ctx context.Context, mv *move, res *result) (done bool, err error) {
	for range maxMoves {
		// Read before the decision: a worker that stalls after it finds another status and decides anew.
		order, err := mv.shop.Orders().Get(ctx, mv.link.Order)
		if err != nil {
			return b.moveFailed(mv.m, err, res), nil
		}
		if err := b.begin(ctx, mv); err != nil {
			return false, err
		}
		res.Outcome, res.Reason = outcomeOf(mv.Verdict)
		if mv.Verdict != statuses.Move {
			return true, nil
		}
		res.ShopStatus = mv.To
		moved, err := mv.shop.Orders().MoveStatus(ctx, mv.by, plugin.StatusMove{
			OrderID: mv.link.Order, To: mv.To, Expect: order.Status, Note: b.historyLine(ctx, mv.shop), At: mv.At, MayWriteToBuyer: false,
		})
		switch {
		case err == nil && !moved.Changed:
			res.Outcome = Unchanged
			return true, nil
		case err == nil:
			return true, nil
		case !errors.Is(err, plugin.ErrConflict):
			return b.moveFailed(mv.m, err, res), nil
		}
	}
	b.again(mv.m, res, 0, ReasonShopUnavailable)
	return false, nil
}

// begin decides by what is known now, unless another worker has taken the object. What is going to be
// brought to the shop is remembered, so that nobody begins to bring an older status.
func (b *Inbox) begin(ctx context.Context, mv *move) error {
	return b.Orders.BeginMove(ctx, mv.link, func(tx *sqlx.Tx, now orders.Link) (*statuses.Seen, error) {
		if err := objects().Check(ctx, tx, mv.m.Row); err != nil {
			return nil, err
		}
		mv.link, mv.Inbound = now, statuses.FromCRM(now.Memory, mv.state.Said(), mv.table())
		if mv.Verdict != statuses.Move {
			return nil, nil
		}
		seen := mv.state.Said().Dated()
		return &seen, nil
	})
}

// outcomeOf says a decision in the journal's words.
func outcomeOf(v statuses.Verdict) (Outcome, Reason) {
	switch v {
	case statuses.Unchanged:
	case statuses.Stale:
		return Stale, ""
	case statuses.Echo:
		return Echo, ""
	case statuses.Succeeded:
		return Skipped, ReasonCardConverted
	case statuses.ShopNewer:
		return Skipped, ReasonShopNewer
	case statuses.Skip:
		return Skipped, ReasonSkip
	case statuses.Unmapped:
		return Unmapped, ReasonUnmapped
	case statuses.Move:
		return Applied, ""
	}
	return Unchanged, ""
}

// moveFailed records an answer of the shop that is no move. Not done: it is tried again.
func (b *Inbox) moveFailed(m *message, cause error, res *result) (done bool) {
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

// historyLine is the line in the order's history, in the shop's language.
func (b *Inbox) historyLine(ctx context.Context, shop plugin.Shop) string {
	if p, err := shop.Profile(ctx); err == nil && !strings.HasPrefix(p.Locale, "uk") {
		return "Status changed in " + b.CRMName
	}
	return "Статус змінено в " + b.CRMName
}

// offer gives the shop what the CRM knows beside the status. A shop that cannot take it now is
// offered it again; one that does not want it is not.
func (b *Inbox) offer(ctx context.Context, mv *move, res *result) {
	s := mv.state
	facts := plugin.Facts{
		TrackingNumber: nonEmpty(s.Tracking), ShippingStatus: nonEmpty(s.Shipping), PaymentState: nonEmpty(s.Payment),
		CRMTotal: &plugin.Money{},
	}
	if !s.Total.Equal(mv.link.Total) {
		facts.CRMTotal = &plugin.Money{Amount: s.Total, Currency: mv.link.Currency}
	}
	_, err := mv.shop.Orders().OfferFacts(ctx, mv.by, mv.link.Order, facts)
	if plugin.Retryable(err) {
		b.again(mv.m, res, 0, ReasonShopUnavailable)
	}
}

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
