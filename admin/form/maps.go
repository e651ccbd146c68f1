package form

import (
	"maps"
	"slices"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

// MapID names one of the maps between the shop's lists and the CRM's. It begins the names of the
// map's fields in the form ("payments.cash") and of problems with them.
type MapID string

// The maps, in the order they stand on the page.
const (
	MapOrderStatus MapID = "order_status" // table (a)
	MapCardStatus  MapID = "card_status"  // table (b)
	MapStatusOut   MapID = "status_out"   // table (c)
	MapAddOns      MapID = "add_ons"
	MapPayments    MapID = "payments"
	MapDeliveries  MapID = "deliveries"
)

// Mapping is one map as it applies to a target: what is mapped to what.
type Mapping struct {
	ID   MapID
	Rows []Entry
	// RowsErr: the rows are the CRM's and could not be read.
	RowsErr error
	Values  []Entry
	// ValuesErr: the values are the CRM's and could not be read.
	ValuesErr error
	Choices   map[string]settings.Choice
	// Required: an order waits, or a status is lost, while a row is not decided.
	Required bool
}

// Mappings lists the maps that matter for the settings' target; none when orders are not synced.
func Mappings(o settings.Orders, lists Lists) []Mapping {
	if o.Target == settings.TargetOff {
		return nil
	}
	l, s := lists.CRM, lists.Shop
	shopStatuses, crmStatuses := StatusRows(s), CRMStatusRows(l.Statuses.Rows)
	out := []Mapping{{
		ID: MapOrderStatus, Rows: crmStatuses, RowsErr: l.Statuses.Err, Values: shopStatuses,
		Choices: o.OrderStatus, Required: true,
	}}
	back := Mapping{ID: MapStatusOut, Rows: shopStatuses, Values: crmStatuses, ValuesErr: l.Statuses.Err}
	fields, others := crm.FieldOfOrder, crm.FieldOfCard
	foreign := CardStatusRows(l.Pipelines.Rows)
	if o.Target == settings.TargetCards {
		cards := foreign
		out = append(out, Mapping{
			ID: MapCardStatus, Rows: cards, RowsErr: l.Pipelines.Err, Values: shopStatuses,
			Choices: o.CardStatus, Required: true,
		})
		back.Values, back.ValuesErr = cards, l.Pipelines.Err
		foreign = crmStatuses
		fields, others = others, fields
	}
	back.Choices = without(o.StatusOut, foreign)
	return append(out, back,
		Mapping{
			ID: MapAddOns, Rows: AddOnRows(s), Values: fieldRows(l.Fields.Rows, fields), ValuesErr: l.Fields.Err,
			Choices: without(o.AddOns, fieldRows(l.Fields.Rows, others)), Required: true,
		},
		Mapping{
			ID: MapPayments, Rows: PaymentRows(s), Values: crmPaymentRows(l), ValuesErr: l.Payments.Err,
			Choices: o.Payments, Required: true,
		},
		Mapping{
			ID: MapDeliveries, Rows: DeliveryRows(s), Values: crmDeliveryRows(l), ValuesErr: l.Deliveries.Err,
			Choices: o.Deliveries, Required: true,
		})
}

// without leaves out choices that belong to the other target: they were made before the target was
// switched and mean nothing here.
func without(choices map[string]settings.Choice, foreign []Entry) map[string]settings.Choice {
	out := map[string]settings.Choice{}
	for row, c := range choices {
		if c.Code == "" || Find(foreign, c.Code) == nil {
			out[row] = c
		}
	}
	return out
}

// Shown are the rows to decide about: those in use, and those a stored choice still speaks of.
func (m Mapping) Shown() []Entry {
	var out []Entry
	for _, r := range m.Rows {
		if !r.Retired || m.Choices[r.Code].Made() {
			out = append(out, r)
		}
	}
	for _, code := range sortedKeys(m.Choices) {
		if m.Choices[code].Made() && Find(m.Rows, code) == nil && m.RowsErr != nil {
			out = append(out, Entry{Code: code, Name: code})
		}
	}
	return out
}

// Open lists the rows nobody decided about, or whose value is gone from the other side.
func (m Mapping) Open() (undecided, gone []Entry) {
	for _, r := range m.Shown() {
		c := m.Choices[r.Code]
		switch {
		case !c.Made():
			undecided = append(undecided, r)
		case !c.Skip && m.ValuesErr == nil && Find(m.Values, c.Code) == nil:
			gone = append(gone, r)
		}
	}
	return undecided, gone
}

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// put stores the choices of a map where they belong.
func put(o *settings.Orders, id MapID, choices map[string]settings.Choice) {
	switch id {
	case MapOrderStatus:
		o.OrderStatus = choices
	case MapCardStatus:
		o.CardStatus = choices
	case MapStatusOut:
		o.StatusOut = choices
	case MapAddOns:
		o.AddOns = choices
	case MapPayments:
		o.Payments = choices
	case MapDeliveries:
		o.Deliveries = choices
	}
}
