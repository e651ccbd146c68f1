package api

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
)

// newOrder is an order that was read and checked, with the person who ordered.
type newOrder struct {
	order              *entity.Order
	name, phone, email string
}

func (s reader) newOrder(f *form.Form) newOrder {
	o := &entity.Order{CreatedAt: s.Stamp(), UpdatedAt: s.Stamp(), VisibleAt: s.Now().Add(s.Config.VisibilityDelay)}
	o.SourceID = s.source(f)
	o.SourceUUID = f.Text("source_uuid")
	if s.Orders.UUIDTaken(o) {
		f.Fail("source_uuid", "The source uuid has already been taken.")
	}
	name, phone, email := readOrderBuyer(f)
	s.orderFields(f, o)
	o.Tags = s.tags(f)
	for _, row := range f.List("products") {
		o.Lines = append(o.Lines, s.line(row))
	}
	for _, row := range f.List("payments") {
		o.Payments = append(o.Payments, s.payment(row, "not_paid"))
	}
	return newOrder{o, name, phone, email}
}

func readOrderBuyer(f *form.Form) (name, phone, email string) {
	f.Require("buyer")
	b := f.Object("buyer")
	if b == nil {
		return "", "", ""
	}
	name, phone, email = b.Text("full_name"), b.Text("phone"), b.Text("email")
	if name == "" && phone == "" && email == "" {
		f.Fail("buyer", "The buyer must have a full_name, an email or a phone.")
	}
	return name, phone, email
}

// tags takes the tags of a new order, which KeyCRM checks although it does not document them: strict mode still
// counts the field as unknown.
func (s reader) tags(f *form.Form) []int64 {
	var rows []json.RawMessage
	_ = json.Unmarshal(f.Peek("tags"), &rows) // absent, or no list: no tags
	var ids []int64
	for i, raw := range rows {
		id, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
		if err != nil || !s.Dictionaries.AcceptsTag(id) {
			f.Fail(fmt.Sprintf("tags.%d", i), "The selected tags.%d is invalid.", i)
		}
		ids = append(ids, id)
	}
	return ids
}

