package api

import (
	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

// cards is the endpoints of leads.
type cards struct{ *base }

func cardRules() rules {
	return rules{
		filters: []string{"pipeline_id", "status_id", "source_id", "created_between", "updated_between"},
		includes: []string{
			"contact", "contact.client", "products", "products.offer", "manager", "status", "payments", "customFields",
		},
	}
}

func (s cards) list(c *call) *crmsim.Answer {
	if s.Settings().PipelinesOff {
		return leadsOff(400)
	}
	l, bad := c.list(cardRules())
	if bad != nil {
		return bad
	}
	var found []*entity.Card
	for _, id := range s.DB.Cards.IDs() {
		row := s.DB.Cards.Get(id)
		if !s.Now().Before(row.VisibleAt) && l.has("pipeline_id", row.PipelineID) && l.has("status_id", row.StatusID) &&
			l.has("source_id", row.SourceID) && l.between("created_between", row.CreatedAt) &&
			l.between("updated_between", row.UpdatedAt) {
			found = append(found, row)
		}
	}
	rows := crmsim.Map(table.Cut(found, l.window()), func(c **entity.Card) wire.Card { return s.wire.Card(*c, l.includes) })
	return page(s.base, l, rows, len(found))
}

func (s cards) get(c *call) *crmsim.Answer {
	if s.Settings().PipelinesOff {
		return leadsOff(400)
	}
	includes, bad := readIncludes(c.q, cardRules())
	if bad != nil {
		return bad
	}
	row := s.DB.Cards.Get(c.id("id"))
	if row == nil {
		return notFound()
	}
	return &crmsim.Answer{Status: 200, Body: s.wire.Card(row, includes)}
}

// post makes a card; nothing recognises that it was sent before.
func (s cards) post(c *call) *crmsim.Answer {
	if s.Settings().PipelinesOff {
		return leadsOff(403)
	}
	f := s.form(c.JSON)
	card := &entity.Card{CreatedAt: s.Stamp(), UpdatedAt: s.Stamp(), VisibleAt: s.Now().Add(s.Config.VisibilityDelay)}
	s.read.card(f, card)
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	s.Cards.Create(card)
	return &crmsim.Answer{Status: 201, Body: s.wire.Card(card, wire.Parts("contact", "products", "payments"))}
}

// put checks a change and lets it take effect later. manager_comment is not among what it knows.
func (s cards) put(c *call) *crmsim.Answer {
	if s.Settings().PipelinesOff {
		return leadsOff(400)
	}
	row := s.DB.Cards.Get(c.id("id"))
	if row == nil {
		return notFound()
	}
	f := s.form(c.JSON)
	copied := table.Clone(row)
	s.read.cardChange(f, &copied)
	return s.accept(f, account.WriteCard, row.ID, c)
}

func (s cards) apply(id int64, f *form.Form) {
	if row := s.DB.Cards.Get(id); row != nil {
		s.Cards.Change(row, func(c *entity.Card) { s.read.cardChange(f, c) })
	}
}

func (s cards) postPayment(c *call) *crmsim.Answer {
	row, bad := s.cardOf(c)
	if bad != nil {
		return bad
	}
	f := s.form(c.JSON)
	p := s.read.payment(f, "paid")
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	s.Cards.Change(row, func(c *entity.Card) { c.Payments = append(c.Payments, p) })
	return &crmsim.Answer{Status: 201, Body: s.wire.OnePayment(&p)}
}

func (s cards) putPayment(c *call) *crmsim.Answer {
	row, bad := s.cardOf(c)
	if bad != nil {
		return bad
	}
	f := s.form(c.JSON)
	copied := table.Clone(row)
	p := s.read.changePayment(f, copied.Payments, c.id("p"))
	if p == nil {
		return notFound()
	}
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	s.Cards.Change(row, func(c *entity.Card) { c.Payments = copied.Payments })
	return &crmsim.Answer{Status: 202, Body: s.wire.OnePayment(p)}
}
