package contain_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/contain"
)

func TestDoAnswersAPanicAsAnError(t *testing.T) {
	t.Parallel()
	own := errors.New("own")
	if err := contain.Do(func() error { return own }); !errors.Is(err, own) {
		t.Errorf("Do = %v, want the function's own error", err)
	}
	if err := contain.Do(func() error { return nil }); err != nil {
		t.Errorf("Do = %v, want nil", err)
	}
	err := contain.Do(func() error { panic("boom") })
	var p *contain.Panic
	if !errors.As(err, &p) || p.Value != "boom" || !strings.Contains(string(p.Stack), "contain_test.go") {
		t.Errorf("Do = %#v, want the panic with the stack of this file", err)
	}
}

func TestLogTellsPanicsAlone(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	if contain.Log(log, errors.New("own"), "work panicked") || contain.Log(log, nil, "work panicked") || out.Len() > 0 {
		t.Errorf("what is no panic was told as one: %s", out.String())
	}
	err := contain.Do(func() error { panic("boom") })
	if !contain.Log(log, err, "work panicked", "row", 7) {
		t.Error("Log does not see the panic")
	}
	for _, part := range []string{"level=ERROR", `msg="work panicked"`, "row=7", "panic=boom", "contain_test.go"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the line lacks %q: %s", part, out.String())
		}
	}
}

func TestHandlerAnswersForOneThatPanics(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		h    http.HandlerFunc
		want int
		body string
	}{
		{"one that works", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }, 200, "fine"},
		{"one that panics at once", func(http.ResponseWriter, *http.Request) { panic("boom") }, 500, "Internal Server Error\n"},
		{"one that has begun to answer", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			panic("boom")
		}, 202, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := httptest.NewRecorder()
			contain.Handler(tt.h, slog.New(slog.DiscardHandler)).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
			if rec.Code != tt.want || rec.Body.String() != tt.body {
				t.Errorf("answer = %d %q, want %d %q", rec.Code, rec.Body, tt.want, tt.body)
			}
		})
	}
}

func TestHandlerLetsAnAbortThrough(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // a sentinel by identity
			t.Errorf("panicked with %v, want http.ErrAbortHandler", p)
		}
	}()
	abort := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	contain.Handler(abort, slog.New(slog.DiscardHandler)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
}
