package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// runsShown is how many runs the page lists.
const runsShown = 8

// workView is what goes on or waits for a person, and what was before. It is a page's part and a
// fragment of its own, which htmx asks for again and again while a run goes on.
type workView struct {
	frame
	// Open are the runs that are not over, those that wait for a person first.
	Open []runView
	// Going: one of them goes on by itself.
	Going bool
	Last  []runView
	// Items are what the latest finished run left alone and a person should look at.
	Items []itemView
	// Next says when the next ones start by themselves; empty: nothing does.
	Next string
	// Waiting: something that was hidden may wait to be published.
	Waiting bool
	// HasPins: some field is pinned.
	HasPins bool
	// HeldBack is stock that is held back; nil: none is.
	HeldBack *heldView
	// CanStart: something of the catalog is switched on; Prices: a price run is possible too; Held: a full
	// run waits for a person, so another one has to wait.
	CanStart, Prices, Held bool
}

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

func (a *Admin) workView(ctx context.Context, v *visit) (*workView, error) {
	runs, err := a.Runs.Runs(ctx, v.conn.ID, runsShown)
	if err != nil {
		return nil, err
	}
	c := v.conn.Settings.Catalog
	w := &workView{
		frame:    frame{links: a.links(v.conn.ID), CSRFField: plugin.CSRFField, CSRF: v.op.CSRFToken, MayOperate: v.may(plugin.PermOperate)},
		CanStart: c.Products || c.Categories, Prices: c.Products,
	}
	for _, run := range runs {
		view := a.runView(v, run)
		if run.State.Active() {
			if view.Waits {
				if view.Counters, err = a.intends(ctx, v, run); err != nil {
					return nil, err
				}
			}
			w.open(run, view)
			continue
		}
		if len(w.Last) == 0 && run.Counters.Conflicts+run.Counters.Errors > 0 {
			if w.Items, err = a.pressing(ctx, v, run.ID); err != nil {
				return nil, err
			}
		}
		w.Last = append(w.Last, view)
	}
	waiting, err := a.Products.CountHidden(ctx, v.conn.ID, 1)
	if err != nil {
		return nil, err
	}
	pins, err := a.Products.Pins(ctx, v.conn.ID, catalog.Pin{}, 1)
	if err != nil {
		return nil, err
	}
	w.Waiting, w.HasPins = waiting > 0, len(pins) > 0
	if w.HeldBack, err = a.heldView(ctx, v); err != nil {
		return nil, err
	}
	w.Next, err = a.nextRuns(ctx, v, map[catalog.Kind]bool{catalog.Full: w.Going || w.Held, catalog.Prices: w.Going})
	return w, err
}

// intends counts what a run that waits would do, beside what it would leave as it is.
func (a *Admin) intends(ctx context.Context, v *visit, run catalog.Run) ([]string, error) {
	counts, err := a.Runs.PlanCounts(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	return append(planCounts(v, counts), counters(v.words, run.Counters)...), nil
}

// open sorts in a run that is not over.
func (w *workView) open(run catalog.Run, view runView) {
	if !view.Waits {
		w.Open, w.Going = append(w.Open, view), true
		return
	}
	waiting := slices.IndexFunc(w.Open, func(r runView) bool { return !r.Waits })
	if waiting < 0 {
		waiting = len(w.Open)
	}
	w.Open = slices.Insert(w.Open, waiting, view)
	w.Held = w.Held || run.Kind == catalog.Full && !run.Preview
}

func (a *Admin) runView(v *visit, run catalog.Run) runView {
	told := DescribeRun(v.words, run)
	out := runView{
		ID: run.ID, Kind: told.Kind, State: told.State, Phase: told.Phase, Reason: told.Reason,
		Class: runClass(run.State), Done: run.Done, Total: run.Total, Counters: told.Counters, Guards: told.Guards,
		Started: v.whenSet(run.StartedAt), Finished: v.whenSet(run.FinishedAt),
		Waits: run.State == catalog.Approval, Preview: run.Preview, CSRFField: plugin.CSRFField, CSRF: v.op.CSRFToken,
	}
	out.Beside = beside(v, run)
	at := a.links(v.conn.ID).Runs + "/" + strconv.FormatInt(run.ID, 10)
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
		out.Phase = v.words.T("run.next_at", "time", v.when(run.NextAt))
	}
	return out
}

// beside says what goes on while a run waits for a person; empty: nothing that it would have to do with.
func beside(v *visit, run catalog.Run) string {
	switch {
	case run.State != catalog.Approval:
	case run.Kind == catalog.Full && v.conn.Settings.Catalog.Products:
		return v.words.T("run.beside")
	case run.Kind == catalog.Prices && !run.Preview:
		return v.words.T("run.beside_prices")
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
	}
	return "busy"
}

// showProgress is the fragment; a browser that comes to it by itself gets the page.
func (a *Admin) showProgress(w http.ResponseWriter, r *http.Request, v *visit) error {
	if r.Header.Get("HX-Request") == "" {
		return redirect(w, r, a.links(v.conn.ID).Connection, "", "runs")
	}
	view, err := a.workView(r.Context(), v)
	if err != nil {
		return err
	}
	return a.fragment(w, v, "work", view)
}

// startRun is «Запустити зараз».
func (a *Admin) startRun(w http.ResponseWriter, r *http.Request, v *visit) error {
	start, kind, done := a.Runs.Start, catalog.Full, "run_started"
	switch r.PostFormValue("kind") {
	case string(catalog.Full):
	case string(catalog.Prices):
		kind = catalog.Prices
	case "preview":
		start, done = a.Runs.Preview, "preview_started"
	case "rematch":
		start, done = a.rematch, "rematch_started"
	default:
		return errRunKind
	}
	switch _, err := start(r.Context(), v.conn.ID, kind, v.op.ID); {
	case errors.Is(err, catalog.ErrNoKey):
		done = "rematch_no_key"
	case errors.Is(err, catalog.ErrRunning):
		done = "run_going_on"
	case errors.Is(err, catalog.ErrOff):
		done = "run_off"
	case err != nil:
		return err
	}
	return redirect(w, r, a.links(v.conn.ID).Connection, done, "runs")
}

// rematch is «Зіставити заново»; it is of the only kind that matches.
func (a *Admin) rematch(ctx context.Context, id plugin.ConnectionID, _ catalog.Kind, by string) (int64, error) {
	return a.Runs.Rematch(ctx, id, by)
}

func (a *Admin) cancelRun(w http.ResponseWriter, r *http.Request, v *visit) error {
	run, err := a.runOf(r, v)
	if err != nil {
		return err
	}
	if err := a.Runs.Cancel(r.Context(), run.ID); err != nil {
		return err
	}
	return redirect(w, r, a.links(v.conn.ID).Connection, "run_cancelled", "runs")
}
