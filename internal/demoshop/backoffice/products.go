package backoffice

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop/bridge"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/demoshop/web"
	"github.com/keybridge/keybridge/plugin"
)

// productPages are the pages of products.
type productPages struct{ *Office }

// productsPage is the admin's list of products.
type productsPage struct {
	Frame    pageFrame
	Filter   store.ProductFilter
	Category string
	Products []store.ProductListRow
	Found    int
	Pager    web.Pager
	Back     string // the list's own address, to come back to after a bulk change
}

func (b *productPages) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := store.ProductFilter{Query: strings.TrimSpace(domain.Cut(q.Get("q"), 200)), Published: q.Get("published")}
	if f.Published != "yes" && f.Published != "no" {
		f.Published = ""
	}
	f.Category, _ = domain.ParseID(q.Get("category"))
	n := web.PageNumber(r)
	rows, err := b.Store.Products.List(r.Context(), f, n, pageSize)
	if err != nil {
		b.fail(w, r, err)
		return
	}
	page := productsPage{Frame: b.frame(r, sectionProducts, "Товари"), Filter: f, Products: rows, Back: r.URL.RawQuery}
	if len(rows) > 0 {
		page.Found = rows[0].Found
	}
	page.Pager = web.NewPager(r, n, pageSize, page.Found)
	b.pages.Render(w, r, http.StatusOK, "products", page)
}

func (b *productPages) publish(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		b.fail(w, r, domain.ErrInvalid)
		return
	}
	published := r.PostForm.Get("published") == "yes"
	ids := r.PostForm["id"]
	if len(ids) > plugin.MaxBatch {
		ids = ids[:plugin.MaxBatch]
	}
	if err := b.Store.Products.Publish(r.Context(), domain.ParseIDs(ids), published); err != nil {
		b.fail(w, r, err)
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
	Frame      pageFrame
	Product    domain.Product
	Variants   []domain.Variant
	Images     []domain.Image
	Categories []categoryOption
	Foreign    []foreignText
	// KeptBy names the plugin that keeps the product in step with another system; empty when none does.
	KeptBy string
	Error  string
}

// foreignText are the product's texts in a language beside the first.
type foreignText struct {
	domain.Language
	Text domain.Text
}

// categoryOption is a category with its depth, for a select.
type categoryOption struct {
	ID   int64
	Name string
}

func (b *productPages) show(w http.ResponseWriter, r *http.Request) {
	id, _ := domain.ParseID(chi.URLParam(r, "id"))
	page, err := b.productPage(r, id)
	if err != nil {
		b.fail(w, r, err)
		return
	}
	b.pages.Render(w, r, http.StatusOK, "product", page)
}

func (b *productPages) productPage(r *http.Request, id int64) (productPage, error) {
	rows, err := b.Store.Products.ByID(r.Context(), []int64{id})
	if err != nil {
		return productPage{}, err
	}
	if len(rows) == 0 {
		return productPage{}, domain.ErrNotFound
	}
	page := productPage{Frame: b.frame(r, sectionProducts, rows[0].Name), Product: rows[0]}
	if page.Variants, err = b.Store.Products.Variants(r.Context(), []int64{id}); err != nil {
		return page, err
	}
	if page.Images, err = b.Store.Products.Images(r.Context(), []int64{id}); err != nil {
		return page, err
	}
	categories, err := b.Store.Products.Categories(r.Context())
	if err != nil {
		return page, err
	}
	for _, n := range domain.NewTree(categories).Flat() {
		page.Categories = append(page.Categories, categoryOption{n.ID, strings.Repeat("— ", n.Depth) + n.Name})
	}
	for _, l := range b.foreign {
		page.Foreign = append(page.Foreign, foreignText{l, page.Product.TextIn(l.Code)})
	}
	page.KeptBy = b.keeperOf(r.Context(), id)
	return page, nil
}

