package orders

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders/statuses"
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

// errMoved means that something was learned of the statuses while a step was deciding on them.
var errMoved = errors.New("the statuses have moved on")

// sendStatus brings the shop's present status to the CRM, as table (c) maps it, unless the CRM has a newer
// one. What is known is read first: whatever is learned from here on makes the step decide anew.
func (w *work) sendStatus(ctx context.Context, s *step) error {
	m, err := w.store.memory(ctx, w.e.ID)
	if err != nil {
		return err
	}
	if w.e.ConvertedID != "" {
		s.finish(StepSkipped, ReasonCardConverted, Params{"crm_id": w.e.ConvertedID})
		return w.checkpoint(ctx)
	}
	status, ok := w.shopStatus(ctx, s)
	if !ok {
		return w.checkpoint(ctx)
	}
	in, out := w.statusTables()
	now := w.Clock.Now()
	d := statuses.ToCRM(m, statuses.Said{}, status, in, out, now)
	var said statuses.Said
	if d.Telling == statuses.Tell || d.Telling == statuses.Await { // only now is it worth a request
		if said, ok = w.said(ctx, s, m); !ok {
			return w.checkpoint(ctx)
		}
		d = statuses.ToCRM(m, said, status, in, out, now)
	}
	err = w.tell(ctx, s, telling{Outbound: d, m: m, said: said, status: status})
	if errors.Is(err, errMoved) {
		w.receipt = nil // others are at work: ask the CRM
		s.to(StepPending, &now, "", nil)
		return w.checkpoint(ctx)
	}
	return err
}

// shopStatus reads the order's status. Not ok: the step says why.
func (w *work) shopStatus(ctx context.Context, s *step) (string, bool) {
	order, err := w.shop.Orders().Get(ctx, w.e.Order)
	switch {
	case err == nil:
		return order.Status, true
	case errors.Is(err, plugin.ErrNotFound):
		s.finish(StepSkipped, ReasonOrderGone, nil)
	case plugin.Retryable(err):
		w.retry(s, err, ReasonShopUnavailable)
	default:
		s.finish(StepSkipped, ReasonOrderUnreadable, nil)
	}
	return "", false
}

// statusTables are the maps of the entry's target: from the CRM, and to it.
func (w *work) statusTables() (in, out statuses.Table) {
	set := w.conn.Settings.Orders
	if w.e.Target == settings.TargetCards {
		return set.CardStatus, set.StatusOut
	}
	return set.OrderStatus, set.StatusOut
}

// said is what the CRM says of the status just now. Right after the creation its receipt tells, and no request is
// needed. Not ok: the step says why.
func (w *work) said(ctx context.Context, s *step, m statuses.Memory) (statuses.Said, bool) {
	if r := w.receipt; r != nil && w.sinceCreation(m) {
		return statuses.Said{Seen: statuses.Seen{Status: r.Status, At: r.StatusAt}, UpdatedAt: r.StatusAt, First: !r.Moved}, true
	}
	reading, cancel := context.WithTimeout(ctx, w.Config.Request)
	defer cancel()
	state, err := w.sink.OrderState(reading, w.e.Target, w.e.CRMID.String)
	switch {
	case err == nil:
		said := state.Said()
		said.Foreign = state.Source != w.e.Source // what reads it for the shop leaves it aside, too
		return said, true
	case errors.Is(err, crm.ErrNotFound):
		s.finish(StepDead, ReasonCRMOrderGone, Params{"crm_id": w.e.CRMID.String})
	default:
		w.failed(s, err)
	}
	return statuses.Said{}, false
}

// sinceCreation reports whether what is known of the CRM's status is what it began with: nothing has come of it
// since, to this worker or to another.
func (w *work) sinceCreation(m statuses.Memory) bool {
	var begun statuses.Seen
	if w.e.begun != nil {
		begun = *w.e.begun
	}
	return m.Known.Status == begun.Status && m.Known.At.Equal(begun.At) && m.Moving == statuses.Seen{}
}

// telling is a decision about the shop's status, and what it was made on.
type telling struct {
	statuses.Outbound
	m      statuses.Memory
	said   statuses.Said
	status string
}

