package demoshop

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// loginForm is the sign-in page.
type loginForm struct {
	ShopName string
	Title    string
	Login    string
	Next     string
	Error    string
}

func (e *Engine) loginPage(w http.ResponseWriter, r *http.Request) {
	next := safeNext(r.URL.Query().Get("next"))
	if _, ok := e.session(r); ok {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	e.showLogin(w, r, http.StatusOK, loginForm{Next: next})
}

func (e *Engine) showLogin(w http.ResponseWriter, r *http.Request, status int, f loginForm) {
	f.ShopName, f.Title = e.cfg.ShopName, "Вхід"
	e.render(w, r, status, "admin/login", f)
}

func (e *Engine) login(w http.ResponseWriter, r *http.Request) {
	form := loginForm{Login: cut(strings.TrimSpace(r.PostFormValue("login")), 100), Next: safeNext(r.PostFormValue("next"))}
	now := e.now()
	if e.guard.shut(form.Login, now) {
		form.Error = "Забагато невдалих спроб. Зачекайте хвилину й спробуйте ще раз."
		e.showLogin(w, r, http.StatusTooManyRequests, form)
		return
	}
	who, ok := e.checkPassword(form.Login, r.PostFormValue("password"))
	if !ok {
		e.guard.failed(form.Login, now)
		form.Error = "Логін або пароль не підходить."
		e.showLogin(w, r, http.StatusUnauthorized, form)
		return
	}
	if err := e.openSession(r.Context(), w, who); err != nil {
		form.Error = e.explain(r, err).Text
		e.showLogin(w, r, http.StatusInternalServerError, form)
		return
	}
	http.Redirect(w, r, form.Next, http.StatusSeeOther)
}

func (e *Engine) logout(w http.ResponseWriter, r *http.Request) {
	if err := e.closeSession(w, r); err != nil {
		e.adminFail(w, r, err)
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
