package clock

import (
	"context"
	"time"
)

// Alone is a Fake for a test in which everything happens in one goroutine: whoever sleeps moves the
// clock, since nobody else could.
type Alone struct{ *Fake }

// NewAlone returns a clock that shows start, in UTC.
func NewAlone(start time.Time) Alone { return Alone{NewFake(start)} }

// Sleep moves the clock on by d and returns.
func (a Alone) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	a.Advance(d)
	return nil
}

var _ Clock = Alone{}
