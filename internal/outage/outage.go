// Package outage decides when trouble that lasts is worth a line in a log: at its beginning, then once
// a minute with a count, and once when it is over. Whoever logs chooses the words.
package outage

import (
	"sync"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// Again is how often trouble that goes on is told of, and the least time between two beginnings: what
// comes and goes fills no log either.
const Again = time.Minute

// Outage is one kind of trouble. Make it with New. Safe for concurrent use.
type Outage struct {
	clock plugin.Clock

	mu       sync.Mutex
	lasts    bool
	told     bool // somebody was told that it lasts
	since    time.Time
	toldAt   time.Time
	failedAt time.Time
	failures int // since it began
}

// New is trouble that has not come yet.
func New(c plugin.Clock) *Outage { return &Outage{clock: c} }

// Report is what there is to tell.
type Report struct {
	// Failures counts those since the trouble began, Lasted is how long ago that was.
	Failures int
	Lasted   time.Duration
}

// Failed notes a failure. tell: it is the moment for a line about it.
func (o *Outage) Failed() (r Report, tell bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.clock.Now()
	if !o.lasts {
		o.lasts, o.since, o.failures, o.told = true, now, 0, false
	}
	o.failedAt = now
	o.failures++
	if !o.toldAt.IsZero() && now.Sub(o.toldAt) < Again {
		return Report{}, false
	}
	o.toldAt, o.told = now, true
	return o.report(now), true
}

// Worked notes that all is well. tell: trouble that was told of is over.
func (o *Outage) Worked() (r Report, tell bool) { return o.WorkedSince(o.clock.Now()) }

// WorkedSince is Worked of something that began at a moment: what began before the latest failure says nothing of how
// things are now, though it ended after it.
func (o *Outage) WorkedSince(began time.Time) (r Report, tell bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.lasts || began.Before(o.failedAt) {
		return Report{}, false
	}
	o.lasts = false
	return o.report(o.clock.Now()), o.told
}

// Lasts reports whether the latest try failed.
func (o *Outage) Lasts() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lasts
}

func (o *Outage) report(now time.Time) Report {
	return Report{Failures: o.failures, Lasted: now.Sub(o.since)}
}
