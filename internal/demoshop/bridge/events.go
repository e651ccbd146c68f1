package bridge

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

const (
	// eventPoll is how soon an event queued by another process, or postponed, is found.
	eventPoll = time.Second
	// eventTries: after so many, an event is logged and dropped. A placed order is never dropped.
	eventTries = 8
)

// dispatcher tells the plugin of order events, one at a time, until stopped.
type dispatcher struct {
	store  *store.Events
	to     plugin.OrderListener
	log    *slog.Logger
	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

func startDispatcher(s *store.Events, to plugin.OrderListener, log *slog.Logger) *dispatcher {
	ctx, cancel := context.WithCancel(context.Background())
	d := &dispatcher{store: s, to: to, log: log, wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
	go d.run(ctx)
	return d
}

// stop ends the goroutine and waits for it. An event being handled is delivered again later.
func (d *dispatcher) stop() {
	d.cancel()
	<-d.done
}

// nudge says that an event may wait. It never blocks.
func (d *dispatcher) nudge() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *dispatcher) run(ctx context.Context) {
	defer close(d.done)
	poll := time.NewTicker(eventPoll)
	defer poll.Stop()
	for {
		d.drain(ctx)
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		case <-poll.C:
		}
	}
}

// drain delivers what is due.
func (d *dispatcher) drain(ctx context.Context) {
	for ctx.Err() == nil {
		q, ok, err := d.store.Claim(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "order events wait", "error", err)
		}
		if !ok {
			return
		}
		if err := d.deliver(ctx, q); err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "order event is not settled and will come again", "event", q.ID, "error", err)
		}
	}
}

func (d *dispatcher) deliver(ctx context.Context, q store.QueuedEvent) error {
	e, err := q.Event()
	if err == nil {
		err = d.handle(ctx, e)
	}
	switch {
	case err == nil:
		return d.store.Drop(ctx, q.ID)
	case ctx.Err() != nil:
		return nil //nolint:nilerr // stopped: the claim runs out and the event comes again
	case q.Attempts >= eventTries && e.Kind != domain.OrderPlaced:
		d.log.ErrorContext(ctx, "order event was not taken", "kind", e.Kind, "order", e.Order, "tries", q.Attempts, "error", err)
		return d.store.Drop(ctx, q.ID)
	}
	d.log.WarnContext(ctx, "order event was not taken yet", "kind", e.Kind, "order", e.Order, "tries", q.Attempts, "error", err)
	return d.store.Postpone(ctx, q.ID, eventWait(q.Attempts))
}

// eventWait doubles from a quarter of a second to a minute.
func eventWait(attempts int) time.Duration {
	wait := 250 * time.Millisecond
	for range min(attempts-1, 10) {
		wait *= 2
	}
	return min(wait, time.Minute)
}

// handle calls the plugin; a panic of its is an error like another.
func (d *dispatcher) handle(ctx context.Context, e domain.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the plugin panicked: %v", p)
		}
	}()
	return d.to.Handle(ctx, contractEvent(e))
}
