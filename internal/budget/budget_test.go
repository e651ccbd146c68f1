package budget

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/localredis"
)

// fixture is a budget on a fake clock: the script is told the time, and keys expire with it.
type fixture struct {
	*Budget
	clock *clock.Fake
	redis *localredis.Server
}

func open(t *testing.T, perMinute int) fixture {
	t.Helper()
	srv := localredis.New(t)
	opt, err := redis.ParseURL(srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	c := clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	b := New(client, c, perMinute)
	b.stamp = func() int64 { return c.Now().UnixMilli() }
	return fixture{b, c, srv}
}

func (f fixture) advance(d time.Duration) {
	f.clock.Advance(d)
	f.redis.FastForward(d)
}

// warm lets the careful first minute pass.
func (f fixture) warm(t *testing.T) {
	t.Helper()
	f.must(t, Orders)
	f.advance(2 * time.Minute)
}

func (f fixture) must(t *testing.T, lane Lane) time.Duration {
	t.Helper()
	wait, err := f.ask(t.Context(), "acc", lane)
	if err != nil {
		t.Fatalf("ask(%s): %v", lane, err)
	}
	return wait
}

func TestNeverMoreThanTheLimitInAnySixtySeconds(t *testing.T) {
	t.Parallel()
	const limit = 12
	f := open(t, limit)
	var grants []time.Time
	lanes := []Lane{Background, Orders, Background, Clicks, Background}
	for i := range 2400 { // four minutes in steps of 100 ms
		if i == 900 { // Redis loses its memory
			if err := f.Budget.redis.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if f.must(t, lanes[i%len(lanes)]) == 0 {
			grants = append(grants, f.clock.Now())
		}
		f.advance(100 * time.Millisecond)
	}
	for i, g := range grants {
		n := 0
		for _, other := range grants[i:] {
			if other.Sub(g) < time.Minute {
				n++
			}
		}
		// After the flush the script no longer knows what it granted; the pace keeps to the limit,
		// but for the slot that was given just before.
		if n > limit+1 {
			t.Fatalf("%d grants in the 60 s after %s, limit %d", n, g.Format(time.TimeOnly), limit)
		}
	}
	if len(grants) < 3*limit {
		t.Errorf("only %d grants in four minutes, want at least %d", len(grants), 3*limit)
	}
}

func TestAnOrderDuringARunWaitsOneSlotAtMost(t *testing.T) {
	t.Parallel()
	f := open(t, 60)
	f.warm(t)
	for range 120 { // a run takes all it gets for two minutes
		for f.must(t, Background) == 0 {
			continue
		}
		f.advance(500 * time.Millisecond)
	}
	waited := time.Duration(0)
	for {
		pause := f.must(t, Orders)
		if pause == 0 {
			break
		}
		waited += pause
		f.advance(pause)
	}
	if waited > time.Second {
		t.Errorf("the order waited %v, want at most one slot of 1 s", waited)
	}
}

func TestBackgroundKeepsAwayWhileAnOrderWaits(t *testing.T) {
	t.Parallel()
	f := open(t, 3)
	f.warm(t)
	for range 3 {
		f.must(t, Orders)
	}
	if f.must(t, Orders) == 0 {
		t.Fatal("a fourth request was granted")
	}
	f.advance(59 * time.Second)
	if f.must(t, Orders) == 0 {
		t.Fatal("a fourth request was granted within the minute")
	}
	f.advance(time.Second)
	if f.must(t, Background) == 0 {
		t.Error("background took the slot an order waits for")
	}
	if f.must(t, Orders) != 0 {
		t.Error("the order did not get the slot that became free")
	}
}

func TestPauseOfTheCRMStopsEveryLane(t *testing.T) {
	t.Parallel()
	f := open(t, 60)
	f.warm(t)
	if err := f.Pause(t.Context(), "acc", 20*time.Second); err != nil {
		t.Fatal(err)
	}
	for _, lane := range []Lane{Clicks, Statuses, Orders, Background} {
		if wait := f.must(t, lane); wait != 20*time.Second {
			t.Errorf("%s waits %v, want 20 s", lane, wait)
		}
	}
	f.advance(20 * time.Second)
	if wait := f.must(t, Orders); wait != 0 {
		t.Errorf("after the pause an order still waits %v", wait)
	}
}

func TestWithoutRedisNothingIsGranted(t *testing.T) {
	t.Parallel()
	real := localredis.StartReal(t)
	opt, err := redis.ParseURL(real.URL())
	if err != nil {
		t.Fatal(err)
	}
	opt.MaxRetries = -1
	client := redis.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	b := New(client, clock.System(), 60)
	if err := b.Wait(t.Context(), "acc", Orders); err != nil {
		t.Fatalf("with Redis: %v", err)
	}
	real.Stop(t)
	if err := b.Wait(t.Context(), "acc", Orders); !errors.Is(err, ErrNoRedis) {
		t.Errorf("without Redis: %v, want ErrNoRedis", err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := open(t, 60)
	f.warm(t)
	if err := f.Pause(t.Context(), "acc", time.Hour); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.Wait(ctx, "acc", Orders) }()
	f.clock.BlockUntil(1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want context.Canceled", err)
	}
}

func TestUsageCountsTheLastMinute(t *testing.T) {
	t.Parallel()
	f := open(t, 60)
	f.warm(t)
	for range 5 {
		f.must(t, Orders)
	}
	if u, err := f.Usage(t.Context(), "acc"); err != nil || u != (Usage{Limit: 60, Used: 5}) {
		t.Errorf("Usage = %+v, %v", u, err)
	}
	f.advance(61 * time.Second)
	if u, err := f.Usage(t.Context(), "acc"); err != nil || u.Used != 0 {
		t.Errorf("a minute later Usage = %+v, %v", u, err)
	}
}
