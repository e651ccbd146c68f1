package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keybridge/keybridge/internal/cache"
	"github.com/keybridge/keybridge/internal/clock"
)

// numbers loads 1, 2, 3…
type numbers struct{ loads atomic.Int64 }

func (n *numbers) load(context.Context) (int64, error) { return n.loads.Add(1), nil }

func fails(context.Context) (int64, error) { return 0, errBroken }

var errBroken = errors.New("broken")

func newCache(limit int) (*cache.Cache[string, int64], *clock.Fake) {
	clk := clock.NewFake(time.Unix(0, 0))
	return cache.New[string](clk, limit, cache.For[int64](time.Minute)), clk
}

func want(t *testing.T, what string, got int64, err error, want int64) {
	t.Helper()
	if got != want || err != nil {
		t.Errorf("%s = %d, %v; want %d", what, got, err, want)
	}
}

func TestAValueIsBelievedForAWhile(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var n numbers
	c, clk := newCache(9)
	got, err := c.Get(ctx, "a", n.load)
	want(t, "the first Get", got, err, 1)
	clk.Advance(time.Minute - 1)
	got, err = c.Get(ctx, "a", n.load)
	want(t, "Get within the minute", got, err, 1)
	got, err = c.Get(ctx, "b", n.load)
	want(t, "Get of another key", got, err, 2)
	clk.Advance(1)
	got, err = c.Get(ctx, "a", n.load)
	want(t, "Get after it", got, err, 3)
	c.Forget("a")
	got, err = c.Get(ctx, "a", n.load)
	want(t, "Get after Forget", got, err, 4)
	got, err = c.Reload(ctx, "a", n.load)
	want(t, "Reload", got, err, 5)
	got, err = c.Get(ctx, "a", n.load)
	want(t, "Get after Reload", got, err, 5)
}

func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var n numbers
	c, clk := newCache(9)
	if _, err := c.Get(ctx, "a", fails); !errors.Is(err, errBroken) {
		t.Errorf("Get = %v, want %v", err, errBroken)
	}
	got, err := c.Get(ctx, "a", n.load)
	want(t, "Get after an error", got, err, 1)
	clk.Advance(time.Hour)
	if _, err := c.Reload(ctx, "a", fails); !errors.Is(err, errBroken) {
		t.Errorf("Reload = %v, want %v", err, errBroken)
	}
	if last, ok := c.Last("a"); !ok || last != 1 {
		t.Errorf("Last = %d, %v; want the value before the error", last, ok)
	}
	if _, ok := c.Last("b"); ok {
		t.Error("Last knows a key that was never loaded")
	}
}

func TestTheValueThatWouldExpireFirstMakesRoom(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var n numbers
	c, clk := newCache(2)
	for _, key := range []string{"a", "b", "c"} {
		if _, err := c.Get(ctx, key, n.load); err != nil {
			t.Fatal(err)
		}
		clk.Advance(time.Second)
	}
	for key, kept := range map[string]bool{"a": false, "b": true, "c": true} {
		if _, ok := c.Last(key); ok != kept {
			t.Errorf("%s is kept: %v, want %v", key, ok, kept)
		}
	}
}

// TestOneLoadServesAllWhoWait: a hundred callers of one moment cost one request.
func TestOneLoadServesAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n numbers
		c, _ := newCache(9)
		begin := make(chan struct{})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				got, err := c.Get(t.Context(), "a", func(ctx context.Context) (int64, error) {
					<-begin
					return n.load(ctx)
				})
				want(t, "Get", got, err, 1)
			})
		}
		synctest.Wait() // all of them wait
		close(begin)
		wg.Wait()
	})
}

// TestWhoGoesAwayIsNotHeldAgainstTheOthers: the caller that loads gives up; one who waited loads instead.
func TestWhoGoesAwayIsNotHeldAgainstTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n numbers
		c, _ := newCache(9)
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Get(ctx, "a", func(ctx context.Context) (int64, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Get of the one who left = %v", err)
			}
		})
		synctest.Wait()
		for range 10 {
			wg.Go(func() {
				got, err := c.Get(t.Context(), "a", n.load)
				want(t, "Get", got, err, 1)
			})
		}
		synctest.Wait()
		leave()
		wg.Wait()
	})
}

// TestReloadDoesNotTakeAnOlderAnswer: a load that began before is not what the caller asks for.
func TestReloadDoesNotTakeAnOlderAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(9)
		begin := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := c.Get(t.Context(), "a", func(context.Context) (int64, error) {
				<-begin
				return 1, nil
			})
			want(t, "the older Get", got, err, 1)
		})
		synctest.Wait()
		got, err := c.Reload(t.Context(), "a", func(context.Context) (int64, error) { return 2, nil })
		want(t, "Reload", got, err, 2)
		close(begin)
		wg.Wait()
	})
}

func TestAPanicOfALoadLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	var n numbers
	c, _ := newCache(9)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Get did not panic")
			}
		}()
		_, _ = c.Get(t.Context(), "a", func(context.Context) (int64, error) { panic("a bug") })
	}()
	got, err := c.Get(t.Context(), "a", n.load)
	want(t, "Get after a panic", got, err, 1)
}
