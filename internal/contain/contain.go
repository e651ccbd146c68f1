// Package contain keeps a panic of ours within the piece of work it happened in: we run inside somebody else's
// process, and a panic that leaves a goroutine ends that.
package contain

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/go-chi/chi/v5/middleware"
)

// Panic is a panic as an error.
type Panic struct {
	Value any    // what was panicked with
	Stack []byte // of the goroutine, from the panic on
}

// Error implements error. It holds no stack: see Log.
func (p *Panic) Error() string { return fmt.Sprintf("panicked: %v", p.Value) }

// Do answers what f does, or *Panic when it panics.
func Do(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	return f()
}

// Log writes a panic to the log, with its stack; what happened and the attributes say where. It reports whether err
// was one.
func Log(log *slog.Logger, err error, what string, attrs ...any) bool {
	var p *Panic
	if !errors.As(err, &p) {
		return false
	}
	log.Error(what, append(attrs, "panic", fmt.Sprint(p.Value), "stack", string(p.Stack))...)
	return true
}

// Handler serves h so that a panic never reaches the host's server: it is logged with its stack and answered 500.
// http.ErrAbortHandler is how a handler asks the server to cut the connection; it is let through.
func Handler(h http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		err := Do(func() error {
			h.ServeHTTP(noted, r)
			return nil
		})
		var p *Panic
		if errors.As(err, &p) && p.Value == http.ErrAbortHandler { //nolint:errorlint // a sentinel by identity, as net/http looks at it
			panic(p.Value)
		}
		// Not the address: that of a webhook holds its token.
		if Log(log, err, "handler panicked", "method", r.Method) && noted.Status() == 0 {
			http.Error(noted, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		}
	})
}
