package keybridge

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/localredis"
)

// slots is an account of one request a minute, which was made when the clock began.
type slots struct {
	*accounts
	clock *clock.Fake
}

func newSlots(t *testing.T) slots {
	t.Helper()
	opt, err := redis.ParseURL(localredis.New(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	c := clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	s := slots{&accounts{near: 40 * time.Millisecond}, c}
	b := budget.New(client, c, 1, budget.WithClock(), budget.WithColdStart(time.Millisecond))
	s.budget = func() (*budget.Budget, error) { return b, nil }
	for range 2 { // the first asks for what Redis knows
		c.Advance(time.Second)
		err = s.wait(t.Context(), "a", budget.Orders)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantLater checks that a request was put off, in the words of its lane.
func wantLater(t *testing.T, lane budget.Lane, err error, from, to time.Duration) {
	t.Helper()
	var later *budget.WaitError
	if !errors.As(err, &later) || later.After < from || later.After > to {
		t.Errorf("%s: %v, want Later in %v to %v", lane, err, from, to)
		return
	}
	limited := lane != budget.Background
	if errors.Is(err, crm.ErrLimited) != limited || limited && crm.RetryAfter(err) != later.After {
		t.Errorf("%s: ErrLimited is %t with a pause of %v", lane, errors.Is(err, crm.ErrLimited), crm.RetryAfter(err))
	}
}

func lanes() []budget.Lane {
	return []budget.Lane{budget.Clicks, budget.Statuses, budget.Orders, budget.Background}
}

func TestATurnThatIsFarAwayIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := newSlots(t)
	for _, lane := range lanes() {
		wantLater(t, lane, s.wait(t.Context(), "a", lane), 59*time.Second, 61*time.Second)
	}
}

// TestATurnThatStaysNearIsNotWaitedForForLong: the clock stands, so the turn that is near never comes.
func TestATurnThatStaysNearIsNotWaitedForForLong(t *testing.T) {
	t.Parallel()
	s := newSlots(t)
	s.clock.Advance(time.Minute - 20*time.Millisecond)
	for _, lane := range lanes() {
		wantLater(t, lane, s.wait(t.Context(), "a", lane), time.Second, time.Second)
	}
}

func TestATurnThatIsNearIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newSlots(t)
	s.near = time.Hour // nothing but the turn ends the wait
	s.clock.Advance(time.Minute - 20*time.Millisecond)
	done := make(chan error)
	go func() { done <- s.wait(t.Context(), "a", budget.Orders) }()
	s.clock.BlockUntil(1)
	s.clock.Advance(21 * time.Millisecond)
	if err := <-done; err != nil {
		t.Errorf("an order whose turn came: %v", err)
	}
}

func TestACallerWhoLeavesIsToldSo(t *testing.T) {
	t.Parallel()
	s := newSlots(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.wait(ctx, "a", budget.Orders); !errors.Is(err, context.Canceled) || errors.Is(err, crm.ErrLimited) {
		t.Errorf("wait = %v, want context.Canceled", err)
	}
}
