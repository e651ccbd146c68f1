package crmsim

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"
)

// Traffic is what surrounds the API of a simulated CRM: each of its requests passes through Serve. Everything in it is
// safe for concurrent use and needs no lock of the account.
type Traffic struct {
	Faults   Faults
	Limiter  *Limiter
	Log      RequestLog
	Findings Findings

	mu    sync.Mutex
	after func(Request)
}

// OnRequest calls f after every request, without any lock held; nil stops that.
func (t *Traffic) OnRequest(f func(Request)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.after = f
}

// Serve reads the request's body, up to a byte more than maxBody, lets serve answer, and logs both. A panic of serve,
// which cuts the connection, goes on after that. key is the API key of the request.
func (t *Traffic) Serve(w http.ResponseWriter, r *http.Request, now time.Time, key string, maxBody int64, serve func(*Recorder, []byte)) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler) // the sender is gone
	}
	entry := Request{
		At: now, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Body: body, Key: LastFour(key),
	}
	start := time.Now()
	rec := &Recorder{ResponseWriter: w}
	defer func() {
		entry.Status, entry.Answer, entry.Duration = rec.status, bytes.Clone(rec.body.Bytes()), time.Since(start)
		t.Log.add(entry)
		t.runAfter(entry)
	}()
	serve(rec, body)
}

func (t *Traffic) runAfter(r Request) {
	t.mu.Lock()
	f := t.after
	t.mu.Unlock()
	if f != nil {
		f(r)
	}
}

// keptAnswer is how much of an answer the log keeps: thousands of whole pages would fill the memory.
const keptAnswer = 4096

// Recorder keeps what was answered for the log.
type Recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the first status and sends it on.
func (r *Recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *Recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(b[:min(len(b), keptAnswer-min(r.body.Len(), keptAnswer))])
	return r.ResponseWriter.Write(b)
}

// Flush lets a cut answer leave before the cut.
func (r *Recorder) Flush() {
	if f, ok := r.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}
