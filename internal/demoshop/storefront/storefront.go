package storefront

import (
	"context"
	"embed"
	"net/http"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/secrets"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/demoshop/web"
)

const (
	basketCookie = "demoshop_basket"
	shelfSize    = 24
)

//go:embed templates
var files embed.FS

// Placer places orders, and knows whether somebody must be told of what happens to them.
type Placer interface {
	// Place runs the checkout's transaction. Errors: those of Sales.Checkout.
	Place(ctx context.Context, d store.Draft) (store.Placed, error)
	// Listens reports whether events of orders are to be queued.
	Listens() bool
	// Nudge says that an event was queued.
	Nudge()
}

// Front is the shop as buyers see it.
type Front struct {
	*web.Site
	pages  *web.Pages
	fronts []domain.Storefront
	placer Placer
}

// New is the storefront under the given names, at least one; the first takes what comes
// to a host that none names.
func New(site *web.Site, fronts []domain.Storefront, placer Placer) (*Front, error) {
	pages, err := web.NewPages(files, site.Log)
	if err != nil {
		return nil, err
	}
	return &Front{Site: site, pages: pages, fronts: fronts, placer: placer}, nil
}

// navItem is a category in the menu.
type navItem struct {
	ID      int64
	Name    string
	ImageID *int64
	Path    string
	Current bool
}

// pageFrame is what every page of the storefront shows around itself.
type pageFrame struct {
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
	domain.Tree
	images map[int64]*int64
	full   map[int64]bool
}

func newShelfTree(rows []store.ShelfCategory) shelfTree {
	plain := make([]domain.Category, len(rows))
	for i, r := range rows {
		plain[i] = r.Category
	}
	t := shelfTree{Tree: domain.NewTree(plain), images: map[int64]*int64{}, full: map[int64]bool{}}
	for _, r := range rows {
		trail := t.Trail(r.ID)
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
	for _, id := range t.Children[parent] {
		if t.full[id] {
			name := t.ByID[id].Name
			out = append(out, navItem{id, name, t.images[id], web.CategoryPath(id, name), id == current})
		}
	}
	return out
}

// frame prepares the frame of a page.
func (s *Front) frame(r *http.Request, title string) (pageFrame, error) {
	f := pageFrame{ShopName: s.ShopName, Title: title, Year: s.Now().In(s.Zone).Year()}
	rows, err := s.Store.Shelf.Categories(r.Context())
	if err != nil {
		return f, err
	}
	f.shelf = newShelfTree(rows)
	f.Roots = f.shelf.items(0, 0)
	b, _, err := s.visitBasket(r)
	f.Basket = len(b.Lines)
	return f, err
}

// visitBasket answers the buyer's basket and the hash it is kept under; nil without a cookie.
func (s *Front) visitBasket(r *http.Request) (domain.Basket, []byte, error) {
	c, err := r.Cookie(basketCookie)
	if err != nil || len(c.Value) < 32 || len(c.Value) > 100 {
		return domain.Basket{}, nil, nil //nolint:nilerr // no cookie, or none of ours: an empty basket
	}
	hash := secrets.Hash(c.Value)
	b, err := s.Store.Sales.Basket(r.Context(), hash)
	return b, hash, err
}

// fail shows an error in the storefront's frame.
func (s *Front) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.showFailure(w, r, s.Explain(r, err))
}

func (s *Front) showFailure(w http.ResponseWriter, r *http.Request, f web.Failure) {
	frame, err := s.frame(r, f.Title)
	if err != nil { // the database is away: a frame without menu and basket
		frame = pageFrame{ShopName: s.ShopName, Title: f.Title}
	}
	s.pages.Render(w, r, f.Status, "failure", struct {
		Frame   pageFrame
		Failure web.Failure
	}{frame, f})
}

// NotFound says in the shop's frame that there is no such page.
func (s *Front) NotFound(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, domain.ErrNotFound)
}
