package crm

import (
	"slices"
	"strings"
)

// Fingerprint recognises a CRM account without naming it. It is a list of marks, each made of
// something the account keeps for good; an account gains and loses marks as it lives, and two keys
// open the same account when they share one. Empty: not known.
type Fingerprint string

// NewFingerprint joins marks, which must hold no spaces.
func NewFingerprint(marks ...string) Fingerprint { return Fingerprint(strings.Join(marks, " ")) }

// Same reports whether both belong to one account. An unknown fingerprint equals none.
func (f Fingerprint) Same(o Fingerprint) bool {
	marks := strings.Fields(string(f))
	return slices.ContainsFunc(strings.Fields(string(o)), func(m string) bool { return slices.Contains(marks, m) })
}

// Codes below are the CRM's own, opaque, and unique within their list.

// Source is a channel orders come from.
type Source struct {
	Code     string
	Name     string
	Currency string // ISO 4217, of its orders; empty when the CRM does not say
}

// Status is a state of an order or a card.
type Status struct {
	Code string
	Name string
	// Term is set while the status bears the CRM's own untranslated word; it is that word ("new").
	Term string
	// Final: no further move is expected.
	Final bool
}

// Pipeline is a sales funnel with its statuses in their order on the board.
type Pipeline struct {
	Code     string
	Name     string
	Statuses []Status // their codes name the pipeline too: "1/101"
}

// PaymentMethod is a way to pay.
type PaymentMethod struct {
	Code string
	Name string
	Term string // as of Status, but also beside a name of its own; empty when the CRM keeps none
}

// DeliveryService is a way to deliver.
type DeliveryService struct {
	Code    string
	Name    string
	Carrier string // "novaposhta", "ukrposhta", "pickup"; empty when the CRM does not say
}

// FieldOwner says what a custom field belongs to.
type FieldOwner string

// The owners of custom fields that orders can fill.
const (
	FieldOfOrder FieldOwner = "order"
	FieldOfCard  FieldOwner = "card"
)

// Field is a custom field.
type Field struct {
	Code   string
	Name   string
	Owner  FieldOwner
	Switch bool // holds yes or no
}

// Category is a node of the CRM's product tree.
type Category struct {
	Code   string
	Name   string
	Parent string // empty: a root
}

// Warehouse is a place in which the CRM keeps goods.
type Warehouse struct {
	Code string
	Name string
}
