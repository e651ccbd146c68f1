// Package statuses decides which side follows when the status of an order was changed in the shop, in the
// CRM, or in both. It is pure: rows, requests and clocks are its callers' business.
//
// Two clocks tell the times, the shop's and the CRM's, and the CRM's times come in whole seconds. So times are
// compared on one clock wherever there is one: what the CRM says against what it said before. Once it has
// confirmed a status that we set, whatever it says with a later time is newer, at once. Only a change of the
// shop that the CRM has not confirmed yet is weighed across the clocks. Times of two objects of the CRM, a card
// and the order it became, are never compared.
package statuses

import (
	"time"

	"github.com/keybridge/keybridge/internal/settings"
)

// skew is how far the two clocks may be apart, and how much the CRM's cutting to seconds may take off: of
// changes this near to each other the CRM's counts as the later one.
const skew = 2 * time.Second

// Seen is a status of an object of the CRM and since when it has it, by the CRM's clock; the time is zero as
// long as it was never changed.
type Seen struct {
	Status string
	At     time.Time
}

// Memory is what is known of an order. Zero times: never.
type Memory struct {
	// Known is the CRM's status that was dealt with last: brought to the shop, refused by it, left aside by
	// the merchant's table, or set by ourselves.
	Known Seen
	// Moving is the newest status of the CRM that somebody began to bring to the shop.
	Moving Seen
	// Own is a status that we set in the CRM and that it has not confirmed yet.
	Own Own
	// ShopAt is when somebody else last changed the status in the shop, by the shop's clock. Changes up to
	// ToldAt the CRM has confirmed.
	ShopAt, ToldAt time.Time
	// Succeeded: the object is a card that became an order, and the order has been moved since.
	Succeeded bool
}

// Own is a status that was set in the CRM by us.
type Own struct {
	Status string    // empty: there is none
	At     time.Time // by our clock
	ShopAt time.Time // of the shop's change that it carries
}

// Unconfirmed reports whether the shop was changed and the CRM has not confirmed that yet.
func (m Memory) Unconfirmed() bool { return m.ShopAt.After(m.ToldAt) }

// shopNewer weighs the shop's unconfirmed change against a status of the CRM: the later one wins, and of two
// that are near each other the CRM's.
func (m Memory) shopNewer(at time.Time) bool { return m.Unconfirmed() && m.ShopAt.After(at.Add(skew)) }

// Said is what the CRM says of an object now.
type Said struct {
	Seen
	// UpdatedAt is when anything of the object was changed last.
	UpdatedAt time.Time
	// First: the object has the status it began with.
	First bool
	// Foreign: the object was made one of another shop's, so its status does not come to this one.
	Foreign bool
}

// Dated is the status with the time when it was set; of one never changed all that is known is that it was
// not later than the last edit.
func (s Said) Dated() Seen {
	if s.At.IsZero() {
		return Seen{Status: s.Status, At: s.UpdatedAt}
	}
	return s.Seen
}

// known reports whether a status was dealt with. An edit moves UpdatedAt, so only the time of the status
// itself tells that it was left and came back.
func (m Memory) known(s Said) bool { return s.Status == m.Known.Status && !s.At.After(m.Known.At) }

// stale reports whether something later was dealt with, or is being dealt with, already.
func (m Memory) stale(s Said) bool {
	at := s.Dated().At
	return at.Before(m.Known.At) || at.Before(m.Moving.At)
}

// echoWithin is how late the CRM may carry out what we set, by clocks that may differ: later than that, it was
// somebody else who chose the same.
const echoWithin = 2 * time.Minute

// echo reports whether the status is the one that we set.
func (m Memory) echo(s Said) bool {
	return m.Own.Status != "" && m.Own.Status == s.Status && !s.Dated().At.After(m.Own.At.Add(echoWithin))
}

// Table is a map of the merchant's: codes of one side to codes of the other.
type Table = map[string]settings.Choice

// Verdict says what to do about a status of the CRM.
type Verdict string

// The verdicts about a status of the CRM.
const (
	Unchanged Verdict = "unchanged" // dealt with already, or nobody has set it
	Stale     Verdict = "stale"     // older than what was dealt with
	Echo      Verdict = "echo"      // we set it ourselves, and hereby it is confirmed
	Succeeded Verdict = "succeeded" // of a card whose order was moved since: the order's counts
	ShopNewer Verdict = "shop_newer"
	Skip      Verdict = "skip"     // «Не передавати»
	Unmapped  Verdict = "unmapped" // the merchant has chosen nothing for it
	Move      Verdict = "move"     // the shop's order goes to To
)

// Inbound is what to do about a status of the CRM.
type Inbound struct {
	Verdict Verdict
	To      string    // the shop's status, with Move
	At      time.Time // when it was set in the CRM
}

// Settles reports whether the status is dealt with once this was done. Not so what the shop's own change has
// kept back, since the CRM is going to follow, nor what is not mapped yet, since it may be later.
func (d Inbound) Settles() bool { return d.Verdict == Echo || d.Verdict == Skip || d.Verdict == Move }

// FromCRM decides about what the CRM says.
func FromCRM(m Memory, s Said, in Table) Inbound {
	d := Inbound{At: s.Dated().At}
	switch {
	case m.known(s), m.Known.Status == "" && s.First:
		d.Verdict = Unchanged
	case m.stale(s):
		d.Verdict = Stale
	case m.echo(s):
		d.Verdict = Echo
	case m.Succeeded:
		d.Verdict = Succeeded
	case m.shopNewer(d.At):
		d.Verdict = ShopNewer
	case in[s.Status].Skip:
		d.Verdict = Skip
	case in[s.Status].Code == "":
		d.Verdict = Unmapped
	default:
		d.Verdict, d.To = Move, in[s.Status].Code
	}
	return d
}

// Telling says what to do about a status of the shop.
type Telling string

// The verdicts about a status of the shop.
const (
	Tell     Telling = "tell"  // the CRM's order goes to To
	Agreed   Telling = "known" // the tables join what the two sides have
	GiveWay  Telling = "give_way"
	Await    Telling = "await"    // what we set before has not taken effect yet
	Withheld Telling = "withheld" // «Не передавати»
	Unchosen Telling = "unchosen" // the merchant has chosen nothing for it
)

// Outbound is what to do about a status of the shop.
type Outbound struct {
	Telling Telling
	To      string // the CRM's status; with Tell and Agreed
}

// takesEffect is how long the CRM may take to carry out what we set; see Await.
const takesEffect = 30 * time.Second

// ToCRM decides about the status that the shop's order has, knowing what the CRM says of its own just now. The
// shop gives way only to a status that can come to it: one the tables lead nowhere, or of an object that is
// another shop's by now, would leave the two sides apart for good. now is the shop's time.
func ToCRM(m Memory, s Said, shop string, in, out Table, now time.Time) Outbound {
	choice := out[shop]
	switch {
	case choice.Skip:
		return Outbound{Telling: Withheld}
	case choice.Code == "":
		return Outbound{Telling: Unchosen}
	case !s.Foreign && FromCRM(m, s, in).Verdict == Move && s.Status != choice.Code && in[s.Status].Code != shop:
		return Outbound{Telling: GiveWay}
	// One at a time: of two that are under way nobody could tell which the CRM's word is about.
	case m.Own.Status != "" && !m.echo(s) && now.Before(m.Own.At.Add(takesEffect)):
		return Outbound{Telling: Await}
	case s.Status == choice.Code, s.Status != "" && in[s.Status].Code == shop:
		return Outbound{Telling: Agreed, To: s.Status}
	}
	return Outbound{Telling: Tell, To: choice.Code}
}
