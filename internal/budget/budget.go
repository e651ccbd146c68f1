// Package budget shares the requests that one API key may make among everything that wants to make
// them, over all processes. Redis holds the count; without Redis nothing is granted.
//
// Interactive requests come first. Background ones are paced evenly, one per 60/N s, so that a
// request somebody waits for finds a slot within about that time.
package budget

import (
	"context"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/clock"
)

// ErrNoRedis means that no request can be granted because Redis does not answer.
var ErrNoRedis = errors.New("redis does not answer, so no request is granted")

// Lane says for whom a request is made.
type Lane string

// The lanes, the most urgent first.
const (
	Clicks     Lane = "clicks" // a merchant waits at the page
	Statuses   Lane = "statuses"
	Orders     Lane = "orders"
	Background Lane = "background"
)

// DefaultPerMinute leaves room below KeyCRM's 60 for clocks that differ.
const DefaultPerMinute = 55

//go:embed grant.lua
var grantSource string

// Budget grants requests. Safe for concurrent use.
type Budget struct {
	redis  redis.UniversalClient
	clock  clock.Clock
	script *redis.Script
	limit  int
	// stamp is the time given to the script, in ms; 0 lets Redis tell it, so that processes whose
	// clocks differ agree.
	stamp func() int64
}

// New makes a budget of perMinute requests per key in any 60 s (0: DefaultPerMinute).
func New(client redis.UniversalClient, c clock.Clock, perMinute int) *Budget {
	if perMinute <= 0 {
		perMinute = DefaultPerMinute
	}
	return &Budget{redis: client, clock: c, script: redis.NewScript(grantSource), limit: perMinute,
		stamp: func() int64 { return 0 }}
}

// Account names whose budget is meant by a digest of the API key, never by the key.
type Account string

// AccountOf makes the name from a keyed digest (HMAC) of the API key.
func AccountOf(digest []byte) Account { return Account(hex.EncodeToString(digest[:16])) }

// Wait returns once one request may be made. It ends early with ctx's error, or ErrNoRedis.
func (b *Budget) Wait(ctx context.Context, a Account, lane Lane) error {
	for {
		pause, err := b.ask(ctx, a, lane)
		if err != nil || pause == 0 {
			return err
		}
		if err := b.clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// ask answers 0 when the request is granted, else how long to wait before asking again.
func (b *Budget) ask(ctx context.Context, a Account, lane Lane) (time.Duration, error) {
	kind := "interactive"
	if lane == Background {
		kind = "background"
	}
	ms, err := b.script.Run(ctx, b.redis, keys(a), b.limit, kind, b.stamp()).Int64()
	if err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return 0, fmt.Errorf("%w: %w", ErrNoRedis, err)
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// Pause stops all grants for an account because the CRM asked for it.
func (b *Budget) Pause(ctx context.Context, a Account, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	if err := b.redis.Set(ctx, keys(a)[1], "1", d).Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoRedis, err)
	}
	return nil
}

// Usage is what the page shows.
type Usage struct {
	Limit int // requests a minute
	Used  int // granted in the last 60 s
}

// Usage reads the state of an account.
func (b *Budget) Usage(ctx context.Context, a Account) (Usage, error) {
	since := b.clock.Now().Add(-time.Minute).UnixMilli()
	n, err := b.redis.ZCount(ctx, keys(a)[0], fmt.Sprint(since), "+inf").Result()
	if err != nil {
		return Usage{}, fmt.Errorf("%w: %w", ErrNoRedis, err)
	}
	return Usage{Limit: b.limit, Used: int(n)}, nil
}

// keys share a hash tag, so that a Redis Cluster keeps them on one node.
func keys(a Account) []string {
	tag := "keybridge:budget:{" + string(a) + "}:"
	return []string{tag + "grants", tag + "pause", tag + "waiting", tag + "since"}
}

// Ping reports whether Redis answers. Errors: ErrNoRedis.
func (b *Budget) Ping(ctx context.Context) error {
	if err := b.redis.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoRedis, err)
	}
	return nil
}
