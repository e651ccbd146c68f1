package budget

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/localredis"
)

// TestPropertyNeverMoreThanTheLimitInAnySixtySeconds lets processes come and go, ask for any key in
// any lane, bursts and pauses happen, and Redis lose all or part of its memory, or restart, at any moment.
func TestPropertyNeverMoreThanTheLimitInAnySixtySeconds(t *testing.T) {
	t.Parallel()
	for seed := range seeds(t, 10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			w := newRealWorld(t, []int{1, 2, 5, 12}[r.IntN(4)])
			accounts := []Account{"a", "b", "c"}[:1+r.IntN(3)]
			processes := []*Budget{w.process(), w.process(), w.process()}
			for range 2 {
				w.run(processes[r.IntN(3)], accounts[r.IntN(len(accounts))], func() time.Duration {
					return time.Duration(r.IntN(1500)) * time.Millisecond
				})
			}
			lanes := []Lane{Clicks, Statuses, Orders, Background}
			pending := 0
			for range 80 {
				w.at(time.Duration(r.IntN(270_000))*time.Millisecond, func() {
					switch r.IntN(12) {
					case 0:
						w.lose(r, accounts)
					case 1:
						if err := processes[r.IntN(3)].Pause(t.Context(), accounts[0], time.Duration(r.IntN(20))*time.Second); err != nil {
							t.Error(err)
						}
					case 2:
						processes[r.IntN(3)] = w.process() // started anew: it knows nothing
					default:
						for range min(r.IntN(w.limit+2), 15-pending) {
							pending++
							w.request(processes[r.IntN(3)], accounts[r.IntN(len(accounts))], lanes[r.IntN(4)], func(time.Duration) { pending-- })
						}
					}
				})
			}
			w.play(5 * time.Minute)
			w.check()
			if n := len(w.grants[accounts[0]]); n == 0 {
				t.Errorf("only %d grants in five minutes, limit %d", n, w.limit)
			}
		})
	}
}

// load is a mix of requests under which the background is measured.
type load struct {
	name        string
	runs        int
	interactive float64 // a minute, at random
	burst       int     // each time
	busy        time.Duration
}

func loads() []load {
	return []load{
		{"one run alone", 1, 0, 1, 300 * time.Millisecond},
		{"four runs", 4, 0, 1, 2 * time.Second},
		{"four runs and 10 orders a minute", 4, 10, 1, 2 * time.Second},
		{"four runs and 30 orders a minute", 4, 30, 1, 2 * time.Second},
		{"four runs and bursts of 12 clicks, 24 a minute", 4, 2, 12, 2 * time.Second},
		{"six runs and 45 orders a minute", 6, 45, 1, 5 * time.Second},
	}
}

// figures are what a load came to.
type figures struct {
	background, left int
	waits            []time.Duration // of interactive requests
}

// share is which part of what interactive requests left the background used.
func (f figures) share() float64 { return float64(f.background) / float64(f.left) }

// measure plays a load for a while after a minute of warming up.
func measure(tb testing.TB, l load, minutes int) figures {
	tb.Helper()
	w := newRealWorld(tb, DefaultPerMinute)
	r := rand.New(rand.NewPCG(7, uint64(l.runs)))
	processes := []*Budget{w.process(), w.process()}
	for i := range l.runs {
		w.run(processes[i%2], "a", func() time.Duration { return l.busy/2 + time.Duration(r.Int64N(int64(l.busy/2))) })
	}
	var f figures
	if l.interactive > 0 {
		var arrive func()
		arrive = func() {
			for range l.burst {
				w.request(processes[r.IntN(2)], "a", []Lane{Clicks, Statuses, Orders}[r.IntN(3)], func(d time.Duration) { f.waits = append(f.waits, d) })
			}
			w.at(time.Duration(r.ExpFloat64()/l.interactive*float64(time.Minute)), arrive)
		}
		arrive()
	}
	w.play(time.Duration(minutes+2) * time.Minute)
	w.check()
	from, to := start.Add(2*time.Minute), w.clock.Now()
	f.background = w.count("a", from, to, Background)
	f.left = minutes*w.limit - w.count("a", from, to, Clicks, Statuses, Orders)
	return f
}

