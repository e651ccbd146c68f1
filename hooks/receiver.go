package hooks

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// maxBody and maxStockBody are how much of a webhook is read. A body that is longer, or makes no sense, is answered
// with 200 and listed as unreadable: sent again it would be no better, and a status that is missed
// that way is found by the next webhook or by polling.
const (
	maxBody      = 256 << 10
	maxStockBody = 4 << 20 // one call can name every offer of an import
)

// readWithin is how long a sender may take over its body.
const readWithin = 10 * time.Second

// receiver takes webhooks: it authenticates, stores and answers. The work is a job.
type receiver struct {
	Deps
	store store
	nudge nudge
	mux   *http.ServeMux
}

func newReceiver(d Deps, n nudge) *receiver {
	r := &receiver{Deps: d, store: store{db: d.DB}, nudge: n, mux: http.NewServeMux()}
	r.mux.Handle("/orders/{token}", r.object(settings.ObjectOrder))
	r.mux.Handle("/cards/{token}", r.object(settings.ObjectCard))
	if d.Stocks != nil {
		r.mux.Handle("/stock/{token}", r.object(settings.ObjectStock))
	}
	return r
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	r.mux.ServeHTTP(w, req)
}

func (r *receiver) object(object settings.Object) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodPost { // before the token: a GET tells nothing about it
			w.Header().Set("Allow", http.MethodPost)
			answer(w, http.StatusMethodNotAllowed)
			return
		}
		// Slow-body (slowloris) protection; not every server can set it.
		deadline := time.Now().Add(readWithin) //nolint:forbidigo // the network knows the machine's clock alone
		_ = http.NewResponseController(w).SetReadDeadline(deadline)
		ctx, cancel := context.WithTimeout(req.Context(), r.Config.Answer)
		conn, err := r.authenticate(ctx, object, req.PathValue("token"))
		cancel()
		if err != nil {
			r.refuse(w, object, err)
			return
		}
		body, err := io.ReadAll(io.LimitReader(req.Body, int64(bodyLimit(object))+1))
		if err != nil {
			answer(w, http.StatusBadRequest) // the sender is gone, or too slow; it tries again
			return
		}
		store := r.understand(conn, object, body) // a long body takes a moment, which is not the database's
		ctx, cancel = context.WithTimeout(req.Context(), r.Config.Answer)
		defer cancel()
		if err := store(ctx); err != nil {
			r.refuse(w, object, err)
			return
		}
		r.nudge.notify()
		answer(w, http.StatusOK) // exactly 200: the CRM repeats after anything else
	}
}

// authenticate answers the link's connection. A link of an inactive shop is like one that is not
// there. Errors: plugin.ErrNotFound.
func (r *receiver) authenticate(ctx context.Context, object settings.Object, token string) (plugin.ConnectionID, error) {
	link, err := r.Links.FindLink(ctx, object, token)
	if err != nil {
		return "", err
	}
	conn, err := r.Connections.Get(ctx, link.Connection)
	if err != nil {
		return "", err
	}
	if !r.Active(conn.Shop) {
		return "", plugin.ErrNotFound
	}
	return conn.ID, nil
}

// understand reads a body and answers what is to be stored of it.
func (r *receiver) understand(conn plugin.ConnectionID, object settings.Object, body []byte) func(context.Context) error {
	now := r.Clock.Now()
	line := event{Connection: conn, Object: object, At: now, Outcome: Unreadable, Reason: ReasonBadBody}
	record := func(ctx context.Context) error { return r.store.addEvent(ctx, line) }
	if len(body) > bodyLimit(object) {
		line.Reason = ReasonTooLarge
		return record
	}
	if object == settings.ObjectStock {
		offers, err := decodeStock(body)
		if err != nil {
			return record
		}
		return func(ctx context.Context) error { return r.Stocks.Note(ctx, conn, offers) }
	}
	h, err := decodeHint(body)
	if err != nil {
		return record
	}
	if !h.belongs(object) {
		line.ObjectID, line.Outcome, line.Reason, line.Params = h.ID, Ignored, ReasonWrongLink, params{"event": h.Event}
		return record
	}
	return func(ctx context.Context) error { return r.store.receive(ctx, conn, object, h, now) }
}

func bodyLimit(o settings.Object) int {
	if o == settings.ObjectStock {
		return maxStockBody
	}
	return maxBody
}

func (r *receiver) refuse(w http.ResponseWriter, object settings.Object, err error) {
	if errors.Is(err, plugin.ErrNotFound) {
		answer(w, http.StatusNotFound)
		return
	}
	// The error may hold no token: it is looked up by its digest.
	r.Log.Warn("webhook: not stored, the CRM will repeat it", "object", string(object), "error", err.Error())
	w.Header().Set("Retry-After", "5")
	answer(w, http.StatusServiceUnavailable)
}

// answer says no more than the status: whoever calls is a machine or a stranger.
func answer(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, http.StatusText(status))
}
