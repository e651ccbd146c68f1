package admin

import (
	"strconv"

	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// runView is a run in words, with the addresses of what can be done about it.
type runView struct {
	ID                 int64
	Kind, State, Class string
	Phase              string
	// Done and Total are rows of the phase; Total is 0 while nobody knows.
	Done, Total       int64
	Percent           int64
	Counters          []string
	Reason            string
	Started, Finished string
	Cancel            string
	// Waits: a person decides, after looking at Plan. Guards say why; a preview may have none. Beside says
	// what goes on meanwhile.
	Waits  bool
	Beside string
	// Preview: it was asked for to see what would be, and gives way to whatever is started next.
	Preview       bool
	Guards        []string
	Approve, Plan string
	// Changes lists what it wrote; empty when it wrote nothing.
	Changes string
	// Items lists what it left alone and why; empty when that is nothing.
	Items string
	// The form's token, for templates that get the run alone.
	CSRFField, CSRF string
}

func (p runPages) view(req *web.Request, run catalog.Run) runView {
	told := words.DescribeRun(req.Words, run)
	out := runView{
		ID: run.ID, Kind: told.Kind, State: told.State, Phase: told.Phase, Reason: told.Reason,
		Class: runClass(run.State), Done: run.Done, Total: run.Total, Counters: told.Counters, Guards: told.Guards,
		Started: req.WhenSet(run.StartedAt), Finished: req.WhenSet(run.FinishedAt),
		Waits: run.State == catalog.Approval, Preview: run.Preview, CSRFField: plugin.CSRFField, CSRF: req.Operator.CSRFToken,
	}
	out.Beside = beside(req, run)
	at := req.Links.Runs + "/" + strconv.FormatInt(run.ID, 10)
	out.Cancel, out.Approve, out.Plan = at+"/cancel", at+"/approve", at+"/plan"
	if c := run.Counters; c.Created+c.Updated+c.Missing > 0 {
		out.Changes = at + "/changes"
	}
	if c := run.Counters; len(c.Skipped)+c.Conflicts+c.Errors+c.Notes+c.ImagesFailed > 0 {
		out.Items = at + "/items"
	}
	if run.Total > 0 {
		out.Percent = min(100*run.Done/run.Total, 100)
	}
	if run.State == catalog.Waiting && !run.NextAt.IsZero() {
		out.Phase = req.Words.T("run.next_at", "time", req.When(run.NextAt))
	}
	return out
}

// beside says what goes on while a run waits for a person; empty: nothing that it would have to do with.
func beside(req *web.Request, run catalog.Run) string {
	switch {
	case run.State != catalog.Approval:
	case run.Kind == catalog.Full && req.Conn.Settings.Catalog.Products:
		return req.Words.T("run.beside")
	case run.Kind == catalog.Prices && !run.Preview:
		return req.Words.T("run.beside_prices")
	}
	return ""
}

func runClass(s catalog.State) string {
	switch s {
	case catalog.Done:
		return "ok"
	case catalog.Failed:
		return "fail"
	case catalog.Approval, catalog.Waiting:
		return "warn"
	case catalog.Cancelled:
		return "off"
	case catalog.Queued, catalog.Running: // on their way
	}
	return "busy"
}

// planCounts counts what a plan would do.
func planCounts(req *web.Request, c catalog.PlanCounts) []string {
	var out []string
	for _, one := range []struct {
		key string
		n   int
	}{{"create", c.Create}, {"update", c.Update}, {"link", c.Link}, {"missing", c.Missing}, {"categories", c.Categories}} {
		if one.n > 0 {
			out = append(out, req.Words.N("plan.count."+one.key, one.n))
		}
	}
	return out
}
