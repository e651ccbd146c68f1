package backoffice

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"

	"github.com/keybridge/keybridge/internal/demoshop/bridge"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/secrets"
	"github.com/keybridge/keybridge/internal/demoshop/session"
	"github.com/keybridge/keybridge/internal/demoshop/web"
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

//go:embed templates
var files embed.FS

// Config is what the admin is told beside the site it belongs to.
type Config struct {
	Staff []session.Staff
	Lang  string // of the admin until somebody chooses another
	// Foreign are the languages of texts beside the first.
	Foreign []domain.Language
}

// Office is the admin: what staff work with, and the frame around the plugin's pages.
type Office struct {
	*web.Site
	pages       *web.Pages
	sessions    *session.Keeper
	integration *bridge.Integration
	catalog     plugin.Catalog // products are written through the same door as the plugin does
	lang        string
	foreign     []domain.Language
}

var _ bridge.Desk = (*Office)(nil)

// New is the admin of the site.
func New(cfg Config, site *web.Site, in *bridge.Integration, catalog plugin.Catalog) (*Office, error) {
	pages, err := web.NewPages(files, site.Log)
	if err != nil {
		return nil, err
	}
	return &Office{
		Site: site, pages: pages, sessions: session.New(site, cfg.Staff), integration: in, catalog: catalog, lang: cfg.Lang, foreign: cfg.Foreign,
	}, nil
}

// errCSRF is what VerifyCSRF answers for a request that did not come from our own page.
var errCSRF = errors.New("the form is not from this session")

// Operator implements bridge.Desk.
func (b *Office) Operator(r *http.Request) (plugin.Operator, bool) {
	s, ok := b.sessions.Of(r)
	if !ok {
		return plugin.Operator{}, false
	}
	return plugin.Operator{
		ID: s.Staff.Login, Name: s.Staff.Name, Shop: bridge.ShopID, Permissions: s.Staff.Permissions, Lang: b.langOf(r), CSRFToken: s.CSRF(),
	}, true
}

// VerifyCSRF implements bridge.Desk: the token comes in plugin.CSRFHeader or plugin.CSRFField.
func (b *Office) VerifyCSRF(r *http.Request) error {
	token := r.Header.Get(plugin.CSRFHeader)
	if token == "" {
		token = r.PostFormValue(plugin.CSRFField)
	}
	if s, ok := b.sessions.Of(r); !ok || !secrets.Equal(token, s.CSRF()) {
		return fmt.Errorf("%w: %w", errCSRF, domain.ErrInvalid)
	}
	return nil
}

// pageFrame is what every page of the admin shows around itself.
type pageFrame struct {
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
func (f pageFrame) May(p string) bool { return f.Operator.May(plugin.Permission(p)) }

// frame prepares the frame of a page for the signed-in operator.
func (b *Office) frame(r *http.Request, section, title string) pageFrame {
	f := pageFrame{ShopName: b.ShopName, Title: title, Section: section, Notice: notice(r.URL.Query().Get("done")), Lang: b.langOf(r), Back: backTo(r)}
	f.Operator, _ = b.Operator(r)
	f.CSRF = f.Operator.CSRFToken
	f.Title = f.Say(title)
	var err error
	if f.Unread, err = b.Store.Office.UnreadMessages(r.Context()); err != nil {
		b.Log.WarnContext(r.Context(), "messages are not counted", "error", err)
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

// RenderPage implements bridge.Desk.
func (b *Office) RenderPage(w http.ResponseWriter, r *http.Request, p plugin.Page) error {
	if p.Status == 0 {
		p.Status = http.StatusOK
	}
	f := b.frame(r, sectionIntegrations, p.Title)
	f.Head, f.Notice = p.Head, "" // the page has notices of its own, under the same codes
	b.pages.Render(w, r, p.Status, "frame", struct {
		Frame pageFrame
		Body  template.HTML
	}{f, p.Body})
	return nil
}

// fail shows an error in the admin's frame.
func (b *Office) fail(w http.ResponseWriter, r *http.Request, err error) {
	b.showFailure(w, r, b.Explain(r, err))
}

func (b *Office) showFailure(w http.ResponseWriter, r *http.Request, f web.Failure) {
	b.pages.Render(w, r, f.Status, "failure", struct {
		Frame   pageFrame
		Failure web.Failure
	}{b.frame(r, "", f.Title), f})
}
