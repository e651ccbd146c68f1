package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/internal/settings"
)

// scheduleView is when one kind of run starts by itself.
type scheduleView struct {
	Mode menu
	// Times and Minutes stand in fields of their own, which show for their modes.
	Times, TimesName, TimesProblem       string
	Minutes, MinutesName, MinutesProblem string
}

// usualMode stands in the form for schedule.Usual.
const usualMode = "usual"

func scheduleField(kind catalog.Kind) string { return "schedule_" + string(kind) }

// otherKind is what a kind may come after.
func otherKind(kind catalog.Kind) catalog.Kind {
	if kind == catalog.Full {
		return catalog.Prices
	}
	return catalog.Full
}

func (b *formBuilder) schedules() []scheduleView {
	var out []scheduleView
	for _, kind := range catalog.Kinds() {
		out = append(out, b.schedule(kind))
	}
	return out
}

func (b *formBuilder) schedule(kind catalog.Kind) scheduleView {
	name, w := scheduleField(kind), b.v.words
	rule := b.set.Schedules.Rules()[string(kind)]
	s := scheduleView{
		Mode:      menu{Name: name, Label: w.T("schedule." + string(kind) + ".label"), Problem: b.problems[name]},
		TimesName: name + "_times", MinutesName: name + "_minutes", Times: strings.Join(rule.Times, ", "),
	}
	s.TimesProblem, s.MinutesProblem = b.problems[s.TimesName], b.problems[s.MinutesName]
	if rule.Minutes > 0 {
		s.Minutes = strconv.Itoa(rule.Minutes)
	}
	var options []option
	for _, o := range []struct {
		mode  schedule.Mode
		value string
		words string
	}{
		{schedule.Usual, usualMode, "schedule." + string(kind) + ".usual"},
		{schedule.Times, string(schedule.Times), "schedule.times"},
		{schedule.Every, string(schedule.Every), "schedule.every"},
		{schedule.After, string(schedule.After), "schedule." + string(kind) + ".after"},
		{schedule.Off, string(schedule.Off), "schedule.off"},
	} {
		options = append(options, option{o.value, w.T(o.words), o.mode == rule.Mode})
	}
	s.Mode.Groups = []optionGroup{{Options: options}}
	return s
}

// readSchedules puts what was typed over the stored rules; a kind the form does not hold stays.
func readSchedules(f url.Values, set *settings.Schedules) {
	for kind, rule := range map[catalog.Kind]*schedule.Rule{catalog.Full: &set.Full, catalog.Prices: &set.Prices} {
		if f.Has(scheduleField(kind)) {
			*rule = readSchedule(f, kind)
		}
	}
}

func readSchedule(f url.Values, kind catalog.Kind) schedule.Rule {
	name := scheduleField(kind)
	rule := schedule.Rule{Mode: schedule.Mode(f.Get(name))}
	switch rule.Mode {
	case usualMode:
		rule.Mode = schedule.Usual
	case schedule.Times:
		rule.Times = readTimes(f.Get(name + "_times"))
	case schedule.Every:
		// What is no number is 0, which is refused as too short.
		rule.Minutes, _ = strconv.Atoi(strings.TrimSpace(f.Get(name + "_minutes")))
	case schedule.After:
		rule.After = string(otherKind(kind))
	}
	return rule
}

// readTimes parts a list of times as people write them; "9:30" and "9.30" are meant as "09:30". What
// is no time stays as it was typed, to be refused and shown again.
func readTimes(typed string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) }) {
		if len(out) > schedule.MaxTimes {
			break // too many by then
		}
		if t, err := time.Parse("15:04", strings.ReplaceAll(word, ".", ":")); err == nil {
			word = t.Format("15:04")
		}
		out = append(out, shorten(word))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// schedules refuses rules that would never start anything or far too much.
func (c *checker) schedules(set settings.Schedules) {
	bad := schedule.Check(set.Rules())
	for _, kind := range catalog.Kinds() {
		field := scheduleField(kind)
		switch err := bad[string(kind)]; {
		case err == nil:
		case errors.Is(err, schedule.ErrTimes):
			c.found(field+"_times", "schedule_times")
		case errors.Is(err, schedule.ErrInterval):
			c.found(field+"_minutes", "schedule_interval")
		case errors.Is(err, schedule.ErrCycle):
			c.found(field, "schedule_cycle")
		default:
			c.found(field, "unknown_option")
		}
	}
}

// reschedule lets a change of the settings or of the switch count at once. Should it fail, the
// workers' own check does it within a minute.
func (a *Admin) reschedule(ctx context.Context, v *visit) {
	if err := a.Runs.Reschedule(ctx, v.conn.ID); err != nil {
		a.Host.Logger().Warn("reschedule", "connection", string(v.conn.ID), "error", err.Error())
	}
}

// nextRuns says in one line when the catalog comes next; empty while nothing comes by itself. held are
// the kinds that another run is in the way of.
func (a *Admin) nextRuns(ctx context.Context, v *visit, held map[catalog.Kind]bool) (string, error) {
	if !v.conn.Running() {
		return "", nil
	}
	list, err := a.Runs.NextRuns(ctx, v.conn.ID)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, n := range list {
		parts = append(parts, v.words.T("schedule.next."+string(n.Kind), "when", a.nextRun(v, n, held[n.Kind])))
	}
	return strings.Join(parts, ", "), nil
}

func (a *Admin) nextRun(v *visit, n catalog.NextRun, held bool) string {
	switch {
	case n.At != nil && n.At.After(a.Host.Clock().Now()):
		return v.when(*n.At)
	case n.At != nil && held:
		return v.words.T("schedule.when.after_this")
	case n.At != nil:
		return v.words.T("schedule.when.soon")
	case n.Rule.Mode == schedule.After:
		return v.words.T("schedule.when.after." + n.Rule.After)
	}
	return v.words.T("schedule.when.off")
}

type apiNextRun struct {
	Kind        catalog.Kind  `json:"kind"`
	Rule        schedule.Rule `json:"rule"`
	At          *time.Time    `json:"at,omitempty"`
	LastStarted *time.Time    `json:"last_started_at,omitempty"`
}

func (a *Admin) apiSchedule(r *http.Request, v *visit) (int, any, error) {
	list, err := a.Runs.NextRuns(r.Context(), v.conn.ID)
	if err != nil {
		return 0, nil, err
	}
	out := make([]apiNextRun, 0, len(list))
	for _, n := range list {
		out = append(out, apiNextRun(n))
	}
	return http.StatusOK, out, nil
}
