package domain

// ActorKind says what kind of actor changed an order.
type ActorKind string

// The kinds of actors.
const (
	ActorBuyer  ActorKind = "buyer"
	ActorStaff  ActorKind = "staff"
	ActorSystem ActorKind = "system"
	ActorPlugin ActorKind = "plugin"
)

// Actor is who changes an order: as the event tells it, and as the history shows it.
type Actor struct {
	Name   string `json:"-"` // for the history
	Kind   ActorKind
	ID     string // the login of staff, the id of a plugin; else empty
	Origin Origin `json:"-"` // of a plugin's write; else zero
}

// Origin is what a plugin says of its write, to be repeated in the events the write causes.
type Origin struct{ Plugin, Connection, Ref string }

// StaffActor is a member of staff.
func StaffActor(login, name string) Actor { return Actor{Name: name, Kind: ActorStaff, ID: login} }

// BuyerActor is the buyer.
func BuyerActor() Actor { return Actor{Name: "Покупець", Kind: ActorBuyer} }

// SystemActor is the shop itself.
func SystemActor() Actor { return Actor{Name: "Магазин", Kind: ActorSystem} }
