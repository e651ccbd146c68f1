package clock

import (
	"context"
	"sync"
	"time"
)

// Fake is a clock that stands still until Advance moves it. Its zero value is not usable:
// take one from NewFake. Safe for concurrent use.
type Fake struct {
	mu      sync.Mutex
	changed *sync.Cond // signalled whenever the set of waiters grows or shrinks
	now     time.Time
	seq     uint64 // orders waiters that are due at the same instant
	waiters map[*waiter]struct{}
}

// waiter is one timer or ticker that has not fired for the last time.
type waiter struct {
	due    time.Time
	seq    uint64
	period time.Duration // 0 for a timer
	c      chan time.Time
}

// NewFake returns a clock that shows start, in UTC.
func NewFake(start time.Time) *Fake {
	f := &Fake{now: start.UTC(), waiters: make(map[*waiter]struct{})}
	f.changed = sync.NewCond(&f.mu)
	return f
}

// Now is the instant the clock was last moved to.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Sleep waits until Advance has moved the clock by d in all, or until ctx ends.
func (f *Fake) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, f, d) }

// NewTimer fires during the Advance that reaches d from now.
func (f *Fake) NewTimer(d time.Duration) *Timer {
	w := f.add(d, 0)
	return &Timer{C: w.c, stop: func() bool { return f.remove(w) }}
}

// NewTicker fires during every Advance that reaches a multiple of d from now.
func (f *Fake) NewTicker(d time.Duration) *Ticker {
	if d <= 0 {
		panic("clock: a ticker needs a period above zero")
	}
	w := f.add(d, d)
	return &Ticker{C: w.c, stop: func() { f.remove(w) }}
}

// Advance moves the clock by d and fires, in the order they are due, all timers and tickers
// reached on the way; Now shows each one's own instant while it fires. Goroutines so woken run
// on their own: to wait until they wait again, call BlockUntil. A negative d panics.
func (f *Fake) Advance(d time.Duration) {
	if d < 0 {
		panic("clock: time does not run backwards")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	end := f.now.Add(d)
	for w := f.next(end); w != nil; w = f.next(end) {
		f.now = w.due
		f.fire(w)
	}
	f.now = end
}

// BlockUntil returns once at least n sleepers, timers and tickers wait for this clock. A ticker
// counts until it is stopped, a timer until it fires or is stopped.
func (f *Fake) BlockUntil(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.waiters) < n {
		f.changed.Wait()
	}
}

// Waiters is how many sleepers, timers and tickers wait now.
func (f *Fake) Waiters() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiters)
}

func (f *Fake) add(d, period time.Duration) *waiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	w := &waiter{due: f.now.Add(max(d, 0)), seq: f.seq, period: period, c: make(chan time.Time, 1)}
	if d <= 0 {
		w.c <- f.now
		return w
	}
	f.waiters[w] = struct{}{}
	f.changed.Broadcast()
	return w
}

func (f *Fake) remove(w *waiter) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, waiting := f.waiters[w]
	delete(f.waiters, w)
	f.changed.Broadcast()
	return waiting
}

// next is the earliest waiter due at or before end, or nil.
func (f *Fake) next(end time.Time) *waiter {
	var first *waiter
	for w := range f.waiters {
		if w.due.After(end) {
			continue
		}
		if first == nil || w.due.Before(first.due) || w.due.Equal(first.due) && w.seq < first.seq {
			first = w
		}
	}
	return first
}

func (f *Fake) fire(w *waiter) {
	select {
	case w.c <- w.due:
	default: // a ticker nobody read: the tick is dropped, as time.Ticker drops it
	}
	if w.period > 0 {
		w.due = w.due.Add(w.period)
		return
	}
	delete(f.waiters, w)
	f.changed.Broadcast()
}

var _ Clock = (*Fake)(nil)
