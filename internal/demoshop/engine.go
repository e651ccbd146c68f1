package demoshop

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/internal/demoshop/backoffice"
	"github.com/keybridge/keybridge/internal/demoshop/bridge"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/demoshop/storefront"
	"github.com/keybridge/keybridge/internal/demoshop/web"
	"github.com/keybridge/keybridge/plugin"
)

// Engine is the shop: storefront, admin and the host of at most one plugin.
// All methods are safe for concurrent use; Use is called before Handler serves requests.
type Engine struct {
	*bridge.Host        // what the plugin gets
	*bridge.Integration // the plugin itself: Use, Connect, Disconnect, UpgradePlugin, Close
	handler             http.Handler
}

var _ plugin.Host = (*Engine)(nil)

// Open checks the configuration, brings the shop's tables up to date and answers the engine.
// Two processes may open one database at once: one migrates, the other waits.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(domain.ZoneName)
	if err != nil {
		return nil, fmt.Errorf("demo shop: load zone: %w", err)
	}
	if err := store.Migrate(ctx, cfg.DB.DB); err != nil {
		return nil, err
	}
	host, st := cfg.host(zone), store.New(cfg.DB, cfg.Clock)
	site := &web.Site{ShopName: cfg.ShopName, PublicURL: cfg.PublicURL, Zone: zone, Log: cfg.Logger, Store: st}
	integration := bridge.NewIntegration(host, st)
	shop := bridge.NewShop(host, st, integration)
	front, err := storefront.New(site, cfg.fronts(), integration)
	if err != nil {
		return nil, err
	}
	office, err := backoffice.New(cfg.admin(), site, integration, shop.Catalog())
	if err != nil {
		return nil, err
	}
	return &Engine{bridge.NewHost(host, shop, office), integration, routes(site, front, office, integration)}, nil
}

// Handler serves everything: the storefront, the admin, and the plugin's pages and webhooks.
func (e *Engine) Handler() http.Handler { return e.handler }

// routes lists every address of the shop.
func routes(site *web.Site, front *storefront.Front, office *backoffice.Office, integration *bridge.Integration) http.Handler {
	r := chi.NewRouter()
	r.Use(site.Survive)
	r.Handle(bridge.HookPath, integration.Hooks())
	r.Handle(bridge.HookPath+"/*", integration.Hooks())
	r.Handle("/static/*", web.Static())
	r.Get("/img/{id}", front.ServeImage)
	r.Get("/favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/static/icon.svg", http.StatusMovedPermanently)
	})
	lost := web.Headers(web.OwnContent(site.WithSettings(http.HandlerFunc(front.NotFound))))
	r.NotFound(lost.ServeHTTP)
	r.MethodNotAllowed(lost.ServeHTTP)
	r.Group(func(r chi.Router) {
		r.Use(web.Headers, web.SameOrigin(bridge.AdminPath), site.WithSettings)
		r.Route("/admin", office.Routes)
		r.Group(front.Routes)
	})
	return r
}

type systemClock struct{}

// Now implements plugin.Clock.
func (systemClock) Now() time.Time { return time.Now().UTC() }
