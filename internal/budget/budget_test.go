package budget

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/migrations"
)

// asks answers how long a request in a lane would wait; the request then no longer waits.
func (w *world) asks(b *Budget, lane Lane) time.Duration {
	w.tb.Helper()
	r := &waiter{account: "a", lane: lane}
	wait := w.ask(b, r)
	b.leave(w.tb.Context(), r)
	return wait
}

// waits lets a request begin to wait.
func (w *world) waits(b *Budget, lane Lane) *waiter {
	w.tb.Helper()
	r := &waiter{account: "a", lane: lane}
	if w.ask(b, r) == 0 {
		w.tb.Fatalf("a request in lane %s did not wait", lane)
	}
	return r
}

func (w *world) fill(b *Budget) {
	w.tb.Helper()
	for range w.limit {
		if wait := w.asks(b, Orders); wait != 0 {
			w.tb.Fatalf("a slot of %d was not granted, wait %v", w.limit, wait)
		}
	}
}

func TestInteractiveLanesTakeTurns(t *testing.T) {
	t.Parallel()
	w := newRealWorld(t, 9)
	b := w.process()
	w.fill(b)
	for range 3 { // the last one served was an order
		w.request(b, "a", Orders, func(time.Duration) {})
	}
	for range 3 {
		w.request(b, "a", Statuses, func(time.Duration) {})
		w.request(b, "a", Clicks, func(time.Duration) {})
	}
	// The slots come back together, but each waiter is given its own place.
	w.play(2 * time.Minute)
	var got string
	for _, g := range w.grants["a"][9:] {
		got += string(g.lane[:1])
	}
	if len(got) != 9 {
		t.Fatalf("served %q, want nine", got)
	}

	w = newRealWorld(t, 1)
	b = w.process()
	w.fill(b)
	for _, l := range []Lane{Orders, Orders, Orders, Statuses, Statuses, Clicks} {
		w.request(b, "a", l, func(time.Duration) {})
	}
	w.play(7 * time.Minute)
	got = ""
	for _, g := range w.grants["a"] {
		got += string(g.lane[:1])
	}
	if got != "ocsosoo"[:len(got)] || len(got) != 7 {
		t.Errorf("served %q, want ocsosoo", got)
	}
}

func TestBackgroundKeepsAwayWhileAnOrderWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	b := w.process()
	w.fill(b)
	w.advance(59 * time.Second)
	order := w.waits(b, Orders)
	w.advance(1001 * time.Millisecond)
	if w.asks(b, Background) == 0 {
		t.Error("background took a slot while an order waits")
	}
	if wait := w.ask(b, order); wait != 0 {
		t.Errorf("the order waits %v more", wait)
	}
}

func TestAWaiterThatDiedIsForgottenAndOneThatLeftAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b := w.process()
	w.fill(b)
	w.advance(58 * time.Second)
	left, died := w.waits(b, Clicks), w.waits(b, Orders)
	if u, err := b.Usage(t.Context(), "a"); err != nil || u.Waiting != (Waiting{Clicks: 1, Orders: 1}) {
		t.Errorf("Usage = %+v, %v; want a click and an order to wait", u, err)
	}
	b.leave(t.Context(), left)
	if u, err := b.Usage(t.Context(), "a"); err != nil || u.Waiting != (Waiting{Orders: 1}) {
		t.Errorf("Usage = %+v, %v; want an order to wait", u, err)
	}
	w.advance(2001 * time.Millisecond)
	if w.asks(b, Orders) == 0 {
		t.Error("a later order overtook the one that waits")
	}
	w.advance(keep)
	if wait := w.asks(b, Orders); wait != 0 {
		t.Errorf("the order waits %v more for %s, which died", wait, died.lane)
	}
}

func TestPauseOfTheCRMStopsEveryLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	b, other := w.process(), w.process()
	w.asks(b, Orders)
	for _, d := range []time.Duration{20 * time.Second, time.Second} { // the longer one counts
		if err := b.Pause(t.Context(), "a", d); err != nil {
			t.Fatal(err)
		}
	}
	for _, lane := range []Lane{Clicks, Statuses, Orders, Background} {
		if wait := w.asks(other, lane).Round(10 * time.Millisecond); wait != 20*time.Second {
			t.Errorf("%s waits %v, want 20 s", lane, wait)
		}
	}
	if u, err := b.Usage(t.Context(), "a"); err != nil || u.Free() != 0 || u.PausedUntil.Sub(w.clock.Now()).Round(time.Second) != 20*time.Second {
		t.Errorf("Usage = %+v, %v", u, err)
	}
	var later *WaitError
	if err := b.WaitAtMost(t.Context(), "a", Background, 2*time.Second); !errors.As(err, &later) || later.After < 20*time.Second {
		t.Errorf("WaitAtMost = %v, want Later in 20 s", err)
	}
	w.advance(20*time.Second + time.Millisecond)
	if wait := w.asks(b, Orders); wait != 0 {
		t.Errorf("after the pause an order still waits %v", wait)
	}
}

func TestWhenRedisForgetsAccountsInUseStandStillAndNewOnesDoNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5)
	b := w.process()
	w.fill(b)
	if err := w.raw.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Second)
	if wait := w.asks(b, Clicks); wait != time.Minute {
		t.Errorf("an account in use waits %v, want a minute", wait)
	}
	if u, err := b.Usage(t.Context(), "a"); err != nil || u.Free() != 0 || u.UnknownUntil.Sub(w.clock.Now()) != time.Minute {
		t.Errorf("Usage = %+v, %v", u, err)
	}
	if wait, err := b.ask(t.Context(), &waiter{account: "new", lane: Clicks}); err != nil || wait != 0 {
		t.Errorf("an account never used waits %v, %v", wait, err)
	}
	w.advance(30 * time.Second)
	if err := w.raw.FlushAll(t.Context()).Err(); err != nil { // again, amid the minute
		t.Fatal(err)
	}
	w.advance(30 * time.Second)
	if wait := w.asks(w.process(), Clicks); wait != time.Minute {
		t.Errorf("after a second loss the account waits %v, want a minute from when it was seen", wait)
	}
	w.advance(time.Minute)
	w.fill(b)
	w.advance(3 * time.Hour) // everything has expired, and memory says nobody was there
	if wait := w.asks(w.process(), Orders); wait != 0 {
		t.Errorf("after hours an account waits %v", wait)
	}
}

func TestWithoutMemoryEveryAccountBeginsWithAMinuteOfSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5)
	b := New(w.raw, w.clock, 5, WithClock())
	if wait := w.asks(b, Clicks); wait != time.Minute {
		t.Errorf("waits %v, want a minute", wait)
	}
}

func TestAClockSetBackNeitherBurstsNorStopsForLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5)
	b := w.process()
	w.fill(b)
	back := clock.NewFake(w.clock.Now().Add(-time.Hour))
	w.clock = back
	b = w.process()
	if wait := w.asks(b, Orders); wait != time.Minute+time.Millisecond {
		t.Errorf("waits %v, want a minute", wait)
	}
}

func TestWaitEndsWithItsContextAndLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	b := w.process()
	if err := b.Pause(t.Context(), "a", time.Hour); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- b.Wait(ctx, "a", Orders) }()
	w.clock.BlockUntil(1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want context.Canceled", err)
	}
	if u, err := b.Usage(t.Context(), "a"); err != nil || u.Waiting != (Waiting{}) {
		t.Errorf("Usage = %+v, %v; want nobody to wait", u, err)
	}
}

// TestKeysOfAnAccountShareAHashTag, without which a Redis Cluster refuses the script, and two accounts
// share none, so that a cluster spreads them.
func TestKeysOfAnAccountShareAHashTag(t *testing.T) {
	t.Parallel()
	tags := map[string]bool{}
	for _, a := range []Account{AccountOf(make([]byte, 32)), AccountOf(bytes.Repeat([]byte{7}, 32))} {
		for _, k := range keys(a) {
			_, rest, opened := strings.Cut(k, "{")
			tag, _, closed := strings.Cut(rest, "}")
			if !opened || !closed || tag != string(a) || len(tag) != 32 {
				t.Errorf("key %q has the tag %q, want %q", k, tag, a)
			}
			tags[tag] = true
		}
	}
	if len(tags) != 2 {
		t.Errorf("two accounts have the tags %v", tags)
	}
}

