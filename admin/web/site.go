package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

//go:embed frame.html
var frameTemplate embed.FS

// Host is what the page needs of the engine; plugin.Host has it all.
type Host interface {
	URLs() plugin.URLs
	Logger() *slog.Logger
	Clock() plugin.Clock
	Operator(r *http.Request) (plugin.Operator, bool)
	VerifyCSRF(r *http.Request) error
	RenderPage(w http.ResponseWriter, r *http.Request, p plugin.Page) error
	Shop(ctx context.Context, id plugin.ShopID) (plugin.Shop, error)
}

// Config is what a Site is made of.
type Config struct {
	Host     Host
	Settings *settings.Store
	// Active reports whether the plugin is active in a shop; elsewhere every page answers 404.
	Active func(plugin.ShopID) bool
	// Name is what people call the CRM.
	Name string
	// Words are those of all languages.
	Words *i18n.Bundle
	// Templates are those of the pages, "templates/*.html"; they may use "csrf" and "done".
	Templates fs.FS
}

// Site answers requests with pages. Safe for concurrent use.
type Site struct {
	Config
	pages  map[string]*template.Template // by language
	assets *assets
}

// New parses the templates; it starts nothing and asks nothing.
func New(c Config) (*Site, error) {
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	s := &Site{Config: c, pages: map[string]*template.Template{}, assets: assets}
	for _, w := range c.Words.All() {
		t := template.New("").Funcs(template.FuncMap{"t": w.T, "n": w.N, "lang": w.Lang})
		if t, err = t.ParseFS(frameTemplate, "frame.html"); err == nil {
			t, err = t.ParseFS(c.Templates, "templates/*.html")
		}
		if err != nil {
			return nil, fmt.Errorf("parse templates: %w", err)
		}
		s.pages[w.Lang()] = t
	}
	return s, nil
}

// Static serves our styles and scripts, to anybody: there is nothing secret in them.
func (s *Site) Static(w http.ResponseWriter, r *http.Request) { s.assets.serve(w, r) }

// Render frames a page and writes it; nothing is written when its template fails.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, req *Request, status int, name, title string, data any) error {
	body, err := s.html(req, name, data)
	if err != nil {
		return err
	}
	head, err := s.html(req, "head", s.assets.head(s.Links("").Static))
	if err != nil {
		return err
	}
	return s.Host.RenderPage(w, r, plugin.Page{Title: title, Body: body, Head: head, Status: status})
}

// Fragment writes a piece of a page, for htmx.
func (s *Site) Fragment(w http.ResponseWriter, req *Request, name string, data any) error {
	body, err := s.html(req, name, data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(body))
	return err
}

func (s *Site) html(req *Request, name string, data any) (template.HTML, error) {
	var buf bytes.Buffer
	if err := s.pages[req.Words.Lang()].ExecuteTemplate(&buf, name, data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return template.HTML(buf.String()), nil //nolint:gosec // it is what html/template wrote
}

// Handler shows or does something for the merchant. Its error becomes the page.
type Handler func(http.ResponseWriter, *http.Request, *Request) error

// Page wraps a handler for those who have a permission.
func (s *Site) Page(need plugin.Permission, serve Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// Pages show settings, states and, to some, secret links: no copy of them is kept on the way.
		w.Header().Set("Cache-Control", "no-store")
		req, err := s.Enter(w, r, need)
		if err == nil {
			err = serve(w, r, req)
		}
		if err != nil {
			s.fail(w, r, req, err)
		}
	}
}
