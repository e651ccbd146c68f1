// Package api gives in JSON what the pages show, and takes what they take.
package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/plugin"
)

// New answers with paths relative to where it is mounted. Writes carry the operator's token in
// plugin.CSRFHeader.
func New(site *web.Site, svc *service.Service) http.Handler {
	h := &handler{site, svc}
	r := chi.NewRouter()
	r.Get("/connections", h.answer(plugin.PermView, h.connections))
	r.Route("/connections/{connection}", func(r chi.Router) {
		r.Get("/", h.answer(plugin.PermView, h.connection))
		r.Get("/settings", h.answer(plugin.PermView, h.settings))
		r.Put("/settings", h.answer(plugin.PermConfigure, h.save))
		r.Get("/readiness", h.answer(plugin.PermView, h.readiness))
		r.Get("/health", h.answer(plugin.PermView, h.health))
		r.Get("/runs", h.answer(plugin.PermView, h.runs))
		r.Post("/runs", h.answer(plugin.PermOperate, h.start))
		r.Get("/runs/{run}", h.answer(plugin.PermView, h.run))
		r.Get("/runs/{run}/plan", h.answer(plugin.PermView, h.plan))
		r.Post("/runs/{run}/approve", h.answer(plugin.PermOperate, h.approve))
		r.Post("/runs/{run}/cancel", h.answer(plugin.PermOperate, h.cancel))
		r.Get("/runs/{run}/changes", h.answer(plugin.PermView, h.changes))
		r.Get("/runs/{run}/items", h.answer(plugin.PermView, h.items))
		r.Get("/pins", h.answer(plugin.PermView, h.pins))
		r.Post("/pins", h.answer(plugin.PermOperate, h.pin))
		r.Post("/pins/remove", h.answer(plugin.PermOperate, h.unpin))
		r.Get("/hidden", h.answer(plugin.PermView, h.hidden))
		r.Post("/hidden", h.answer(plugin.PermOperate, h.publish))
		r.Get("/held", h.answer(plugin.PermView, h.held))
		r.Post("/held", h.answer(plugin.PermOperate, h.confirmHeld))
		r.Get("/schedule", h.answer(plugin.PermView, h.schedule))
		r.Get("/stock", h.answer(plugin.PermView, h.stock))
		r.Get("/journal", h.answer(plugin.PermView, h.journal))
	})
	r.NotFound(h.answer(plugin.PermView, func(*http.Request, *web.Request) (int, any, error) { return 0, nil, web.ErrNotFound }))
	return r
}
