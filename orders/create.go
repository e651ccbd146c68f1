package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders/statuses"
	"github.com/keybridge/keybridge/plugin"
)

// send makes one attempt to create the order in the CRM.
func (w *work) send(ctx context.Context, s *step) error {
	past, err := w.store.attempts(ctx, w.e.ID)
	if err != nil {
		return err
	}
	a := pendingPayload(past)
	if a == nil {
		if a = w.compose(ctx, s, !mayHaveReachedCRM(past)); a == nil {
			return w.checkpoint(ctx)
		}
	}
	now := w.Clock.Now()
	a.StartedAt, a.Deadline = now, now.Add(w.Config.Request)
	s.to(StepSending, &now, "", nil)
	if err := w.checkpoint(ctx, openAttempt(ctx, w.e, a)); err != nil {
		return err
	}
	sending, cancel := context.WithTimeout(ctx, w.Config.Request)
	defer cancel()
	receipt, err := w.sink.CreateOrder(sending, w.e.Target, a.Body)
	return w.answered(ctx, s, a, receipt, err)
}

// pendingPayload answers the bytes that must be sent unchanged: those of an attempt whose outcome was not
// known, unless the CRM has since given a definite refusal.
func pendingPayload(past []attempt) *attempt {
	var kept *attempt
	for i, a := range past {
		switch a.Outcome {
		case outcomeUnknown, outcomeOpen:
			kept = &attempt{Body: past[i].Body, Masked: past[i].Masked}
		case outcomeRefused:
			kept = nil
		case outcomeCreated, outcomeKeyInUse, outcomeTemporary:
		}
	}
	if kept == nil || len(kept.Body) == 0 {
		return nil
	}
	return kept
}

// mayHaveReachedCRM reports whether the CRM has, or may have, something of the order: a request that was
// refused or put off left nothing behind.
func mayHaveReachedCRM(past []attempt) bool {
	was := false
	for _, a := range past {
		switch a.Outcome {
		case outcomeOpen, outcomeUnknown, outcomeCreated, outcomeKeyInUse:
			was = true
		case outcomeRefused:
			was = false
		case outcomeTemporary:
		}
	}
	return was
}

// compose reads the order from the shop and translates it. nil: the step says why not.
func (w *work) compose(ctx context.Context, s *step, first bool) *attempt {
	order, ok := w.readOrder(ctx, s, first)
	if !ok {
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, w.Config.Request)
	defer cancel()
	dict, err := w.dictionary(asking, w.conn.ID, w.sink)
	if err != nil {
		w.failed(s, err)
		return nil
	}
	in, err := inputOf(ctx, w.shop, order, w.conn.Settings.Orders, dict)
	if err != nil {
		w.retry(s, err, ReasonShopUnavailable)
		return nil
	}
	in.BranchAsText = w.e.BranchAsText
	draft, blocks := Map(in)
	if len(blocks) > 0 {
		w.dictionaries.Forget(w.conn.ID)
		s.finish(StepBlocked, blocks[0].Code, blocks[0].Params)
		return nil
	}
	body, err := w.sink.EncodeOrder(draft)
	if err != nil {
		s.finish(StepBlocked, ReasonBadMapping, Params{"detail": err.Error()})
		return nil
	}
	masked, err := w.sink.EncodeOrder(draft.Masked())
	if err != nil {
		s.finish(StepBlocked, ReasonBadMapping, Params{"detail": err.Error()})
		return nil
	}
	w.e.Target, w.e.Number, w.e.Key, w.e.Source = draft.Target, draft.Number, draft.Key, draft.Source
	w.e.Currency, w.e.Total = draft.Currency, decimal.NewNullDecimal(draft.ShopTotal)
	return &attempt{Body: body, Masked: string(masked)}
}

// inputOf collects what Map looks at.
func inputOf(ctx context.Context, shop plugin.Shop, o plugin.Order, set settings.Orders, d Dictionary) (Input, error) {
	profile, err := shop.Profile(ctx)
	if err != nil {
		return Input{}, fmt.Errorf("order %q: %w", o.ID, err)
	}
	in := Input{Order: o, Profile: profile, Settings: set, CRM: d}
	if set.Target != settings.TargetCards {
		return in, nil
	}
	methods, err := shop.Dictionaries().DeliveryMethods(ctx)
	if err != nil {
		return Input{}, fmt.Errorf("order %q: %w", o.ID, err)
	}
	for _, m := range methods {
		if m.Code == o.Delivery.Method {
			in.DeliveryName = m.Name
		}
	}
	return in, nil
}

