// Package clock lets code that waits be tested without waiting: everything that asks for the
// time, sleeps or ticks takes a Clock, and tests hand it a Fake that moves only when told.
package clock

import (
	"context"
	"time"
)

// Clock tells the time and wakes those who wait for it. All times are UTC.
// Implementations are safe for concurrent use.
type Clock interface {
	// Now is the present instant, in UTC.
	Now() time.Time
	// Sleep returns nil once d has passed, or the context's error as soon as it ends.
	// A d of zero or less returns at once, with the context's error if it has already ended.
	Sleep(ctx context.Context, d time.Duration) error
	// NewTimer sends one instant on C after d; a d of zero or less sends at once.
	NewTimer(d time.Duration) *Timer
	// NewTicker sends an instant on C every d, which must be above zero (it panics otherwise,
	// as time.NewTicker does). A slow reader misses ticks; they do not pile up.
	NewTicker(d time.Duration) *Ticker
}

// Timer fires once. C has room for one instant, so firing never blocks the clock.
type Timer struct {
	C    <-chan time.Time
	stop func() bool
}

// Stop reports whether it kept the timer from firing. It does not close C.
func (t *Timer) Stop() bool { return t.stop() }

// Ticker fires again and again until Stop. C has room for one instant.
type Ticker struct {
	C    <-chan time.Time
	stop func()
}

// Stop ends the ticks. It does not close C and may be called twice.
func (t *Ticker) Stop() { t.stop() }

// System is the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return time.Now().UTC() }

func (s system) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, s, d) }

func (system) NewTimer(d time.Duration) *Timer {
	t := time.NewTimer(d)
	return &Timer{C: t.C, stop: t.Stop}
}

func (system) NewTicker(d time.Duration) *Ticker {
	t := time.NewTicker(d)
	return &Ticker{C: t.C, stop: t.Stop}
}

func sleep(ctx context.Context, c Clock, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	t := c.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
