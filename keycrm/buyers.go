package keycrm

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// BuyersService reads the account's buyers.
type BuyersService struct{ c *caller }

// Buyer is a customer card. Phones and e-mails are lists here and single texts inside an order: both are read.
type Buyer struct {
	ID            int64            `json:"id"`
	FullName      string           `json:"full_name"`
	Birthday      string           `json:"birthday"`
	Emails        Strings          `json:"email"`
	Phones        Strings          `json:"phone"`
	Note          string           `json:"note"`
	HasDuplicates Bool             `json:"has_duplicates"`
	CreatedAt     Time             `json:"created_at"`
	UpdatedAt     Time             `json:"updated_at"`
	CustomFields  List[FieldValue] `json:"custom_fields"` // only if asked for

	Raw json.RawMessage `json:"-"` // the row as it came, with what has no name here
}

var buyerMembers = membersOf[Buyer]()

// UnmarshalJSON reads PHP's [] as no buyer.
func (b *Buyer) UnmarshalJSON(data []byte) error { return decode(data, b) }

func (b *Buyer) read(s *jsonscan.Scanner) error {
	if empty, err := phpEmpty(s); empty {
		return err
	}
	return buyerMembers.readKept(s, b, &b.Raw)
}

// BuyerInclude names a part of a buyer that comes only when asked for.
type BuyerInclude string

// The parts of a buyer. Of these this package decodes the custom fields; the others are in Raw.
const (
	BuyerManager      BuyerInclude = "manager"
	BuyerCompany      BuyerInclude = "company"
	BuyerShipping     BuyerInclude = "shipping"
	BuyerLoyalty      BuyerInclude = "loyalty"
	BuyerCustomFields BuyerInclude = "custom_fields"
)

// BuyerQuery narrows a list of buyers.
type BuyerQuery struct {
	Page, Limit int      // 0: the first page, MaxLimit rows
	IDs         []int64  // nil: all
	Phones      []string // matched against every phone of a buyer
	Emails      []string
	Created     Between
	Updated     Between
	Include     []BuyerInclude
}

func (q BuyerQuery) query() *query {
	v := newQuery(q.Page, q.Limit)
	v.ids("buyer_id", q.IDs)
	v.texts("buyer_phone", q.Phones)
	v.texts("buyer_email", q.Emails)
	v.between("created_between", q.Created)
	v.between("updated_between", q.Updated)
	include(v, q.Include)
	return v
}

// List returns one page of buyers. Several buyers can share a phone.
// Source: KeyCRM OpenAPI v1, GET /buyer.
func (s *BuyersService) List(ctx context.Context, q BuyerQuery) ([]Buyer, *Page, error) {
	return list[Buyer](ctx, s.c, "buyers.list", "buyer", q.query())
}

// Get returns one buyer. A buyer merged into another is ErrNotFound.
// Source: KeyCRM OpenAPI v1, GET /buyer/{buyerId}.
func (s *BuyersService) Get(ctx context.Context, id int64, parts ...BuyerInclude) (*Buyer, error) {
	var b Buyer
	if err := s.c.get(ctx, "buyers.get", fmt.Sprintf("buyer/%d", id), onlyInclude(parts), &b); err != nil {
		return nil, err
	}
	return &b, nil
}

// Pages walks the list page by page from q.Page on.
func (s *BuyersService) Pages(ctx context.Context, q BuyerQuery) iter.Seq2[PageOf[Buyer], error] {
	return walk("buyer", q.Page, func(b *Buyer) int64 { return b.ID }, func(n int) ([]Buyer, *Page, error) {
		q.Page = n
		return s.List(ctx, q)
	})
}

// All walks the list buyer by buyer from q.Page on. It ends after the first error.
func (s *BuyersService) All(ctx context.Context, q BuyerQuery) iter.Seq2[Buyer, error] {
	return rowsOf(s.Pages(ctx, q))
}
