package demoshop

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// productsPage is the admin's list of products.
type productsPage struct {
	Frame    adminFrame
	Filter   productFilter
	Category string
	Products []productListRow
	Found    int
	Pager    pager
	Back     string // the list's own address, to come back to after a bulk change
}

func (e *Engine) adminProducts(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := productFilter{Query: strings.TrimSpace(cut(q.Get("q"), 200)), Published: q.Get("published")}
	if f.Published != "yes" && f.Published != "no" {
		f.Published = ""
	}
	f.Category, _ = parseID(q.Get("category"))
	n := pageNumber(r)
	rows, err := e.store.productList(r.Context(), f, n, adminPageSize)
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	page := productsPage{Frame: e.frame(r, sectionProducts, "Товари"), Filter: f, Products: rows, Back: r.URL.RawQuery}
	if len(rows) > 0 {
		page.Found = rows[0].Found
	}
	page.Pager = newPager(r, n, adminPageSize, page.Found)
	e.render(w, r, http.StatusOK, "admin/products", page)
}

func (e *Engine) adminPublish(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		e.adminFail(w, r, plugin.ErrInvalid)
		return
	}
	published := r.PostForm.Get("published") == "yes"
	ids := r.PostForm["id"]
	if len(ids) > plugin.MaxBatch {
		ids = ids[:plugin.MaxBatch]
	}
	if err := e.store.publish(r.Context(), parseIDs(ids), published); err != nil {
		e.adminFail(w, r, err)
		return
	}
	back, err := url.ParseQuery(r.PostForm.Get("back"))
	if err != nil {
		back = url.Values{}
	}
	if back.Set("done", "hidden"); published {
		back.Set("done", "published")
	}
	http.Redirect(w, r, "/admin/products?"+back.Encode(), http.StatusSeeOther)
}

// productPage is the edit form of one product.
type productPage struct {
	Frame      adminFrame
	Product    productRow
	Variants   []variantRow
	Images     []imageRow
	Categories []categoryOption
	Foreign    []foreignText
	// KeptBy names the plugin that keeps the product in step with another system; empty when none does.
	KeptBy string
	Error  string
}

// foreignText are the product's texts in a language beside the first.
type foreignText struct {
	plugin.Language
	Text text
}

// categoryOption is a category with its depth, for a select.
type categoryOption struct {
	ID   int64
	Name string
}

func (e *Engine) adminProduct(w http.ResponseWriter, r *http.Request) {
	id, _ := parseID(chi.URLParam(r, "id"))
	page, err := e.productPage(r, id)
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	e.render(w, r, http.StatusOK, "admin/product", page)
}

func (e *Engine) productPage(r *http.Request, id int64) (productPage, error) {
	rows, err := e.store.productsByID(r.Context(), []int64{id})
	if err != nil {
		return productPage{}, err
	}
	if len(rows) == 0 {
		return productPage{}, plugin.ErrNotFound
	}
	page := productPage{Frame: e.frame(r, sectionProducts, rows[0].Name), Product: rows[0]}
	if page.Variants, err = variantsOf(r.Context(), e.store.db, []int64{id}); err != nil {
		return page, err
	}
	if page.Images, err = imagesOf(r.Context(), e.store.db, []int64{id}); err != nil {
		return page, err
	}
	categories, err := e.store.categories(r.Context(), e.store.db)
	if err != nil {
		return page, err
	}
	for _, n := range newTree(categories).flat() {
		page.Categories = append(page.Categories, categoryOption{n.ID, strings.Repeat("— ", n.Depth) + n.Name})
	}
	for _, l := range e.cfg.Languages[1:] {
		page.Foreign = append(page.Foreign, foreignText{l, page.Product.text(l.Code)})
	}
	page.KeptBy = e.keeperOf(r.Context(), id)
	return page, nil
}

// keeperOf names the plugin that keeps a product in step with another system; empty when none does,
// or when it cannot be asked right now: the page is useful without.
func (e *Engine) keeperOf(ctx context.Context, id int64) string {
	p := e.plugin()
	if p == nil {
		return ""
	}
	_, err := p.OwnerOf(ctx, ShopID, plugin.ProductID(strconv.FormatInt(id, 10)))
	switch {
	case err == nil:
		return p.Manifest().Name
	case !errors.Is(err, plugin.ErrNotFound):
		e.cfg.Logger.WarnContext(ctx, "the plugin does not say whether it keeps a product", "product", id, "error", err)
	}
	return ""
}

