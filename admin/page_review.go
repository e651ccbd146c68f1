package admin

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// reviewPages show what we hid until a person has looked at it, and publish it.
type reviewPages struct{ base }

// hiddenPage is «Приховані, чекають перевірки».
type hiddenPage struct {
	web.Base
	Rows []hiddenView
	// Shown are the products of the page, once each, for «publish all».
	Shown []plugin.ProductID
	// Refused says what the shop did not take just now.
	Refused []itemView
	// Next is the address of the following page; empty at the end.
	Next string
	// More: the list is longer than this page.
	More bool
}

type hiddenView struct {
	Product               plugin.ProductID
	Name, SKU, Price, Why string
	// Variant: a variant waits, of a product that is shown.
	Variant bool
}

func (p reviewPages) show(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	return p.render(w, r, req, http.StatusOK, nil)
}

func (p reviewPages) render(w http.ResponseWriter, r *http.Request, req *web.Request, status int, refused []itemView) error {
	after := ""
	if r.Method == http.MethodGet {
		after = r.URL.Query().Get("after")
	}
	list, next, err := p.svc.Products.Hidden(r.Context(), req.Conn.ID, after, service.HiddenShown)
	if err != nil {
		return err
	}
	page := hiddenPage{Base: p.web.Base(r, req), Refused: refused, More: next != "" || after != ""}
	seen := map[plugin.ProductID]bool{}
	for _, h := range list {
		page.Rows = append(page.Rows, viewHidden(req, h))
		if !seen[h.Product] {
			seen[h.Product] = true
			page.Shown = append(page.Shown, h.Product)
		}
	}
	if next != "" {
		page.Next = page.Hidden + "?after=" + url.QueryEscape(next)
	}
	return p.web.Render(w, r, req, status, "hidden", req.Words.T("hidden.title"), page)
}

func viewHidden(req *web.Request, h catalog.Hidden) hiddenView {
	out := hiddenView{
		Product: h.Product, Name: h.Name, SKU: h.SKU, Variant: h.Variant != "", Why: req.Words.T("hidden.why.new"),
		Price: req.Words.T("hidden.no_price"),
	}
	if h.Missing {
		out.Why = req.Words.T("hidden.why.missing")
	}
	if h.Price.IsSet() {
		out.Price = h.Price.String()
	}
	return out
}

// publish is «Опублікувати», for one product or for all of the page.
func (p reviewPages) publish(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	ids := r.PostForm["product"]
	if len(ids) == 0 {
		ids = r.PostForm["shown"]
	}
	done, refused, err := p.svc.Products.Publish(r.Context(), req.Conn.ID, service.ProductIDs(ids), req.Operator.ID)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		var views []itemView
		for _, it := range refused {
			views = append(views, itemView{Name: cmp.Or(it.Name, string(it.Product)), Reason: words.DescribeItem(req.Words, it)})
		}
		return p.render(w, r, req, http.StatusUnprocessableEntity, views)
	}
	code := "now_published"
	if done == 0 {
		code = "now_published_none"
	}
	return web.Redirect(w, r, req.Links.Hidden, code, "")
}
