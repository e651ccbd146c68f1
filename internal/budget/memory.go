package budget

import (
	"context"
	"fmt"
	"time"
)

// Memory remembers outside of Redis which accounts are in use, because Redis may forget. *Store does.
type Memory interface {
	// Record records that requests of the account may be granted until then, and answers the latest
	// such moment recorded before; zero when none is known. Of two processes that record an account at
	// once, the later one is answered what the earlier one recorded. An error means that it was not recorded, and then
	// nothing is granted.
	Record(ctx context.Context, a Account, until time.Time) (time.Time, error)
}

const (
	// recordAhead is how far ahead an account's use is recorded. It is recorded again when half of that is over, so
	// that it is also how far the clocks of two processes may differ.
	recordAhead = 2 * time.Minute
	// claimTime is how long after recording an account one may say that it was not in use before.
	claimTime = 5 * time.Second
)

// use is what this process knows of an account's use.
type use struct {
	turn  chan struct{} // holds a token while somebody records the account
	until time.Time     // until when memory knows of it
}

// use answers what is known of an account, once nobody else is recording it; the caller must give the
// token in turn back.
func (b *Budget) use(ctx context.Context, a Account) (*use, error) {
	b.mu.Lock()
	u := b.uses[a]
	if u == nil {
		u = &use{turn: make(chan struct{}, 1)}
		b.uses[a] = u
	}
	b.mu.Unlock()
	select {
	case u.turn <- struct{}{}:
		return u, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// recorded makes sure that the account is known to be in use, then runs ask. It tells ask whether it is
// certain that nothing was granted to the account in the minute before, so that what Redis lost does
// not matter; until that has been said, nobody else in this process asks.
func (b *Budget) recorded(ctx context.Context, a Account, ask func(fresh bool) error) error {
	if b.memory == nil {
		return ask(false)
	}
	u, err := b.use(ctx, a)
	if err != nil {
		return err
	}
	fresh, err := b.record(ctx, a, u)
	if err == nil && fresh {
		defer func() { <-u.turn }()
		return ask(true)
	}
	<-u.turn
	if err != nil {
		return err
	}
	return ask(false)
}

func (b *Budget) record(ctx context.Context, a Account, u *use) (fresh bool, err error) {
	now := b.clock.Now()
	if u.until.Sub(now) > recordAhead/2 {
		return false, nil
	}
	before, err := b.memory.Record(ctx, a, now.Add(recordAhead))
	if err != nil {
		return false, fmt.Errorf("record that the budget is used: %w", err)
	}
	u.until = now.Add(recordAhead)
	return now.Sub(before) > window && b.clock.Now().Sub(now) < claimTime, nil
}
