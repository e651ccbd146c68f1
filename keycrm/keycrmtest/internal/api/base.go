package api

import (
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

// base is what all endpoints need.
type base struct {
	*account.Account
	wire *wire.Renderer
	read reader
}

// form reads what a request that writes sends.
func (s *base) form(body []byte) *form.Form {
	return form.Read(body, s.Otherwise(account.GuessEmptyText))
}

// accept answers 202 and lets the write take effect later, or answers the complaints.
func (s *base) accept(f *form.Form, kind string, card int64, c *call) *crmsim.Answer {
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	s.Later(kind, card, c.JSON)
	return &crmsim.Answer{Status: 202, Body: statusBody{true}}
}

// noteUnknown tells strict mode of members that nobody read, but for what noteQuery has told.
func noteUnknown(c *call, f *form.Form) {
	for _, name := range f.Unknown() {
		if top, _, _ := strings.Cut(name, "."); !c.FromQuery[top] {
			c.note(name)
		}
	}
}

// hasPhone reports whether the filter is absent or names one of the phones, however it is written.
func (s *base) hasPhone(l *listCall, filter string, phones []string) bool {
	v, ok := l.filters[filter]
	return !ok || slices.ContainsFunc(crmsim.SplitComma(v), func(want string) bool { return s.Buyers.HasPhone(phones, want) })
}

// cardOf is the card that the path names, or why there is none.
func (s *base) cardOf(c *call) (*entity.Card, *crmsim.Answer) {
	if s.Settings().PipelinesOff {
		return nil, leadsOff(400)
	}
	row := s.DB.Cards.Get(c.id("id"))
	if row == nil {
		return nil, notFound()
	}
	return row, nil
}
