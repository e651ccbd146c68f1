package account

import (
	"slices"
	"strings"
	"unicode"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Buyers are the customer cards of an account.
type Buyers struct{ *core }

// Insert adds a buyer, whoever is there already; one with a known phone or e-mail is marked as a possible repeat.
func (s *Buyers) Insert(b *entity.Buyer) {
	for _, other := range s.DB.Buyers.All() {
		for _, phone := range b.Phones {
			b.HasDuplicates = b.HasDuplicates || slices.Contains(other.Phones, phone)
		}
		for _, email := range b.Emails {
			b.HasDuplicates = b.HasDuplicates || slices.Contains(other.Emails, email)
		}
	}
	b.ID, b.CreatedAt, b.UpdatedAt = s.DB.Buyers.Next(), s.Stamp(), s.Stamp()
	s.DB.Buyers.Put(b.ID, b)
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// match finds the buyer an order belongs to or makes a new one. It is the same person only when the name and
// the phone, and the e-mail if both have one, are exactly equal.
func (s *Buyers) match(name, phone, email string) *entity.Buyer {
	phone = s.PhoneOf(phone)
	twin := false
	for _, b := range s.DB.Buyers.Sorted() {
		samePhone, sameEmail := phone != "" && slices.Contains(b.Phones, phone), email != "" && slices.Contains(b.Emails, email)
		mailAgrees := sameEmail || email == "" || len(b.Emails) == 0
		if b.FullName == name && mailAgrees && (samePhone || phone == "" && len(b.Phones) == 0 && sameEmail) {
			return b
		}
		twin = twin || samePhone || sameEmail
	}
	b := &entity.Buyer{
		ID: s.DB.Buyers.Next(), FullName: name, Phones: nonEmpty(phone), Emails: nonEmpty(email), HasDuplicates: twin,
		CreatedAt: s.Stamp(), UpdatedAt: s.Stamp(),
	}
	s.DB.Buyers.Put(b.ID, b)
	return b
}

// PhoneOf is the form in which KeyCRM keeps a phone: a plus and digits. What came without a plus is taken for a number
// of Ukraine, as far as it looks like one.
func (s *Buyers) PhoneOf(typed string) string {
	n := digits(typed)
	if s.Otherwise(GuessPhones) || len(n) < 9 || strings.Trim(typed, "0123456789 +-().\u00a0") != "" {
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

// PhonesOf is PhoneOf of each, in place.
func (s *Buyers) PhonesOf(typed []string) []string {
	for i := range typed {
		typed[i] = s.PhoneOf(typed[i])
	}
	return typed
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// HasPhone reports whether the wanted phone is among those, however both are written.
func (s *Buyers) HasPhone(phones []string, wanted string) bool {
	wanted = digits(s.PhoneOf(wanted))
	return wanted != "" && slices.ContainsFunc(phones, func(p string) bool { return digits(p) == wanted })
}