func TestBackgroundUsesWhatInteractiveRequestsLeave(t *testing.T) {
	t.Parallel()
	for _, l := range loads() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			f := measure(t, l, 5)
			if f.share() < 0.98 {
				t.Errorf("background used %d of %d slots, %.1f %%; want 98 %%", f.background, f.left, 100*f.share())
			}
		})
	}
}

// TestPropertyAnInteractiveRequestDuringARunWaitsOneSlotAtMost sends requests at random, but never
// two within one slot.
func TestPropertyAnInteractiveRequestDuringARunWaitsOneSlotAtMost(t *testing.T) {
	t.Parallel()
	for seed := range seeds(t, 8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 2))
			w := newRealWorld(t, []int{5, 20, 55, 60}[r.IntN(4)])
			slot := time.Minute / time.Duration(w.limit)
			b := w.process()
			for range 1 + r.IntN(4) {
				w.run(b, "a", func() time.Duration { return time.Duration(r.Int64N(int64(slot))) })
			}
			var longest time.Duration
			asked, pause := 0, 1+r.Float64()*5
			var arrive func()
			arrive = func() {
				asked++
				w.request(b, "a", []Lane{Clicks, Statuses, Orders}[r.IntN(3)], func(d time.Duration) { longest = max(longest, d) })
				w.at(slot+2*time.Millisecond+time.Duration(r.ExpFloat64()*pause*float64(slot)), arrive)
			}
			w.at(time.Duration(r.IntN(90))*time.Second, arrive)
			w.play(3*time.Minute + 60*slot)
			w.check()
			if asked < 2 || longest > slot+2*time.Millisecond {
				t.Errorf("of %d requests one waited %v, want at most a slot of %v", asked, longest, slot)
			}
		})
	}
}

// TestBackgroundIsNeverBelowATwentieth lets interactive requests want more than there is, evenly and
// in bursts.
func TestBackgroundIsNeverBelowATwentieth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		limit, burst int
		every        time.Duration
	}{
		{"an even stream", 20, 1, time.Second},
		{"a burst each minute", 21, 50, time.Minute},
		{"a burst every ten seconds", 12, 30, 10 * time.Second},
		{"a small limit", 4, 4, 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newRealWorld(t, tt.limit)
			b := w.process()
			var arrive func()
			pending := 0
			arrive = func() {
				for range tt.burst {
					if pending < tt.limit+5 { // nobody waits forever
						pending++
						w.request(b, "a", Orders, func(time.Duration) { pending-- })
					}
				}
				w.at(tt.every, arrive)
			}
			arrive()
			w.run(b, "a", func() time.Duration { return 300 * time.Millisecond })
			w.play(5 * time.Minute)
			w.check()
			for m := 2; m < 5; m++ { // the first minute is the wait after which it is owed
				from := start.Add(time.Duration(m) * time.Minute)
				if n := w.count("a", from, from.Add(time.Minute), Background); 20*n < tt.limit {
					t.Errorf("minute %d: %d background requests of %d", m+1, n, tt.limit)
				}
			}
		})
	}
}

// BenchmarkShareOfTheBackground prints, for each load, which part of what interactive requests leave
// the background uses, how long interactive requests wait, and what one question costs.
func BenchmarkShareOfTheBackground(b *testing.B) {
	for _, l := range loads() {
		b.Run(l.name, func(b *testing.B) {
			var f figures
			for b.Loop() {
				f = measure(b, l, 5)
			}
			b.ReportMetric(100*f.share(), "%used")
			if n := len(f.waits); n > 0 {
				slices.Sort(f.waits)
				b.ReportMetric(f.waits[n/2].Seconds(), "s-median-wait")
				b.ReportMetric(f.waits[n*99/100].Seconds(), "s-p99-wait")
			}
		})
	}
}

func BenchmarkAsk(b *testing.B) {
	raw := client(b, localredis.StartReal(b).URL())
	budget := New(raw, clock.System(), DefaultPerMinute, WithColdStart(time.Millisecond))
	w := &waiter{account: "a", lane: Background}
	for b.Loop() {
		if _, err := budget.ask(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
}
