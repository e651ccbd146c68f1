package service

import (
	"context"
	"time"

	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// Directory reads the lists of one CRM account, live, in the lane of the merchant's clicks. Errors
// are those of package crm; a list the CRM does not have at all is empty.
type Directory interface {
	// Account recognises the account; its answer shows that the key works.
	Account(ctx context.Context) (crm.Fingerprint, error)
	Sources(ctx context.Context) ([]crm.Source, error)
	OrderStatuses(ctx context.Context) ([]crm.Status, error)
	// Pipelines: crm.ErrFeatureOff when the account has them switched off.
	Pipelines(ctx context.Context) ([]crm.Pipeline, error)
	PaymentMethods(ctx context.Context) ([]crm.PaymentMethod, error)
	DeliveryServices(ctx context.Context) ([]crm.DeliveryService, error)
	CustomFields(ctx context.Context) ([]crm.Field, error)
	// Warehouses are those the CRM can be seen to have; there may be others.
	Warehouses(ctx context.Context) ([]crm.Warehouse, error)
	Categories(ctx context.Context) ([]crm.Category, error)
}

// Runs starts and shows synchronisations of the catalog; *catalog.Engine does.
type Runs interface {
	// Start: catalog.ErrRunning beside the id of the run that is not over, catalog.ErrOff.
	Start(ctx context.Context, id plugin.ConnectionID, kind catalog.Kind, by string) (int64, error)
	// Preview starts a run that shows what it would do and waits: errors as Start's.
	Preview(ctx context.Context, id plugin.ConnectionID, kind catalog.Kind, by string) (int64, error)
	// Rematch starts a preview that matches linked products anew: errors as Start's, catalog.ErrNoKey.
	Rematch(ctx context.Context, id plugin.ConnectionID, by string) (int64, error)
	// Approve lets a waiting run go on: catalog.ErrNotWaiting, catalog.ErrMoved, catalog.ErrOff.
	Approve(ctx context.Context, run int64, by string) error
	// Plan lists what a run means to do.
	Plan(ctx context.Context, run int64, after string, limit int) ([]catalog.Intended, error)
	PlanCounts(ctx context.Context, run int64) (catalog.PlanCounts, error)
	PlanTree(ctx context.Context, run int64, limit int) ([]catalog.IntendedCategory, error)
	Run(ctx context.Context, id int64) (catalog.Run, error)
	Runs(ctx context.Context, id plugin.ConnectionID, limit int) ([]catalog.Run, error)
	Cancel(ctx context.Context, run int64) error
	// NextRuns tells when runs start by themselves; none while nothing does.
	NextRuns(ctx context.Context, id plugin.ConnectionID) ([]catalog.NextRun, error)
	// Reschedule makes that follow what is stored now.
	Reschedule(ctx context.Context, id plugin.ConnectionID) error
	// Changes lists what a run wrote, oldest first.
	Changes(ctx context.Context, run, after int64, limit int) ([]catalog.Change, error)
	// ItemsOf lists what of a kind a run left alone, oldest first.
	ItemsOf(ctx context.Context, run int64, kind catalog.ItemKind, after int64, limit int) ([]catalog.Item, error)
	CountItems(ctx context.Context, run int64) (map[catalog.ItemKind]int, error)
}

// Products is what a person may do to synchronised products by hand; *catalog.Engine does it.
type Products interface {
	// Hidden lists what we hid and what waits for a person, from behind the mark after; next goes on.
	Hidden(ctx context.Context, id plugin.ConnectionID, after string, limit int) (list []catalog.Hidden, next string, err error)
	CountHidden(ctx context.Context, id plugin.ConnectionID, limit int) (int, error)
	// Publish shows what waits; refused is what the shop did not take.
	Publish(ctx context.Context, id plugin.ConnectionID, products []plugin.ProductID, by string) (done int, refused []catalog.Item, err error)
	// Held tells what stock is held back, HeldVariants lists it from behind an offer, and ConfirmHeld takes
	// a person's word that there really are none of what was held back up to a moment.
	Held(ctx context.Context, id plugin.ConnectionID) (catalog.HeldStock, error)
	HeldVariants(ctx context.Context, id plugin.ConnectionID, after string, limit int) ([]catalog.HeldVariant, error)
	ConfirmHeld(ctx context.Context, id plugin.ConnectionID, until time.Time, by string) (int, error)
	// Pin keeps a field of a product as it is in the shop: plugin.ErrNotFound, plugin.ErrInvalid.
	Pin(ctx context.Context, id plugin.ConnectionID, product plugin.ProductID, field settings.OwnedField, by string) error
	Unpin(ctx context.Context, id plugin.ConnectionID, product plugin.ProductID, field settings.OwnedField, by string) error
	// Pins lists pins from behind the given one.
	Pins(ctx context.Context, id plugin.ConnectionID, after catalog.Pin, limit int) ([]catalog.Pin, error)
	Pinned(ctx context.Context, id plugin.ConnectionID, products []plugin.ProductID) (map[plugin.ProductID][]settings.OwnedField, error)
}

// Journal shows the orders of a connection on their way to the CRM; *orders.Exporter does.
type Journal interface {
	// List answers the latest, newest first.
	List(ctx context.Context, f orders.Filter, limit int) ([]orders.Row, error)
	Counts(ctx context.Context, f orders.Filter) (map[orders.EntryState]int, error)
	// Groups answers what waits for a person, the largest groups first.
	Groups(ctx context.Context, f orders.Filter, limit int) ([]orders.Group, error)
	// Entry: plugin.ErrNotFound.
	Entry(ctx context.Context, id int64) (orders.Entry, error)
	// RetryBy gives an entry that no connection took to this one. RetryBy and Ignore: plugin.ErrNotFound,
	// and plugin.ErrConflict when the entry has moved on.
	RetryBy(ctx context.Context, id int64, conn plugin.ConnectionID) error
	Ignore(ctx context.Context, id int64) error
	// RetryGroup is RetryBy for what waits for the filter's reason, most at a time; it answers how many go on.
	RetryGroup(ctx context.Context, f orders.Filter, conn plugin.ConnectionID, most int) (int, error)
}

// Webhooks tells what the CRM's calls did.
type Webhooks interface {
	Seen(ctx context.Context, id plugin.ConnectionID, object settings.Object) (WebhookSeen, error)
	StockSeen(ctx context.Context, id plugin.ConnectionID) (StockSeen, error)
}

// StockSeen is the status of the CRM's notifications about stock.
type StockSeen struct {
	catalog.StockStatus
	// Changes are the latest values that calls wrote, newest first.
	Changes []catalog.Change
}

// WebhookSeen is when the CRM last called and when a status was last applied; zero: never.
type WebhookSeen struct {
	Received time.Time
	Applied  time.Time
	// Reason says why the last call was not applied; words "reason.…"; empty when it was.
	Reason string
	Params map[string]string
}

// Queue is the work of one kind, of all connections together, as it stands in Redis.
type Queue struct {
	// Name has words "queue.…": "interactive" or "background".
	Name string
	// Waiting tasks have no worker yet; Running have one; Later are tried again at a time to come;
	// Dead wait for a person.
	Waiting, Running, Later, Dead int
	// Oldest is how long the task has waited that waits longest; 0: none does.
	Oldest time.Duration
}

// Deps are what the page works with. Webhooks, Usage and Queues may be nil: what they would show is
// left out then.
type Deps struct {
	Host     web.Host
	Settings *settings.Store
	// Active reports whether the plugin is active in a shop; elsewhere the page answers 404.
	Active func(plugin.ShopID) bool
	// CRM is the CRM's id in connections, "keycrm"; Name what people call it, "KeyCRM".
	CRM, Name string
	// Open opens the CRM account of a connection; OpenKey that of a key which may not be stored yet.
	// Both refuse a key that cannot be one (plugin.ErrInvalid or any error without crm's sentinels).
	Open    func(ctx context.Context, id plugin.ConnectionID) (Directory, error)
	OpenKey func(key string) (Directory, error)

	Runs     Runs
	Products Products
	Journal  Journal
	Webhooks Webhooks
	Health   func(ctx context.Context) plugin.Health
	Usage    func(ctx context.Context, id plugin.ConnectionID) (budget.Usage, error)
	Queues   func(ctx context.Context) ([]Queue, error)

	// Reach is how long a page waits for the CRM; 0: 8 s.
	Reach time.Duration
}
