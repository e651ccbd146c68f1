package entity

import "slices"

// Events a Trigger can wait for.
const (
	EventOrderStatus  = "order.change_order_status"
	EventOrderPayment = "order.change_payment_status"
	EventCardStatus   = "lead.change_lead_status"
	EventCardCreated  = "card_created" // «Створення картки»: what it sends is named EventCardStatus
)

// Trigger is an automation rule with the action «Відправити Webhook».
type Trigger struct {
	ID        int64
	Name      string
	Event     string   // one of the Event constants
	Values    []string // status ids, or payment states for EventOrderPayment; empty: any
	SourceIDs []int64  // condition «Джерело → Включає»; empty: any
	URL       string
	Method    string // POST (default) or GET
	Active    bool
}

// StockHook is the setting «Вебхуки залишків»: one address that learns of stock changes. An empty URL switches it off.
type StockHook struct {
	URL          string
	WarehouseIDs []int64 // summed; empty: all
}

// Wants reports whether the trigger waits for that value from that source.
func (t *Trigger) Wants(value string, sourceID int64) bool {
	return (len(t.Values) == 0 || slices.Contains(t.Values, value)) &&
		(len(t.SourceIDs) == 0 || slices.Contains(t.SourceIDs, sourceID))
}
