package backoffice

import (
	"net/http"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// categoryItem is a row of the category list.
type categoryItem struct {
	domain.FlatNode
	All   int
	Shown int
}

// categoriesPage is the whole tree.
type categoriesPage struct {
	Frame      pageFrame
	Categories []categoryItem
	Loose      int // products without a category
}

func (b *Office) categories(w http.ResponseWriter, r *http.Request) {
	rows, err := b.Store.Products.Categories(r.Context())
	if err != nil {
		b.fail(w, r, err)
		return
	}
	counts, err := b.Store.Products.CategoryCounts(r.Context())
	if err != nil {
		b.fail(w, r, err)
		return
	}
	page := categoriesPage{Frame: b.frame(r, sectionCategories, "Категорії"), Loose: counts[0][0]}
	for _, n := range domain.NewTree(rows).Flat() {
		page.Categories = append(page.Categories, categoryItem{n, counts[n.ID][0], counts[n.ID][1]})
	}
	b.pages.Render(w, r, http.StatusOK, "categories", page)
}
