package domain

import "time"

// EventKind names what happened to an order.
type EventKind string

// The events.
const (
	OrderPlaced    EventKind = "order_placed"
	StatusChanged  EventKind = "status_changed"
	PaymentChanged EventKind = "payment_changed"
	OrderEdited    EventKind = "order_edited"
	OrderDeleted   EventKind = "order_deleted"
)

// Event is something that happened to an order, as the queue keeps it in JSON.
type Event struct {
	Kind      EventKind
	Order     int64 `json:",string"`
	Actor     Actor
	Origin    Origin
	At        time.Time
	From, To  string     // status codes, of StatusChanged only
	Placement *Placement // of OrderPlaced only
}

// NewEvent is an event by somebody, about an order.
func NewEvent(kind EventKind, order int64, by Actor, at time.Time) Event {
	return Event{Kind: kind, Order: order, Actor: by, Origin: by.Origin, At: at}
}

// Placement is what is known of an order the moment it is placed: which one, where and when.
type Placement struct {
	Order      int64     `db:"id" json:",string"`
	Storefront string    `db:"storefront"`
	Domain     string    `db:"domain"`
	PlacedAt   time.Time `db:"placed_at"`
}
