package backoff_test

import (
	"math"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/backoff"
)

func TestDelay(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{Base: 5 * time.Second, Cap: 10 * time.Minute, Jitter: 0.2}
	exact := backoff.Policy{Base: time.Minute, Cap: time.Hour}
	for _, tt := range []struct {
		name   string
		p      backoff.Policy
		before int
		luck   float64
		want   time.Duration
	}{
		{"the first failure waits the base", p, 0, 0.5, 5 * time.Second},
		{"the second twice as long", p, 1, 0.5, 10 * time.Second},
		{"the seventh", p, 6, 0.5, 320 * time.Second},
		{"the eighth is capped", p, 7, 0.5, 10 * time.Minute},
		{"bad luck is no shorter than four fifths", p, 0, 0, 4 * time.Second},
		{"good luck no longer than six fifths", p, 0, math.Nextafter(1, 0), 6 * time.Second},
		{"the cap is spread, too", p, 7, 0, 8 * time.Minute},
		{"a year of failures does not overflow", p, math.MaxInt, 0.5, 10 * time.Minute},
		{"fewer than none is none", p, -3, 0.5, 5 * time.Second},
		{"a base beyond the cap is the cap", backoff.Policy{Base: time.Hour, Cap: time.Minute}, 0, 0.5, time.Minute},
		{"without jitter luck does not matter", exact, 3, 0, 8 * time.Minute},
		{"nor when it is good", exact, 3, 0.99, 8 * time.Minute},
		{"nor does the longest cap", backoff.Policy{Base: time.Second, Cap: math.MaxInt64 / 2}, math.MaxInt, 0.5, (math.MaxInt64 / 2 * time.Nanosecond).Round(time.Millisecond)},
		{"no pause stays none, however often", backoff.Policy{Cap: time.Minute}, math.MaxInt, 0.9, 0},
		{"no pause stays none", backoff.Policy{}, 5, 0.9, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.p.Delay(tt.before, tt.luck); got.Round(time.Millisecond) != tt.want {
				t.Errorf("%+v.Delay(%d, %v) = %v, want %v", tt.p, tt.before, tt.luck, got, tt.want)
			}
		})
	}
}

func TestPauseStaysWithinTheJitterAndIsSpread(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{Base: 10 * time.Second, Cap: time.Minute, Jitter: 0.2}
	seen := map[time.Duration]bool{}
	for range 100 {
		d := p.Pause(0)
		if d < 8*time.Second || d > 12*time.Second {
			t.Fatalf("Pause(0) = %v, want 8 to 12 s", d)
		}
		seen[d] = true
	}
	if len(seen) < 50 {
		t.Errorf("100 pauses are of %d lengths, want many", len(seen))
	}
}
