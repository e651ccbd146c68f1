package crmsim

import (
	"sync"
	"time"
)

// Request is a line of the request log.
type Request struct {
	At       time.Time
	Method   string
	Path     string
	Query    string
	Key      string // the API key's last four characters
	Body     []byte
	Status   int
	Answer   []byte // its first 4 kB; empty when the connection was cut before an answer
	Duration time.Duration
}

// LastFour shows enough of an API key to tell it from others: "…" and its end. A key that is too short for that is hidden.
func LastFour(key string) string {
	if len(key) < 8 {
		return ""
	}
	return "…" + key[len(key)-4:]
}

// keptRequests is how many lines of the log are kept; Count counts all.
const keptRequests = 3000

// RequestLog keeps the last requests. The zero value is empty and ready; it is safe for concurrent use.
type RequestLog struct {
	mu    sync.Mutex
	rows  []Request
	count int
}

func (l *RequestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if l.rows = append(l.rows, r); len(l.rows) > 2*keptRequests {
		l.rows = append([]Request(nil), l.rows[len(l.rows)-keptRequests:]...)
	}
}

// All returns the requests so far, oldest first, the last 3000 at most.
func (l *RequestLog) All() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Request(nil), l.rows[max(0, len(l.rows)-keptRequests):]...)
}

// Count is how many requests came since the start or the last Reset.
func (l *RequestLog) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// Reset forgets all requests.
func (l *RequestLog) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows, l.count = nil, 0
}
