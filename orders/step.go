package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// work is one claim of one entry: what its worker has opened and read.
type work struct {
	*Exporter
	e    *entry
	conn settings.Connection
	shop plugin.Shop
	sink Sink
	// receipt is what the CRM said of the order if this worker has created or found it; else nil.
	receipt *Receipt
}

// maxActions bounds what is done under one claim; what is left is due again at once.
const maxActions = 8

func (w *work) run(ctx context.Context) error {
	for range maxActions {
		s := w.e.due(w.Clock.Now())
		if s == nil {
			break
		}
		if err := w.act(ctx, s); err != nil {
			return err
		}
	}
	return w.save(ctx, nil)
}

// act does one step. One amid which the shop, the CRM's client or we ourselves panicked says so in the entry and is
// tried again later, rather than over and over.
func (w *work) act(ctx context.Context, s *step) error {
	err := contain.Do(func() error { return w.do(ctx, s) })
	if !contain.Log(w.Log, err, "order export panicked", "step", string(s.Name), "entry", w.e.ID, "order", string(w.e.Order),
		"connection", string(w.conn.ID)) {
		return err
	}
	if s.Name == StepCreate && s.State == StepSending { // its outcome is unknown: the next act takes over from it
		return nil
	}
	w.retry(s, nil, ReasonInternal)
	return w.checkpoint(ctx)
}

func (w *work) do(ctx context.Context, s *step) error {
	if s.Name == StepCreate && s.State == StepSending {
		return w.recover(ctx, s)
	}
	ready, err := w.prepare(ctx, s)
	if err != nil {
		return err
	}
	if !ready {
		return w.checkpoint(ctx)
	}
	switch {
	case s.Name == StepFacts:
		w.offerFacts(ctx, s)
	case s.Name == StepStatus:
		return w.sendStatus(ctx, s)
	case s.State == StepChecking:
		return w.check(ctx, s)
	default:
		return w.send(ctx, s)
	}
	return w.checkpoint(ctx)
}

// prepare opens what the step needs. Not ready: the step says why and when it goes on. An error
// means that Postgres could not be asked.
func (w *work) prepare(ctx context.Context, s *step) (ready bool, err error) {
	if w.sink != nil {
		return true, nil
	}
	if !w.Active(w.e.Shop) {
		w.rest(s, ReasonShopInactive)
		return false, nil
	}
	if ready, err = w.connect(ctx, s); err != nil || !ready {
		return false, err
	}
	if w.shop, err = w.Shop(ctx, w.e.Shop); err != nil {
		w.retry(s, err, ReasonShopUnavailable)
		return false, nil
	}
	sink, err := w.Sink(ctx, w.conn.ID)
	if err != nil {
		w.Log.Warn("order export: the CRM cannot be opened", "connection", string(w.conn.ID), "error", err.Error())
		w.blockAndRetry(s, ReasonUnauthorised, nil)
		return false, nil
	}
	w.sink = sink
	return true, nil
}

// connect loads the entry's connection, or routes the order to one.
func (w *work) connect(ctx context.Context, s *step) (bool, error) {
	if !w.e.Connection.Valid {
		return w.route(ctx, s)
	}
	conn, err := w.Connections.Get(ctx, w.e.connection())
	switch {
	case errors.Is(err, plugin.ErrNotFound):
		s.finish(StepDead, ReasonConnectionGone, Params{"connection": w.e.Connection.String})
		return false, nil
	case err != nil:
		return false, err
	case !exports(conn):
		w.rest(s, ReasonConnectionOff)
		return false, nil
	}
	w.conn = conn
	return true, nil
}

// route chooses the first running connection that takes the order. None is final: switching a
// connection on never sends what was placed before.
func (w *work) route(ctx context.Context, s *step) (bool, error) {
	conns, err := w.Connections.List(ctx, w.e.Shop)
	if err != nil {
		return false, err
	}
	why := ReasonNoConnection
	for _, c := range conns {
		if !exports(c) || !c.Settings.Routing.Matches(w.e.placement()) {
			continue
		}
		if !w.e.Forced && (c.OrdersSince == nil || w.e.PlacedAt.Before(*c.OrdersSince)) {
			why = ReasonBeforeStart
			continue
		}
		w.conn = c
		w.e.Connection = sql.NullString{String: string(c.ID), Valid: true}
		return true, nil
	}
	s.finish(StepIgnored, why, nil)
	return false, nil
}

