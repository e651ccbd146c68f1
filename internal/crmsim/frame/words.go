package frame

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// When is a time for people, in UTC as everything in a simulated account; the zero time is a dash.
func When(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("02.01.2006 15:04:05")
}

// WhenShort is When without seconds, for lists.
func WhenShort(t time.Time) string { return strings.TrimSuffix(When(t), t.UTC().Format(":05")) }

// Money is a sum with two decimals.
func Money(d decimal.Decimal) string { return d.StringFixed(2) }

// Shorten cuts a body that is too long to be shown.
func Shorten(b []byte) string {
	const most = 4000
	if len(b) <= most {
		return string(b)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(b[cut]) {
		cut--
	}
	return string(b[:cut]) + "…"
}
