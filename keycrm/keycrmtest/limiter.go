package keycrmtest

import (
	"sync"
	"time"
)

// limiter lets each key send so many requests in any 60 seconds.
type limiter struct {
	mu    sync.Mutex
	limit int
	sent  map[string][]time.Time
}

func newLimiter(limit int) *limiter { return &limiter{limit: limit, sent: map[string][]time.Time{}} }

// take counts a request; refused ones do not count. wait is the time until the next one is let through.
func (l *limiter) take(key string, now time.Time) (ok bool, left int, wait time.Duration) {
	if l.limit <= 0 {
		return true, 0, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	recent := l.recent(key, now)
	if len(recent) >= l.limit {
		return false, 0, max(recent[len(recent)-l.limit].Add(time.Minute).Sub(now), time.Second)
	}
	l.sent[key] = append(recent, now)
	return true, l.limit - len(recent) - 1, 0
}

// used is how many of the minute's requests a key has sent.
func (l *limiter) used(key string, now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.recent(key, now))
}

func (l *limiter) recent(key string, now time.Time) []time.Time {
	rows := l.sent[key]
	for len(rows) > 0 && !rows[0].After(now.Add(-time.Minute)) {
		rows = rows[1:]
	}
	l.sent[key] = rows
	return rows
}

func (l *limiter) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.sent)
}
