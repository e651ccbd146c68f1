package lease_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/jobs/lease"
)

// keep runs a keeper of a 30-second lease whose renewals answer as renew does, and tells at which seconds after the
// beginning it renewed.
func keep(t *testing.T, renew func(n int) error) (ctx context.Context, release func(), renewed *[]int) {
	t.Helper()
	begin := time.Now() // of the bubble
	renewed = new([]int)
	k := lease.Keeper{
		Lease: 30 * time.Second, AtMost: 2 * time.Minute, Clock: clock.System(),
		Renew: func(_ context.Context, until time.Time) error {
			*renewed = append(*renewed, int(until.Sub(begin).Seconds()))
			return renew(len(*renewed))
		},
	}
	ctx, release = k.Keep(t.Context())
	return ctx, release, renewed
}

func pass(d time.Duration) {
	<-time.After(d) // of the bubble
	synctest.Wait()
}

func TestKeeperRenewsUntilReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, release, renewed := keep(t, func(int) error { return nil })
		pass(25 * time.Second)
		if ctx.Err() != nil || len(*renewed) != 2 || (*renewed)[0] != 40 || (*renewed)[1] != 50 {
			t.Errorf("after 25 s: %v, renewed until %v s, want 40 and 50", ctx.Err(), *renewed)
		}
		release()
		pass(time.Minute)
		if len(*renewed) != 2 || !errors.Is(context.Cause(ctx), context.Canceled) {
			t.Errorf("after release: renewed %d times, cause %v", len(*renewed), context.Cause(ctx))
		}
	})
}

func TestKeeperEndsTheWorkOfWhoLostTheLease(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		renew func(n int) error
		after time.Duration // when the work must have ended
		times int
	}{
		{"another worker has the row", func(int) error { return errors.Join(errors.New("row 1"), lease.ErrLost) }, 10 * time.Second, 1},
		{"it hangs beyond all patience", func(int) error { return nil }, 130 * time.Second, 13},
		{"a database that is away loses nothing by itself", func(n int) error {
			if n < 5 {
				return errors.New("database away")
			}
			return lease.ErrLost
		}, 50 * time.Second, 5},
		{"nor does a panic", func(n int) error {
			if n < 3 {
				panic("a bug")
			}
			return lease.ErrLost
		}, 30 * time.Second, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, release, renewed := keep(t, tt.renew)
				defer release()
				pass(tt.after - time.Second)
				if ctx.Err() != nil {
					t.Errorf("the work ended early: %v", context.Cause(ctx))
				}
				pass(time.Second)
				if !errors.Is(context.Cause(ctx), lease.ErrLost) || len(*renewed) != tt.times {
					t.Errorf("cause %v after %d renewals, want %v after %d", context.Cause(ctx), len(*renewed), lease.ErrLost, tt.times)
				}
			})
		})
	}
}

func TestCauseNamesTheLossOnly(t *testing.T) {
	t.Parallel()
	own := errors.New("own")
	lost, cancel := context.WithCancelCause(t.Context())
	cancel(lease.ErrLost)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, tt := range []struct {
		name string
		ctx  context.Context //nolint:containedctx // a case
		err  error
		want error
	}{
		{"the loss explains the error", lost, context.Canceled, lease.ErrLost},
		{"work that was done stays done", lost, nil, nil},
		{"a stop is no loss", stopped, own, own},
		{"nor is an error of the work", t.Context(), own, own},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := lease.Cause(tt.ctx, tt.err); !errors.Is(got, tt.want) || tt.want == nil && got != nil {
				t.Errorf("Cause = %v, want %v", got, tt.want)
			}
		})
	}
}