// awaitPause is how long a status waits for one that was set before it.
const awaitPause = 3 * time.Second

// tell does what was decided. Errors: errMoved when something was learned since, and then nothing was done.
func (w *work) tell(ctx context.Context, s *step, t telling) error {
	switch t.Telling {
	case statuses.Withheld:
		s.finish(StepSkipped, ReasonStatusSkipped, Params{"status": t.status})
	case statuses.Unchosen:
		s.finish(StepSkipped, ReasonStatusUnmapped, Params{"status": t.status})
	case statuses.GiveWay:
		s.finish(StepSkipped, ReasonStatusOvertaken, Params{"status": t.status, "crm_status": t.said.Status})
		w.Noticed(ctx, w.conn.ID, w.e.Target, w.e.CRMID.String)
	case statuses.Await:
		w.retryIn(s, awaitPause, ReasonStatusUnconfirmed, Params{"crm_status": t.m.Own.Status})
	case statuses.Agreed:
		s.finish(StepSkipped, ReasonStatusKnown, Params{"status": t.status, "crm_status": t.To})
		return w.checkpoint(ctx, w.remember(ctx, t.m, func(m statuses.Memory) statuses.Memory { return m.Agree(t.said) }))
	case statuses.Tell:
		return w.setStatus(ctx, s, t)
	}
	return w.checkpoint(ctx)
}

// remember changes what is known of the statuses if that is still what was decided on. Errors: errMoved.
func (w *work) remember(ctx context.Context, decidedOn statuses.Memory, change func(statuses.Memory) statuses.Memory) func(*sqlx.Tx) error {
	return func(tx *sqlx.Tx) error {
		return changeMemory(context.WithoutCancel(ctx), tx, w.e.ID, false, func(now Link) (statuses.Memory, error) {
			if now.Memory != decidedOn {
				return now.Memory, errMoved
			}
			return change(now.Memory), nil
		})
	}
}

// setStatus announces what is going to be set, so that the CRM's word about it is known for our own echo
// even before the answer, or without one; then it sets it.
func (w *work) setStatus(ctx context.Context, s *step, t telling) error {
	// Postgres keeps microseconds; what is announced must be found again.
	own := statuses.Own{Status: t.To, At: w.Clock.Now().UTC().Truncate(time.Microsecond), ShopAt: t.m.ShopAt}
	announce := func(m statuses.Memory) statuses.Memory { return m.Announce(own, t.said) }
	if err := w.checkpoint(ctx, w.remember(ctx, t.m, announce)); err != nil {
		return err
	}
	sending, cancel := context.WithTimeout(ctx, w.Config.Request)
	defer cancel()
	set, err := w.sink.SetOrderStatus(sending, w.e.Target, w.e.CRMID.String, t.To)
	after := func(m statuses.Memory) statuses.Memory { return m.Withdraw(own) }
	switch {
	case err == nil:
		after = func(m statuses.Memory) statuses.Memory { return m.Confirm(own, set.At) }
	case errors.Is(err, crm.ErrUnknownOutcome): // it may come yet
		after = func(m statuses.Memory) statuses.Memory { return m }
	}
	w.statusAnswered(s, t.To, err)
	return w.checkpoint(ctx, func(tx *sqlx.Tx) error {
		return changeMemory(context.WithoutCancel(ctx), tx, w.e.ID, false, func(now Link) (statuses.Memory, error) {
			return after(now.Memory), nil
		})
	})
}

func (w *work) statusAnswered(s *step, code string, err error) {
	var refusal *crm.Refusal
	switch {
	case err == nil:
		s.finish(StepDone, "", nil)
	case errors.Is(err, crm.ErrNotFound):
		s.finish(StepDead, ReasonCRMOrderGone, Params{"crm_id": w.e.CRMID.String})
	case errors.As(err, &refusal):
		p := refusalParams(refusal)
		p["crm_status"] = code
		s.finish(StepBlocked, ReasonStatusRefused, p)
	case errors.Is(err, ErrBadCode):
		s.finish(StepBlocked, ReasonBadMapping, Params{"detail": err.Error()})
	default: // also after an unknown outcome: what the CRM has is read again before it is set again
		w.failed(s, err)
	}
}
