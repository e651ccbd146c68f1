package keycrm_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keybridge/keybridge/keycrm"
)

const testKey = "the-secret-api-key-1234"

func dial(t *testing.T, base string, opts ...keycrm.Option) *keycrm.Client {
	t.Helper()
	c, err := keycrm.New(base, testKey, opts...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return c
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func sentinels() map[string]error {
	return map[string]error{
		"unauthorised": keycrm.ErrUnauthorised, "feature off": keycrm.ErrFeatureOff, "not found": keycrm.ErrNotFound,
		"refused": keycrm.ErrRefused, "taken": keycrm.ErrTaken, "limited": keycrm.ErrLimited,
		"unavailable": keycrm.ErrUnavailable, "unknown outcome": keycrm.ErrUnknownOutcome,
	}
}

// checkKind wants err to match exactly the one named sentinel.
func checkKind(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s: no error, want %q", what, want)
	}
	for name, s := range sentinels() {
		if got := errors.Is(err, s); got != (name == want) {
			t.Errorf("%s: errors.Is(%v, %q) = %v, want only %q to match", what, err, name, got, want)
		}
	}
	if strings.Contains(err.Error(), testKey) {
		t.Errorf("%s: the error shows the key: %v", what, err)
	}
}

func TestAnswersSayWhatTheCallerCanDo(t *testing.T) {
	t.Parallel()
	const html = "<html><body>Bad gateway</body></html>"
	cases := []struct {
		name        string
		status      int
		body        string
		read, write string // sentinel for a GET and for a POST
	}{
		{"a wrong key", 401, `{"message":"Unauthenticated."}`, "unauthorised", "unauthorised"},
		{"pipelines off on a read", 400, `{"message":"Leads are not enabled"}`, "feature off", "feature off"},
		{"pipelines off on a write", 403, `{"message":"Forbidden"}`, "feature off", "feature off"},
		{"a plan without the feature", 402, `{"message":"Payment required"}`, "feature off", "feature off"},
		{"an unknown filter", 400, `{"message":"Requested filter(s) are not allowed."}`, "refused", "refused"},
		{"a deleted object", 404, `{"message":"Not found"}`, "not found", "not found"},
		{"a 404 page of another server", 404, html, "unavailable", "unavailable"},
		{"a block page of a proxy", 403, html, "unavailable", "unavailable"},
		{"an absent method", 405, `{"message":"no"}`, "refused", "refused"},
		{"a bad field", 422, `{"message":"x","errors":{"products.0.price":["must be a number"]}}`, "refused", "refused"},
		{"a used source uuid", 422, `{"message":"x","errors":{"source_uuid":["The source uuid has already been taken."]}}`, "taken", "taken"},
		{"another fault of the source uuid", 422, `{"message":"x","errors":{"source_uuid":["The source uuid must be a string."]}}`, "refused", "refused"},
		{"errors of another shape", 422, `{"message":["a"],"errors":{"a":"text","b":null,"c":{"x":"y"}}}`, "refused", "refused"},
		{"too many requests", 429, `{"message":"Too Many Attempts."}`, "limited", "limited"},
		{"an outage page", 502, html, "unavailable", "unknown outcome"},
		{"an outage in JSON", 500, `{"message":"Server Error"}`, "unavailable", "unknown outcome"},
		{"a redirect", 302, ``, "unavailable", "unavailable"},
		{"a 200 that is no JSON", 200, html, "unavailable", "unknown outcome"},
		{"a 200 without what was asked for", 200, `{}`, "unavailable", "unknown outcome"},
		{"a 200 with a torn body", 200, `{"id": 7, "na`, "unavailable", "unknown outcome"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			_, _, err := c.Orders.List(t.Context(), keycrm.OrderQuery{})
			checkKind(t, "GET", err, tc.read)
			_, err = c.Orders.Create(t.Context(), keycrm.OrderCreate{SourceID: 1})
			checkKind(t, "POST", err, tc.write)
		})
	}
}

