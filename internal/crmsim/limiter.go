package crmsim

import (
	"sync"
	"time"
)

// Limiter lets each key send so many requests in any 60 seconds. It is safe for concurrent use.
type Limiter struct {
	mu    sync.Mutex
	limit int
	sent  map[string][]time.Time
}

// NewLimiter limits to so many requests a minute; 0 is no limit.
func NewLimiter(limit int) *Limiter { return &Limiter{limit: limit, sent: map[string][]time.Time{}} }

// Limit is how many requests a minute a key may send; 0 is no limit.
func (l *Limiter) Limit() int { return l.limit }

// Take counts a request; refused ones do not count. wait is the time until the next one is let through.
func (l *Limiter) Take(key string, now time.Time) (ok bool, left int, wait time.Duration) {
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

// Used is how many of the minute's requests a key has sent.
func (l *Limiter) Used(key string, now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.recent(key, now))
}

func (l *Limiter) recent(key string, now time.Time) []time.Time {
	rows := l.sent[key]
	for len(rows) > 0 && !rows[0].After(now.Add(-time.Minute)) {
		rows = rows[1:]
	}
	l.sent[key] = rows
	return rows
}

// Reset forgets the requests of all keys.
func (l *Limiter) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.sent)
}
