package plugin

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// Money is an exact amount with its ISO 4217 currency ("UAH").
// The zero value means "no amount": it has no currency and equals only itself.
type Money struct {
	Amount   decimal.Decimal `json:"amount"`
	Currency string          `json:"currency"`
}

// NewMoney is for literals in adapters and tests: amount as text ("199.90").
// It panics on text that is no number, so never give it outside input.
func NewMoney(amount, currency string) Money {
	return Money{Amount: decimal.RequireFromString(amount), Currency: currency}
}

// IsSet reports whether the value carries a currency at all.
func (m Money) IsSet() bool { return m.Currency != "" }

// Equal compares amount and currency; 1.5 equals 1.50.
func (m Money) Equal(o Money) bool {
	return m.Currency == o.Currency && m.Amount.Equal(o.Amount)
}

// Add sums two amounts of one currency. An unset side counts as nothing.
// Errors: ErrInvalid when both are set and the currencies differ.
func (m Money) Add(o Money) (Money, error) {
	switch {
	case !m.IsSet():
		return o, nil
	case !o.IsSet():
		return m, nil
	case m.Currency != o.Currency:
		return Money{}, fmt.Errorf("add %s to %s: %w", o.Currency, m.Currency, ErrInvalid)
	}
	return Money{Amount: m.Amount.Add(o.Amount), Currency: m.Currency}, nil
}

// String is for logs and tests, not for buyers: "199.9 UAH".
func (m Money) String() string {
	if !m.IsSet() {
		return "-"
	}
	return m.Amount.String() + " " + m.Currency
}
