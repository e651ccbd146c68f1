package admin

import (
	"maps"
	"strconv"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/catalog"
)

// RunWords are a run in a language's words.
type RunWords struct {
	Kind, State string
	// Phase is what the run is at; empty unless it runs.
	Phase string
	// Reason says why it waits or ended otherwise than done; empty when all is well.
	Reason string
	// Counters are the counts that are not zero.
	Counters []string
	// Guards say why a person is asked; empty unless one is.
	Guards []string
}

// DescribeRun puts a run into words.
func DescribeRun(w *i18n.Words, run catalog.Run) RunWords {
	out := RunWords{
		Kind: w.T("run.kind." + string(run.Kind)), State: w.T("run.state." + string(run.State)),
		Counters: counters(w, run.Counters),
	}
	switch run.State {
	case catalog.Running:
		out.Phase = w.T("run.phase." + string(run.Phase))
	case catalog.Approval:
		out.Guards = guardTexts(w, run.Guards)
		if run.Preview {
			out.State = w.T("run.state.preview")
		}
	}
	if run.Preview && run.State == catalog.Cancelled {
		out.State = w.T("run.state.preview_over")
	}
	if run.State == catalog.Queued && run.ApprovedAt != nil {
		out.Reason = w.T("run.approved")
	}
	if run.Code != "" {
		out.Reason = w.Say("run.reason."+string(run.Code), listNamed(w, run.Params))
	}
	return out
}

// counters are the non-zero counts of a run in words.
func counters(w *i18n.Words, c catalog.Counters) []string {
	skipped := 0
	for _, n := range c.Skipped {
		skipped += n
	}
	var out []string
	for _, one := range []struct {
		key string
		n   int
	}{
		{"created", c.Created},
		{"updated", c.Updated},
		{"unchanged", c.Unchanged},
		{"categories", c.Categories},
		{"hidden", c.Hidden},
		{"unavailable", c.Unavailable},
		{"restored", c.Restored},
		{"skipped", skipped},
		{"conflicts", c.Conflicts},
		{"errors", c.Errors},
		{"images", c.Images},
		{"images_failed", c.ImagesFailed},
		{"held", c.Held},
	} {
		if one.n > 0 {
			out = append(out, w.N("run.count."+one.key, one.n))
		}
	}
	return out
}

// guardTexts say why a run waits.
func guardTexts(w *i18n.Words, guards []catalog.Guard) []string {
	var out []string
	for _, g := range guards {
		out = append(out, guardText(w, g))
	}
	return out
}

func guardText(w *i18n.Words, g catalog.Guard) string {
	return w.Say("guard."+string(g.Code), listNamed(w, g.Params)) + settingText(w, g.Params["setting"])
}

// listNamed puts the name of one of the CRM's lists in place of its code.
func listNamed(w *i18n.Words, p catalog.Params) catalog.Params {
	key := "list." + p["list"]
	if !w.Has(key) {
		return p
	}
	out := maps.Clone(p)
	out["list"] = w.T(key)
	return out
}

// PlannedWords are what a run means to do about a product. Class is the style of its badge.
type PlannedWords struct {
	Name, Action, Class string
	Changes             []ChangeWords
}

// ChangeWords are one value that changes.
type ChangeWords struct {
	Field, Old, New string
	// Code is the field's.
	Code catalog.Field
}

// DescribePlanned puts what a run means to do about a product into words.
func DescribePlanned(w *i18n.Words, p catalog.Intended) PlannedWords {
	out := PlannedWords{Name: p.Name, Action: w.T("plan.action." + p.Action), Class: "busy"}
	switch p.Action {
	case "create":
		out.Class = "ok"
	case "missing":
		out.Class = "warn"
	}
	for _, c := range p.Changes {
		if c.Field != catalog.FieldCreated {
			words := ChangeWords{
				Field: w.T("field." + string(c.Field)), Old: changeText(w, c.Field, c.Old), New: changeText(w, c.Field, c.New),
				Code: c.Field,
			}
			if c.Held {
				words.New = w.T("plan.held", "new", words.New)
			}
			out.Changes = append(out.Changes, words)
		}
	}
	if p.Pictures > 0 {
		out.Changes = append(out.Changes, ChangeWords{Field: w.T("field.images"), New: strconv.Itoa(p.Pictures), Code: catalog.FieldImages})
	}
	return out
}

// DescribeCategory puts what a run means to do about a category into words.
func DescribeCategory(w *i18n.Words, c catalog.IntendedCategory) PlannedWords {
	out := PlannedWords{Name: c.Name, Action: w.T("plan.category." + c.Action), Class: "busy"}
	place := func(path string) string {
		if path == "" {
			return w.T("plan.top")
		}
		return path
	}
	switch c.Action {
	case "create":
		out.Class = "ok"
		out.Changes = append(out.Changes, ChangeWords{Field: w.T("plan.parent"), New: place(c.Parent)})
	case "gone":
		out.Class = "warn"
	case "update":
		if c.Name != c.OldName {
			out.Changes = append(out.Changes, ChangeWords{Field: w.T("field.name"), Old: c.OldName, New: c.Name})
		}
		if c.Parent != c.OldParent {
			out.Changes = append(out.Changes, ChangeWords{Field: w.T("plan.parent"), Old: place(c.OldParent), New: place(c.Parent)})
		}
	}
	return out
}

// changeText is a value in words.
func changeText(w *i18n.Words, f catalog.Field, value string) string {
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
