package keycrm

import (
	"context"
	"iter"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// CategoriesService reads the product categories.
type CategoriesService struct{ c *caller }

// Category is a node of the category tree.
type Category struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	ParentID int64  `json:"parent_id"` // 0: top level; the parent may come on a later page
}

var categoryMembers = membersOf[Category]()

func (c *Category) read(s *jsonscan.Scanner) error { return categoryMembers.read(s, c) }

// CategoryQuery narrows a list of categories.
type CategoryQuery struct {
	Page, Limit int     // 0: the first page, MaxLimit rows
	IDs         []int64 // nil: all
	ParentIDs   []int64 // nil: all; direct children only
}

func (q CategoryQuery) query() *query {
	v := newQuery(q.Page, q.Limit)
	v.ids("category_id", q.IDs)
	v.ids("parent_id", q.ParentIDs)
	return v
}

// List returns one page of the flat list of categories. The caller builds the tree.
// Source: KeyCRM OpenAPI v1, GET /products/categories.
func (s *CategoriesService) List(ctx context.Context, q CategoryQuery) ([]Category, *Page, error) {
	return list[Category](ctx, s.c, "categories.list", "products/categories", q.query())
}

// Pages walks the list page by page from q.Page on.
func (s *CategoriesService) Pages(ctx context.Context, q CategoryQuery) iter.Seq2[PageOf[Category], error] {
	return walk("products/categories", q.Page, func(c *Category) int64 { return c.ID }, func(n int) ([]Category, *Page, error) {
		q.Page = n
		return s.List(ctx, q)
	})
}

// All walks the list category by category from q.Page on. It ends after the first error.
func (s *CategoriesService) All(ctx context.Context, q CategoryQuery) iter.Seq2[Category, error] {
	return rowsOf(s.Pages(ctx, q))
}
