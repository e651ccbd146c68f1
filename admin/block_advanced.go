package admin

import (
	"slices"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/internal/settings"
)

// advancedView is «Додатково»: what few merchants ever change.
type advancedView struct {
	// Language has no options unless the shop keeps texts in several; DefaultCategory none while the
	// shop has no categories.
	Language, DefaultCategory menu
	Owners                    []menu
	// Limits are those of guards.
	Limits []limitGroup
	Stock  stockView
	// Warehouses are to be ticked; none: the CRM showed none, or could not be read.
	Warehouses        []warehouseView
	WarehousesProblem string
	SafetyStock       numberView
	// Open: something in it needs attention.
	Open bool
}

// warehouseView is a warehouse to tick.
type warehouseView struct {
	Code, Name string
	Checked    bool
	// Unseen: it is chosen, and the CRM does not name it just now.
	Unseen bool
}

func (b *formBuilder) warehouses() []warehouseView {
	var out []warehouseView
	chosen := b.set.Catalog.Warehouses
	for _, w := range b.lists.CRM.Warehouses.Rows {
		out = append(out, warehouseView{Code: w.Code, Name: w.Name, Checked: slices.Contains(chosen, w.Code)})
	}
	for _, code := range chosen {
		if !slices.ContainsFunc(out, func(w warehouseView) bool { return w.Code == code }) {
			out = append(out, warehouseView{Code: code, Name: b.req.Words.T("warehouses.unseen", "code", code), Checked: true, Unseen: true})
		}
	}
	return out
}

// limitGroup is the limits of one guard.
type limitGroup struct {
	Title   string
	Numbers []numberView
}

// numberView is a field for a whole number.
type numberView struct {
	Name, Label, Value, Problem string
	Least, Most                 int
}

func (b *formBuilder) advanced() advancedView {
	w, c := b.req.Words, b.set.Catalog
	x := advancedView{
		Language: b.language(), DefaultCategory: b.defaultCategory(), Warehouses: b.warehouses(), WarehousesProblem: b.problems["warehouses"],
	}
	x.SafetyStock = numberView{
		Name: "safety_stock", Label: w.T("label.safety_stock"), Value: strconv.Itoa(c.SafetyStock), Problem: b.problems["safety_stock"],
		Most: settings.MostSafetyStock,
	}
	x.Open = x.WarehousesProblem != "" || x.SafetyStock.Problem != "" || x.Language.Problem != "" || x.DefaultCategory.Problem != ""
	for _, f := range settings.OwnedFields() {
		m := menu{Name: form.OwnerField(f), Label: w.T("field." + string(f)), Problem: b.problems[form.OwnerField(f)]}
		var options []option
		for _, o := range form.ShownOwners() {
			options = append(options, option{string(o), w.T("owner." + string(o)), o == c.Owners.Of(f)})
		}
		m.Groups = []optionGroup{{Options: options}}
		x.Owners = append(x.Owners, m)
		x.Open = x.Open || m.Problem != ""
	}
	x.Limits = b.limits()
	for _, g := range x.Limits {
		x.Open = x.Open || slices.ContainsFunc(g.Numbers, func(n numberView) bool { return n.Problem != "" })
	}
	return x
}

// limits groups the numbers by what their names begin with, which names their guard.
func (b *formBuilder) limits() []limitGroup {
	var out []limitGroup
	limits := b.set.Catalog.Limits.OrUsual()
	guard := ""
	for _, n := range limits.Numbers() {
		if of, _, _ := strings.Cut(n.Name, "_"); of != guard {
			guard = of
			out = append(out, limitGroup{Title: b.req.Words.T("limits." + guard)})
		}
		view := numberView{
			Name: form.LimitField(n), Label: b.req.Words.T("limit." + n.Name), Value: strconv.Itoa(*n.Value), Least: n.Least, Most: n.Most,
		}
		view.Problem = b.problems[view.Name]
		last := &out[len(out)-1]
		last.Numbers = append(last.Numbers, view)
	}
	return out
}

func (b *formBuilder) language() menu {
	m := b.menu("language")
	langs, chosen := b.lists.Shop.Languages, b.set.Catalog.Language
	if len(langs) < 2 && chosen == "" {
		return m
	}
	var options []option
	for i, l := range langs {
		value := l.Code
		if i == 0 {
			value = "" // the first stands for no choice too
		}
		options = append(options, option{value, l.Name, chosen == l.Code || chosen == value})
	}
	if chosen != "" && !b.lists.Shop.HasLanguage(chosen) {
		options = append(options, option{chosen, b.req.Words.T("choice.gone_shop", "code", chosen), true})
	}
	m.Groups = []optionGroup{{Options: options}}
	return m
}

func (b *formBuilder) defaultCategory() menu {
	m := b.menu("default_category")
	chosen := b.set.Catalog.DefaultCategory
	if len(b.lists.Shop.Categories) == 0 && chosen == "" {
		return m
	}
	options := []option{{"", b.req.Words.T("default_category.none"), chosen == ""}}
	for _, c := range b.lists.Shop.Categories {
		options = append(options, option{string(c.ID), c.Path, c.ID == chosen})
	}
	if chosen != "" && !b.lists.Shop.HasCategory(chosen) {
		options = append(options, option{string(chosen), b.req.Words.T("choice.gone_shop", "code", chosen), true})
	}
	m.Groups = []optionGroup{{Options: options}}
	return m
}
