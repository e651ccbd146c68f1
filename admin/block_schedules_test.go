package admin_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/internal/settings"
)

func TestThePageSaysWhenTheCatalogComesNext(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOff)
	form := r.get(path).want(http.StatusOK).form()
	if form.Get("schedule_full") != "usual" || form.Get("schedule_prices") != "usual" {
		t.Errorf("the form starts with %q and %q", form.Get("schedule_full"), form.Get("schedule_prices"))
	}
	form.Set("schedule_full", "times")
	form.Set("schedule_full_times", "9:03; 18.30,18:30")
	form.Set("schedule_prices", "every")
	form.Set("schedule_prices_minutes", " 30 ")
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Fatalf("done %q", done)
	}
	want := settings.Schedules{
		Full:   schedule.Rule{Mode: schedule.Times, Times: []string{"09:03", "18:30"}},
		Prices: schedule.Rule{Mode: schedule.Every, Minutes: 30},
	}
	if got := r.conn(path).Settings.Schedules; !reflect.DeepEqual(got, want) {
		t.Errorf("stored %+v", got)
	}
	page := r.get(path).says("Наступна повна синхронізація: 01.08.2026 18:30, ціни й залишки: 01.08.2026 09:30")
	if again := page.form(); again.Get("schedule_full_times") != "09:03, 18:30" || again.Get("schedule_prices_minutes") != "30" {
		t.Errorf("shown again as %q and %q", again.Get("schedule_full_times"), again.Get("schedule_prices_minutes"))
	}
	r.speaks("en")
	r.get(path).says("Next full synchronisation: 01.08.2026 18:30, prices and stock: 01.08.2026 09:30")
	r.speaks("uk")

	var list []struct {
		Kind string
		Rule schedule.Rule
		At   time.Time
	}
	r.get("/api"+strings.Replace(path, "/c/", "/connections/", 1)+"/schedule").want(http.StatusOK).json(t, &list)
	if len(list) != 2 || list[0].Kind != "full" || !reflect.DeepEqual(list[0].Rule, want.Full) || list[0].At.Format("15:04") != "18:30" {
		t.Errorf("the API says %+v", list)
	}

	// A run goes on when prices are due.
	r.post(path+"/runs", url.Values{"kind": {"full"}}).want(http.StatusSeeOther)
	r.clock.Advance(40 * time.Minute)
	r.get(path).says("ціни й залишки: одразу після поточної")
	form.Set("version", r.get(path).form().Get("version"))
	form.Set("schedule_full", "off")
	form.Set("schedule_prices", "after")
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Fatalf("done %q", done)
	}
	r.get(path).says("Наступна повна синхронізація: не за розкладом, ціни й залишки: після повної")
}

func TestASwitchedOffConnectionComesBackWithItsSchedule(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOff)
	r.get(path).says("Наступна повна синхронізація: ")
	r.post(path+"/switch", url.Values{"on": {"0"}}).want(http.StatusSeeOther)
	r.get(path).doesNotSay("Наступна повна синхронізація")
	r.clock.Advance(30 * time.Hour)
	if err := r.runs.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.post(path+"/switch", url.Values{"on": {"1"}}).want(http.StatusSeeOther)
	r.get(path).says("ціни й залишки: за кілька секунд")
	if err := r.runs.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.get(path).says("одразу після поточної") // the other of the two that were missed
	if runs, err := r.runs.Runs(t.Context(), r.conn(path).ID, 10); err != nil || len(runs) != 1 {
		t.Errorf("runs %+v, %v", runs, err)
	}
}

func TestSchedulesThatCannotBeAreRefusedBesideTheirField(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOff)
	for name, c := range map[string]struct {
		edit  url.Values
		field string
		says  string
	}{
		"no time":         {url.Values{"schedule_full": {"times"}}, "schedule_full_times", "Введіть час як 09:00"},
		"no such time":    {url.Values{"schedule_full": {"times"}, "schedule_full_times": {"10:00, 25:00"}}, "schedule_full_times", "Введіть час як 09:00"},
		"too often":       {url.Values{"schedule_prices": {"every"}, "schedule_prices_minutes": {"4"}}, "schedule_prices_minutes", "від 5 до 10080"},
		"no number":       {url.Values{"schedule_prices": {"every"}, "schedule_prices_minutes": {"часто"}}, "schedule_prices_minutes", "від 5 до 10080"},
		"a circle":        {url.Values{"schedule_full": {"after"}, "schedule_prices": {"after"}}, "schedule_full", "жодна не почалася б"},
		"no mode of ours": {url.Values{"schedule_full": {"moon"}}, "schedule_full", "Виберіть значення зі списку"},
	} {
		form := r.get(path).want(http.StatusOK).form()
		for k, v := range c.edit {
			form[k] = v
		}
		page := r.post(path, form).want(http.StatusUnprocessableEntity)
		beside := page.Find(`[name="` + c.field + `"]`).Closest(".kb-field").Find(".kb-problem").Text()
		if !strings.Contains(beside, c.says) {
			t.Errorf("%s: beside the field stands %q", name, beside)
		}
		if first := page.Find(`.kb-note.kb-fail a`).AttrOr("href", ""); first == "" || page.Find(first).AttrOr("name", "") != c.field {
			t.Errorf("%s: the message leads to %q, want the field %s", name, first, c.field)
		}
		if typed := c.edit.Get("schedule_full_times"); typed != "" && page.form().Get("schedule_full_times") != typed {
			t.Errorf("%s: what was typed is shown as %q", name, page.form().Get("schedule_full_times"))
		}
	}
	if got := r.conn(path).Settings.Schedules; !reflect.DeepEqual(got, settings.Schedules{}) {
		t.Errorf("stored %+v", got)
	}
}
