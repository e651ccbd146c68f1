package keycrm

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// CardsService reads and writes pipeline cards (leads). Without pipelines in the account it answers ErrFeatureOff.
type CardsService struct{ c *caller }

// Card is a lead in a pipeline. Members marked "include" are nil or empty unless asked for.
type Card struct {
	ID              int64   `json:"id"`
	Title           string  `json:"title"`
	SourceID        int64   `json:"source_id"`
	ManagerID       int64   `json:"manager_id"`
	PipelineID      int64   `json:"pipeline_id"`
	StatusID        int64   `json:"status_id"`
	ContactID       int64   `json:"contact_id"`
	TargetID        int64   `json:"target_id"`   // what it was converted to; 0: not converted
	TargetType      string  `json:"target_type"` // TargetOrder or TargetCard
	ManagerComment  string  `json:"manager_comment"`
	CommunicateAt   Time    `json:"communicate_at"`
	UTMSource       string  `json:"utm_source"`
	UTMMedium       string  `json:"utm_medium"`
	UTMCampaign     string  `json:"utm_campaign"`
	UTMTerm         string  `json:"utm_term"`
	UTMContent      string  `json:"utm_content"`
	IsFinished      Bool    `json:"is_finished"`
	StatusChangedAt Time    `json:"status_changed_at"`
	CurrencyCode    string  `json:"currency_code"`
	PaymentsTotal   Decimal `json:"payments_total"`
	ProductsTotal   Decimal `json:"products_total"`
	CreatedAt       Time    `json:"created_at"`
	UpdatedAt       Time    `json:"updated_at"`

	Contact      *Contact         `json:"contact"`       // include; also in Create's answer
	Products     List[CardLine]   `json:"products"`      // include; also in Create's answer
	Payments     List[Payment]    `json:"payments"`      // include; also in Create's answer
	Status       *PipelineStatus  `json:"status"`        // include
	Manager      *User            `json:"manager"`       // include
	CustomFields List[FieldValue] `json:"custom_fields"` // include

	Raw json.RawMessage `json:"-"` // the row as it came, with what has no name here
}

var cardMembers = membersOf[Card]()

// What a card can be converted to.
const (
	TargetOrder = "order"
	TargetCard  = "lead"
)

// Contact is the person of a card.
type Contact struct {
	ID       int64   `json:"id"`
	FullName string  `json:"full_name"`
	Emails   Strings `json:"email"`
	Phones   Strings `json:"phone"`
	ClientID int64   `json:"client_id"` // the buyer behind it; 0: none
	Client   *Buyer  `json:"client"`    // include
}

var contactMembers = membersOf[Contact]()

// UnmarshalJSON reads PHP's [] as no contact.
func (c *Contact) UnmarshalJSON(b []byte) error { return decode(b, c) }

func (c *Contact) read(s *jsonscan.Scanner) error { return contactMembers.readForgiving(s, c) }

// CardLine is one line of a card.
type CardLine struct {
	ID       int64   `json:"id"`
	OfferID  int64   `json:"offer_id"` // 0: a one-off line
	Name     string  `json:"name"`
	Price    Decimal `json:"price"`
	Quantity Decimal `json:"quantity"`
	UnitType string  `json:"unit_type"`
	Picture  Picture `json:"picture"`
}

var cardLineMembers = membersOf[CardLine]()

func (l *CardLine) read(s *jsonscan.Scanner) error { return cardLineMembers.read(s, l) }

