package form

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/internal/settings"
)

// UsualMode stands in the form for schedule.Usual.
const UsualMode = "usual"

// ScheduleField names the form field of a kind's rule; its times and minutes stand in fields that begin with it.
func ScheduleField(kind catalog.Kind) string { return "schedule_" + string(kind) }

// otherKind is what a kind may come after.
func otherKind(kind catalog.Kind) catalog.Kind {
	if kind == catalog.Full {
		return catalog.Prices
	}
	return catalog.Full
}

// readSchedules puts what was typed over the stored rules; a kind the form does not hold stays.
func readSchedules(f url.Values, set *settings.Schedules) {
	for kind, rule := range map[catalog.Kind]*schedule.Rule{catalog.Full: &set.Full, catalog.Prices: &set.Prices} {
		if f.Has(ScheduleField(kind)) {
			*rule = readSchedule(f, kind)
		}
	}
}

func readSchedule(f url.Values, kind catalog.Kind) schedule.Rule {
	name := ScheduleField(kind)
	rule := schedule.Rule{Mode: schedule.Mode(f.Get(name))}
	switch rule.Mode {
	case UsualMode:
		rule.Mode = schedule.Usual
	case schedule.Times:
		rule.Times = readTimes(f.Get(name + "_times"))
	case schedule.Every:
		// What is no number is 0, which is refused as too short.
		rule.Minutes, _ = strconv.Atoi(strings.TrimSpace(f.Get(name + "_minutes")))
	case schedule.After:
		rule.After = string(otherKind(kind))
	case schedule.Usual, schedule.Off: // have no more to say
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
		field := ScheduleField(kind)
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
