package keycrmtest

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// pages draws what people see.
type pages struct {
	s    *Server
	tmpl func() (*template.Template, error)
}

// head is what every page has.
type head struct {
	Title, Notice string
	Menu          []menuItem
}

type menuItem struct {
	Path, Name string
	Here       bool
}

// fact is a name with its value, for lists of details.
type fact struct{ Name, Value string }

// choice is an entry of a menu.
type choice struct {
	ID     int64
	Name   string
	Chosen bool
}

// pager is the foot of a list.
type pager struct {
	Page, Last, Total int
	Prev, Next        string
}

const rowsPerPage = 40

func newPager(r *http.Request, total int) pager {
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	p := pager{Last: max((total+rowsPerPage-1)/rowsPerPage, 1), Total: total}
	p.Page = min(max(n, 1), p.Last)
	link := func(n int) string {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(n))
		return r.URL.Path + "?" + q.Encode()
	}
	if p.Page > 1 {
		p.Prev = link(p.Page - 1)
	}
	if p.Page < p.Last {
		p.Next = link(p.Page + 1)
	}
	return p
}

func (p pager) window() window { return window{skip: (p.Page - 1) * rowsPerPage, take: rowsPerPage} }

func (s *Server) handlePages(mux *http.ServeMux) {
	p := &pages{s: s, tmpl: onceTemplates()}
	mux.Handle("GET /static/", http.FileServerFS(staticFiles))
	mux.Handle("GET /favicon.ico", http.RedirectHandler("/static/icon.svg", http.StatusMovedPermanently))
	for path, h := range p.views() {
		mux.HandleFunc("GET "+path, p.local(h))
	}
	mux.HandleFunc("/", p.local(p.nowhere))
	guard := http.NewCrossOriginProtection()
	for path, h := range p.actions() {
		mux.Handle("POST "+path, guard.Handler(p.local(p.action(h))))
	}
}

func (p *pages) views() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/{$}": p.overview, "/catalog": p.catalog, "/catalog/{id}": p.product, "/orders": p.orders,
		"/orders/{id}": p.order, "/cards": p.cards, "/cards/{id}": p.card, "/buyers": p.buyers,
		"/dictionaries": p.dictionaries, "/triggers": p.triggers, "/requests": p.requests, "/requests/unknown": p.unknownFields, "/faults": p.faults,
	}
}

// action is what a form does; it returns where to go next and, when it could not be done, why.
type action func(f *input) (next string, err error)

func (p *pages) actions() map[string]action {
	return map[string]action{
		"/settings/pipelines":                                  p.setPipelines,
		"/settings/stock-hook":                                 p.setStockHook,
		"/catalog":                                             p.addProduct,
		"/catalog/archive":                                     p.archiveFound,
		"/catalog/{id}":                                        p.editProduct,
		"/catalog/{id}/archive":                                p.archiveProduct,
		"/catalog/{id}/delete":                                 p.deleteProduct,
		"/offers/{id}":                                         p.editOffer,
		"/orders/{id}/status":                                  p.orderStatus,
		"/orders/{id}/tracking":                                p.orderTracking,
		"/orders/{id}/comment":                                 p.orderComment,
		"/orders/{id}/lines":                                   p.addLine,
		"/orders/{id}/payments":                                p.addPayment,
		"/orders/{id}/payments/{inner}":                        p.editPayment,
		"/orders/{id}/delete":                                  p.deleteOrder,
		"/cards/{id}/status":                                   p.cardStatus,
		"/cards/{id}/convert":                                  p.convertCard,
		"/cards/{id}/delete":                                   p.deleteCard,
		"/buyers/merge":                                        p.mergeBuyers,
		"/dictionaries/{kind}":                                 p.addEntry,
		"/dictionaries/{kind}/{id}":                            p.saveEntry,
		"/dictionaries/{kind}/{id}/active":                     p.switchEntry,
		"/dictionaries/pipelines/{id}/statuses":                p.savePipelineStatus,
		"/dictionaries/pipelines/{id}/statuses/{inner}":        p.savePipelineStatus,
		"/dictionaries/pipelines/{id}/statuses/{inner}/delete": p.deletePipelineStatus,
		"/triggers":                                            p.saveTrigger,
		"/triggers/{id}/toggle":                                p.toggleTrigger,
		"/triggers/{id}/delete":                                p.deleteTrigger,
		"/requests/reset":                                      p.resetRequests,
		"/faults":                                              p.addFault,
		"/faults/{id}/delete":                                  p.clearFault,
	}
}

// local refuses a foreign Host on a loopback server: another site's page could otherwise reach it by name.
func (p *pages) local(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		ip := net.ParseIP(host)
		known := host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
		if p.s.addr != "" && !known && !strings.Contains(p.s.cfg.publicURL, "//"+r.Host) {
			http.Error(w, "unknown host", http.StatusForbidden)
			return
		}
		h(w, r)
	}
}

