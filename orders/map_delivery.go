package orders

import (
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// delivery maps the method and takes the address over. «Не передавати» leaves out the service alone:
// where the parcel goes is told all the same. A card has no delivery, so it needs no mapping there.
func (m *mapper) delivery() {
	d := m.Order.Delivery
	if d.Date != "" {
		m.note("Бажана дата доставки", d.Date)
	}
	d.Price, d.Date = decimal.Decimal{}, ""
	if d == (plugin.Delivery{}) && m.Order.Recipient == (plugin.Recipient{}) {
		return
	}
	choice := m.Settings.Deliveries[d.Method]
	if d.Method != "" && !choice.Made() && m.d.Target != settings.TargetCards {
		m.block(ReasonUnmappedDelivery, Params{"delivery": d.Method})
	}
	out := &Delivery{
		Country: d.Country, Region: tidy(d.Region), City: tidy(d.City), PostCode: tidy(d.PostCode), Street: tidy(d.Street),
		SecondLine: tidy(d.SecondLine), Branch: tidy(d.Branch), Recipient: m.recipient(),
	}
	if !choice.Skip {
		out.Service = choice.Code
	}
	if d.BranchRef != "" {
		m.branch(out, d)
	}
	m.d.Delivery = out
}

// branch names the carrier's branch by its reference where the CRM's service knows it.
func (m *mapper) branch(out *Delivery, d plugin.Delivery) {
	switch {
	case m.BranchAsText:
		m.note("Код відділення CRM не прийняла, його передано текстом", d.BranchRef)
	case m.CRM.BranchRefs[out.Service]:
		out.BranchRef = d.BranchRef
	case out.Branch == "":
		m.note("Код відділення", d.BranchRef)
	}
}
