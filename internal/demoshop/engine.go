package demoshop

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// Engine is the shop: storefront, admin and the host of at most one plugin.
// All methods are safe for concurrent use; Use is called before Handler serves requests.
type Engine struct {
	cfg   Config
	zone  *time.Location
	store *store
	shop  *shop
	pages *pages
	guard *loginGuard

	mu     sync.RWMutex
	plug   plugin.Plugin
	events *dispatcher
}

var _ plugin.Host = (*Engine)(nil)

// Open checks the configuration, brings the shop's tables up to date and answers the engine.
// Two processes may open one database at once: one migrates, the other waits.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		return nil, fmt.Errorf("demo shop: load zone: %w", err)
	}
	pages, err := newPages()
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, cfg.DB.DB); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, zone: zone, store: &store{db: cfg.DB, clock: cfg.Clock}, pages: pages, guard: newLoginGuard()}
	e.shop = newShop(e)
	return e, nil
}

// Use registers the plugin that was made from this host: its pages appear in the admin, its webhook
// routes answer, and orders are told to it. Called once.
func (e *Engine) Use(p plugin.Plugin) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.plug = p
	e.events = startDispatcher(e.store, p.Orders(), e.cfg.Logger)
}

// Close stops telling the plugin of orders and joins the goroutine that does; call it before the
// plugin detaches. What was not told yet waits in the database. The pool stays open.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.events != nil {
		e.events.stop()
		e.events = nil
	}
	return nil
}

// Handler serves everything: the storefront, the admin, and the plugin's pages and webhooks.
func (e *Engine) Handler() http.Handler { return e.routes() }

// plugin answers the registered plugin, or nil.
func (e *Engine) plugin() plugin.Plugin {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.plug
}

// now is the present instant as the database will keep it.
func (e *Engine) now() time.Time { return e.store.now() }

type systemClock struct{}

// Now implements plugin.Clock.
func (systemClock) Now() time.Time { return time.Now().UTC() }