// checkpoint writes what was reached and keeps the entry.
func (w *work) checkpoint(ctx context.Context, also ...func(*sqlx.Tx) error) error {
	until := w.Clock.Now().Add(w.Config.Lease)
	return w.save(ctx, &until, also...)
}

// save writes even when the process is being stopped: a worker that knows more than the row would
// leave work to be found out again.
func (w *work) save(ctx context.Context, leaseUntil *time.Time, also ...func(*sqlx.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for _, s := range w.e.steps {
		if !s.declared() { // stored all the same: the order must not wait for us to learn of it
			w.Log.Error("order export: undeclared move", "entry", w.e.ID, "step", string(s.Name), "from", string(s.stored), "to", string(s.State))
		}
	}
	if err := w.store.save(ctx, w.e, w.Clock.Now(), leaseUntil, also...); err != nil {
		return err
	}
	for _, s := range w.e.steps {
		s.stored = s.State
	}
	return nil
}

// retry tries the step again after a pause that grows; the CRM's own pause wins. It never gives up:
// an outage of days loses nothing.
func (w *work) retry(s *step, cause error, reason Reason) {
	pause := crm.RetryAfter(cause)
	if pause <= 0 {
		pause = w.Config.backoff().Pause(s.Tries)
	}
	s.Tries++
	w.retryIn(s, pause, reason, nil)
}

func (w *work) retryIn(s *step, pause time.Duration, reason Reason, params Params) {
	at := w.Clock.Now().Add(pause)
	if s.State == StepChecking && s.Reason == ReasonStillLooking { // a person may decide all the same
		reason, params = s.Reason, s.Params
	}
	s.to(s.waiting(), &at, reason, params)
}

// rest lets the step wait without being looked at until what the reason speaks of is switched on.
func (w *work) rest(s *step, reason Reason) { s.to(s.waiting(), nil, reason, nil) }

// waiting is the state of a step that will go on by itself.
func (s *step) waiting() StepState {
	if s.State == StepChecking { // it stays unknown: nobody may send
		return StepChecking
	}
	return StepRetrying
}

// blockAndRetry blocks the step and looks again later, since it may be mended outside.
func (w *work) blockAndRetry(s *step, reason Reason, params Params) {
	at := w.Clock.Now().Add(w.Config.BlockedRetry)
	state := StepBlocked
	if s.State == StepChecking {
		state = StepChecking
	}
	s.to(state, &at, reason, params)
}

// handleBudgetDenied is for a step for which our own budget granted no request, so nothing was sent: it goes on
// within seconds, however often that happens. It reports whether that is so.
func (w *work) handleBudgetDenied(s *step, err error) bool {
	var later *budget.WaitError
	switch {
	case errors.As(err, &later):
		w.retryIn(s, max(later.After, time.Second), ReasonWaitingBudget, nil)
	case errors.Is(err, budget.ErrNoRedis):
		w.retryIn(s, w.Config.RetryBase, ReasonNoRedis, nil)
	default:
		return false
	}
	return true
}

// failed records an error of the CRM that is the same for every step.
func (w *work) failed(s *step, err error) {
	switch {
	case w.handleBudgetDenied(s, err):
	case errors.Is(err, crm.ErrUnauthorised):
		w.blockAndRetry(s, ReasonUnauthorised, nil)
	case errors.Is(err, crm.ErrFeatureOff):
		w.blockAndRetry(s, ReasonFeatureOff, nil)
	case errors.Is(err, crm.ErrLimited):
		w.retry(s, err, ReasonLimited)
	default:
		w.retry(s, err, ReasonUnavailable)
	}
	w.Log.Warn("order export", "step", string(s.Name), "entry", w.e.ID, "order", string(w.e.Order),
		"connection", string(w.conn.ID), "state", string(s.State), "error", fmt.Sprint(err))
}
