package demoshop

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/microcosm-cc/bluemonday"
	"github.com/shopspring/decimal"
)

//go:embed templates static
var webFiles embed.FS

// pages are the parsed templates by name ("shop/home", "admin/orders"), once for each way to write
// prices.
type pages struct {
	plain, kopecks map[string]*template.Template
	html           *bluemonday.Policy
}

// newPages parses every template with the layout of its folder.
func newPages() (*pages, error) {
	p := &pages{html: bluemonday.UGCPolicy()}
	var err error
	if p.plain, err = p.parse(false); err != nil {
		return nil, err
	}
	p.kopecks, err = p.parse(true)
	return p, err
}

func (p *pages) parse(kopecks bool) (map[string]*template.Template, error) {
	out := map[string]*template.Template{}
	for _, folder := range []string{"shop", "admin"} {
		files, err := fs.Glob(webFiles, "templates/"+folder+"/*.html")
		if err != nil {
			return nil, fmt.Errorf("demo shop: list templates: %w", err)
		}
		for _, file := range files {
			base := strings.TrimSuffix(path.Base(file), ".html")
			if base == "layout" || base == "parts" {
				continue
			}
			t, err := template.New("layout.html").Funcs(p.funcs(kopecks)).ParseFS(webFiles,
				"templates/"+folder+"/layout.html", "templates/"+folder+"/parts.html", file)
			if err != nil {
				return nil, fmt.Errorf("demo shop: parse template %s: %w", file, err)
			}
			out[folder+"/"+base] = t
		}
	}
	login, err := template.New("login.html").ParseFS(webFiles, "templates/bare/login.html")
	if err != nil {
		return nil, fmt.Errorf("demo shop: parse sign-in page: %w", err)
	}
	out["admin/login"] = login // it has no frame: nobody is signed in yet
	return out, nil
}

func (p *pages) funcs(kopecks bool) template.FuncMap {
	return template.FuncMap{
		"price":        func(d decimal.Decimal) string { return formatPrice(d, kopecks) },
		"quantity":     formatQuantity,
		"unit":         unitName,
		"status":       statusName,
		"payment":      paymentName,
		"sanitized":    func(s string) template.HTML { return template.HTML(p.html.Sanitize(s)) }, //nolint:gosec // just sanitised
		"initial":      initial,
		"hue":          hue,
		"deref":        deref,
		"productPath":  productPath,
		"categoryPath": categoryPath,
	}
}

// render writes a page; nothing is written when the template fails.
func (e *Engine) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	set := e.pages.plain
	if frameSettings(r).Kopecks {
		set = e.pages.kopecks
	}
	var b bytes.Buffer
	if err := set[name].Execute(&b, data); err != nil {
		e.cfg.Logger.ErrorContext(r.Context(), "page is not rendered", "page", name, "error", err)
		http.Error(w, "Сторінку не вдалося показати. Спробуйте ще раз за хвилину.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// local writes an instant in the shop's zone.
func (e *Engine) local(t time.Time) string { return t.In(e.zone).Format("02.01.2006 15:04") }

// initial is the letter on the placeholder of a thing without a picture.
func initial(name string) string {
	for _, r := range strings.TrimSpace(name) {
		return strings.ToUpper(string(r))
	}
	return "•"
}

// hue spreads placeholders over a few calm colours, the same for the same id.
func hue(id int64) int { return int(id*47%360+360) % 360 }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
