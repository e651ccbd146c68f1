package keybridge

import (
	"context"
	_ "embed"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keybridge/keybridge/admin"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

//go:embed plugin.yaml
var manifestFile string

// crmKeyCRM is the CRM's id in connections.
const crmKeyCRM = "keycrm"

// Keybridge is the plugin. Make it with New.
type Keybridge struct {
	host     plugin.Host
	log      *slog.Logger
	manifest plugin.Manifest
	timings  Timings

	installs *installations
	settings *settings.Store
	accounts *accounts
	uses     *budget.Store

	perMinute int
	raised    bool // beyond what KeyCRM allows
	cold      time.Duration
	shared    atomic.Pointer[shared] // nil while not attached

	catalog  *engine.Engine
	exporter *orders.Exporter
	hooks    *hooks.Hooks
	admin    *admin.Admin

	mu      sync.Mutex
	process *process // nil while not attached
}

var _ plugin.Plugin = (*Keybridge)(nil)

// New checks the host and builds every part. It starts nothing: no goroutine, no query, no request,
// so a plugin that fails here leaves the shop untouched.
// Errors: plugin.ErrInvalid, with the names of the members of plugin.Host that are missing or wrong.
func New(host plugin.Host, opts ...Option) (*Keybridge, error) {
	o := collect(opts)
	manifest, err := plugin.ParseManifest([]byte(manifestFile))
	if err != nil {
		return nil, err
	}
	box, err := checkHost(host)
	if err != nil {
		return nil, err
	}
	k := &Keybridge{
		host: host, log: host.Logger().With("plugin", manifest.ID), manifest: manifest, timings: o.timings,
		installs: &installations{db: host.DB()},
		settings: settings.NewStore(host.DB(), box, host.Clock()),
		uses:     budget.NewStore(host.DB()), perMinute: o.perMinute, raised: o.raised, cold: o.cold,
	}
	k.accounts = &accounts{
		url: o.crmURL, client: &http.Client{Transport: o.transport, Timeout: o.timings.Request},
		settings: k.settings, box: box, budget: k.budgetNow,
	}
	k.buildEngines(o)
	err = k.buildPages()
	return k, err
}

// waiting answers the host's clock if it can also wake sleepers (a test's can), else the system's.
func waiting(c plugin.Clock) clock.Clock {
	if full, ok := c.(clock.Clock); ok {
		return full
	}
	return clock.System()
}

// budgetOptions let a clock that can be told to move be the budget's too; else Redis tells the time.
func budgetOptions(c plugin.Clock, m budget.Memory, cold time.Duration) []budget.Option {
	opts := []budget.Option{budget.WithMemory(m)}
	if cold > 0 {
		opts = append(opts, budget.WithColdStart(cold))
	}
	if _, ok := c.(clock.Clock); ok {
		opts = append(opts, budget.WithClock())
	}
	return opts
}

// Manifest implements plugin.Plugin.
func (k *Keybridge) Manifest() plugin.Manifest { return k.manifest }

// AdminHandler implements plugin.Plugin.
func (k *Keybridge) AdminHandler() http.Handler { return contain.Handler(k.admin.Handler(), k.log) }

// WebhookHandler implements plugin.Plugin.
func (k *Keybridge) WebhookHandler() http.Handler { return contain.Handler(k.hooks.Webhooks(), k.log) }

// Orders implements plugin.Plugin.
func (k *Keybridge) Orders() plugin.OrderListener { return k.hooks.Listener() }

// OwnerOf implements plugin.Plugin.
func (k *Keybridge) OwnerOf(ctx context.Context, shop plugin.ShopID, product plugin.ProductID) (plugin.ConnectionID, error) {
	return k.catalog.OwnerOf(ctx, shop, product)
}

// Health implements plugin.Plugin. One part that does not answer takes no time from the others.
func (k *Keybridge) Health(ctx context.Context) plugin.Health {
	h := k.databaseHealth(ctx)
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	h.Redis = k.pingRedis(ctx) == nil
	return h
}

// databaseHealth is what the database knows.
func (k *Keybridge) databaseHealth(ctx context.Context) plugin.Health {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var h plugin.Health
	var err error
	h.Workers, err = workerSeen(ctx, k.host.DB(), k.host.Clock().Now().Add(-time.Minute))
	h.Database = err == nil
	if oldest, err := k.exporter.OldestPending(ctx, ""); err == nil {
		h.OldestPending = oldest
	}
	return h
}
