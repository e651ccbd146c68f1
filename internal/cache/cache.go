// Package cache remembers for a while what was expensive to ask for: in our case requests of a CRM account, whose
// minute has few.
package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/keybridge/keybridge/plugin"
)

// Cache remembers values by key. Of callers that need a missing one at the same time one loads it and the others wait
// for what it gets (single flight). Make it with New. Safe for concurrent use.
type Cache[K ~string, V any] struct {
	clock  plugin.Clock
	fresh  func(V) time.Duration
	limit  int
	flight singleflight.Group

	mu   sync.Mutex
	kept map[K]entry[V]
}

type entry[V any] struct {
	value V
	until time.Time // when it is to be loaded again
}

// New makes an empty cache. fresh says how long a value is believed, from the moment at which its load has ended. Once
// limit keys are kept, a new one takes the place of the one that would be loaded again soonest.
func New[K ~string, V any](c plugin.Clock, limit int, fresh func(V) time.Duration) *Cache[K, V] {
	return &Cache[K, V]{clock: c, fresh: fresh, limit: limit, kept: map[K]entry[V]{}}
}

// For is a fresh for New that believes every value equally long.
func For[V any](d time.Duration) func(V) time.Duration { return func(V) time.Duration { return d } }

// Get answers the kept value, or loads one. Errors are load's; they are shared with those who waited for it and not
// kept, and so is a panic of load. A load whose caller's ctx has ended is not held against the others: one of them
// loads. They wait as long as it takes, even beyond their own ctx, so load must end with the ctx that it is given.
func (c *Cache[K, V]) Get(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	for {
		if value, ok := c.young(key); ok {
			return value, nil
		}
		value, err := c.load(ctx, key, func(ctx context.Context) (V, error) {
			if value, ok := c.young(key); ok { // loaded by another since we looked
				return value, nil
			}
			return load(ctx)
		})
		var gone *abandoned
		if !errors.As(err, &gone) {
			return value, err
		}
		if ctx.Err() != nil {
			return value, gone.cause
		}
	}
}

// Reload loads a value now, however young the kept one is, and keeps it. A load that is under way already is not
// waited for: it may have begun before what the caller knows of. Errors: load's, and then the kept value stays.
func (c *Cache[K, V]) Reload(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	c.flight.Forget(string(key))
	value, err := c.load(ctx, key, load)
	var gone *abandoned
	if errors.As(err, &gone) {
		return value, gone.cause
	}
	return value, err
}

// Last answers the kept value however old it is; false: there is none.
func (c *Cache[K, V]) Last(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.kept[key]
	return e.value, ok
}

// Forget drops a value that has proved wrong. A load under way still brings its own.
func (c *Cache[K, V]) Forget(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept, key)
}

// abandoned is the error of a load whose caller went away.
type abandoned struct{ cause error }

func (a *abandoned) Error() string { return a.cause.Error() }
func (a *abandoned) Unwrap() error { return a.cause }

// load runs load, or waits for another caller's.
func (c *Cache[K, V]) load(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	got, err, _ := c.flight.Do(string(key), func() (any, error) {
		value, err := load(ctx)
		switch {
		case err == nil:
			c.put(key, value)
		case ctx.Err() != nil:
			err = &abandoned{err}
		}
		return value, err
	})
	value, _ := got.(V)
	return value, err
}

func (c *Cache[K, V]) young(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.kept[key]
	return e.value, ok && c.clock.Now().Before(e.until)
}

func (c *Cache[K, V]) put(key K, value V) {
	until := c.clock.Now().Add(c.fresh(value))
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, kept := c.kept[key]; !kept && len(c.kept) >= c.limit {
		delete(c.kept, c.oldest())
	}
	c.kept[key] = entry[V]{value, until}
}

func (c *Cache[K, V]) oldest() (oldest K) {
	var until time.Time
	for key, e := range c.kept {
		if until.IsZero() || e.until.Before(until) {
			oldest, until = key, e.until
		}
	}
	return oldest
}
