package orders

import (
	"context"
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders/statuses"
)

// ErrBadCode is an Encode error: a code of the CRM in the settings is not one of its codes.
var ErrBadCode = errors.New("not a code of the CRM")

// Sink is the CRM that orders go to: one account through one key. Errors are those of internal/crm;
// none of them holds personal data. Safe for concurrent use.
type Sink interface {
	// OrderDictionary answers what Map must know of the account. Errors: any of internal/crm; the order waits.
	OrderDictionary(ctx context.Context) (Dictionary, error)
	// EncodeOrder writes the request that creates the draft. Pure; equal drafts give equal bytes.
	// Errors: ErrBadCode.
	EncodeOrder(d Draft) ([]byte, error)
	// CreateOrder sends bytes of EncodeOrder once. Errors: crm.ErrTaken when the natural key is in use
	// (orders only), crm.ErrUnknownOutcome when it may have been created.
	CreateOrder(ctx context.Context, target settings.Target, body []byte) (Receipt, error)
	// FindOrders answers everything that carries the probe's key, whatever its source. An empty answer
	// without an error is a complete look-up that found nothing.
	FindOrders(ctx context.Context, p Probe) ([]Found, error)
	// OrderState reads an order or card as it is now. Errors: crm.ErrNotFound.
	OrderState(ctx context.Context, target settings.Target, id string) (State, error)
	// SetOrderStatus sets a status (of a card "pipeline/status"). Setting it twice does no harm.
	// Errors: crm.ErrNotFound when the order is gone, crm.ErrUnknownOutcome.
	SetOrderStatus(ctx context.Context, target settings.Target, id, status string) (StatusSet, error)
}

// Dictionary is what Map must know of a CRM account.
type Dictionary struct {
	// Sources maps a source's code to its currency, ISO 4217.
	Sources map[string]string `json:"sources"`
	// Fields maps a custom field's code to the kind of its values; of orders and of cards.
	Fields map[string]FieldKind `json:"fields"`
	// BranchRefs are the delivery services that take the carrier's own id of a branch.
	BranchRefs map[string]bool `json:"branch_refs"`
}

// Receipt is what the CRM says of an order it created.
type Receipt struct {
	ID  string
	URL string // for a manager; empty when the CRM does not tell
	// Total as the CRM computes it.
	Total decimal.Decimal
	// Status it has, and since when; the time may be zero.
	Status   string
	StatusAt time.Time
	// Moved: somebody in the CRM has changed the status since the creation. It is false, too, of an order that was
	// found and had been changed within its first moments; see the function of that name.
	Moved bool
}

// Probe looks for an order or a card.
type Probe struct {
	Target settings.Target
	Key    string
	Source string
	// Since and Until bound when a card was created; orders are found by their key alone.
	Since, Until time.Time
}

// Found is an order or card of the CRM that carries the key.
type Found struct {
	Receipt
	Source string
}

// StatusSet answers a status that was set. At is when, by the CRM's clock; zero when it did not say.
type StatusSet struct {
	At time.Time
}

// State is what the CRM says of an order or card now.
type State struct {
	ID string
	// Key is the source UUID; empty for cards and for orders made by hand.
	Key    string
	Source string
	// Status is the CRM's code; of a card "pipeline/status".
	Status string
	// StatusAt is when the status was last changed; zero: never since the creation.
	StatusAt  time.Time
	UpdatedAt time.Time
	CreatedAt time.Time
	// Tracking, Shipping and Payment are empty when not known; the latter two are words for people.
	Tracking string
	Shipping string
	Payment  string
	Total    decimal.Decimal
	// OrderID is the order a card was converted to; empty when it was not.
	OrderID string
}

// Said is what the state says of the status.
func (s State) Said() statuses.Said {
	return statuses.Said{
		Seen: statuses.Seen{Status: s.Status, At: s.StatusAt}, UpdatedAt: s.UpdatedAt, First: !Moved(s.StatusAt, s.CreatedAt),
	}
}

// Moved reports whether a status was changed since the creation. The CRM dates the first status too, in whole
// seconds and up to one later, so a change within up to nearly two seconds of the creation does not count.
func Moved(changed, created time.Time) bool { return changed.After(created.Add(time.Second)) }
