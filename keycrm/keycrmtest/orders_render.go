package keycrmtest

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// orderJSON is an order as KeyCRM writes it, in lists, alone and in webhooks.
type orderJSON struct {
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

// renderOrder writes the order with the parts that in names.
func (s *Server) renderOrder(o *Order, in map[string]bool) orderJSON {
	out := s.renderBareOrder(o)
	out.Buyer = with(in["buyer"], s.renderOrderBuyer(o.BuyerID, 0))
	out.Products = with(in["products"], s.renderLines(o, in["products.offer"]))
	out.Payments = with(in["payments"], s.renderPayments(o.Payments, o.ID, o.SourceID))
	out.Shipping = with(in["shipping"], s.renderShipping(o, in["shipping.deliveryService"]))
	if st := s.db.statuses.rows[o.StatusID]; st != nil {
		out.Status = with(in["status"], renderStatus(st))
	}
	out.Marketing = with(in["marketing"], renderMarketing(o))
	tags := []tagJSON{}
	for _, id := range o.Tags {
		if t := s.tag(id); t != nil {
			tags = append(tags, renderTag(t))
		}
	}
	out.Tags = with(in["tags"], tags)
	out.Manager = with(in["manager"], s.renderManager(o.ManagerID))
	out.Expenses, out.Assigned = with(in["expenses"], emptyList{}), with(in["assigned"], emptyList{})
	out.Attachments = with(in["attachments"], s.renderAttachments(o.Attachments, in["attachments.file"]))
	out.CustomFields = with(in["custom_fields"], s.renderFields(o.CustomFields))
	return out
}

// renderReadOrder writes an order as lists and reading one have it: with its warehouse, which nobody asked for.
func (s *Server) renderReadOrder(o *Order, in map[string]bool) orderJSON {
	out := s.renderOrder(o, in)
	out.Warehouse = with(true, mainWarehouse())
	return out
}

// hookOrderJSON is an order in a webhook: two members of the API's orders are in none of the recorded ones.
type hookOrderJSON struct {
	orderJSON
	NoDiscountData part `json:"discount_data,omitzero"`
	NoBuyerComment part `json:"buyer_comment,omitzero"`
}

func (s *Server) renderHookOrder(o *Order) hookOrderJSON {
	return hookOrderJSON{orderJSON: s.renderOrder(o, nil)}
}

func (s *Server) renderBareOrder(o *Order) orderJSON {
	out := orderJSON{
		ID: o.ID, SourceUUID: orNull(o.SourceUUID), SourceID: o.SourceID, ClientID: o.BuyerID,
		GrandTotal: number(o.GrandTotal()), TotalDiscount: number(o.TotalDiscount()), MarginSum: number(margin(o)),
		DiscountAmount: nullNumber(o.DiscountAmount), DiscountPercent: nullNumber(o.DiscountPercent),
		ShippingPrice: priceText(o.ShippingPrice), Taxes: priceText(o.Taxes), WrapPrice: priceText(o.WrapPrice),
		ManagerID: idOrNull(o.ManagerID), StatusGroupID: s.statusGroup(o.StatusID), StatusID: o.StatusID,
		StatusChangedAt: isoTime(o.StatusChangedAt), ManagerComment: orNull(o.ManagerComment),
		IsGift: o.IsGift, Promocode: orNull(o.Promocode), GiftWrap: o.GiftWrap, PaymentStatus: o.PaymentStatus(),
		GiftMessage: orNull(o.GiftMessage), CreatedAt: isoTime(o.CreatedAt), UpdatedAt: isoTime(o.UpdatedAt),
		ClosedAt: plainTime(o.ClosedAt), OrderedAt: isoTime(o.OrderedAt), PaymentsTotal: number(o.PaymentsTotal()),
		ProductsTotal: number(o.ProductsTotal()), BuyerComment: orNull(o.BuyerComment),
	}
	if o.DiscountPercent.Valid {
		out.DiscountData = &emptyList{}
	}
	if st := s.db.statuses.rows[o.StatusID]; st != nil && st.ExpirationPeriod > 0 {
		expires := o.StatusChangedAt.Add(time.Duration(st.ExpirationPeriod) * time.Second)
		out.StatusExpiredAt, out.IsExpired = plainTime(expires), s.now().After(expires)
	}
	return out
}

func margin(o *Order) decimal.Decimal {
	sum := o.ProductsTotal().Sub(o.TotalDiscount())
	for i := range o.Lines {
		sum = sum.Sub(o.Lines[i].PurchasedPrice.Mul(o.Lines[i].Quantity))
	}
	return sum
}

type lineJSON struct {
	ID                    int64         `json:"id"`
	SKU                   *string       `json:"sku"`
	VariationID           *int64        `json:"variation_id"`
	PublicationSourceUUID *string       `json:"publication_source_uuid"`
	Name                  string        `json:"name"`
	Upsale                bool          `json:"upsale"`
	Price                 number        `json:"price"`
	DiscountAmount        number        `json:"discount_amount"`
	DiscountPercent       number        `json:"discount_percent"`
	IndividualDiscount    int           `json:"individual_discount"`
	LoyaltyDiscount       int           `json:"loyalty_discount"`
	TotalDiscount         number        `json:"total_discount"`
	PurchasedPrice        number        `json:"purchased_price"`
	PriceSold             number        `json:"price_sold"`
	Quantity              number        `json:"quantity"`
	UnitType              *string       `json:"unit_type"`
	StockStatus           *string       `json:"stock_status"`
	Picture               any           `json:"picture"` // {"thumbnail":…} or []
	Comment               *string       `json:"comment"`
	Properties            []Property    `json:"properties"`
	ProductStatusID       *int64        `json:"product_status_id"`
	CreatedAt             isoTime       `json:"created_at"`
	UpdatedAt             isoTime       `json:"updated_at"`
	ShipmentType          string        `json:"shipment_type"`
	Warehouse             warehouseJSON `json:"warehouse"`
	Offer                 part          `json:"offer,omitzero"`
}

type warehouseJSON struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	IsActive    bool    `json:"is_active"`
	IsDefault   bool    `json:"is_default"`
	AddressID   int64   `json:"address_id"`
	CreatedAt   isoTime `json:"created_at"`
	UpdatedAt   isoTime `json:"updated_at"`
	DeletedAt   *string `json:"deleted_at"`
}

