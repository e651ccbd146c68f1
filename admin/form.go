package admin

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/settings"
)

// How a choice stands in a form: blank, skipValue, or codeMark and the code.
const (
	skipValue = "skip"
	codeMark  = "c:"
)

// parseChoice refuses what no menu of ours offers.
func parseChoice(s string) (settings.Choice, bool) {
	code, isCode := strings.CutPrefix(s, codeMark)
	switch {
	case s == "":
		return settings.Choice{}, true
	case s == skipValue:
		return settings.Choice{Skip: true}, true
	case isCode && code != "":
		return settings.Choice{Code: code}, true
	}
	return settings.Choice{}, false
}

// problem is something the merchant must mend before settings can be saved.
type problem struct {
	// Field is the form field it stands beside; empty: it concerns the whole.
	Field string
	Code  string // words "problem.…"
	// Params are fitted into the words; names of things, already in people's words.
	Params []any
}

// firstField is the id of the first field a problem stands beside; empty when none does.
func firstField(problems []problem) string {
	for _, p := range problems {
		switch p.Field {
		case "":
		case "chosen":
			return "chosen"
		case "warehouse":
			return "warehouses"
		default:
			return menu{Name: p.Field}.ID()
		}
	}
	return ""
}

// fieldName names the form field of a map's row. Tables whose values depend on the target have
// fields of their own for cards, so that switching the target to and fro on the page mixes nothing.
func fieldName(id mapID, target settings.Target, row string) string {
	if target == settings.TargetCards && (id == mapStatusOut || id == mapAddOns) {
		return string(id) + "_card." + row
	}
	return string(id) + "." + row
}

// tableID is the id of a map's table in the page.
func tableID(id mapID, target settings.Target) string {
	field, _, _ := strings.Cut(fieldName(id, target, ""), ".")
	return "map-" + field
}

// readForm puts what was typed over the stored settings. What the form does not hold, or what does
// not matter for the chosen target, stays as stored.
func readForm(f url.Values, stored settings.Settings, mapsOf func(settings.Orders) []mapping) (settings.Settings, []problem) {
	set := stored
	c := &set.Catalog
	c.Products, c.Categories = f.Get("products") == "on", f.Get("categories") == "on"
	c.Chosen = readChosen(f["chosen"])
	c.Match = settings.MatchKey(f.Get("match"))
	c.New = settings.NewPolicy(f.Get("new"))
	c.Existing = settings.ExistingPolicy(f.Get("existing"))
	c.Missing = settings.MissingPolicy(f.Get("missing"))

	readExtra(f, c)
	readSchedules(f, &set.Schedules)

	o := &set.Orders
	o.Target = settings.Target(f.Get("target"))
	if o.Target == settings.TargetOff {
		return set, nil
	}
	o.Source = f.Get("source")
	if o.Target == settings.TargetCards {
		o.Pipeline = f.Get("pipeline")
	}
	var problems []problem
	for _, m := range mapsOf(*o) {
		choices, wrong := readMap(f, m, o.Target)
		put(o, m.id, choices)
		problems = append(problems, wrong...)
	}
	return set, problems
}

func readChosen(posted []string) []string {
	var out []string
	for _, code := range posted {
		if code != "" && !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

// readMap puts the posted rows of one map over its stored choices.
func readMap(f url.Values, m mapping, target settings.Target) (map[string]settings.Choice, []problem) {
	out := maps.Clone(m.choices)
	if out == nil {
		out = map[string]settings.Choice{}
	}
	prefix := fieldName(m.id, target, "")
	var problems []problem
	for field := range f {
		row, ours := strings.CutPrefix(field, prefix)
		if !ours {
			continue
		}
		choice, ok := parseChoice(f.Get(field))
		if _, stored := m.choices[row]; !ok || !stored && find(m.rows, row) == nil {
			problems = append(problems, problem{Code: "unknown_code", Params: []any{"code", shorten(row)}})
			continue
		}
		delete(out, row)
		if choice.Made() {
			out[row] = choice
		}
	}
	return out, problems
}

// shorten keeps what a stranger posted from filling the page.
func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// put stores the choices of a map where they belong.
func put(o *settings.Orders, id mapID, choices map[string]settings.Choice) {
	switch id {
	case mapOrderStatus:
		o.OrderStatus = choices
	case mapCardStatus:
		o.CardStatus = choices
	case mapStatusOut:
		o.StatusOut = choices
	case mapAddOns:
		o.AddOns = choices
	case mapPayments:
		o.Payments = choices
	case mapDeliveries:
		o.Deliveries = choices
	}
}
