package outage_test

import (
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/outage"
)

func TestTroubleIsToldOnceThenOnceAMinuteAndOnceWhenItIsOver(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	o := outage.New(c)
	var told []outage.Report
	for range 130 { // a failure a second, for a little more than two minutes
		if r, tell := o.Failed(); tell {
			told = append(told, r)
		}
		c.Advance(time.Second)
	}
	want := []outage.Report{{Failures: 1}, {Failures: 61, Lasted: time.Minute}, {Failures: 121, Lasted: 2 * time.Minute}}
	if len(told) != len(want) || told[0] != want[0] || told[1] != want[1] || told[2] != want[2] {
		t.Errorf("told %+v, want %+v", told, want)
	}
	if r, tell := o.Worked(); !tell || r.Failures != 130 || r.Lasted != 130*time.Second {
		t.Errorf("the end: %+v, %t", r, tell)
	}
	if _, tell := o.Worked(); tell {
		t.Error("the end was told twice")
	}
}

func TestTroubleThatComesAndGoesIsToldOnceAMinute(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	o := outage.New(c)
	lines := 0
	for range 60 {
		if _, tell := o.Failed(); tell {
			lines++
		}
		if _, tell := o.Worked(); tell {
			lines++
		}
		c.Advance(time.Second)
	}
	if lines != 2 {
		t.Errorf("%d lines in a minute of trouble that came and went 60 times, want a beginning and an end", lines)
	}
	if _, tell := o.Failed(); !tell || !o.Lasts() {
		t.Errorf("a minute later: told %t, lasts %t", tell, o.Lasts())
	}
}

// TestWhatBeganBeforeAFailureEndsNoTrouble: an answer that was on its way when things broke is no sign that they are well.
func TestWhatBeganBeforeAFailureEndsNoTrouble(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	o := outage.New(c)
	began := c.Now()
	c.Advance(time.Millisecond)
	o.Failed()
	if _, tell := o.WorkedSince(began); tell || !o.Lasts() {
		t.Error("a late answer ended the trouble")
	}
	c.Advance(time.Second)
	if _, tell := o.WorkedSince(c.Now()); !tell || o.Lasts() {
		t.Error("the end was not told")
	}
}
