package clock_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/clock"
)

var start = time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)

func TestFakeStandsStillUntilAdvanced(t *testing.T) {
	t.Parallel()
	kyiv := time.FixedZone("Kyiv", 2*60*60)
	c := clock.NewFake(start.In(kyiv))
	if got := c.Now(); got != start {
		t.Errorf("Now = %v, want %v in UTC", got, start)
	}
	c.Advance(90 * time.Second)
	if got, want := c.Now(), start.Add(90*time.Second); got != want {
		t.Errorf("Now = %v, want %v", got, want)
	}
}

func TestTimersFireInTheOrderTheyAreDue(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	late, early := c.NewTimer(3*time.Second), c.NewTimer(time.Second)
	c.Advance(2 * time.Second)
	if got := recv(t, early.C); got != start.Add(time.Second) {
		t.Errorf("the early timer fired at %v", got)
	}
	none(t, late.C)
	c.Advance(time.Second)
	if got := recv(t, late.C); got != start.Add(3*time.Second) {
		t.Errorf("the late timer fired at %v", got)
	}
	if n := c.Waiters(); n != 0 {
		t.Errorf("%d waiters are left", n)
	}
}

func TestStoppedTimerNeverFires(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	timer := c.NewTimer(time.Second)
	if !timer.Stop() {
		t.Error("Stop before firing = false")
	}
	c.Advance(time.Minute)
	none(t, timer.C)
	if timer.Stop() {
		t.Error("second Stop = true")
	}
	if at := recv(t, c.NewTimer(0).C); at != c.Now() {
		t.Errorf("a timer of no time fired at %v", at)
	}
}

func TestTickerDropsTicksNobodyReads(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	ticker := c.NewTicker(time.Second)
	c.Advance(5 * time.Second)
	if got := recv(t, ticker.C); got != start.Add(time.Second) {
		t.Errorf("first tick at %v", got)
	}
	none(t, ticker.C)
	c.Advance(time.Second)
	if got := recv(t, ticker.C); got != start.Add(6*time.Second) {
		t.Errorf("next tick at %v", got)
	}
	ticker.Stop()
	ticker.Stop()
	c.Advance(time.Minute)
	none(t, ticker.C)
}

func TestSleepersWakeOneByOne(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	var wg sync.WaitGroup
	woke := make(chan time.Duration, 2)
	for _, d := range []time.Duration{time.Minute, time.Hour} {
		wg.Go(func() {
			if err := c.Sleep(context.Background(), d); err != nil {
				t.Errorf("Sleep(%v) = %v", d, err)
			}
			woke <- d
		})
	}
	c.BlockUntil(2)
	c.Advance(time.Minute)
	if d := <-woke; d != time.Minute {
		t.Errorf("the sleeper of %v woke first", d)
	}
	c.BlockUntil(1)
	c.Advance(time.Hour)
	<-woke
	wg.Wait()
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]clock.Clock{"fake": clock.NewFake(start), "system": clock.System()} {
		ctx, cancel := context.WithCancel(context.Background())
		slept := make(chan error, 1)
		go func() { slept <- c.Sleep(ctx, time.Hour) }()
		cancel()
		if err := <-slept; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Sleep = %v", name, err)
		}
		if err := c.Sleep(ctx, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Sleep(0) after the end = %v", name, err)
		}
	}
}

func TestSystemClockIsUTCAndMoves(t *testing.T) {
	t.Parallel()
	c := clock.System()
	before := c.Now()
	if before.Location() != time.UTC {
		t.Errorf("Now is in %v", before.Location())
	}
	if err := c.Sleep(t.Context(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	<-c.NewTimer(time.Millisecond).C
	ticker := c.NewTicker(time.Millisecond)
	defer ticker.Stop()
	<-ticker.C
	if passed := c.Now().Sub(before); passed < 3*time.Millisecond {
		t.Errorf("only %v passed", passed)
	}
}

func TestFakeUnderConcurrentUse(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			ticker := c.NewTicker(time.Second)
			defer ticker.Stop()
			if err := c.Sleep(context.Background(), time.Second); err != nil {
				t.Error(err)
			}
			c.Now()
		})
	}
	for c.BlockUntil(1); c.Now().Before(start.Add(time.Second)); {
		c.BlockUntil(40)
		c.Advance(time.Second)
	}
	wg.Wait()
}

func recv(t *testing.T, c <-chan time.Time) time.Time {
	t.Helper()
	select {
	case at := <-c:
		return at
	default:
		t.Fatal("nothing fired")
		return time.Time{}
	}
}

func none(t *testing.T, c <-chan time.Time) {
	t.Helper()
	select {
	case at := <-c:
		t.Errorf("fired at %v, unexpectedly", at)
	default:
	}
}

func TestWhoSleepsAloneMovesTheClock(t *testing.T) {
	t.Parallel()
	c := clock.NewAlone(start)
	timer := c.NewTimer(time.Minute)
	if err := c.Sleep(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := c.Now(); got != start.Add(time.Hour) {
		t.Errorf("Now = %v, want an hour later", got)
	}
	recv(t, timer.C)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) || c.Now() != start.Add(time.Hour) {
		t.Errorf("Sleep after the end = %v at %v", err, c.Now())
	}
}
