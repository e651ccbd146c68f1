package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/localredis"
)

// table is a source whose rows stay due; it notes how many were asked for.
type table struct {
	lane  jobs.Lane
	seq   int64
	asked int
}

func (s *table) Due(_ context.Context, _ time.Time, limit int) ([]jobs.Task, error) {
	var out []jobs.Task
	for range limit {
		s.seq++
		s.asked++
		out = append(out, jobs.Task{Kind: "row", Row: s.seq, Seq: s.seq, Lane: s.lane})
	}
	return out, nil
}

func TestAFloodOfDueRowsStaysInPostgres(t *testing.T) {
	t.Parallel()
	queue := newQueue(t, redisOpt(t, localredis.New(t).URL()))
	runs, orders := &table{lane: jobs.Background}, &table{lane: jobs.Interactive}
	relay := jobs.Relay{
		Sources: map[string]jobs.Source{"runs": runs, "orders": orders}, Queue: queue,
		Limits: map[string]jobs.Limit{"runs": {Lane: jobs.Background, Tasks: 16}, "orders": {Lane: jobs.Interactive, Tasks: 300}},
		Clock:  clock.NewFake(time.Unix(0, 0)), Log: slog.New(slog.DiscardHandler),
	}
	for range 3 { // nobody works
		relay.Step(t.Context())
	}
	figures, err := queue.Figures()
	if err != nil {
		t.Fatal(err)
	}
	if runs.asked != 16 || orders.asked != 300 || figures[0].Waiting != 300 || figures[1].Waiting != 16 {
		t.Errorf("handed over %d runs and %d orders; figures %+v", runs.asked, orders.asked, figures)
	}
}

func TestFiguresOfAQueueNeverUsedAreZero(t *testing.T) {
	t.Parallel()
	queue := newQueue(t, redisOpt(t, localredis.New(t).URL()))
	got, err := queue.Figures()
	if want := []jobs.Figures{{Lane: jobs.Interactive}, {Lane: jobs.Background}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Figures = %+v, %v", got, err)
	}
}

// TestFiguresOutliveAnEmptiedRedis: what is handed over afterwards is counted, and bounded, as before.
func TestFiguresOutliveAnEmptiedRedis(t *testing.T) {
	t.Parallel()
	opt := redisOpt(t, localredis.StartReal(t).URL())
	queue, runs := newQueue(t, opt), &table{lane: jobs.Background}
	relay := jobs.Relay{
		Sources: map[string]jobs.Source{"runs": runs}, Queue: queue,
		Limits: map[string]jobs.Limit{"runs": {Lane: jobs.Background, Tasks: 16}},
		Clock:  clock.NewFake(time.Unix(0, 0)), Log: slog.New(slog.DiscardHandler),
	}
	relay.Step(t.Context())
	client, _ := opt.MakeRedisClient().(redis.UniversalClient)
	t.Cleanup(func() { _ = client.Close() })
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		relay.Step(t.Context())
	}
	if figures, err := queue.Figures(); err != nil || figures[1].Waiting != 16 || runs.asked != 32 {
		t.Errorf("handed over %d rows; Figures = %+v, %v; want 16 waiting of 32", runs.asked, figures, err)
	}
}

