package lease

import (
	"context"
	"errors"
	"time"

	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/plugin"
)

// Keeper renews a lease beside the work, so that a slow answer does not cost it. All fields are needed.
type Keeper struct {
	// Lease is how long one renewal lasts; the lease is renewed each third of it, in real time.
	Lease time.Duration
	// AtMost is when it is renewed no more, because a worker that hangs must lose its row.
	AtMost time.Duration
	// Renew renews until then, as Table.Keep does. Errors: ErrLost; any other is a database that does not answer, and
	// renewing is tried again.
	Renew func(ctx context.Context, until time.Time) error
	Clock plugin.Clock
}

// Keep renews until release is called, which waits for a renewal under way. The context ends with ctx, at release,
// and with ErrLost as its cause once the lease is lost or was kept for AtMost; see Cause.
func (k Keeper) Keep(ctx context.Context) (kept context.Context, release func()) {
	kept, cancel := context.WithCancelCause(ctx)
	tick, last := time.NewTicker(k.Lease/3), k.Clock.Now().Add(k.AtMost)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case <-kept.Done():
				return
			case <-tick.C:
			}
			if k.renew(kept, last) {
				cancel(ErrLost)
				return
			}
		}
	}()
	return kept, func() {
		tick.Stop()
		cancel(nil)
		<-over
	}
}

// renew reports whether the lease is lost. A panic counts as a database that does not answer.
func (k Keeper) renew(ctx context.Context, last time.Time) (lost bool) {
	now := k.Clock.Now()
	err := contain.Do(func() error { return k.Renew(ctx, now.Add(k.Lease)) })
	return errors.Is(err, ErrLost) || now.After(last)
}

// Cause prefers the loss of the lease, for which a context of Keep ended, to the error that this led to. nil stays
// nil: what was done was done under the lease, or the row has refused it.
func Cause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ErrLost) {
		return cause
	}
	return err
}
