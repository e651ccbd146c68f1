package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/admin/readiness"
	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// connectionPages show a connection with everything about it, and change it.
type connectionPages struct {
	base
	runs    runPages
	journal journalPages
}

// connectionPage is the page of one connection.
type connectionPage struct {
	web.Base
	keyForm
	Name             string
	Enabled, Running bool
	// State is the state line, with the class it is coloured by.
	State, StateText string
	Alerts           []alert
	Verdicts         []verdictView
	Ready            bool
	// Settings is nil while the switch is off.
	Settings *settingsView
	Work     *workView
	Journal  *journalView
	Hooks    []hookView
	Load     *loadView
	// NotRun says that nothing runs yet although the switch is on.
	NotRun bool
}

// alert is a message above everything else.
type alert struct {
	Kind string // "fail" or "warn"
	Text string
	// Reopen offers to open the page anew.
	Reopen bool
	// Anchor leads to the first field it is about; empty: none.
	Anchor string
}

type verdictView struct {
	State readiness.State
	Text  string
	// Anchor is where on the page it is mended; empty when there is nothing to mend, or not here.
	Anchor string
}

// hookView tells what a webhook did last.
type hookView struct {
	Title, Received, Applied, Reason string
}

func (p connectionPages) show(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	return p.render(w, r, req, http.StatusOK, formState{})
}

func (p connectionPages) render(w http.ResponseWriter, r *http.Request, req *web.Request, status int, tried formState) error {
	ctx := r.Context()
	page := connectionPage{
		Base: p.web.Base(r, req), Name: req.Conn.Title(), Enabled: req.Conn.Enabled, Running: req.Conn.Running(),
	}
	page.keyForm = keyForm{Action: page.Key, Hint: req.Conn.KeyHint, Problem: tried.keyProblem}
	if req.Conn.Enabled {
		if err := p.fill(ctx, req, &page, tried); err != nil {
			return err
		}
	}
	page.State, page.StateText = stateLine(req, page)
	return p.web.Render(w, r, req, status, "connection", p.svc.Name, page)
}

func stateLine(req *web.Request, p connectionPage) (class, text string) {
	switch {
	case !p.Enabled:
		return "off", req.Words.T("state.off")
	case !p.Running:
		return "warn", req.Words.T("state.setup")
	case !p.Ready || hasFail(p.Verdicts) || p.Work.HeldBack != nil:
		return "fail", req.Words.T("state.attention")
	}
	return "ok", req.Words.T("state.running")
}

func hasFail(list []verdictView) bool {
	return slices.ContainsFunc(list, func(v verdictView) bool { return v.State == readiness.Fail })
}

// fill adds what stands on the page of a connection that is switched on.
func (p connectionPages) fill(ctx context.Context, req *web.Request, page *connectionPage, tried formState) error {
	lists, err := p.svc.Lists(ctx, req)
	if err != nil {
		return err
	}
	health := p.svc.Health(ctx)
	seen := p.svc.Seen(ctx, req.Conn.ID)
	lines := p.svc.Readiness(req, req.Conn.Settings, lists, health, seen)
	for _, line := range lines {
		page.Verdicts = append(page.Verdicts, verdictView{
			State: line.State, Text: req.Words.T("ready."+line.Code, line.Params...), Anchor: line.Anchor(req.Conn.Settings.Orders.Target),
		})
	}
	page.Ready, page.NotRun = readiness.Ready(lines), !req.Conn.Running()
	page.Alerts = alerts(req, lists.CRM, health, tried)
	if page.Settings, err = p.settingsView(ctx, req, lists, tried); err != nil {
		return err
	}
	if page.Work, err = p.runs.work(ctx, req); err != nil {
		return err
	}
	if page.Journal, err = p.journal.view(ctx, req, codeNames{shop: lists.Shop, crm: func() *form.CRMLists { return lists.CRM }}); err != nil {
		return err
	}
	page.Hooks = hookViews(req, seen)
	page.Load = p.loadView(ctx, req, health)
	return nil
}

// alerts are what keeps everything from working, each said once and loudly.
func alerts(req *web.Request, l *form.CRMLists, health plugin.Health, tried formState) []alert {
	var out []alert
	fail := func(key string, params ...any) {
		out = append(out, alert{Kind: "fail", Text: req.Words.T(key, params...)})
	}
	switch {
	case tried.stale:
		out = append(out, alert{Kind: "fail", Text: req.Words.T("alert.stale"), Reopen: true})
	case len(tried.problems) > 0:
		out = append(out, alert{Kind: "fail", Text: req.Words.N("alert.problems", len(tried.problems)), Anchor: form.FirstField(tried.problems)})
	}
	for _, p := range tried.problems {
		if p.Field == "" {
			fail("problem."+p.Code, p.Params...)
		}
	}
	if !health.Redis {
		fail("alert.no_redis")
	}
	if !health.Workers {
		fail("alert.no_workers")
	}
	if code := service.Trouble(l.Err()); code != "" && (code != "no_redis" || health.Redis) {
		fail("alert." + code)
	}
	if errors.Is(l.Pipelines.Err, crm.ErrFeatureOff) && req.Conn.Settings.Orders.Target == settings.TargetCards {
		fail("alert.pipelines_off")
	}
	return out
}

func hookViews(req *web.Request, seen map[settings.Object]service.WebhookSeen) []hookView {
	o := req.Conn.Settings.Orders
	if seen == nil || o.Target == settings.TargetOff {
		return nil
	}
	objects := []settings.Object{settings.ObjectOrder}
	if o.Target == settings.TargetCards {
		objects = append(objects, settings.ObjectCard)
	}
	var out []hookView
	for _, object := range objects {
		s := seen[object]
		h := hookView{
			Title: req.Words.T("hooks." + string(object)), Received: req.When(s.Received), Applied: req.When(s.Applied),
		}
		if s.Reason != "" {
			h.Reason = req.Words.Say(hookReason(req.Words, object, s.Reason), s.Params)
		}
		out = append(out, h)
	}
	return out
}

// hookReason is the key of a reason's words: what is said of orders does not always fit cards.
func hookReason(w *i18n.Words, object settings.Object, reason string) string {
	if key := "hook.reason." + string(object) + "." + reason; w.Has(key) {
		return key
	}
	return "hook.reason." + reason
}
