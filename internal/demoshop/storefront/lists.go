package storefront

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/demoshop/web"
)

// homePage is the shop window.
type homePage struct {
	Frame    pageFrame
	Featured []store.Card
	New      []store.Card
}

func (s *Front) home(w http.ResponseWriter, r *http.Request) {
	frame, err := s.frame(r, s.ShopName)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := homePage{Frame: frame}
	page.Frame.Canonical = s.PublicURL.JoinPath("/").String()
	if page.Featured, err = s.Store.Shelf.Cards(r.Context(), store.ShelfQuery{Featured: true, Limit: 8}); err == nil {
		page.New, err = s.Store.Shelf.Cards(r.Context(), store.ShelfQuery{Limit: 8})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.pages.Render(w, r, http.StatusOK, "home", page)
}

// listPage is a category, the whole catalog or what a search found.
type listPage struct {
	Frame    pageFrame
	Heading  string
	Trail    []navItem
	Nav      []navItem // the tree beside the list
	Sub      []navItem // narrower categories
	Query    string
	Sort     string
	Cards    []store.Card
	Found    int
	Pager    web.Pager
	InSearch bool
	Action   string // where the sorting form goes
}

// sorts are the orders a buyer can choose.
func sorts() []string { return []string{"", "price", "-price", "name"} }

func (s *Front) list(w http.ResponseWriter, r *http.Request, page listPage, q store.ShelfQuery) {
	if page.Sort = r.URL.Query().Get("sort"); !slices.Contains(sorts(), page.Sort) {
		page.Sort = ""
	}
	n := web.PageNumber(r)
	q.Sort, q.Limit, q.Offset, q.Words = page.Sort, shelfSize, (n-1)*shelfSize, page.Query
	var err error
	if page.Found, err = s.Store.Shelf.Count(r.Context(), q); err == nil && page.Found > 0 {
		page.Cards, err = s.Store.Shelf.Cards(r.Context(), q)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page.Pager, page.Action = web.NewPager(r, n, shelfSize, page.Found), r.URL.Path
	s.pages.Render(w, r, http.StatusOK, "list", page)
}

func searchText(r *http.Request) string {
	return strings.TrimSpace(domain.Cut(r.URL.Query().Get("q"), 200))
}

func (s *Front) catalogPage(w http.ResponseWriter, r *http.Request) {
	frame, err := s.frame(r, "Усі товари")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.list(w, r, listPage{Frame: frame, Heading: "Усі товари", Nav: frame.Roots, Query: searchText(r)}, store.ShelfQuery{})
}

func (s *Front) search(w http.ResponseWriter, r *http.Request) {
	frame, err := s.frame(r, "Пошук")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q := searchText(r)
	frame.Query = q
	heading := "Пошук"
	if q != "" {
		heading = "Пошук: «" + q + "»"
	}
	s.list(w, r, listPage{Frame: frame, Heading: heading, Nav: frame.Roots, Query: q, InSearch: true}, store.ShelfQuery{})
}

func (s *Front) categoryPage(w http.ResponseWriter, r *http.Request) {
	frame, err := s.frame(r, "")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	id, _ := web.LeadingID(chi.URLParam(r, "ref"))
	row, ok := frame.shelf.ByID[id]
	if !ok {
		s.fail(w, r, domain.ErrNotFound)
		return
	}
	frame.Title, frame.Canonical = row.Name, s.PublicURL.JoinPath(web.CategoryPath(id, row.Name)).String()
	frame.About = row.Name + " в інтернет-магазині «" + s.ShopName + "»: ціни, наявність, доставка по Україні."
	page := listPage{
		Frame: frame, Heading: row.Name, Trail: frame.shelf.crumbs(row.ParentID), Nav: frame.shelf.beside(id),
		Sub: frame.shelf.items(id, 0), Query: searchText(r),
	}
	s.list(w, r, page, store.ShelfQuery{Categories: frame.shelf.Within(id)})
}

// crumbs is the trail to a category as links.
func (t shelfTree) crumbs(id int64) []navItem {
	var out []navItem
	for _, row := range t.Trail(id) {
		out = append(out, navItem{ID: row.ID, Name: row.Name, Path: web.CategoryPath(row.ID, row.Name)})
	}
	return out
}

// beside is the menu next to a category: its children, or else its sisters.
func (t shelfTree) beside(id int64) []navItem {
	if children := t.items(id, 0); len(children) > 0 {
		return children
	}
	return t.items(t.ByID[id].ParentID, id)
}

// deliveryPage tells how goods come and how they are paid for.
func (s *Front) deliveryPage(w http.ResponseWriter, r *http.Request) {
	frame, err := s.frame(r, "Доставка й оплата")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.pages.Render(w, r, http.StatusOK, "delivery", struct {
		Frame    pageFrame
		Delivery []domain.DeliveryOption
		Payment  []domain.PaymentOption
	}{frame, domain.DeliveryOptions(), domain.PaymentOptions()})
}
