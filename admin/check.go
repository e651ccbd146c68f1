package admin

import (
	"slices"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

// checker judges settings that are to be saved.
type checker struct {
	stored settings.Settings
	lists  *lists
	shop   *shopLists
	// siblings are the shop's other connections.
	siblings []settings.Connection
	// say names a thing for the merchant.
	say func(entry) string

	problems []problem
}

func (c *checker) found(field, code string, params ...any) {
	c.problems = append(c.problems, problem{Field: field, Code: code, Params: params})
}

// check lists what forbids saving. A code that is neither offered by its list nor stored already is
// refused; one that was stored stays, whether or not the CRM can be asked about it.
func (c *checker) check(set settings.Settings) []problem {
	c.catalog(set.Catalog)
	c.schedules(set.Schedules)
	switch set.Orders.Target {
	case settings.TargetOff:
	case settings.TargetOrders, settings.TargetCards:
		c.orders(set)
	default:
		c.found("target", "unknown_option")
	}
	return c.problems
}

func (c *checker) catalog(set settings.Catalog) {
	checkOption(c, "match", set.Match, matchKeys())
	checkOption(c, "new", set.New, newPolicies())
	checkOption(c, "existing", set.Existing, existingPolicies())
	checkOption(c, "missing", set.Missing, missingPolicies())
	c.extra(set)
	for _, code := range set.Chosen {
		at := slices.IndexFunc(c.lists.categories.rows, func(k crm.Category) bool { return k.Code == code })
		c.known("chosen", code, at >= 0, slices.Contains(c.stored.Catalog.Chosen, code), c.lists.categories.err)
	}
}

func checkOption[T ~string](c *checker, field string, chosen T, offered []T) {
	if !slices.Contains(offered, chosen) {
		c.found(field, "unknown_option")
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
	o, was := set.Orders, c.stored.Orders
	if o.Source != "" {
		at := slices.IndexFunc(c.lists.sources.rows, func(s crm.Source) bool { return s.Code == o.Source })
		c.known("source", o.Source, at >= 0, was.Source == o.Source, c.lists.sources.err)
	}
	if o.Pipeline != "" && o.Target == settings.TargetCards {
		at := slices.IndexFunc(c.lists.pipelines.rows, func(p crm.Pipeline) bool { return p.Code == o.Pipeline })
		c.known("pipeline", o.Pipeline, at >= 0, was.Pipeline == o.Pipeline, c.lists.pipelines.err)
	}
	before := map[mapID]map[string]settings.Choice{}
	was.Target = o.Target
	for _, m := range mappings(was, c.lists, c.shop) {
		before[m.id] = m.choices
	}
	all := mappings(o, c.lists, c.shop)
	for _, m := range all {
		for _, row := range sortedKeys(m.choices) {
			choice := m.choices[row]
			if choice.Skip || choice.Code == "" {
				continue
			}
			c.known(fieldName(m.id, o.Target, row), choice.Code, find(m.values, choice.Code) != nil,
				before[m.id][row] == choice, m.valuesErr)
		}
	}
	c.roundTrip(o, all)
	c.overlap(set)
}

// roundTrip refuses a status that would come back from the CRM as another one.
func (c *checker) roundTrip(o settings.Orders, all []mapping) {
	in := o.OrderStatus
	if o.Target == settings.TargetCards {
		in = o.CardStatus
	}
	for _, m := range all {
		if m.id != mapStatusOut {
			continue
		}
		for _, from := range sortedKeys(m.choices) {
			to := m.choices[from].Code
			back := in[to].Code
			if to == "" || back == "" || back == from {
				continue
			}
			there := to
			if e := find(m.values, to); e != nil {
				there = c.say(*e)
			}
			c.found(fieldName(m.id, o.Target, from), "round_trip",
				"crm", there, "from", c.shop.statusName(from), "back", c.shop.statusName(back))
		}
	}
}

// overlap refuses two connections that would both send the same order.
func (c *checker) overlap(set settings.Settings) {
	for _, other := range c.siblings {
		if other.Settings.Orders.Target == settings.TargetOff {
			continue
		}
		if set.Routing.Overlaps(other.Settings.Routing, c.shop.fronts) {
			c.found("target", "overlap", "connection", connectionName(other))
			return
		}
	}
}

// The options of the menus, in their order.

func matchKeys() []settings.MatchKey {
	return []settings.MatchKey{
		settings.MatchID, settings.MatchSKU, settings.MatchName, settings.MatchBarcode, settings.MatchExternalID,
		settings.MatchNever,
	}
}

func newPolicies() []settings.NewPolicy {
	return []settings.NewPolicy{settings.NewHide, settings.NewPublish, settings.NewSkip}
}

func existingPolicies() []settings.ExistingPolicy {
	return []settings.ExistingPolicy{settings.ExistingSkip, settings.ExistingUpdate}
}

func missingPolicies() []settings.MissingPolicy {
	return []settings.MissingPolicy{settings.MissingNothing, settings.MissingHide, settings.MissingUnavailable}
}

func targets() []settings.Target {
	return []settings.Target{settings.TargetOff, settings.TargetOrders, settings.TargetCards}
}

// connectionName is how a list of connections tells them apart.
func connectionName(c settings.Connection) string {
	if c.KeyHint == "" {
		return c.Name
	}
	return c.Name + " (…" + c.KeyHint + ")"
}
