package admin

import (
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// mapID names one of the maps between the shop's lists and the CRM's. It begins the names of the
// map's fields in the form ("payments.cash") and of problems with them.
type mapID string

// The maps, in the order they stand on the page.
const (
	mapOrderStatus mapID = "order_status" // table (a)
	mapCardStatus  mapID = "card_status"  // table (b)
	mapStatusOut   mapID = "status_out"   // table (c)
	mapAddOns      mapID = "add_ons"
	mapPayments    mapID = "payments"
	mapDeliveries  mapID = "deliveries"
)

// entry is a row or an offered value of a map: a code with what people call it.
type entry struct {
	code string
	name string
	// term is the CRM's own word beside or instead of a name, see crm.Status.
	term string
	// group gathers values in the menu (a pipeline); empty: none.
	group string
	// hint helps proposals: the carrier of a delivery.
	hint string
	// retired entries are shown only where they are in use.
	retired bool
}

// mapping is one map as it applies to a target: what is mapped to what.
type mapping struct {
	id   mapID
	rows []entry
	// rowsErr: the rows are the CRM's and could not be read.
	rowsErr error
	values  []entry
	// valuesErr: the values are the CRM's and could not be read.
	valuesErr error
	choices   map[string]settings.Choice
	// required: an order waits, or a status is lost, while a row is not decided.
	required bool
}

// mappings lists the maps that matter for the settings' target; none when orders are not synced.
func mappings(o settings.Orders, l *lists, s *shopLists) []mapping {
	if o.Target == settings.TargetOff {
		return nil
	}
	shopStatuses, crmStatuses := statusRows(s), crmStatusRows(l.statuses.rows)
	out := []mapping{{
		id: mapOrderStatus, rows: crmStatuses, rowsErr: l.statuses.err, values: shopStatuses,
		choices: o.OrderStatus, required: true,
	}}
	back := mapping{id: mapStatusOut, rows: shopStatuses, values: crmStatuses, valuesErr: l.statuses.err}
	fields, others := crm.FieldOfOrder, crm.FieldOfCard
	foreign := cardStatusRows(l.pipelines.rows)
	if o.Target == settings.TargetCards {
		cards := foreign
		out = append(out, mapping{
			id: mapCardStatus, rows: cards, rowsErr: l.pipelines.err, values: shopStatuses,
			choices: o.CardStatus, required: true,
		})
		back.values, back.valuesErr = cards, l.pipelines.err
		foreign = crmStatuses
		fields, others = others, fields
	}
	back.choices = without(o.StatusOut, foreign)
	return append(out, back,
		mapping{
			id: mapAddOns, rows: addOnRows(s), values: fieldRows(l.fields.rows, fields), valuesErr: l.fields.err,
			choices: without(o.AddOns, fieldRows(l.fields.rows, others)), required: true,
		},
		mapping{
			id: mapPayments, rows: paymentRows(s), values: crmPaymentRows(l), valuesErr: l.payments.err,
			choices: o.Payments, required: true,
		},
		mapping{
			id: mapDeliveries, rows: deliveryRows(s), values: crmDeliveryRows(l), valuesErr: l.deliveries.err,
			choices: o.Deliveries, required: true,
		})
}

// without leaves out choices that belong to the other target: they were made before the target was
// switched and mean nothing here.
func without(choices map[string]settings.Choice, foreign []entry) map[string]settings.Choice {
	out := map[string]settings.Choice{}
	for row, c := range choices {
		if c.Code == "" || find(foreign, c.Code) == nil {
			out[row] = c
		}
	}
	return out
}

// shown are the rows to decide about: those in use, and those a stored choice still speaks of.
func (m mapping) shown() []entry {
	var out []entry
	for _, r := range m.rows {
		if !r.retired || m.choices[r.code].Made() {
			out = append(out, r)
		}
	}
	for _, code := range sortedKeys(m.choices) {
		if m.choices[code].Made() && find(m.rows, code) == nil && m.rowsErr != nil {
			out = append(out, entry{code: code, name: code})
		}
	}
	return out
}

// open lists the rows nobody decided about, or whose value is gone from the other side.
func (m mapping) open() (undecided, gone []entry) {
	for _, r := range m.shown() {
		c := m.choices[r.code]
		switch {
		case !c.Made():
			undecided = append(undecided, r)
		case !c.Skip && m.valuesErr == nil && find(m.values, c.Code) == nil:
			gone = append(gone, r)
		}
	}
	return undecided, gone
}

func find(list []entry, code string) *entry {
	at := slices.IndexFunc(list, func(e entry) bool { return e.code == code })
	if at < 0 {
		return nil
	}
	return &list[at]
}

func sortedKeys(m map[string]settings.Choice) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func entries[T any](rows []T, one func(T) entry) []entry {
	out := make([]entry, 0, len(rows))
	for _, r := range rows {
		out = append(out, one(r))
	}
	return out
}

func statusRows(s *shopLists) []entry {
	return entries(s.statuses, func(o plugin.OrderStatus) entry {
		return entry{code: o.Code, name: o.Name, retired: o.Retired}
	})
}

func paymentRows(s *shopLists) []entry {
	return entries(s.payments, func(p plugin.PaymentMethod) entry {
		return entry{code: p.Code, name: p.Name, retired: p.Retired}
	})
}

func deliveryRows(s *shopLists) []entry {
	return entries(s.deliveries, func(d plugin.DeliveryMethod) entry {
		return entry{code: d.Code, name: d.Name, hint: d.Carrier, retired: d.Retired}
	})
}

func addOnRows(s *shopLists) []entry {
	return entries(s.addOns, func(o plugin.AddOn) entry {
		return entry{code: o.Code, name: o.Name, retired: o.Retired}
	})
}

func crmStatusRows(rows []crm.Status) []entry {
	return entries(rows, func(o crm.Status) entry { return entry{code: o.Code, name: o.Name, term: o.Term} })
}

func cardStatusRows(pipelines []crm.Pipeline) []entry {
	var out []entry
	for _, p := range pipelines {
		for _, o := range p.Statuses {
			out = append(out, entry{code: o.Code, name: o.Name, term: o.Term, group: p.Name})
		}
	}
	return out
}

func crmPaymentRows(l *lists) []entry {
	return entries(l.payments.rows, func(p crm.PaymentMethod) entry {
		return entry{code: p.Code, name: p.Name, hint: p.Term, term: termUnlessNamed(p.Name, p.Term)}
	})
}

// termUnlessNamed: a method that people gave a name of their own is called by it.
func termUnlessNamed(name, term string) string {
	if name == "" || strings.EqualFold(name, term) {
		return term
	}
	return ""
}

func crmDeliveryRows(l *lists) []entry {
	return entries(l.deliveries.rows, func(d crm.DeliveryService) entry {
		return entry{code: d.Code, name: d.Name, hint: d.Carrier}
	})
}

func fieldRows(rows []crm.Field, owner crm.FieldOwner) []entry {
	var out []entry
	for _, f := range rows {
		if f.Owner == owner {
			out = append(out, entry{code: f.Code, name: f.Name})
		}
	}
	return out
}