func TestRefusalNamesTheFields(t *testing.T) {
	t.Parallel()
	c := dial(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"message":"Bad `+testKey+`","errors":{"tags.0":["one","two"],"a":"three"}}`)
	}))
	_, err := c.Orders.Create(t.Context(), keycrm.OrderCreate{})
	var e *keycrm.APIError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an APIError", err)
	}
	if got := strings.Join(e.Fields["tags.0"], "|"); got != "one|two" {
		t.Errorf("tags.0: got %q", got)
	}
	if want := "POST order: status 422: Bad [key]; a: three; tags.0: one two"; err.Error() != want {
		t.Errorf("text: got %q, want %q", err, want)
	}
}

func TestRetryAfterIsRead(t *testing.T) {
	t.Parallel()
	cases := []struct {
		header string
		want   time.Duration
	}{{"17", 17 * time.Second}, {"", 0}, {"-5", 0}, {"soon", 0}, {"999999999", time.Hour}}
	for _, tc := range cases {
		c := dial(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", tc.header)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		_, err := c.Buyers.Get(t.Context(), 1)
		var e *keycrm.APIError
		if !errors.As(err, &e) || e.RetryAfter != tc.want {
			t.Errorf("Retry-After %q: got %+v, want %s", tc.header, e, tc.want)
		}
	}
}

func TestNothingListeningIsDefinitelyNotSent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = dial(t, base).Orders.Create(t.Context(), keycrm.OrderCreate{})
	checkKind(t, "connection refused", err, "unavailable")
	noDNS := keycrm.WithTransport(&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "openapi.keycrm.app", IsNotFound: true}
	}})
	_, err = dial(t, "https://openapi.keycrm.app/v1", noDNS).Orders.Create(t.Context(), keycrm.OrderCreate{})
	checkKind(t, "no such host", err, "unavailable")
}

func TestCutWriteHasAnUnknownOutcomeAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"data":[]}`)
			return
		}
		posts.Add(1)
		panic(http.ErrAbortHandler)
	})
	c := dial(t, base)
	if _, _, err := c.Orders.List(t.Context(), keycrm.OrderQuery{}); err != nil { // leaves a kept connection behind
		t.Fatal(err)
	}
	_, err := c.Orders.Create(t.Context(), keycrm.OrderCreate{})
	checkKind(t, "POST with a body", err, "unknown outcome")
	err = c.Orders.AddTag(t.Context(), 1, 2)
	checkKind(t, "POST without a body", err, "unknown outcome")
	if posts.Load() != 2 {
		t.Errorf("the server saw %d POSTs, want 2", posts.Load())
	}
}

func TestLostRefusalMayHaveBeenATaken(t *testing.T) {
	t.Parallel()
	c := dial(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		w.WriteHeader(http.StatusUnprocessableEntity)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	_, err := c.Orders.Create(t.Context(), keycrm.OrderCreate{})
	checkKind(t, "cut 422", err, "unknown outcome")
}

func TestRedirectDoesNotCarryTheKeyAway(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	other := serve(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	c := dial(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other, http.StatusTemporaryRedirect)
	}), keycrm.WithHTTPClient(&http.Client{}))
	_, _, err := c.Products.List(t.Context(), keycrm.ProductQuery{})
	checkKind(t, "redirect", err, "unavailable")
	if reached.Load() {
		t.Error("the redirect was followed")
	}
}

func TestLongAnswerIsRefused(t *testing.T) {
	t.Parallel()
	c := dial(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data":[],"x":"`+strings.Repeat("a", 5000)+`"}`)
	}), keycrm.WithMaxBody(1000))
	_, _, err := c.Products.List(t.Context(), keycrm.ProductQuery{})
	checkKind(t, "long answer", err, "unavailable")
}

// promptly fails when f takes longer than 100 ms on the clock of its bubble, which passes only while
// everything in it waits: however busy the machine is, time goes by for those alone who let it.
func promptly(t *testing.T, what string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d > 100*time.Millisecond {
		t.Errorf("%s took %s, want at most 100ms", what, d)
	}
}

