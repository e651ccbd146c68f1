package admin

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// hiddenShown is how many products a page of the list shows.
const hiddenShown = 50

// hiddenPage is «Приховані, чекають перевірки».
type hiddenPage struct {
	frame
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

func (a *Admin) showHidden(w http.ResponseWriter, r *http.Request, v *visit) error {
	return a.renderHidden(w, r, v, http.StatusOK, nil)
}

func (a *Admin) renderHidden(w http.ResponseWriter, r *http.Request, v *visit, status int, refused []itemView) error {
	after := ""
	if r.Method == http.MethodGet {
		after = r.URL.Query().Get("after")
	}
	list, next, err := a.Products.Hidden(r.Context(), v.conn.ID, after, hiddenShown)
	if err != nil {
		return err
	}
	page := hiddenPage{frame: a.frame(r, v), Refused: refused, More: next != "" || after != ""}
	seen := map[plugin.ProductID]bool{}
	for _, h := range list {
		page.Rows = append(page.Rows, viewHidden(v, h))
		if !seen[h.Product] {
			seen[h.Product] = true
			page.Shown = append(page.Shown, h.Product)
		}
	}
	if next != "" {
		page.Next = page.Hidden + "?after=" + url.QueryEscape(next)
	}
	return a.render(w, r, v, status, "hidden", v.words.T("hidden.title"), page)
}

func viewHidden(v *visit, h catalog.Hidden) hiddenView {
	out := hiddenView{
		Product: h.Product, Name: h.Name, SKU: h.SKU, Variant: h.Variant != "", Why: v.words.T("hidden.why.new"),
		Price: v.words.T("hidden.no_price"),
	}
	if h.Missing {
		out.Why = v.words.T("hidden.why.missing")
	}
	if h.Price.IsSet() {
		out.Price = h.Price.String()
	}
	return out
}

// publishHidden is «Опублікувати», for one product or for all of the page.
func (a *Admin) publishHidden(w http.ResponseWriter, r *http.Request, v *visit) error {
	ids := r.PostForm["product"]
	if len(ids) == 0 {
		ids = r.PostForm["shown"]
	}
	done, refused, err := a.Products.Publish(r.Context(), v.conn.ID, productIDs(ids), v.op.ID)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		var views []itemView
		for _, it := range refused {
			views = append(views, itemView{Name: orID(it.Name, string(it.Product)), Reason: DescribeItem(v.words, it)})
		}
		return a.renderHidden(w, r, v, http.StatusUnprocessableEntity, views)
	}
	code := "now_published"
	if done == 0 {
		code = "now_published_none"
	}
	return redirect(w, r, a.links(v.conn.ID).Hidden, code, "")
}

// orID stands in for a name that is not known.
func orID(name, id string) string {
	if name == "" {
		return id
	}
	return name
}

// productIDs drops repeats and blanks, and what one page could not have held.
func productIDs(posted []string) []plugin.ProductID {
	seen := map[string]bool{"": true}
	var out []plugin.ProductID
	for _, id := range posted {
		if !seen[id] && len(out) < plugin.MaxBatch {
			seen[id] = true
			out = append(out, plugin.ProductID(id))
		}
	}
	return out
}

type apiHidden struct {
	Product plugin.ProductID `json:"product"`
	Variant plugin.VariantID `json:"variant,omitempty"`
	Name    string           `json:"name"`
	SKU     string           `json:"sku,omitempty"`
	Price   string           `json:"price,omitempty"`
	Missing bool             `json:"missing,omitempty"`
}

type apiHiddenList struct {
	Products []apiHidden `json:"products"`
	// Next is the value of "after" for the following page; empty at the end.
	Next string `json:"next,omitempty"`
}

func (a *Admin) apiHidden(r *http.Request, v *visit) (int, any, error) {
	list, next, err := a.Products.Hidden(r.Context(), v.conn.ID, r.URL.Query().Get("after"), hiddenShown)
	if err != nil {
		return 0, nil, err
	}
	out := apiHiddenList{Products: []apiHidden{}, Next: next}
	for _, h := range list {
		row := apiHidden{Product: h.Product, Variant: h.Variant, Name: h.Name, SKU: h.SKU, Missing: h.Missing}
		if h.Price.IsSet() {
			row.Price = h.Price.String()
		}
		out.Products = append(out.Products, row)
	}
	return http.StatusOK, out, nil
}

type apiPublished struct {
	Published int            `json:"published"`
	Refused   []apiRefusedOf `json:"refused,omitempty"`
}

type apiRefusedOf struct {
	Product plugin.ProductID `json:"product"`
	Reason  catalog.Reason   `json:"reason"`
	Message string           `json:"message"`
}

func (a *Admin) apiPublish(r *http.Request, v *visit) (int, any, error) {
	var in struct {
		Products []string `json:"products"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return http.StatusBadRequest, apiError{Error: "bad_json"}, nil //nolint:nilerr // as in apiSave
	}
	done, refused, err := a.Products.Publish(r.Context(), v.conn.ID, productIDs(in.Products), v.op.ID)
	if err != nil {
		return 0, nil, err
	}
	out := apiPublished{Published: done}
	for _, it := range refused {
		out.Refused = append(out.Refused, apiRefusedOf{it.Product, it.Reason, DescribeItem(v.words, it)})
	}
	return http.StatusOK, out, nil
}
