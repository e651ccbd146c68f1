package api

import (
	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

// buyers is the endpoints of customer cards.
type buyers struct{ *base }

// post makes a buyer whoever is there already; one with a known phone or e-mail is marked as a possible repeat.
func (s buyers) post(c *call) *crmsim.Answer {
	f := s.form(c.JSON)
	b := &entity.Buyer{}
	s.read.buyer(f, b)
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	s.Buyers.Insert(b)
	return &crmsim.Answer{Status: 201, Body: s.wire.Buyer(b, nil)}
}

func (s buyers) put(c *call) *crmsim.Answer {
	b := s.DB.Buyers.Get(c.id("id"))
	if b == nil {
		return notFound()
	}
	f := s.form(c.JSON)
	changed := table.Clone(b)
	s.read.buyer(f, &changed)
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	changed.UpdatedAt = s.Stamp()
	s.DB.Buyers.Put(changed.ID, &changed)
	return &crmsim.Answer{Status: 202, Body: s.wire.Buyer(&changed, nil)}
}

// postImport makes all buyers or none: a bad row is a 400 that names nothing, as KeyCRM documents it.
func (s buyers) postImport(c *call) *crmsim.Answer {
	f := s.form(c.JSON)
	f.Require("buyers")
	rows := f.List("buyers")
	fresh := make([]*entity.Buyer, len(rows))
	for i, row := range rows {
		fresh[i] = &entity.Buyer{}
		s.read.buyer(row, fresh[i])
	}
	if f.Answer() != nil {
		return &crmsim.Answer{Status: 400, Body: statusBody{false}}
	}
	noteUnknown(c, f)
	for _, b := range fresh {
		s.Buyers.Insert(b)
	}
	return &crmsim.Answer{Status: 201, Body: statusBody{true}}
}

func buyerRules() rules {
	return rules{
		filters:  []string{"buyer_id", "buyer_phone", "buyer_email", "created_between", "updated_between"},
		includes: []string{"manager", "company", "shipping", "loyalty", "custom_fields"},
	}
}

func (s buyers) list(c *call) *crmsim.Answer {
	l, bad := c.list(buyerRules())
	if bad != nil {
		return bad
	}
	var found []*entity.Buyer
	for _, id := range s.DB.Buyers.IDs() {
		b := s.DB.Buyers.Get(id)
		if l.has("buyer_id", id) && s.hasPhone(l, "buyer_phone", b.Phones) && l.hasAny("buyer_email", b.Emails) &&
			l.between("created_between", b.CreatedAt) && l.between("updated_between", b.UpdatedAt) {
			found = append(found, b)
		}
	}
	rows := crmsim.Map(table.Cut(found, l.window()), func(b **entity.Buyer) wire.Buyer { return s.wire.Buyer(*b, l.includes) })
	return page(s.base, l, rows, len(found))
}

func (s buyers) get(c *call) *crmsim.Answer {
	includes, bad := readIncludes(c.q, buyerRules())
	if bad != nil {
		return bad
	}
	b := s.DB.Buyers.Get(c.id("id"))
	if b == nil {
		return notFound()
	}
	return &crmsim.Answer{Status: 200, Body: s.wire.Buyer(b, includes)}
}
