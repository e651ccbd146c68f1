package account

import (
	"slices"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/generator"
)

// Categories lists the tree, oldest first as KeyCRM does.
func (s *Catalog) Categories() []entity.Category {
	out := make([]entity.Category, 0, len(s.gen.Categories))
	for _, c := range s.gen.Categories {
		if row := s.DB.Categories.Get(c.ID); row != nil {
			c = *row
		}
		out = append(out, c)
	}
	for _, c := range s.DB.Categories.Sorted() {
		if c.ID >= generator.FirstCategory+int64(len(s.gen.Categories)) {
			out = append(out, *c)
		}
	}
	return slices.DeleteFunc(out, func(c entity.Category) bool { return c.ParentID == gone })
}

// Category is a node of the tree, nil when it is not there.
func (s *Catalog) Category(id int64) *entity.Category {
	return crmsim.Find(s.Categories(), func(c *entity.Category) bool { return c.ID == id })
}

// CategoriesWithin are a category and all below it.
func (s *Catalog) CategoriesWithin(id int64) map[int64]bool {
	within := map[int64]bool{id: true}
	for grown := true; grown; {
		grown = false
		for _, c := range s.Categories() {
			if within[c.ParentID] && !within[c.ID] {
				within[c.ID], grown = true, true
			}
		}
	}
	return within
}

// CategoryName is a category's name for people.
func (s *Catalog) CategoryName(id int64) string {
	if c := s.Category(id); c != nil {
		return c.Name
	}
	return "–"
}

// AddCategory adds a category under a parent (0: top level) and returns its id.
func (s *Catalog) AddCategory(name string, parent int64) int64 {
	id := s.DB.Categories.Next()
	s.DB.Categories.Put(id, &entity.Category{ID: id, Name: name, ParentID: parent})
	return id
}

// EditCategory renames or moves a category.
func (s *Catalog) EditCategory(id int64, name string, parent int64) error {
	if s.Category(id) == nil {
		return missing("category", id)
	}
	s.DB.Categories.Put(id, &entity.Category{ID: id, Name: name, ParentID: parent})
	return nil
}

// DeleteCategory takes a category out of the list; its products keep its id.
func (s *Catalog) DeleteCategory(id int64) error {
	c := s.Category(id)
	if c == nil {
		return missing("category", id)
	}
	return s.EditCategory(id, c.Name, gone)
}

// gone is the parent of a category that was deleted.
const gone = -1
