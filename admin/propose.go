package admin

import (
	"maps"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

// proposals are likely choices for rows nobody decided about. A proposal stands in the menu, marked
// as one, and counts for nothing until it is saved.
type proposals map[mapID]map[string]settings.Choice

// propose looks at all maps together: the way out must lead back where the way in begins.
func propose(all []mapping, target settings.Target) proposals {
	out := proposals{}
	in := map[string]settings.Choice{}
	for _, m := range all {
		out[m.id] = map[string]settings.Choice{}
		for _, r := range m.shown() {
			if m.choices[r.code].Made() {
				continue
			}
			if c := proposal(m, r, in); c.Made() {
				out[m.id][r.code] = c
			}
		}
		if m.id == mapOrderStatus && target == settings.TargetOrders || m.id == mapCardStatus {
			maps.Copy(in, m.choices)
			maps.Copy(in, out[m.id])
		}
	}
	return out
}

// proposal answers a likely value for a row; in is the way from the CRM's statuses to the shop's.
func proposal(m mapping, r entry, in map[string]settings.Choice) settings.Choice {
	values := slices.Clone(m.values)
	if m.id == mapStatusOut {
		values = slices.DeleteFunc(values, func(v entry) bool { return in[v.code].Code != r.code })
	}
	for _, alike := range []func(row, value entry) bool{sameName, sameHint, m.sameMeaning} {
		// Two values may bear one name in different pipelines: the first is taken.
		if at := slices.IndexFunc(values, func(v entry) bool { return !v.retired && alike(r, v) }); at >= 0 {
			return settings.Choice{Code: values[at].code}
		}
	}
	switch m.id {
	case mapStatusOut:
		if len(values) > 0 {
			return settings.Choice{Code: values[0].code}
		}
		return settings.Choice{Skip: true}
	case mapOrderStatus, mapCardStatus:
		return settings.Choice{Skip: true} // where nothing is alike, nothing is changed
	case mapPayments:
		if at := slices.IndexFunc(values, func(v entry) bool { return v.hint == "other" }); at >= 0 {
			return settings.Choice{Code: values[at].code}
		}
	}
	return settings.Choice{}
}

func sameName(row, value entry) bool {
	return fold(row.name) != "" && fold(row.name) == fold(value.name)
}

func sameHint(row, value entry) bool { return row.hint != "" && row.hint == value.hint }

// sameMeaning compares by how words begin, for lists that people word differently: «Готівка при
// отриманні» is «Готівка», «Відправлено» is "sent".
func (m mapping) sameMeaning(row, value entry) bool {
	senses := m.senses()
	a, b := meaning(row, senses), meaning(value, senses)
	return a != "" && a == b
}

// sense is a meaning with the beginnings of words that carry it.
type sense struct {
	means  string
	begins []string
}

func (m mapping) senses() []sense {
	switch m.id {
	case mapOrderStatus, mapCardStatus, mapStatusOut:
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
	case mapPayments:
		return []sense{
			{"cash", []string{"готівк", "накладен", "післяплат", "cash"}},
			{"transfer", []string{"переказ", "рахун", "реквізит", "bank_transfer", "transfer", "invoice"}},
			{"card", []string{"картк", "bank_card", "card", "visa", "liqpay", "monobank"}},
			{"paypal", []string{"paypal"}},
		}
	case mapDeliveries:
		return []sense{
			{"novaposhta", []string{"нова пошта", "nova poshta", "novaposhta"}},
			{"ukrposhta", []string{"укрпошт", "ukrposhta"}},
			{"pickup", []string{"самовив", "pickup"}},
		}
	}
	return nil
}

func meaning(e entry, senses []sense) string {
	for _, text := range []string{fold(e.name), fold(e.term), fold(e.hint), fold(e.code)} {
		for _, s := range senses {
			if slices.ContainsFunc(s.begins, func(b string) bool { return strings.Contains(" "+text, " "+b) }) {
				return s.means
			}
		}
	}
	return ""
}

func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// proposeSource answers the source that is likely this shop's: the only one in its currency, or the
// only such one that bears its name. Empty when there is none or no telling.
func proposeSource(sources []crm.Source, currency, shop string) string {
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
