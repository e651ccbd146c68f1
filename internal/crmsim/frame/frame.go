// Package frame is the frame of the pages that people see of a simulated CRM: the layout with its menu and style, views,
// forms that change something, and the words for times and sums. The texts are Ukrainian.
package frame

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/keybridge/keybridge/internal/crmsim/table"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// View makes a page: the name of its template and what to show, which embeds Head. A nil data is a page that there is
// not. Views and actions run under the account's lock.
type View func(in *Input) (template string, data any)

// Action is what a form does; it returns where to go next and, when it could not be done, why.
type Action func(in *Input) (next string, err error)

// Site is the pages of one simulator.
type Site struct {
	Brand     string // such as "KeyCRM"
	Menu      []MenuItem
	Templates fs.FS             // *.html of the simulator's own
	Lock      func(func())      // runs what it is given under the account's lock
	Known     func(string) bool // whether the simulator goes by that host, besides loopback; nil: by any

	templates func() (*template.Template, error)
}

// Handle mounts the pages: views by their GET path, actions by their POST path, and an answer to all other paths.
func (s *Site) Handle(mux *http.ServeMux, views map[string]View, actions map[string]Action) {
	// Parsed at the first page, since most simulators are never looked at.
	s.templates = sync.OnceValues(func() (*template.Template, error) {
		t, err := template.ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return nil, err
		}
		return t.ParseFS(s.Templates, "*.html")
	})
	mux.Handle("GET /static/", http.FileServerFS(staticFiles))
	mux.Handle("GET /favicon.ico", http.RedirectHandler("/static/icon.svg", http.StatusMovedPermanently))
	for path, v := range views {
		mux.HandleFunc("GET "+path, s.Local(s.view(v)))
	}
	guard := http.NewCrossOriginProtection()
	for path, a := range actions {
		mux.Handle("POST "+path, guard.Handler(s.Local(s.action(a))))
	}
	mux.HandleFunc("/", s.Local(s.nowhere))
}

// Local refuses a foreign Host: another site's page could otherwise reach a loopback server by name.
func (s *Site) Local(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		ip := net.ParseIP(host)
		loopback := host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
		if s.Known != nil && !loopback && !s.Known(r.Host) {
			http.Error(w, "unknown host", http.StatusForbidden)
			return
		}
		h(w, r)
	}
}

func (s *Site) view(v View) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var name string
		var data any
		s.Lock(func() { name, data = v(&Input{r}) })
		if data == nil {
			s.missing(w)
			return
		}
		s.render(w, http.StatusOK, name, data)
	}
}

func (s *Site) action(a Action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "bad form", http.StatusBadRequest)
			return
		}
		var next string
		var err error
		s.Lock(func() { next, err = a(&Input{r}) })
		if err != nil {
			var gone *table.MissingError
			if errors.As(err, &gone) {
				err = UserError("такого запису немає, можливо, його видалили.")
			}
			s.problem(w, http.StatusUnprocessableEntity, "Не вийшло: "+err.Error(), back(r))
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
	Head
	Text, Back string
}

func (s *Site) problem(w http.ResponseWriter, status int, text, back string) {
	s.render(w, status, "message", messagePage{Head{Title: s.Brand, Brand: s.Brand, Menu: s.menu("")}, text, back})
}

func (s *Site) missing(w http.ResponseWriter) {
	s.problem(w, http.StatusNotFound, "Такого запису немає: можливо, його видалили.", "/")
}

// nginxPage is what a CRM's web server answers where there is no API, such as below an address without its version.
const nginxPage = "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n" +
	"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

// nowhere answers an address that is neither the API's nor a page's.
func (s *Site) nowhere(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Accept"), "text/html") { // a person
		s.missing(w)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, nginxPage) // the reader may be gone
}

func (s *Site) render(w http.ResponseWriter, status int, name string, data any) {
	t, err := s.templates()
	var out bytes.Buffer
	if err == nil {
		err = t.ExecuteTemplate(&out, name, data)
	}
	if err != nil {
		http.Error(w, "simulated CRM: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' http: https: data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the reader may be gone
}
