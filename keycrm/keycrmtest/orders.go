package keycrmtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// postOrder makes an order, or answers what is wrong with it.
func (s *Server) postOrder(c *call) *answer {
	f := s.readForm(c.body)
	n := s.readNewOrder(f)
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	o := s.addOrder(n)
	out := s.renderOrder(o, parts("products", "shipping", "payments"))
	out.Buyer = with(true, s.renderOrderBuyer(o.BuyerID, o.ID))
	return &answer{status: 201, body: out}
}

// maxImport is how many orders /order/import takes.
const maxImport = 50

// postOrderImport makes all orders or, when one of them is refused, none. KeyCRM does not describe the answer's body,
// so there is none, nor what becomes of repeats: here a used source_uuid is refused as in POST /order.
func (s *Server) postOrderImport(c *call) *answer {
	f := s.readForm(c.body)
	f.require("orders")
	rows := f.list("orders")
	f.atMost("orders", len(rows), maxImport)
	fresh := make([]newOrder, len(rows))
	seen := map[string]bool{}
	for i, row := range rows {
		fresh[i] = s.readNewOrder(row)
		uuid := fresh[i].order.SourceUUID
		if uuid != "" && seen[uuid] {
			row.fail("source_uuid", "The source uuid has already been taken.")
		}
		seen[uuid] = true
	}
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	for _, n := range fresh {
		s.addOrder(n)
	}
	return &answer{status: 201}
}

// newOrder is an order that was read and checked, with the person who ordered.
type newOrder struct {
	order              *Order
	name, phone, email string
}

func (s *Server) readNewOrder(f *form) newOrder {
	o := &Order{CreatedAt: s.stamp(), UpdatedAt: s.stamp(), VisibleAt: s.now().Add(s.cfg.visibilityDelay)}
	o.SourceID = s.readSource(f)
	o.SourceUUID = f.text("source_uuid")
	if s.uuidTaken(o) {
		f.fail("source_uuid", "The source uuid has already been taken.")
	}
	name, phone, email := readOrderBuyer(f)
	s.readOrderFields(f, o)
	o.Tags = s.readTags(f)
	for _, row := range f.list("products") {
		o.Lines = append(o.Lines, s.readLine(row))
	}
	for _, row := range f.list("payments") {
		o.Payments = append(o.Payments, s.readPayment(row, "not_paid"))
	}
	return newOrder{o, name, phone, email}
}

// readSource takes a source_name where there is no source_id. It is not documented: strict mode counts it as unknown.
func (s *Server) readSource(f *form) int64 {
	var name string
	_ = json.Unmarshal(f.members["source_name"], &name) // absent, or no text: no name
	if _, sent := f.raw("source_id"); !sent && name != "" && !s.otherwise(GuessSourceName) {
		if id := s.sourceNamed(name); id != 0 {
			return id
		}
	}
	f.require("source_id")
	return f.known("source_id", s.sourceTaken)
}

// addOrder stores an order that was found good.
func (s *Server) addOrder(n newOrder) *Order {
	o := n.order
	o.ID, o.StatusID, o.StatusChangedAt = s.db.orders.next(), 1, s.stamp()
	if o.OrderedAt.IsZero() {
		o.OrderedAt = s.stamp()
	}
	o.BuyerID = s.matchBuyer(n.name, n.phone, n.email).ID
	s.numberRows(o.Lines, o.Payments)
	s.settleStock(o)
	s.db.orders.put(o.ID, o)
	return o
}

