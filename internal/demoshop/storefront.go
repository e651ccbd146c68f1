package demoshop

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/plugin"
)

const (
	basketCookie = "demoshop_basket"
	utmCookie    = "demoshop_utm"
	utmLife      = 30 * 24 * time.Hour
	shelfSize    = 24
)

func (e *Engine) shopRoutes(r chi.Router) {
	r.Use(ownContent, e.rememberUTM)
	r.Get("/", e.home)
	r.Get("/catalog", e.catalogPage)
	r.Get("/category/{ref}", e.categoryPage)
	r.Get("/product/{ref}", e.product)
	r.Get("/search", e.search)
	r.Get("/basket", e.basketPage)
	r.Post("/basket/add", e.basketAdd)
	r.Post("/basket/update", e.basketUpdate)
	r.Get("/checkout", e.checkoutPage)
	r.Post("/checkout", e.checkout)
	r.Get("/order/{number}", e.orderStatusPage)
	r.Post("/order/{number}/pay", e.orderPay)
	r.Get("/delivery", e.deliveryPage)
}

// rememberUTM keeps the campaign marks of the last visit that had any, while the shop collects them.
func (e *Engine) rememberUTM(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.RawQuery, "utm_") && frameSettings(r).CollectUTM {
			if u := utmOf(r.URL.Query()); u != (plugin.UTM{}) {
				http.SetCookie(w, e.cookie(utmCookie, url.QueryEscape(utmQuery(u).Encode()), utmLife))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// utmOf reads the marks of an address, cut to what an order keeps.
func utmOf(q url.Values) plugin.UTM {
	mark := func(name string) string { return strings.TrimSpace(cut(strings.TrimSpace(q.Get(name)), 200)) }
	return plugin.UTM{
		Source: mark("utm_source"), Medium: mark("utm_medium"), Campaign: mark("utm_campaign"), Term: mark("utm_term"), Content: mark("utm_content"),
	}
}

func utmQuery(u plugin.UTM) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"utm_source": u.Source, "utm_medium": u.Medium, "utm_campaign": u.Campaign, "utm_term": u.Term, "utm_content": u.Content,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// visitUTM answers the marks kept for the buyer; none while the shop does not collect them.
func visitUTM(r *http.Request) plugin.UTM {
	c, err := r.Cookie(utmCookie)
	if err != nil || !frameSettings(r).CollectUTM {
		return plugin.UTM{}
	}
	raw, err := url.QueryUnescape(c.Value)
	if err != nil {
		return plugin.UTM{}
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return plugin.UTM{}
	}
	return utmOf(q)
}

// navItem is a category in the menu.
type navItem struct {
	ID      int64
	Name    string
	ImageID *int64
	Path    string
	Current bool
}

// shopFrame is what every page of the storefront shows around itself.
type shopFrame struct {
	ShopName  string
	Title     string
	About     string // for search engines
	Canonical string
	Query     string
	Basket    int // different goods in the basket
	Roots     []navItem
	Year      int

	shelf shelfTree
}

// shelfTree is the category tree without branches that hold nothing to sell.
type shelfTree struct {
	tree
	images map[int64]*int64
	full   map[int64]bool
}

func newShelfTree(rows []shelfCategory) shelfTree {
	plain := make([]categoryRow, len(rows))
	for i, r := range rows {
		plain[i] = r.categoryRow
	}
	t := shelfTree{tree: newTree(plain), images: map[int64]*int64{}, full: map[int64]bool{}}
	for _, r := range rows {
		trail := t.trail(r.ID)
		for _, up := range trail {
			t.full[up.ID] = t.full[up.ID] || r.Stocked
			if t.images[up.ID] == nil {
				t.images[up.ID] = r.ImageID
			}
		}
	}
	return t
}

// items are the children of a category that hold goods.
func (t shelfTree) items(parent, current int64) []navItem {
	var out []navItem
	for _, id := range t.children[parent] {
		if t.full[id] {
			name := t.byID[id].Name
			out = append(out, navItem{id, name, t.images[id], categoryPath(id, name), id == current})
		}
	}
	return out
}

// shopFrame prepares the frame of a page.
func (e *Engine) shopFrame(r *http.Request, title string) (shopFrame, error) {
	f := shopFrame{ShopName: e.cfg.ShopName, Title: title, Year: e.now().In(e.zone).Year()}
	rows, err := e.store.shelfCategories(r.Context())
	if err != nil {
		return f, err
	}
	f.shelf = newShelfTree(rows)
	f.Roots = f.shelf.items(0, 0)
	b, _, err := e.visitBasket(r)
	f.Basket = len(b.Lines)
	return f, err
}

// visitBasket answers the buyer's basket and the hash it is kept under; nil without a cookie.
func (e *Engine) visitBasket(r *http.Request) (basketRow, []byte, error) {
	c, err := r.Cookie(basketCookie)
	if err != nil || len(c.Value) < 32 || len(c.Value) > 100 {
		return basketRow{}, nil, nil //nolint:nilerr // no cookie, or none of ours: an empty basket
	}
	hash := hashToken(c.Value)
	b, err := e.store.basket(r.Context(), hash)
	return b, hash, err
}

// shopFail shows an error in the storefront's frame.
func (e *Engine) shopFail(w http.ResponseWriter, r *http.Request, err error) {
	e.shopFailure(w, r, e.explain(r, err))
}

func (e *Engine) shopFailure(w http.ResponseWriter, r *http.Request, f failure) {
	frame, err := e.shopFrame(r, f.Title)
	if err != nil { // the database is away: a frame without menu and basket
		frame = shopFrame{ShopName: e.cfg.ShopName, Title: f.Title}
	}
	e.render(w, r, f.Status, "shop/failure", struct {
		Frame   shopFrame
		Failure failure
	}{frame, f})
}

// homePage is the shop window.
type homePage struct {
	Frame    shopFrame
	Featured []card
	New      []card
}

func (e *Engine) home(w http.ResponseWriter, r *http.Request) {
	frame, err := e.shopFrame(r, e.cfg.ShopName)
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	page := homePage{Frame: frame}
	page.Frame.Canonical = e.cfg.PublicURL.JoinPath("/").String()
	if page.Featured, err = e.store.shelf(r.Context(), shelfQuery{Featured: true, Limit: 8}); err == nil {
		page.New, err = e.store.shelf(r.Context(), shelfQuery{Limit: 8})
	}
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	e.render(w, r, http.StatusOK, "shop/home", page)
}

// listPage is a category, the whole catalog or what a search found.
type listPage struct {
	Frame    shopFrame
	Heading  string
	Trail    []navItem
	Nav      []navItem // the tree beside the list
	Sub      []navItem // narrower categories
	Query    string
	Sort     string
	Cards    []card
	Found    int
	Pager    pager
	InSearch bool
	Action   string // where the sorting form goes
}

// sorts are the orders a buyer can choose.
func sorts() []string { return []string{"", "price", "-price", "name"} }

func (e *Engine) list(w http.ResponseWriter, r *http.Request, page listPage, q shelfQuery) {
	if page.Sort = r.URL.Query().Get("sort"); !slices.Contains(sorts(), page.Sort) {
		page.Sort = ""
	}
	n := pageNumber(r)
	q.Sort, q.Limit, q.Offset, q.Words = page.Sort, shelfSize, (n-1)*shelfSize, page.Query
	var err error
	if page.Found, err = e.store.shelfCount(r.Context(), q); err == nil && page.Found > 0 {
		page.Cards, err = e.store.shelf(r.Context(), q)
	}
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	page.Pager, page.Action = newPager(r, n, shelfSize, page.Found), r.URL.Path
	e.render(w, r, http.StatusOK, "shop/list", page)
}

func searchText(r *http.Request) string {
	return strings.TrimSpace(cut(r.URL.Query().Get("q"), 200))
}

func (e *Engine) catalogPage(w http.ResponseWriter, r *http.Request) {
	frame, err := e.shopFrame(r, "Усі товари")
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	e.list(w, r, listPage{Frame: frame, Heading: "Усі товари", Nav: frame.Roots, Query: searchText(r)}, shelfQuery{})
}

func (e *Engine) search(w http.ResponseWriter, r *http.Request) {
	frame, err := e.shopFrame(r, "Пошук")
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	q := searchText(r)
	frame.Query = q
	heading := "Пошук"
	if q != "" {
		heading = "Пошук: «" + q + "»"
	}
	e.list(w, r, listPage{Frame: frame, Heading: heading, Nav: frame.Roots, Query: q, InSearch: true}, shelfQuery{})
}

func (e *Engine) categoryPage(w http.ResponseWriter, r *http.Request) {
	frame, err := e.shopFrame(r, "")
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	id, _ := leadingID(chi.URLParam(r, "ref"))
	row, ok := frame.shelf.byID[id]
	if !ok {
		e.shopFail(w, r, plugin.ErrNotFound)
		return
	}
	frame.Title, frame.Canonical = row.Name, e.cfg.PublicURL.JoinPath(categoryPath(id, row.Name)).String()
	frame.About = row.Name + " в інтернет-магазині «" + e.cfg.ShopName + "»: ціни, наявність, доставка по Україні."
	page := listPage{
		Frame: frame, Heading: row.Name, Trail: frame.shelf.crumbs(row.ParentID), Nav: frame.shelf.beside(id),
		Sub: frame.shelf.items(id, 0), Query: searchText(r),
	}
	e.list(w, r, page, shelfQuery{Categories: frame.shelf.within(id)})
}

// crumbs is the trail to a category as links.
func (t shelfTree) crumbs(id int64) []navItem {
	var out []navItem
	for _, row := range t.trail(id) {
		out = append(out, navItem{ID: row.ID, Name: row.Name, Path: categoryPath(row.ID, row.Name)})
	}
	return out
}

// beside is the menu next to a category: its children, or else its sisters.
func (t shelfTree) beside(id int64) []navItem {
	if children := t.items(id, 0); len(children) > 0 {
		return children
	}
	return t.items(t.byID[id].ParentID, id)
}

// deliveryPage tells how goods come and how they are paid for.
func (e *Engine) deliveryPage(w http.ResponseWriter, r *http.Request) {
	frame, err := e.shopFrame(r, "Доставка й оплата")
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	e.render(w, r, http.StatusOK, "shop/delivery", struct {
		Frame    shopFrame
		Delivery []deliveryOption
		Payment  []paymentOption
	}{frame, deliveryOptions(), paymentOptions()})
}

// variantView is a choice on the product page.
type variantView struct {
	goods
	Label   string
	Left    string // «В наявності», «Залишилося 2 шт.», «Немає в наявності»
	CanBuy  bool
	Checked bool
	Barcode string
}

// Off is the discount in whole percent; zero when there is none.
func (v variantView) Off() int64 { return percentOff(v.Price, v.OldPrice) }

// shopProductPage is one product for buyers.
type shopProductPage struct {
	Frame    shopFrame
	Product  productRow
	Trail    []navItem
	Images   []imageRow
	Variants []variantView
	Chosen   *variantView // what is shown first; nil when nothing is published
	CanBuy   bool
	Step     string
	Related  []card
	Problem  string
}

func (e *Engine) product(w http.ResponseWriter, r *http.Request) {
	id, _ := leadingID(chi.URLParam(r, "ref"))
	e.showProduct(w, r, http.StatusOK, id, "")
}

// showProduct shows the product, with the problem above its button when there is one.
func (e *Engine) showProduct(w http.ResponseWriter, r *http.Request, status int, id int64, problem string) {
	page, err := e.shopProduct(r, id)
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	page.Problem = problem
	e.render(w, r, status, "shop/product", page)
}

func (e *Engine) shopProduct(r *http.Request, id int64) (shopProductPage, error) {
	ctx := r.Context()
	rows, err := e.store.productsByID(ctx, []int64{id})
	if err != nil {
		return shopProductPage{}, err
	}
	if len(rows) == 0 || !rows[0].Published {
		return shopProductPage{}, plugin.ErrNotFound
	}
	p := rows[0]
	frame, err := e.shopFrame(r, p.Name)
	if err != nil {
		return shopProductPage{}, err
	}
	frame.Canonical = e.cfg.PublicURL.JoinPath(productPath(p.ID, p.Name)).String()
	frame.About = p.Name + ": ціна, наявність, доставка по Україні. Магазин «" + e.cfg.ShopName + "»."
	page := shopProductPage{Frame: frame, Product: p, Trail: frame.shelf.crumbs(p.CategoryID), Step: "1"}
	if !wholeUnits(p.Unit) {
		page.Step = "0.001"
	}
	if page.Images, err = imagesOf(ctx, e.store.db, []int64{id}); err != nil {
		return page, err
	}
	if err := e.variantViews(ctx, &page, r.URL.Query().Get("variant")); err != nil {
		return page, err
	}
	if p.CategoryID != 0 {
		page.Related, err = e.store.shelf(ctx, shelfQuery{Categories: []int64{p.CategoryID}, Except: id, Limit: 4})
	}
	return page, err
}

func (e *Engine) variantViews(ctx context.Context, page *shopProductPage, wanted string) error {
	variants, err := variantsOf(ctx, e.store.db, []int64{page.Product.ID})
	if err != nil {
		return err
	}
	for _, v := range variants {
		if v.Published {
			page.Variants = append(page.Variants, newVariantView(page.Product, v))
		}
	}
	tellApart(page.Variants)
	chosen := -1
	for i, v := range page.Variants {
		page.CanBuy = page.CanBuy || v.CanBuy
		if strconv.FormatInt(v.VariantID, 10) == wanted || chosen < 0 && v.CanBuy {
			chosen = i
		}
	}
	if chosen < 0 && len(page.Variants) > 0 {
		chosen = 0
	}
	if chosen >= 0 {
		page.Variants[chosen].Checked = true
		page.Chosen = &page.Variants[chosen]
	}
	return nil
}

func newVariantView(p productRow, v variantRow) variantView {
	g := goods{
		VariantID: v.ID, ProductID: p.ID, Name: p.Name, Options: v.Options, SKU: v.SKU, Unit: p.Unit, Price: v.Price,
		OldPrice: v.OldPrice, Stock: v.Stock, ForSale: p.Published && p.Orderable && v.Published && v.Orderable && v.Price.Valid,
	}
	view := variantView{goods: g, Label: v.Options.Values(), Barcode: v.Barcode}
	view.CanBuy = g.ForSale && (!v.Stock.Valid || v.Stock.Decimal.IsPositive())
	switch {
	case !view.CanBuy:
		view.Left = "Немає в наявності"
	case v.Stock.Valid && v.Stock.Decimal.IntPart() < 5:
		view.Left = "Залишилося " + formatQuantity(v.Stock.Decimal) + " " + unitName(p.Unit)
	default:
		view.Left = "В наявності"
	}
	return view
}

// tellApart adds the SKU, or a number, to labels that would read the same.
func tellApart(views []variantView) {
	seen := map[string]int{}
	for _, v := range views {
		seen[v.Label]++
	}
	for i := range views {
		if len(views) == 1 || views[i].Label != "" && seen[views[i].Label] == 1 {
			continue
		}
		extra := views[i].SKU
		if extra == "" {
			extra = strconv.Itoa(i + 1)
		}
		views[i].Label = strings.TrimSpace(views[i].Label + " " + extra)
	}
}