func TestWaitingCountsAllLanes(t *testing.T) {
	t.Parallel()
	if got := (Waiting{Clicks: 1, Statuses: 2, Orders: 3, Background: 4}).All(); got != 10 {
		t.Errorf("All = %d, want 10", got)
	}
}

func TestUsageCountsTheLastMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	b := w.process()
	for range 5 {
		w.asks(b, Orders)
	}
	if u, err := b.Usage(t.Context(), "a"); err != nil || u != (Usage{Limit: 60, Used: 5}) || u.Free() != 55 {
		t.Errorf("Usage = %+v, %v", u, err)
	}
	w.advance(61 * time.Second)
	if u, err := b.Usage(t.Context(), "a"); err != nil || u.Used != 0 {
		t.Errorf("a minute later Usage = %+v, %v", u, err)
	}
}

func TestStoreAnswersWhatWasNotedBefore(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	if err := migrations.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	s := NewStore(db)
	for i, want := range []time.Time{{}, start, start.Add(time.Minute), start.Add(time.Minute)} {
		until := start.Add(time.Duration(i%2) * time.Minute) // the third is earlier: the latest counts
		before, err := s.Record(t.Context(), "a", until)
		if err != nil || !before.Equal(want) {
			t.Errorf("note %d answers %v, %v; want %v", i+1, before, err, want)
		}
	}
	if err := s.Purge(t.Context(), start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if before, err := s.Record(t.Context(), "a", start); err != nil || !before.IsZero() {
		t.Errorf("after a purge Note = %v, %v", before, err)
	}
}

func TestWithoutRedisNothingIsGranted(t *testing.T) {
	t.Parallel()
	srv := localredis.StartReal(t)
	b := New(client(t, srv.URL()), clock.System(), 60, WithColdStart(time.Millisecond))
	if err := b.Wait(t.Context(), "a", Orders); err != nil {
		t.Fatalf("with Redis: %v", err)
	}
	srv.Stop(t)
	if err := b.Wait(t.Context(), "a", Orders); !errors.Is(err, ErrNoRedis) {
		t.Errorf("without Redis: %v, want ErrNoRedis", err)
	}
	if err := b.Ping(t.Context()); !errors.Is(err, ErrNoRedis) {
		t.Errorf("Ping without Redis: %v, want ErrNoRedis", err)
	}
}

// TestABurstOfStatusesLeavesOrdersTheirSlots: three hundred statuses are to be read at once. A third of the
// limit goes at once, the others are paced, and an order now and then finds a slot within a moment.
func TestABurstOfStatusesLeavesOrdersTheirSlots(t *testing.T) {
	t.Parallel()
	w := newRealWorld(t, DefaultPerMinute)
	b := w.process()
	w.asks(b, Orders) // the account is known
	w.advance(2 * time.Minute)
	begun := w.clock.Now()
	var longest time.Duration
	for range 300 {
		w.request(b, "a", Statuses, func(time.Duration) {})
	}
	w.run(b, "a", func() time.Duration { return 100 * time.Millisecond })
	for i := range 24 {
		w.at(time.Duration(i)*14900*time.Millisecond, func() {
			w.request(b, "a", Orders, func(waited time.Duration) { longest = max(longest, waited) })
		})
	}
	w.play(7 * time.Minute)
	w.check()
	if n := w.count("a", begun, begun.Add(time.Second), Statuses); n != DefaultPerMinute/3 {
		t.Errorf("%d statuses were read at once, want a third of %d", n, DefaultPerMinute)
	}
	if slot := time.Minute / DefaultPerMinute; longest > slot+100*time.Millisecond {
		t.Errorf("an order waited %v, want a slot of %v at most", longest, slot)
	}
	read := w.count("a", begun, begun.Add(7*time.Minute), Statuses)
	if background := w.count("a", begun, begun.Add(5*time.Minute), Background); read != 300 || background > 5*DefaultPerMinute/20+5 {
		t.Errorf("%d statuses were read in seven minutes, and %d of the background in five", read, background)
	}
}
