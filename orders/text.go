package orders

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/crm"
)

// personal finds what a CRM may repeat from a request in its own words: e-mails and phones.
var personal = regexp.MustCompile(`[^\s@]+@[^\s@]+|\+?\d[\d\s()-]{6,}\d`)

// scrub makes the CRM's words fit to be kept.
func scrub(s string) string { return personal.ReplaceAllString(s, "***") }

func scrubAll(fields map[string][]string) map[string][]string {
	out := make(map[string][]string, len(fields))
	for name, texts := range fields {
		for _, t := range texts {
			out[name] = append(out[name], scrub(t))
		}
	}
	return out
}

// refusalParams are the CRM's message and, by field, its texts.
func refusalParams(r *crm.Refusal) Params {
	p := Params{"message": scrub(r.Message)}
	var names []string
	for name, texts := range r.Fields {
		p["field."+name] = scrub(strings.Join(texts, " "))
		names = append(names, name)
	}
	slices.Sort(names)
	p["fields"] = strings.Join(names, ", ")
	return p
}

func itoa(n int) string { return strconv.Itoa(n) }

func joinIDs(found []Found) string {
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	return strings.Join(ids, ", ")
}
