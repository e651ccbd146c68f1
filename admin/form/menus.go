package form

import (
	"slices"

	"github.com/keybridge/keybridge/internal/settings"
)

// Menu is a setting that is one of a few fixed options. Its words are "label.NAME", "help.NAME" and, for
// each option, "NAME.OPTION". It is read, checked and shown by what stands here alone.
type Menu struct {
	Name    string   // of the form's field
	Options []string // in their order
	get     func(*settings.Settings) string
	set     func(*settings.Settings, string)
}

func menu[T ~string](name string, at func(*settings.Settings) *T, options ...T) Menu {
	m := Menu{
		Name: name,
		get:  func(s *settings.Settings) string { return string(*at(s)) },
		set:  func(s *settings.Settings, chosen string) { *at(s) = T(chosen) },
	}
	for _, o := range options {
		m.Options = append(m.Options, string(o))
	}
	return m
}

// Chosen is the option that is set.
func (m Menu) Chosen(set settings.Settings) string { return m.get(&set) }

// CatalogMenus are those of the catalog, in the order of the page.
func CatalogMenus() []Menu {
	return []Menu{
		menu("match", func(s *settings.Settings) *settings.MatchKey { return &s.Catalog.Match },
			settings.MatchID, settings.MatchSKU, settings.MatchName, settings.MatchBarcode, settings.MatchExternalID, settings.MatchNever),
		menu("new", func(s *settings.Settings) *settings.NewPolicy { return &s.Catalog.New },
			settings.NewHide, settings.NewPublish, settings.NewSkip),
		menu("existing", func(s *settings.Settings) *settings.ExistingPolicy { return &s.Catalog.Existing },
			settings.ExistingSkip, settings.ExistingUpdate),
		menu("missing", func(s *settings.Settings) *settings.MissingPolicy { return &s.Catalog.Missing },
			settings.MissingNothing, settings.MissingHide, settings.MissingUnavailable),
	}
}

// TargetMenu is what orders of the shop become in the CRM.
func TargetMenu() Menu {
	return menu("target", func(s *settings.Settings) *settings.Target { return &s.Orders.Target },
		settings.TargetOff, settings.TargetOrders, settings.TargetCards)
}

// check refuses what the menu does not offer.
func (m Menu) check(c *checker, set settings.Settings) {
	if !slices.Contains(m.Options, m.Chosen(set)) {
		c.found(m.Name, "unknown_option")
	}
}
