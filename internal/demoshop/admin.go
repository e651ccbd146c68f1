package demoshop

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/plugin"
)

// The sections of the admin's menu.
const (
	sectionOrders       = "orders"
	sectionProducts     = "products"
	sectionCategories   = "categories"
	sectionIntegrations = "integrations"
	sectionMessages     = "messages"
	sectionSettings     = "settings"
)

func (e *Engine) adminRoutes(r chi.Router) {
	r.Use(noStore)
	r.With(ownContent).Get("/login", e.loginPage)
	r.With(ownContent).Post("/login", e.login)
	r.Group(func(r chi.Router) {
		r.Use(e.signedIn)
		r.With(ownContent).Handle(strings.TrimPrefix(pluginAdminPath, "/admin"), http.HandlerFunc(e.pluginAdmin))
		r.With(ownContent).Handle(strings.TrimPrefix(pluginAdminPath, "/admin")+"/*", http.HandlerFunc(e.pluginAdmin))
		r.Group(e.ownAdminRoutes)
	})
}

// ownAdminRoutes are the admin's own pages; their forms carry a token.
func (e *Engine) ownAdminRoutes(r chi.Router) {
	r.Use(ownContent, e.tokenOfForms)
	r.Get("/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/admin/orders", http.StatusSeeOther)
	})
	r.Post("/logout", e.logout)
	r.Post("/language", e.adminLanguage)
	r.Get("/orders", e.adminOrders)
	r.Get("/orders/{id}", e.adminOrder)
	r.Get("/products", e.adminProducts)
	r.Get("/products/{id}", e.adminProduct)
	r.Get("/categories", e.adminCategories)
	r.Get("/messages", e.adminMessages)
	r.Post("/messages/read", e.adminMessagesRead)
	r.Get("/settings", e.adminSettings)
	r.Get("/integrations", e.adminIntegrations)
	r.Group(func(r chi.Router) {
		r.Use(e.needs(plugin.PermOperate))
		r.Post("/orders/{id}/status", e.adminOrderStatus)
		r.Post("/orders/{id}/paid", e.adminOrderPaid)
		r.Post("/orders/{id}/edit", e.adminOrderEdit)
		r.Post("/orders/{id}/delete", e.adminOrderDelete)
		r.Post("/products/publish", e.adminPublish)
		r.Post("/products/{id}", e.adminProductSave)
	})
	r.Group(func(r chi.Router) {
		r.Use(e.needs(plugin.PermConfigure))
		r.Post("/settings", e.adminSettingsSave)
		r.Post("/integrations/connect", e.adminConnect)
		r.Post("/integrations/upgrade", e.adminUpgrade)
		r.Get("/integrations/remove", e.adminRemovePage)
		r.Post("/integrations/remove", e.adminRemove)
	})
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { e.adminFail(w, r, plugin.ErrNotFound) })
}

// noStore keeps staff pages out of caches.
func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// signedIn sends strangers to the sign-in page and brings them back afterwards.
func (e *Engine) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, ok := e.session(r)
		if !ok {
			to := "/admin/login"
			if r.Method == http.MethodGet {
				to += "?next=" + url.QueryEscape(r.URL.RequestURI())
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, withSession(r, s))
	})
}

// tokenOfForms checks the token of every writing request.
func (e *Engine) tokenOfForms(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && e.VerifyCSRF(r) != nil {
			e.adminFailure(w, r, failure{http.StatusForbidden, "Форма застаріла", "Сторінку було відкрито до входу або занадто давно. Поверніться, оновіть її й повторіть."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// needs lets through who holds the permission.
func (e *Engine) needs(p plugin.Permission) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s, _ := e.session(r); !s.may(p) {
				e.adminFailure(w, r, failure{http.StatusForbidden, "Бракує прав", "Ваша роль не дозволяє цього робити. Попросіть власника магазину."})
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// pluginAdmin serves the plugin's pages.
func (e *Engine) pluginAdmin(w http.ResponseWriter, r *http.Request) {
	p := e.plugin()
	if p == nil {
		e.adminFail(w, r, plugin.ErrNotFound)
		return
	}
	stripped(pluginAdminPath, p.AdminHandler()).ServeHTTP(w, r)
}

// adminFrame is what every page of the admin shows around itself.
type adminFrame struct {
	ShopName string
	Title    string
	Section  string
	Head     template.HTML
	Operator plugin.Operator
	Lang     string // of the frame
	Back     string // where the language switch returns to
	CSRF     string
	Unread   int
	Notice   string
}

// May lets templates hide what the operator cannot do.
func (f adminFrame) May(p string) bool { return f.Operator.May(plugin.Permission(p)) }

// frame prepares the frame of a page for the signed-in operator.
func (e *Engine) frame(r *http.Request, section, title string) adminFrame {
	f := adminFrame{ShopName: e.cfg.ShopName, Title: title, Section: section, Notice: notice(r.URL.Query().Get("done")), Lang: e.langOf(r), Back: backTo(r)}
	if s, ok := e.session(r); ok {
		f.Operator, f.CSRF = s.operator(), s.csrf()
	}
	f.Title = f.Say(title)
	var err error
	if f.Unread, err = e.store.unreadMessages(r.Context()); err != nil {
		e.cfg.Logger.WarnContext(r.Context(), "messages are not counted", "error", err)
	}
	return f
}

// notice is what a page says after a redirect.
func notice(code string) string {
	switch code {
	case "saved":
		return "Збережено."
	case "status":
		return "Статус змінено."
	case "paid":
		return "Оплату позначено."
	case "published":
		return "Вибрані товари тепер бачать покупці."
	case "hidden":
		return "Вибрані товари приховано."
	case "deleted":
		return "Замовлення видалено."
	case "removed":
		return "Інтеграцію видалено."
	case "upgraded":
		return "Дані інтеграції оновлено."
	case "read":
		return "Усі повідомлення прочитано."
	}
	return ""
}

// framedPage is a page somebody else made, to be shown in our frame.
type framedPage struct {
	Section string
	Title   string
	Body    template.HTML
	Head    template.HTML
	Status  int
}

func (e *Engine) adminFrame(w http.ResponseWriter, r *http.Request, p framedPage) error {
	if p.Status == 0 {
		p.Status = http.StatusOK
	}
	f := e.frame(r, p.Section, p.Title)
	f.Head, f.Notice = p.Head, "" // the page has notices of its own, under the same codes
	e.render(w, r, p.Status, "admin/frame", struct {
		Frame adminFrame
		Body  template.HTML
	}{f, p.Body})
	return nil
}

// adminFail shows an error in the admin's frame.
func (e *Engine) adminFail(w http.ResponseWriter, r *http.Request, err error) {
	e.adminFailure(w, r, e.explain(r, err))
}

func (e *Engine) adminFailure(w http.ResponseWriter, r *http.Request, f failure) {
	e.render(w, r, f.Status, "admin/failure", struct {
		Frame   adminFrame
		Failure failure
	}{e.frame(r, "", f.Title), f})
}
