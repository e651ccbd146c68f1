package hooks

import (
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
)

const (
	// skew is how far the CRM's clock may be ahead of or behind the shop's.
	skew = 2 * time.Second
	// echoWithin is how late the CRM may carry out a status that we set.
	echoWithin = 2 * time.Minute
)

// decision says what to do about a status of the CRM.
type decision struct {
	Outcome Outcome // Applied: move the order to To
	Reason  Reason
	To      string
	// At is when the status was set in the CRM.
	At time.Time
	// Seen: nothing is left to do about this status, so it is noted as dealt with.
	Seen bool
}

// decide compares what the CRM says with what was dealt with last. Pure.
func decide(table map[string]settings.Choice, l orders.Link, s orders.State) decision {
	d := decision{At: s.StatusAt}
	if d.At.IsZero() {
		d.At = s.UpdatedAt
	}
	switch {
	// Compared by StatusAt alone, zero when the status was never changed: an edit moves UpdatedAt.
	case s.Status == l.Applied && !s.StatusAt.After(l.AppliedAt):
		d.Outcome = Unchanged
		return d
	// An order that our card became starts with some status; nobody has set it.
	case l.CRMID != s.ID && s.StatusAt.IsZero():
		d.Outcome = Unchanged
		return d
	case d.At.Before(l.AppliedAt), d.At.Before(l.MovingAt):
		d.Outcome = Stale
		return d
	case echo(l, s.Status, d.At):
		d.Outcome, d.Seen = Echo, true
		return d
	case !l.ShopStatusAt.IsZero() && d.At.Before(l.ShopStatusAt.Add(skew)):
		d.Outcome, d.Reason, d.Seen = Skipped, ReasonShopNewer, true
		return d
	}
	switch choice := table[s.Status]; {
	case choice.Skip:
		d.Outcome, d.Reason, d.Seen = Skipped, ReasonSkip, true
	case choice.Code == "":
		d.Outcome, d.Reason = Unmapped, ReasonUnmapped // not seen: once mapped, the next hook applies it
	default:
		d.Outcome, d.To, d.Seen = Applied, choice.Code, true
	}
	return d
}

// echo reports whether the status is the one we set ourselves and have not met since.
func echo(l orders.Link, status string, at time.Time) bool {
	return l.Own == status && !l.OwnAt.IsZero() && l.AppliedAt.Before(l.OwnAt) &&
		!at.Before(l.OwnAt.Add(-skew)) && at.Before(l.OwnAt.Add(echoWithin))
}