// CardCreate is a new card. KeyCRM does not recognise repeats and has no filter for a shop's own id: put a marker
// into Title or ManagerComment. Lines and payments are dropped where the pipeline has those blocks switched off.
type CardCreate struct {
	Title          string            `json:"title,omitzero"` // empty: KeyCRM shows the id
	SourceID       int64             `json:"source_id,omitzero"`
	ManagerID      int64             `json:"manager_id,omitzero"`
	ManagerComment string            `json:"manager_comment,omitzero"` // can be given here only
	PipelineID     int64             `json:"pipeline_id,omitzero"`     // 0: the first pipeline
	CommunicateAt  DateTime          `json:"communicate_at,omitzero"`
	Contact        CardContact       `json:"contact"`
	UTMSource      string            `json:"utm_source,omitzero"`
	UTMMedium      string            `json:"utm_medium,omitzero"`
	UTMCampaign    string            `json:"utm_campaign,omitzero"`
	UTMTerm        string            `json:"utm_term,omitzero"`
	UTMContent     string            `json:"utm_content,omitzero"`
	Products       []OrderLineCreate `json:"products,omitempty"`
	Payments       []PaymentCreate   `json:"payments,omitempty"`
	CustomFields   []FieldValue      `json:"custom_fields,omitempty"`
}

// CardContact names the person of a new card. With ClientID the other members are ignored.
type CardContact struct {
	FullName string `json:"full_name,omitzero"`
	Email    string `json:"email,omitzero"`
	Phone    string `json:"phone,omitzero"` // E.164
	ClientID int64  `json:"client_id,omitzero"`
}

// CardUpdate changes a card. Nil and empty members stay as they are. Products are always added, never replaced.
type CardUpdate struct {
	Title         *string           `json:"title,omitzero"`
	Note          *string           `json:"note,omitzero"`
	StatusID      int64             `json:"status_id,omitzero"` // a status of another pipeline moves the card there
	SourceID      int64             `json:"source_id,omitzero"`
	ClientID      int64             `json:"client_id,omitzero"`
	ManagerID     int64             `json:"manager_id,omitzero"`
	CommunicateAt DateTime          `json:"communicate_at,omitzero"`
	Products      []OrderLineCreate `json:"products,omitempty"`
	CustomFields  []FieldValue      `json:"custom_fields,omitempty"`
}

// CardInclude names a part of a card that comes only when asked for.
type CardInclude string

// The parts of a card.
const (
	CardContactPart   CardInclude = "contact"
	CardContactClient CardInclude = "contact.client"
	CardProducts      CardInclude = "products"
	CardProductsOffer CardInclude = "products.offer"
	CardManager       CardInclude = "manager"
	CardStatus        CardInclude = "status"
	CardPayments      CardInclude = "payments"
	CardCustomFields  CardInclude = "custom_fields"
)

// CardQuery narrows a list of cards. There is no filter by title, phone or the shop's own id.
type CardQuery struct {
	Page, Limit int // 0: the first page, MaxLimit rows
	PipelineIDs []int64
	StatusIDs   []int64
	SourceIDs   []int64
	Created     Between
	Updated     Between
	Include     []CardInclude
}

func (q CardQuery) query() *query {
	v := newQuery(q.Page, q.Limit)
	v.ids("pipeline_id", q.PipelineIDs)
	v.ids("status_id", q.StatusIDs)
	v.ids("source_id", q.SourceIDs)
	v.between("created_between", q.Created)
	v.between("updated_between", q.Updated)
	include(v, q.Include)
	return v
}

// List returns one page of cards, newest first.
// Source: KeyCRM OpenAPI v1, GET /pipelines/cards.
func (s *CardsService) List(ctx context.Context, q CardQuery) ([]Card, *Page, error) {
	return list[Card](ctx, s.c, "cards.list", "pipelines/cards", q.query())
}

// Pages walks the list page by page from q.Page on.
func (s *CardsService) Pages(ctx context.Context, q CardQuery) iter.Seq2[PageOf[Card], error] {
	return walk("pipelines/cards", q.Page, func(c *Card) int64 { return c.ID }, func(n int) ([]Card, *Page, error) {
		q.Page = n
		return s.List(ctx, q)
	})
}

// All walks the list card by card from q.Page on. It ends after the first error.
func (s *CardsService) All(ctx context.Context, q CardQuery) iter.Seq2[Card, error] {
	return rowsOf(s.Pages(ctx, q))
}

