package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// Chore is something done every so often in each working process. It must bear running in two
// processes at once.
type Chore struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) error
}

// Relay looks for due rows each second, or when nudged, and hands them to the workers. It also runs
// the chores.
type Relay struct {
	Sources map[string]Source
	Chores  []Chore
	Queue   Enqueuer
	// Nudge wakes the relay before its second is over; may be nil.
	Nudge <-chan struct{}
	Now   func() time.Time
	Log   *slog.Logger
}

// relayBatch is how many rows of one source are handed over at a time.
const relayBatch = 200

// Run works until ctx ends.
func (r *Relay) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := map[string]time.Time{}
	for {
		r.sweep(ctx)
		r.chores(ctx, last)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-r.Nudge:
		}
	}
}

func (r *Relay) sweep(ctx context.Context) {
	for name, src := range r.Sources {
		r.guard(name, func() error { return r.handOver(ctx, src) })
	}
}

func (r *Relay) handOver(ctx context.Context, src Source) error {
	for {
		tasks, err := src.Due(ctx, r.Now(), relayBatch)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			// A task that cannot be handed over now is found again by its row.
			if err := r.Queue.Enqueue(ctx, t); err != nil {
				return err
			}
		}
		if len(tasks) < relayBatch {
			return nil
		}
	}
}

func (r *Relay) chores(ctx context.Context, last map[string]time.Time) {
	for _, c := range r.Chores {
		if now := r.Now(); now.Sub(last[c.Name]) >= c.Every {
			last[c.Name] = now
			r.guard(c.Name, func() error { return c.Do(ctx) })
		}
	}
}

// guard keeps one failing or panicking source from stopping the others.
func (r *Relay) guard(name string, f func() error) {
	defer func() {
		if p := recover(); p != nil {
			r.Log.Error("relay panicked", "source", name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	if err := f(); err != nil {
		r.Log.Warn("relay", "source", name, "error", err.Error())
	}
}
