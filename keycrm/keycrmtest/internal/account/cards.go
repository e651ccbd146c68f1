package account

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Cards are the leads in the pipelines of an account.
type Cards struct {
	*core
	Dictionaries *Dictionaries
	Hooks        *Hooks
	Orders       *Orders
}

// Create stores a card that was found good, in the first status of its pipeline, and fires the triggers.
func (s *Cards) Create(card *entity.Card) {
	card.ID, card.Contact.ID = s.DB.Cards.Next(), s.nextID(idContact)
	card.StatusID, card.StatusChangedAt = s.DB.Pipelines.Get(card.PipelineID).Statuses[0].ID, s.Stamp()
	if card.Title == "" {
		card.Title = strconv.FormatInt(card.ID, 10)
	}
	s.dropOffBlocks(card)
	s.Orders.NumberRows(card.Lines, card.Payments)
	s.DB.Cards.Put(card.ID, card)
	s.Hooks.fire(entity.EventCardCreated, strconv.FormatInt(card.StatusID, 10), card.SourceID, s.Hooks.card(card), card.ID)
}

// Edit changes a card freely.
func (s *Cards) Edit(id int64, edit func(*entity.Card)) error {
	c := s.DB.Cards.Get(id)
	if c == nil {
		return missing("card", id)
	}
	s.Change(c, edit)
	return nil
}

// SetStatus moves a card to a status, in its pipeline or another.
func (s *Cards) SetStatus(id, status int64) error {
	known, _ := s.Dictionaries.PipelineStatus(status)
	if known == nil {
		return missing("pipeline status", status)
	}
	return s.Edit(id, func(c *entity.Card) { c.StatusID, c.PipelineID = status, known.ID })
}

// Delete deletes a card.
func (s *Cards) Delete(id int64) error {
	if s.DB.Cards.Get(id) == nil {
		return missing("card", id)
	}
	s.DB.Cards.Drop(id)
	return nil
}

// Convert makes an order of a card and returns its id. The order has the card's source, lines, payments and marks, and
// no source_uuid; the card names it in its TargetID.
func (s *Cards) Convert(id int64) (int64, error) {
	c := s.DB.Cards.Get(id)
	switch {
	case c == nil:
		return 0, missing("card", id)
	case c.TargetID != 0:
		return 0, fmt.Errorf("card %d is converted already", id)
	}
	return s.convert(c), nil
}

// dropOffBlocks loses the lines and payments where the pipeline has those blocks switched off.
func (s *Cards) dropOffBlocks(card *entity.Card) {
	if slices.Contains(s.Settings().ProductsOff, card.PipelineID) {
		card.Lines = nil
	}
	if !s.DB.Pipelines.Get(card.PipelineID).UsePayments || slices.Contains(s.Settings().PaymentsOff, card.PipelineID) {
		card.Payments = nil
	}
}

// Change stores a changed copy and fires what the change caused.
func (s *Cards) Change(row *entity.Card, edit func(*entity.Card)) *entity.Card {
	c := table.Clone(row)
	edit(&c)
	s.dropOffBlocks(&c)
	s.Orders.NumberRows(c.Lines, c.Payments)
	c.UpdatedAt = s.Stamp()
	if c.StatusID != row.StatusID {
		c.StatusChangedAt = s.Stamp()
	}
	s.DB.Cards.Put(c.ID, &c)
	if c.StatusID != row.StatusID {
		s.Hooks.fire(entity.EventCardStatus, strconv.FormatInt(c.StatusID, 10), c.SourceID, s.Hooks.card(&c), c.ID)
	}
	return &c
}

func (s *Cards) convert(row *entity.Card) int64 {
	c := table.Clone(row)
	o := &entity.Order{
		SourceID: c.SourceID, BuyerID: c.Contact.ClientID, ManagerID: c.ManagerID, ManagerComment: c.ManagerComment,
		Lines: c.Lines, Payments: c.Payments, Marketing: &c.Marketing, CreatedAt: s.Stamp(), UpdatedAt: s.Stamp(),
		VisibleAt: s.Now().Add(s.Config.VisibilityDelay),
	}
	if o.SourceID == 0 {
		o.SourceID = s.DB.Sources.Sorted()[0].ID
	}
	for i := range o.Lines {
		o.Lines[i].ID = 0
	}
	for i := range o.Payments {
		o.Payments[i].ID = 0
	}
	s.Orders.Create(o, c.Contact.FullName, c.Contact.Phone, c.Contact.Email)
	s.Change(row, func(c *entity.Card) {
		c.TargetID, c.TargetType, c.Contact.ClientID = o.ID, "order", o.BuyerID
	})
	return o.ID
}
