package wire

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Parts are the members that are asked for.
func Parts(names ...string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

// Order is an order as KeyCRM writes it, in lists, alone and in webhooks.
type Order struct {
	ID               int64      `json:"id"`
	SourceUUID       *string    `json:"source_uuid"`
	GlobalSourceUUID *string    `json:"global_source_uuid"`
	StatusOnSource   *string    `json:"status_on_source"`
	SourceID         int64      `json:"source_id"`
	ClientID         int64      `json:"client_id"`
	GrandTotal       number     `json:"grand_total"`
	TotalDiscount    number     `json:"total_discount"`
	MarginSum        number     `json:"margin_sum"`
	ExpensesSum      number     `json:"expenses_sum"`
	DiscountAmount   nullNumber `json:"discount_amount"`
	DiscountPercent  nullNumber `json:"discount_percent"`
	ShippingPrice    priceText  `json:"shipping_price"`
	Taxes            priceText  `json:"taxes"`
	RegisterID       *int64     `json:"register_id"`
	FiscalResult     emptyList  `json:"fiscal_result"`
	FiscalStatus     *string    `json:"fiscal_status"`
	ShippingTypeID   *int64     `json:"shipping_type_id"`
	ManagerID        *int64     `json:"manager_id"`
	StatusGroupID    int64      `json:"status_group_id"`
	StatusID         int64      `json:"status_id"`
	ClosedFrom       *int64     `json:"closed_from"`
	StatusExpiredAt  plainTime  `json:"status_expired_at"`
	StatusChangedAt  isoTime    `json:"status_changed_at"`
	ParentID         *int64     `json:"parent_id"`
	ManagerComment   *string    `json:"manager_comment"`
	ClientComment    *string    `json:"client_comment"`
	DiscountData     *emptyList `json:"discount_data"` // null unless the order has a percentage
	IsGift           bool       `json:"is_gift"`
	Promocode        *string    `json:"promocode"`
	WrapPrice        priceText  `json:"wrap_price"`
	GiftWrap         bool       `json:"gift_wrap"`
	PaymentStatus    string     `json:"payment_status"`
	GiftMessage      *string    `json:"gift_message"`
	LastSyncedAt     plainTime  `json:"last_synced_at"`
	CreatedAt        isoTime    `json:"created_at"`
	UpdatedAt        isoTime    `json:"updated_at"`
	ClosedAt         plainTime  `json:"closed_at"`
	OrderedAt        isoTime    `json:"ordered_at"`
	SourceUpdatedAt  *string    `json:"source_updated_at"`
	DeletedAt        *string    `json:"deleted_at"`
	PaymentsTotal    number     `json:"payments_total"`
	ProductsTotal    number     `json:"products_total"`
	IsExpired        bool       `json:"is_expired"`
	HasReserves      bool       `json:"has_reserves"` // false in all recordings, also where lines are reserved
	BuyerComment     *string    `json:"buyer_comment"`
	Buyer            part       `json:"buyer,omitzero"`
	Products         part       `json:"products,omitzero"`
	Shipping         part       `json:"shipping,omitzero"`
	Payments         part       `json:"payments,omitzero"`
	Status           part       `json:"status,omitzero"`
	Marketing        part       `json:"marketing,omitzero"`
	Tags             part       `json:"tags,omitzero"`
	Manager          part       `json:"manager,omitzero"`
	Expenses         part       `json:"expenses,omitzero"`
	Assigned         part       `json:"assigned,omitzero"`
	Attachments      part       `json:"attachments,omitzero"`
	CustomFields     part       `json:"custom_fields,omitzero"`
	Warehouse        part       `json:"warehouse,omitzero"` // what is read has it, answers to writes and webhooks have not
}

// Order writes the order with the parts that in names.
func (s *Renderer) Order(o *entity.Order, in map[string]bool) Order {
	out := s.bareOrder(o)
	out.Buyer = with(in["buyer"], s.orderBuyer(o.BuyerID, 0))
	out.Products = with(in["products"], s.lines(o, in["products.offer"]))
	out.Payments = with(in["payments"], s.payments(o.Payments, o.ID, o.SourceID))
	out.Shipping = with(in["shipping"], s.shipping(o, in["shipping.deliveryService"]))
	if st := s.DB.Statuses.Get(o.StatusID); st != nil {
		out.Status = with(in["status"], NewStatus(st))
	}
	out.Marketing = with(in["marketing"], renderMarketing(o))
	tags := []Tag{}
	for _, id := range o.Tags {
		if t := s.DB.Tags.Get(id); t != nil {
			tags = append(tags, NewTag(t))
		}
	}
	out.Tags = with(in["tags"], tags)
	out.Manager = with(in["manager"], s.manager(o.ManagerID))
	out.Expenses, out.Assigned = with(in["expenses"], emptyList{}), with(in["assigned"], emptyList{})
	out.Attachments = with(in["attachments"], s.attachments(o.Attachments, in["attachments.file"]))
	out.CustomFields = with(in["custom_fields"], s.fields(o.CustomFields))
	return out
}

// ReadOrder writes an order as lists and reading one have it: with its warehouse, which nobody asked for.
func (s *Renderer) ReadOrder(o *entity.Order, in map[string]bool) Order {
	out := s.Order(o, in)
	out.Warehouse = with(true, mainWarehouse())
	return out
}

// NewOrder writes an order as POST answers it: its buyer's counts are without it.
func (s *Renderer) NewOrder(o *entity.Order) Order {
	out := s.Order(o, Parts("products", "shipping", "payments"))
	out.Buyer = with(true, s.orderBuyer(o.BuyerID, o.ID))
	return out
}

// hookOrder is an order in a webhook: two members of the API's orders are in none of the recorded ones.
type hookOrder struct {
	Order
	NoDiscountData part `json:"discount_data,omitzero"`
	NoBuyerComment part `json:"buyer_comment,omitzero"`
}

// HookOrder writes an order as a trigger sends it.
func (s *Renderer) HookOrder(o *entity.Order) any {
	return hookOrder{Order: s.Order(o, nil)}
}

func (s *Renderer) bareOrder(o *entity.Order) Order {
	out := Order{
		ID: o.ID, SourceUUID: orNull(o.SourceUUID), SourceID: o.SourceID, ClientID: o.BuyerID,
		GrandTotal: number(o.GrandTotal()), TotalDiscount: number(o.TotalDiscount()), MarginSum: number(margin(o)),
		DiscountAmount: nullNumber(o.DiscountAmount), DiscountPercent: nullNumber(o.DiscountPercent),
		ShippingPrice: priceText(o.ShippingPrice), Taxes: priceText(o.Taxes), WrapPrice: priceText(o.WrapPrice),
		ManagerID: idOrNull(o.ManagerID), StatusGroupID: s.Dictionaries.StatusGroup(o.StatusID), StatusID: o.StatusID,
		StatusChangedAt: isoTime(o.StatusChangedAt), ManagerComment: orNull(o.ManagerComment),
		IsGift: o.IsGift, Promocode: orNull(o.Promocode), GiftWrap: o.GiftWrap, PaymentStatus: o.PaymentStatus(),
		GiftMessage: orNull(o.GiftMessage), CreatedAt: isoTime(o.CreatedAt), UpdatedAt: isoTime(o.UpdatedAt),
		ClosedAt: plainTime(o.ClosedAt), OrderedAt: isoTime(o.OrderedAt), PaymentsTotal: number(o.PaymentsTotal()),
		ProductsTotal: number(o.ProductsTotal()), BuyerComment: orNull(o.BuyerComment),
	}
	if o.DiscountPercent.Valid {
		out.DiscountData = &emptyList{}
	}
	if st := s.DB.Statuses.Get(o.StatusID); st != nil && st.ExpirationPeriod > 0 {
		expires := o.StatusChangedAt.Add(time.Duration(st.ExpirationPeriod) * time.Second)
		out.StatusExpiredAt, out.IsExpired = plainTime(expires), s.Now().After(expires)
	}
	return out
}

func margin(o *entity.Order) decimal.Decimal {
	sum := o.ProductsTotal().Sub(o.TotalDiscount())
	for i := range o.Lines {
		sum = sum.Sub(o.Lines[i].PurchasedPrice.Mul(o.Lines[i].Quantity))
	}
	return sum
}

type marketingJSON struct {
	Source    *string `json:"utm_source"`
	Medium    *string `json:"utm_medium"`
	Campaign  *string `json:"utm_campaign"`
	Term      *string `json:"utm_term"`
	Content   *string `json:"utm_content"`
	CreatedAt isoTime `json:"created_at"`
	UpdatedAt isoTime `json:"updated_at"`
}

func renderMarketing(o *entity.Order) *marketingJSON {
	m := o.Marketing
	if m == nil {
		return nil
	}
	return &marketingJSON{
		orNull(m.Source), orNull(m.Medium), orNull(m.Campaign), orNull(m.Term), orNull(m.Content),
		isoTime(o.CreatedAt), isoTime(o.CreatedAt),
	}
}

func (s *Renderer) manager(id int64) *User {
	u := s.DB.Users.Get(id)
	if u == nil {
		return nil
	}
	out := NewUser(u)
	return &out
}
