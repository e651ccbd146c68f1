package plugin

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"
)

// Host is what the engine gives us for the whole process. All methods are safe for concurrent use
// and cheap unless they take a context. DB, Redis, Logger, Clock, Secrets and URLs are needed; New refuses
// a host without one of them, or with one that cannot work, and names it.
type Host interface {
	// DB is a pool opened with lib/pq on Postgres 14 or newer, on which our role may create and use
	// the schema "keybridge". It is probed at Attach and refused otherwise. An engine on another
	// database gives us a Postgres apart, and captures orders by CaptureDurable or CaptureScan.
	DB() *sqlx.DB
	// ListenDSN opens one more connection for LISTEN; empty when the engine gives none, then waiting
	// work is found by a poll each second.
	ListenDSN() string
	// Redis is where asynq and the request budget live: single, Sentinel or Cluster.
	Redis() asynq.RedisConnOpt
	Logger() *slog.Logger
	Clock() Clock
	// Secrets seals the API keys and tokens we store.
	Secrets() KeyRing
	// URLs come from the engine's configuration, never from a request's Host header.
	URLs() URLs
	// Operator answers who is signed in; false when nobody is, then our pages are not shown.
	Operator(r *http.Request) (Operator, bool)
	// VerifyCSRF checks a writing request of ours against the operator's session; see CSRFField. Errors: ErrInvalid;
	// whatever it answers, we refuse the request with 403 and write nothing.
	VerifyCSRF(r *http.Request) error
	// RenderPage writes a page of ours inside the engine's admin frame. An error means that nothing was written yet:
	// it is logged, and we answer with a page that says so.
	RenderPage(w http.ResponseWriter, r *http.Request, p Page) error
	// Notify leaves a message for the merchant. A failure is logged, nothing waits for it. A message about
	// a state, such as orders that wait for a person, comes when the state begins and again the next day
	// while it lasts, from one process; one that was not taken comes again a minute later. Errors: ErrNotFound for a
	// shop the process does not have; any error means that the message was not taken.
	Notify(ctx context.Context, m Message) error
	// Capture is the level at which this engine tells us of placed orders.
	Capture() CaptureLevel
	// Shops lists the shops of the process. Errors: ErrTemporary.
	Shops(ctx context.Context) ([]ShopID, error)
	// Shop opens one. Errors: ErrTemporary, and the work on it is tried again later; ErrNotFound when the process does
	// not have it, which ends a run, while orders and statuses wait for a shop that may come back.
	Shop(ctx context.Context, id ShopID) (Shop, error)
}

// Shop is one shop of the process. Safe for concurrent use.
type Shop interface {
	// Profile reads the settings that matter to us. Errors: ErrTemporary; what needs it is tried again.
	Profile(ctx context.Context) (Profile, error)
	Capabilities() Capabilities
	Catalog() Catalog
	Orders() Orders
	Dictionaries() Dictionaries
}

// Profile is what a shop is set to.
type Profile struct {
	ID       ShopID
	Name     string
	Currency string // ISO 4217
	Locale   string // BCP 47
	Zone     *time.Location
	// PhoneRegion reads phones without a country code, ISO 3166 alpha-2 ("UA").
	PhoneRegion string
	// CollectsUTM: the merchant has switched on collecting campaign marks.
	CollectsUTM bool
}

// Clock tells the time. Engines give the system's; tests give their own.
type Clock interface {
	// Now is in UTC.
	Now() time.Time
}

// KeyRing holds 32-byte AES keys by id. Current seals; all open. Ids are short and public.
type KeyRing struct {
	Current string
	Keys    map[string][]byte
}

// URLs are where our handlers are mounted, as the outside sees them: absolute http or https addresses with
// a host, without a query, a fragment or a trailing slash.
type URLs struct {
	// Admin is the address of Plugin.AdminHandler's root.
	Admin *url.URL
	// Public is the address of Plugin.WebhookHandler's root; the CRM must reach it.
	Public *url.URL
}

// Page is a page of ours to be framed by the engine. It brings no inline scripts, so that a
// Content-Security-Policy of the engine's with script-src 'self' fits it.
type Page struct {
	Title string
	Body  template.HTML
	// Head holds our link and script elements, served by ourselves.
	Head template.HTML
	// Status is the HTTP status; zero means 200.
	Status int
}
