package bridge

import (
	"context"
	"fmt"
	"maps"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// Categories implements plugin.Catalog.
func (c *catalog) Categories(ctx context.Context, lang string) ([]plugin.Category, error) {
	rows, err := c.store.Categories(ctx)
	if err != nil {
		return nil, contractErr(err)
	}
	lang = c.langs.Reading(lang)
	out := make([]plugin.Category, len(rows))
	for i, r := range rows {
		out[i] = plugin.Category{
			ID: domain.FormatID[plugin.CategoryID](r.ID), ParentID: domain.FormatID[plugin.CategoryID](r.ParentID), Name: r.NameIn(lang), Version: version(r.Version),
		}
	}
	return out, nil
}

// CreateCategories implements plugin.Catalog.
func (c *catalog) CreateCategories(ctx context.Context, _ plugin.Origin, batch []plugin.NewCategory) ([]plugin.CategoryResult, error) {
	return inBatch(ctx, c.store, "create categories", batch, c.newCategoryItems, categoryRefused)
}

func (c *catalog) newCategoryItems(ctx context.Context, tx *store.CatalogTx, batch []plugin.NewCategory, items []int, results []plugin.CategoryResult) error {
	var parents []plugin.CategoryID
	for _, i := range items {
		parents = append(parents, batch[i].ParentID)
	}
	known, err := tx.KnownCategories(ctx, domain.ParseIDs(parents))
	if err != nil {
		return err
	}
	ids, err := tx.NewCategoryIDs(ctx, len(items))
	if err != nil {
		return err
	}
	var rows []domain.Category
	for n, i := range items {
		row, err := newCategoryRow(ids[n], batch[i], known, c.langs)
		if err != nil {
			results[i] = categoryRefused(err)
			continue
		}
		rows = append(rows, row)
		results[i] = plugin.CategoryResult{ID: domain.FormatID[plugin.CategoryID](row.ID), Version: version(1), Changed: true}
	}
	return tx.InsertCategories(ctx, rows)
}

func newCategoryRow(id int64, nc plugin.NewCategory, known map[int64]bool, langs domain.Languages) (domain.Category, error) {
	lang, err := langs.Code(nc.Lang)
	if err != nil {
		return domain.Category{}, err
	}
	if err := domain.CheckName("category name", nc.Name); err != nil {
		return domain.Category{}, err
	}
	parent, err := knownCategory(nc.ParentID, known)
	row := domain.Category{ID: id, ParentID: parent, Name: nc.Name, Version: 1}
	if lang != langs[0].Code { // a category needs a name in the first language too
		row.Texts = row.Texts.With(lang, domain.Text{Name: nc.Name})
	}
	return row, err
}

// UpdateCategories implements plugin.Catalog.
func (c *catalog) UpdateCategories(ctx context.Context, _ plugin.Origin, batch []plugin.CategoryPatch) ([]plugin.CategoryResult, error) {
	return inBatch(ctx, c.store, "update categories", batch, c.categoryItems, categoryRefused)
}

func (c *catalog) categoryItems(ctx context.Context, tx *store.CatalogTx, batch []plugin.CategoryPatch, items []int, results []plugin.CategoryResult) error {
	// Two moves at once could make a cycle neither makes alone: the tree has one writer at a time.
	if err := tx.LockTree(ctx); err != nil {
		return err
	}
	rows, err := tx.Categories(ctx)
	if err != nil {
		return err
	}
	tree := make(categoryTree, len(rows))
	for _, r := range rows {
		tree[r.ID] = r
	}
	changed := map[int64]bool{}
	for _, i := range items {
		did, err := tree.patch(batch[i], c.langs)
		if err != nil {
			results[i] = categoryRefused(err)
			continue
		}
		id, _ := domain.ParseID(batch[i].ID)
		if did && !changed[id] { // several items of one category are one stored change
			changed[id] = true
			row := tree[id]
			row.Version++
			tree[id] = row
		}
		results[i] = plugin.CategoryResult{ID: batch[i].ID, Changed: did}
	}
	var save []domain.Category
	for id := range changed {
		save = append(save, tree[id])
	}
	for _, i := range items {
		if id, _ := domain.ParseID(batch[i].ID); results[i].Err == nil {
			results[i].Version = version(tree[id].Version)
		}
	}
	return tx.UpdateCategories(ctx, save)
}

// categoryTree is the whole tree by id.
type categoryTree map[int64]domain.Category

// patch renames and moves one category in memory and reports whether anything changed.
func (t categoryTree) patch(p plugin.CategoryPatch, langs domain.Languages) (bool, error) {
	id, _ := domain.ParseID(p.ID)
	row, ok := t[id]
	if !ok {
		return false, fmt.Errorf("category %q: %w", domain.Cut(string(p.ID), 40), domain.ErrNotFound)
	}
	old := row
	if p.Name != nil {
		lang, err := langs.Code(p.Lang)
		if err != nil {
			return false, err
		}
		if err := domain.CheckName("category name", *p.Name); err != nil {
			return false, err
		}
		row.Rename(lang, lang == langs[0].Code, *p.Name)
	}
	if p.ParentID != nil {
		parent, _ := domain.ParseID(*p.ParentID)
		if _, ok := t[parent]; *p.ParentID != "" && !ok {
			return false, domain.Invalidf("parent category %q does not exist", domain.Cut(string(*p.ParentID), 40))
		}
		if t.under(parent, id) {
			return false, domain.Invalidf("category %d cannot lie within itself", id)
		}
		row.ParentID = parent
	}
	t[id] = row
	return row.Name != old.Name || row.ParentID != old.ParentID || !maps.Equal(row.Texts, old.Texts), nil
}

// under reports whether id is root or lies below it.
func (t categoryTree) under(id, root int64) bool {
	for steps := 0; id != 0 && steps <= len(t); steps++ {
		if id == root {
			return true
		}
		id = t[id].ParentID
	}
	return false
}
