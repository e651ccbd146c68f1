package admin

import (
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
	if run.Code != "" {
		out.Reason = w.Say("run.reason."+string(run.Code), run.Params)
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
		{"missing", c.Missing},
		{"skipped", skipped},
		{"conflicts", c.Conflicts},
		{"errors", c.Errors},
		{"images", c.Images},
		{"images_failed", c.ImagesFailed},
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
		out = append(out, w.Say("guard."+string(g.Code), g.Params))
	}
	return out
}
