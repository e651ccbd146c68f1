package budget

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/localredis"
)

// TestProcessesShareOneLimitInARealRedis lets many ask at once, in real time.
func TestProcessesShareOneLimitInARealRedis(t *testing.T) {
	t.Parallel()
	const limit = 20
	srv := localredis.StartReal(t)
	memory := &notes{until: map[Account]time.Time{}}
	var granted [2]atomic.Int32
	var wg sync.WaitGroup
	for range 3 {
		b := New(client(t, srv.URL()), clock.System(), limit, WithMemory(memory))
		for i := range 40 {
			wg.Go(func() {
				account := i % 2
				var later *WaitError
				err := b.WaitAtMost(t.Context(), Account(rune('a'+account)), []Lane{Clicks, Orders, Statuses}[i%3], time.Millisecond)
				if err == nil {
					granted[account].Add(1)
				} else if !errors.As(err, &later) {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	// One process claims that the account is new; before that has been said others may be put off.
	if a, b := granted[0].Load(), granted[1].Load(); a > limit || b > limit || a+b == 0 {
		t.Errorf("granted %d and %d, limit %d", a, b, limit)
	}
}

// TestARestartedRedisGrantsNothingForAMinute restarts one that kept nothing, and one that comes
// back with what it knew a while ago.
func TestARestartedRedisGrantsNothingForAMinute(t *testing.T) {
	t.Parallel()
	for name, snapshot := range map[string]bool{"that kept nothing": false, "that kept an old state": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := localredis.StartReal(t)
			raw := client(t, srv.URL())
			b := New(raw, clock.System(), 10, WithMemory(&notes{until: map[Account]time.Time{}}))
			for i := range 10 {
				if snapshot && i == 5 {
					if err := raw.Save(t.Context()).Err(); err != nil {
						t.Fatal(err)
					}
				}
				if err := b.Wait(t.Context(), "a", Orders); err != nil {
					t.Fatal(err)
				}
			}
			srv.Stop(t)
			srv.Start(t)
			var later *WaitError
			err := b.WaitAtMost(t.Context(), "a", Orders, time.Second)
			if !errors.As(err, &later) || later.After < 59*time.Second {
				t.Errorf("after the restart: %v, want Later in a minute", err)
			}
			u, err := b.Usage(t.Context(), "a")
			if err != nil || (u.Used == 5) != snapshot || u.UnknownUntil.IsZero() {
				t.Errorf("Usage = %+v, %v", u, err)
			}
		})
	}
}

// TestTheScriptsWorkInACluster, which refuses one whose keys lie on different nodes.
func TestTheScriptsWorkInACluster(t *testing.T) {
	t.Parallel()
	srv := localredis.StartCluster(t)
	raw := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{srv.Addr()}, Password: srv.Password()})
	t.Cleanup(func() { _ = raw.Close() })
	b := New(raw, clock.System(), 10, WithColdStart(time.Millisecond))
	for _, digest := range [][]byte{make([]byte, 32), []byte("another account's 32 bytes of it")} {
		a := AccountOf(digest)
		if err := b.Wait(t.Context(), a, Orders); err != nil {
			t.Fatalf("Wait: %v", err)
		}
		if err := b.Pause(t.Context(), a, time.Minute); err != nil {
			t.Fatalf("Pause: %v", err)
		}
		if u, err := b.Usage(t.Context(), a); err != nil || u.Used != 1 || u.PausedUntil.IsZero() {
			t.Errorf("Usage = %+v, %v", u, err)
		}
	}
}
