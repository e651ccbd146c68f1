package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// connectionPage is the page of one connection.
type connectionPage struct {
	frame
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
	State verdictState
	Text  string
	// Anchor is where on the page it is mended; empty when there is nothing to mend, or not here.
	Anchor string
}

// hookView tells what a webhook did last.
type hookView struct {
	Title, Received, Applied, Reason string
}

// attempt is what was just tried and did not work; zero when the page is simply opened.
type attempt struct {
	keyProblem string
	// set is what was typed; nil: the page shows what is stored.
	set      *settings.Settings
	problems []problem
	stale    bool
}

func (a *Admin) showConnection(w http.ResponseWriter, r *http.Request, v *visit) error {
	return a.renderConnection(w, r, v, http.StatusOK, attempt{})
}

func (a *Admin) renderConnection(w http.ResponseWriter, r *http.Request, v *visit, status int, tried attempt) error {
	ctx := r.Context()
	page := connectionPage{
		frame: a.frame(r, v), Name: connectionName(v.conn), Enabled: v.conn.Enabled, Running: v.conn.Running(),
	}
	page.keyForm = keyForm{Action: page.Key, Hint: v.conn.KeyHint, Problem: tried.keyProblem}
	if v.conn.Enabled {
		if err := a.fill(ctx, v, &page, tried); err != nil {
			return err
		}
	}
	page.State, page.StateText = stateLine(v, page)
	return a.render(w, r, v, status, "connection", a.Name, page)
}

func stateLine(v *visit, p connectionPage) (class, text string) {
	switch {
	case !p.Enabled:
		return "off", v.words.T("state.off")
	case !p.Running:
		return "warn", v.words.T("state.setup")
	case !p.Ready || hasFail(p.Verdicts) || p.Work.HeldBack != nil:
		return "fail", v.words.T("state.attention")
	}
	return "ok", v.words.T("state.running")
}

func hasFail(list []verdictView) bool {
	return slices.ContainsFunc(list, func(v verdictView) bool { return v.State == verdictFail })
}

// fill adds what stands on the page of a connection that is switched on.
func (a *Admin) fill(ctx context.Context, v *visit, page *connectionPage, tried attempt) error {
	shop, err := readShop(ctx, v.shop)
	if err != nil {
		return err
	}
	l := a.listsOf(ctx, v.conn.ID)
	health := a.Health(ctx)
	seen := a.seen(ctx, v.conn.ID)
	lines := a.judge(v, v.conn.Settings, l, shop, health, seen)
	for _, line := range lines {
		page.Verdicts = append(page.Verdicts, verdictView{
			State: line.State, Text: v.words.T("ready."+line.Code, line.Params...), Anchor: line.anchor(v.conn.Settings.Orders.Target),
		})
	}
	page.Ready, page.NotRun = ready(lines), !v.conn.Running()
	page.Alerts = a.alerts(v, l, health, tried)
	if page.Settings, err = a.settingsView(ctx, v, l, shop, tried); err != nil {
		return err
	}
	if page.Work, err = a.workView(ctx, v); err != nil {
		return err
	}
	if page.Journal, err = a.journalView(ctx, v, codeNames{shop: shop, crm: func() *lists { return l }}); err != nil {
		return err
	}
	page.Hooks = hookViews(v, seen)
	page.Load = a.loadView(ctx, v, health)
	return nil
}

// judge answers the readiness of settings, stored or about to be.
func (a *Admin) judge(
	v *visit, set settings.Settings, l *lists, shop *shopLists, health plugin.Health, seen map[settings.Object]WebhookSeen,
) []verdict {
	r := readiness{
		set: set, lists: l, shop: shop, profile: v.profile, health: health, seen: seen,
		say: func(e entry) string { return v.name(e) },
	}
	return r.judge()
}

// name is what people call an entry: the CRM's own word is translated where there are words for it.
func (v *visit) name(e entry) string {
	if key := "crm.term." + e.term; e.term != "" && v.words.Has(key) {
		return v.words.T(key)
	}
	switch {
	case e.name != "":
		return e.name
	case e.term != "":
		return e.term
	}
	return e.code
}

// alerts are what keeps everything from working, each said once and loudly.
func (a *Admin) alerts(v *visit, l *lists, health plugin.Health, tried attempt) []alert {
	var out []alert
	fail := func(key string, params ...any) {
		out = append(out, alert{Kind: "fail", Text: v.words.T(key, params...)})
	}
	switch {
	case tried.stale:
		out = append(out, alert{Kind: "fail", Text: v.words.T("alert.stale"), Reopen: true})
	case len(tried.problems) > 0:
		out = append(out, alert{Kind: "fail", Text: v.words.N("alert.problems", len(tried.problems)), Anchor: firstField(tried.problems)})
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
	if code := trouble(l.err()); code != "" && (code != "no_redis" || health.Redis) {
		fail("alert." + code)
	}
	if errors.Is(l.pipelines.err, crm.ErrFeatureOff) && v.conn.Settings.Orders.Target == settings.TargetCards {
		fail("alert.pipelines_off")
	}
	return out
}

// seen asks about webhooks; nil when nobody can tell.
func (a *Admin) seen(ctx context.Context, id plugin.ConnectionID) map[settings.Object]WebhookSeen {
	if a.Webhooks == nil {
		return nil
	}
	out := map[settings.Object]WebhookSeen{}
	for _, object := range []settings.Object{settings.ObjectOrder, settings.ObjectCard} {
		s, err := a.Webhooks.Seen(ctx, id, object)
		if err != nil {
			a.Host.Logger().Warn("webhook state", "connection", string(id), "error", err.Error())
			return nil
		}
		out[object] = s
	}
	return out
}

func hookViews(v *visit, seen map[settings.Object]WebhookSeen) []hookView {
	o := v.conn.Settings.Orders
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
			Title: v.words.T("hooks." + string(object)), Received: v.when(s.Received), Applied: v.when(s.Applied),
		}
		if s.Reason != "" {
			h.Reason = v.words.Say(hookReason(v.words, object, s.Reason), s.Params)
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
