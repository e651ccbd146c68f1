package backoffice

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

const (
	langCookie = "demoshop_lang"
	langLife   = 365 * 24 * time.Hour
)

// Languages are those staff may read the admin in. The shop's own pages are Ukrainian but for
// their frame and the list of integrations; the plugin's pages follow the choice whole.
func Languages() []domain.Language {
	return []domain.Language{{Code: domain.Locale, Name: "Українська"}, {Code: "en", Name: "English"}}
}

// Speaks reports whether the admin can be read in the language with that code.
func Speaks(code string) bool {
	return slices.ContainsFunc(Languages(), func(l domain.Language) bool { return l.Code == code })
}

// langOf is the language this browser chose, else the configured one.
func (b *Office) langOf(r *http.Request) string {
	if c, err := r.Cookie(langCookie); err == nil && Speaks(c.Value) {
		return c.Value
	}
	return b.lang
}

// chooseLanguage remembers the language in this browser and goes back to where it was chosen.
func (b *Office) chooseLanguage(w http.ResponseWriter, r *http.Request) {
	lang := r.PostFormValue("lang")
	if !Speaks(lang) {
		b.fail(w, r, domain.ErrInvalid)
		return
	}
	http.SetCookie(w, b.Cookie(langCookie, lang, langLife))
	http.Redirect(w, r, safeNext(r.PostFormValue("back")), http.StatusSeeOther)
}

// langLink is one entry of the language switch.
type langLink struct {
	domain.Language
	Here bool
}

// Languages are the entries of the language switch.
func (f pageFrame) Languages() []langLink {
	var out []langLink
	for _, l := range Languages() {
		out = append(out, langLink{l, l.Code == f.Lang})
	}
	return out
}

// backTo is the address to come back to after a choice made in the frame: only what was opened with
// GET can be opened again. r.URL of a plugin's page has lost its prefix, RequestURI has not.
func backTo(r *http.Request) string {
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil || r.Method != http.MethodGet {
		return ""
	}
	q := u.Query()
	q.Del("done") // what was done is not done again
	u.RawQuery = q.Encode()
	return u.RequestURI()
}
