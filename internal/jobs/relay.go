package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/outage"
)

// PeriodicJob is something done every so often in each working process. It must bear running in two
// processes at once.
type PeriodicJob struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) error
}

// Limit keeps a source from flooding the queue: while Tasks of its lane wait there, its rows stay in
// Postgres, where the longest due comes first.
type Limit struct {
	Lane  Lane
	Tasks int
}

// Gauge is an Enqueuer that knows how many tasks of a lane wait for a worker. *Queue does. An error
// means that the queue is away.
type Gauge interface {
	Waiting(ctx context.Context, l Lane) (int, error)
}

// Relay looks for due rows each second, or when nudged, and hands them to the workers. It also runs
// the periodic jobs.
type Relay struct {
	Sources map[string]Source
	// Limits by the source's name; a source without one enqueues a thousand rows at a time.
	Limits   map[string]Limit
	Periodic []PeriodicJob
	Queue    Enqueuer
	// Nudge wakes the relay before its second is over; may be nil.
	Nudge <-chan struct{}
	// Away reports whether the queue is known to be away, which somebody else tells; nil: it never is.
	Away func() bool
	// Timeout is how long one periodic job may take, in real time; 0: 10 s.
	Timeout time.Duration
	Clock   clock.Clock
	Log     *slog.Logger

	last    map[string]time.Time // when each periodic job was done last
	trouble map[string]*outage.Outage
}

// errQueue marks what the queue could not do, which no source is to blame for.
var errQueue = errors.New("the queue does not take tasks")

const (
	// relayBatch is how many rows of one source are asked for at a time.
	relayBatch = 200
	// maxPerTick is how many rows a source may enqueue before it is the next one's turn.
	maxPerTick = 1000
)

// Run works until ctx ends.
func (r *Relay) Run(ctx context.Context) {
	tick := r.Clock.NewTicker(time.Second)
	defer tick.Stop()
	for {
		r.Step(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-r.Nudge:
		}
	}
}

// Step enqueues what is due now and does the periodic jobs that are due, each once. It is what Run does
// every second; not to be called from two goroutines.
func (r *Relay) Step(ctx context.Context) {
	for _, name := range slices.Sorted(maps.Keys(r.Sources)) {
		err := contain.Do(func() error { return r.enqueueDue(ctx, name) })
		if ctx.Err() != nil {
			return // stopped amid it, which is no trouble
		}
		if errors.Is(err, errQueue) {
			r.tell("queue", err)
			break // the others would wait for it as long, and as vainly
		}
		r.tell("queue", nil)
		r.tell(name, err)
	}
	r.runPeriodic(ctx)
}

func (r *Relay) enqueueDue(ctx context.Context, name string) error {
	room, err := r.room(ctx, name)
	if err != nil {
		return err
	}
	for room > 0 {
		batch := min(room, relayBatch)
		tasks, err := r.Sources[name].Due(ctx, r.Clock.Now(), batch)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			// A task that cannot be enqueued now is found again by its row.
			if err := r.Queue.Enqueue(ctx, t); err != nil {
				return fmt.Errorf("%w: %w", errQueue, err)
			}
		}
		if len(tasks) < batch {
			return nil
		}
		room -= len(tasks)
	}
	return nil
}

// room is how many rows a source may enqueue now.
func (r *Relay) room(ctx context.Context, name string) (int, error) {
	limit, limited := r.Limits[name]
	gauge, ok := r.Queue.(Gauge)
	if !limited || !ok {
		return maxPerTick, nil
	}
	waiting, err := gauge.Waiting(ctx, limit.Lane)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errQueue, err)
	}
	return limit.Tasks - waiting, nil
}

func (r *Relay) runPeriodic(ctx context.Context) {
	if r.last == nil {
		r.last = map[string]time.Time{}
	}
	for _, c := range r.Periodic {
		if now := r.Clock.Now(); now.Sub(r.last[c.Name]) >= c.Every {
			r.last[c.Name] = now
			err := contain.Do(func() error { return r.runOne(ctx, c) })
			if ctx.Err() != nil {
				return
			}
			r.tell(c.Name, err)
		}
	}
}

// runOne bounds a periodic job in real time: one that hangs in the shop must not hold up orders and webhooks
// of every shop. What it has not reached it reaches the next time.
func (r *Relay) runOne(ctx context.Context, c PeriodicJob) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, 10*time.Second))
	defer cancel()
	return c.Do(ctx)
}

// tell logs what a source or a periodic job came to: trouble that lasts at its beginning and once a minute, and
// its end.
func (r *Relay) tell(name string, err error) {
	o := r.trouble[name]
	switch {
	case err == nil && o == nil, errors.Is(err, errQueue) && r.Away != nil && r.Away():
		return
	case err == nil:
		if t, tell := o.Worked(); tell {
			r.Log.Info("relay works again", "source", name, "failures", t.Failures, "after", t.Lasted.Round(time.Second).String())
		}
		return
	case o == nil:
		if r.trouble == nil {
			r.trouble = map[string]*outage.Outage{}
		}
		o = outage.New(r.Clock)
		r.trouble[name] = o
	}
	if t, tell := o.Failed(); tell {
		r.warn(name, t.Failures, err)
	}
}

func (r *Relay) warn(name string, failures int, err error) {
	if !contain.Log(r.Log, err, "relay panicked", "source", name, "failures", failures) {
		r.Log.Warn("relay", "source", name, "failures", failures, "error", err.Error())
	}
}
