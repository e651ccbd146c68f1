package keycrm

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
)

// OrdersService reads and writes orders.
type OrdersService struct{ c *caller }

// List returns one page of orders, newest first unless sorted.
// Source: KeyCRM OpenAPI v1, GET /order.
func (s *OrdersService) List(ctx context.Context, q OrderQuery) ([]Order, *Page, error) {
	return list[Order](ctx, s.c, "orders.list", "order", q.query())
}

// Pages walks the list page by page from q.Page on.
func (s *OrdersService) Pages(ctx context.Context, q OrderQuery) iter.Seq2[PageOf[Order], error] {
	return walk("order", q.Page, func(o *Order) int64 { return o.ID }, func(n int) ([]Order, *Page, error) {
		q.Page = n
		return s.List(ctx, q)
	})
}

// All walks the list order by order from q.Page on. It ends after the first error.
func (s *OrdersService) All(ctx context.Context, q OrderQuery) iter.Seq2[Order, error] {
	return rowsOf(s.Pages(ctx, q))
}

// Get returns one order. A deleted order is ErrNotFound.
// Source: KeyCRM OpenAPI v1, GET /order/{orderId}.
func (s *OrdersService) Get(ctx context.Context, id int64, parts ...OrderInclude) (*Order, error) {
	var o Order
	if err := s.c.get(ctx, "orders.get", fmt.Sprintf("order/%d", id), onlyInclude(parts), &o); err != nil {
		return nil, err
	}
	return &o, nil
}

// Create makes an order and returns it as KeyCRM keeps it, so that totals can be compared. A used SourceUUID is
// ErrTaken; after ErrUnknownOutcome look the order up by its SourceUUID before anything else.
// Source: KeyCRM OpenAPI v1, POST /order.
func (s *OrdersService) Create(ctx context.Context, in OrderCreate) (*Order, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("orders.create: encode: %w", err)
	}
	return s.CreateRaw(ctx, body)
}

// CreateRaw is Create with a body that was encoded before (an OrderCreate), sent byte for byte.
func (s *OrdersService) CreateRaw(ctx context.Context, body []byte) (*Order, error) {
	var o Order
	if err := s.c.do(ctx, Request{"orders.create", http.MethodPost, "order"}, nil, body, &o); err != nil {
		return nil, err
	}
	return &o, madeWithID(o.ID, http.MethodPost, "order")
}

// Update changes an order and returns it.
// Source: KeyCRM OpenAPI v1, PUT /order/{orderId}.
func (s *OrdersService) Update(ctx context.Context, id int64, in OrderUpdate) (*Order, error) {
	var o Order
	r := Request{"orders.update", http.MethodPut, fmt.Sprintf("order/%d", id)}
	if err := s.c.send(ctx, r, in, &o); err != nil {
		return nil, err
	}
	return &o, nil
}

// AddPayment adds a payment. Sent twice it is there twice. The answer may lack the payment's id.
// Source: KeyCRM OpenAPI v1, POST /order/{orderId}/payment.
func (s *OrdersService) AddPayment(ctx context.Context, id int64, in PaymentCreate) (*Payment, error) {
	var p Payment
	r := Request{"orders.add_payment", http.MethodPost, fmt.Sprintf("order/%d/payment", id)}
	if err := s.c.send(ctx, r, in, &p); err != nil {
		return nil, err
	}
	return &p, nil
}

// UpdatePayment changes a payment's status or description.
// Source: KeyCRM OpenAPI v1, PUT /order/{orderId}/payment/{paymentId}.
func (s *OrdersService) UpdatePayment(ctx context.Context, id, paymentID int64, in PaymentUpdate) (*Payment, error) {
	var p Payment
	r := Request{"orders.update_payment", http.MethodPut, fmt.Sprintf("order/%d/payment/%d", id, paymentID)}
	if err := s.c.send(ctx, r, in, &p); err != nil {
		return nil, err
	}
	return &p, nil
}

// AddTag puts a tag on an order. A tag that is there already stays.
// Source: KeyCRM OpenAPI v1, POST /order/{orderId}/tag/{tagId}.
func (s *OrdersService) AddTag(ctx context.Context, id, tagID int64) error {
	r := Request{"orders.add_tag", http.MethodPost, fmt.Sprintf("order/%d/tag/%d", id, tagID)}
	return s.c.send(ctx, r, nil, nil)
}

// RemoveTag takes a tag off an order.
// Source: KeyCRM OpenAPI v1, DELETE /order/{orderId}/tag/{tagId}.
func (s *OrdersService) RemoveTag(ctx context.Context, id, tagID int64) error {
	r := Request{"orders.remove_tag", http.MethodDelete, fmt.Sprintf("order/%d/tag/%d", id, tagID)}
	return s.c.send(ctx, r, nil, nil)
}