// readOrder gets the order, and leaves it out when it is gone or was cancelled before anything reached the CRM.
func (w *work) readOrder(ctx context.Context, s *step, first bool) (plugin.Order, bool) {
	order, err := w.shop.Orders().Get(ctx, w.e.Order)
	switch {
	case errors.Is(err, plugin.ErrNotFound):
		s.finish(StepIgnored, ReasonOrderGone, nil)
		return order, false
	case plugin.Retryable(err):
		w.retry(s, err, ReasonShopUnavailable)
		return order, false
	case err != nil:
		s.finish(StepDead, ReasonOrderUnreadable, nil)
		return order, false
	}
	w.e.Number = order.Number
	if !first || w.e.Forced {
		return order, true
	}
	statuses, err := w.shop.Dictionaries().OrderStatuses(ctx)
	if err != nil {
		w.retry(s, err, ReasonShopUnavailable)
		return order, false
	}
	for _, st := range statuses {
		if st.Code == order.Status && st.Canceled {
			s.finish(StepIgnored, ReasonCanceled, Params{"status": st.Code})
			return order, false
		}
	}
	return order, true
}

// answered records what an attempt came to.
func (w *work) answered(ctx context.Context, s *step, a *attempt, r Receipt, err error) error {
	now := w.Clock.Now()
	end := func(o outcome, said answer) func(*sqlx.Tx) error {
		return closeAttempt(context.WithoutCancel(ctx), a.ID, now, o, said)
	}
	var refusal *crm.Refusal
	switch {
	case err == nil:
		r.Moved = false // whatever its times say, this is what it begins with
		w.created(s, r)
		return w.checkpointCreated(ctx, s, end(outcomeCreated, answer{ID: r.ID, Total: r.Total.String(), Status: r.Status}))
	case w.handleBudgetDenied(s, err): // no attempt was made
		return w.checkpoint(ctx, dropAttempt(context.WithoutCancel(ctx), a.ID))
	case errors.Is(err, crm.ErrTaken):
		s.KeyInUse, s.MissedLookups, s.LookedAt = true, 0, sql.NullTime{}
		s.to(StepChecking, &now, ReasonAwaitingOutcome, nil)
		return w.checkpoint(ctx, end(outcomeKeyInUse, answer{}))
	case errors.Is(err, crm.ErrUnknownOutcome):
		w.unknown(s)
		return w.checkpoint(ctx, end(outcomeUnknown, answer{}))
	case errors.As(err, &refusal):
		w.refused(s, refusal)
		return w.checkpoint(ctx, end(outcomeRefused, answer{Message: scrub(refusal.Message), Fields: scrubAll(refusal.Fields)}))
	case errors.Is(err, crm.ErrRefused), errors.Is(err, crm.ErrNotFound):
		s.finish(StepBlocked, ReasonRefused, Params{"message": ""})
		return w.checkpoint(ctx, end(outcomeRefused, answer{}))
	}
	w.failed(s, err)
	return w.checkpoint(ctx, end(outcomeTemporary, answer{Pause: crm.RetryAfter(err).String()}))
}

// unknown begins the look-ups: nobody sends again before they are complete.
func (w *work) unknown(s *step) {
	now := w.Clock.Now()
	s.Resends++
	s.MissedLookups, s.LookedAt = 0, sql.NullTime{}
	s.to(StepChecking, &now, ReasonAwaitingOutcome, nil)
}

// recover takes over from a worker that died while its request was under way.
func (w *work) recover(ctx context.Context, s *step) error {
	past, err := w.store.attempts(ctx, w.e.ID)
	if err != nil {
		return err
	}
	var also []func(*sqlx.Tx) error
	for _, a := range past {
		if a.Outcome == outcomeOpen {
			also = append(also, closeAttempt(ctx, a.ID, w.Clock.Now(), outcomeUnknown, answer{}))
		}
	}
	w.unknown(s)
	return w.checkpoint(ctx, also...)
}

// refused blocks the order, unless the CRM only dislikes the branch's reference: then the branch is
// told in words, at once.
func (w *work) refused(s *step, r *crm.Refusal) {
	w.dictionaries.Forget(w.conn.ID)
	if _, ok := r.Fields["shipping.warehouse_ref"]; ok && !w.e.BranchAsText {
		w.e.BranchAsText = true
		now := w.Clock.Now()
		s.to(StepPending, &now, "", nil)
		return
	}
	s.finish(StepBlocked, ReasonRefused, refusalParams(r))
}

