package orders

import (
	"context"
	"errors"
	"time"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

// offerFacts tells the shop what the CRM made of the order.
func (w *work) offerFacts(ctx context.Context, s *step) {
	facts := plugin.Facts{CRMOrderID: &w.e.CRMID.String}
	if w.e.CRMURL != "" {
		facts.CRMURL = &w.e.CRMURL
	}
	if !w.e.CRMTotal.Decimal.Equal(w.e.Total.Decimal) {
		facts.CRMTotal = &plugin.Money{Amount: w.e.CRMTotal.Decimal, Currency: w.e.Currency}
	}
	_, err := w.shop.Orders().OfferFacts(ctx, w.origin(w.conn.ID, w.e), w.e.Order, facts)
	switch {
	case err == nil:
		s.finish(StepDone, "", nil)
	case plugin.Retryable(err):
		w.retry(s, err, ReasonShopUnavailable)
	default: // the shop shows less then; the order itself is where it should be
		s.finish(StepSkipped, ReasonFactsRefused, nil)
	}
}

// sendStatus tells the CRM the shop's present status, as table (c) maps it.
func (w *work) sendStatus(ctx context.Context, s *step) {
	order, err := w.shop.Orders().Get(ctx, w.e.Order)
	switch {
	case errors.Is(err, plugin.ErrNotFound):
		s.finish(StepSkipped, ReasonOrderGone, nil)
		return
	case plugin.Retryable(err):
		w.retry(s, err, ReasonShopUnavailable)
		return
	case err != nil:
		s.finish(StepSkipped, ReasonOrderUnreadable, nil)
		return
	}
	choice := w.conn.Settings.Orders.StatusOut[order.Status]
	switch {
	case choice.Skip:
		s.finish(StepSkipped, ReasonStatusSkipped, Params{"status": order.Status})
	case choice.Code == "":
		s.finish(StepSkipped, ReasonStatusUnmapped, Params{"status": order.Status})
	case choice.Code == w.knownStatus():
		s.finish(StepSkipped, ReasonStatusKnown, Params{"status": order.Status, "crm_status": choice.Code})
	default:
		w.setStatus(ctx, s, choice.Code)
	}
}

// knownStatus is the CRM's status as far as we know.
func (w *work) knownStatus() string {
	if w.e.applied.code != "" {
		return w.e.applied.code
	}
	return w.e.Applied
}

func (w *work) setStatus(ctx context.Context, s *step, code string) {
	sending, cancel := context.WithTimeout(ctx, w.Config.Request)
	defer cancel()
	began := w.Clock.Now()
	set, err := w.sink.SetOrderStatus(sending, w.e.Target, w.e.CRMID.String, code)
	var refusal *crm.Refusal
	switch {
	case err == nil:
		w.statusSet(s, code, began, set)
	case errors.Is(err, crm.ErrNotFound):
		s.finish(StepDead, ReasonCRMOrderGone, Params{"crm_id": w.e.CRMID.String})
	case errors.As(err, &refusal):
		p := refusalParams(refusal)
		p["crm_status"] = code
		s.finish(StepBlocked, ReasonStatusRefused, p)
	case errors.Is(err, ErrBadCode):
		s.finish(StepBlocked, ReasonBadMapping, Params{"detail": err.Error()})
	default: // also after an unknown outcome: setting a status twice does no harm
		w.failed(s, err)
	}
}

// statusSet remembers what we set, so that the CRM's webhook about it is known for our own echo.
func (w *work) statusSet(s *step, code string, began time.Time, set StatusSet) {
	w.e.own = crmStatus{code, began}
	if !set.At.IsZero() {
		w.e.applied = crmStatus{code, set.At}
	}
	s.finish(StepDone, "", nil)
}
