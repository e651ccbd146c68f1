package orders

import (
	"net/mail"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"github.com/keybridge/keybridge/plugin"
)

// What the CRM documents no limits for; these are known to pass.
const (
	maxName    = 255
	maxComment = 1024
	maxPhone   = 64
)

// buyer keeps to one spelling: the CRM recognises a buyer only when name and phone are exactly those
// it has.
func (m *mapper) buyer() {
	b := m.Order.Buyer
	m.d.Buyer = Person{FullName: personName(b.FullName), Phone: m.phone("Телефон покупця", b.Phone)}
	if email := strings.TrimSpace(b.Email); isEmail(email) {
		m.d.Buyer.Email = email
	} else if email != "" {
		m.note("E-mail покупця, який не вдалося розпізнати", cut(tidy(email), maxName))
	}
	if m.d.Buyer != (Person{}) {
		return
	}
	// Better a buyer with an odd name than none.
	m.d.Buyer.FullName = cut(tidy(b.Phone+" "+b.Email), maxName)
	if m.d.Buyer.FullName == "" {
		m.block(ReasonNoContact, nil)
	}
}

// phone is E.164; one that cannot be read is not lost but told in words. Numbers are only required to
// be possible: the tables of those given out lag behind the carriers.
func (m *mapper) phone(label, typed string) string {
	typed = tidy(typed)
	if typed == "" {
		return ""
	}
	if typed = cut(typed, maxName); len(typed) > maxPhone {
		m.note(label+", який не вдалося розпізнати", typed)
		return ""
	}
	n, err := phonenumbers.Parse(typed, m.Profile.PhoneRegion)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		m.note(label+", який не вдалося розпізнати", typed)
		return ""
	}
	if ext := n.GetExtension(); ext != "" {
		m.note(label+", внутрішній номер", ext)
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func personName(s string) string {
	// The apostrophe of «В'ячеслав» is typed in many ways.
	s = strings.Map(func(r rune) rune {
		switch r {
		case '’', 'ʼ', '‘', '`', '´', '′':
			return '\''
		}
		return r
	}, s)
	return cut(tidy(s), maxName)
}

// tidy is one line of text in one spelling: composed letters, single spaces, nothing invisible.
func tidy(s string) string { return strings.Join(strings.Fields(plain(s)), " ") }

// plain drops what is no text: broken UTF-8 and invisible marks, line breaks excepted.
func plain(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, ""))
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.Is(unicode.Cf, r) || unicode.IsControl(r)) {
			return -1
		}
		return r
	}, s)
}

// cut shortens to so many characters, visibly.
func cut(s string, characters int) string {
	r := []rune(s)
	if len(r) <= characters {
		return s
	}
	return string(r[:characters-1]) + "…"
}

// recipient takes the parcel: whom the buyer named, else the buyer.
func (m *mapper) recipient() Person {
	r := m.Order.Recipient
	if r == (plugin.Recipient{}) {
		return Person{FullName: m.d.Buyer.FullName, Phone: m.d.Buyer.Phone}
	}
	p := Person{FullName: personName(r.FullName), Phone: m.phone("Телефон отримувача", r.Phone)}
	if p.FullName == "" {
		p.FullName = m.d.Buyer.FullName
	}
	return p
}
