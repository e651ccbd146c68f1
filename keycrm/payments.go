package keycrm

import "github.com/keybridge/keybridge/keycrm/internal/jsonscan"

// States of a payment.
const (
	PaymentPaid     = "paid"
	PaymentNotPaid  = "not_paid"
	PaymentCanceled = "canceled"
)

// Payment is a payment of an order or card.
type Payment struct {
	ID              int64          `json:"id"` // 0 in the answer to AddPayment: read the order to learn it
	PaymentMethodID int64          `json:"payment_method_id"`
	PaymentMethod   *PaymentMethod `json:"payment_method"`
	Amount          Decimal        `json:"amount"`
	ActualCurrency  string         `json:"actual_currency"`
	Description     string         `json:"description"`
	Status          string         `json:"status"` // PaymentPaid, PaymentNotPaid, PaymentCanceled or a later one
	PaymentDate     Time           `json:"payment_date"`
	CreatedAt       Time           `json:"created_at"`
	UpdatedAt       Time           `json:"updated_at"`
}

var paymentMembers = membersOf[Payment]()

func (p *Payment) read(s *jsonscan.Scanner) error { return paymentMembers.read(s, p) }

// PaymentCreate is a new payment. It names its method by id or by name. KeyCRM does not recognise repeats: put a
// marker into Description and look for it first.
type PaymentCreate struct {
	PaymentMethodID int64    `json:"payment_method_id,omitzero"`
	PaymentMethod   string   `json:"payment_method,omitzero"`
	Amount          Amount   `json:"amount"`
	Status          string   `json:"status,omitzero"` // empty: KeyCRM takes paid for AddPayment
	Description     string   `json:"description,omitzero"`
	PaymentDate     DateTime `json:"payment_date,omitzero"`
}

// PaymentUpdate changes a payment; nothing else of it can change. Empty members stay as they are.
type PaymentUpdate struct {
	Status      string `json:"status,omitzero"`
	Description string `json:"description,omitzero"`
}
