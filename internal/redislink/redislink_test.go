package redislink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/internal/redislink"
	"github.com/keybridge/keybridge/plugin"
)

// lines is a log that can be counted.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSuffix(l.buf.String(), "\n"), "\n")[:strings.Count(l.buf.String(), "\n")]
}

// library is go-redis's own logger in this test binary, which is the host's in a host.
type library struct{ lines }

func (l *library) Printf(_ context.Context, format string, v ...any) {
	fmt.Fprintf(l, format+"\n", v...)
}

var said = &library{}

func TestMain(m *testing.M) {
	redis.SetLogger(said)
	os.Exit(m.Run())
}

func open(t *testing.T, opt asynq.RedisConnOpt, c plugin.Clock) (*redislink.Link, *lines) {
	t.Helper()
	log := &lines{}
	link, err := redislink.Open(opt, c, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = link.Close() })
	return link, log
}

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = strings.Contains(got[i], want[i])
	}
	if !ok {
		t.Errorf("%s: %d lines, want %d with %q:\n%s", what, len(got), len(want), want, strings.Join(got, "\n"))
	}
}

func TestRedisThatIsAwayIsToldOnceThenOnceAMinuteAndOnceWhenItIsBack(t *testing.T) { //nolint:paralleltest // go-redis has one logger, which is to stay silent
	ctx := t.Context()
	server := localredis.StartReal(t)
	opt, err := asynq.ParseRedisURI(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	link, log := open(t, opt, c)
	// Two clients, as those of asynq's servers, and the shared one.
	other, ok := link.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		t.Fatal("no client")
	}
	defer other.Close()
	ask := func() (errs []error) {
		_, pipe := link.Client().Pipelined(ctx, func(p redis.Pipeliner) error { p.Get(ctx, "a"); return nil })
		return []error{link.Client().Ping(ctx).Err(), other.Ping(ctx).Err(), pipe}
	}
	if errs := ask(); errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], redis.Nil) || link.Away() {
		t.Fatalf("with Redis: %v, away %t", errs, link.Away())
	}
	server.Stop(t)
	for range 2 {
		for _, err := range ask() {
			if err == nil || !strings.Contains(err.Error(), "refused") {
				t.Errorf("without Redis a command answers %v", err)
			}
		}
	}
	if !link.Away() {
		t.Error("Redis is not known to be away")
	}
	c.Advance(time.Minute)
	ask()
	server.Start(t)
	c.Advance(time.Second)
	for link.Away() {
		ask()
	}
	ask()
	wantLines(t, "log", log.all(), "does not answer; nothing is sent until it does\" failures=1 away=0s", "away=1m0s", "answers again\"")
	wantLines(t, "go-redis's logger", said.all())
}

func TestACallerThatLeavesSaysNothingOfRedis(t *testing.T) {
	t.Parallel()
	link, log := open(t, asynq.RedisClientOpt{Addr: "127.0.0.1:1"}, clock.System())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := link.Client().Ping(ctx).Err(); err == nil {
		t.Error("a cancelled ping answered")
	}
	wantLines(t, "log", log.all())
}

func TestAnswersThatAreErrorsAreAnswers(t *testing.T) {
	t.Parallel()
	server := localredis.New(t)
	opt, err := asynq.ParseRedisURI(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	link, log := open(t, opt, clock.System())
	if err := link.Client().EvalSha(t.Context(), strings.Repeat("0", 40), nil).Err(); err == nil || link.Away() {
		t.Errorf("an unknown script: %v, away %t", err, link.Away())
	}
	wrong, log2 := open(t, asynq.RedisClientOpt{Addr: opt.(asynq.RedisClientOpt).Addr}, clock.System())
	if err := wrong.Client().Ping(t.Context()).Err(); err == nil || !wrong.Away() {
		t.Errorf("without the password: %v, away %t", err, wrong.Away())
	}
	wantLines(t, "log", log.all())
	wantLines(t, "log without the password", log2.all(), "does not answer")
}

func TestAClosedLinkSaysNothingOfRedis(t *testing.T) {
	t.Parallel()
	opt, err := asynq.ParseRedisURI(localredis.New(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	link, log := open(t, opt, clock.System())
	for range 2 {
		if err := link.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := link.Client().Ping(t.Context()).Err(); !errors.Is(err, redis.ErrClosed) || link.Away() {
		t.Errorf("after Close: %v, away %t", err, link.Away())
	}
	wantLines(t, "log", log.all())
}

// noClient is an option of some other library.
type noClient struct{}

func (noClient) MakeRedisClient() any { return 1 }

func TestAnOptionThatMakesNoClientIsInvalid(t *testing.T) {
	t.Parallel()
	if _, err := redislink.Open(noClient{}, clock.System(), slog.New(slog.DiscardHandler)); !errors.Is(err, plugin.ErrInvalid) {
		t.Errorf("Open = %v, want ErrInvalid", err)
	}
}
