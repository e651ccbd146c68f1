package hooks

// Outcome is what became of something that came in.
type Outcome string

// The outcomes.
const (
	Applied    Outcome = "applied"    // the shop's order has a new status
	Unchanged  Outcome = "unchanged"  // known already
	Echo       Outcome = "echo"       // the status we set ourselves
	Unmapped   Outcome = "unmapped"   // the merchant has not chosen a status of the shop for it
	Skipped    Outcome = "skipped"    // «Не передавати», or the shop's own change is newer
	Refused    Outcome = "refused"    // the shop's rules do not allow the move
	Stale      Outcome = "stale"      // older than what was dealt with
	Unknown    Outcome = "unknown"    // not an order of ours
	Gone       Outcome = "gone"       // deleted in the CRM
	Ignored    Outcome = "ignored"    // the connection is off, or the link is for something else
	Unreadable Outcome = "unreadable" // the webhook's body makes no sense
	Waiting    Outcome = "waiting"    // tried again by itself
)

// final reports whether nothing more is to be done before the object is spoken of again.
func (o Outcome) final() bool { return o != Waiting }

// Reason is a code that explains an outcome; the page has words for each.
type Reason string

// The reasons.
const (
	ReasonUnmapped        Reason = "crm_status_unmapped" // crm_status
	ReasonSkip            Reason = "crm_status_skipped"  // crm_status
	ReasonShopNewer       Reason = "shop_newer"          // the shop changed it later
	ReasonShopRefused     Reason = "shop_refused"        // detail: the shop's own words
	ReasonShopLost        Reason = "shop_order_gone"     // the shop does not have the order any more
	ReasonShopUnavailable Reason = "shop_unavailable"    // by itself
	ReasonOtherSource     Reason = "other_source"        // source
	ReasonNotOurs         Reason = "not_ours"            // no order of ours has this number
	ReasonUnconfirmed     Reason = "unconfirmed"         // its creation is not confirmed yet; by itself
	ReasonUnconverted     Reason = "unconverted"         // no card of ours has become it yet; by itself
	ReasonCardConverted   Reason = "card_converted"      // the card became an order, whose statuses count
	ReasonConnectionOff   Reason = "connection_off"
	ReasonShopInactive    Reason = "shop_inactive"
	ReasonWrongLink       Reason = "wrong_link"       // event: it belongs to the other link
	ReasonTooLarge        Reason = "too_large"        // the body is longer than we read
	ReasonBadBody         Reason = "bad_body"         // neither of the known forms
	ReasonCRMGone         Reason = "crm_order_gone"   // deleted in the CRM
	ReasonUnauthorised    Reason = "crm_unauthorised" // by itself, once the key is mended
	ReasonUnavailable     Reason = "crm_unavailable"  // by itself
	ReasonWaitingBudget   Reason = "waiting_budget"   // our own budget has no slot; by itself
	ReasonNoRedis         Reason = "no_redis"         // Redis, which keeps the budget, does not answer; by itself
	ReasonInternal        Reason = "internal"         // something panicked; by itself
)

// Reasons lists every code, so that none is without words.
func Reasons() []Reason {
	return []Reason{
		ReasonUnmapped, ReasonSkip, ReasonShopNewer, ReasonShopRefused, ReasonShopLost, ReasonShopUnavailable,
		ReasonOtherSource, ReasonNotOurs, ReasonUnconfirmed, ReasonUnconverted, ReasonCardConverted, ReasonConnectionOff, ReasonShopInactive, ReasonWrongLink,
		ReasonTooLarge, ReasonBadBody, ReasonCRMGone, ReasonUnauthorised, ReasonUnavailable,
		ReasonWaitingBudget, ReasonNoRedis, ReasonInternal,
	}
}

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{
		Applied, Unchanged, Echo, Unmapped, Skipped, Refused, Stale, Unknown, Gone, Ignored, Unreadable, Waiting,
	}
}