// serveInMemory serves one connection, over a pipe of this process.
func serveInMemory(t *testing.T, h http.HandlerFunc) *http.Transport {
	t.Helper()
	here, there := net.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = (&http.Server{Handler: h}).Serve(&oneConn{conn: there}) // ends with io.EOF
	}()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return here, nil }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = here.Close()
		<-served
	})
	return transport
}

// oneConn is a listener to whom one connection comes.
type oneConn struct {
	net.Listener
	conn net.Conn
}

func (l *oneConn) Accept() (net.Conn, error) {
	c := l.conn
	l.conn = nil
	if c == nil {
		return nil, io.EOF
	}
	return c, nil
}

func (l *oneConn) Close() error { return nil }

func TestCancellationAnswersAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("while the budget hook ignores the context", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			block := make(chan struct{})
			defer close(block)
			asked := make(chan struct{})
			c := dial(t, "http://127.0.0.1:1", keycrm.WithBudget(func(context.Context, keycrm.Request) error {
				close(asked)
				<-block
				return nil
			}))
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error)
			go func() {
				_, err := c.Orders.Create(ctx, keycrm.OrderCreate{})
				failed <- err
			}()
			<-asked
			promptly(t, "cancel", func() {
				cancel()
				err := <-failed
				checkKind(t, "cancelled wait", err, "unavailable")
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want context.Canceled in it", err)
				}
			})
		})
	})
	t.Run("while the answer is awaited", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			arrived := make(chan struct{}, 1)
			c := dial(t, "http://127.0.0.1:1", keycrm.WithTransport(serveInMemory(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				arrived <- struct{}{}
				<-r.Context().Done()
			})))
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error)
			go func() {
				_, err := c.Orders.Create(ctx, keycrm.OrderCreate{})
				failed <- err
			}()
			<-arrived
			promptly(t, "cancel", func() {
				cancel()
				checkKind(t, "cancelled write", <-failed, "unknown outcome")
			})
		})
	})
}

func TestBudgetRefusalSendsNothing(t *testing.T) {
	t.Parallel()
	noSlot := errors.New("no slot")
	var sent atomic.Int32
	base := serve(t, func(http.ResponseWriter, *http.Request) { sent.Add(1) })
	var asked keycrm.Request
	c := dial(t, base, keycrm.WithBudget(func(_ context.Context, r keycrm.Request) error {
		asked = r
		return noSlot
	}))
	_, err := c.Orders.AddPayment(t.Context(), 12, keycrm.PaymentCreate{})
	checkKind(t, "refused budget", err, "unavailable")
	if !errors.Is(err, noSlot) || sent.Load() != 0 {
		t.Errorf("got %v after %d requests, want the hook's error and none sent", err, sent.Load())
	}
	if want := (keycrm.Request{Name: "orders.add_payment", Method: "POST", Path: "order/12/payment"}); asked != want {
		t.Errorf("the hook saw %+v, want %+v", asked, want)
	}
}

func TestPanickingBudgetIsAnError(t *testing.T) {
	t.Parallel()
	c := dial(t, "http://127.0.0.1:1", keycrm.WithBudget(func(context.Context, keycrm.Request) error { panic("bug") }))
	_, _, err := c.Orders.List(t.Context(), keycrm.OrderQuery{})
	checkKind(t, "panic", err, "unavailable")
}

func TestObserverSeesEveryCall(t *testing.T) {
	t.Parallel()
	var calls []keycrm.Call
	c := dial(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(http.StatusTooManyRequests)
	}), keycrm.WithObserver(func(call keycrm.Call) { calls = append(calls, call) }))
	_, _, err := c.Orders.List(t.Context(), keycrm.OrderQuery{BuyerPhones: []string{"+380000000001"}})
	checkKind(t, "limited", err, "limited")
	if len(calls) != 1 {
		t.Fatalf("observed %d calls, want 1", len(calls))
	}
	got := calls[0]
	if got.Name != "orders.list" || got.Path != "order" || got.Status != 429 || got.RetryAfter != 9*time.Second || got.Err == nil {
		t.Errorf("observed %+v", got)
	}
}
