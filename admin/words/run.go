package words

import (
	"maps"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/catalog"
)

// Run is a run in a language's words.
type Run struct {
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
func DescribeRun(w *i18n.Words, run catalog.Run) Run {
	out := Run{
		Kind: w.T("run.kind." + string(run.Kind)), State: w.T("run.state." + string(run.State)),
		Counters: Counters(w, run.Counters),
	}
	switch run.State {
	case catalog.Running:
		out.Phase = w.T("run.phase." + string(run.Phase))
	case catalog.Approval:
		out.Guards = guardTexts(w, run.Guards)
		if run.Preview {
			out.State = w.T("run.state.preview")
		}
	case catalog.Cancelled:
		if run.Preview {
			out.State = w.T("run.state.preview_over")
		}
	case catalog.Queued:
		if run.ApprovedAt != nil {
			out.Reason = w.T("run.approved")
		}
	case catalog.Waiting, catalog.Done, catalog.Failed: // the code says the rest
	}
	if run.Code != "" {
		out.Reason = w.Say("run.reason."+string(run.Code), listNamed(w, run.Params))
	}
	return out
}

// Counters are the non-zero counts of a run in words.
func Counters(w *i18n.Words, c catalog.Counters) []string {
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
		out = append(out, w.Say("guard."+string(g.Code), listNamed(w, g.Params))+Setting(w, g.Params["setting"]))
	}
	return out
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

// Setting names a setting that was changed, as a sentence to go on with; empty: none was.
func Setting(w *i18n.Words, setting string) string {
	if setting == "" {
		return ""
	}
	return " " + w.T("held.setting."+setting)
}
