package keycrmtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"time"
)

// maxBody is above what a file may have, so that a file that is too large is answered as such.
const maxBody = 11 << 20

// ServeHTTP serves the API under /v1/, pictures under /pictures/ and pages for people elsewhere.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	s.handleAPI(mux)
	s.handlePictures(mux)
	s.handlePages(mux)
	return mux
}

// api wraps a handler with everything each API request goes through: faults, the key, the minute's limit, the log.
func (s *Server) api(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		if err != nil {
			panic(http.ErrAbortHandler) // the sender is gone
		}
		entry := Request{
			At: s.now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Body: body,
			Key: lastFour(bearer(r)),
		}
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			entry.Status, entry.Answer, entry.Duration = rec.status, bytes.Clone(rec.body.Bytes()), time.Since(start)
			s.log.add(entry)
			s.runAfter(entry)
			if p := recover(); p != nil {
				panic(p)
			}
		}()
		s.serveAPI(rec, r, h, body)
	})
}

func (s *Server) serveAPI(w *recorder, r *http.Request, h handler, body []byte) {
	fault := s.faults.take(r.Method, r.URL.Path)
	if fault.before(w, r) {
		return
	}
	if refusal := s.admit(w, r); refusal != nil {
		write(w, refusal)
		return
	}
	if len(body) > maxBody {
		write(w, message(http.StatusRequestEntityTooLarge, "The POST data is too large."))
		return
	}
	var a *answer
	s.locked(func() {
		c := &call{r: r, q: r.URL.Query(), note: func(what string) { s.note(r, what) }}
		s.readInput(c, body)
		c.noteQuery()
		a = h(c)
	})
	fault.after(w, r, a)
	if fault != nil && fault.Kind == FaultMovingRows {
		s.addSurprise()
	}
}

// noteQuery tells strict mode of members that no list knows; KeyCRM ignores them.
func (c *call) noteQuery() {
	for name := range c.q {
		if !strings.HasPrefix(name, "filter[") && !contains([]string{"page", "limit", "include", "sort"}, name) {
			c.note("?" + name)
		}
	}
}

// addSurprise adds a product that nobody expects in the middle of a walk through the catalog.
func (s *Server) addSurprise() {
	name := fmt.Sprintf("Новинка %d", s.RequestCount()+1)
	s.AddProduct(NewProduct{
		Product: Product{Name: name},
		Offers:  []Offer{{SKU: fmt.Sprintf("NEW-%d", s.RequestCount()+1), Price: hundred}},
	})
}

// admit checks the key and the minute's limit.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) *answer {
	key := bearer(r)
	if !contains(s.cfg.keys, key) {
		return message(http.StatusUnauthorized, "Unauthenticated.")
	}
	ok, left, wait := s.limiter.take(key, s.now())
	if s.cfg.limit > 0 {
		w.Header().Set("X-RateLimit-Limit", strconv.Itoa(s.cfg.limit))
		w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(left))
	}
	if ok {
		return nil
	}
	seconds := int((wait + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(s.now().Add(wait).Unix(), 10))
	return message(http.StatusTooManyRequests, "Too Many Attempts.")
}

func bearer(r *http.Request) string {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return strings.TrimSpace(key)
}

func lastFour(key string) string {
	if len(key) < 8 {
		return ""
	}
	return "…" + key[len(key)-4:]
}

// keptAnswer is how much of an answer the log keeps: thousands of whole pages would fill the memory.
const keptAnswer = 4096

// recorder keeps what was answered for the log.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(b[:min(len(b), keptAnswer-min(r.body.Len(), keptAnswer))])
	return r.ResponseWriter.Write(b)
}

// Flush lets a cut answer leave before the cut.
func (r *recorder) Flush() {
	if f, ok := r.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// errCut is what Transport returns where a real connection would have been cut.
var errCut = errors.New("the connection was cut")

// Transport carries requests to the simulator without a socket, whatever host they name. It reports to httptrace as
// net/http does, ends at once when the request's context ends, and turns a cut connection into an error.
func (s *Server) Transport() http.RoundTripper { return inProcess{s} }

type inProcess struct{ s *Server }

// RoundTrip serves the request in process.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(ctx); trace != nil {
		if trace.GetConn != nil {
			trace.GetConn(r.URL.Host)
		}
		if trace.GotConn != nil {
			trace.GotConn(httptrace.GotConnInfo{})
		}
	}
	in := r.Clone(ctx)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.Host, in.RemoteAddr, in.RequestURI = r.URL.Host, "127.0.0.1:1", r.URL.RequestURI()
	done := make(chan result, 1)
	go func() { done <- t.serve(in) }()
	select {
	case res := <-done:
		if res.err != nil {
			return nil, res.err
		}
		res.response.Request = r
		return res.response, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type result struct {
	response *http.Response
	err      error
}

func (t inProcess) serve(r *http.Request) (res result) {
	w := &memoryWriter{header: http.Header{}}
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			res = result{err: fmt.Errorf("keycrmtest panicked: %v", p)}
			return
		}
		res = result{err: errCut}
		if w.flushed {
			res = result{response: w.response(io.MultiReader(&w.body, failingReader{}))} //nolint:bodyclose // the caller of RoundTrip closes it
		}
	}()
	t.s.ServeHTTP(w, r)
	if r.Method == http.MethodHead {
		w.body.Reset()
	}
	return result{response: w.response(&w.body)} //nolint:bodyclose // the caller of RoundTrip closes it
}

// memoryWriter is a ResponseWriter in memory.
type memoryWriter struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	flushed bool
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *memoryWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush marks that the header has left.
func (w *memoryWriter) Flush() { w.flushed = true }

func (w *memoryWriter) response(body io.Reader) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(body), ContentLength: -1,
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
