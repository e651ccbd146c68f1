package admin

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/plugin"
)

// defaultReach bounds how long a hanging CRM can hold a page up.
const defaultReach = 8 * time.Second

// Admin serves the merchant's page. Safe for concurrent use.
type Admin struct {
	Deps
	words  *i18n.Bundle
	pages  pages
	assets *assets
	lists  *listCache
}

// New parses templates and words; it starts nothing and asks nothing.
func New(d Deps) (*Admin, error) {
	if d.Reach <= 0 {
		d.Reach = defaultReach
	}
	words, err := i18n.Load()
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	assets, err := loadAssets()
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	pages, err := parsePages(words)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	return &Admin{Deps: d, words: words, pages: pages, assets: assets, lists: newListCache()}, nil
}

// Handler serves the pages and the API, with paths relative to where it is mounted.
func (a *Admin) Handler() http.Handler {
	r := chi.NewRouter()
	r.Get("/static/{name}", a.assets.serve)

	r.Get("/", a.page(plugin.PermView, a.showHome))
	r.Get("/connect", a.page(plugin.PermConfigure, a.showConnect))
	r.Post("/connect", a.page(plugin.PermConfigure, a.connect))
	r.Route("/c/{connection}", func(r chi.Router) {
		r.Get("/", a.page(plugin.PermView, a.showConnection))
		r.Post("/", a.page(plugin.PermConfigure, a.saveSettings))
		r.Post("/key", a.page(plugin.PermConfigure, a.replaceKey))
		r.Post("/switch", a.page(plugin.PermConfigure, a.turnSwitch))
		r.Post("/refresh", a.page(plugin.PermConfigure, a.refreshLists))
		r.Get("/delete", a.page(plugin.PermConfigure, a.askDelete))
		r.Post("/delete", a.page(plugin.PermConfigure, a.deleteConnection))
		r.Get("/progress", a.page(plugin.PermView, a.showProgress))
		r.Post("/runs", a.page(plugin.PermOperate, a.startRun))
		r.Get("/runs/{run}/plan", a.page(plugin.PermView, a.showPlan))
		r.Post("/runs/{run}/approve", a.page(plugin.PermOperate, a.approveRun))
		r.Post("/runs/{run}/cancel", a.page(plugin.PermOperate, a.cancelRun))
		r.Get("/runs/{run}/changes", a.page(plugin.PermView, a.showChanges))
		r.Get("/runs/{run}/items", a.page(plugin.PermView, a.showItems))
		r.Get("/pins", a.page(plugin.PermView, a.showPins))
		r.Post("/pins", a.page(plugin.PermOperate, a.addPin))
		r.Post("/pins/remove", a.page(plugin.PermOperate, a.removePin))
		r.Get("/hidden", a.page(plugin.PermView, a.showHidden))
		r.Post("/hidden", a.page(plugin.PermOperate, a.publishHidden))
		r.Get("/journal", a.page(plugin.PermView, a.showJournal))
		r.Post("/journal/retry", a.page(plugin.PermOperate, a.retryGroup))
		r.Get("/held", a.page(plugin.PermView, a.showHeld))
		r.Post("/held", a.page(plugin.PermOperate, a.confirmHeld))
		r.Post("/journal/{entry}/retry", a.page(plugin.PermOperate, a.retryEntry))
		r.Post("/journal/{entry}/ignore", a.page(plugin.PermOperate, a.ignoreEntry))
	})
	r.Mount("/api", a.api())
	r.NotFound(a.page(plugin.PermView, a.noSuchPage))
	return r
}
