package admin_test

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// labels are the label-like texts of the page in document order; options are indented.
func labels(page *answer) []string {
	var out []string
	page.Find(".kb-key > label, .kb-key button, form.kb-settings").Each(func(_ int, s *goquery.Selection) {
		if !s.Is("form") {
			out = append(out, squeeze(s.Text()))
			return
		}
		s.Find("legend, label, .kb-label, button, option").Each(func(_ int, e *goquery.Selection) {
			text := e.Clone()
			text.Find(".kb-proposal").Remove()
			if e.Is("option") {
				out = append(out, "  "+squeeze(text.Text()))
				return
			}
			out = append(out, squeeze(text.Text()))
		})
	})
	return out
}

func TestLabelsAndOptionsAreThoseMerchantsKnow(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/labels.uk.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	page := labels(r.get(r.running(settings.TargetOrders)))
	rest := page
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := slices.Index(rest, line)
		if at < 0 {
			t.Fatalf("%q does not come where it should; after it stand %q", line, rest[:min(len(rest), 12)])
		}
		if strings.HasPrefix(line, "  ") && at != 0 {
			t.Fatalf("before the option %q stands %q", line, rest[:at])
		}
		rest = rest[at+1:]
	}
	if slices.Contains(rest, "ЗБЕРЕГТИ") {
		t.Error("«ЗБЕРЕГТИ» comes twice")
	}
}

func TestFirstSaveTakesTheProposalsAndStarts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	page := r.get(path).want(http.StatusOK)
	for field, want := range map[string]string{
		"source":          "", // two sources are in the shop's currency: no telling
		"order_status.1":  "c:new",
		"order_status.8":  "c:shipped",
		"order_status.14": "absent", // inactive in KeyCRM
		"payments.cash":   "c:1",
		"payments.card":   "c:2",
		"deliveries.np":   "c:1",
		"status_out.new":  "c:1",
		"status_out.paid": "skip",
	} {
		sel := page.Find(`select[name="` + field + `"]`)
		got := sel.Find("option[selected]").AttrOr("value", "absent")
		if got != want {
			t.Errorf("%s is proposed as %q, want %q", field, got, want)
		}
		if marked := sel.HasClass("kb-proposed"); marked != (want != "" && want != "absent") {
			t.Errorf("%s: marked as a proposal = %v", field, marked)
		}
	}
	form := page.form()
	form.Set("products", "on")
	form.Set("target", "orders")
	form.Set("source", "7")
	form.Set("add_ons.nocall", "c:OR_1010")
	if to, done := r.post(path, form).leads(); to != path || done != "saved" {
		t.Fatalf("saving leads to %q, done %q", to, done)
	}
	c := r.conn(path)
	if !c.Running() || c.OrdersSince == nil || c.Version != 1 {
		t.Errorf("running %v, orders since %v, version %d", c.Running(), c.OrdersSince, c.Version)
	}
	o := c.Settings.Orders
	if o.Payments["cash"].Code != "1" || !o.StatusOut["paid"].Skip || o.AddOns["nocall"].Code != "OR_1010" || o.OrderStatus["19"].Code != "canceled" {
		t.Errorf("stored = %+v", o)
	}
	runs, err := r.runs.Runs(t.Context(), c.ID, 5)
	if err != nil || len(runs) != 1 || runs[0].Kind != catalog.Full || runs[0].StartedBy != "anna" {
		t.Errorf("the first synchronisation: runs = %+v, %v", runs, err)
	}
	form = r.get(path).want(http.StatusOK).form()
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Errorf("saving again: done %q", done)
	}
	if runs, err = r.runs.Runs(t.Context(), c.ID, 5); err != nil || len(runs) != 1 {
		t.Errorf("saving again started another: %d runs, %v", len(runs), err)
	}
	page = r.get(path).want(http.StatusOK)
	if n := page.Find("#settings select.kb-proposed, .kb-hint").Not("[hidden] select, [hidden]").Length(); n != 0 {
		t.Errorf("%d proposals are left after saving", n)
	}
}

