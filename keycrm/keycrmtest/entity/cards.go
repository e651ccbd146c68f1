package entity

import (
	"time"

	"github.com/shopspring/decimal"
)

// Contact is the person of a card.
type Contact struct {
	ID       int64
	FullName string
	Email    string
	Phone    string
	ClientID int64 // the buyer behind it; 0: none
}

// Card is a lead in a pipeline.
type Card struct {
	ID              int64
	Title           string
	SourceID        int64
	ManagerID       int64
	PipelineID      int64
	StatusID        int64
	Contact         Contact
	TargetID        int64
	TargetType      string // "order" or "lead" after conversion
	ManagerComment  string
	Note            string
	CommunicateAt   time.Time
	Marketing       Marketing
	Lines           []Line
	Payments        []Payment
	Attachments     []int64 // ids of uploaded files
	CustomFields    []FieldValue
	CreatedAt       time.Time
	UpdatedAt       time.Time
	StatusChangedAt time.Time
	VisibleAt       time.Time // lists leave the card out until then
}

// ProductsTotal is the sum of the card's lines.
func (c *Card) ProductsTotal() decimal.Decimal { return linesTotal(c.Lines) }

// PaymentsTotal is the sum of the paid payments.
func (c *Card) PaymentsTotal() decimal.Decimal { return paidTotal(c.Payments) }