func mainWarehouse() warehouseJSON {
	w := seedWarehouses()[0]
	return warehouseJSON{w.ID, w.Name, "", true, true, 1, isoTime(epoch()), isoTime(epoch()), nil}
}

type thumbnailJSON struct {
	Thumbnail string `json:"thumbnail"`
}

// renderPicture gives a picture of the catalog, kept as a path, the address under which it is served now.
func (s *Server) renderPicture(path string) any {
	if path == "" {
		return emptyList{}
	}
	return thumbnailJSON{s.absoluteURL(path)}
}

func (s *Server) renderLines(o *Order, withOffer bool) []lineJSON {
	return list(o.Lines, func(l *Line) lineJSON {
		out := lineJSON{
			ID: l.ID, SKU: orNull(l.SKU), Name: l.Name, Price: number(l.Price), DiscountAmount: number(l.DiscountAmount),
			DiscountPercent: number(l.DiscountPercent), TotalDiscount: number(l.TotalDiscount()),
			PurchasedPrice: number(l.PurchasedPrice), PriceSold: number(l.PriceSold()), Quantity: number(l.Quantity),
			UnitType: orNull(l.UnitType), StockStatus: orNull(l.StockStatus), Picture: s.renderPicture(l.Picture),
			Comment: orNull(l.Comment), Properties: l.Properties, ProductStatusID: idOrNull(l.ProductStatusID), CreatedAt: isoTime(l.CreatedAt),
			UpdatedAt: isoTime(l.UpdatedAt), ShipmentType: "warehouse",
			Warehouse: mainWarehouse(),
		}
		if out.Properties == nil {
			out.Properties = []Property{}
		}
		if withOffer {
			out.Offer = with(true, s.offerOrNull(l.OfferID))
		}
		return out
	})
}

