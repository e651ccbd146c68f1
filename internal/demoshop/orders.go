package demoshop

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// orders is the shop's orders as the plugin sees them.
type orders struct {
	engine *Engine
	store  *store
}

var (
	_ plugin.Orders     = (*orders)(nil)
	_ plugin.OrdersByID = (*orders)(nil)
)

// Get implements plugin.Orders.
func (o *orders) Get(ctx context.Context, id plugin.OrderID) (plugin.Order, error) {
	n, ok := parseID(id)
	if !ok {
		return plugin.Order{}, fmt.Errorf("order %q: %w", cut(string(id), 40), plugin.ErrNotFound)
	}
	full, err := o.store.order(ctx, n)
	if err != nil {
		return plugin.Order{}, fmt.Errorf("order %d: %w", n, err)
	}
	return full.contract(o.engine.cfg.PublicURL), nil
}

// GetMany implements plugin.OrdersByID.
func (o *orders) GetMany(ctx context.Context, ids []plugin.OrderID) ([]plugin.Order, error) {
	if len(ids) > plugin.MaxBatch {
		return nil, invalidf("read %d orders at a time", len(ids))
	}
	var numbers []int64
	for _, id := range ids {
		if n, ok := parseID(id); ok {
			numbers = append(numbers, n)
		}
	}
	full, err := o.store.fullOrders(ctx, numbers)
	if err != nil {
		return nil, fmt.Errorf("read %d orders: %w", len(ids), err)
	}
	out := make([]plugin.Order, len(full))
	for i, f := range full {
		out[i] = f.contract(o.engine.cfg.PublicURL)
	}
	return out, nil
}

// List implements plugin.Orders.
func (o *orders) List(ctx context.Context, q plugin.OrderQuery) (plugin.OrderPage, error) {
	if q.Limit < 1 || q.Limit > plugin.MaxBatch {
		return plugin.OrderPage{}, invalidf("list orders: limit %d", q.Limit)
	}
	after, err := parseCursor(q.Cursor)
	if err != nil {
		return plugin.OrderPage{}, fmt.Errorf("list orders: %w", err)
	}
	rows, err := o.store.placements(ctx, q, after)
	if err != nil {
		return plugin.OrderPage{}, fmt.Errorf("list orders: %w", err)
	}
	var page plugin.OrderPage
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		page.Next = orderCursor{last.PlacedAt, last.ID}.String()
	}
	for _, r := range rows {
		page.Placements = append(page.Placements, r.contract())
	}
	return page, nil
}

// orderCursor is the last order of a page. Its text is opaque to others.
type orderCursor struct {
	at time.Time
	id int64
}

// String writes the cursor.
func (c orderCursor) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", c.at.UnixMicro(), c.id))
}

// parseCursor reads a cursor; nil for the start. Errors: plugin.ErrInvalid.
func parseCursor(text string) (*orderCursor, error) {
	if text == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, invalidf("cursor is not ours")
	}
	micros, id, _ := strings.Cut(string(raw), ".")
	m, err1 := strconv.ParseInt(micros, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	// Postgres ends long before what an int64 of microseconds can say.
	if err1 != nil || err2 != nil || m < -1e17 || m > 1e17 {
		return nil, invalidf("cursor is not ours")
	}
	return &orderCursor{at: time.UnixMicro(m).UTC(), id: n}, nil
}

// MoveStatus implements plugin.Orders.
func (o *orders) MoveStatus(ctx context.Context, by plugin.Origin, m plugin.StatusMove) (plugin.OrderResult, error) {
	id, ok := parseID(m.OrderID)
	if !ok {
		return plugin.OrderResult{}, fmt.Errorf("move order %q: %w", cut(string(m.OrderID), 40), plugin.ErrNotFound)
	}
	change := statusChange{
		To: m.To, Expect: m.Expect, Letter: m.MayWriteToBuyer, Note: cut(m.Note, 1000),
		By: o.engine.pluginActor(by), Event: o.engine.plugin() != nil,
	}
	res, err := o.store.moveStatus(ctx, id, change)
	if err != nil {
		return plugin.OrderResult{}, fmt.Errorf("move order %d: %w", id, err)
	}
	o.engine.nudge()
	return res, nil
}

// OfferFacts implements plugin.Orders. It changes what the shop shows beside the order, not the
// order, so no event is fired.
func (o *orders) OfferFacts(ctx context.Context, by plugin.Origin, id plugin.OrderID, f plugin.Facts) (plugin.OrderResult, error) {
	n, ok := parseID(id)
	if !ok {
		return plugin.OrderResult{}, fmt.Errorf("facts of order %q: %w", cut(string(id), 40), plugin.ErrNotFound)
	}
	if err := checkFacts(f); err != nil {
		return plugin.OrderResult{}, fmt.Errorf("facts of order %d: %w", n, err)
	}
	res, err := o.store.offerFacts(ctx, n, o.engine.pluginActor(by), f)
	if err != nil {
		return plugin.OrderResult{}, fmt.Errorf("facts of order %d: %w", n, err)
	}
	return res, nil
}

// checkFacts: the facts are shown to staff, the address as a link.
func checkFacts(f plugin.Facts) error {
	for _, text := range []*string{f.CRMOrderID, f.CRMURL, f.TrackingNumber, f.ShippingStatus, f.PaymentState} {
		if text == nil {
			continue
		}
		if err := checkText("fact", *text, 2000); err != nil {
			return err
		}
	}
	if f.CRMURL != nil && *f.CRMURL != "" {
		u, err := url.Parse(*f.CRMURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return invalidf("the CRM's address of the order is no web address")
		}
	}
	if f.CRMTotal != nil {
		return checkText("currency", f.CRMTotal.Currency, 10)
	}
	return nil
}

// actor is who changes an order: as the event tells it, and as the history shows it.
type actor struct {
	Name   string
	Actor  plugin.Actor
	Origin plugin.Origin
}

func staffActor(login, name string) actor {
	return actor{Name: name, Actor: plugin.Actor{Kind: plugin.ActorStaff, ID: login}}
}

func buyerActor() actor {
	return actor{Name: "Покупець", Actor: plugin.Actor{Kind: plugin.ActorBuyer}}
}

func systemActor() actor {
	return actor{Name: "Магазин", Actor: plugin.Actor{Kind: plugin.ActorSystem}}
}

// pluginActor names the plugin in histories as its manifest does.
func (e *Engine) pluginActor(by plugin.Origin) actor {
	name := by.Plugin
	if p := e.plugin(); p != nil && p.Manifest().ID == by.Plugin && p.Manifest().Name != "" {
		name = p.Manifest().Name
	}
	if name == "" {
		name = "Інтеграція"
	}
	return actor{Name: cut(name, 100), Actor: plugin.Actor{Kind: plugin.ActorPlugin, ID: by.Plugin}, Origin: by}
}
