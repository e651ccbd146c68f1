package admin

import (
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/schedule"
)

// scheduleView is when one kind of run starts by itself.
type scheduleView struct {
	Mode menu
	// Times and Minutes stand in fields of their own, which show for their modes.
	Times, TimesName, TimesProblem       string
	Minutes, MinutesName, MinutesProblem string
}

func (b *formBuilder) schedules() []scheduleView {
	var out []scheduleView
	for _, kind := range catalog.Kinds() {
		out = append(out, b.schedule(kind))
	}
	return out
}

func (b *formBuilder) schedule(kind catalog.Kind) scheduleView {
	name, w := form.ScheduleField(kind), b.req.Words
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
		{schedule.Usual, form.UsualMode, "schedule." + string(kind) + ".usual"},
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
