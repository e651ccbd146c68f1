package crmsim_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/crmsim"
)

func TestLimiterCountsAMinuteOfEachKey(t *testing.T) {
	t.Parallel()
	l, now := crmsim.NewLimiter(2), time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	for i, c := range []struct {
		key   string
		after time.Duration
		ok    bool
		wait  time.Duration
	}{
		{"a", 0, true, 0},
		{"a", 10 * time.Second, true, 0},
		{"a", 20 * time.Second, false, 40 * time.Second},
		{"b", 20 * time.Second, true, 0},
		{"a", 60 * time.Second, true, 0}, // a refused one did not count
		{"a", 61 * time.Second, false, 9 * time.Second},
	} {
		if ok, _, wait := l.Take(c.key, now.Add(c.after)); ok != c.ok || wait != c.wait {
			t.Errorf("request %d of %s after %s: got %v, wait %s; want %v, %s", i, c.key, c.after, ok, wait, c.ok, c.wait)
		}
	}
	l.Reset()
	if used := l.Used("a", now); used != 0 {
		t.Errorf("%d requests are used after the reset", used)
	}
}

// answers is an API that always says the same.
type answers struct{ traffic *crmsim.Traffic }

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.traffic.Serve(w, r, time.Time{}, "a-key-of-some-length", 1<<10, func(w *crmsim.Recorder, _ []byte) {
		fault := a.traffic.Faults.Take(r.Method, r.URL.Path)
		if !fault.Before(w, r, &crmsim.Answer{Status: http.StatusTooManyRequests}) {
			fault.After(w, r, &crmsim.Answer{Status: http.StatusOK, Body: []int{1, 2, 3}})
		}
	})
}

func TestFaultsHitInTheirOrder(t *testing.T) {
	t.Parallel()
	traffic := &crmsim.Traffic{Limiter: crmsim.NewLimiter(0)}
	ask := func() string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://crm.test/v1/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := crmsim.Transport(answers{traffic}).RoundTrip(req)
		if err != nil {
			return err.Error()
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			body = append(body, "…"...)
		}
		return res.Status + " " + string(body) + res.Header.Get("Retry-After")
	}
	for _, f := range []crmsim.Fault{
		{Kind: crmsim.FaultCutAfter, Path: "/v2"},
		{Kind: crmsim.FaultCutAfter, Method: http.MethodGet, Skip: 1, Times: 1},
		{Kind: crmsim.FaultLimited, Times: 1, RetryAfter: 7 * time.Second},
		{Kind: crmsim.FaultCutBody, Times: 1},
	} {
		traffic.Faults.Add(f)
	}
	want := []string{"429 Too Many Requests 7", "the connection was cut", "200 OK [1,…", "200 OK [1,2,3]"}
	for i, w := range want {
		if got := ask(); got != w {
			t.Errorf("answer %d is %q, want %q", i, got, w)
		}
	}
	var statuses []int
	for _, r := range traffic.Log.All() {
		statuses = append(statuses, r.Status)
	}
	if !slices.Equal(statuses, []int{429, 0, 200, 200}) || traffic.Log.Count() != 4 || traffic.Log.All()[0].Key != "…ngth" {
		t.Errorf("the log has %v", statuses)
	}
}
