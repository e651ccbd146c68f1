package form

import (
	"cmp"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

// Entry is a row or an offered value of a map: a code with what people call it.
type Entry struct {
	Code string
	Name string
	// Term is the CRM's own word beside or instead of a name, see crm.Status.
	Term string
	// Group gathers values in the menu (a pipeline); empty: none.
	Group string
	// Hint helps proposals: the carrier of a delivery.
	Hint string
	// Retired entries are shown only where they are in use.
	Retired bool
}

// Label is what people call an entry: the CRM's own word is translated where there are words for it.
func (e Entry) Label(w *i18n.Words) string {
	if key := "crm.term." + e.Term; e.Term != "" && w.Has(key) {
		return w.T(key)
	}
	return cmp.Or(e.Name, e.Term, e.Code)
}

// Find answers the entry with a code; nil: there is none.
func Find(list []Entry, code string) *Entry {
	at := slices.IndexFunc(list, func(e Entry) bool { return e.Code == code })
	if at < 0 {
		return nil
	}
	return &list[at]
}

func entries[T any](rows []T, one func(T) Entry) []Entry {
	out := make([]Entry, 0, len(rows))
	for _, r := range rows {
		out = append(out, one(r))
	}
	return out
}

// StatusRows are the shop's order statuses.
func StatusRows(s *ShopLists) []Entry {
	return entries(s.Statuses, func(o plugin.OrderStatus) Entry {
		return Entry{Code: o.Code, Name: o.Name, Retired: o.Retired}
	})
}

// PaymentRows are the shop's payment methods.
func PaymentRows(s *ShopLists) []Entry {
	return entries(s.Payments, func(p plugin.PaymentMethod) Entry {
		return Entry{Code: p.Code, Name: p.Name, Retired: p.Retired}
	})
}

// DeliveryRows are the shop's delivery methods.
func DeliveryRows(s *ShopLists) []Entry {
	return entries(s.Deliveries, func(d plugin.DeliveryMethod) Entry {
		return Entry{Code: d.Code, Name: d.Name, Hint: d.Carrier, Retired: d.Retired}
	})
}

// AddOnRows are the shop's add-ons.
func AddOnRows(s *ShopLists) []Entry {
	return entries(s.AddOns, func(o plugin.AddOn) Entry {
		return Entry{Code: o.Code, Name: o.Name, Retired: o.Retired}
	})
}

// CRMStatusRows are the CRM's order statuses.
func CRMStatusRows(rows []crm.Status) []Entry {
	return entries(rows, func(o crm.Status) Entry { return Entry{Code: o.Code, Name: o.Name, Term: o.Term} })
}

// CardStatusRows are the statuses of the CRM's pipelines.
func CardStatusRows(pipelines []crm.Pipeline) []Entry {
	var out []Entry
	for _, p := range pipelines {
		for _, o := range p.Statuses {
			out = append(out, Entry{Code: o.Code, Name: o.Name, Term: o.Term, Group: p.Name})
		}
	}
	return out
}

func crmPaymentRows(l *CRMLists) []Entry {
	return entries(l.Payments.Rows, func(p crm.PaymentMethod) Entry {
		return Entry{Code: p.Code, Name: p.Name, Hint: p.Term, Term: termUnlessNamed(p.Name, p.Term)}
	})
}

// termUnlessNamed: a method that people gave a name of their own is called by it.
func termUnlessNamed(name, term string) string {
	if name == "" || strings.EqualFold(name, term) {
		return term
	}
	return ""
}

func crmDeliveryRows(l *CRMLists) []Entry {
	return entries(l.Deliveries.Rows, func(d crm.DeliveryService) Entry {
		return Entry{Code: d.Code, Name: d.Name, Hint: d.Carrier}
	})
}

func fieldRows(rows []crm.Field, owner crm.FieldOwner) []Entry {
	var out []Entry
	for _, f := range rows {
		if f.Owner == owner {
			out = append(out, Entry{Code: f.Code, Name: f.Name})
		}
	}
	return out
}
