package orders

// Reason is a code for why an entry waits, stands still or was left out. The page has words for each
// of them; what they speak of is in Params.
type Reason string

// Params are what a reason speaks of: codes and amounts, never personal data.
type Params map[string]string

// Why an order cannot be translated; the merchant mends it in the settings.
const (
	ReasonNoSource         Reason = "no_source"         // no source is chosen
	ReasonSourceGone       Reason = "source_gone"       // source: the CRM has no such source any more
	ReasonCurrencyMismatch Reason = "currency_mismatch" // order, source: the two currencies
	ReasonUnmappedPayment  Reason = "unmapped_payment"  // payment: the shop's code
	ReasonUnmappedDelivery Reason = "unmapped_delivery" // delivery: the shop's code
	ReasonUnmappedAddOn    Reason = "unmapped_add_on"   // add_on: the shop's code
	ReasonFieldGone        Reason = "field_gone"        // field: the CRM has no such custom field any more
	ReasonBadMapping       Reason = "bad_mapping"       // detail: the CRM's codes are not what they should be
	ReasonNoContact        Reason = "no_contact"        // neither name nor phone nor e-mail
)

// Why the CRM did not take an order.
const (
	ReasonRefused         Reason = "crm_refused"      // message; field names to texts
	ReasonUnauthorised    Reason = "crm_unauthorised" // the key is not accepted
	ReasonFeatureOff      Reason = "crm_feature_off"  // the account lacks orders or pipelines
	ReasonUnavailable     Reason = "crm_unavailable"  // tried again by itself
	ReasonLimited         Reason = "crm_limited"      // the minute's budget is used up; by itself
	ReasonWaitingBudget   Reason = "waiting_budget"   // not sent: our own budget has no slot; by itself
	ReasonNoRedis         Reason = "no_redis"         // not sent: Redis, which keeps the budget, does not answer
	ReasonTakenByOther    Reason = "taken_by_other"   // key, crm_id, crm_total, total
	ReasonTakenByOrder    Reason = "taken_by_order"   // key, crm_id; order, number: another order of the shop, which has it
	ReasonTakenNotFound   Reason = "taken_not_found"  // key: in use, but no such order can be found
	ReasonSeveralInCRM    Reason = "several_in_crm"   // key, crm_ids
	ReasonStillLooking    Reason = "still_looking"    // rounds: sent so often without an answer; looked for by itself, a person may decide
	ReasonUnknownOutcome  Reason = "unknown_outcome"  // rounds: likewise, and the looking is over
	ReasonAwaitingOutcome Reason = "awaiting_outcome" // checking; by itself
	ReasonCRMOrderGone    Reason = "crm_order_gone"   // crm_id: deleted in the CRM; it is not made again
	ReasonStatusRefused   Reason = "status_refused"   // crm_status, message
)

// Why an order is left out, or waits for the shop.
const (
	ReasonNoConnection      Reason = "no_connection"      // no running connection takes such orders
	ReasonBeforeStart       Reason = "before_start"       // placed before orders were switched on
	ReasonCanceled          Reason = "canceled"           // cancelled before it was first sent
	ReasonOrderGone         Reason = "order_gone"         // the shop does not have it any more
	ReasonByHand            Reason = "by_hand"            // a person said so
	ReasonConnectionOff     Reason = "connection_off"     // waits until the connection runs again
	ReasonConnectionGone    Reason = "connection_gone"    // the connection was deleted
	ReasonShopInactive      Reason = "shop_inactive"      // waits until the plugin is active again
	ReasonShopUnavailable   Reason = "shop_unavailable"   // the shop does not answer; tried again by itself
	ReasonOrderUnreadable   Reason = "order_unreadable"   // the shop cannot give the order
	ReasonFactsRefused      Reason = "facts_refused"      // the shop does not take what the CRM knows
	ReasonStatusUnmapped    Reason = "status_unmapped"    // status: the shop's, not mapped, so not told
	ReasonStatusSkipped     Reason = "status_skipped"     // status: «Не передавати»
	ReasonStatusKnown       Reason = "status_known"       // the CRM has that status already
	ReasonStatusOvertaken   Reason = "status_overtaken"   // status, crm_status: the CRM's is newer; the shop follows
	ReasonStatusUnconfirmed Reason = "status_unconfirmed" // crm_status: set before, and not in effect yet; by itself
	ReasonCardConverted     Reason = "card_converted"     // crm_id: the card became that order, which is moved in the CRM
	ReasonInternal          Reason = "internal"           // something panicked; tried again by itself
)

// Reasons lists every code, so that none is without words.
func Reasons() []Reason {
	return []Reason{
		ReasonNoSource, ReasonSourceGone, ReasonCurrencyMismatch, ReasonUnmappedPayment, ReasonUnmappedDelivery,
		ReasonUnmappedAddOn, ReasonFieldGone, ReasonBadMapping, ReasonNoContact,
		ReasonRefused, ReasonUnauthorised, ReasonFeatureOff, ReasonUnavailable, ReasonLimited, ReasonWaitingBudget, ReasonNoRedis, ReasonTakenByOther, ReasonTakenByOrder,
		ReasonTakenNotFound, ReasonSeveralInCRM, ReasonStillLooking, ReasonUnknownOutcome, ReasonAwaitingOutcome, ReasonCRMOrderGone,
		ReasonStatusRefused,
		ReasonNoConnection, ReasonBeforeStart, ReasonCanceled, ReasonOrderGone, ReasonByHand, ReasonConnectionOff,
		ReasonConnectionGone, ReasonShopInactive, ReasonShopUnavailable, ReasonOrderUnreadable, ReasonFactsRefused,
		ReasonStatusUnmapped, ReasonStatusSkipped, ReasonStatusKnown, ReasonStatusOvertaken, ReasonStatusUnconfirmed, ReasonCardConverted, ReasonInternal,
	}
}

// Block is one thing that keeps an order from being translated.
type Block struct {
	Code   Reason `json:"code"`
	Params Params `json:"params,omitempty"`
}
