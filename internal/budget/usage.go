package budget

import (
	"context"
	"fmt"
	"time"
)

// Usage is how much of the minute's requests an account has used.
type Usage struct {
	Limit int // requests in any 60 s
	Used  int // granted in the last 60 s
	// Usual is what the CRM really allows where the operator has set a higher limit; 0: Limit is the usual.
	// The budget does not know it.
	Usual   int
	Waiting Waiting
	// PausedUntil is when the pause the CRM asked for ends; zero when there is none.
	PausedUntil time.Time
	// UnknownUntil is when grants begin again after Redis lost count of them; zero when it did not.
	UnknownUntil time.Time
}

// StoppedUntil is until when nothing is granted; zero while requests are.
func (u Usage) StoppedUntil() time.Time {
	if u.UnknownUntil.After(u.PausedUntil) {
		return u.UnknownUntil
	}
	return u.PausedUntil
}

// Free is how many requests may still be granted now.
func (u Usage) Free() int {
	if !u.StoppedUntil().IsZero() {
		return 0
	}
	return max(0, u.Limit-u.Used)
}

// Waiting counts requests that wait, by lane.
type Waiting struct {
	Clicks, Statuses, Orders, Background int
}

// All counts those of all lanes.
func (w Waiting) All() int { return w.Clicks + w.Statuses + w.Orders + w.Background }

// Usage reads the state of an account. Errors: ErrNoRedis.
func (b *Budget) Usage(ctx context.Context, a Account) (Usage, error) {
	n, err := b.usage.Run(ctx, b.redis, keys(a), b.stamp()).Int64Slice()
	if err != nil {
		return Usage{}, noRedis(ctx, err)
	}
	if len(n) != 8 {
		return Usage{}, fmt.Errorf("%w: the script answered %d values", ErrNoRedis, len(n))
	}
	now := n[0]
	return Usage{
		Limit: b.limit, Used: int(n[1]), PausedUntil: future(n[2], now), UnknownUntil: future(n[3], now),
		Waiting: Waiting{Clicks: int(n[4]), Statuses: int(n[5]), Orders: int(n[6]), Background: int(n[7])},
	}, nil
}

// future answers a moment that is still to come, else zero.
func future(ms, now int64) time.Time {
	if ms <= now {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
