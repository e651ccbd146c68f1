package localredis

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

func TestEmbeddedServerAnswersAndAsksForItsPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	client := connect(t, s.URL())
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	options, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	options.Password = ""
	stranger := redis.NewClient(options)
	if err := stranger.Get(t.Context(), "k").Err(); err == nil || errors.Is(err, redis.Nil) {
		t.Errorf("a client without the password got %v", err)
	}
	if err := stranger.Close(); err != nil {
		t.Error(err)
	}
	if _, err := asynq.ParseRedisURI(s.URL()); err != nil {
		t.Errorf("asynq does not take the URL: %v", err)
	}
}

func TestKeysExpireInRealTime(t *testing.T) {
	t.Parallel()
	s := start(t)
	client := connect(t, s.URL())
	if err := client.Set(t.Context(), "lock", "held", 50*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	deadline, tick := time.After(time.Minute), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !errors.Is(client.Get(t.Context(), "lock").Err(), redis.Nil) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the key outlived its time by a minute: nobody moves the server's clock")
		}
	}
}

func TestInTestsTheTestMovesTime(t *testing.T) {
	t.Parallel()
	s := New(t)
	client := connect(t, s.URL())
	if err := client.Set(t.Context(), "lock", "held", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	s.FastForward(59 * time.Second)
	if err := client.Get(t.Context(), "lock").Err(); err != nil {
		t.Errorf("a second early the key answers %v", err)
	}
	s.FastForward(time.Second)
	if err := client.Get(t.Context(), "lock").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("on time the key answers %v", err)
	}
}

func TestRedisURLWins(t *testing.T) {
	t.Parallel()
	const theirs = "redis://127.0.0.1:1/3"
	s, err := Start(Config{Getenv: func(string) string { return theirs }})
	if err != nil {
		t.Fatal(err)
	}
	s.FastForward(time.Hour)
	s.Stop()
	if s.URL() != theirs || !s.External() {
		t.Errorf("URL = %q, external %t", s.URL(), s.External())
	}
}

func TestRealServerForgetsAllOnRestart(t *testing.T) {
	t.Parallel()
	r := StartReal(t)
	client := connect(t, r.URL())
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	r.Stop(t)
	if err := client.Get(t.Context(), "k").Err(); err == nil || errors.Is(err, redis.Nil) {
		t.Errorf("a stopped server answered %v", err)
	}
	r.Start(t)
	if err := client.Get(t.Context(), "k").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("after the restart the key answers %v, want it gone", err)
	}
}

func TestMissingRedisTellsWhatToType(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	if err := os.WriteFile(bin+"/apt-get", nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := missingText(bin); !strings.Contains(got, "install redis") {
		t.Errorf("the message is %q", got)
	}
}

func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start(Config{Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func connect(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}
