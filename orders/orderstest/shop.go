// Package orderstest is a small honest shop in memory, for tests of what carries orders. It keeps the
// promises of plugin.Orders and can be told to fail.
package orderstest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// Move is a status that was moved.
type Move struct {
	By   plugin.Origin
	Move plugin.StatusMove
}

// Shop is a plugin.Shop without a catalog. Safe for concurrent use.
type Shop struct {
	id plugin.ShopID

	mu       sync.Mutex
	profile  plugin.Profile
	orders   map[plugin.OrderID]plugin.Order
	versions int
	moves    []Move
	refused  map[string]string // status to reason
	fail     error
}

// New makes an empty shop that sells in UAH and reads phones as Ukrainian.
func New(id plugin.ShopID) *Shop {
	return &Shop{
		id: id, orders: map[plugin.OrderID]plugin.Order{}, refused: map[string]string{},
		profile: plugin.Profile{
			ID: id, Name: "Крамниця", Currency: "UAH", Locale: "uk", Zone: time.UTC, PhoneRegion: "UA", CollectsUTM: true,
		},
	}
}

// Put stores an order.
func (s *Shop) Put(o plugin.Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(o)
}

func (s *Shop) store(o plugin.Order) plugin.Version {
	s.versions++
	o.Version = plugin.Version(strconv.Itoa(s.versions))
	s.orders[o.ID] = o
	return o.Version
}

// Order reads one; the zero value when there is none.
func (s *Shop) Order(id plugin.OrderID) plugin.Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.orders[id]
}

// Edit changes a stored order.
func (s *Shop) Edit(id plugin.OrderID, change func(*plugin.Order)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[id]
	change(&o)
	s.store(o)
}

// Moves are the status moves that changed something, in order.
func (s *Shop) Moves() []Move {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.moves)
}

// Refuse makes the shop's rules forbid a status.
func (s *Shop) Refuse(status, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[status] = reason
}

// Fail makes every call answer err until it is called with nil.
func (s *Shop) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Open is a plugin host's Shop for this shop alone.
func (s *Shop) Open(_ context.Context, id plugin.ShopID) (plugin.Shop, error) {
	if id != s.id {
		return nil, fmt.Errorf("shop %q: %w", id, plugin.ErrNotFound)
	}
	return s, nil
}

var (
	_ plugin.Shop         = (*Shop)(nil)
	_ plugin.Orders       = (*Shop)(nil)
	_ plugin.Dictionaries = (*Shop)(nil)
)

// Profile implements plugin.Shop.
func (s *Shop) Profile(context.Context) (plugin.Profile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.profile, s.fail
}

// Capabilities implements plugin.Shop.
func (s *Shop) Capabilities() plugin.Capabilities {
	return plugin.Capabilities{
		plugin.CapAddOns, plugin.CapUTM, plugin.CapFactCRMOrder, plugin.CapFactTracking, plugin.CapFactShipping,
		plugin.CapFactPayment, plugin.CapFactCRMTotals,
	}
}

// Catalog implements plugin.Shop: there is none.
func (s *Shop) Catalog() plugin.Catalog { return nil }

// Orders implements plugin.Shop.
func (s *Shop) Orders() plugin.Orders { return s }

// Dictionaries implements plugin.Shop.
func (s *Shop) Dictionaries() plugin.Dictionaries { return s }

// Get implements plugin.Orders.
func (s *Shop) Get(_ context.Context, id plugin.OrderID) (plugin.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return plugin.Order{}, s.fail
	}
	o, ok := s.orders[id]
	if !ok {
		return o, fmt.Errorf("order %q: %w", id, plugin.ErrNotFound)
	}
	return o, nil
}

// List implements plugin.Orders. The cursor is the position in the sorted list.
func (s *Shop) List(_ context.Context, q plugin.OrderQuery) (plugin.OrderPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return plugin.OrderPage{}, s.fail
	}
	var list []plugin.Placement
	for _, o := range s.orders {
		if o.PlacedAt.Before(q.From) || !q.To.IsZero() && !o.PlacedAt.Before(q.To) {
			continue
		}
		if len(q.Statuses) == 0 || slices.Contains(q.Statuses, o.Status) {
			list = append(list, PlacementOf(s.id, o))
		}
	}
	slices.SortFunc(list, func(a, b plugin.Placement) int {
		if c := a.PlacedAt.Compare(b.PlacedAt); c != 0 {
			return c
		}
		return strings.Compare(string(a.Order), string(b.Order))
	})
	start, _ := strconv.Atoi(q.Cursor) // empty: 0
	end := min(start+q.Limit, len(list))
	page := plugin.OrderPage{Placements: list[min(start, end):end]}
	if end < len(list) {
		page.Next = strconv.Itoa(end)
	}
	return page, nil
}

