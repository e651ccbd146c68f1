package bridge

import (
	"context"
	"net/http"
	"path"
	"strings"

	"github.com/go-chi/chi/v5"
)

// Where the plugin's handlers are mounted.
const (
	AdminPath = "/admin/integrations/keycrm" // its pages, behind the sign-in
	HookPath  = "/hooks/keycrm"              // what the CRM calls
)

// Pages serves the plugin's pages under AdminPath; missing answers while no plugin is registered.
func (in *Integration) Pages(missing http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := in.Plugin(); p != nil {
			stripped(AdminPath, p.AdminHandler()).ServeHTTP(w, r)
			return
		}
		missing.ServeHTTP(w, r)
	})
}

// Hooks serves what the CRM calls, under HookPath.
func (in *Integration) Hooks() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := in.Plugin(); p != nil {
			stripped(HookPath, p.WebhookHandler()).ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}

// stripped serves h under a prefix; the prefix alone is its root.
func stripped(prefix string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Clean(r.URL.Path) != strings.TrimSuffix(r.URL.Path, "/") {
			http.NotFound(w, r) // a router inside would redirect to a path without our prefix
			return
		}
		// A router's context would make a chi router inside read the outer path.
		r2 := r.Clone(context.WithValue(r.Context(), chi.RouteCtxKey, nil))
		r2.URL.Path = "/" + strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, prefix), "/")
		if r.URL.RawPath != "" {
			r2.URL.RawPath = "/" + strings.TrimPrefix(strings.TrimPrefix(r.URL.RawPath, prefix), "/")
		}
		h.ServeHTTP(w, r2)
	})
}
