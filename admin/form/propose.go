package form

import (
	"maps"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

// Proposals are likely choices for rows nobody decided about. A proposal stands in the menu, marked
// as one, and counts for nothing until it is saved.
type Proposals map[MapID]map[string]settings.Choice

// Propose looks at all maps together: the way out must lead back where the way in begins.
func Propose(all []Mapping, target settings.Target) Proposals {
	out := Proposals{}
	in := map[string]settings.Choice{}
	for _, m := range all {
		out[m.ID] = map[string]settings.Choice{}
		for _, r := range m.Shown() {
			if m.Choices[r.Code].Made() {
				continue
			}
			if c := proposal(m, r, in); c.Made() {
				out[m.ID][r.Code] = c
			}
		}
		if m.ID == MapOrderStatus && target == settings.TargetOrders || m.ID == MapCardStatus {
			maps.Copy(in, m.Choices)
			maps.Copy(in, out[m.ID])
		}
	}
	return out
}

// proposal answers a likely value for a row; in is the way from the CRM's statuses to the shop's.
func proposal(m Mapping, r Entry, in map[string]settings.Choice) settings.Choice {
	values := slices.Clone(m.Values)
	if m.ID == MapStatusOut {
		values = slices.DeleteFunc(values, func(v Entry) bool { return in[v.Code].Code != r.Code })
	}
	for _, alike := range []func(row, value Entry) bool{sameName, sameHint, m.sameMeaning} {
		// Two values may bear one name in different pipelines: the first is taken.
		if at := slices.IndexFunc(values, func(v Entry) bool { return !v.Retired && alike(r, v) }); at >= 0 {
			return settings.Choice{Code: values[at].Code}
		}
	}
	switch m.ID {
	case MapStatusOut:
		if len(values) > 0 {
			return settings.Choice{Code: values[0].Code}
		}
		return settings.Choice{Skip: true}
	case MapOrderStatus, MapCardStatus:
		return settings.Choice{Skip: true} // where nothing is alike, nothing is changed
	case MapPayments:
		if at := slices.IndexFunc(values, func(v Entry) bool { return v.Hint == "other" }); at >= 0 {
			return settings.Choice{Code: values[at].Code}
		}
	case MapAddOns, MapDeliveries: // a person chooses
	}
	return settings.Choice{}
}

func sameName(row, value Entry) bool {
	return fold(row.Name) != "" && fold(row.Name) == fold(value.Name)
}

func sameHint(row, value Entry) bool { return row.Hint != "" && row.Hint == value.Hint }

// sameMeaning compares by how words begin, for lists that people word differently: «Готівка при
// отриманні» is «Готівка», «Відправлено» is "sent".
func (m Mapping) sameMeaning(row, value Entry) bool {
	senses := m.senses()
	a, b := meaning(row, senses), meaning(value, senses)
	return a != "" && a == b
}

// sense is a meaning with the beginnings of words that carry it.
type sense struct {
	means  string
	begins []string
}

func (m Mapping) senses() []sense {
	switch m.ID {
	case MapOrderStatus, MapCardStatus, MapStatusOut:
		return []sense{
			{"new", []string{"нов", "new"}},
			{"accepted", []string{"підтвердж", "погодж", "прийнят", "accepted", "confirmed", "approved"}},
			{"packing", []string{"комплект", "пакуєт", "збира", "packing", "production"}},
			{"sent", []string{"відправ", "передано", "в дорозі", "sent", "shipped", "delivering"}},
			{"delivered", []string{"доставлен", "delivered"}},
			{"completed", []string{"викон", "заверш", "успішн", "completed", "success"}},
			{"canceled", []string{"скасов", "відмов", "відмін", "cancel", "fail"}},
			{"returned", []string{"повернен", "return"}},
		}
	case MapPayments:
		return []sense{
			{"cash", []string{"готівк", "накладен", "післяплат", "cash"}},
			{"transfer", []string{"переказ", "рахун", "реквізит", "bank_transfer", "transfer", "invoice"}},
			{"card", []string{"картк", "bank_card", "card", "visa", "liqpay", "monobank"}},
			{"paypal", []string{"paypal"}},
		}
	case MapDeliveries:
		return []sense{
			{"novaposhta", []string{"нова пошта", "nova poshta", "novaposhta"}},
			{"ukrposhta", []string{"укрпошт", "ukrposhta"}},
			{"pickup", []string{"самовив", "pickup"}},
		}
	case MapAddOns: // no words that all shops share
	}
	return nil
}

func meaning(e Entry, senses []sense) string {
	for _, text := range []string{fold(e.Name), fold(e.Term), fold(e.Hint), fold(e.Code)} {
		for _, s := range senses {
			if slices.ContainsFunc(s.begins, func(b string) bool { return strings.Contains(" "+text, " "+b) }) {
				return s.means
			}
		}
	}
	return ""
}

func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// ProposeSource answers the source that is likely this shop's: the only one in its currency, or the
// only such one that bears its name. Empty when there is none or no telling.
func ProposeSource(sources []crm.Source, currency, shop string) string {
	var fitting, named []string
	for _, s := range sources {
		if s.Currency != currency {
			continue
		}
		fitting = append(fitting, s.Code)
		if fold(s.Name) == fold(shop) {
			named = append(named, s.Code)
		}
	}
	for _, list := range [][]string{fitting, named} {
		if len(list) == 1 {
			return list[0]
		}
	}
	return ""
}
