package demoshop

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/plugin"
)

// maxForm bounds the body of every form of the shop.
const maxForm = 1 << 20

// routes lists every address of the shop.
func (e *Engine) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(e.survive)
	r.Handle(pluginHookPath, e.pluginHooks())
	r.Handle(pluginHookPath+"/*", e.pluginHooks())
	r.Handle("/static/*", staticFiles())
	r.Get("/img/{id}", e.serveImage)
	r.Get("/favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/static/icon.svg", http.StatusMovedPermanently)
	})
	lost := headers(ownContent(e.settingsAtHand(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.shopFail(w, r, plugin.ErrNotFound) }))))
	r.NotFound(lost.ServeHTTP)
	r.MethodNotAllowed(lost.ServeHTTP)
	r.Group(func(r chi.Router) {
		r.Use(headers, sameOrigin, e.settingsAtHand)
		r.Route("/admin", e.adminRoutes)
		r.Group(e.shopRoutes)
	})
	return r
}

func staticFiles() http.Handler {
	files, err := fs.Sub(webFiles, "static")
	if err != nil {
		return http.NotFoundHandler() // cannot be: the folder is embedded
	}
	serve := http.StripPrefix("/static", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") { // no listings
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=300")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		serve.ServeHTTP(w, r)
	})
}

// survive turns a panic into a page and a log line.
func (e *Engine) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // a sentinel by identity
				panic(p)
			}
			e.cfg.Logger.ErrorContext(r.Context(), "page panicked", "path", r.URL.Path, "panic", p)
			http.Error(w, "Щось пішло не так. Спробуйте ще раз за хвилину.", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// headers keep the shop's pages out of foreign frames.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		next.ServeHTTP(w, r)
	})
}

// ownContent lets pages of ours run nothing but our own files. Pictures in descriptions may come from
// elsewhere. The plugin's pages keep to it as well: the contract says that they bring no inline scripts.
func ownContent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: http: data:; "+
			"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses forms sent from other sites, by what browsers say of themselves. It protects
// buyers, who have no session; staff forms carry a token besides.
func sameOrigin(next http.Handler) http.Handler {
	check := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := check.Check(r); err != nil {
			http.Error(w, "Форму надіслано з іншого сайту, тому ми її не прийняли. Відкрийте сторінку магазину й повторіть.", http.StatusForbidden)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !strings.HasPrefix(r.URL.Path, pluginAdminPath) {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		}
		next.ServeHTTP(w, r)
	})
}

type settingsKey struct{}

// settingsAtHand reads the settings once a request.
func (e *Engine) settingsAtHand(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set, err := e.store.settings(r.Context())
		if err != nil && r.Context().Err() == nil {
			e.cfg.Logger.WarnContext(r.Context(), "settings are not read", "error", err)
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), settingsKey{}, set)))
	})
}

func frameSettings(r *http.Request) shopSettings {
	set, _ := r.Context().Value(settingsKey{}).(shopSettings)
	return set
}

// pluginHooks serves what the CRM calls.
func (e *Engine) pluginHooks() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := e.plugin()
		if p == nil {
			http.NotFound(w, r)
			return
		}
		stripped(pluginHookPath, p.WebhookHandler()).ServeHTTP(w, r)
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

// failure is what a person reads when something does not work.
type failure struct {
	Status int
	Title  string
	Text   string
}

// explain puts an error into words; what is not the person's to mend is logged.
func (e *Engine) explain(r *http.Request, err error) failure {
	var refusal *plugin.Refusal
	switch {
	case errors.As(err, &refusal):
		return failure{http.StatusConflict, "Так не можна", refusal.Reason}
	case errors.Is(err, plugin.ErrNotFound):
		return failure{http.StatusNotFound, "Такої сторінки немає", "Можливо, її перенесли або видалили. Перевірте адресу або почніть із головної."}
	case errors.Is(err, plugin.ErrConflict):
		return failure{http.StatusConflict, "Дані щойно змінилися", "Хтось змінив це раніше за вас. Відкрийте сторінку ще раз і повторіть."}
	case errors.Is(err, plugin.ErrInvalid):
		return failure{http.StatusUnprocessableEntity, "Дані не підходять", "Перевірте введене й спробуйте ще раз."}
	case errors.Is(err, context.Canceled):
		return failure{499, "Запит скасовано", "Спробуйте ще раз."}
	}
	e.cfg.Logger.ErrorContext(r.Context(), "page does not work", "path", r.URL.Path, "error", err)
	return failure{http.StatusInternalServerError, "Тимчасово не працює", "Це наша помилка, ми вже її бачимо. Спробуйте ще раз за хвилину."}
}

// serveImage serves a picture; it may be cached for good, because its address never means another.
func (e *Engine) serveImage(w http.ResponseWriter, r *http.Request) {
	id, ok := parseID(chi.URLParam(r, "id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	f, err := e.store.image(r.Context(), id)
	switch {
	case errors.Is(err, plugin.ErrNotFound):
		http.NotFound(w, r)
		return
	case err != nil:
		http.Error(w, "Картинка тимчасово недоступна.", http.StatusServiceUnavailable)
		return
	}
	etag := `"` + f.SHA256 + `"`
	h := w.Header()
	h.Set("ETag", etag)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.ContentType)
	_, _ = w.Write(f.Bytes)
}