// created notes what the CRM made of the order and what follows from it.
func (w *work) created(s *step, r Receipt) {
	w.e.CRMID = sql.NullString{String: r.ID, Valid: true}
	w.e.CRMURL = r.URL
	w.e.CRMTotal = decimal.NewNullDecimal(r.Total)
	if !r.Moved { // the status it starts with is no change that anybody made: the shop is not moved by it
		w.e.begun = &statuses.Seen{Status: r.Status, At: r.StatusAt}
	}
	w.receipt = &r
	s.finish(StepDone, "", nil)
	s.KeyInUse, s.MissedLookups = false, 0
	now := w.Clock.Now()
	for _, name := range []StepName{StepFacts, StepStatus} {
		next := w.e.step(name)
		next.to(StepPending, &now, "", nil)
	}
}

// check looks the order up while nobody knows whether the CRM has it.
func (w *work) check(ctx context.Context, s *step) error {
	past, err := w.store.attempts(ctx, w.e.ID)
	if err != nil {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, w.Config.Request)
	defer cancel()
	found, err := w.sink.FindOrders(looking, w.probe(past))
	if err != nil {
		w.failed(s, err)
		return w.checkpoint(ctx)
	}
	if len(found) == 0 {
		w.lookupMissed(s, past)
		return w.checkpoint(ctx)
	}
	w.adopt(s, found, past)
	return w.checkpointCreated(ctx, s)
}

// checkpointCreated is checkpoint, unless the CRM's order is that of another order of the shop already: two with one number
// cannot both have it.
func (w *work) checkpointCreated(ctx context.Context, s *step, also ...func(*sqlx.Tx) error) error {
	err := w.checkpoint(ctx, also...)
	if !errors.Is(err, errTwin) {
		return err
	}
	id := w.e.CRMID.String
	other, err := w.store.byCRM(ctx, w.conn.ID, w.e.Target, id)
	if err != nil {
		return err
	}
	w.e.CRMID, w.e.CRMURL, w.e.CRMTotal, w.e.begun, w.receipt = sql.NullString{}, "", decimal.NullDecimal{}, nil, nil
	w.e.steps = slices.DeleteFunc(w.e.steps, func(s *step) bool { return s.Name != StepCreate })
	s.finish(StepBlocked, ReasonTakenByOrder, Params{"key": w.e.Key, "crm_id": id, "order": string(other.Order), "number": other.Number})
	return w.checkpoint(ctx, also...)
}

func (w *work) probe(past []attempt) Probe {
	p := Probe{Target: w.e.Target, Key: w.e.Key, Source: w.e.Source}
	for _, a := range past {
		if p.Since.IsZero() {
			p.Since = a.StartedAt
		}
		p.Until = a.Deadline
	}
	return p
}

// adopt takes an order of the CRM for ours, or says why not.
func (w *work) adopt(s *step, found []Found, past []attempt) {
	f, why := adoptable(found, w.e.Source, w.e.Total.Decimal, ambiguous(past))
	switch why {
	case "":
		w.created(s, f.Receipt)
	case ReasonSeveralInCRM:
		s.finish(StepBlocked, why, Params{"key": w.e.Key, "crm_ids": joinIDs(ofSource(found, w.e.Source))})
	default:
		s.finish(StepBlocked, why, w.conflictParams(f))
	}
}

// adoptable answers the order that is ours among those that carry our key, at least one: it is of our source, and
// either an attempt of ours may have made it or its total is the order's. Else ReasonSeveralInCRM, or
// ReasonTakenByOther and whose it is.
func adoptable(found []Found, source string, total decimal.Decimal, mayBeOurs bool) (Found, Reason) {
	ours := ofSource(found, source)
	switch {
	case len(ours) > 1:
		return Found{}, ReasonSeveralInCRM
	case len(ours) == 0:
		return found[0], ReasonTakenByOther
	case !mayBeOurs && !ours[0].Total.Equal(total):
		return ours[0], ReasonTakenByOther
	}
	return ours[0], ""
}

func ofSource(found []Found, source string) (list []Found) {
	for _, f := range found {
		if f.Source == source {
			list = append(list, f)
		}
	}
	return list
}

func (w *work) conflictParams(f Found) Params {
	return Params{
		"key": w.e.Key, "crm_id": f.ID, "crm_total": f.Total.String(), "total": w.e.Total.Decimal.String(),
		"crm_source": f.Source,
	}
}

// ambiguous reports whether an attempt of ours may have created the order without our knowing.
func ambiguous(past []attempt) bool {
	for _, a := range past {
		if a.Outcome == outcomeUnknown || a.Outcome == outcomeOpen {
			return true
		}
	}
	return false
}

// keyInUse reports whether the CRM said that it has an order with our key.
func keyInUse(past []attempt) bool {
	return slices.ContainsFunc(past, func(a attempt) bool { return a.Outcome == outcomeKeyInUse })
}
