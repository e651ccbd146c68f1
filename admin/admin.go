package admin

import (
	"context"
	"embed"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/admin/api"
	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/plugin"
)

//go:embed templates/*.html
var templateFiles embed.FS

// Deps are what the page works with.
type Deps = service.Deps

// Admin serves the merchant's page. Safe for concurrent use.
type Admin struct {
	base
	words      *i18n.Bundle
	connect    connectPages
	connection connectionPages
	runs       runPages
	pins       pinPages
	review     reviewPages
	held       heldPages
	journal    journalPages
}

// New parses templates and words; it starts nothing and asks nothing.
func New(d Deps) (*Admin, error) {
	words, err := i18n.Load()
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	site, err := web.New(web.Config{
		Host: d.Host, Settings: d.Settings, Active: d.Active, Name: d.Name, Words: words, Templates: templateFiles,
	})
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	b := base{site, service.New(d)}
	a := &Admin{base: b, words: words, connect: connectPages{b}, pins: pinPages{b}, review: reviewPages{b}, held: heldPages{b}}
	a.runs, a.journal = runPages{b, a.held}, journalPages{b}
	a.connection = connectionPages{b, a.runs, a.journal}
	return a, nil
}

// WordsOf are the words of a shop's language.
func (a *Admin) WordsOf(ctx context.Context, id plugin.ShopID) (*i18n.Words, error) {
	shop, err := a.svc.Host.Shop(ctx, id)
	if err != nil {
		return nil, err
	}
	profile, err := shop.Profile(ctx)
	if err != nil {
		return nil, err
	}
	return a.words.For(profile.Locale), nil
}

// Handler serves the pages and the API, with paths relative to where it is mounted.
func (a *Admin) Handler() http.Handler {
	view, operate, configure := a.page(plugin.PermView), a.page(plugin.PermOperate), a.page(plugin.PermConfigure)
	r := chi.NewRouter()
	r.Get("/static/{name}", a.web.Static)

	r.Get("/", view(a.connect.showHome))
	r.Get("/connect", configure(a.connect.showConnect))
	r.Post("/connect", configure(a.connect.connect))
	r.Route("/c/{connection}", func(r chi.Router) {
		r.Get("/", view(a.connection.show))
		r.Post("/", configure(a.connection.save))
		r.Post("/key", configure(a.connection.replaceKey))
		r.Post("/switch", configure(a.connection.turnSwitch))
		r.Post("/refresh", configure(a.connection.refreshLists))
		r.Get("/delete", configure(a.connection.askDelete))
		r.Post("/delete", configure(a.connection.delete))
		r.Get("/progress", view(a.runs.showProgress))
		r.Post("/runs", operate(a.runs.start))
		r.Get("/runs/{run}/plan", view(a.runs.showPlan))
		r.Post("/runs/{run}/approve", operate(a.runs.approve))
		r.Post("/runs/{run}/cancel", operate(a.runs.cancel))
		r.Get("/runs/{run}/changes", view(a.runs.showChanges))
		r.Get("/runs/{run}/items", view(a.runs.showItems))
		r.Get("/pins", view(a.pins.show))
		r.Post("/pins", operate(a.pins.add))
		r.Post("/pins/remove", operate(a.pins.remove))
		r.Get("/hidden", view(a.review.show))
		r.Post("/hidden", operate(a.review.publish))
		r.Get("/journal", view(a.journal.show))
		r.Post("/journal/retry", operate(a.journal.retryGroup))
		r.Get("/held", view(a.held.show))
		r.Post("/held", operate(a.held.confirm))
		r.Post("/journal/{entry}/retry", operate(a.journal.retryEntry))
		r.Post("/journal/{entry}/ignore", operate(a.journal.ignoreEntry))
	})
	r.Mount("/api", api.New(a.web, a.svc))
	r.NotFound(a.web.NotFound())
	return r
}

// page wraps handlers for those who have a permission.
func (a *Admin) page(need plugin.Permission) func(web.Handler) http.HandlerFunc {
	return func(serve web.Handler) http.HandlerFunc { return a.web.Page(need, serve) }
}
