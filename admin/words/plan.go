package words

import (
	"strconv"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/catalog"
)

// Planned is what a run means to do about a product. Class is the style of its badge.
type Planned struct {
	Name, Action, Class string
	Changes             []Change
}

// Change is one value that changes.
type Change struct {
	Field, Old, New string
	// Code is the field's.
	Code catalog.Field
}

// DescribePlanned puts what a run means to do about a product into words.
func DescribePlanned(w *i18n.Words, p catalog.Intended) Planned {
	out := Planned{Name: p.Name, Action: w.T("plan.action." + p.Action), Class: "busy"}
	switch p.Action {
	case "create":
		out.Class = "ok"
	case "missing":
		out.Class = "warn"
	}
	for _, c := range p.Changes {
		if c.Field != catalog.FieldCreated {
			words := Change{
				Field: w.T("field." + string(c.Field)), Old: Value(w, c.Field, c.Old), New: Value(w, c.Field, c.New),
				Code: c.Field,
			}
			if c.Held {
				words.New = w.T("plan.held", "new", words.New)
			}
			out.Changes = append(out.Changes, words)
		}
	}
	if p.Pictures > 0 {
		out.Changes = append(out.Changes, Change{Field: w.T("field.images"), New: strconv.Itoa(p.Pictures), Code: catalog.FieldImages})
	}
	return out
}

// DescribeCategory puts what a run means to do about a category into words.
func DescribeCategory(w *i18n.Words, c catalog.IntendedCategory) Planned {
	out := Planned{Name: c.Name, Action: w.T("plan.category." + c.Action), Class: "busy"}
	place := func(path string) string {
		if path == "" {
			return w.T("plan.top")
		}
		return path
	}
	switch c.Action {
	case "create":
		out.Class = "ok"
		out.Changes = append(out.Changes, Change{Field: w.T("plan.parent"), New: place(c.Parent)})
	case "gone":
		out.Class = "warn"
	case "update":
		if c.Name != c.OldName {
			out.Changes = append(out.Changes, Change{Field: w.T("field.name"), Old: c.OldName, New: c.Name})
		}
		if c.Parent != c.OldParent {
			out.Changes = append(out.Changes, Change{Field: w.T("plan.parent"), Old: place(c.OldParent), New: place(c.Parent)})
		}
	}
	return out
}

// Value is a value of a field in words.
func Value(w *i18n.Words, f catalog.Field, value string) string {
	if (f == catalog.FieldPublished || f == catalog.FieldOrderable) && value != "" {
		return w.T("plan." + value)
	}
	return value
}

// DescribeItem says why a run left something alone, and what the shop said of it.
func DescribeItem(w *i18n.Words, item catalog.Item) string {
	text := w.Say("item.reason."+string(item.Reason), item.Params)
	if said := item.Params["message"]; said != "" {
		text += " " + w.T("item.said", "text", said)
	}
	return text
}
