// Package schedule computes when a job is due. It is arithmetic alone: it keeps nothing and asks no
// clock, so that whoever keeps the rows decides what a moment means for them.
package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

// Mode says what starts a job.
type Mode string

// The modes.
const (
	Usual Mode = ""      // the job's own Pattern
	Times Mode = "times" // at times of the shop's day
	Every Mode = "every" // so many minutes after the last time
	After Mode = "after" // whenever another job has ended well
	Off   Mode = "off"   // never by itself
)

// Limits of what a rule may say.
const (
	// Notice: a time of the day that is no further off when the rule is set starts tomorrow, so that
	// nothing starts while the merchant still looks at what they have set.
	Notice     = 5 * time.Minute
	MinMinutes = 5
	MaxMinutes = 7 * 24 * 60
	MaxTimes   = 24 // in a day
)

// Rule is what a merchant sets for a job. The zero Rule is Usual. Fields of other modes are ignored.
type Rule struct {
	Mode Mode `json:"mode,omitempty"`
	// Times are of the shop's day, "HH:MM".
	Times   []string `json:"times,omitempty"`
	Minutes int      `json:"minutes,omitempty"`
	// After names the other job.
	After string `json:"after,omitempty"`
}

// Pattern is what Usual means for a job.
type Pattern struct {
	// Every is how often, at moments of the connection's own; 0: once a night.
	Every time.Duration
	// From, after local midnight, is when the night begins in which a job of Every 0 is done, and
	// Length how long it is.
	From, Length time.Duration
}

// Place is where and for whom a job is due.
type Place struct {
	Pattern Pattern
	// Key spreads those who follow the Pattern: the same key has the same moments for ever.
	Key string
	// Zone is the shop's; nil: UTC.
	Zone *time.Location
}

// First answers when a job is due whose rule was set at that moment; zero: never by the clock.
func (r Rule) First(set time.Time, p Place) time.Time {
	switch r.Mode {
	case Usual:
		return p.usual(set)
	case Times:
		return r.timeOfDay(set.Add(Notice), p.zone())
	case Every:
		return r.step(set, set)
	case After, Off:
	}
	return time.Time{}
}

// Next answers the first moment after now at which a job that was due last at due is due again; zero:
// never by the clock. What was missed between the two does not come back.
func (r Rule) Next(due, now time.Time, p Place) time.Time {
	switch r.Mode {
	case Usual:
		return p.usual(now)
	case Times:
		return r.timeOfDay(now, p.zone())
	case Every:
		return r.step(due, now)
	case After, Off:
	}
	return time.Time{}
}

// step keeps to the beat that due was on.
func (r Rule) step(due, now time.Time) time.Time {
	if r.Minutes <= 0 {
		return time.Time{}
	}
	beat := time.Duration(r.Minutes) * time.Minute
	late := max(now.Sub(due), 0)
	return due.Add(late - late%beat + beat).UTC()
}

// timeOfDay answers the first of the rule's times that lies after a moment.
func (r Rule) timeOfDay(after time.Time, zone *time.Location) time.Time {
	var first time.Time
	today := after.In(zone)
	for _, text := range r.Times {
		at, ok := parseTime(text)
		if !ok {
			continue
		}
		// From yesterday on, because a time that yesterday did not have may come only now.
		for day := -1; day <= 2; day++ {
			t := onDay(today, day, at, zone)
			if t.After(after) {
				if first.IsZero() || t.Before(first) {
					first = t
				}
				break
			}
		}
	}
	return first
}

func parseTime(s string) (sinceMidnight time.Duration, ok bool) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}

// onDay answers when the clocks of a zone show a time, so many days after the day of today. A time
// that they show twice counts once, the first time; one that they leap over counts at the leap.
func onDay(today time.Time, days int, at time.Duration, zone *time.Location) time.Time {
	// What the clocks show is computed as if it were UTC, where every day is there and has 24 hours.
	wall := wallOf(today).Truncate(24*time.Hour).AddDate(0, 0, days).Add(at)
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	begins, ends := t.ZoneBounds()
	switch shown := wallOf(t); {
	case shown.After(wall):
		return begins.UTC()
	case shown.Before(wall):
		return ends.UTC()
	}
	if begins.IsZero() {
		return t.UTC()
	}
	_, before := begins.Add(-1).Zone()
	if early := wall.Add(-time.Duration(before) * time.Second); early.Before(begins) {
		return early // the clocks were put back since and show it again
	}
	return t.UTC()
}

// wallOf is what the clocks show, as if it were UTC.
func wallOf(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

func (p Place) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// usual answers the place's first own moment after another.
func (p Place) usual(after time.Time) time.Time {
	if p.Pattern.Every > 0 {
		own := p.share(p.Pattern.Every)
		t := after.Truncate(p.Pattern.Every).Add(own)
		if !t.After(after) {
			t = t.Add(p.Pattern.Every)
		}
		return t.UTC()
	}
	today := after.In(p.zone())
	for day := -1; ; day++ {
		// Counted from the night's beginning: on the night the clocks leap, those whose hour is left
		// out do not all come at once.
		t := onDay(today, day, p.Pattern.From, p.zone()).Add(p.share(p.Pattern.Length))
		if t.After(after) {
			return t
		}
	}
}

// share answers the place's own part of a span, in whole seconds.
func (p Place) share(of time.Duration) time.Duration {
	seconds := uint64(of / time.Second)
	if seconds == 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(p.Key))
	return time.Duration(binary.BigEndian.Uint64(sum[:8])%seconds) * time.Second
}

// Tidy answers the rule without what its mode does not need, with times sorted and each once.
func (r Rule) Tidy() Rule {
	out := Rule{Mode: r.Mode}
	switch r.Mode {
	case Times:
		out.Times = slices.Compact(slices.Sorted(slices.Values(r.Times)))
	case Every:
		out.Minutes = r.Minutes
	case After:
		out.After = r.After
	case Usual, Off:
	}
	return out
}
