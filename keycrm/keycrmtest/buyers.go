package keycrmtest

import (
	"slices"
	"strings"
	"unicode"
)

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// matchBuyer finds the buyer an order belongs to or makes a new one. It is the same person only when the name and
// the phone, and the e-mail if both have one, are exactly equal.
func (s *Server) matchBuyer(name, phone, email string) *Buyer {
	phone = s.phoneOf(phone)
	ids := s.db.buyers.ids()
	slices.Reverse(ids)
	twin := false
	for _, id := range ids {
		b := s.db.buyers.rows[id]
		samePhone, sameEmail := phone != "" && contains(b.Phones, phone), email != "" && contains(b.Emails, email)
		mailAgrees := sameEmail || email == "" || len(b.Emails) == 0
		if b.FullName == name && mailAgrees && (samePhone || phone == "" && len(b.Phones) == 0 && sameEmail) {
			return b
		}
		twin = twin || samePhone || sameEmail
	}
	b := &Buyer{
		ID: s.db.buyers.next(), FullName: name, Phones: nonEmpty(phone), Emails: nonEmpty(email), HasDuplicates: twin,
		CreatedAt: s.stamp(), UpdatedAt: s.stamp(),
	}
	s.db.buyers.put(b.ID, b)
	return b
}

// phoneOf is the form in which KeyCRM keeps a phone: a plus and digits. What came without a plus is taken for a number
// of Ukraine, as far as it looks like one.
func (s *Server) phoneOf(typed string) string {
	n := digits(typed)
	if s.otherwise(GuessPhones) || len(n) < 9 || strings.Trim(typed, "0123456789 +-().\u00a0") != "" {
		return typed
	}
	switch {
	case strings.Contains(typed, "+"):
	case strings.HasPrefix(n, "00"):
		n = n[2:]
	case len(n) == 9:
		n = "380" + n
	case len(n) == 10 && n[0] == '0':
		n = "38" + n
	case len(n) == 11 && strings.HasPrefix(n, "80"):
		n = "3" + n
	}
	return "+" + n
}

