package form

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/settings"
)

// How a choice stands in a form: blank, SkipValue, or CodeMark and the code.
const (
	SkipValue = "skip"
	CodeMark  = "c:"
)

// parseChoice refuses what no menu of ours offers.
func parseChoice(s string) (settings.Choice, bool) {
	code, isCode := strings.CutPrefix(s, CodeMark)
	switch {
	case s == "":
		return settings.Choice{}, true
	case s == SkipValue:
		return settings.Choice{Skip: true}, true
	case isCode && code != "":
		return settings.Choice{Code: code}, true
	}
	return settings.Choice{}, false
}

// Parse puts what was typed over the stored settings. What the form does not hold, or what does not
// matter for the chosen target, stays as stored. The problems are rows that neither side has; what else
// forbids saving, Check finds.
func Parse(f url.Values, stored settings.Settings, lists Lists) (settings.Settings, []Problem) {
	set := stored
	c := &set.Catalog
	c.Products, c.Categories = f.Get("products") == "on", f.Get("categories") == "on"
	c.Chosen = readChosen(f["chosen"])
	for _, m := range CatalogMenus() {
		m.set(&set, f.Get(m.Name))
	}
	readAdvanced(f, c)
	readSchedules(f, &set.Schedules)

	TargetMenu().set(&set, f.Get("target"))
	o := &set.Orders
	if o.Target == settings.TargetOff {
		return set, nil
	}
	o.Source = f.Get("source")
	if o.Target == settings.TargetCards {
		o.Pipeline = f.Get("pipeline")
	}
	var problems []Problem
	for _, m := range Mappings(*o, lists) {
		choices, wrong := readMap(f, m, o.Target)
		put(o, m.ID, choices)
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
func readMap(f url.Values, m Mapping, target settings.Target) (map[string]settings.Choice, []Problem) {
	out := maps.Clone(m.Choices)
	if out == nil {
		out = map[string]settings.Choice{}
	}
	prefix := FieldName(m.ID, target, "")
	var problems []Problem
	for field := range f {
		row, ours := strings.CutPrefix(field, prefix)
		if !ours {
			continue
		}
		choice, ok := parseChoice(f.Get(field))
		if _, stored := m.Choices[row]; !ok || !stored && Find(m.Rows, row) == nil {
			problems = append(problems, Problem{Code: "unknown_code", Params: []any{"code", shorten(row)}})
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
