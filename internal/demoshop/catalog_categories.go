package demoshop

import (
	"context"
	"fmt"
	"maps"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// Categories implements plugin.Catalog.
func (c *catalog) Categories(ctx context.Context, lang string) ([]plugin.Category, error) {
	rows, err := c.store.categories(ctx, c.store.db)
	if err != nil {
		return nil, err
	}
	lang = c.langs.reading(lang)
	out := make([]plugin.Category, len(rows))
	for i, r := range rows {
		out[i] = plugin.Category{
			ID: formatID[plugin.CategoryID](r.ID), ParentID: formatID[plugin.CategoryID](r.ParentID), Name: r.name(lang), Version: version(r.Version),
		}
	}
	return out, nil
}

// CreateCategories implements plugin.Catalog.
func (c *catalog) CreateCategories(ctx context.Context, _ plugin.Origin, batch []plugin.NewCategory) ([]plugin.CategoryResult, error) {
	if err := checkBatch(len(batch)); err != nil {
		return nil, err
	}
	results := make([]plugin.CategoryResult, len(batch))
	err := c.store.batch(ctx, len(batch),
		func(tx *sqlx.Tx, items []int) error { return c.newCategoryItems(ctx, tx, batch, items, results) },
		func(i int, err error) { results[i] = plugin.CategoryResult{Err: err} })
	if err != nil {
		return nil, fmt.Errorf("create categories: %w", err)
	}
	return results, nil
}

func (c *catalog) newCategoryItems(ctx context.Context, tx *sqlx.Tx, batch []plugin.NewCategory, items []int, results []plugin.CategoryResult) error {
	var parents []plugin.CategoryID
	for _, i := range items {
		parents = append(parents, batch[i].ParentID)
	}
	known, err := knownCategories(ctx, tx, parseIDs(parents))
	if err != nil {
		return err
	}
	ids, err := newIDs(ctx, tx, "demoshop.categories", len(items))
	if err != nil {
		return err
	}
	var rows []categoryRow
	for n, i := range items {
		row, err := newCategoryRow(ids[n], batch[i], known, c.langs)
		if err != nil {
			results[i] = plugin.CategoryResult{Err: err}
			continue
		}
		rows = append(rows, row)
		results[i] = plugin.CategoryResult{ID: formatID[plugin.CategoryID](row.ID), Version: version(1), Changed: true}
	}
	return insertCategories(ctx, tx, rows)
}

func newCategoryRow(id int64, nc plugin.NewCategory, known map[int64]bool, langs languages) (categoryRow, error) {
	lang, err := langs.code(nc.Lang)
	if err != nil {
		return categoryRow{}, err
	}
	if err := checkName("category name", nc.Name); err != nil {
		return categoryRow{}, err
	}
	parent, err := knownCategory(nc.ParentID, known)
	row := categoryRow{ID: id, ParentID: parent, Name: nc.Name, Version: 1}
	if lang != langs[0].Code { // a category needs a name in the first language too
		row.Texts = row.Texts.with(lang, text{Name: nc.Name})
	}
	return row, err
}

// UpdateCategories implements plugin.Catalog.
func (c *catalog) UpdateCategories(ctx context.Context, _ plugin.Origin, batch []plugin.CategoryPatch) ([]plugin.CategoryResult, error) {
	if err := checkBatch(len(batch)); err != nil {
		return nil, err
	}
	results := make([]plugin.CategoryResult, len(batch))
	err := c.store.batch(ctx, len(batch),
		func(tx *sqlx.Tx, items []int) error { return c.categoryItems(ctx, tx, batch, items, results) },
		func(i int, err error) { results[i] = plugin.CategoryResult{Err: err} })
	if err != nil {
		return nil, fmt.Errorf("update categories: %w", err)
	}
	return results, nil
}

func (c *catalog) categoryItems(ctx context.Context, tx *sqlx.Tx, batch []plugin.CategoryPatch, items []int, results []plugin.CategoryResult) error {
	// Two moves at once could make a cycle neither makes alone: the tree has one writer at a time.
	if err := lockTree(ctx, tx); err != nil {
		return err
	}
	rows, err := c.store.categories(ctx, tx)
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
			results[i] = plugin.CategoryResult{Err: err}
			continue
		}
		id, _ := parseID(batch[i].ID)
		if did && !changed[id] { // several items of one category are one stored change
			changed[id] = true
			row := tree[id]
			row.Version++
			tree[id] = row
		}
		results[i] = plugin.CategoryResult{ID: batch[i].ID, Changed: did}
	}
	var save []categoryRow
	for id := range changed {
		save = append(save, tree[id])
	}
	for _, i := range items {
		if id, _ := parseID(batch[i].ID); results[i].Err == nil {
			results[i].Version = version(tree[id].Version)
		}
	}
	return updateCategories(ctx, tx, save)
}

// categoryTree is the whole tree by id.
type categoryTree map[int64]categoryRow

// patch renames and moves one category in memory and reports whether anything changed.
func (t categoryTree) patch(p plugin.CategoryPatch, langs languages) (bool, error) {
	id, _ := parseID(p.ID)
	row, ok := t[id]
	if !ok {
		return false, fmt.Errorf("category %q: %w", cut(string(p.ID), 40), plugin.ErrNotFound)
	}
	old := row
	if p.Name != nil {
		lang, err := langs.code(p.Lang)
		if err != nil {
			return false, err
		}
		if err := checkName("category name", *p.Name); err != nil {
			return false, err
		}
		row.rename(lang, lang == langs[0].Code, *p.Name)
	}
	if p.ParentID != nil {
		parent, _ := parseID(*p.ParentID)
		if _, ok := t[parent]; *p.ParentID != "" && !ok {
			return false, invalidf("parent category %q does not exist", cut(string(*p.ParentID), 40))
		}
		if t.under(parent, id) {
			return false, invalidf("category %d cannot lie within itself", id)
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
