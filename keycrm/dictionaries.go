package keycrm

import (
	"context"
	"fmt"
	"iter"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// DictionariesService reads the account's dictionaries. Each method returns one page, in ascending ids as a rule.
type DictionariesService struct{ c *caller }

// PageQuery asks for one page of a dictionary.
type PageQuery struct {
	Page, Limit int // 0: the first page, MaxLimit rows
	Sort        Sort
}

func (q PageQuery) query() *query {
	v := newQuery(q.Page, q.Limit)
	v.sort(q.Sort)
	return v
}

// Source is a channel orders come from. Its currency is the currency of its orders.
type Source struct {
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	Alias        string `json:"alias"`
	Driver       string `json:"driver"`
	CurrencyCode string `json:"currency_code"` // ISO 4217
	CreatedAt    Time   `json:"created_at"`
	UpdatedAt    Time   `json:"updated_at"`
}

var sourceMembers = membersOf[Source]()

func (s *Source) read(in *jsonscan.Scanner) error { return sourceMembers.read(in, s) }

// Sources returns one page of the order sources.
// Source: KeyCRM OpenAPI v1, GET /order/source.
func (s *DictionariesService) Sources(ctx context.Context, q PageQuery) ([]Source, *Page, error) {
	return list[Source](ctx, s.c, "dictionaries.sources", "order/source", q.query())
}

// Groups of order statuses, the same in every account.
const (
	GroupNew        = 1
	GroupAgreement  = 2
	GroupProduction = 3
	GroupDelivery   = 4
	GroupCompleted  = 5
	GroupCancelled  = 6
)

// OrderStatus is a status an order can have.
type OrderStatus struct {
	ID             int64  `json:"id"`
	Name           string `json:"name"` // equals Alias until somebody renames the status in KeyCRM
	Alias          string `json:"alias"`
	IsActive       Bool   `json:"is_active"` // inactive ones can be listed
	GroupID        int64  `json:"group_id"`
	IsClosingOrder Bool   `json:"is_closing_order"`
	IsReserved     Bool   `json:"is_reserved"` // true: a built-in status that cannot be deleted
	ExpirationSecs int64  `json:"expiration_period"`
	CreatedAt      Time   `json:"created_at"`
	UpdatedAt      Time   `json:"updated_at"`
	DeletedAt      Time   `json:"deleted_at"`
}

var orderStatusMembers = membersOf[OrderStatus]()

// UnmarshalJSON reads PHP's [] as no status.
func (s *OrderStatus) UnmarshalJSON(b []byte) error { return decode(b, s) }

func (s *OrderStatus) read(in *jsonscan.Scanner) error {
	return orderStatusMembers.readForgiving(in, s)
}

// OrderStatuses returns one page of the order statuses.
// Source: KeyCRM OpenAPI v1, GET /order/status.
func (s *DictionariesService) OrderStatuses(ctx context.Context, q PageQuery) ([]OrderStatus, *Page, error) {
	return list[OrderStatus](ctx, s.c, "dictionaries.order_statuses", "order/status", q.query())
}

// PaymentMethod is a way to pay.
type PaymentMethod struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"` // may be empty
	Alias    string `json:"alias"`
	IsActive Bool   `json:"is_active"`
}

var paymentMethodMembers = membersOf[PaymentMethod]()

func (m *PaymentMethod) read(s *jsonscan.Scanner) error { return paymentMethodMembers.read(s, m) }

// PaymentMethods returns one page of the payment methods.
// Source: KeyCRM OpenAPI v1, GET /order/payment-method.
func (s *DictionariesService) PaymentMethods(ctx context.Context, q PageQuery) ([]PaymentMethod, *Page, error) {
	return list[PaymentMethod](ctx, s.c, "dictionaries.payment_methods", "order/payment-method", q.query())
}

// DeliveryService is a way to deliver.
type DeliveryService struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	SourceName string `json:"source_name"` // carrier, such as "novaposhta"; empty for none
	Alias      string `json:"alias"`
}

var deliveryServiceMembers = membersOf[DeliveryService]()

