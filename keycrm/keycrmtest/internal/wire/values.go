package wire

import (
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
)

func firstOrNull(list []string) *string {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// number is a bare JSON number.
type number decimal.Decimal

func (n number) MarshalJSON() ([]byte, error) { return []byte(decimal.Decimal(n).String()), nil }

// priceText is a sum as KeyCRM writes some of them: "60.00", or null.
type priceText decimal.NullDecimal

func (p priceText) MarshalJSON() ([]byte, error) {
	if !p.Valid {
		return []byte("null"), nil
	}
	return []byte(`"` + p.Decimal.StringFixed(2) + `"`), nil
}

// nullNumber is a bare number or null.
type nullNumber decimal.NullDecimal

func (n nullNumber) MarshalJSON() ([]byte, error) {
	if !n.Valid {
		return []byte("null"), nil
	}
	return []byte(n.Decimal.String()), nil
}

// stockNumber is a quantity: a number, but a text such as "-1.000" once it is below zero, as one account showed.
type stockNumber struct {
	decimal.Decimal
	plain bool // a number all the same
}

func (s *Renderer) stockNumber(d decimal.Decimal) stockNumber {
	return stockNumber{d, s.Otherwise(account.GuessNegativeStock)}
}

func (n stockNumber) MarshalJSON() ([]byte, error) {
	if n.IsNegative() && !n.plain {
		return []byte(`"` + n.StringFixed(3) + `"`), nil
	}
	return []byte(n.String()), nil
}

// isoTime is the form most times have; the zero time is null.
type isoTime time.Time

func (t isoTime) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000000Z"`)), nil
}

// plainTime is the other form, without a zone and still UTC.
type plainTime time.Time

func (t plainTime) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(time.Time(t).UTC().Format(`"` + form.SecondsLayout + `"`)), nil
}

// part is a member that is absent unless its include was asked for; asked for, it may be null.
type part struct {
	on bool
	v  any
}

func with(on bool, v any) part { return part{on, v} }

// IsZero makes omitzero leave the member out.
func (p part) IsZero() bool { return !p.on }

func (p part) MarshalJSON() ([]byte, error) { return json.Marshal(p.v) }

// emptyList is PHP's empty map.
type emptyList struct{}

func (emptyList) MarshalJSON() ([]byte, error) { return []byte("[]"), nil }

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func idOrNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
