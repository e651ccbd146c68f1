package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// maxForm bounds a posted form in bytes; the largest maps of the largest accounts are far below.
const maxForm = 1 << 20

// visit is one request of a signed-in operator, with what every page needs.
type visit struct {
	op      plugin.Operator
	shop    plugin.Shop
	profile plugin.Profile
	words   *i18n.Words
	// conn is the connection the address names; zero elsewhere.
	conn settings.Connection
}

// may reports a permission.
func (v *visit) may(p plugin.Permission) bool { return v.op.May(p) }

// when writes a moment in the shop's zone.
func (v *visit) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	zone := v.profile.Zone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("02.01.2006 15:04")
}

func (v *visit) whenSet(t *time.Time) string {
	if t == nil {
		return ""
	}
	return v.when(*t)
}

// refused is an answer that is no page: its words explain it.
type refused struct {
	status int
	code   string // words "refused.…"
}

func (e *refused) Error() string { return "refused: " + e.code }

var (
	errNotSignedIn = &refused{http.StatusUnauthorized, "signed_out"}
	errInactive    = &refused{http.StatusNotFound, "not_found"}
	errForbidden   = &refused{http.StatusForbidden, "forbidden"}
	errForged      = &refused{http.StatusForbidden, "csrf"}
	errNotFound    = &refused{http.StatusNotFound, "not_found"}
	errTooLarge    = &refused{http.StatusRequestEntityTooLarge, "too_large"}
	errNoText      = &refused{http.StatusBadRequest, "no_text"}
	errRunKind     = &refused{http.StatusUnprocessableEntity, "run_kind"}
)

// enter checks who asks and whether they may. The visit is as complete as it can be beside an error.
func (a *Admin) enter(w http.ResponseWriter, r *http.Request, need plugin.Permission) (*visit, error) {
	op, ok := a.Host.Operator(r)
	if !ok {
		return nil, errNotSignedIn
	}
	if !a.Active(op.Shop) {
		return nil, errInactive
	}
	v := &visit{op: op, words: a.words.For(op.Lang)}
	shop, err := a.Host.Shop(r.Context(), op.Shop)
	if err != nil {
		return v, err
	}
	v.shop = shop
	if v.profile, err = shop.Profile(r.Context()); err != nil {
		return v, err
	}
	v.words = a.words.For(op.Lang, v.profile.Locale)
	if !op.May(need) {
		return v, errForbidden
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := a.checkWrite(w, r); err != nil {
			return v, err
		}
	}
	if !isText(r) {
		return v, errNoText
	}
	return v, a.findConnection(r.Context(), v, plugin.ConnectionID(chi.URLParam(r, "connection")))
}

// isText reports whether the address and the form hold nothing that the database cannot keep as text.
// No page of ours asks for such a thing.
func isText(r *http.Request) bool {
	parts := []string{r.URL.Path}
	for _, fields := range []url.Values{r.URL.Query(), r.PostForm} {
		for _, values := range fields {
			parts = append(parts, values...)
		}
	}
	return !slices.ContainsFunc(parts, func(s string) bool { return strings.ContainsRune(s, 0) || !utf8.ValidString(s) })
}

// checkBody is the check of isText for a body of JSON, which is there to be read again afterwards.
func checkBody(r *http.Request) error {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return errTooLarge
	}
	if !jsonIsText(raw) {
		return errNoText
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return nil
}

// jsonIsText is isText for JSON, in which a text may hold such a thing in disguise.
func jsonIsText(raw []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := dec.Token()
		if s, ok := token.(string); ok && strings.ContainsRune(s, 0) {
			return false
		}
		if err != nil { // the end, or what is no JSON: whoever reads it says so
			return true
		}
	}
}

// checkWrite bounds the body before anything reads it, then checks where the request comes from.
func (a *Admin) checkWrite(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if isForm(r) {
		if err := r.ParseForm(); err != nil {
			return errTooLarge
		}
	}
	if err := a.Host.VerifyCSRF(r); err != nil {
		return errForged
	}
	return nil
}

func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/x-www-form-urlencoded"
}

// findConnection reads the connection; one of another shop does not exist here.
func (a *Admin) findConnection(ctx context.Context, v *visit, id plugin.ConnectionID) error {
	if id == "" {
		return nil
	}
	conn, err := a.Settings.Get(ctx, id)
	if err != nil {
		return err
	}
	if conn.Shop != v.op.Shop {
		return errNotFound
	}
	v.conn = conn
	return nil
}

// page wraps what shows or does something for the merchant.
func (a *Admin) page(need plugin.Permission, serve func(http.ResponseWriter, *http.Request, *visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// Pages show settings, states and, to some, secret links: no copy of them is kept on the way.
		w.Header().Set("Cache-Control", "no-store")
		v, err := a.enter(w, r, need)
		if err == nil {
			err = serve(w, r, v)
		}
		if err != nil {
			a.fail(w, r, v, err)
		}
	}
}

// classify turns an error into an answer. What is not foreseen is logged and shown as our fault.
func (a *Admin) classify(r *http.Request, err error) *refused {
	var known *refused
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, plugin.ErrNotFound) {
		return errNotFound
	}
	if r.Context().Err() == nil {
		a.Host.Logger().Error("admin page", "method", r.Method, "route", routeOf(r), "error", err.Error())
	}
	return &refused{http.StatusInternalServerError, "internal"}
}

func routeOf(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		return c.RoutePattern()
	}
	return ""
}

// fail shows why there is no page. Nobody signed in, or an inactive shop, gets no frame either.
func (a *Admin) fail(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	why := a.classify(r, err)
	if v == nil {
		http.Error(w, http.StatusText(why.status), why.status)
		return
	}
	data := refusalPage{frame: a.frame(r, v), Text: v.words.T("refused." + why.code + ".text")}
	title := v.words.T("refused." + why.code + ".title")
	if err := a.render(w, r, v, why.status, "refusal", title, data); err != nil {
		a.Host.Logger().Error("admin refusal page", "error", err.Error())
	}
}

type refusalPage struct {
	frame
	Text string
}

func (a *Admin) noSuchPage(http.ResponseWriter, *http.Request, *visit) error { return errNotFound }