// Get returns one card, whether KeyCRM answers it bare (as it does) or in a list (as it documents).
// Source: KeyCRM OpenAPI v1, GET /pipelines/cards/{cardId}.
func (s *CardsService) Get(ctx context.Context, id int64, parts ...CardInclude) (*Card, error) {
	var c cardOrList
	path := fmt.Sprintf("pipelines/cards/%d", id)
	if err := s.c.get(ctx, "cards.get", path, onlyInclude(parts), &c); err != nil {
		return nil, err
	}
	if c.ID != id {
		return nil, fmt.Errorf("cards.get: the answer holds card %d: %w", c.ID, &TransportError{
			Method: http.MethodGet, Path: path, Sent: true, Err: errNoID,
		})
	}
	return &c.Card, nil
}

// cardOrList reads {…card…}, {"data":{…}} and {"data":[{…}]}.
type cardOrList struct{ Card }

func (c *cardOrList) read(s *jsonscan.Scanner) error {
	whole, err := s.Skip()
	if err != nil {
		return err
	}
	var env cardEnvelope
	if err := env.read(jsonscan.New(whole)); err != nil {
		return err
	}
	switch none := len(env.Data) == 0 || isNull(env.Data); {
	case none && whole[0] == '[':
		return nil
	case none:
		return decode(whole, &c.Card)
	case env.Data[0] == '{':
		return decode(env.Data, &c.Card)
	}
	var rows List[Card]
	if err := decode(env.Data, &rows); err != nil {
		return err
	}
	if len(rows) > 0 {
		c.Card = rows[0]
	}
	return nil
}

type cardEnvelope struct {
	Data json.RawMessage `json:"data"`
}

var cardEnvelopeMembers = membersOf[cardEnvelope]()

func (e *cardEnvelope) read(s *jsonscan.Scanner) error {
	return cardEnvelopeMembers.readForgiving(s, e)
}

// Create makes a card and returns it. It lands in the pipeline's first status. After ErrUnknownOutcome look for the
// marker among the source's cards of those minutes.
// Source: KeyCRM OpenAPI v1, POST /pipelines/cards.
func (s *CardsService) Create(ctx context.Context, in CardCreate) (*Card, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("cards.create: encode: %w", err)
	}
	return s.CreateRaw(ctx, body)
}

// CreateRaw is Create with a body that was encoded before (a CardCreate), sent byte for byte.
func (s *CardsService) CreateRaw(ctx context.Context, body []byte) (*Card, error) {
	var c cardOrList
	const path = "pipelines/cards"
	if err := s.c.do(ctx, Request{"cards.create", http.MethodPost, path}, nil, body, &c); err != nil {
		return nil, err
	}
	return &c.Card, madeWithID(c.ID, http.MethodPost, path)
}

// Update changes a card. KeyCRM answers before the change has taken effect.
// Source: KeyCRM OpenAPI v1, PUT /pipelines/cards/{cardId}.
func (s *CardsService) Update(ctx context.Context, id int64, in CardUpdate) error {
	r := Request{"cards.update", http.MethodPut, fmt.Sprintf("pipelines/cards/%d", id)}
	return s.c.send(ctx, r, in, nil)
}

// AddPayment adds a payment. Sent twice it is there twice. The answer may lack the payment's id.
// Source: KeyCRM OpenAPI v1, POST /pipelines/cards/{cardId}/payment.
func (s *CardsService) AddPayment(ctx context.Context, id int64, in PaymentCreate) (*Payment, error) {
	var p Payment
	r := Request{"cards.add_payment", http.MethodPost, fmt.Sprintf("pipelines/cards/%d/payment", id)}
	if err := s.c.send(ctx, r, in, &p); err != nil {
		return nil, err
	}
	return &p, nil
}

// UpdatePayment changes a payment's status or description.
// Source: KeyCRM OpenAPI v1, PUT /pipelines/cards/{cardId}/payment/{paymentId}.
func (s *CardsService) UpdatePayment(ctx context.Context, id, paymentID int64, in PaymentUpdate) (*Payment, error) {
	var p Payment
	path := fmt.Sprintf("pipelines/cards/%d/payment/%d", id, paymentID)
	if err := s.c.send(ctx, Request{"cards.update_payment", http.MethodPut, path}, in, &p); err != nil {
		return nil, err
	}
	return &p, nil
}
