package bridge

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// orders is the shop's orders as the plugin sees them.
type orders struct {
	store       *store.Orders
	integration *Integration
	public      *url.URL // of the shop, for the addresses of pictures
}

var (
	_ plugin.Orders     = (*orders)(nil)
	_ plugin.OrdersByID = (*orders)(nil)
)

// Get implements plugin.Orders.
func (o *orders) Get(ctx context.Context, id plugin.OrderID) (plugin.Order, error) {
	n, ok := domain.ParseID(id)
	if !ok {
		return plugin.Order{}, contractErr(fmt.Errorf("order %q: %w", domain.Cut(string(id), 40), domain.ErrNotFound))
	}
	full, err := o.store.Get(ctx, n)
	if err != nil {
		return plugin.Order{}, contractErr(fmt.Errorf("order %d: %w", n, err))
	}
	return contractOrder(full, o.public), nil
}

// GetMany implements plugin.OrdersByID.
func (o *orders) GetMany(ctx context.Context, ids []plugin.OrderID) ([]plugin.Order, error) {
	if len(ids) > plugin.MaxBatch {
		return nil, contractErr(domain.Invalidf("read %d orders at a time", len(ids)))
	}
	full, err := o.store.Many(ctx, domain.ParseIDs(ids))
	if err != nil {
		return nil, contractErr(fmt.Errorf("read %d orders: %w", len(ids), err))
	}
	out := make([]plugin.Order, len(full))
	for i, f := range full {
		out[i] = contractOrder(f, o.public)
	}
	return out, nil
}

// List implements plugin.Orders.
func (o *orders) List(ctx context.Context, q plugin.OrderQuery) (plugin.OrderPage, error) {
	if q.Limit < 1 || q.Limit > plugin.MaxBatch {
		return plugin.OrderPage{}, contractErr(domain.Invalidf("list orders: limit %d", q.Limit))
	}
	after, err := parseCursor(q.Cursor)
	if err != nil {
		return plugin.OrderPage{}, contractErr(fmt.Errorf("list orders: %w", err))
	}
	rows, err := o.store.Placements(ctx, store.PlacementQuery{From: q.From, To: q.To, Statuses: q.Statuses, After: after, Limit: q.Limit})
	if err != nil {
		return plugin.OrderPage{}, contractErr(fmt.Errorf("list orders: %w", err))
	}
	var page plugin.OrderPage
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		page.Next = cursorText(store.Position{At: last.PlacedAt, Order: last.Order})
	}
	for _, r := range rows {
		page.Placements = append(page.Placements, contractPlacement(r))
	}
	return page, nil
}

// cursorText writes the last order of a page as a text that is opaque to others.
func cursorText(p store.Position) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", p.At.UnixMicro(), p.Order))
}

// parseCursor reads a cursor; nil for the start. Errors: ErrInvalid.
func parseCursor(text string) (*store.Position, error) {
	if text == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, domain.Invalidf("cursor is not ours")
	}
	micros, id, _ := strings.Cut(string(raw), ".")
	m, err1 := strconv.ParseInt(micros, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	// Postgres ends long before what an int64 of microseconds can say.
	if err1 != nil || err2 != nil || m < -1e17 || m > 1e17 {
		return nil, domain.Invalidf("cursor is not ours")
	}
	return &store.Position{At: time.UnixMicro(m).UTC(), Order: n}, nil
}

// MoveStatus implements plugin.Orders. The status the plugin expects is compared under the order's
// lock, so that of two moves at once the second finds the order elsewhere.
func (o *orders) MoveStatus(ctx context.Context, by plugin.Origin, m plugin.StatusMove) (plugin.OrderResult, error) {
	id, ok := domain.ParseID(m.OrderID)
	if !ok {
		return plugin.OrderResult{}, contractErr(fmt.Errorf("move order %q: %w", domain.Cut(string(m.OrderID), 40), domain.ErrNotFound))
	}
	res, err := o.store.MoveStatus(ctx, id, domain.StatusChange{
		To: m.To, Expect: m.Expect, Letter: m.MayWriteToBuyer, Note: domain.Cut(m.Note, 1000),
		By: o.integration.actor(by), Event: o.integration.Listens(),
	})
	if err != nil {
		return plugin.OrderResult{}, contractErr(fmt.Errorf("move order %d: %w", id, err))
	}
	o.integration.Nudge()
	return plugin.OrderResult{Version: version(res.Version), Changed: res.Changed}, nil
}

// OfferFacts implements plugin.Orders. It changes what the shop shows beside the order, not the
// order, so no event is fired.
func (o *orders) OfferFacts(ctx context.Context, by plugin.Origin, id plugin.OrderID, f plugin.Facts) (plugin.OrderResult, error) {
	n, ok := domain.ParseID(id)
	if !ok {
		return plugin.OrderResult{}, contractErr(fmt.Errorf("facts of order %q: %w", domain.Cut(string(id), 40), domain.ErrNotFound))
	}
	if err := checkFacts(f); err != nil {
		return plugin.OrderResult{}, contractErr(fmt.Errorf("facts of order %d: %w", n, err))
	}
	res, err := o.store.TakeFacts(ctx, n, o.integration.actor(by), shopFacts(f))
	if err != nil {
		return plugin.OrderResult{}, contractErr(fmt.Errorf("facts of order %d: %w", n, err))
	}
	return plugin.OrderResult{Version: version(res.Version), Changed: res.Changed}, nil
}

// checkFacts: the facts are shown to staff, the address as a link.
func checkFacts(f plugin.Facts) error {
	for _, text := range []*string{f.CRMOrderID, f.CRMURL, f.TrackingNumber, f.ShippingStatus, f.PaymentState} {
		if text == nil {
			continue
		}
		if err := domain.CheckText("fact", *text, 2000); err != nil {
			return err
		}
	}
	if f.CRMURL != nil && *f.CRMURL != "" {
		u, err := url.Parse(*f.CRMURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return domain.Invalidf("the CRM's address of the order is no web address")
		}
	}
	if f.CRMTotal != nil {
		return domain.CheckText("currency", f.CRMTotal.Currency, 10)
	}
	return nil
}
