package plugin

import "time"

// Origin marks a write of ours. The shop repeats it in the events the write causes and may show it
// in histories. The zero value means: not from a plugin.
type Origin struct {
	Plugin     string // the manifest's id
	Connection ConnectionID
	// Ref tells which piece of our work it was ("run 42", "order 70123"); for logs and histories.
	Ref string
}

// ActorKind says what kind of actor changed something.
type ActorKind string

// The kinds of actors.
const (
	ActorBuyer  ActorKind = "buyer"
	ActorStaff  ActorKind = "staff"
	ActorSystem ActorKind = "system" // the engine itself: payment callbacks, timers
	ActorPlugin ActorKind = "plugin" // then Origin is set
)

// Actor is who changed something. ID is the engine's, opaque; empty for system.
type Actor struct {
	Kind ActorKind
	ID   string
}

// EventKind names what happened to an order.
type EventKind string

// The five events.
const (
	OrderPlaced    EventKind = "order_placed"
	StatusChanged  EventKind = "status_changed"
	PaymentChanged EventKind = "payment_changed"
	OrderEdited    EventKind = "order_edited"
	OrderDeleted   EventKind = "order_deleted"
)

// Event is something that happened to an order. It carries no personal data: we read the order.
// Events may come twice or late; At tells when it happened. Shop and Order are always set.
type Event struct {
	Kind   EventKind
	Shop   ShopID
	Order  OrderID
	Actor  Actor
	Origin Origin // zero unless a plugin's write caused it
	At     time.Time
	// From and To are status codes; set for StatusChanged only.
	From, To string
	// Placement must be set for OrderPlaced, and for nothing else: an order is routed by it.
	Placement *Placement
}