func (s reader) orderFields(f *form.Form, o *entity.Order) {
	o.BuyerComment, o.ManagerComment = f.Text("buyer_comment"), f.Text("manager_comment")
	o.Promocode, o.GiftMessage = f.Text("promocode"), f.Text("gift_message")
	o.ManagerID = f.Known("manager_id", s.DB.Users.Has)
	o.DiscountPercent, o.DiscountAmount = f.Amount("discount_percent"), f.Amount("discount_amount")
	o.ShippingPrice, o.WrapPrice, o.Taxes = f.Amount("shipping_price"), f.Amount("wrap_price"), f.Amount("taxes")
	o.IsGift, o.GiftWrap = f.Flag("is_gift"), f.Flag("gift_wrap")
	o.OrderedAt = f.Moment("ordered_at")
	o.CustomFields = s.fields(f, "order")
	if sh := f.Object("shipping"); sh != nil {
		o.Shipping = &entity.Shipping{CreatedAt: s.Stamp()}
		s.shipping(sh, o.Shipping, true)
	}
	if m := f.Object("marketing"); m != nil {
		o.Marketing = &entity.Marketing{
			Source: m.Text("utm_source"), Medium: m.Text("utm_medium"), Campaign: m.Text("utm_campaign"), Term: m.Text("utm_term"), Content: m.Text("utm_content"),
		}
	}
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func (s reader) shipping(f *form.Form, sh *entity.Shipping, fresh bool) {
	if id := f.Known("delivery_service_id", s.Dictionaries.AcceptsDelivery); id != 0 {
		sh.DeliveryServiceID = id
	}
	if fresh {
		if name := f.Text("shipping_service"); name != "" && sh.DeliveryServiceID == 0 {
			for _, d := range s.DB.DeliveryServices.Sorted() {
				if d.Active && d.Name == name {
					sh.DeliveryServiceID = d.ID
				}
			}
		}
	}
	if code := f.Text("tracking_code"); code != "" {
		if code == sh.TrackingCode {
			f.Fail("tracking_code", "The %s has already been taken.", f.Words("tracking_code"))
		}
		sh.TrackingCode = code
	}
	f.SetText("shipping_address_city", &sh.City)
	f.SetText("shipping_address_country", &sh.Country)
	f.SetText("shipping_address_region", &sh.Region)
	f.SetText("shipping_address_zip", &sh.Zip)
	f.SetText("shipping_secondary_line", &sh.SecondaryLine)
	f.SetText("shipping_receive_point", &sh.ReceivePoint)
	f.SetText("recipient_full_name", &sh.RecipientFullName)
	f.SetText("recipient_phone", &sh.RecipientPhone)
	sh.RecipientPhone = s.Buyers.PhoneOf(sh.RecipientPhone)
	f.SetText("warehouse_ref", &sh.WarehouseRef)
	f.SetText("shipping_date", &sh.ShippingDate)
	f.Moment("shipping_date")
	d := s.DB.DeliveryServices.Get(sh.DeliveryServiceID)
	if sh.WarehouseRef != "" && (d == nil || d.SourceName != account.NovaPoshta || !uuidForm.MatchString(sh.WarehouseRef)) {
		f.Invalid("warehouse_ref")
	}
	sh.UpdatedAt = s.Stamp()
}

// line reads a new line and ties it to the catalog by its SKU alone.
func (s reader) line(f *form.Form) entity.Line {
	l := entity.Line{
		SKU: f.Text("sku"), Name: f.Text("name"),
		PurchasedPrice: f.Amount("purchased_price").Decimal, DiscountPercent: f.Amount("discount_percent").Decimal,
		DiscountAmount: f.Amount("discount_amount").Decimal, UnitType: f.Text("unit_type"), Comment: f.Text("comment"),
		Picture: f.Text("picture"), Quantity: decimal.NewFromInt(1), CreatedAt: s.Stamp(), UpdatedAt: s.Stamp(),
	}
	if q := f.Amount("quantity"); q.Valid {
		l.Quantity = q.Decimal
	}
	for _, p := range f.List("properties") {
		l.Properties = append(l.Properties, entity.Property{Name: p.Text("name"), Value: p.Text("value")})
	}
	s.tieNew(f, &l)
	return l
}

// lineChanges changes existing lines by id or SKU; a row that matches none is ignored, since lines cannot be
// added here.
func (s reader) lineChanges(f *form.Form, o *entity.Order) {
	type resize struct {
		line *entity.Line
		to   decimal.Decimal
	}
	var sizes []resize
	for _, row := range f.List("products") {
		id, sku := row.ID("id"), row.Text("sku")
		l := crmsim.Find(o.Lines, func(l *entity.Line) bool { return l.ID == id || id == 0 && sku != "" && l.SKU == sku })
		if q := row.Amount("quantity"); q.Valid && l != nil {
			sizes = append(sizes, resize{l, q.Decimal})
		}
		s.editLine(row, l)
	}
	if f.Answer() != nil {
		return // nothing of a refused request may touch the stock
	}
	for _, r := range sizes {
		s.Stock.Resize(r.line, r.to)
	}
}

func (s reader) editLine(row *form.Form, l *entity.Line) {
	if l == nil {
		l = &entity.Line{}
	}
	if p := row.Amount("price"); p.Valid {
		l.Price = p.Decimal
	}
	if p := row.Amount("discount_percent"); p.Valid {
		l.DiscountPercent = p.Decimal
	}
	if p := row.Amount("discount_amount"); p.Valid {
		l.DiscountAmount = p.Decimal
	}
	if p := row.Amount("purchased_price"); p.Valid {
		l.PurchasedPrice = p.Decimal
	}
	if id := row.Known("product_status_id", account.ProductStatusExists); id != 0 {
		l.ProductStatusID = id
	}
	row.SetText("comment", &l.Comment)
	if name := row.Text("name"); name != "" && l.OfferID == 0 {
		l.Name = name
	}
	l.UpdatedAt = s.Stamp()
}
