package keycrm_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
)

type served struct{}

// TestWriteNeverGoesOverAKeptConnection: a server that drops kept connections with whatever comes over them would make
// the outcome of a write unknown for nothing. Reads share connections and survive that, since net/http repeats them.
func TestWriteNeverGoesOverAKeptConnection(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before, _ := r.Context().Value(served{}).(*atomic.Int32)
		if r.Method == http.MethodGet {
			before.Add(1)
			_, _ = io.WriteString(w, `{"data":[]}`)
			return
		}
		posts.Add(1)
		if before.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"id":7}`)
	}))
	s.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, served{}, new(atomic.Int32))
	}
	s.Start()
	t.Cleanup(s.Close)
	//nolint:paralleltest // one server counts the posts of each
	for name, c := range map[string]*keycrm.Client{
		"its own transport": dial(t, s.URL), "a transport of the caller's": dial(t, s.URL, keycrm.WithTransport(&http.Transport{})),
		"the caller's client": dial(t, s.URL, keycrm.WithHTTPClient(&http.Client{Transport: &http.Transport{}})),
	} {
		t.Run(name, func(t *testing.T) {
			posts.Store(0)
			for range 5 {
				if _, _, err := c.Orders.List(t.Context(), keycrm.OrderQuery{}); err != nil {
					t.Fatalf("%v", err)
				}
				if _, err := c.Orders.Create(t.Context(), keycrm.OrderCreate{}); err != nil {
					t.Errorf("%v", err)
				}
			}
			if posts.Load() != 5 {
				t.Errorf("the server saw %d POSTs, want 5", posts.Load())
			}
		})
	}
}

// TestHTTP2WriteIsNotRepeated cuts a stream of HTTP/2 after the request was read.
func TestHTTP2WriteIsNotRepeated(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("spoke %s", r.Proto)
		}
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"data":[]}`)
			return
		}
		posts.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	c := dial(t, s.URL, keycrm.WithHTTPClient(s.Client()))
	if _, _, err := c.Orders.List(t.Context(), keycrm.OrderQuery{}); err != nil {
		t.Fatal(err)
	}
	_, err := c.Orders.Create(t.Context(), keycrm.OrderCreate{})
	checkKind(t, "a cut stream", err, "unknown outcome")
	if err := c.Orders.AddTag(t.Context(), 1, 2); !errors.Is(err, keycrm.ErrUnknownOutcome) {
		t.Errorf("without a body: %v", err)
	}
	if posts.Load() != 2 {
		t.Errorf("the server saw %d POSTs, want 2", posts.Load())
	}
}

// TestCancellationEndsASlowBody cancels while the answer drips.
func TestCancellationEndsASlowBody(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	c := dial(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"data":[`)
		w.(http.Flusher).Flush()
		close(begun)
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, _, err := c.Orders.List(ctx, keycrm.OrderQuery{})
		failed <- err
	}()
	<-begun
	promptly(t, "cancel", func() {
		cancel()
		err := <-failed
		checkKind(t, "cancelled read", err, "unavailable")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled in it", err)
		}
	})
}
