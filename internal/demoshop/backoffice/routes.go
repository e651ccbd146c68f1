package backoffice

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/internal/demoshop/bridge"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/web"
	"github.com/keybridge/keybridge/plugin"
)

// Routes adds the pages under /admin to a router: the sign-in, and behind it the admin's own pages
// and the plugin's.
func (b *Office) Routes(r chi.Router) {
	mounted := strings.TrimPrefix(bridge.AdminPath, "/admin")
	pluginPages := b.integration.Pages(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.fail(w, r, domain.ErrNotFound) }))
	r.Use(noStore)
	r.With(web.OwnContent).Get("/login", b.loginPage)
	r.With(web.OwnContent).Post("/login", b.login)
	r.Group(func(r chi.Router) {
		r.Use(b.signedIn)
		r.With(web.OwnContent).Handle(mounted, pluginPages)
		r.With(web.OwnContent).Handle(mounted+"/*", pluginPages)
		r.Group(b.ownRoutes)
	})
}

// ownRoutes are the admin's own pages; their forms carry a token.
func (b *Office) ownRoutes(r chi.Router) {
	orders, products, integrations := &orderPages{b}, &productPages{b}, &integrationPages{b}
	r.Use(web.OwnContent, b.tokenOfForms)
	r.Get("/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/admin/orders", http.StatusSeeOther)
	})
	r.Post("/logout", b.logout)
	r.Post("/language", b.chooseLanguage)
	r.Get("/orders", orders.list)
	r.Get("/orders/{id}", orders.show)
	r.Get("/products", products.list)
	r.Get("/products/{id}", products.show)
	r.Get("/categories", b.categories)
	r.Get("/messages", b.messages)
	r.Post("/messages/read", b.messagesRead)
	r.Get("/settings", b.settings)
	r.Get("/integrations", integrations.list)
	r.Group(func(r chi.Router) {
		r.Use(b.needs(plugin.PermOperate))
		r.Post("/orders/{id}/status", orders.move)
		r.Post("/orders/{id}/paid", orders.markPaid)
		r.Post("/orders/{id}/edit", orders.edit)
		r.Post("/orders/{id}/delete", orders.remove)
		r.Post("/products/publish", products.publish)
		r.Post("/products/{id}", products.save)
	})
	r.Group(func(r chi.Router) {
		r.Use(b.needs(plugin.PermConfigure))
		r.Post("/settings", b.saveSettings)
		r.Post("/integrations/connect", integrations.connect)
		r.Post("/integrations/upgrade", integrations.upgrade)
		r.Get("/integrations/remove", integrations.askRemove)
		r.Post("/integrations/remove", integrations.remove)
	})
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { b.fail(w, r, domain.ErrNotFound) })
}
