package admin

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// extraView is «Додатково»: what few merchants ever change.
type extraView struct {
	// Language has no options unless the shop keeps texts in several; DefaultCategory none while the
	// shop has no categories.
	Language, DefaultCategory menu
	Owners                    []menu
	// Missing, Prices and Gone are the limits of guards.
	Missing, Prices, Gone []numberView
	Stock                 stockView
	// Warehouses are to be ticked; none: the CRM showed none, or could not be read.
	Warehouses        []warehouseView
	WarehousesProblem string
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
	for _, w := range b.lists.warehouses.rows {
		out = append(out, warehouseView{Code: w.Code, Name: w.Name, Checked: slices.Contains(chosen, w.Code)})
	}
	for _, code := range chosen {
		if !slices.ContainsFunc(out, func(w warehouseView) bool { return w.Code == code }) {
			out = append(out, warehouseView{Code: code, Name: b.v.words.T("warehouses.unseen", "code", code), Checked: true, Unseen: true})
		}
	}
	return out
}

// numberView is a field for a whole number.
type numberView struct {
	Name, Label, Value, Problem string
	Least, Most                 int
}

func ownerField(f settings.OwnedField) string { return "owner_" + string(f) }

func limitField(n settings.Limit) string { return "limit_" + n.Name }

// shownOwners are the owners in the order of their menus.
func shownOwners() []settings.Owner {
	return []settings.Owner{settings.OwnerCRM, settings.OwnerFill, settings.OwnerShop}
}

func (b *formBuilder) extra() extraView {
	w, c := b.v.words, b.set.Catalog
	x := extraView{Language: b.language(), DefaultCategory: b.defaultCategory(), Warehouses: b.warehouses(), WarehousesProblem: b.problems["warehouses"]}
	x.Open = x.WarehousesProblem != ""
	for _, f := range settings.OwnedFields() {
		m := menu{Name: ownerField(f), Label: w.T("field." + string(f)), Problem: b.problems[ownerField(f)]}
		var options []option
		for _, o := range shownOwners() {
			options = append(options, option{string(o), w.T("owner." + string(o)), o == c.Owners.Of(f)})
		}
		m.Groups = []optionGroup{{Options: options}}
		x.Owners = append(x.Owners, m)
		x.Open = x.Open || m.Problem != ""
	}
	limits := c.Limits.OrUsual()
	for _, n := range limits.Numbers() {
		view := numberView{
			Name: limitField(n), Label: w.T("limit." + n.Name), Value: strconv.Itoa(*n.Value), Problem: b.problems[limitField(n)],
			Least: n.Least, Most: n.Most,
		}
		x.Open = x.Open || view.Problem != ""
		switch {
		case strings.HasPrefix(n.Name, "missing"):
			x.Missing = append(x.Missing, view)
		case strings.HasPrefix(n.Name, "stock"):
			x.Gone = append(x.Gone, view)
		default:
			x.Prices = append(x.Prices, view)
		}
	}
	x.Open = x.Open || x.Language.Problem != "" || x.DefaultCategory.Problem != ""
	return x
}

func (b *formBuilder) language() menu {
	m := menu{Name: "language", Label: b.v.words.T("label.language"), Help: b.v.words.T("help.language"), Problem: b.problems["language"]}
	langs, chosen := b.shop.languages, b.set.Catalog.Language
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
	if chosen != "" && !b.shop.hasLanguage(chosen) {
		options = append(options, option{chosen, b.v.words.T("choice.gone_shop", "code", chosen), true})
	}
	m.Groups = []optionGroup{{Options: options}}
	return m
}

func (b *formBuilder) defaultCategory() menu {
	m := menu{
		Name: "default_category", Label: b.v.words.T("label.default_category"), Help: b.v.words.T("help.default_category"),
		Problem: b.problems["default_category"],
	}
	chosen := b.set.Catalog.DefaultCategory
	if len(b.shop.categories) == 0 && chosen == "" {
		return m
	}
	options := []option{{"", b.v.words.T("default_category.none"), chosen == ""}}
	for _, c := range b.shop.categories {
		options = append(options, option{string(c.id), c.path, c.id == chosen})
	}
	if chosen != "" && !b.shop.hasCategory(chosen) {
		options = append(options, option{string(chosen), b.v.words.T("choice.gone_shop", "code", chosen), true})
	}
	m.Groups = []optionGroup{{Options: options}}
	return m
}

// readExtra puts what was typed over the stored settings. What is as usual is not stored, so that
// settings that were never touched stay as they are.
func readExtra(f url.Values, c *settings.Catalog) {
	if f.Has("language") {
		c.Language = f.Get("language")
	}
	if f.Has("default_category") {
		c.DefaultCategory = plugin.CategoryID(f.Get("default_category"))
	}
	if f.Has("warehouses_shown") {
		c.Warehouses = readChosen(f["warehouse"])
	}
	owners := maps.Clone(c.Owners)
	for _, field := range settings.OwnedFields() {
		if !f.Has(ownerField(field)) {
			continue
		}
		delete(owners, field)
		if o := settings.Owner(f.Get(ownerField(field))); o != settings.UsualOwner(field) {
			if owners == nil {
				owners = settings.Owners{}
			}
			owners[field] = o
		}
	}
	if c.Owners = owners; len(owners) == 0 {
		c.Owners = nil
	}
	for _, n := range c.Limits.Numbers() {
		if f.Has(limitField(n)) {
			*n.Value = readNumber(f.Get(limitField(n)), n.Usual)
		}
	}
}

// readNumber answers 0 for nothing and for the usual number, and -1, which is refused, for what is
// no number.
func readNumber(typed string, usual int) int {
	typed = strings.TrimSpace(typed)
	n, err := strconv.Atoi(typed)
	switch {
	case typed == "" || err == nil && n == usual:
		return 0
	case err != nil || n <= 0:
		return -1
	}
	return n
}

// extra refuses what no menu offers and numbers that would make guards useless.
func (c *checker) extra(set settings.Catalog) {
	was := c.stored.Catalog
	for _, code := range set.Warehouses {
		listed := slices.ContainsFunc(c.lists.warehouses.rows, func(w crm.Warehouse) bool { return w.Code == code })
		c.known("warehouses", code, listed, slices.Contains(was.Warehouses, code), c.lists.warehouses.err)
	}
	if l := set.Language; l != "" && l != was.Language && !c.shop.hasLanguage(l) {
		c.found("language", "unknown_code", "code", shorten(l))
	}
	if id := set.DefaultCategory; id != "" && id != was.DefaultCategory && !c.shop.hasCategory(id) {
		c.found("default_category", "unknown_code", "code", shorten(string(id)))
	}
	for _, field := range sortedOwned(set.Owners) {
		if !slices.Contains(settings.OwnedFields(), field) || !slices.Contains(shownOwners(), set.Owners[field]) {
			c.found(ownerField(settings.OwnedField(shorten(string(field)))), "unknown_option")
		}
	}
	for _, n := range set.Limits.Numbers() {
		if !n.Valid() {
			c.found(limitField(n), "limit", "least", n.Least, "most", n.Most)
		}
	}
}

func sortedOwned(o settings.Owners) []settings.OwnedField { return slices.Sorted(maps.Keys(o)) }