// adminProductSave writes the form through the same door as the plugin does, on condition that the
// product is still the one the form showed.
func (e *Engine) adminProductSave(w http.ResponseWriter, r *http.Request) {
	id, _ := parseID(chi.URLParam(r, "id"))
	page, err := e.productPage(r, id)
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	patch, problem := e.productPatch(r, page)
	if problem != "" {
		page.Error = problem
		e.render(w, r, http.StatusUnprocessableEntity, "admin/product", page)
		return
	}
	results, err := e.shop.catalog.UpdateProducts(r.Context(), plugin.Origin{}, []plugin.ProductPatch{patch})
	if err == nil {
		err = results[0].Err
	}
	if err == nil {
		err = e.store.setFeatured(r.Context(), id, r.PostFormValue("featured") != "")
	}
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/products/"+url.PathEscape(string(patch.ID))+"?done=saved", http.StatusSeeOther)
}

// productPatch reads the form; problem says what is wrong with it.
func (e *Engine) productPatch(r *http.Request, page productPage) (plugin.ProductPatch, string) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	if name == "" {
		return plugin.ProductPatch{}, "Назва не може бути порожньою."
	}
	description := page.Product.Description
	// An untouched description stays byte for byte, so that saving the form is no edit of it.
	if d := strings.ReplaceAll(r.PostFormValue("description"), "\r\n", "\n"); d != strings.ReplaceAll(description, "\r\n", "\n") {
		description = e.pages.html.Sanitize(d)
	}
	published, orderable := r.PostFormValue("published") != "", r.PostFormValue("orderable") != ""
	category := plugin.CategoryID(r.PostFormValue("category"))
	patch := plugin.ProductPatch{
		ID: formatID[plugin.ProductID](page.Product.ID), Expect: plugin.Version(r.PostFormValue("version")), Lang: Locale,
		Name: &name, Description: &description, Published: &published, Orderable: &orderable, CategoryID: &category,
	}
	for _, v := range page.Variants {
		vp, problem := variantPatch(r, v)
		if problem != "" {
			return patch, problem
		}
		patch.Variants = append(patch.Variants, vp)
	}
	return patch, ""
}

// variantPatch reads the fields price_ID, old_price_ID and stock_ID of the form.
func variantPatch(r *http.Request, v variantRow) (plugin.VariantPatch, string) {
	id := string(formatID[plugin.VariantID](v.ID))
	p := plugin.VariantPatch{ID: plugin.VariantID(id)}
	price, ok1 := readAmount(r.PostFormValue("price_" + id))
	old, ok2 := readAmount(r.PostFormValue("old_price_" + id))
	if !ok1 || !ok2 || checkMoney("price", price) != nil || checkMoney("price", old) != nil {
		return p, "Ціна має бути числом від нуля, наприклад 1299 або 99,50."
	}
	p.Price, p.OldPrice = &price, &old
	if text := strings.TrimSpace(r.PostFormValue("stock_" + id)); text != "" {
		stock, ok := readDecimal(text)
		if !ok || checkStock(stock) != nil {
			return p, "Залишок має бути числом від нуля."
		}
		p.Stock = &stock
	}
	return p, ""
}

// readAmount reads a price field; empty is no price.
func readAmount(text string) (plugin.Money, bool) {
	if strings.TrimSpace(text) == "" {
		return plugin.Money{}, true
	}
	d, ok := readDecimal(text)
	return plugin.Money{Amount: d, Currency: Currency}, ok
}

// readDecimal reads a number as people type it: a comma or a point, spaces between thousands. No
// exponents: they would let a short text mean a huge number.
func readDecimal(text string) (decimal.Decimal, bool) {
	text = strings.NewReplacer(" ", "", nbsp, "", ",", ".").Replace(strings.TrimSpace(text))
	if text == "" || len(text) > 20 || strings.Trim(text, "0123456789.-") != "" {
		return decimal.Zero, false
	}
	d, err := decimal.NewFromString(text)
	return d, err == nil
}
