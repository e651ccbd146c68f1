package storefront

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/demoshop/web"
)

// variantView is a choice on the product page.
type variantView struct {
	domain.Goods
	Label   string
	Left    string // «В наявності», «Залишилося 2 шт.», «Немає в наявності»
	CanBuy  bool
	Checked bool
	Barcode string
}

// Off is the discount in whole percent; zero when there is none.
func (v variantView) Off() int64 { return domain.PercentOff(v.Price, v.OldPrice) }

// shopProductPage is one product for buyers.
type shopProductPage struct {
	Frame    pageFrame
	Product  domain.Product
	Trail    []navItem
	Images   []domain.Image
	Variants []variantView
	Chosen   *variantView // what is shown first; nil when nothing is published
	CanBuy   bool
	Step     string
	Related  []store.Card
	Problem  string
}

func (s *Front) product(w http.ResponseWriter, r *http.Request) {
	id, _ := web.LeadingID(chi.URLParam(r, "ref"))
	s.showProduct(w, r, http.StatusOK, id, "")
}

// showProduct shows the product, with the problem above its button when there is one.
func (s *Front) showProduct(w http.ResponseWriter, r *http.Request, status int, id int64, problem string) {
	page, err := s.shopProduct(r, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page.Problem = problem
	s.pages.Render(w, r, status, "product", page)
}

func (s *Front) shopProduct(r *http.Request, id int64) (shopProductPage, error) {
	ctx := r.Context()
	rows, err := s.Store.Products.ByID(ctx, []int64{id})
	if err != nil {
		return shopProductPage{}, err
	}
	if len(rows) == 0 || !rows[0].Published {
		return shopProductPage{}, domain.ErrNotFound
	}
	p := rows[0]
	frame, err := s.frame(r, p.Name)
	if err != nil {
		return shopProductPage{}, err
	}
	frame.Canonical = s.PublicURL.JoinPath(web.ProductPath(p.ID, p.Name)).String()
	frame.About = p.Name + ": ціна, наявність, доставка по Україні. Магазин «" + s.ShopName + "»."
	page := shopProductPage{Frame: frame, Product: p, Trail: frame.shelf.crumbs(p.CategoryID), Step: "1"}
	if !domain.WholeUnits(p.Unit) {
		page.Step = "0.001"
	}
	if page.Images, err = s.Store.Products.Images(ctx, []int64{id}); err != nil {
		return page, err
	}
	if err := s.variantViews(ctx, &page, r.URL.Query().Get("variant")); err != nil {
		return page, err
	}
	if p.CategoryID != 0 {
		page.Related, err = s.Store.Shelf.Cards(ctx, store.ShelfQuery{Categories: []int64{p.CategoryID}, Except: id, Limit: 4})
	}
	return page, err
}

func (s *Front) variantViews(ctx context.Context, page *shopProductPage, wanted string) error {
	variants, err := s.Store.Products.Variants(ctx, []int64{page.Product.ID})
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

func newVariantView(p domain.Product, v domain.Variant) variantView {
	g := domain.Goods{
		VariantID: v.ID, ProductID: p.ID, Name: p.Name, Options: v.Options, SKU: v.SKU, Unit: p.Unit, Price: v.Price,
		OldPrice: v.OldPrice, Stock: v.Stock, ForSale: p.Published && p.Orderable && v.Published && v.Orderable && v.Price.Valid,
	}
	view := variantView{Goods: g, Label: v.Options.Values(), Barcode: v.Barcode}
	view.CanBuy = g.ForSale && (!v.Stock.Valid || v.Stock.Decimal.IsPositive())
	switch {
	case !view.CanBuy:
		view.Left = "Немає в наявності"
	case v.Stock.Valid && v.Stock.Decimal.IntPart() < 5:
		view.Left = "Залишилося " + domain.FormatQuantity(v.Stock.Decimal) + " " + domain.UnitName(p.Unit)
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