func (s *Server) offerOrNull(id int64) *offerJSON {
	o := s.offer(id)
	if o == nil {
		return nil
	}
	out := s.renderOffer(o, false)
	return &out
}

type shippingJSON struct {
	DeliveryServiceID     *int64    `json:"delivery_service_id"`
	AddressID             *int64    `json:"address_id"`
	LastHistoryID         *int64    `json:"last_history_id"`
	TrackingCode          *string   `json:"tracking_code"`
	ReturnTrackingCode    *string   `json:"return_tracking_code"`
	TrackingCodeSendAt    *string   `json:"tracking_code_send_at"`
	ShippingStatus        *string   `json:"shipping_status"`
	ShipmentPayload       emptyList `json:"shipment_payload"`
	AddressPayload        any       `json:"address_payload"` // an object or []
	IsWarehouse           bool      `json:"is_warehouse"`
	PreferredMethod       *string   `json:"shipping_preferred_method"`
	Address               *string   `json:"shipping_address"`
	RecipientPhone        *string   `json:"recipient_phone"`
	RecipientFullName     *string   `json:"recipient_full_name"`
	Country               *string   `json:"shipping_address_country"`
	CountryCode           *string   `json:"shipping_address_country_code"`
	Region                *string   `json:"shipping_address_region"`
	City                  *string   `json:"shipping_address_city"`
	Zip                   *string   `json:"shipping_address_zip"`
	ReceivePoint          *string   `json:"shipping_receive_point"`
	SecondaryLine         *string   `json:"shipping_secondary_line"`
	ShippingDate          *string   `json:"shipping_date"`
	ShippingDateActual    *string   `json:"shipping_date_actual"`
	ActualHasOwner        bool      `json:"shipping_date_actual_has_owner"`
	ShippingPrice         priceText `json:"shipping_price"`
	WasShipped            bool      `json:"was_shipped"`
	CreatedAt             isoTime   `json:"created_at"`
	UpdatedAt             isoTime   `json:"updated_at"`
	DeletedAt             *string   `json:"deleted_at"`
	FullAddress           *string   `json:"full_address"`
	DeliveryServiceObject part      `json:"delivery_service,omitzero"`
}

type addressJSON struct {
	CityRef       string `json:"city_ref"`
	AreaDesc      string `json:"area_desc"`
	CityDesc      string `json:"city_desc"`
	WarehouseRef  string `json:"warehouse_ref"`
	WarehouseDesc string `json:"warehouse_desc"`
}

func (s *Server) renderShipping(o *Order, service bool) *shippingJSON {
	sh := o.Shipping
	if sh == nil {
		return nil
	}
	out := &shippingJSON{
		DeliveryServiceID: idOrNull(sh.DeliveryServiceID), AddressID: &o.ID, TrackingCode: orNull(sh.TrackingCode),
		AddressPayload: emptyList{}, IsWarehouse: sh.WarehouseRef != "", RecipientPhone: orNull(sh.RecipientPhone),
		RecipientFullName: orNull(sh.RecipientFullName), Country: orNull(sh.Country), CountryCode: countryCode(sh.Country), Region: orNull(sh.Region),
		City: orNull(sh.City), Zip: orNull(sh.Zip), ReceivePoint: orNull(sh.ReceivePoint),
		SecondaryLine: orNull(sh.SecondaryLine), ShippingDate: orNull(sh.ShippingDate),
		CreatedAt: isoTime(sh.CreatedAt), UpdatedAt: isoTime(sh.UpdatedAt), FullAddress: fullAddress(sh),
	}
	if sh.WarehouseRef != "" {
		out.AddressPayload = addressJSON{
			"11111111-1111-4111-8111-111111111111", sh.Region, sh.City, sh.WarehouseRef, sh.ReceivePoint,
		}
	}
	if d := s.delivery(sh.DeliveryServiceID); service && d != nil {
		out.DeliveryServiceObject = with(true, deliveryServiceJSON{d.ID, d.Name, orNull(d.SourceName), d.Alias})
	}
	return out
}