func TestSavingUnfinishedSettingsStartsNothingUnlessToldTo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	form := r.get(path).form()
	form.Set("target", "orders")
	form.Set("source", "9") // in euro
	form.Set("payments.cash", "")
	if _, done := r.post(path, form).leads(); done != "saved_not_ready" {
		t.Fatalf("done %q", done)
	}
	if c := r.conn(path); c.Running() || c.OrdersSince != nil || c.Settings.Orders.Source != "9" {
		t.Errorf("connection = %+v", c)
	}
	page := r.get(path + "?done=saved_not_ready").says("Валюта джерела «Сайт EUR» — EUR, а магазину — UAH").says("Способи оплати «Готівка» не зіставлено")
	if page.Find(".kb-note.kb-ok").Length() > 0 {
		t.Error("what is not finished is told as a success")
	}
	leads := 0
	page.Find(".kb-verdicts li a").Each(func(_ int, a *goquery.Selection) {
		leads++
		if to := a.AttrOr("href", ""); page.Find(to).Length() != 1 {
			t.Errorf("a line of the readiness leads to %q, which is not on the page", to)
		}
	})
	if bad := page.Find(".kb-verdicts .kb-fail").Length(); bad < 2 || leads < bad {
		t.Errorf("%d lines fail and %d lead to what mends them", bad, leads)
	}

	form = r.get(path).form()
	form.Set("payments.cash", "")
	form.Set("override", "on")
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Errorf("overriding: done %q", done)
	}
	if !r.conn(path).Running() {
		t.Error("it does not run although it was told to")
	}
}

func TestWithoutOrdersOnlyTheTypeShowsAndValuesAreKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	before := r.conn(path).Settings.Orders
	form := r.get(path).form()
	form.Set("target", "off")
	form.Set("payments.cash", "c:5")
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Fatalf("done %q", done)
	}
	after := r.conn(path).Settings.Orders
	if after.Target != settings.TargetOff || after.Source != before.Source || after.Payments["cash"] != before.Payments["cash"] {
		t.Errorf("kept = %+v, want %+v", after, before)
	}
	page := r.get(path).want(http.StatusOK)
	visible := page.Find(`[data-block="orders"] select, [data-block="payments"] select, [data-block="deliveries"] select`).
		FilterFunction(func(_ int, s *goquery.Selection) bool { return s.Closest("[hidden]").Length() == 0 })
	if visible.Length() != 1 || visible.AttrOr("name", "") != "target" {
		t.Errorf("%d menus show, the first is %q", visible.Length(), visible.AttrOr("name", ""))
	}
}

func TestPipelineModeHasItsPipelineTableAndLink(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetCards)
	o := r.conn(path).Settings.Orders
	if o.Pipeline != "1" || o.CardStatus["1/101"].Code != "new" || o.StatusOut["new"].Code != "1/101" || o.OrderStatus["1"].Code != "new" {
		t.Errorf("stored = %+v", o)
	}
	page := r.get(path).want(http.StatusOK)
	for _, sel := range []string{`select[name="pipeline"]`, `select[name="card_status.2/204"]`, "#link-card", `select[name="order_status.1"]`} {
		if s := page.Find(sel); s.Length() != 1 || s.Closest("[hidden]").Length() != 0 {
			t.Errorf("%s does not show", sel)
		}
	}
	if s := page.Find(`select[name="status_out.new"]`); s.Closest("[hidden]").Length() != 1 {
		t.Error("the table for orders shows in pipeline mode")
	}
	if got := page.Find(`select[name="status_out.new"] option[selected]`).AttrOr("value", ""); got != "c:1" {
		t.Errorf("for orders a card's status is offered: %q", got)
	}
}

func TestStaleSaveKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	mine, theirs := r.get(path).form(), r.get(path).form()
	theirs.Set("new", "publish")
	if _, done := r.post(path, theirs).leads(); done != "saved" {
		t.Fatalf("done %q", done)
	}
	mine.Set("missing", "hide")
	mine.Set("categories", "on")
	page := r.post(path, mine).want(http.StatusConflict).says("налаштування зберіг хтось інший")
	if c := r.conn(path).Settings.Catalog; c.New != settings.NewPublish || c.Missing != settings.MissingNothing {
		t.Errorf("the stale save was stored: %+v", c)
	}
	again := page.form()
	if again.Get("missing") != "hide" || again.Get("categories") != "on" || again.Get("new") != "hide" {
		t.Errorf("what was typed is gone: %v", again)
	}
	if _, done := r.post(path, again).leads(); done != "saved" {
		t.Errorf("saving knowingly: done %q", done)
	}
	if c := r.conn(path); c.Settings.Catalog.Missing != settings.MissingHide || c.Version != 2 {
		t.Errorf("stored = %+v", c)
	}
}

func TestWhatNoMenuOffersIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	before := r.conn(path)
	for name, set := range map[string]func(url.Values){
		"target":            func(f url.Values) { f.Set("target", "everything") },
		"match":             func(f url.Values) { f.Set("match", "colour") },
		"source":            func(f url.Values) { f.Set("source", "4711") },
		"payments.cash":     func(f url.Values) { f.Set("payments.cash", "c:4711") },
		"order_status.1":    func(f url.Values) { f.Set("order_status.1", "c:no-such") },
		"status_out.new":    func(f url.Values) { f.Set("status_out.new", "c:14") },
		"chosen":            func(f url.Values) { f.Set("chosen", "4711") },
		"an unknown row":    func(f url.Values) { f.Set("payments.gold", "c:1") },
		"an unknown choice": func(f url.Values) { f.Set("payments.cash", "whatever") },
	} {
		form := r.get(path).form()
		set(form)
		page := r.post(path, form).want(http.StatusUnprocessableEntity).says("Нічого не збережено")
		if strings.Contains(name, " ") {
			continue
		}
		field := page.Find(`[name="` + name + `"]`).First()
		if field.Closest(".kb-field, .kb-maprow, .kb-group").Find(".kb-problem").Length() == 0 {
			t.Errorf("%s: no message beside the field", name)
		}
	}
	if after := r.conn(path); after.Version != before.Version {
		t.Error("something was saved")
	}
}

func TestStatusThatWouldComeBackAsAnotherIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	form := r.get(path).form()
	form.Set("order_status.3", "c:paid")
	form.Set("status_out.accepted", "c:3")
	r.post(path, form).want(http.StatusUnprocessableEntity).
		says("«Прийнято» передається як «Погоджено», а «Погоджено» повертає в магазині «Оплачено»")
}

func TestHangingCRMHoldsUpNeitherPageNorSaving(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	r.hang()
	r.clock.Advance(2 * time.Minute)

	page := r.get(path).want(http.StatusOK).says("KeyCRM зараз не відповідає")
	if got := page.Find(`select[name="payments.cash"] option[selected]`).Text(); got != "Готівка" {
		t.Errorf("the stored payment shows as %q", got)
	}
	form := page.form()
	form.Set("missing", "hide")
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Errorf("saving something else: done %q", done)
	}
	if c := r.conn(path).Settings; c.Catalog.Missing != settings.MissingHide || c.Orders.Payments["cash"].Code != "1" {
		t.Errorf("stored = %+v", c)
	}
	form = r.get(path).form()
	form.Set("source", "4711")
	r.post(path, form).want(http.StatusUnprocessableEntity).says("нове значення не можна перевірити")
}

