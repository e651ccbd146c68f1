package api

import (
	"slices"
	"strings"
	"time"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

// orders is the endpoints of sales.
type orders struct{ *base }

// post makes an order, or answers what is wrong with it.
func (s orders) post(c *call) *crmsim.Answer {
	f := s.form(c.JSON)
	n := s.read.newOrder(f)
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	s.Orders.Create(n.order, n.name, n.phone, n.email)
	return &crmsim.Answer{Status: 201, Body: s.wire.NewOrder(n.order)}
}

// maxImport is how many orders /order/import takes.
const maxImport = 50

// postImport makes all orders or, when one of them is refused, none. KeyCRM does not describe the answer's body,
// so there is none, nor what becomes of repeats: here a used source_uuid is refused as in POST /order.
func (s orders) postImport(c *call) *crmsim.Answer {
	f := s.form(c.JSON)
	f.Require("orders")
	rows := f.List("orders")
	f.AtMost("orders", len(rows), maxImport)
	fresh := make([]newOrder, len(rows))
	seen := map[string]bool{}
	for i, row := range rows {
		fresh[i] = s.read.newOrder(row)
		uuid := fresh[i].order.SourceUUID
		if uuid != "" && seen[uuid] {
			row.Fail("source_uuid", "The source uuid has already been taken.")
		}
		seen[uuid] = true
	}
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	for _, n := range fresh {
		s.Orders.Create(n.order, n.name, n.phone, n.email)
	}
	return &crmsim.Answer{Status: 201}
}

func (s orders) put(c *call) *crmsim.Answer {
	o := s.DB.Orders.Get(c.id("id"))
	if o == nil {
		return notFound()
	}
	f := s.form(c.JSON)
	after := s.Orders.Change(o, func(o *entity.Order) bool {
		if id := f.Known("status_id", s.DB.Statuses.Has); id != 0 {
			o.StatusID = id
		}
		f.SetText("manager_comment", &o.ManagerComment)
		f.SetText("buyer_comment", &o.BuyerComment)
		f.SetAmount("discount_percent", &o.DiscountPercent)
		f.SetAmount("discount_amount", &o.DiscountAmount)
		if sh := f.Object("shipping"); sh != nil {
			if o.Shipping == nil {
				o.Shipping = &entity.Shipping{CreatedAt: s.Stamp()}
			}
			s.read.shipping(sh, o.Shipping, false)
		}
		o.CustomFields = merge(o.CustomFields, s.read.fields(f, "order"))
		s.read.lineChanges(f, o) // last: it moves stock once nothing was refused
		return f.Answer() == nil
	})
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	return &crmsim.Answer{Status: 202, Body: s.wire.Order(after, wire.Parts("buyer", "products", "shipping", "payments"))}
}

func (s orders) postPayment(c *call) *crmsim.Answer {
	o := s.DB.Orders.Get(c.id("id"))
	if o == nil {
		return notFound()
	}
	f := s.form(c.JSON)
	p := s.read.payment(f, "paid")
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	s.Orders.Change(o, func(o *entity.Order) bool {
		o.Payments = append(o.Payments, p)
		s.Orders.NumberRows(nil, o.Payments)
		return true
	})
	return &crmsim.Answer{Status: 201, Body: s.wire.OnePayment(&p)}
}

func (s orders) putPayment(c *call) *crmsim.Answer {
	o := s.DB.Orders.Get(c.id("id"))
	if o == nil {
		return notFound()
	}
	f := s.form(c.JSON)
	var p *entity.Payment
	s.Orders.Change(o, func(o *entity.Order) bool {
		p = s.read.changePayment(f, o.Payments, c.id("p"))
		return p != nil && f.Answer() == nil
	})
	if p == nil {
		return notFound()
	}
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	return &crmsim.Answer{Status: 202, Body: s.wire.OnePayment(p)}
}

func (s orders) postTag(c *call) *crmsim.Answer {
	o, tag := s.DB.Orders.Get(c.id("id")), c.id("tag")
	if o == nil || !s.Dictionaries.AcceptsTag(tag) {
		return notFound()
	}
	s.Orders.Change(o, func(o *entity.Order) bool {
		for _, id := range o.Tags {
			if id == tag {
				return false
			}
		}
		o.Tags = append(o.Tags, tag)
		return true
	})
	return &crmsim.Answer{Status: 202, Body: statusBody{true}}
}

func (s orders) deleteTag(c *call) *crmsim.Answer {
	o, tag := s.DB.Orders.Get(c.id("id")), c.id("tag")
	if o == nil || !s.Dictionaries.AcceptsTag(tag) {
		return notFound()
	}
	s.Orders.Change(o, func(o *entity.Order) bool {
		kept := o.Tags[:0:0]
		for _, id := range o.Tags {
			if id != tag {
				kept = append(kept, id)
			}
		}
		o.Tags = kept
		return true
	})
	return &crmsim.Answer{Status: 204}
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

func (s orders) list(c *call) *crmsim.Answer {
	l, bad := c.list(orderRules())
	if bad != nil {
		return bad
	}
	var found []*entity.Order
	for _, id := range s.DB.Orders.IDs() {
		if o := s.DB.Orders.Get(id); !s.Now().Before(o.VisibleAt) && s.matches(o, l) {
			found = append(found, o)
		}
	}
	sortOrders(found, l.sort)
	w := l.window()
	rows := crmsim.Map(table.Cut(found, w), func(o **entity.Order) wire.Order { return s.wire.ReadOrder(*o, l.includes) })
	return page(s.base, l, rows, len(found))
}

// sortOrders starts from newest first. A second sort key has no effect.
func sortOrders(rows []*entity.Order, sort string) {
	first, _, _ := strings.Cut(sort, ",")
	switch first {
	case "id":
		slices.Reverse(rows)
	case "created_at":
		slices.SortStableFunc(rows, func(a, b *entity.Order) int { return a.CreatedAt.Compare(b.CreatedAt) })
	case "-created_at":
		slices.SortStableFunc(rows, func(a, b *entity.Order) int { return b.CreatedAt.Compare(a.CreatedAt) })
	case "updated_at":
		slices.SortStableFunc(rows, func(a, b *entity.Order) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	case "-updated_at":
		slices.SortStableFunc(rows, func(a, b *entity.Order) int { return b.UpdatedAt.Compare(a.UpdatedAt) })
	}
}

func (s orders) matches(o *entity.Order, l *listCall) bool {
	if len(l.filters) == 0 {
		return true
	}
	b := s.DB.Buyers.Get(o.BuyerID)
	if b == nil {
		b = &entity.Buyer{}
	}
	var shipped time.Time
	tracked := false
	if o.Shipping != nil {
		shipped, _ = form.ParseMoment(o.Shipping.ShippingDate)
		tracked = o.Shipping.TrackingCode != ""
	}
	return l.has("status_id", o.StatusID) && l.has("source_id", o.SourceID) && l.hasText("source_uuid", o.SourceUUID) &&
		l.hasAny("buyer_email", b.Emails) && s.hasPhone(l, "buyer_phone", b.Phones) &&
		l.flag("has_tracking_code", tracked) && l.between("created_between", o.OrderedAt) &&
		l.between("updated_between", o.UpdatedAt) && l.between("shipping_between", shipped) &&
		l.hasText("payment_status", o.PaymentStatus())
}

func (s orders) get(c *call) *crmsim.Answer {
	includes, bad := readIncludes(c.q, orderRules())
	if bad != nil {
		return bad
	}
	o := s.DB.Orders.Get(c.id("id"))
	if o == nil {
		return notFound()
	}
	return &crmsim.Answer{Status: 200, Body: s.wire.ReadOrder(o, includes)}
}
