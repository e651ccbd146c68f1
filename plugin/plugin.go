package plugin

import (
	"context"
	"net/http"
	"time"
)

// Role is what a process does for us.
type Role string

const (
	// RoleAll serves pages and hooks and does the work: the ordinary single process.
	RoleAll Role = "all"
	// RoleWeb serves pages and hooks and queues the work.
	RoleWeb Role = "web"
	// RoleWorker does the work only.
	RoleWorker Role = "worker"
)

// Plugin is what the engine holds. Methods are safe for concurrent use. Detach ends what Attach began;
// the two may alternate on one instance as often as one likes. The handlers answer between and after as
// well: while the process is not attached, pages say that work stands still, and webhooks are stored.
type Plugin interface {
	// Manifest is what plugin.yaml says.
	Manifest() Manifest

	// Attach joins the process: it probes the host, brings our tables up to date (one process does,
	// the others wait), opens Redis and starts the role's goroutines. A failed Attach leaves nothing
	// running. Attaching what is attached is an error. Errors: ErrUnsupported when the database is none that we can use
	// (its text says why), others when it does not answer or a migration fails; the shop can go on without us, and
	// Attach may be tried again.
	Attach(ctx context.Context, role Role) error
	// Detach hands unfinished work back, joins every goroutine of ours, at most until ctx ends, and
	// closes Redis. It may be called twice, after a failed Attach, or without any. Errors: ctx's, when work still runs at
	// its end; whatever that work still holds is another process's when its lease runs out.
	Detach(ctx context.Context) error

	// Install prepares a shop; nothing is synchronised yet. Errors: ErrNotFound when the host does not have the shop;
	// as of the four below, those of the database, and then repeating finishes what was begun.
	Install(ctx context.Context, shop ShopID) error
	// Activate switches a shop on: routes answer, hooks take orders, schedules run. Errors: ErrRefused before
	// Install; those of the database.
	Activate(ctx context.Context, shop ShopID) error
	// Deactivate switches it off; settings, links and journals stay. Errors: those of the database.
	Deactivate(ctx context.Context, shop ShopID) error
	// Upgrade brings a shop's data to the plugin's version; safe to repeat. Errors: those of the database.
	Upgrade(ctx context.Context, shop ShopID) error
	// Uninstall drops the shop's secrets always, and our other data of the shop when told to. It
	// never deletes products or orders of the shop. Errors: those of the database; the shop is inactive by then.
	Uninstall(ctx context.Context, shop ShopID, data DataPolicy) error

	// AdminHandler serves the merchant's pages; mounted with the prefix stripped, behind the
	// engine's sign-in. No panic leaves it or WebhookHandler, but for http.ErrAbortHandler.
	AdminHandler() http.Handler
	// WebhookHandler serves what the CRM calls; mounted with the prefix stripped, without sign-in.
	WebhookHandler() http.Handler
	// Orders is what the engine tells of orders.
	Orders() OrderListener
	// OwnerOf answers the connection that keeps a product in step with its CRM account, so
	// that the engine can tell its staff that edits may be written over.
	// Errors: ErrNotFound when none does; any other means that the database could not be asked.
	OwnerOf(ctx context.Context, shop ShopID, product ProductID) (ConnectionID, error)
	// Health is for the engine's own health page; it answers within a second.
	Health(ctx context.Context) Health
}

// DataPolicy says what becomes of our data of a shop at Uninstall.
type DataPolicy string

// The policies.
const (
	KeepData DataPolicy = "keep"
	DropData DataPolicy = "drop"
)

// Health is a summary of how we are.
type Health struct {
	Database bool
	Redis    bool
	// Workers says whether a worker of any process was seen in the last minute.
	Workers bool
	// OldestPending is when the oldest unsent order was placed; zero when none waits.
	OldestPending time.Time
}

// OK reports whether nothing is wrong.
func (h Health) OK() bool { return h.Database && h.Redis && h.Workers }
