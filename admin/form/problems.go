package form

import (
	"strings"

	"github.com/keybridge/keybridge/internal/settings"
)

// Problem is something the merchant must mend before settings can be saved.
type Problem struct {
	// Field is the form field it stands beside; empty: it concerns the whole.
	Field string
	Code  string // words "problem.…"
	// Params are fitted into the words; names of things, already in people's words.
	Params []any
}

// FirstField is the id of the first field a problem stands beside; empty when none does.
func FirstField(problems []Problem) string {
	for _, p := range problems {
		switch p.Field {
		case "":
		case "chosen", "warehouses": // lists to tick
			return p.Field
		default:
			return FieldID(p.Field)
		}
	}
	return ""
}

// FieldID is a field's id in the page, also where its name holds what ids may not.
func FieldID(name string) string {
	return "f-" + strings.NewReplacer("/", "-", " ", "-", ".", "-").Replace(name)
}

// FieldName names the form field of a map's row. Tables whose values depend on the target have
// fields of their own for cards, so that switching the target to and fro on the page mixes nothing.
func FieldName(id MapID, target settings.Target, row string) string {
	if target == settings.TargetCards && (id == MapStatusOut || id == MapAddOns) {
		return string(id) + "_card." + row
	}
	return string(id) + "." + row
}

// TableID is the id of a map's table in the page.
func TableID(id MapID, target settings.Target) string {
	field, _, _ := strings.Cut(FieldName(id, target, ""), ".")
	return "map-" + field
}
