package admin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/plugin"
)

// runPages show runs and what they did or would do, and start, approve and cancel them.
type runPages struct {
	base
	held heldPages
}

// workView is what goes on or waits for a person, and what was before. It is a page's part and a
// fragment of its own, which htmx asks for again and again while a run goes on.
type workView struct {
	web.Base
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

func (p runPages) work(ctx context.Context, req *web.Request) (*workView, error) {
	runs, err := p.svc.Runs.Runs(ctx, req.Conn.ID, service.RunsShown)
	if err != nil {
		return nil, err
	}
	c := req.Conn.Settings.Catalog
	w := &workView{
		Base:     web.Base{Links: req.Links, CSRFField: plugin.CSRFField, CSRF: req.Operator.CSRFToken, MayOperate: req.May(plugin.PermOperate)},
		CanStart: c.Products || c.Categories, Prices: c.Products,
	}
	for _, run := range runs {
		view := p.view(req, run)
		if run.State.Active() {
			if view.Waits {
				if view.Counters, err = p.intends(ctx, req, run); err != nil {
					return nil, err
				}
			}
			w.open(run, view)
			continue
		}
		if len(w.Last) == 0 && run.Counters.Conflicts+run.Counters.Errors > 0 {
			if w.Items, err = p.pressing(ctx, req, run.ID); err != nil {
				return nil, err
			}
		}
		w.Last = append(w.Last, view)
	}
	waiting, err := p.svc.Products.CountHidden(ctx, req.Conn.ID, 1)
	if err != nil {
		return nil, err
	}
	pins, err := p.svc.Products.Pins(ctx, req.Conn.ID, catalog.Pin{}, 1)
	if err != nil {
		return nil, err
	}
	w.Waiting, w.HasPins = waiting > 0, len(pins) > 0
	if w.HeldBack, err = p.held.view(ctx, req); err != nil {
		return nil, err
	}
	w.Next, err = p.nextRuns(ctx, req, map[catalog.Kind]bool{catalog.Full: w.Going || w.Held, catalog.Prices: w.Going})
	return w, err
}

// intends counts what a run that waits would do, beside what it would leave as it is.
func (p runPages) intends(ctx context.Context, req *web.Request, run catalog.Run) ([]string, error) {
	counts, err := p.svc.Runs.PlanCounts(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	return append(planCounts(req, counts), words.Counters(req.Words, run.Counters)...), nil
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

// nextRuns says in one line when the catalog comes next; empty while nothing comes by itself. held are
// the kinds that another run is in the way of.
func (p runPages) nextRuns(ctx context.Context, req *web.Request, held map[catalog.Kind]bool) (string, error) {
	if !req.Conn.Running() {
		return "", nil
	}
	list, err := p.svc.Runs.NextRuns(ctx, req.Conn.ID)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, n := range list {
		parts = append(parts, req.Words.T("schedule.next."+string(n.Kind), "when", p.nextRun(req, n, held[n.Kind])))
	}
	return strings.Join(parts, ", "), nil
}

func (p runPages) nextRun(req *web.Request, n catalog.NextRun, held bool) string {
	switch {
	case n.At != nil && n.At.After(p.svc.Host.Clock().Now()):
		return req.When(*n.At)
	case n.At != nil && held:
		return req.Words.T("schedule.when.after_this")
	case n.At != nil:
		return req.Words.T("schedule.when.soon")
	case n.Rule.Mode == schedule.After:
		return req.Words.T("schedule.when.after." + n.Rule.After)
	}
	return req.Words.T("schedule.when.off")
}

// showProgress is the fragment; a browser that comes to it by itself gets the page.
func (p runPages) showProgress(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	if r.Header.Get("HX-Request") == "" {
		return web.Redirect(w, r, req.Links.Connection, "", "runs")
	}
	view, err := p.work(r.Context(), req)
	if err != nil {
		return err
	}
	return p.web.Fragment(w, req, "work", view)
}

// start is «Запустити зараз».
func (p runPages) start(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	what, done := service.Start{Kind: catalog.Full}, "run_started"
	switch kind := r.PostFormValue("kind"); kind {
	case "preview":
		what.Preview, done = true, "preview_started"
	case "rematch":
		what.Rematch, done = true, "rematch_started"
	default:
		what.Kind = catalog.Kind(kind)
	}
	_, refused, err := p.svc.StartRun(r.Context(), req, what)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, req.Links.Connection, cmp.Or(refused, done), "runs")
}

func (p runPages) cancel(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	run, err := p.svc.RunOf(r, req)
	if err != nil {
		return err
	}
	if err := p.svc.Runs.Cancel(r.Context(), run.ID); err != nil {
		return err
	}
	return web.Redirect(w, r, req.Links.Connection, "run_cancelled", "runs")
}
