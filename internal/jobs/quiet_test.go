package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/internal/redislink"
)

// lines is a log whose lines can be awaited.
type lines struct {
	mu   sync.Mutex
	all  []string
	came chan struct{}
}

func newLines() (*lines, *slog.Logger) {
	l := &lines{came: make(chan struct{}, 1000)}
	return l, slog.New(slog.NewTextHandler(l, nil))
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(bytes.TrimSpace(b)))
	l.came <- struct{}{}
	return len(b), nil
}

func (l *lines) with(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.all {
		if strings.Contains(line, words) {
			n++
		}
	}
	return n
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

// sick is a source that fails until it is well.
type sick struct{ well bool }

func (s *sick) Due(context.Context, time.Time, int) ([]jobs.Task, error) {
	if s.well {
		return nil, nil
	}
	return nil, errors.New("no database")
}

func TestTheRelayTellsOfLastingTroubleOnceAMinute(t *testing.T) {
	t.Parallel()
	log, logger := newLines()
	c := clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	source := &sick{}
	relay := jobs.Relay{
		Sources: map[string]jobs.Source{"rows": source}, Queue: &jobs.Inline{}, Clock: c, Log: logger,
		Periodic: []jobs.PeriodicJob{{Name: "scan", Every: time.Second, Do: func(context.Context) error {
			if source.well {
				return nil
			}
			panic("boom")
		}}},
	}
	for range 90 {
		relay.Step(t.Context())
		c.Advance(time.Second)
	}
	source.well = true
	for range 2 {
		relay.Step(t.Context())
		c.Advance(time.Second)
	}
	for words, want := range map[string]int{
		"source=rows failures=1 ": 1, "source=rows failures=61 ": 1, "source=scan failures=1 ": 1, "source=scan failures=61 ": 1,
		"\"relay works again\" source=rows failures=90": 1, "\"relay works again\" source=scan failures=90": 1, "stack=": 2,
	} {
		if got := log.with(words); got != want {
			t.Errorf("%d lines with %q, want %d", got, words, want)
		}
	}
	if got := log.with(""); got != 6 {
		t.Errorf("%d lines in a minute and a half of trouble:\n%s", got, log.text())
	}
}

// fullQueue takes nothing.
type fullQueue struct{ asked int }

func (q *fullQueue) Enqueue(context.Context, jobs.Task) error { return errors.New("no queue") }
func (q *fullQueue) Waiting(context.Context, jobs.Lane) (int, error) {
	q.asked++
	return 0, errors.New("no queue")
}

// TestAQueueThatIsAwayIsAskedOnceAStep: each ask may take long, and the chores wait behind.
func TestAQueueThatIsAwayIsAskedOnceAStep(t *testing.T) {
	t.Parallel()
	log, logger := newLines()
	queue, away := &fullQueue{}, false
	limit := jobs.Limit{Lane: jobs.Interactive, Tasks: 1}
	relay := jobs.Relay{
		Sources: map[string]jobs.Source{"a": &sick{}, "b": &sick{}}, Limits: map[string]jobs.Limit{"a": limit, "b": limit}, Queue: queue,
		Clock: clock.NewFake(time.Unix(0, 0)), Log: logger, Away: func() bool { return away },
	}
	for range 3 {
		relay.Step(t.Context())
	}
	if queue.asked != 3 || log.with("source=queue failures=1 ") != 1 || log.with("") != 1 {
		t.Errorf("asked %d times in 3 steps; log:\n%s", queue.asked, log.text())
	}
	away = true
	relay.Step(t.Context())
	if log.with("") != 1 {
		t.Errorf("what somebody else tells was told:\n%s", log.text())
	}
}

// TestAsynqSaysNothingOfARedisThatIsAway: what there is to say the link says, once.
func TestAsynqSaysNothingOfARedisThatIsAway(t *testing.T) {
	t.Parallel()
	server := localredis.StartReal(t)
	opt, err := asynq.ParseRedisURI(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	log, logger := newLines()
	link, err := redislink.Open(opt, clock.System(), logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = link.Close() })
	workers := jobs.NewWorkers(t.Context(), link, nil, logger, jobs.Sizes{Shutdown: time.Second})
	if err := workers.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Stop)
	server.Stop(t)
	<-log.came
	// Long enough for every part of asynq that asks each second or each five.
	timeout := time.After(7 * time.Second)
	for done := false; !done; {
		select {
		case <-log.came:
		case <-timeout:
			done = true
		}
	}
	if log.with("") != 1 || log.with("redis does not answer") != 1 {
		t.Errorf("without Redis for 7 s:\n%s", log.text())
	}
	server.Start(t)
	<-log.came
	if log.with("redis answers again") != 1 {
		t.Errorf("after Redis came back:\n%s", log.text())
	}
}