func (d *DeliveryService) read(s *jsonscan.Scanner) error { return deliveryServiceMembers.read(s, d) }

// DeliveryServices returns one page of the delivery services.
// Source: KeyCRM OpenAPI v1, GET /order/delivery-service.
func (s *DictionariesService) DeliveryServices(ctx context.Context, q PageQuery) ([]DeliveryService, *Page, error) {
	return list[DeliveryService](ctx, s.c, "dictionaries.delivery_services", "order/delivery-service", q.query())
}

// Tag is a label on orders. Tags are made in KeyCRM's interface only.
type Tag struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Alias string `json:"alias"`
	Color string `json:"color"` // "#RRGGBB"
}

var tagMembers = membersOf[Tag]()

func (t *Tag) read(s *jsonscan.Scanner) error { return tagMembers.read(s, t) }

// Tags returns one page of the order tags.
// Source: KeyCRM OpenAPI v1, GET /order/tag.
func (s *DictionariesService) Tags(ctx context.Context, q PageQuery) ([]Tag, *Page, error) {
	return list[Tag](ctx, s.c, "dictionaries.tags", "order/tag", q.query())
}

// User is a person who works in the account.
type User struct {
	ID       int64  `json:"id"`
	FullName string `json:"full_name"`
	Username string `json:"username"`
	Email    string `json:"email"`
	Phone    string `json:"phone"`
	RoleID   int64  `json:"role_id"`
	Status   string `json:"status"` // "active", "blocked"

	CreatedAt Time `json:"created_at"`
}

var userMembers = membersOf[User]()

// UnmarshalJSON reads PHP's [] as no user.
func (u *User) UnmarshalJSON(b []byte) error { return decode(b, u) }

func (u *User) read(s *jsonscan.Scanner) error { return userMembers.readForgiving(s, u) }

// UserQuery narrows a list of users.
type UserQuery struct {
	Page, Limit     int // 0: the first page, MaxLimit rows
	IDs             []int64
	FullName        string
	RoleIDs         []int64
	Status          string // "active", "blocked"; empty: all
	Email, Phone    string
	Created, Logged Between // creation, last login
}

func (q UserQuery) query() *query {
	v := newQuery(q.Page, q.Limit)
	v.ids("id", q.IDs)
	v.text("full_name", q.FullName)
	v.ids("role_id", q.RoleIDs)
	v.text("status", q.Status)
	v.text("email", q.Email)
	v.text("phone", q.Phone)
	v.between("created_between", q.Created)
	v.between("last_logged_between", q.Logged)
	return v
}

// Users returns one page of the account's users. KeyCRM ignores filters it does not know here.
// Source: KeyCRM OpenAPI v1, GET /users.
func (s *DictionariesService) Users(ctx context.Context, q UserQuery) ([]User, *Page, error) {
	return list[User](ctx, s.c, "dictionaries.users", "users", q.query())
}

// maxDictionaryPages bounds Collect: no account has that many rows in a dictionary.
const maxDictionaryPages = 40

// Collect reads a whole dictionary into one slice, one request per page:
//
//	statuses, err := keycrm.Collect(ctx, crm.Dictionaries.OrderStatuses)
func Collect[T any](ctx context.Context, list func(context.Context, PageQuery) ([]T, *Page, error)) ([]T, error) {
	var all []T
	for n := 1; n <= maxDictionaryPages; n++ {
		rows, page, err := list(ctx, PageQuery{Page: n})
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if !page.Next || len(rows) == 0 {
			return all, nil
		}
	}
	return nil, fmt.Errorf("collect: more than %d pages", maxDictionaryPages)
}

// AllUsers walks the users from q.Page on. It ends after the first error.
func (s *DictionariesService) AllUsers(ctx context.Context, q UserQuery) iter.Seq2[User, error] {
	return rowsOf(walk("users", q.Page, func(u *User) int64 { return u.ID }, func(n int) ([]User, *Page, error) {
		q.Page = n
		return s.Users(ctx, q)
	}))
}