// input is a posted form.
type input struct{ r *http.Request }

func (f *input) text(name string) string { return strings.TrimSpace(f.r.PostFormValue(name)) }

func (f *input) path(name string) int64 {
	n, _ := strconv.ParseInt(f.r.PathValue(name), 10, 64) // 0 is no id
	return n
}

func (f *input) id(name string) int64 {
	n, _ := strconv.ParseInt(f.text(name), 10, 64) // 0 is no id
	return n
}

func (f *input) ids(name string) []int64 {
	var out []int64
	for _, v := range f.r.PostForm[name] {
		out = append(out, parseIDs(v)...)
	}
	return out
}

// amount accepts a comma as people type it; empty is zero.
func (f *input) amount(name string) (decimal.Decimal, error) {
	s := strings.NewReplacer(",", ".", " ", "").Replace(f.text(name))
	if s == "" {
		return decimal.Zero, nil
	}
	d, err := decimal.NewFromString(s)
	if err != nil || len(s) > 20 {
		return decimal.Zero, userError("«" + f.text(name) + "» не є числом.")
	}
	return d, nil
}

// userError is a message for people.
type userError string

func (e userError) Error() string { return string(e) }

func (p *pages) action(h action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "bad form", http.StatusBadRequest)
			return
		}
		next, err := h(&input{r})
		if err != nil {
			var gone *missingError
			if errors.As(err, &gone) {
				err = userError("такого запису немає, можливо, його видалили.")
			}
			p.problem(w, http.StatusUnprocessableEntity, "Не вийшло: "+err.Error(), back(r))
			return
		}
		http.Redirect(w, r, withDone(next), http.StatusSeeOther)
	}
}

// back is the page a form was on, as far as it is ours.
func back(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host || u.Path == "" {
		return "/"
	}
	return u.Path
}

func withDone(next string) string {
	path, place, anchored := strings.Cut(next, "#")
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	path += sign + "done=1"
	if anchored {
		path += "#" + place
	}
	return path
}

type messagePage struct {
	head
	Text, Back string
}

func (p *pages) problem(w http.ResponseWriter, status int, text, back string) {
	p.render(w, status, "message", messagePage{head{Title: "KeyCRM", Menu: menu("")}, text, back})
}

func (p *pages) missing(w http.ResponseWriter) {
	p.problem(w, http.StatusNotFound, "Такого запису немає: можливо, його видалили.", "/")
}

func (p *pages) head(r *http.Request, title string) head {
	h := head{Title: title, Menu: menu(r.URL.Path)}
	if r.URL.Query().Has("done") {
		h.Notice = "Зроблено."
	}
	return h
}

// nginxPage is what KeyCRM's web server answers where there is no API, such as below an address without /v1.
const nginxPage = "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n" +
	"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

// nowhere answers an address that is neither the API's nor a page's.
func (p *pages) nowhere(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Accept"), "text/html") { // a person
		p.missing(w)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, nginxPage) // the reader may be gone
}

func menu(here string) []menuItem {
	items := []menuItem{
		{"/", "Огляд", false},
		{"/catalog", "Каталог", false},
		{"/orders", "Замовлення", false},
		{"/cards", "Воронки", false},
		{"/buyers", "Покупці", false},
		{"/dictionaries", "Довідники", false},
		{"/triggers", "Автоматизація", false},
		{"/requests", "Запити API", false},
		{"/faults", "Збої", false},
	}
	for i := range items {
		items[i].Here = here == items[i].Path || items[i].Path != "/" && strings.HasPrefix(here, items[i].Path)
	}
	return items
}

// onceTemplates parses at the first page, since most simulators are never looked at.
func onceTemplates() func() (*template.Template, error) {
	return sync.OnceValues(func() (*template.Template, error) {
		return template.ParseFS(templateFiles, "templates/*.html")
	})
}

func (p *pages) render(w http.ResponseWriter, status int, name string, data any) {
	t, err := p.tmpl()
	var out bytes.Buffer
	if err == nil {
		err = t.ExecuteTemplate(&out, name, data)
	}
	if err != nil {
		http.Error(w, "keycrmtest: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' http: https: data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the reader may be gone
}

// when is a time for people, in UTC as everything in the account.
func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("02.01.2006 15:04:05")
}

// whenShort is when without seconds, for lists.
func whenShort(t time.Time) string { return strings.TrimSuffix(when(t), t.UTC().Format(":05")) }

func money(d decimal.Decimal) string { return d.StringFixed(2) }

// valueWords is a custom field's value for people.
func valueWords(raw json.RawMessage) string {
	var list []string
	var text string
	var on bool
	switch {
	case json.Unmarshal(raw, &list) == nil:
		return strings.Join(list, ", ")
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &on) == nil && on:
		return "так"
	case json.Unmarshal(raw, &on) == nil:
		return "ні"
	}
	return string(raw)
}
