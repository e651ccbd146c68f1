package keycrmtest

import "strings"

type buyerAddressJSON struct {
	Address           *string `json:"address"`
	AdditionalAddress *string `json:"additional_address"`
	City              *string `json:"city"`
	Region            *string `json:"region"`
	ZipCode           *string `json:"zip_code"`
	Country           *string `json:"country"`
	RecipientFullName *string `json:"recipient_full_name"`
	RecipientPhone    *string `json:"recipient_phone"`
	WarehouseRef      *string `json:"warehouse_ref"`
}

func renderAddress(a *Address) buyerAddressJSON {
	return buyerAddressJSON{
		orNull(a.Address), orNull(a.Additional), orNull(a.City), orNull(a.Region), orNull(a.Zip), orNull(a.Country),
		orNull(a.RecipientFullName), orNull(a.RecipientPhone), orNull(a.WarehouseRef),
	}
}

// postBuyer makes a buyer whoever is there already; one with a known phone or e-mail is marked as a possible repeat.
func (s *Server) postBuyer(c *call) *answer {
	f := s.readForm(c.body)
	b := &Buyer{}
	s.readBuyer(f, b)
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	s.insertBuyer(b)
	return &answer{status: 201, body: s.renderBuyer(b, nil)}
}

func (s *Server) insertBuyer(b *Buyer) {
	for _, other := range s.db.buyers.rows {
		for _, phone := range b.Phones {
			b.HasDuplicates = b.HasDuplicates || contains(other.Phones, phone)
		}
		for _, email := range b.Emails {
			b.HasDuplicates = b.HasDuplicates || contains(other.Emails, email)
		}
	}
	b.ID, b.CreatedAt, b.UpdatedAt = s.db.buyers.next(), s.stamp(), s.stamp()
	s.db.buyers.put(b.ID, b)
}

func (s *Server) putBuyer(c *call) *answer {
	b := s.db.buyers.rows[c.id("id")]
	if b == nil {
		return notFound()
	}
	f := s.readForm(c.body)
	changed := clone(b)
	s.readBuyer(f, &changed)
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	changed.UpdatedAt = s.stamp()
	s.db.buyers.put(changed.ID, &changed)
	return &answer{status: 202, body: s.renderBuyer(&changed, nil)}
}

// postBuyerImport makes all buyers or none: a bad row is a 400 that names nothing, as KeyCRM documents it.
func (s *Server) postBuyerImport(c *call) *answer {
	f := s.readForm(c.body)
	f.require("buyers")
	rows := f.list("buyers")
	fresh := make([]*Buyer, len(rows))
	for i, row := range rows {
		fresh[i] = &Buyer{}
		s.readBuyer(row, fresh[i])
	}
	if f.answer() != nil {
		return &answer{status: 400, body: statusBody{false}}
	}
	s.noteUnknown(c, f)
	for _, b := range fresh {
		s.insertBuyer(b)
	}
	return &answer{status: 201, body: statusBody{true}}
}

// readBuyer reads what POST and PUT have in common; full_name is required in both.
func (s *Server) readBuyer(f *form, b *Buyer) {
	f.require("full_name")
	b.FullName = f.text("full_name")
	f.setText("note", &b.Note)
	if f.sent("birthday") {
		f.moment("birthday")
		b.Birthday, _, _ = strings.Cut(f.text("birthday"), " ")
	}
	if f.sent("email") {
		b.Emails = f.texts("email")
	}
	if f.sent("phone") {
		b.Phones = s.phonesOf(f.texts("phone"))
	}
	f.setAmount("discount", &b.Discount)
	f.known("company_id", func(int64) bool { return false }) // the account has no companies
	if id := f.known("manager_id", s.userTaken); id != 0 {
		b.ManagerID = id
	}
	if f.sent("shipping") {
		b.Addresses = nil
		for _, row := range f.list("shipping") {
			b.Addresses = append(b.Addresses, s.readAddress(row))
		}
	}
	b.CustomFields = merge(b.CustomFields, s.readFields(f, "client"))
}

func (s *Server) readAddress(f *form) Address {
	f.text("shipping_service")
	return Address{
		f.text("address"), f.text("additional_address"), f.text("city"), f.text("region"), f.text("zip_code"), f.text("country"),
		f.text("recipient_full_name"), s.phoneOf(f.text("recipient_phone")), f.text("warehouse_ref"),
	}
}