func TestStoredCodesSurviveAProcessThatNeverReachedTheCRM(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	before := r.conn(path).Settings.Orders
	r.crmURL = "http://127.0.0.1:1/v1"
	r.serve() // another process: nothing is remembered
	page := r.get(path).want(http.StatusOK).says("KeyCRM зараз не відповідає").says("код 1 (KeyCRM не відповів)")
	form := page.form()
	form.Set("new", "publish")
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Errorf("done %q", done)
	}
	after := r.conn(path).Settings.Orders
	if after.Source != before.Source || after.Payments["cash"] != before.Payments["cash"] || len(after.OrderStatus) != len(before.OrderStatus) {
		t.Errorf("orders = %+v, want %+v", after, before)
	}
}

func TestTroublesAreToldInWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		target settings.Target
		break_ func(*rig)
		says   []string
	}{
		"no Redis":  {settings.TargetOrders, func(r *rig) { r.health.Redis = false }, []string{"нічого не надсилається"}},
		"no worker": {settings.TargetOrders, func(r *rig) { r.health.Workers = false }, []string{"Жоден робочий процес не відповідає"}},
		"pipelines off": {
			settings.TargetCards, func(r *rig) { r.crm.SetPipelines(false) },
			[]string{"вимкнено воронки", "Створювати в замовленнях"},
		},
		"key revoked": {settings.TargetOrders, func(r *rig) {
			if err := r.store.SetKey(r.t.Context(), r.only(), "revoked-key-of-the-account", ""); err != nil {
				r.t.Fatal(err)
			}
		}, []string{"KeyCRM більше не приймає ключ API"}},
		"no webhook yet": {settings.TargetCards, func(*rig) {}, []string{"Webhook замовлень ще не надходив", "Webhook воронок ще не надходив"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			path := r.running(c.target)
			c.break_(r)
			r.clock.Advance(2 * time.Minute)
			page := r.get(path).want(http.StatusOK)
			for _, words := range c.says {
				page.says(words)
			}
		})
	}
}

// only is the one connection of the shop.
func (r *rig) only() plugin.ConnectionID {
	r.t.Helper()
	conns, err := r.store.List(r.t.Context(), shopID)
	if err != nil || len(conns) != 1 {
		r.t.Fatalf("connections = %v, %v", conns, err)
	}
	return conns[0].ID
}

func TestListsAreRememberedForAMinuteUnlessRefreshed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	r.get(path).want(http.StatusOK)
	before := r.crm.RequestCount()
	r.get(path).want(http.StatusOK)
	if n := r.crm.RequestCount() - before; n != 0 {
		t.Errorf("a second look made %d requests", n)
	}
	if err := r.crm.RenameStatus(3, "Узгоджено з покупцем"); err != nil {
		t.Fatal(err)
	}
	if _, done := r.post(path+"/refresh", nil).leads(); done != "refreshed" {
		t.Errorf("done %q", done)
	}
	if !strings.Contains(r.get(path).Find(`[id="map-order_status"]`).Text(), "Узгоджено з покупцем") {
		t.Error("the new name does not show after refreshing")
	}
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Status: http.StatusBadGateway})
	if _, done := r.post(path+"/refresh", nil).leads(); done != "" {
		t.Errorf("nothing could be read, done %q", done)
	}
	page := r.get(path).says("KeyCRM зараз не відповідає")
	if !strings.Contains(page.Find(`[id="map-order_status"]`).Text(), "Узгоджено з покупцем") {
		t.Error("a failed refreshing forgets the names")
	}
	if n := page.Find(`.kb-verdicts a[href="#kb-key"]`).Length(); n != 0 {
		t.Error("the key is blamed for a CRM that does not answer")
	}
}

func TestTwoConnectionsMustNotSendTheSameOrders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.running(settings.TargetOrders)
	path, _ := r.post("/connect", url.Values{"key": {r.crm.Key()}, "again": {"on"}}).leads()
	r.post(path+"/switch", url.Values{"on": {"1"}}).leads()
	form := r.get(path).form()
	form.Set("target", "orders")
	form.Set("source", "8")
	r.post(path, form).want(http.StatusUnprocessableEntity).says("вже надсилає підключення")
}
