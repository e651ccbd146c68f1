package keycrmtest

import (
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// cardControl is what people do to cards.
type cardControl struct{ account *account.Account }

// Cards returns all cards, newest first, also those that lists do not show yet.
func (s cardControl) Cards() []Card { return read(s.account, s.account.DB.Cards.Copies) }

// Card returns one card.
func (s cardControl) Card(id int64) (Card, bool) {
	return found(s.account, s.account.DB.Cards.Copy, id)
}

// SetCardStatus moves a card to a status, in its pipeline or another, and fires the triggers.
func (s cardControl) SetCardStatus(id, statusID int64) error {
	return change(s.account, func() error { return s.account.Cards.SetStatus(id, statusID) })
}

// EditCard changes a card freely.
func (s cardControl) EditCard(id int64, edit func(*Card)) error {
	return change(s.account, func() error { return s.account.Cards.Edit(id, edit) })
}

// ConvertCard makes an order of a card, as the button in the interface does. The order has the card's source, lines,
// payments and marks, and no source_uuid; the card names it in target_id.
func (s cardControl) ConvertCard(id int64) (orderID int64, err error) {
	err = change(s.account, func() (err error) { orderID, err = s.account.Cards.Convert(id); return err })
	return orderID, err
}

// DeleteCard deletes a card as the interface can.
func (s cardControl) DeleteCard(id int64) error {
	return change(s.account, func() error { return s.account.Cards.Delete(id) })
}