// TestOnlyWhatItsRowCallsDeadIsArchived, and a handler that fails for another reason is asked again.
func TestOnlyWhatItsRowCallsDeadIsArchived(t *testing.T) {
	t.Parallel()
	opt := redisOpt(t, localredis.StartReal(t).URL())
	queue := newQueue(t, opt)
	tried := make(chan int64, 20)
	workers := jobs.NewWorkers(t.Context(), newLink(t, opt), map[string]jobs.Handler{"row": func(_ context.Context, row int64) error {
		tried <- row
		if row == 1 {
			return fmt.Errorf("row 1: %w", jobs.ErrDead)
		}
		return errors.New("database away")
	}}, slog.New(slog.DiscardHandler), jobs.Sizes{})
	if err := workers.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Stop)
	for row := range int64(2) {
		if err := queue.Enqueue(t.Context(), jobs.Task{Kind: "row", Row: row + 1, Seq: 1, Lane: jobs.Interactive}); err != nil {
			t.Fatal(err)
		}
	}
	count := map[int64]int{}
	for range 3 {
		count[<-tried]++
	}
	if count[1] != 1 || count[2] != 2 {
		t.Errorf("tries by row: %v; want the dead one once, the other again", count)
	}
	// The task is put aside after its handler has answered.
	for deadline := time.After(time.Minute); ; {
		figures, err := queue.Figures()
		if err != nil || figures[0].Dead > 1 {
			t.Fatalf("Figures = %+v, %v; want one dead", figures, err)
		}
		if figures[0].Dead == 1 {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("Figures = %+v after a minute; want one dead", figures)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestStopHandsBackWhatDoesNotEnd: background work is told to end at once, and is written off once it has;
// what is not told, or does not end in 3 s, is in Redis again for another process. Either way Stop returns
// after the handlers: they still write down how they ended.
func TestStopHandsBackWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	opt := redisOpt(t, localredis.StartReal(t).URL())
	queue := newQueue(t, opt)
	began := make(chan int64, 2)
	var ended [3]error // by row; without a lock, since Stop waits
	workers := jobs.NewWorkers(t.Context(), newLink(t, opt), map[string]jobs.Handler{"row": func(ctx context.Context, row int64) error {
		began <- row
		<-ctx.Done()
		for range 50 { // it takes a while to write that down
			if _, err := queue.Figures(); err != nil {
				return err
			}
		}
		ended[row] = ctx.Err()
		return nil
	}}, slog.New(slog.DiscardHandler), jobs.Sizes{Shutdown: 3 * time.Second})
	if err := workers.Start(); err != nil {
		t.Fatal(err)
	}
	for row, lane := range map[int64]jobs.Lane{1: jobs.Background, 2: jobs.Interactive} {
		if err := queue.Enqueue(t.Context(), jobs.Task{Kind: "row", Row: row, Seq: 1, Lane: lane}); err != nil {
			t.Fatal(err)
		}
	}
	<-began
	<-began
	workers.Stop()
	if !errors.Is(ended[1], context.Canceled) || !errors.Is(ended[2], context.Canceled) {
		t.Errorf("when Stop returned the run had ended with %v and the order with %v; want both cancelled", ended[1], ended[2])
	}
	figures, err := queue.Figures()
	if err != nil || figures[0].Waiting != 1 || figures[1].Waiting+figures[1].Running+figures[1].Later != 0 {
		t.Errorf("Figures = %+v, %v; want the order's task back, the run's done", figures, err)
	}
}

func TestATaskOfAnotherVersionIsLeftAlone(t *testing.T) {
	t.Parallel()
	opt := redisOpt(t, localredis.StartReal(t).URL())
	queue, client := newQueue(t, opt), asynq.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	if _, err := client.EnqueueContext(t.Context(), asynq.NewTask("row", []byte(`{"v":9,"row":1}`)), asynq.Queue("keybridge_interactive")); err != nil {
		t.Fatal(err)
	}
	handled := make(chan int64, 2)
	workers := jobs.NewWorkers(t.Context(), newLink(t, opt), map[string]jobs.Handler{"row": func(_ context.Context, row int64) error {
		handled <- row
		return nil
	}}, slog.New(slog.DiscardHandler), jobs.Sizes{Interactive: 1})
	if err := workers.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Stop)
	if err := queue.Enqueue(t.Context(), jobs.Task{Kind: "row", Row: 2, Seq: 1, Lane: jobs.Interactive}); err != nil {
		t.Fatal(err)
	}
	if row := <-handled; row != 2 { // the one worker took the older task first
		t.Errorf("row %d of a payload nobody here knows was handled", row)
	}
	if figures, err := queue.Figures(); err != nil || figures[0].Dead != 0 {
		t.Errorf("Figures = %+v, %v; want none dead", figures, err)
	}
}

func TestInlineRunsEachTaskOnceAndInOrder(t *testing.T) {
	t.Parallel()
	var ran []int64
	q := &jobs.Inline{Handlers: map[string]jobs.Handler{"row": func(_ context.Context, row int64) error {
		ran = append(ran, row)
		return nil
	}}}
	for _, row := range []int64{3, 1, 3} {
		if err := q.Enqueue(t.Context(), jobs.Task{Kind: "row", Row: row, Seq: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := q.Run(t.Context()); n != 2 || err != nil || !slices.Equal(ran, []int64{3, 1}) {
		t.Errorf("ran %v, %d, %v", ran, n, err)
	}
	if err := q.Enqueue(t.Context(), jobs.Task{Kind: "other"}); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Run(t.Context()); err == nil {
		t.Error("a kind without a handler is no error")
	}
}
