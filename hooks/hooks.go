package hooks

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/backoff"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// Links looks webhook links up; *settings.Store does. Errors: plugin.ErrNotFound.
type Links interface {
	FindLink(ctx context.Context, object settings.Object, token string) (settings.Link, error)
}

// Reader reads an object of the CRM as it is now. Errors are those of internal/crm, crm.ErrNotFound
// when the object is gone.
type Reader interface {
	OrderState(ctx context.Context, target settings.Target, id string) (orders.State, error)
	// ConvertedCards answers, by their own ids, the orders that cards of a source became, of one page of those
	// changed since then; page 1 is the first. Errors: any of internal/crm; the page is read again later.
	ConvertedCards(ctx context.Context, source string, since time.Time, page int) (became map[string]string, more bool, err error)
}

// Stocks enqueues calls about stock; *stockcalls.Calls does. What to do about them is its business.
type Stocks interface {
	// Note stores that a call named offers of the CRM; none is a call too. An error is answered with 503, and the CRM
	// repeats the call.
	Note(ctx context.Context, conn plugin.ConnectionID, offers []string) error
}

// Deps is what hooks work with. All but Stocks, Active and Config are needed.
type Deps struct {
	DB          *sqlx.DB
	Clock       plugin.Clock
	Log         *slog.Logger
	Links       Links
	Connections orders.Connections
	Orders      *orders.Exporter
	// Stocks takes stock calls; nil: their link answers 404.
	Stocks Stocks
	// Shop opens a shop. Errors: plugin.ErrNotFound.
	Shop func(ctx context.Context, id plugin.ShopID) (plugin.Shop, error)
	// Reader opens the CRM of a connection in the lane of status reads.
	Reader func(ctx context.Context, id plugin.ConnectionID) (Reader, error)
	// PluginID is the manifest's id, the Origin of our writes.
	PluginID string
	// CRMName names the CRM in histories of orders, "KeyCRM".
	CRMName string
	// Active reports whether the plugin is active in a shop. It is called inside the checkout, so it
	// must answer from memory. nil: always.
	Active func(shop plugin.ShopID) bool
	Config Config
}

// Config holds the timings. The zero value takes the defaults.
type Config struct {
	// Lease is how long a worker has an object to itself: 40 s by default, and always longer than Request.
	Lease time.Duration
	// Request is how long one read from the CRM may take (30 s).
	Request time.Duration
	// RetryBase and RetryCap bound the pause after a temporary error (5 s, 10 min).
	RetryBase, RetryCap time.Duration
	// RequeueAfter is how long a row handed to the queue is left to it (30 s).
	RequeueAfter time.Duration
	// Answer is how long a webhook waits for the database before it answers 503 (2 s).
	Answer time.Duration
	// Unconverted is how long, in pipeline mode, an order of our source waits for a card of ours that
	// became it (24 h).
	Unconverted time.Duration
	// Unconfirmed is how long an order whose creation is not confirmed yet is waited for (10 min).
	Unconfirmed time.Duration
}

func (c Config) withDefaults() Config {
	c.Lease = cmp.Or(c.Lease, 30*time.Second)
	c.Request = cmp.Or(c.Request, 30*time.Second)
	c.RetryBase = cmp.Or(c.RetryBase, 5*time.Second)
	c.RetryCap = cmp.Or(c.RetryCap, 10*time.Minute)
	c.RequeueAfter = cmp.Or(c.RequeueAfter, 30*time.Second)
	c.Answer = cmp.Or(c.Answer, 2*time.Second)
	c.Unconfirmed = cmp.Or(c.Unconfirmed, 10*time.Minute)
	c.Unconverted = cmp.Or(c.Unconverted, 24*time.Hour)
	if c.Lease <= c.Request { // nobody may take over while a read is under way
		c.Lease = c.Request + 10*time.Second
	}
	return c
}

func (c Config) backoff() backoff.Policy {
	return backoff.Policy{Base: c.RetryBase, Cap: c.RetryCap, Jitter: 0.2}
}

// Hooks joins the three: what the shop calls, what the CRM calls, and the work that follows.
type Hooks struct {
	listener *Listener
	receiver *receiver
	inbox    *Inbox
	nudge    nudge
}

// New starts nothing.
func New(d Deps) *Hooks {
	d.Config = d.Config.withDefaults()
	if d.Active == nil {
		d.Active = func(plugin.ShopID) bool { return true }
	}
	n := make(nudge, 1)
	return &Hooks{
		listener: &Listener{Deps: d, nudge: n},
		receiver: newReceiver(d, n),
		inbox:    &Inbox{Deps: d, store: store{db: d.DB}},
		nudge:    n,
	}
}

// Listener is what the engine tells of orders.
func (h *Hooks) Listener() *Listener { return h.listener }

// Webhooks serves POST /orders/{token}, /cards/{token} and /stock/{token}; mount it with the prefix
// stripped.
func (h *Hooks) Webhooks() http.Handler { return h.receiver }

// Inbox does the work that webhooks leave.
func (h *Hooks) Inbox() *Inbox { return h.inbox }

// Nudged is ready once after something was enqueued in this process: a relay need not wait for its next poll. Never
// closed.
func (h *Hooks) Nudged() <-chan struct{} { return h.nudge }

// nudge has room for one: whoever is nudged looks at everything anyway.
type nudge chan struct{}

func (n nudge) notify() {
	select {
	case n <- struct{}{}:
	default:
	}
}
