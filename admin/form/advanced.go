package form

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

// OwnerField names the form field of a field's owner.
func OwnerField(f settings.OwnedField) string { return "owner_" + string(f) }

// LimitField names the form field of a limit.
func LimitField(n settings.Limit) string { return "limit_" + n.Name }

// ShownOwners are the owners in the order of their menus.
func ShownOwners() []settings.Owner {
	return []settings.Owner{settings.OwnerCRM, settings.OwnerFill, settings.OwnerShop}
}

// readAdvanced puts what was typed over the stored settings. What is as usual is not stored, so that
// settings that were never touched stay as they are.
func readAdvanced(f url.Values, c *settings.Catalog) {
	if f.Has("language") {
		c.Language = f.Get("language")
	}
	if f.Has("default_category") {
		c.DefaultCategory = plugin.CategoryID(f.Get("default_category"))
	}
	if f.Has("warehouses_shown") {
		c.Warehouses = readChosen(f["warehouse"])
	}
	if f.Has("safety_stock") {
		c.SafetyStock = readNumber(f.Get("safety_stock"), 0)
	}
	owners := maps.Clone(c.Owners)
	for _, field := range settings.OwnedFields() {
		if !f.Has(OwnerField(field)) {
			continue
		}
		delete(owners, field)
		if o := settings.Owner(f.Get(OwnerField(field))); o != settings.UsualOwner(field) {
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
		if f.Has(LimitField(n)) {
			*n.Value = readNumber(f.Get(LimitField(n)), n.Usual)
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

// advanced refuses what no menu offers and numbers that would make guards useless.
func (c *checker) advanced(set settings.Catalog) {
	was := c.Stored.Catalog
	for _, code := range set.Warehouses {
		listed := slices.ContainsFunc(c.Lists.CRM.Warehouses.Rows, func(w crm.Warehouse) bool { return w.Code == code })
		c.known("warehouses", code, listed, slices.Contains(was.Warehouses, code), c.Lists.CRM.Warehouses.Err)
	}
	if n := set.SafetyStock; n < 0 || n > settings.MostSafetyStock {
		c.found("safety_stock", "limit", "least", 0, "most", settings.MostSafetyStock)
	}
	if l := set.Language; l != "" && l != was.Language && !c.Lists.Shop.HasLanguage(l) {
		c.found("language", "unknown_code", "code", shorten(l))
	}
	if id := set.DefaultCategory; id != "" && id != was.DefaultCategory && !c.Lists.Shop.HasCategory(id) {
		c.found("default_category", "unknown_code", "code", shorten(string(id)))
	}
	for _, field := range sortedKeys(set.Owners) {
		if !slices.Contains(settings.OwnedFields(), field) || !slices.Contains(ShownOwners(), set.Owners[field]) {
			c.found(OwnerField(settings.OwnedField(shorten(string(field)))), "unknown_option")
		}
	}
	for _, n := range set.Limits.Numbers() {
		if !n.Valid() {
			c.found(LimitField(n), "limit", "least", n.Least, "most", n.Most)
		}
	}
}
