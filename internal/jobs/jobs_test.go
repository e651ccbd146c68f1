package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/internal/redislink"
)

// rows stands for a table: rows that are due until their handler ran.
type rows struct {
	mu      sync.Mutex
	due     map[int64]bool
	seq     int64
	handled chan int64
	fail    func(row int64) error
}

func newRows(ids ...int64) *rows {
	r := &rows{due: map[int64]bool{}, handled: make(chan int64, 100)}
	for _, id := range ids {
		r.due[id] = true
	}
	return r
}

// Due hands over every due row each time: as if the hand-over before had been lost.
func (r *rows) Due(_ context.Context, _ time.Time, limit int) ([]jobs.Task, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []jobs.Task
	for id := range r.due {
		if len(out) < limit {
			r.seq++
			out = append(out, jobs.Task{Kind: "row", Row: id, Seq: r.seq, Lane: jobs.Interactive})
		}
	}
	return out, nil
}

func (r *rows) handle(_ context.Context, row int64) error {
	if r.fail != nil {
		if err := r.fail(row); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due[row] {
		delete(r.due, row)
		r.handled <- row
	}
	return nil
}

func redisOpt(t *testing.T, url string) asynq.RedisConnOpt {
	t.Helper()
	opt, err := asynq.ParseRedisURI(url)
	if err != nil {
		t.Fatal(err)
	}
	return opt
}

func newQueue(t *testing.T, opt asynq.RedisConnOpt) *jobs.Queue {
	t.Helper()
	client, ok := opt.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		t.Fatalf("%T makes no client", opt)
	}
	t.Cleanup(func() { _ = client.Close() })
	return jobs.NewQueue(client)
}

func newLink(t *testing.T, opt asynq.RedisConnOpt) *redislink.Link {
	t.Helper()
	link, err := redislink.Open(opt, clock.System(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = link.Close() })
	return link
}

// run starts workers and a relay over the rows and stops both with the test.
func run(t *testing.T, redisURL string, r *rows) {
	t.Helper()
	runOn(t, redisOpt(t, redisURL), r)
}

func runOn(t *testing.T, opt asynq.RedisConnOpt, r *rows) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(context.Background())
	workers := jobs.NewWorkers(ctx, newLink(t, opt), map[string]jobs.Handler{"row": r.handle}, log, jobs.Sizes{Shutdown: time.Second})
	if err := workers.Start(); err != nil {
		t.Fatal(err)
	}
	queue := newQueue(t, opt)
	relay := jobs.Relay{Sources: map[string]jobs.Source{"rows": r}, Queue: queue, Clock: clock.System(), Log: log}
	var wg sync.WaitGroup
	wg.Go(func() { relay.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		workers.Stop()
	})
}

func (r *rows) waitFor(t *testing.T, want ...int64) {
	t.Helper()
	var got []int64
	deadline := time.After(2 * time.Minute)
	for len(got) < len(want) {
		select {
		case id := <-r.handled:
			got = append(got, id)
		case <-deadline:
			t.Fatalf("handled %v, want %v", got, want)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("handled %v, want %v", got, want)
	}
}

func TestDueRowsReachTheirHandlerOnce(t *testing.T) {
	t.Parallel()
	r := newRows(1, 2, 3)
	run(t, localredis.StartReal(t).URL(), r)
	r.waitFor(t, 1, 2, 3)
}

func TestDueRowsReachTheirHandlerThroughACluster(t *testing.T) {
	t.Parallel()
	srv := localredis.StartCluster(t)
	opt := asynq.RedisClusterClientOpt{Addrs: []string{srv.Addr()}, Password: srv.Password()}
	r := newRows(1, 2, 3)
	runOn(t, opt, r)
	r.waitFor(t, 1, 2, 3)
	if f, err := newQueue(t, opt).Figures(); err != nil || f[0].Failed != 0 {
		t.Errorf("Figures = %+v, %v", f, err)
	}
}

func TestRowsSurviveALostRedis(t *testing.T) {
	t.Parallel()
	redis := localredis.StartReal(t)
	r := newRows()
	run(t, redis.URL(), r)
	redis.Stop(t)
	r.mu.Lock()
	r.due[7] = true
	r.mu.Unlock()
	redis.Start(t)
	r.waitFor(t, 7)
}

func TestAPanickingHandlerHarmsOnlyItself(t *testing.T) {
	t.Parallel()
	r := newRows(1, 2)
	var once sync.Once
	r.fail = func(row int64) error {
		if row == 1 {
			once.Do(func() { panic("boom") })
		}
		return nil
	}
	run(t, localredis.StartReal(t).URL(), r)
	r.waitFor(t, 1, 2)
}

func TestHandingOverTwiceIsNoError(t *testing.T) {
	t.Parallel()
	opt := redisOpt(t, localredis.New(t).URL())
	queue := newQueue(t, opt)
	task := jobs.Task{Kind: "row", Row: 1, Seq: 1, Lane: jobs.Background}
	for range 2 {
		if err := queue.Enqueue(t.Context(), task); err != nil {
			t.Fatalf("Enqueue: %v", err)
		}
	}
	inspector := asynq.NewInspector(opt)
	t.Cleanup(func() { _ = inspector.Close() })
	info, err := inspector.GetQueueInfo("keybridge_background")
	if err != nil || info.Pending != 1 {
		t.Errorf("pending = %+v, %v; want one task", info, err)
	}
}

func TestChoresRunAndOneFailingDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	ran := make(chan struct{}, 10)
	ctx, cancel := context.WithCancel(t.Context())
	relay := jobs.Relay{
		Periodic: []jobs.PeriodicJob{
			{Name: "broken", Every: time.Hour, Do: func(context.Context) error { return errors.New("broken") }},
			{Name: "panics", Every: time.Hour, Do: func(context.Context) error { panic("boom") }},
			{Name: "hangs", Every: time.Hour, Do: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
			{Name: "good", Every: time.Hour, Do: func(context.Context) error { ran <- struct{}{}; return nil }},
		},
		Clock: clock.System(), Timeout: 50 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	}
	var wg sync.WaitGroup
	wg.Go(func() { relay.Run(ctx) })
	<-ran
	cancel()
	wg.Wait()
}