func parts(names ...string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

func (s *Server) uuidTaken(o *Order) bool {
	if o.SourceUUID == "" {
		return false
	}
	for _, other := range s.db.orders.rows {
		if other.SourceUUID == o.SourceUUID && (s.cfg.scope == ScopeAccount || other.SourceID == o.SourceID) {
			return true
		}
	}
	return false
}

func readOrderBuyer(f *form) (name, phone, email string) {
	f.require("buyer")
	b := f.object("buyer")
	if b == nil {
		return "", "", ""
	}
	name, phone, email = b.text("full_name"), b.text("phone"), b.text("email")
	if name == "" && phone == "" && email == "" {
		f.fail("buyer", "The buyer must have a full_name, an email or a phone.")
	}
	return name, phone, email
}

// readTags takes the tags of a new order, which KeyCRM checks although it does not document them: strict mode still
// counts the field as unknown.
func (s *Server) readTags(f *form) []int64 {
	var rows []json.RawMessage
	_ = json.Unmarshal(f.members["tags"], &rows) // absent, or no list: no tags
	var ids []int64
	for i, raw := range rows {
		id, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
		if err != nil || !s.tagTaken(id) {
			f.fail(fmt.Sprintf("tags.%d", i), "The selected tags.%d is invalid.", i)
		}
		ids = append(ids, id)
	}
	return ids
}

func (s *Server) readOrderFields(f *form, o *Order) {
	o.BuyerComment, o.ManagerComment = f.text("buyer_comment"), f.text("manager_comment")
	o.Promocode, o.GiftMessage = f.text("promocode"), f.text("gift_message")
	o.ManagerID = f.known("manager_id", s.userTaken)
	o.DiscountPercent, o.DiscountAmount = f.amount("discount_percent"), f.amount("discount_amount")
	o.ShippingPrice, o.WrapPrice, o.Taxes = f.amount("shipping_price"), f.amount("wrap_price"), f.amount("taxes")
	o.IsGift, o.GiftWrap = f.flag("is_gift"), f.flag("gift_wrap")
	o.OrderedAt = f.moment("ordered_at")
	o.CustomFields = s.readFields(f, "order")
	if sh := f.object("shipping"); sh != nil {
		o.Shipping = &Shipping{CreatedAt: s.stamp()}
		s.readShipping(sh, o.Shipping, true)
	}
	if m := f.object("marketing"); m != nil {
		o.Marketing = &Marketing{
			m.text("utm_source"), m.text("utm_medium"), m.text("utm_campaign"), m.text("utm_term"), m.text("utm_content"),
		}
	}
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func (s *Server) readShipping(f *form, sh *Shipping, fresh bool) {
	if id := f.known("delivery_service_id", s.deliveryTaken); id != 0 {
		sh.DeliveryServiceID = id
	}
	if fresh {
		if name := f.text("shipping_service"); name != "" && sh.DeliveryServiceID == 0 {
			for _, d := range sorted(s.db.deliveryServices) {
				if d.Active && d.Name == name {
					sh.DeliveryServiceID = d.ID
				}
			}
		}
	}
	if code := f.text("tracking_code"); code != "" {
		if code == sh.TrackingCode {
			f.fail("tracking_code", "The %s has already been taken.", f.words("tracking_code"))
		}
		sh.TrackingCode = code
	}
	f.setText("shipping_address_city", &sh.City)
	f.setText("shipping_address_country", &sh.Country)
	f.setText("shipping_address_region", &sh.Region)
	f.setText("shipping_address_zip", &sh.Zip)
	f.setText("shipping_secondary_line", &sh.SecondaryLine)
	f.setText("shipping_receive_point", &sh.ReceivePoint)
	f.setText("recipient_full_name", &sh.RecipientFullName)
	f.setText("recipient_phone", &sh.RecipientPhone)
	sh.RecipientPhone = s.phoneOf(sh.RecipientPhone)
	f.setText("warehouse_ref", &sh.WarehouseRef)
	f.setText("shipping_date", &sh.ShippingDate)
	f.moment("shipping_date")
	d := s.delivery(sh.DeliveryServiceID)
	if sh.WarehouseRef != "" && (d == nil || d.SourceName != novaPoshta || !uuidForm.MatchString(sh.WarehouseRef)) {
		f.invalid("warehouse_ref")
	}
	sh.UpdatedAt = s.stamp()
}

// readLine reads a new line and ties it to the catalog by its SKU alone.
func (s *Server) readLine(f *form) Line {
	l := Line{
		SKU: f.text("sku"), Name: f.text("name"),
		PurchasedPrice: f.amount("purchased_price").Decimal, DiscountPercent: f.amount("discount_percent").Decimal,
		DiscountAmount: f.amount("discount_amount").Decimal, UnitType: f.text("unit_type"), Comment: f.text("comment"),
		Picture: f.text("picture"), Quantity: decimal.NewFromInt(1), CreatedAt: s.stamp(), UpdatedAt: s.stamp(),
	}
	if q := f.amount("quantity"); q.Valid {
		l.Quantity = q.Decimal
	}
	for _, p := range f.list("properties") {
		l.Properties = append(l.Properties, Property{p.text("name"), p.text("value")})
	}
	s.tieNew(f, &l)
	return l
}

// tieNew ties a new line to the catalog, which also gives the price that the request left out.
func (s *Server) tieNew(f *form, l *Line) {
	if l.SKU == "" && l.Name == "" {
		f.fail("name", "The %s field is required when sku is not present.", f.words("name"))
	}
	price := f.amount("price")
	l.Price = price.Decimal
	if o := s.tie(l); o != nil && !price.Valid {
		l.Price = o.Price
	}
}

// tie links the line to the first offer with its SKU, if there is one, and fills what the line lacks.
func (s *Server) tie(l *Line) *Offer {
	found := s.offersBySKU(l.SKU)
	if len(found) == 0 {
		return nil
	}
	o := found[0]
	l.OfferID = o.ID
	if p := s.product(o.ProductID); l.Name == "" {
		l.Name = p.Name
	}
	if l.PurchasedPrice.IsZero() {
		l.PurchasedPrice = o.PurchasedPrice
	}
	if l.Picture == "" {
		l.Picture = o.Picture
	}
	return o
}

func (s *Server) numberRows(lines []Line, payments []Payment) {
	for i := range lines {
		if lines[i].ID == 0 {
			lines[i].ID = s.nextID(idLine)
		}
	}
	for i := range payments {
		if payments[i].ID == 0 {
			payments[i].ID = s.nextID(idPayment)
		}
	}
}

// change works on a copy of the order and, unless keep says no, stores it and fires what the change caused.
func (s *Server) changeOrder(o *Order, edit func(*Order) (keep bool)) *Order {
	c := clone(o)
	if !edit(&c) {
		return o
	}
	c.UpdatedAt = s.stamp()
	if c.StatusID != o.StatusID {
		c.StatusChangedAt = s.stamp()
		if c.ClosedAt = o.ClosedAt; s.closing(c.StatusID) {
			c.ClosedAt = s.stamp()
		}
	}
	s.settleStock(&c)
	s.db.orders.put(c.ID, &c)
	if c.StatusID != o.StatusID {
		s.fire(EventOrderStatus, strconv.FormatInt(c.StatusID, 10), c.SourceID, s.renderHookOrder(&c), c.ID)
	}
	if c.PaymentStatus() != o.PaymentStatus() {
		s.fire(EventOrderPayment, c.PaymentStatus(), c.SourceID, s.renderHookOrder(&c), c.ID)
	}
	return &c
}

func (s *Server) closing(status int64) bool {
	st := s.db.statuses.rows[status]
	return st != nil && st.Closing
}

func (s *Server) putOrder(c *call) *answer {
	o := s.db.orders.rows[c.id("id")]
	if o == nil {
		return notFound()
	}
	f := s.readForm(c.body)
	after := s.changeOrder(o, func(o *Order) bool {
		if id := f.known("status_id", s.statusExists); id != 0 {
			o.StatusID = id
		}
		f.setText("manager_comment", &o.ManagerComment)
		f.setText("buyer_comment", &o.BuyerComment)
		f.setAmount("discount_percent", &o.DiscountPercent)
		f.setAmount("discount_amount", &o.DiscountAmount)
		if sh := f.object("shipping"); sh != nil {
			if o.Shipping == nil {
				o.Shipping = &Shipping{CreatedAt: s.stamp()}
			}
			s.readShipping(sh, o.Shipping, false)
		}
		o.CustomFields = merge(o.CustomFields, s.readFields(f, "order"))
		s.readLineChanges(f, o) // last: it moves stock once nothing was refused
		return f.answer() == nil
	})
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	return &answer{status: 202, body: s.renderOrder(after, parts("buyer", "products", "shipping", "payments"))}
}

func (s *Server) statusExists(id int64) bool { return s.db.statuses.rows[id] != nil }

func productStatusExists(id int64) bool {
	return slices.ContainsFunc(seedProductStatuses(), func(st OrderStatus) bool { return st.ID == id })
}

// readLineChanges changes existing lines by id or SKU; a row that matches none is ignored, since lines cannot be
// added here.
func (s *Server) readLineChanges(f *form, o *Order) {
	type resize struct {
		line *Line
		to   decimal.Decimal
	}
	var sizes []resize
	for _, row := range f.list("products") {
		id, sku := row.id("id"), row.text("sku")
		l := findRow(o.Lines, func(l *Line) bool { return l.ID == id || id == 0 && sku != "" && l.SKU == sku })
		if q := row.amount("quantity"); q.Valid && l != nil {
			sizes = append(sizes, resize{l, q.Decimal})
		}
		s.editLine(row, l)
	}
	if f.answer() != nil {
		return // nothing of a refused request may touch the stock
	}
	for _, r := range sizes {
		s.resizeLine(r.line, r.to)
	}
}

func (s *Server) editLine(row *form, l *Line) {
	if l == nil {
		l = &Line{}
	}
	if p := row.amount("price"); p.Valid {
		l.Price = p.Decimal
	}
	if p := row.amount("discount_percent"); p.Valid {
		l.DiscountPercent = p.Decimal
	}
	if p := row.amount("discount_amount"); p.Valid {
		l.DiscountAmount = p.Decimal
	}
	if p := row.amount("purchased_price"); p.Valid {
		l.PurchasedPrice = p.Decimal
	}
	if id := row.known("product_status_id", productStatusExists); id != 0 {
		l.ProductStatusID = id
	}
	row.setText("comment", &l.Comment)
	if name := row.text("name"); name != "" && l.OfferID == 0 {
		l.Name = name
	}
	l.UpdatedAt = s.stamp()
}

func (s *Server) postOrderPayment(c *call) *answer {
	o := s.db.orders.rows[c.id("id")]
	if o == nil {
		return notFound()
	}
	f := s.readForm(c.body)
	p := s.readPayment(f, "paid")
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	s.changeOrder(o, func(o *Order) bool {
		o.Payments = append(o.Payments, p)
		s.numberRows(nil, o.Payments)
		return true
	})
	return &answer{status: 201, body: s.renderOnePayment(&p)}
}

func (s *Server) putOrderPayment(c *call) *answer {
	o := s.db.orders.rows[c.id("id")]
	if o == nil {
		return notFound()
	}
	f := s.readForm(c.body)
	var p *Payment
	s.changeOrder(o, func(o *Order) bool {
		p = s.changePayment(f, o.Payments, c.id("p"))
		return p != nil && f.answer() == nil
	})
	if p == nil {
		return notFound()
	}
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	return &answer{status: 202, body: s.renderOnePayment(p)}
}

func (s *Server) postOrderTag(c *call) *answer {
	o, tag := s.db.orders.rows[c.id("id")], c.id("tag")
	if o == nil || !s.tagTaken(tag) {
		return notFound()
	}
	s.changeOrder(o, func(o *Order) bool {
		for _, id := range o.Tags {
			if id == tag {
				return false
			}
		}
		o.Tags = append(o.Tags, tag)
		return true
	})
	return &answer{status: 202, body: statusBody{true}}
}

func (s *Server) deleteOrderTag(c *call) *answer {
	o, tag := s.db.orders.rows[c.id("id")], c.id("tag")
	if o == nil || !s.tagTaken(tag) {
		return notFound()
	}
	s.changeOrder(o, func(o *Order) bool {
		kept := o.Tags[:0:0]
		for _, id := range o.Tags {
			if id != tag {
				kept = append(kept, id)
			}
		}
		o.Tags = kept
		return true
	})
	return &answer{status: 204}
}

func fullAddress(sh *Shipping) *string {
	var out []string
	for _, v := range []string{sh.City, sh.ReceivePoint, sh.SecondaryLine} {
		if v != "" {
			out = append(out, v)
		}
	}
	return orNull(strings.Join(out, ", "))
}
