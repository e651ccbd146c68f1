package form

import (
	"slices"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

// Against is what settings that are to be saved are checked against.
type Against struct {
	Stored settings.Settings
	Lists  Lists
	// Siblings are the shop's other connections.
	Siblings []settings.Connection
	// Words name things for the merchant.
	Words *i18n.Words
}

// checker collects problems.
type checker struct {
	Against
	problems []Problem
}

// Check lists what forbids saving, behind the problems that were found before. A code that is neither
// offered by its list nor stored already is refused; one that was stored stays, whether or not the CRM can
// be asked about it.
func Check(set settings.Settings, against Against, found []Problem) []Problem {
	c := checker{against, found}
	c.catalog(set)
	c.schedules(set.Schedules)
	switch set.Orders.Target {
	case settings.TargetOff:
	case settings.TargetOrders, settings.TargetCards:
		c.orders(set)
	default:
		TargetMenu().check(&c, set)
	}
	return c.problems
}

func (c *checker) found(field, code string, params ...any) {
	c.problems = append(c.problems, Problem{Field: field, Code: code, Params: params})
}

func (c *checker) catalog(set settings.Settings) {
	for _, m := range CatalogMenus() {
		m.check(c, set)
	}
	c.advanced(set.Catalog)
	for _, code := range set.Catalog.Chosen {
		list := c.Lists.CRM.Categories
		c.known("chosen", code, slices.ContainsFunc(list.Rows, func(k crm.Category) bool { return k.Code == code }),
			slices.Contains(c.Stored.Catalog.Chosen, code), list.Err)
	}
}

// known reports a code of the CRM that is not to be had, and says whether that is certain.
func (c *checker) known(field, code string, listed, stored bool, err error) {
	switch {
	case listed || stored:
	case err != nil:
		c.found(field, "unverifiable")
	default:
		c.found(field, "unknown_code", "code", shorten(code))
	}
}

func (c *checker) orders(set settings.Settings) {
	o, was := set.Orders, c.Stored.Orders
	if o.Source != "" {
		listed := slices.ContainsFunc(c.Lists.CRM.Sources.Rows, func(s crm.Source) bool { return s.Code == o.Source })
		c.known("source", o.Source, listed, was.Source == o.Source, c.Lists.CRM.Sources.Err)
	}
	if o.Pipeline != "" && o.Target == settings.TargetCards {
		listed := slices.ContainsFunc(c.Lists.CRM.Pipelines.Rows, func(p crm.Pipeline) bool { return p.Code == o.Pipeline })
		c.known("pipeline", o.Pipeline, listed, was.Pipeline == o.Pipeline, c.Lists.CRM.Pipelines.Err)
	}
	before := map[MapID]map[string]settings.Choice{}
	was.Target = o.Target
	for _, m := range Mappings(was, c.Lists) {
		before[m.ID] = m.Choices
	}
	all := Mappings(o, c.Lists)
	for _, m := range all {
		for _, row := range sortedKeys(m.Choices) {
			choice := m.Choices[row]
			if choice.Skip || choice.Code == "" {
				continue
			}
			c.known(FieldName(m.ID, o.Target, row), choice.Code, Find(m.Values, choice.Code) != nil,
				before[m.ID][row] == choice, m.ValuesErr)
		}
	}
	c.roundTrip(o, all)
	c.overlap(set)
}

// roundTrip refuses a status that would come back from the CRM as another one.
func (c *checker) roundTrip(o settings.Orders, all []Mapping) {
	in := o.OrderStatus
	if o.Target == settings.TargetCards {
		in = o.CardStatus
	}
	for _, m := range all {
		if m.ID != MapStatusOut {
			continue
		}
		for _, from := range sortedKeys(m.Choices) {
			to := m.Choices[from].Code
			back := in[to].Code
			if to == "" || back == "" || back == from {
				continue
			}
			there := to
			if e := Find(m.Values, to); e != nil {
				there = e.Label(c.Words)
			}
			c.found(FieldName(m.ID, o.Target, from), "round_trip",
				"crm", there, "from", c.Lists.Shop.statusName(from), "back", c.Lists.Shop.statusName(back))
		}
	}
}

// overlap refuses two connections that would both send the same order.
func (c *checker) overlap(set settings.Settings) {
	for _, other := range c.Siblings {
		if other.Settings.Orders.Target == settings.TargetOff {
			continue
		}
		if set.Routing.Overlaps(other.Settings.Routing, c.Lists.Shop.Storefronts) {
			c.found("target", "overlap", "connection", other.Title())
			return
		}
	}
}

// UnknownRows reports rows of the maps that neither side has and that were not stored either.
func UnknownRows(o, stored settings.Orders, lists Lists) []Problem {
	stored.Target = o.Target
	before := map[MapID]map[string]settings.Choice{}
	for _, m := range Mappings(stored, lists) {
		before[m.ID] = m.Choices
	}
	var out []Problem
	for _, m := range Mappings(o, lists) {
		for _, row := range sortedKeys(m.Choices) {
			if _, known := before[m.ID][row]; !known && Find(m.Rows, row) == nil {
				out = append(out, Problem{FieldName(m.ID, o.Target, row), "unknown_code", []any{"code", shorten(row)}})
			}
		}
	}
	return out
}
