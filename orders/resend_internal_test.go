package orders

import (
	"testing"
	"time"
)

func TestWhatFollowsWhenAnOrderIsNotFound(t *testing.T) {
	t.Parallel()
	c := Config{}.withDefaults()
	over := time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC)
	after := over.Add
	for _, tt := range []struct {
		name string
		m    missing
		now  time.Duration // since the last attempt was over
		want verdict
		at   time.Duration
	}{
		{"one look-up is too few", missing{resends: 1, missedLookups: 1, refusesTwin: true, looked: after(5 * time.Minute)}, 5 * time.Minute, lookAgain, 6 * time.Minute},
		{"and two are too early within two minutes", missing{resends: 1, missedLookups: 2, refusesTwin: true, looked: after(119 * time.Second)}, 119 * time.Second, lookAgain, 179 * time.Second},
		{"then it is sent again at once", missing{resends: 1, missedLookups: 2, refusesTwin: true, looked: after(2 * time.Minute)}, 2 * time.Minute, sendAgain, 2 * time.Minute},
		{"the key is in use, and nothing can be found", missing{resends: 1, missedLookups: 2, keyInUse: true, refusesTwin: true, looked: after(2 * time.Minute)}, 2 * time.Minute, askTaken, 0},
		{"a card is sent again twice at once", missing{resends: 2, missedLookups: 2, looked: after(2 * time.Minute)}, 2 * time.Minute, sendAgain, 2 * time.Minute},
		{"after three times an order goes on after a pause", missing{resends: 3, missedLookups: 2, refusesTwin: true, looked: after(3 * time.Minute)}, 3 * time.Minute, sendAgain, 3*time.Minute + 5*time.Second},
		{"that grows", missing{resends: 6, missedLookups: 2, refusesTwin: true, looked: after(3 * time.Minute)}, 3 * time.Minute, sendAgain, 3*time.Minute + 40*time.Second},
		{"up to ten minutes", missing{resends: 600, missedLookups: 2, refusesTwin: true, looked: after(3 * time.Minute)}, 3 * time.Minute, sendAgain, 13 * time.Minute},
		{"one look-up is enough for that", missing{resends: 3, missedLookups: 1, refusesTwin: true, looked: after(3 * time.Minute)}, 3 * time.Minute, sendAgain, 3*time.Minute + 5*time.Second},
		{"though not within two minutes", missing{resends: 3, missedLookups: 1, refusesTwin: true, looked: over}, 0, sendAgain, 2 * time.Minute},
		{"unless the key is in use", missing{resends: 3, missedLookups: 1, keyInUse: true, refusesTwin: true, looked: over}, 0, lookAgain, time.Minute},
		{"a card that may turn up within minutes is nobody's to decide about", missing{resends: 3, missedLookups: 1, looked: after(time.Minute)}, time.Minute, lookAgain, 2 * time.Minute},
		{"but a card is looked for", missing{resends: 3, missedLookups: 2, looked: after(3 * time.Minute)}, 3 * time.Minute, lookOn, 4 * time.Minute},
		{"less and less often", missing{resends: 3, missedLookups: 5, looked: after(20 * time.Minute)}, 20 * time.Minute, lookOn, 28 * time.Minute},
		{"once an hour at least", missing{resends: 3, missedLookups: 40, looked: after(23 * time.Hour)}, 23 * time.Hour, lookOn, 24 * time.Hour},
		{"for a day, and then sent once more", missing{resends: 3, missedLookups: 41, looked: after(24 * time.Hour)}, 24 * time.Hour, sendAgain, 24 * time.Hour},
		{"what stays unclear after that waits for a person", missing{resends: 4, missedLookups: 2, looked: after(3 * time.Minute)}, 3 * time.Minute, askUncertain, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.m.over = over
			got, at := c.afterMiss(tt.m, after(tt.now), 0.5)
			if want := after(tt.at); got != tt.want || tt.at != 0 && !at.Equal(want) {
				t.Errorf("afterMiss = %v at %v, want %v at %v", got, at.Sub(over), tt.want, tt.at)
			}
		})
	}
}
