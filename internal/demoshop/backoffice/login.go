package backoffice

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// loginForm is the sign-in page.
type loginForm struct {
	ShopName string
	Title    string
	Login    string
	Next     string
	Error    string
}

func (b *Office) loginPage(w http.ResponseWriter, r *http.Request) {
	next := safeNext(r.URL.Query().Get("next"))
	if _, ok := b.sessions.Of(r); ok {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	b.showLogin(w, r, http.StatusOK, loginForm{Next: next})
}

func (b *Office) showLogin(w http.ResponseWriter, r *http.Request, status int, f loginForm) {
	f.ShopName, f.Title = b.ShopName, "Вхід"
	b.pages.Render(w, r, status, "login", f)
}

func (b *Office) login(w http.ResponseWriter, r *http.Request) {
	form := loginForm{Login: domain.Cut(strings.TrimSpace(r.PostFormValue("login")), 100), Next: safeNext(r.PostFormValue("next"))}
	if b.sessions.Shut(form.Login) {
		form.Error = "Забагато невдалих спроб. Зачекайте хвилину й спробуйте ще раз."
		b.showLogin(w, r, http.StatusTooManyRequests, form)
		return
	}
	ok, err := b.sessions.Open(r.Context(), w, form.Login, r.PostFormValue("password"))
	if err != nil {
		form.Error = b.Explain(r, err).Text
		b.showLogin(w, r, http.StatusInternalServerError, form)
		return
	}
	if !ok {
		form.Error = "Логін або пароль не підходить."
		b.showLogin(w, r, http.StatusUnauthorized, form)
		return
	}
	http.Redirect(w, r, form.Next, http.StatusSeeOther)
}

func (b *Office) logout(w http.ResponseWriter, r *http.Request) {
	if err := b.sessions.Close(w, r); err != nil {
		b.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/login", http.StatusSeeOther)
}

// safeNext keeps a redirect within the admin.
func safeNext(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") ||
		!strings.HasPrefix(u.Path, "/admin/") || strings.HasPrefix(u.Path, "/admin/login") || strings.ContainsAny(next, "\\\r\n") {
		return "/admin/orders"
	}
	return next
}
