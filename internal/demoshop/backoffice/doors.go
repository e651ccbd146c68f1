package backoffice

import (
	"net/http"
	"net/url"

	"github.com/keybridge/keybridge/internal/demoshop/session"
	"github.com/keybridge/keybridge/internal/demoshop/web"
	"github.com/keybridge/keybridge/plugin"
)

// noStore keeps staff pages out of caches.
func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// signedIn sends strangers to the sign-in page and brings them back afterwards.
func (b *Office) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, ok := b.sessions.Of(r)
		if !ok {
			to := "/admin/login"
			if r.Method == http.MethodGet {
				to += "?next=" + url.QueryEscape(r.URL.RequestURI())
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, session.With(r, s))
	})
}

// tokenOfForms checks the token of every writing request.
func (b *Office) tokenOfForms(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && b.VerifyCSRF(r) != nil {
			b.showFailure(w, r, web.Failure{Status: http.StatusForbidden, Title: "Форма застаріла", Text: "Сторінку було відкрито до входу або занадто давно. Поверніться, оновіть її й повторіть."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// needs lets through who holds the permission.
func (b *Office) needs(p plugin.Permission) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s, _ := b.sessions.Of(r); !s.May(p) {
				b.showFailure(w, r, web.Failure{Status: http.StatusForbidden, Title: "Бракує прав", Text: "Ваша роль не дозволяє цього робити. Попросіть власника магазину."})
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