// keeperOf names the plugin that keeps a product in step with another system; empty when none does,
// or when it cannot be asked right now: the page is useful without.
func (b *productPages) keeperOf(ctx context.Context, id int64) string {
	p := b.integration.Plugin()
	if p == nil {
		return ""
	}
	_, err := p.OwnerOf(ctx, bridge.ShopID, plugin.ProductID(strconv.FormatInt(id, 10)))
	switch {
	case err == nil:
		return p.Manifest().Name
	case !errors.Is(err, plugin.ErrNotFound):
		b.Log.WarnContext(ctx, "the plugin does not say whether it keeps a product", "product", id, "error", err)
	}
	return ""
}

// save writes the form through the same door as the plugin does, on condition that the
// product is still the one the form showed.
func (b *productPages) save(w http.ResponseWriter, r *http.Request) {
	id, _ := domain.ParseID(chi.URLParam(r, "id"))
	page, err := b.productPage(r, id)
	if err != nil {
		b.fail(w, r, err)
		return
	}
	patch, problem := b.productPatch(r, page)
	if problem != "" {
		page.Error = problem
		b.pages.Render(w, r, http.StatusUnprocessableEntity, "product", page)
		return
	}
	results, err := b.catalog.UpdateProducts(r.Context(), plugin.Origin{}, []plugin.ProductPatch{patch})
	if err == nil {
		err = results[0].Err
	}
	if err == nil {
		err = b.Store.Products.SetFeatured(r.Context(), id, r.PostFormValue("featured") != "")
	}
	if err != nil {
		b.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/products/"+url.PathEscape(string(patch.ID))+"?done=saved", http.StatusSeeOther)
}

// productPatch reads the form; problem says what is wrong with it.
func (b *productPages) productPatch(r *http.Request, page productPage) (plugin.ProductPatch, string) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	if name == "" {
		return plugin.ProductPatch{}, "Назва не може бути порожньою."
	}
	description := page.Product.Description
	// An untouched description stays byte for byte, so that saving the form is no edit of it.
	if d := strings.ReplaceAll(r.PostFormValue("description"), "\r\n", "\n"); d != strings.ReplaceAll(description, "\r\n", "\n") {
		description = b.pages.Sanitize(d)
	}
	published, orderable := r.PostFormValue("published") != "", r.PostFormValue("orderable") != ""
	category := plugin.CategoryID(r.PostFormValue("category"))
	patch := plugin.ProductPatch{
		ID: domain.FormatID[plugin.ProductID](page.Product.ID), Expect: plugin.Version(r.PostFormValue("version")), Lang: domain.Locale,
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
func variantPatch(r *http.Request, v domain.Variant) (plugin.VariantPatch, string) {
	id := string(domain.FormatID[plugin.VariantID](v.ID))
	p := plugin.VariantPatch{ID: plugin.VariantID(id)}
	price, ok1 := readAmount(r.PostFormValue("price_" + id))
	old, ok2 := readAmount(r.PostFormValue("old_price_" + id))
	if !ok1 || !ok2 {
		return p, "Ціна має бути числом від нуля, наприклад 1299 або 99,50."
	}
	p.Price, p.OldPrice = &price, &old
	if text := strings.TrimSpace(r.PostFormValue("stock_" + id)); text != "" {
		stock, ok := domain.ReadDecimal(text)
		if !ok || domain.CheckStock(stock) != nil {
			return p, "Залишок має бути числом від нуля."
		}
		p.Stock = &stock
	}
	return p, ""
}

// readAmount reads a price field; empty is no price. False: the shop takes no such price.
func readAmount(text string) (plugin.Money, bool) {
	if strings.TrimSpace(text) == "" {
		return plugin.Money{}, true
	}
	d, ok := domain.ReadDecimal(text)
	return plugin.Money{Amount: d, Currency: domain.Currency}, ok && domain.CheckPrice(decimal.NewNullDecimal(d)) == nil
}
