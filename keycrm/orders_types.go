package keycrm

import (
	"encoding/json"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// States of an order's payment as a whole.
const (
	OrderNotPaid  = "not_paid"
	OrderPartPaid = "part_paid"
	OrderPaid     = "paid"
	OrderOverpaid = "overpaid"
)

// Order is a sale. Members marked "include" are nil or empty unless asked for; Create's answer has Buyer, Products,
// Shipping and Payments.
type Order struct {
	ID              int64   `json:"id"`
	SourceID        int64   `json:"source_id"`
	SourceUUID      string  `json:"source_uuid"` // the shop's order id; empty for none
	ParentID        int64   `json:"parent_id"`
	ClientID        int64   `json:"client_id"` // the buyer
	StatusID        int64   `json:"status_id"`
	StatusGroupID   int64   `json:"status_group_id"`
	ManagerID       int64   `json:"manager_id"`
	GrandTotal      Decimal `json:"grand_total"`    // what the buyer owes, in the source's currency
	ProductsTotal   Decimal `json:"products_total"` // lines after their own discounts
	PaymentsTotal   Decimal `json:"payments_total"`
	TotalDiscount   Decimal `json:"total_discount"` // of the order as a whole, without the lines' discounts
	DiscountAmount  Decimal `json:"discount_amount"`
	DiscountPercent Decimal `json:"discount_percent"`
	ShippingPrice   Decimal `json:"shipping_price"`
	WrapPrice       Decimal `json:"wrap_price"`
	Taxes           Decimal `json:"taxes"`
	PaymentStatus   string  `json:"payment_status"` // one of the Order… constants or a later one
	ManagerComment  string  `json:"manager_comment"`
	BuyerComment    string  `json:"buyer_comment"`
	Promocode       string  `json:"promocode"`
	GiftMessage     string  `json:"gift_message"`
	IsGift          Bool    `json:"is_gift"`
	GiftWrap        Bool    `json:"gift_wrap"`
	IsExpired       Bool    `json:"is_expired"`
	HasReserves     Bool    `json:"has_reserves"`
	CreatedAt       Time    `json:"created_at"`
	UpdatedAt       Time    `json:"updated_at"`
	OrderedAt       Time    `json:"ordered_at"`
	StatusChangedAt Time    `json:"status_changed_at"` // zero: never changed
	ClosedAt        Time    `json:"closed_at"`

	Buyer        *Buyer           `json:"buyer"`         // include
	Products     List[OrderLine]  `json:"products"`      // include
	Shipping     *Shipping        `json:"shipping"`      // include
	Payments     List[Payment]    `json:"payments"`      // include
	Status       *OrderStatus     `json:"status"`        // include
	Marketing    *Marketing       `json:"marketing"`     // include
	Tags         List[Tag]        `json:"tags"`          // include
	Manager      *User            `json:"manager"`       // include
	CustomFields List[FieldValue] `json:"custom_fields"` // include

	Raw json.RawMessage `json:"-"` // the row as it came, with what has no name here
}

var orderMembers = membersOf[Order]()

// OrderLine is one line of an order. Without an offer behind it, it is a one-off line.
type OrderLine struct {
	ID              int64          `json:"id"`
	SKU             string         `json:"sku"`
	Name            string         `json:"name"`
	Price           Decimal        `json:"price"`
	DiscountAmount  Decimal        `json:"discount_amount"` // per unit
	DiscountPercent Decimal        `json:"discount_percent"`
	TotalDiscount   Decimal        `json:"total_discount"` // per unit, percent and amount together
	PriceSold       Decimal        `json:"price_sold"`     // per unit: price less TotalDiscount
	PurchasedPrice  Decimal        `json:"purchased_price"`
	Quantity        Decimal        `json:"quantity"`
	UnitType        string         `json:"unit_type"`
	StockStatus     string         `json:"stock_status"` // "reserved", "fulfilled" or empty
	Picture         Picture        `json:"picture"`
	Comment         string         `json:"comment"`
	Properties      List[Property] `json:"properties"`
	Offer           *Offer         `json:"offer"` // with OrderProductsOffer
}

var orderLineMembers = membersOf[OrderLine]()

func (l *OrderLine) read(s *jsonscan.Scanner) error { return orderLineMembers.read(s, l) }

// Shipping is the delivery of an order.
type Shipping struct {
	DeliveryServiceID int64          `json:"delivery_service_id"`
	TrackingCode      string         `json:"tracking_code"`
	ShippingStatus    string         `json:"shipping_status"`
	AddressPayload    AddressPayload `json:"address_payload"`
	Country           string         `json:"shipping_address_country"`
	Region            string         `json:"shipping_address_region"`
	City              string         `json:"shipping_address_city"`
	Zip               string         `json:"shipping_address_zip"`
	SecondaryLine     string         `json:"shipping_secondary_line"`
	ReceivePoint      string         `json:"shipping_receive_point"`
	RecipientFullName string         `json:"recipient_full_name"`
	RecipientPhone    string         `json:"recipient_phone"`
	ShippingDate      Time           `json:"shipping_date"`
	WasShipped        Bool           `json:"was_shipped"`
	FullAddress       string         `json:"full_address"`
}

var shippingMembers = membersOf[Shipping]()

// UnmarshalJSON reads PHP's [] as no shipping.
func (s *Shipping) UnmarshalJSON(b []byte) error { return decode(b, s) }

func (s *Shipping) read(in *jsonscan.Scanner) error { return shippingMembers.readForgiving(in, s) }

// AddressPayload is the carrier's own address, filled for a known branch.
type AddressPayload struct {
	CityRef       string `json:"city_ref"`
	WarehouseRef  string `json:"warehouse_ref"`
	WarehouseDesc string `json:"warehouse_desc"`
}

var addressPayloadMembers = membersOf[AddressPayload]()

// UnmarshalJSON reads PHP's [] as no address.
func (a *AddressPayload) UnmarshalJSON(b []byte) error { return decode(b, a) }

func (a *AddressPayload) read(s *jsonscan.Scanner) error {
	return addressPayloadMembers.readForgiving(s, a)
}

// Marketing holds the UTM marks of an order.
type Marketing struct {
	Source   string `json:"utm_source,omitzero"`
	Medium   string `json:"utm_medium,omitzero"`
	Campaign string `json:"utm_campaign,omitzero"`
	Term     string `json:"utm_term,omitzero"`
	Content  string `json:"utm_content,omitzero"`
}

var marketingMembers = membersOf[Marketing]()

// UnmarshalJSON reads PHP's [] as no marks.
func (m *Marketing) UnmarshalJSON(b []byte) error { return decode(b, m) }

func (m *Marketing) read(s *jsonscan.Scanner) error { return marketingMembers.readForgiving(s, m) }

// OrderCreate is a new order. SourceID and Buyer are required; give SourceUUID, the only protection from doubles.
type OrderCreate struct {
	SourceID        int64             `json:"source_id"`
	SourceUUID      string            `json:"source_uuid,omitzero"`
	Buyer           OrderBuyer        `json:"buyer"`
	BuyerComment    string            `json:"buyer_comment,omitzero"`
	ManagerID       int64             `json:"manager_id,omitzero"`
	ManagerComment  string            `json:"manager_comment,omitzero"`
	Promocode       string            `json:"promocode,omitzero"`
	DiscountPercent *Amount           `json:"discount_percent,omitzero"`
	DiscountAmount  *Amount           `json:"discount_amount,omitzero"`
	ShippingPrice   *Amount           `json:"shipping_price,omitzero"`
	WrapPrice       *Amount           `json:"wrap_price,omitzero"`
	Taxes           *Amount           `json:"taxes,omitzero"`
	GiftMessage     string            `json:"gift_message,omitzero"`
	IsGift          bool              `json:"is_gift,omitzero"`
	GiftWrap        bool              `json:"gift_wrap,omitzero"`
	OrderedAt       DateTime          `json:"ordered_at,omitzero"`
	Shipping        *ShippingCreate   `json:"shipping,omitzero"`
	Marketing       *Marketing        `json:"marketing,omitzero"`
	Products        []OrderLineCreate `json:"products,omitempty"`
	Payments        []PaymentCreate   `json:"payments,omitempty"`
	CustomFields    []FieldValue      `json:"custom_fields,omitempty"`
}

// OrderBuyer names the buyer of a new order; one member at least. KeyCRM takes an existing buyer only when name and
// phone are exactly the same, so keep to one spelling.
type OrderBuyer struct {
	FullName string `json:"full_name,omitzero"`
	Email    string `json:"email,omitzero"`
	Phone    string `json:"phone,omitzero"` // E.164
}

// OrderLineCreate is a line of a new order or card. SKU alone ties it to the catalog; an unknown SKU makes a one-off
// line. Cards know SKU, Name, Price, Quantity, UnitType and Picture only.
type OrderLineCreate struct {
	SKU             string     `json:"sku,omitzero"`
	Name            string     `json:"name,omitzero"`
	Price           Amount     `json:"price"`
	Quantity        Amount     `json:"quantity"`
	PurchasedPrice  *Amount    `json:"purchased_price,omitzero"`
	DiscountPercent *Amount    `json:"discount_percent,omitzero"`
	DiscountAmount  *Amount    `json:"discount_amount,omitzero"` // per unit
	UnitType        string     `json:"unit_type,omitzero"`
	Comment         string     `json:"comment,omitzero"`
	Picture         string     `json:"picture,omitzero"` // address
	Properties      []Property `json:"properties,omitempty"`
}

// ShippingCreate is the delivery of a new or changed order.
type ShippingCreate struct {
	DeliveryServiceID int64  `json:"delivery_service_id,omitzero"`
	ShippingService   string `json:"shipping_service,omitzero"` // a name instead of the id; Create only
	TrackingCode      string `json:"tracking_code,omitzero"`
	City              string `json:"shipping_address_city,omitzero"`
	Country           string `json:"shipping_address_country,omitzero"`
	Region            string `json:"shipping_address_region,omitzero"`
	Zip               string `json:"shipping_address_zip,omitzero"`
	SecondaryLine     string `json:"shipping_secondary_line,omitzero"`
	ReceivePoint      string `json:"shipping_receive_point,omitzero"`
	RecipientFullName string `json:"recipient_full_name,omitzero"`
	RecipientPhone    string `json:"recipient_phone,omitzero"`
	WarehouseRef      string `json:"warehouse_ref,omitzero"` // Nova Poshta branch; needs a Nova Poshta service id
	ShippingDate      Date   `json:"shipping_date,omitzero"`
}

// OrderUpdate changes an order. Nil and empty members stay as they are. Buyer, payments, marks and source cannot be
// changed, lines cannot be added.
type OrderUpdate struct {
	StatusID        int64             `json:"status_id,omitzero"`
	ManagerComment  *string           `json:"manager_comment,omitzero"`
	BuyerComment    *string           `json:"buyer_comment,omitzero"`
	DiscountPercent *Amount           `json:"discount_percent,omitzero"`
	DiscountAmount  *Amount           `json:"discount_amount,omitzero"`
	Shipping        *ShippingCreate   `json:"shipping,omitzero"`
	Products        []OrderLineUpdate `json:"products,omitempty"`
	CustomFields    []FieldValue      `json:"custom_fields,omitempty"`
}

// OrderLineUpdate changes the line with this ID, or else this SKU. Name counts on one-off lines only.
type OrderLineUpdate struct {
	ID              int64   `json:"id,omitzero"`
	SKU             string  `json:"sku,omitzero"`
	Name            string  `json:"name,omitzero"`
	Price           *Amount `json:"price,omitzero"`
	PurchasedPrice  *Amount `json:"purchased_price,omitzero"`
	Quantity        *Amount `json:"quantity,omitzero"`
	DiscountPercent *Amount `json:"discount_percent,omitzero"`
	DiscountAmount  *Amount `json:"discount_amount,omitzero"`
	ProductStatusID int64   `json:"product_status_id,omitzero"` // the line's own status
	Comment         *string `json:"comment,omitzero"`
}

// OrderInclude names a part of an order that comes only when asked for.
type OrderInclude string

// The parts of an order. products.warehouse is refused by KeyCRM. Expenses, assigned users, attachments and the last
// delivery event have no form of their own here: read them from Order.Raw.
const (
	OrderBuyerPart       OrderInclude = "buyer"
	OrderProducts        OrderInclude = "products"
	OrderProductsOffer   OrderInclude = "products.offer"
	OrderManager         OrderInclude = "manager"
	OrderTags            OrderInclude = "tags"
	OrderStatusPart      OrderInclude = "status"
	OrderMarketing       OrderInclude = "marketing"
	OrderPayments        OrderInclude = "payments"
	OrderShipping        OrderInclude = "shipping"
	OrderShippingHistory OrderInclude = "shipping.lastHistory"
	OrderShippingService OrderInclude = "shipping.deliveryService"
	OrderExpenses        OrderInclude = "expenses"
	OrderCustomFields    OrderInclude = "custom_fields"
	OrderAssigned        OrderInclude = "assigned"
	OrderAttachments     OrderInclude = "attachments"
	OrderAttachmentsFile OrderInclude = "attachments.file"
)

// OrderQuery narrows a list of orders. A filter value with a comma would be taken for two: check the rows.
type OrderQuery struct {
	Page, Limit     int // 0: the first page, MaxLimit rows
	StatusIDs       []int64
	SourceIDs       []int64
	SourceUUIDs     []string
	BuyerPhones     []string // matched against every phone of the buyer; digits without a plus will do
	BuyerEmails     []string
	HasTrackingCode *bool
	Created         Between // compares ordered_at, not created_at
	Updated         Between // a new order may be missing here for a while
	Shipped         Between
	PaymentStatuses []string
	Sort            Sort
	Include         []OrderInclude
}

func (q OrderQuery) query() *query {
	v := newQuery(q.Page, q.Limit)
	v.ids("status_id", q.StatusIDs)
	v.ids("source_id", q.SourceIDs)
	v.texts("source_uuid", q.SourceUUIDs)
	v.texts("buyer_phone", q.BuyerPhones)
	v.texts("buyer_email", q.BuyerEmails)
	v.flag("has_tracking_code", q.HasTrackingCode)
	v.between("created_between", q.Created)
	v.between("updated_between", q.Updated)
	v.between("shipping_between", q.Shipped)
	v.texts("payment_status", q.PaymentStatuses)
	v.sort(q.Sort)
	include(v, q.Include)
	return v
}
