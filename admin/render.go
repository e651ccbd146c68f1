package admin

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/plugin"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pages are the templates of each language.
type pages map[string]*template.Template

// parsePages binds the templates to the words of each language.
func parsePages(b *i18n.Bundle) (pages, error) {
	all := pages{}
	for _, w := range b.All() {
		t, err := template.New("").Funcs(template.FuncMap{"t": w.T, "n": w.N, "lang": w.Lang}).
			ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse templates: %w", err)
		}
		all[w.Lang()] = t
	}
	return all, nil
}

// frame is what every page of ours holds.
type frame struct {
	links
	CSRFField, CSRF string
	// Done tells what the request before did; empty when nothing.
	Done string
	// Unfinished says that more is to be done before what was done takes effect.
	Unfinished bool
	// CRM is what people call it.
	CRM string
	// MayOperate and MayConfigure are the operator's permissions.
	MayOperate, MayConfigure bool
}

// doneCodes lists the words "done.…" an address may ask for, so that nobody else puts words on the page.
var doneCodes = []string{
	"connected", "key_replaced", "switched_on", "switched_off", "saved", "saved_not_ready", "refreshed", "deleted",
	"run_started", "run_going_on", "run_off", "run_cancelled", "run_approved",
	"run_moved", "run_not_waiting", "preview_started", "retried", "ignored", "group_retried", "entry_moved_on",
	"rematch_started", "rematch_no_key", "now_published", "now_published_none", "pinned", "unpinned", "held_confirmed", "held_none",
}

// unfinishedCodes are those that tell of something which does not work yet, or was not done.
var unfinishedCodes = []string{"saved_not_ready", "run_going_on", "run_off", "run_moved", "run_not_waiting", "entry_moved_on", "rematch_no_key"}

func (a *Admin) frame(r *http.Request, v *visit) frame {
	f := frame{
		links: a.links(v.conn.ID), CSRFField: plugin.CSRFField, CSRF: v.op.CSRFToken, CRM: a.Name,
		MayOperate: v.may(plugin.PermOperate), MayConfigure: v.may(plugin.PermConfigure),
	}
	if code := r.URL.Query().Get("done"); slices.Contains(doneCodes, code) {
		f.Done, f.Unfinished = v.words.T("done."+code), slices.Contains(unfinishedCodes, code)
	}
	return f
}

// render frames a page and writes it; nothing is written when its template fails.
func (a *Admin) render(w http.ResponseWriter, r *http.Request, v *visit, status int, name, title string, data any) error {
	body, err := a.html(v, name, data)
	if err != nil {
		return err
	}
	head, err := a.html(v, "head", a.assets.head(a.links("").Static))
	if err != nil {
		return err
	}
	return a.Host.RenderPage(w, r, plugin.Page{Title: title, Body: body, Head: head, Status: status})
}

// fragment writes a piece of a page, for htmx.
func (a *Admin) fragment(w http.ResponseWriter, v *visit, name string, data any) error {
	body, err := a.html(v, name, data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(body))
	return err
}

func (a *Admin) html(v *visit, name string, data any) (template.HTML, error) {
	var buf bytes.Buffer
	if err := a.pages[v.words.Lang()].ExecuteTemplate(&buf, name, data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return template.HTML(buf.String()), nil //nolint:gosec // it is what html/template wrote
}

// links are the addresses of our pages, as paths: built from the engine's configuration, and good for
// whichever name the operator reached the engine by.
type links struct {
	Home, Connect, Static string
	// Connection and below are those of one connection; empty elsewhere.
	Connection, Key, Switch, Refresh, Delete, Progress, Runs, Journal, Hidden, Pins, HeldStock string
}

func (a *Admin) links(id plugin.ConnectionID) links {
	base := a.Host.URLs().Admin
	// A base joined from an address without a path has none of the leading slashes it needs.
	path := func(parts ...string) string {
		return "/" + strings.TrimPrefix(base.JoinPath(parts...).EscapedPath(), "/")
	}
	l := links{Home: path(), Connect: path("connect"), Static: path("static")}
	if id == "" {
		return l
	}
	c := []string{"c", string(id)}
	at := func(part string) string { return path(append(c, part)...) }
	l.Connection, l.Key, l.Switch, l.Refresh = path(c...), at("key"), at("switch"), at("refresh")
	l.Delete, l.Progress, l.Runs, l.Journal = at("delete"), at("progress"), at("runs"), at("journal")
	l.Hidden, l.Pins, l.HeldStock = at("hidden"), at("pins"), at("held")
	return l
}

// redirect answers a post: the page is opened anew, so that a reload repeats nothing.
func redirect(w http.ResponseWriter, r *http.Request, to, done, anchor string) error {
	if done != "" {
		to += "?done=" + done
	}
	if anchor != "" {
		to += "#" + anchor
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
