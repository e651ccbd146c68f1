package keycrmtest

import "sync"

// keptRequests is how many lines of the log are kept; RequestCount counts all.
const keptRequests = 3000

type requestLog struct {
	mu    sync.Mutex
	rows  []Request
	count int
}

func newRequestLog() *requestLog { return &requestLog{} }

func (l *requestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if l.rows = append(l.rows, r); len(l.rows) > 2*keptRequests {
		l.rows = append([]Request(nil), l.rows[len(l.rows)-keptRequests:]...)
	}
}

func (l *requestLog) all() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Request(nil), l.rows[max(0, len(l.rows)-keptRequests):]...)
}

func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows, l.count = nil, 0
}