// PlacementOf is what a hook tells of an order.
func PlacementOf(shop plugin.ShopID, o plugin.Order) plugin.Placement {
	return plugin.Placement{Shop: shop, Order: o.ID, Storefront: o.Storefront, Domain: o.Domain, PlacedAt: o.PlacedAt}
}

// MoveStatus implements plugin.Orders.
func (s *Shop) MoveStatus(_ context.Context, by plugin.Origin, m plugin.StatusMove) (plugin.OrderResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return plugin.OrderResult{}, s.fail
	}
	o, ok := s.orders[m.OrderID]
	switch {
	case !ok:
		return plugin.OrderResult{}, fmt.Errorf("order %q: %w", m.OrderID, plugin.ErrNotFound)
	case o.Status == m.To:
		return plugin.OrderResult{Version: o.Version}, nil
	case m.Expect != "" && m.Expect != o.Status:
		return plugin.OrderResult{}, fmt.Errorf("order %q: %w", m.OrderID, plugin.ErrConflict)
	case s.refused[m.To] != "":
		return plugin.OrderResult{}, plugin.Refuse(s.refused[m.To])
	}
	o.Status = m.To
	s.moves = append(s.moves, Move{by, m})
	return plugin.OrderResult{Version: s.store(o), Changed: true}, nil
}

// OfferFacts implements plugin.Orders.
func (s *Shop) OfferFacts(_ context.Context, _ plugin.Origin, id plugin.OrderID, f plugin.Facts) (plugin.OrderResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return plugin.OrderResult{}, s.fail
	}
	o, ok := s.orders[id]
	if !ok {
		return plugin.OrderResult{}, fmt.Errorf("order %q: %w", id, plugin.ErrNotFound)
	}
	changed := false
	for _, fact := range []struct{ have, offered **string }{
		{&o.Facts.CRMOrderID, &f.CRMOrderID},
		{&o.Facts.CRMURL, &f.CRMURL},
		{&o.Facts.TrackingNumber, &f.TrackingNumber},
		{&o.Facts.ShippingStatus, &f.ShippingStatus},
		{&o.Facts.PaymentState, &f.PaymentState},
	} {
		if *fact.offered != nil && (*fact.have == nil || **fact.have != **fact.offered) {
			value := **fact.offered
			*fact.have, changed = &value, true
		}
	}
	if f.CRMTotal != nil && (o.Facts.CRMTotal == nil || !o.Facts.CRMTotal.Equal(*f.CRMTotal)) {
		total := *f.CRMTotal
		o.Facts.CRMTotal, changed = &total, true
	}
	if !changed {
		return plugin.OrderResult{Version: o.Version}, nil
	}
	return plugin.OrderResult{Version: s.store(o), Changed: true}, nil
}

// OrderStatuses implements plugin.Dictionaries.
func (s *Shop) OrderStatuses(context.Context) ([]plugin.OrderStatus, error) {
	return []plugin.OrderStatus{
		{Code: "new", Name: "Нове"},
		{Code: "accepted", Name: "Прийнято"},
		{Code: "paid", Name: "Оплачено"},
		{Code: "shipped", Name: "Відправлено"},
		{Code: "done", Name: "Виконано", Final: true},
		{Code: "canceled", Name: "Скасовано", Final: true, Canceled: true},
	}, nil
}

// PaymentMethods implements plugin.Dictionaries.
func (s *Shop) PaymentMethods(context.Context) ([]plugin.PaymentMethod, error) {
	return []plugin.PaymentMethod{{Code: "cash", Name: "Готівка"}, {Code: "card", Name: "Картка"}}, nil
}

// DeliveryMethods implements plugin.Dictionaries.
func (s *Shop) DeliveryMethods(context.Context) ([]plugin.DeliveryMethod, error) {
	return []plugin.DeliveryMethod{
		{Code: "np", Name: "Нова пошта", Carrier: "novaposhta"}, {Code: "pickup", Name: "Самовивіз", Carrier: "pickup"},
	}, nil
}

// AddOns implements plugin.Dictionaries.
func (s *Shop) AddOns(context.Context) ([]plugin.AddOn, error) {
	return []plugin.AddOn{{Code: "nocall", Name: "Не телефонувати"}}, nil
}

// Storefronts implements plugin.Dictionaries.
func (s *Shop) Storefronts(context.Context) ([]plugin.Storefront, error) {
	return []plugin.Storefront{{ID: "main", Name: "Крамниця", Domains: []string{"shop.test"}}}, nil
}

// Languages implements plugin.Dictionaries.
func (s *Shop) Languages(context.Context) ([]plugin.Language, error) {
	return []plugin.Language{{Code: "uk", Name: "Українська"}}, nil
}
