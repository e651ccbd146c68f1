// Package budget shares the requests that one API key may make among everything that wants to make
// them, over all processes. Redis holds the count; without Redis nothing is granted.
//
// Interactive requests come first, their lanes in turn. Background ones are paced so that requests
// somebody waits for, one per 60/N s, each find a slot within that time; they keep a twentieth of
// the limit even while interactive ones would take all. Statuses are read at once up to a third of the
// limit, and then at the background's pace, before it.
package budget

import (
	"context"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/clock"
)

// ErrNoRedis means that no request can be granted because Redis does not answer.
var ErrNoRedis = errors.New("redis does not answer, so no request is granted")

// WaitError is the error of a request whose turn is too far away to wait for.
type WaitError struct {
	// After is how long to wait before asking again.
	After time.Duration
	// Every is how often the account is granted a request in the long run; 0: not known.
	Every time.Duration
}

// Error implements error.
func (l *WaitError) Error() string { return fmt.Sprintf("the budget has a slot in %v", l.After) }

// Lane says for whom a request is made.
type Lane string

// The lanes. The first three are interactive and take turns; Background comes behind them.
const (
	Clicks     Lane = "clicks" // a merchant waits at the page
	Statuses   Lane = "statuses"
	Orders     Lane = "orders"
	Background Lane = "background"
)

// DefaultPerMinute leaves room below KeyCRM's 60 for requests that take longer to arrive than
// others.
const DefaultPerMinute = 55

const (
	// window is how long a grant counts.
	window = time.Minute
	// askAgain is how often a waiter says that it still waits, and keep how long that is believed,
	// so that one that died does not hold up the others.
	askAgain = time.Second
	keep     = 2500 * time.Millisecond
)

//go:embed grant.lua
var grantSource string

//go:embed pause.lua
var pauseSource string

//go:embed usage.lua
var usageSource string

// Budget grants requests. Safe for concurrent use, by any number of processes.
type Budget struct {
	redis               redis.UniversalClient
	clock               clock.Clock
	grant, pause, usage *redis.Script
	limit               int
	cold                time.Duration
	memory              Memory
	// stamp is the time given to the scripts, in ms; 0 lets Redis tell it, so that processes whose
	// clocks differ agree.
	stamp func() int64

	mu   sync.Mutex
	uses map[Account]*use
}

// Option tunes a Budget.
type Option func(*Budget)

// WithClock lets the budget's own clock tell the time instead of Redis, for tests on a fake clock.
func WithClock() Option {
	return func(b *Budget) { b.stamp = func() int64 { return b.clock.Now().UnixMilli() } }
}

// WithMemory tells, after Redis has lost what was granted, accounts that were not used lately from
// those that were. Without it every account stands still then, new ones too.
func WithMemory(m Memory) Option { return func(b *Budget) { b.memory = m } }

// WithColdStart sets how long an account stands still when it is not known what was granted to it. The
// default, 60 s, is never too short; a shorter time is for a CRM that counts nothing.
func WithColdStart(d time.Duration) Option { return func(b *Budget) { b.cold = d } }

// New makes a budget of perMinute requests per key in any 60 s (0: DefaultPerMinute).
func New(client redis.UniversalClient, c clock.Clock, perMinute int, opts ...Option) *Budget {
	if perMinute <= 0 {
		perMinute = DefaultPerMinute
	}
	b := &Budget{
		redis: client, clock: c, limit: perMinute, cold: window, uses: map[Account]*use{},
		grant: redis.NewScript(grantSource), pause: redis.NewScript(pauseSource), usage: redis.NewScript(usageSource),
		stamp: func() int64 { return 0 },
	}
	for _, o := range opts {
		o(b)
	}
	return b
}

// Account names whose budget is meant by a digest of the API key, never by the key.
type Account string

// AccountOf makes the name from a keyed digest (HMAC) of the API key.
func AccountOf(digest []byte) Account { return Account(hex.EncodeToString(digest[:16])) }

