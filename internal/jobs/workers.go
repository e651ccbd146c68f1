package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/redislink"
)

// Workers runs handlers: two asynq servers, so that long background work never holds a worker that
// an order needs.
type Workers struct {
	lanes          []lane
	interrupt, end context.CancelFunc
	handlers       *sync.WaitGroup // that have not returned
}

// lane is an asynq server with the handlers of its queue.
type lane struct {
	server *asynq.Server
	mux    *asynq.ServeMux
}

// Sizes of the two servers, and how long a stop waits before unfinished tasks are handed back.
type Sizes struct {
	Interactive int           // default 8
	Background  int           // default 4
	Shutdown    time.Duration // default 10 s
}

// NewWorkers starts nothing. The context of handlers ends when base does, or at Stop. That Redis does not
// answer is the link's to tell.
func NewWorkers(base context.Context, redis *redislink.Link, handlers map[string]Handler, log *slog.Logger, s Sizes) *Workers {
	w := &Workers{handlers: new(sync.WaitGroup)}
	base, w.end = context.WithCancel(base)
	long, interrupt := context.WithCancel(base)
	w.interrupt = interrupt
	open := func(until context.Context, name Lane, size int, check time.Duration) lane {
		c := container{until: until, running: w.handlers, log: log}
		mux := asynq.NewServeMux()
		for kind, h := range handlers {
			mux.Handle(kind, c.handler(kind, h))
		}
		return lane{mux: mux, server: asynq.NewServer(redis, asynq.Config{
			Concurrency:              size,
			Queues:                   map[string]int{name.queue(): 1},
			TaskCheckInterval:        check,
			DelayedTaskCheckInterval: time.Second,
			RetryDelayFunc:           retryDelay,
			ShutdownTimeout:          cmp.Or(s.Shutdown, 10*time.Second),
			// asynq does not wait for a handler whose context ended here, so it is the container that ends it.
			BaseContext: func() context.Context { return context.WithoutCancel(base) },
			Logger:      asynqLog{log: log.With("queue", string(name)), away: redis.Away},
			LogLevel:    asynq.WarnLevel,
		})}
	}
	// Somebody waits for interactive work, so an idle server looks for it five times a second. What a stopped
	// worker hands over goes on within two: the relay's, and this one.
	w.lanes = []lane{
		open(base, Interactive, cmp.Or(s.Interactive, 8), 200*time.Millisecond),
		open(long, Background, cmp.Or(s.Background, 4), 500*time.Millisecond),
	}
	return w
}

// Start begins to take tasks; it does not wait for Redis. Errors: Start was called before; nothing is started then.
func (w *Workers) Start() error {
	for i, l := range w.lanes {
		if err := l.server.Start(l.mux); err != nil {
			for _, started := range w.lanes[:i] {
				started.server.Shutdown()
			}
			return fmt.Errorf("start workers: %w", err)
		}
	}
	return nil
}

// Stop takes no more tasks, interrupts background work (which goes on from its checkpoint later),
// lets short work end, and hands the rest back to Redis. It returns once every handler has, so that what
// one still writes about its end is written.
func (w *Workers) Stop() {
	for _, l := range w.lanes {
		l.server.Stop()
	}
	w.interrupt()
	var wg sync.WaitGroup
	for _, l := range w.lanes {
		wg.Go(l.server.Shutdown)
	}
	wg.Wait()
	w.end()
	w.handlers.Wait()
}

// container runs handlers as asynq's, for as long as until lasts.
type container struct {
	until   context.Context //nolint:containedctx // the end of a lane, which each task's own context does not know
	running *sync.WaitGroup
	log     *slog.Logger
}

// handler decodes the payload, keeps a panic within its task, and decides what a failure means for asynq.
func (c container) handler(kind string, h Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		c.running.Add(1)
		defer c.running.Done()
		var p payload
		if err := json.Unmarshal(t.Payload(), &p); err != nil || p.V != payloadVersion {
			// Another version's during a roll-out: its row is handed over again, to one who knows it.
			c.log.Warn("task of another version left alone", "kind", kind)
			return nil
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(c.until, cancel)()
		err := contain.Do(func() error { return h(ctx, p.Row) })
		if contain.Log(c.log, err, "job panicked", "kind", kind, "row", p.Row) {
			err = fmt.Errorf("%s %d: %w", kind, p.Row, err)
		}
		return verdict(ctx, kind, p.Row, err, c.log)
	})
}

// verdict lets asynq try again soon a few times. It archives a task only if its row is dead; a task
// that fails on is dropped instead, since the row is still there and is enqueued anew.
func verdict(ctx context.Context, kind string, row int64, err error, log *slog.Logger) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrDead) {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	if tries, ok := asynq.GetRetryCount(ctx); ok && tries >= maxRetry {
		log.Error("task dropped; its row is handed over again", "kind", kind, "row", row, "error", err.Error())
		return nil
	}
	return err
}

// retryDelay is how long asynq waits after the n-th failure (0: the first).
func retryDelay(n int, _ error, _ *asynq.Task) time.Duration {
	delays := []time.Duration{time.Second, 5 * time.Second, 15 * time.Second}
	return delays[min(n, len(delays)-1)]
}

// WorkerID names this process among the workers.
func WorkerID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// asynqLog writes asynq's messages to the host's logger. Fatal must not end the shop's process. While Redis
// is away, asynq tells so several times a second in many words; once is enough, and somebody else does.
type asynqLog struct {
	log  *slog.Logger
	away func() bool
}

func (l asynqLog) Debug(args ...any) { l.log.Debug(fmt.Sprint(args...)) }
func (l asynqLog) Info(args ...any)  { l.log.Info(fmt.Sprint(args...)) }
func (l asynqLog) Warn(args ...any)  { l.say(slog.LevelWarn, args) }
func (l asynqLog) Error(args ...any) { l.say(slog.LevelError, args) }
func (l asynqLog) Fatal(args ...any) { l.say(slog.LevelError, args) }

func (l asynqLog) say(level slog.Level, args []any) {
	if l.away() {
		level = slog.LevelDebug
	}
	l.log.Log(context.Background(), level, fmt.Sprint(args...))
}