// countryCode is known of the country that an invented shop sends to.
func countryCode(country string) *string {
	if contains([]string{"Ukraine", "Україна", "UA"}, country) {
		return orNull("UA")
	}
	return nil
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

func renderMarketing(o *Order) *marketingJSON {
	m := o.Marketing
	if m == nil {
		return nil
	}
	return &marketingJSON{
		orNull(m.Source), orNull(m.Medium), orNull(m.Campaign), orNull(m.Term), orNull(m.Content),
		isoTime(o.CreatedAt), isoTime(o.CreatedAt),
	}
}

func (s *Server) renderManager(id int64) *userJSON {
	u := s.user(id)
	if u == nil {
		return nil
	}
	out := renderUser(u)
	return &out
}

func orderRules() rules {
	return rules{
		filters: []string{
			"status_id", "source_id", "source_uuid", "buyer_email", "buyer_phone", "has_tracking_code",
			"created_between", "updated_between", "shipping_between", "payment_status",
		},
		includes: []string{
			"buyer", "products", "products.offer", "manager", "tags", "status", "marketing", "payments", "shipping",
			"shipping.lastHistory", "shipping.deliveryService", "expenses", "customFields", "assigned", "attachments",
			"attachments.file",
		},
		sorts: []string{"id", "created_at", "updated_at"},
	}
}

func (s *Server) listOrders(c *call) *answer {
	l, bad := c.list(orderRules())
	if bad != nil {
		return bad
	}
	var found []*Order
	for _, id := range s.db.orders.ids() {
		if o := s.db.orders.rows[id]; !s.now().Before(o.VisibleAt) && s.orderMatches(o, l) {
			found = append(found, o)
		}
	}
	sortOrders(found, l.sort)
	w := l.window()
	rows := list(cut(found, w), func(o **Order) orderJSON { return s.renderReadOrder(*o, l.includes) })
	return page(s, l, rows, len(found))
}

// sortOrders starts from newest first. A second sort key has no effect.
func sortOrders(rows []*Order, sort string) {
	first, _, _ := strings.Cut(sort, ",")
	switch first {
	case "id":
		slices.Reverse(rows)
	case "created_at":
		slices.SortStableFunc(rows, func(a, b *Order) int { return a.CreatedAt.Compare(b.CreatedAt) })
	case "-created_at":
		slices.SortStableFunc(rows, func(a, b *Order) int { return b.CreatedAt.Compare(a.CreatedAt) })
	case "updated_at":
		slices.SortStableFunc(rows, func(a, b *Order) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	case "-updated_at":
		slices.SortStableFunc(rows, func(a, b *Order) int { return b.UpdatedAt.Compare(a.UpdatedAt) })
	}
}

func (s *Server) orderMatches(o *Order, l *listCall) bool {
	if len(l.filters) == 0 {
		return true
	}
	b := s.db.buyers.rows[o.BuyerID]
	if b == nil {
		b = &Buyer{}
	}
	var shipped time.Time
	tracked := false
	if o.Shipping != nil {
		shipped, _ = parseMoment(o.Shipping.ShippingDate)
		tracked = o.Shipping.TrackingCode != ""
	}
	return l.has("status_id", o.StatusID) && l.has("source_id", o.SourceID) && l.hasText("source_uuid", o.SourceUUID) &&
		l.hasAny("buyer_email", b.Emails) && s.hasPhone(l, "buyer_phone", b.Phones) &&
		l.flag("has_tracking_code", tracked) && l.between("created_between", o.OrderedAt) &&
		l.between("updated_between", o.UpdatedAt) && l.between("shipping_between", shipped) &&
		l.hasText("payment_status", o.PaymentStatus())
}

func (s *Server) getOrder(c *call) *answer {
	includes, bad := readIncludes(c.q, orderRules())
	if bad != nil {
		return bad
	}
	o := s.db.orders.rows[c.id("id")]
	if o == nil {
		return notFound()
	}
	return &answer{status: 200, body: s.renderReadOrder(o, includes)}
}
