package form

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Text reads a text, empty when it is absent or null.
func (f *Form) Text(name string) string {
	raw, ok := f.Raw(name)
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		f.Fail(name, "The %s must be a string.", f.Words(name))
	}
	return s
}

// Texts reads a list of texts.
func (f *Form) Texts(name string) []string {
	raw, ok := f.Raw(name)
	if !ok {
		return nil
	}
	var out []string
	if json.Unmarshal(raw, &out) != nil {
		f.Fail(name, "The %s must be an array.", f.Words(name))
	}
	return out
}

// SetText reads a text into dst, unless the member is absent.
func (f *Form) SetText(name string, dst *string) {
	if f.Sent(name) {
		*dst = f.Text(name)
	}
}

// Amount reads a number, or a text with one.
func (f *Form) Amount(name string) decimal.NullDecimal {
	raw, ok := f.Raw(name)
	if !ok {
		return decimal.NullDecimal{}
	}
	d, err := decimal.NewFromString(strings.Trim(string(raw), `"`))
	if err != nil || len(raw) > 40 {
		f.Fail(name, "The %s must be a number.", f.Words(name))
		return decimal.NullDecimal{}
	}
	if d.Abs().GreaterThan(decimal.New(maxAmount, 0)) {
		f.Fail(name, "The %s may not be greater than %d.", f.Words(name), int64(maxAmount))
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(d)
}

// maxAmount is above every sum and quantity of a shop: a database has such a bound, and clients do not expect more.
const maxAmount = 999_999_999_999

// SetAmount reads a number into dst, unless the member is absent.
func (f *Form) SetAmount(name string, dst *decimal.NullDecimal) {
	if f.Sent(name) {
		*dst = f.Amount(name)
	}
}

// ID reads an integer, or a text with one; 0 when it is absent or null.
func (f *Form) ID(name string) int64 {
	raw, ok := f.Raw(name)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		f.Fail(name, "The %s must be an integer.", f.Words(name))
	}
	return n
}

// Flag reads a switch, off when it is absent or null.
func (f *Form) Flag(name string) bool {
	raw, ok := f.Raw(name)
	if !ok {
		return false
	}
	on, valid := Truth(raw)
	if !valid {
		f.Fail(name, "The %s field must be true or false.", f.Words(name))
	}
	return on
}

// Truth reads what Laravel takes for a boolean.
func Truth(raw json.RawMessage) (on, valid bool) {
	switch strings.Trim(string(raw), `" `) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// Moment reads a date or a time, taken for UTC without a zone; the zero time when it is absent or null.
func (f *Form) Moment(name string) time.Time {
	s := f.Text(name)
	if s == "" {
		return time.Time{}
	}
	t, ok := ParseMoment(s)
	if !ok {
		f.Fail(name, "The %s is not a valid date.", f.Words(name))
	}
	return t
}

// ParseMoment reads a date or a time as Moment does.
func ParseMoment(s string) (time.Time, bool) {
	for _, layout := range []string{SecondsLayout, "2006-01-02", time.RFC3339Nano, "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(s), time.UTC); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// SecondsLayout is the form of times without a zone.
const SecondsLayout = "2006-01-02 15:04:05"