func (s *Server) phonesOf(typed []string) []string {
	for i := range typed {
		typed[i] = s.phoneOf(typed[i])
	}
	return typed
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

type buyerJSON struct {
	ID           int64    `json:"id"`
	FullName     string   `json:"full_name"`
	Birthday     *string  `json:"birthday"`
	Email        []string `json:"email"` // null without any
	Phone        []string `json:"phone"`
	Note         *string  `json:"note"`
	CreatedAt    isoTime  `json:"created_at"`
	UpdatedAt    isoTime  `json:"updated_at"`
	Manager      part     `json:"manager,omitzero"`
	Company      part     `json:"company,omitzero"`
	Shipping     part     `json:"shipping,omitzero"`
	Loyalty      part     `json:"loyalty,omitzero"`
	CustomFields part     `json:"custom_fields,omitzero"`
}

type bareFieldJSON struct {
	UUID  string `json:"uuid"`
	Value any    `json:"value"`
}

func (s *Server) renderBuyer(b *Buyer, in map[string]bool) buyerJSON {
	addresses := list(b.Addresses, func(a *Address) buyerAddressJSON { return renderAddress(a) })
	bare := list(b.CustomFields, func(v *FieldValue) bareFieldJSON { return bareFieldJSON{v.UUID, v.Value} })
	return buyerJSON{
		ID: b.ID, FullName: b.FullName, Email: b.Emails, Phone: b.Phones, Note: orNull(b.Note), Birthday: orNull(b.Birthday),
		CreatedAt: isoTime(b.CreatedAt), UpdatedAt: isoTime(b.UpdatedAt), Shipping: with(in["shipping"], addresses),
		Manager: with(in["manager"], s.renderManager(b.ManagerID)), Company: with(in["company"], nil),
		Loyalty: with(in["loyalty"], emptyList{}), CustomFields: with(in["custom_fields"], bare),
	}
}

func buyerRules() rules {
	return rules{
		filters:  []string{"buyer_id", "buyer_phone", "buyer_email", "created_between", "updated_between"},
		includes: []string{"manager", "company", "shipping", "loyalty", "custom_fields"},
	}
}

func (s *Server) listBuyers(c *call) *answer {
	l, bad := c.list(buyerRules())
	if bad != nil {
		return bad
	}
	var found []*Buyer
	for _, id := range s.db.buyers.ids() {
		b := s.db.buyers.rows[id]
		if l.has("buyer_id", id) && s.hasPhone(l, "buyer_phone", b.Phones) && l.hasAny("buyer_email", b.Emails) &&
			l.between("created_between", b.CreatedAt) && l.between("updated_between", b.UpdatedAt) {
			found = append(found, b)
		}
	}
	rows := list(cut(found, l.window()), func(b **Buyer) buyerJSON { return s.renderBuyer(*b, l.includes) })
	return page(s, l, rows, len(found))
}

// hasPhone compares digits, so that a plus sign does not matter.
func (s *Server) hasPhone(l *listCall, filter string, phones []string) bool {
	v, ok := l.filters[filter]
	if !ok {
		return true
	}
	for _, want := range splitComma(v) {
		want = digits(s.phoneOf(want))
		if want != "" && slices.ContainsFunc(phones, func(p string) bool { return digits(p) == want }) {
			return true
		}
	}
	return false
}

func (l *listCall) hasAny(filter string, values []string) bool {
	v, ok := l.filters[filter]
	return !ok || slices.ContainsFunc(splitComma(v), func(want string) bool { return contains(values, want) })
}

func (s *Server) getBuyer(c *call) *answer {
	includes, bad := readIncludes(c.q, buyerRules())
	if bad != nil {
		return bad
	}
	b := s.db.buyers.rows[c.id("id")]
	if b == nil {
		return notFound()
	}
	return &answer{status: 200, body: s.renderBuyer(b, includes)}
}

// orderBuyerJSON is the buyer inside an order: phone and e-mail are plain texts here.
type orderBuyerJSON struct {
	ID            int64   `json:"id"`
	CompanyID     *int64  `json:"company_id"`
	FullName      string  `json:"full_name"`
	Birthday      *string `json:"birthday"`
	Phone         *string `json:"phone"`
	Email         *string `json:"email"`
	Note          *string `json:"note"`
	Picture       *string `json:"picture"`
	Image         *string `json:"image"`
	OrdersSum     string  `json:"orders_sum"`
	Discount      int     `json:"discount"`
	Currency      string  `json:"currency"`
	OrdersCount   int     `json:"orders_count"`
	HasDuplicates int     `json:"has_duplicates"`
	ManagerID     *int64  `json:"manager_id"`
	DeletedAt     *string `json:"deleted_at"`
	CreatedAt     isoTime `json:"created_at"`
	UpdatedAt     isoTime `json:"updated_at"`
}

// renderOrderBuyer counts the buyer's orders but for the one that is just being made.
func (s *Server) renderOrderBuyer(id, fresh int64) *orderBuyerJSON {
	b := s.db.buyers.rows[id]
	if b == nil {
		return nil
	}
	out := &orderBuyerJSON{
		ID: b.ID, FullName: b.FullName, Phone: firstOrNull(b.Phones), Email: firstOrNull(b.Emails), Note: orNull(b.Note),
		Currency: "UAH", CreatedAt: isoTime(b.CreatedAt), UpdatedAt: isoTime(b.UpdatedAt),
	}
	sum := hundred.Sub(hundred)
	for _, o := range s.db.orders.rows {
		if o.BuyerID == id && o.ID != fresh {
			out.OrdersCount++
			sum = sum.Add(o.GrandTotal())
		}
	}
	out.OrdersSum = sum.StringFixed(2)
	if b.HasDuplicates {
		out.HasDuplicates = 1
	}
	return out
}

func firstOrNull(list []string) *string {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}
