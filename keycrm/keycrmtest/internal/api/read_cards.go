package api

import (
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
)

func (s reader) card(f *form.Form, card *entity.Card) {
	f.Require("contact")
	if ct := f.Object("contact"); ct != nil {
		card.Contact = entity.Contact{FullName: ct.Text("full_name"), Email: ct.Text("email"), Phone: s.Buyers.PhoneOf(ct.Text("phone"))}
		card.Contact.ClientID = ct.Known("client_id", s.DB.Buyers.Has)
		if b := s.DB.Buyers.Get(card.Contact.ClientID); b != nil {
			card.Contact.FullName = b.FullName
			card.Contact.Email, card.Contact.Phone = crmsim.First(b.Emails), crmsim.First(b.Phones)
		}
	}
	card.Title = f.Text("title")
	card.SourceID = f.Known("source_id", s.Dictionaries.AcceptsSource)
	card.ManagerID = f.Known("manager_id", s.DB.Users.Has)
	card.ManagerComment = f.Text("manager_comment")
	card.PipelineID = f.Known("pipeline_id", s.Dictionaries.AcceptsPipeline)
	if card.PipelineID == 0 {
		card.PipelineID = s.Dictionaries.FirstPipeline()
	}
	card.CommunicateAt = f.Moment("communicate_at")
	card.Marketing = entity.Marketing{
		Source: f.Text("utm_source"), Medium: f.Text("utm_medium"), Campaign: f.Text("utm_campaign"), Term: f.Text("utm_term"), Content: f.Text("utm_content"),
	}
	for _, row := range f.List("products") {
		card.Lines = append(card.Lines, s.cardLine(row))
	}
	for _, row := range f.List("payments") {
		card.Payments = append(card.Payments, s.payment(row, "not_paid"))
	}
	card.CustomFields = s.fields(f, "lead")
}

// cardLine reads what a card's line has: no discounts, no comment, no properties.
func (s reader) cardLine(f *form.Form) entity.Line {
	l := entity.Line{
		SKU: f.Text("sku"), Name: f.Text("name"), UnitType: f.Text("unit_type"),
		Picture: f.Text("picture"), Quantity: decimal.NewFromInt(1), CreatedAt: s.Stamp(), UpdatedAt: s.Stamp(),
	}
	if q := f.Amount("quantity"); q.Valid {
		l.Quantity = q.Decimal
	}
	s.tieNew(f, &l)
	return l
}

func (s reader) cardChange(f *form.Form, card *entity.Card) {
	f.SetText("title", &card.Title)
	f.SetText("note", &card.Note)
	if id := f.Known("status_id", s.Dictionaries.AcceptsCardStatus); id != 0 {
		p, _ := s.Dictionaries.PipelineStatus(id)
		card.StatusID, card.PipelineID = id, p.ID
	}
	if id := f.Known("source_id", s.Dictionaries.AcceptsSource); id != 0 {
		card.SourceID = id
	}
	if id := f.Known("client_id", s.DB.Buyers.Has); id != 0 {
		card.Contact.ClientID = id
	}
	if id := f.Known("manager_id", s.DB.Users.Has); id != 0 {
		card.ManagerID = id
	}
	if f.Sent("communicate_at") {
		card.CommunicateAt = f.Moment("communicate_at")
	}
	for _, row := range f.List("products") {
		card.Lines = append(card.Lines, s.cardLine(row)) // always added, never replaced
	}
	card.CustomFields = merge(card.CustomFields, s.fields(f, "lead"))
}
