package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// Pages are the parsed templates of one face of the shop by name, once for each way to write prices.
type Pages struct {
	plain, kopecks map[string]*template.Template
	html           *bluemonday.Policy
	log            *slog.Logger
}

// NewPages parses the templates of the folder "templates": each file with layout.html and parts.html,
// those in "bare" alone.
func NewPages(files fs.FS, log *slog.Logger) (*Pages, error) {
	p := &Pages{html: bluemonday.UGCPolicy(), log: log}
	var err error
	if p.plain, err = p.parse(files, false); err != nil {
		return nil, err
	}
	p.kopecks, err = p.parse(files, true)
	return p, err
}

func (p *Pages) parse(files fs.FS, kopecks bool) (map[string]*template.Template, error) {
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("demo shop: list templates: %w", err)
	}
	bare, err := fs.Glob(files, "templates/bare/*.html")
	if err != nil {
		return nil, fmt.Errorf("demo shop: list templates: %w", err)
	}
	out := map[string]*template.Template{}
	for _, file := range append(names, bare...) {
		name, frame := strings.TrimSuffix(path.Base(file), ".html"), []string{"templates/layout.html", "templates/parts.html"}
		if name == "layout" || name == "parts" {
			continue
		}
		if slices.Contains(bare, file) {
			frame = nil
		}
		first := path.Base(append(frame, file)[0])
		if out[name], err = template.New(first).Funcs(p.funcs(kopecks)).ParseFS(files, append(frame, file)...); err != nil {
			return nil, fmt.Errorf("demo shop: parse template %s: %w", file, err)
		}
	}
	return out, nil
}

// Sanitize keeps of a description what may stand in a page.
func (p *Pages) Sanitize(html string) string { return p.html.Sanitize(html) }

func (p *Pages) funcs(kopecks bool) template.FuncMap {
	return template.FuncMap{
		"price":        func(d decimal.Decimal) string { return domain.FormatPrice(d, kopecks) },
		"quantity":     domain.FormatQuantity,
		"unit":         domain.UnitName,
		"status":       domain.StatusName,
		"payment":      domain.PaymentName,
		"sanitized":    func(s string) template.HTML { return template.HTML(p.Sanitize(s)) }, //nolint:gosec // just sanitised
		"initial":      initial,
		"hue":          hue,
		"deref":        deref,
		"productPath":  ProductPath,
		"categoryPath": CategoryPath,
	}
}

// Render writes a page; nothing is written when the template fails.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	set := p.plain
	if SettingsOf(r).Kopecks {
		set = p.kopecks
	}
	var b bytes.Buffer
	if err := set[name].Execute(&b, data); err != nil {
		p.log.ErrorContext(r.Context(), "page is not rendered", "page", name, "error", err)
		http.Error(w, "Сторінку не вдалося показати. Спробуйте ще раз за хвилину.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

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
