package web

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
)

// maxForm bounds the body of every form of the shop.
const maxForm = 1 << 20

//go:embed static
var webFiles embed.FS

// Site is what every page of the shop is made with, whoever looks at it.
type Site struct {
	ShopName  string
	PublicURL *url.URL // without a path
	Zone      *time.Location
	Log       *slog.Logger
	Store     *store.Store
}

// Now is the present instant as the database will keep it.
func (s *Site) Now() time.Time { return s.Store.Now() }

// Local writes an instant in the shop's zone.
func (s *Site) Local(t time.Time) string { return t.In(s.Zone).Format("02.01.2006 15:04") }

// Cookie is how all cookies of the shop are set. A negative life deletes it.
func (s *Site) Cookie(name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: s.PublicURL.Scheme == "https", MaxAge: int(life.Seconds()),
	}
	if life < 0 {
		c.MaxAge = -1
	}
	return c
}

// Static serves styles, scripts and the icon under /static/.
func Static() http.Handler {
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

// Survive turns a panic into a page and a log line.
func (s *Site) Survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // a sentinel by identity
				panic(p)
			}
			s.Log.ErrorContext(r.Context(), "page panicked", "path", r.URL.Path, "panic", p)
			http.Error(w, "Щось пішло не так. Спробуйте ще раз за хвилину.", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// Headers keep the shop's pages out of foreign frames.
func Headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		next.ServeHTTP(w, r)
	})
}

// OwnContent lets pages of ours run nothing but our own files. Pictures in descriptions may come from
// elsewhere. The plugin's pages keep to it as well: the contract says that they bring no inline scripts.
func OwnContent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: http: data:; "+
			"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// SameOrigin refuses forms sent from other sites, by what browsers say of themselves. It protects
// buyers, who have no session; staff forms carry a token besides.
// The size of bodies is bounded but for those under unbounded.
func SameOrigin(unbounded string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return ownForms(unbounded, next) }
}

func ownForms(unbounded string, next http.Handler) http.Handler {
	check := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := check.Check(r); err != nil {
			http.Error(w, "Форму надіслано з іншого сайту, тому ми її не прийняли. Відкрийте сторінку магазину й повторіть.", http.StatusForbidden)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !strings.HasPrefix(r.URL.Path, unbounded) {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		}
		next.ServeHTTP(w, r)
	})
}

type settingsKey struct{}

// WithSettings reads the settings once a request.
func (s *Site) WithSettings(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set, err := s.Store.Office.Settings(r.Context())
		if err != nil && r.Context().Err() == nil {
			s.Log.WarnContext(r.Context(), "settings are not read", "error", err)
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), settingsKey{}, set)))
	})
}

// SettingsOf answers what WithSettings read; the zero settings without it.
func SettingsOf(r *http.Request) store.Settings {
	set, _ := r.Context().Value(settingsKey{}).(store.Settings)
	return set
}

// Failure is what a person reads when something does not work.
type Failure struct {
	Status int
	Title  string
	Text   string
}

// Explain puts an error into words; what is not the person's to mend is logged.
func (s *Site) Explain(r *http.Request, err error) Failure {
	var refusal *domain.Refusal
	switch {
	case errors.As(err, &refusal):
		return Failure{http.StatusConflict, "Так не можна", refusal.Reason}
	case errors.Is(err, domain.ErrNotFound):
		return Failure{http.StatusNotFound, "Такої сторінки немає", "Можливо, її перенесли або видалили. Перевірте адресу або почніть із головної."}
	case errors.Is(err, domain.ErrConflict):
		return Failure{http.StatusConflict, "Дані щойно змінилися", "Хтось змінив це раніше за вас. Відкрийте сторінку ще раз і повторіть."}
	case errors.Is(err, domain.ErrInvalid):
		return Failure{http.StatusUnprocessableEntity, "Дані не підходять", "Перевірте введене й спробуйте ще раз."}
	case errors.Is(err, context.Canceled):
		return Failure{499, "Запит скасовано", "Спробуйте ще раз."}
	}
	s.Log.ErrorContext(r.Context(), "page does not work", "path", r.URL.Path, "error", err)
	return Failure{http.StatusInternalServerError, "Тимчасово не працює", "Це наша помилка, ми вже її бачимо. Спробуйте ще раз за хвилину."}
}