// Wait returns once one request may be made. Errors: ErrNoRedis, and nothing may be sent before Redis is back; ctx's;
// Memory's, when the use could not be recorded.
func (b *Budget) Wait(ctx context.Context, a Account, lane Lane) error {
	return b.WaitAtMost(ctx, a, lane, 1<<62)
}

// WaitAtMost is Wait, but gives up with *WaitError as soon as the turn is known to be further away than
// most, so that the caller can use its worker for something else. Errors: *WaitError, Wait's.
func (b *Budget) WaitAtMost(ctx context.Context, a Account, lane Lane, most time.Duration) error {
	w := &waiter{account: a, lane: lane}
	for {
		pause, err := b.ask(ctx, w)
		if err != nil {
			b.leave(ctx, w)
			return err
		}
		if pause == 0 {
			return nil
		}
		if pause > most {
			b.leave(ctx, w)
			return &WaitError{After: pause, Every: window / time.Duration(b.limit)}
		}
		if err := b.clock.Sleep(ctx, min(pause, askAgain)); err != nil {
			b.leave(ctx, w)
			return err
		}
	}
}

// waiter is one request on its way through the budget. ticket is its place among those that wait;
// empty until it has asked.
type waiter struct {
	account Account
	lane    Lane
	ticket  string
}

// ask answers 0 when the request is granted, else exactly how long it is until its turn comes, as
// far as can be told now.
func (b *Budget) ask(ctx context.Context, w *waiter) (wait time.Duration, err error) {
	err = b.recorded(ctx, w.account, func(fresh bool) error {
		var asked error
		wait, w.ticket, asked = b.run(ctx, w, fresh)
		return asked
	})
	return wait, err
}

func (b *Budget) run(ctx context.Context, w *waiter, fresh bool) (time.Duration, string, error) {
	claim := ""
	if fresh {
		claim = "1"
	}
	answer, err := b.grant.Run(ctx, b.redis, keys(w.account), b.limit, string(w.lane), w.ticket, b.stamp(), claim,
		b.cold.Milliseconds(), keep.Milliseconds()).Slice()
	if err != nil {
		return 0, w.ticket, noRedis(ctx, err)
	}
	if len(answer) != 2 {
		return 0, w.ticket, fmt.Errorf("%w: the script answered %d values", ErrNoRedis, len(answer))
	}
	ms, isNumber := answer[0].(int64)
	ticket, isText := answer[1].(string)
	if !isNumber || !isText {
		return 0, w.ticket, fmt.Errorf("%w: the script answered %T, %T", ErrNoRedis, answer[0], answer[1])
	}
	return time.Duration(ms) * time.Millisecond, ticket, nil
}

// leave takes a waiter that gave up off the list, so that nobody waits for it. Should that not
// work, it is forgotten after keep.
func (b *Budget) leave(ctx context.Context, w *waiter) {
	if w.ticket == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = b.redis.ZRem(ctx, keys(w.account)[2], string(w.lane)+":"+w.ticket).Err()
}

// Pause stops all grants for an account because the CRM asked for it; the longest pause counts, 0 or less is none.
// Errors: ErrNoRedis, and then nobody knows of the pause; ctx's.
func (b *Budget) Pause(ctx context.Context, a Account, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	// The script's clock is cut to the millisecond: rounding up keeps the pause whole.
	err := b.pause.Run(ctx, b.redis, keys(a)[1:2], d.Milliseconds()+1, b.stamp()).Err()
	if err != nil {
		return noRedis(ctx, err)
	}
	return nil
}

// Ping reports whether Redis answers. Errors: ErrNoRedis.
func (b *Budget) Ping(ctx context.Context) error {
	if err := b.redis.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoRedis, err)
	}
	return nil
}

func noRedis(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrNoRedis, err)
}

// keys share a hash tag, so that a Redis Cluster keeps them on one node: grants, state, waiting.
func keys(a Account) []string {
	tag := "keybridge:budget:{" + string(a) + "}:"
	return []string{tag + "grants", tag + "state", tag + "waiting"}
}
