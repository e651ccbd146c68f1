package crmsim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
)

// errCut is what a Transport returns where a real connection would have been cut.
var errCut = errors.New("the connection was cut")

// Transport carries requests to h without a socket, whatever host they name. It reports to httptrace as net/http does,
// ends at once when the request's context ends, and turns a cut connection into an error.
func Transport(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ h http.Handler }

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
			res = result{err: fmt.Errorf("the simulated CRM panicked: %v", p)}
			return
		}
		res = result{err: errCut}
		if w.flushed {
			res = result{response: w.response(io.MultiReader(&w.body, failingReader{}))} //nolint:bodyclose // the caller of RoundTrip closes it
		}
	}()
	t.h.ServeHTTP(w, r)
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
