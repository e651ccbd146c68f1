package keybridge

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/go-chi/chi/v5/middleware"
)

// contained serves h so that a panic of ours never reaches the host's server: it is logged with its stack
// and answered 500. http.ErrAbortHandler is how a handler asks the server to cut the connection; it is let
// through.
func contained(h http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // a sentinel by identity, as net/http looks at it
				panic(p)
			}
			// Not the address: that of a webhook holds its token.
			log.Error("handler panicked", "method", r.Method, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if noted.Status() == 0 {
				http.Error(noted, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		}()
		h.ServeHTTP(noted, r)
	})
}
