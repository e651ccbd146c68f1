package keycrm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Amount is a sum or quantity on its way to KeyCRM: a bare JSON number, whatever decimal's process-wide switch says.
type Amount struct{ decimal.Decimal }

// NewAmount wraps d for a request.
func NewAmount(d decimal.Decimal) Amount { return Amount{d} }

// MarshalJSON writes the number without quotes and without an exponent.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalJSON reads what Decimal reads; null is zero.
func (a *Amount) UnmarshalJSON(b []byte) error {
	var d Decimal
	if err := d.UnmarshalJSON(b); err != nil {
		return err
	}
	a.Decimal = d.Decimal
	return nil
}

// Decimal is a number as KeyCRM answers it: a number, a string such as "0.00" or "-1.000", or null.
type Decimal struct {
	decimal.Decimal      // zero when not Valid
	Valid           bool // false for null, an empty string or an absent key
}

// errNumber is a number no shop deals in; it would only burn memory in arithmetic.
var errNumber = errors.New("not a number of a sensible size")

const (
	maxNumberLen = 64
	maxExponent  = 30
)

// UnmarshalJSON accepts a number, a numeric string or null.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	*d = Decimal{}
	s := string(bytes.TrimSpace(b))
	if s == "null" {
		return nil
	}
	if strings.HasPrefix(s, `"`) {
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		if s = strings.TrimSpace(s); s == "" {
			return nil
		}
	}
	v, err := parseNumber(s)
	if err != nil {
		return err
	}
	*d = Decimal{v, true}
	return nil
}

func parseNumber(s string) (decimal.Decimal, error) {
	if len(s) > maxNumberLen {
		return decimal.Decimal{}, errNumber
	}
	v, err := decimal.NewFromString(s)
	if err != nil || v.Exponent() > maxExponent || v.Exponent() < -maxNumberLen {
		return decimal.Decimal{}, fmt.Errorf("%q: %w", s, errNumber)
	}
	return v, nil
}

// MarshalJSON writes a bare number, or null when not Valid.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if !d.Valid {
		return []byte("null"), nil
	}
	return []byte(d.Decimal.String()), nil
}

// Time is a moment as KeyCRM answers it, always UTC. The zero Time stands for null.
type Time struct{ time.Time }

const (
	secondsLayout = "2006-01-02 15:04:05"
	dayLayout     = "2006-01-02"
	isoLayout     = "2006-01-02T15:04:05.000000Z"
)

// UnmarshalJSON accepts both of KeyCRM's forms (ISO with Z, and "2006-01-02 15:04:05" which is UTC too), a date
// alone, and null. MySQL's zero dates count as null.
func (t *Time) UnmarshalJSON(b []byte) error {
	t.Time = time.Time{}
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == nil || *s == "" || strings.HasPrefix(*s, "0000-00-00") || strings.HasPrefix(*s, "-") {
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, secondsLayout, "2006-01-02T15:04:05", dayLayout} {
		if v, err := time.ParseInLocation(layout, *s, time.UTC); err == nil {
			t.Time = v.UTC()
			return nil
		}
	}
	return fmt.Errorf("%.40q is no time", *s)
}

// MarshalJSON writes the ISO form with microseconds, or null for the zero Time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"` + isoLayout + `"`)), nil
}

// DateTime is a moment on its way to KeyCRM: second precision, UTC. The zero DateTime is left out of requests.
type DateTime struct{ time.Time }

// NewDateTime wraps t for a request.
func NewDateTime(t time.Time) DateTime { return DateTime{t} }

// MarshalJSON writes "2006-01-02 15:04:05" in UTC, or null for the zero DateTime.
func (t DateTime) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"` + secondsLayout + `"`)), nil
}

// UnmarshalJSON reads what Time reads.
func (t *DateTime) UnmarshalJSON(b []byte) error { return (*Time)(t).UnmarshalJSON(b) }

// Date is a calendar day on its way to KeyCRM, taken from the value's own zone. The zero Date is left out.
type Date struct{ time.Time }

// MarshalJSON writes "2006-01-02", or null for the zero Date.
func (t Date) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.Format(`"` + dayLayout + `"`)), nil
}

// UnmarshalJSON reads what Time reads.
func (t *Date) UnmarshalJSON(b []byte) error { return (*Time)(t).UnmarshalJSON(b) }

// Bool is true for true, 1, "1" and "true", false for everything else KeyCRM may write.
type Bool bool

// UnmarshalJSON never fails on valid JSON.
func (v *Bool) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.Trim(string(b), `" `)) {
	case "true", "1", "yes":
		*v = true
	default:
		*v = false
	}
	return nil
}

// Strings is a list of texts that KeyCRM may write as one text, as a list, or as null. Numbers become their text.
type Strings []string

// UnmarshalJSON accepts a text, a list of texts, an object's values, or null.
func (l *Strings) UnmarshalJSON(b []byte) error {
	var items List[json.RawMessage]
	if err := items.UnmarshalJSON(b); err != nil {
		items = List[json.RawMessage]{b}
	}
	*l = nil
	for _, item := range items {
		if s, ok := text(item); ok {
			*l = append(*l, s)
		}
	}
	return nil
}

// text is the text of a JSON string, number or bool; false for anything else.
func text(raw json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(raw, &s) == nil && !isNull(raw) {
		return s, true
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || isNull(raw) || raw[0] == '{' || raw[0] == '[' {
		return "", false
	}
	return string(raw), true
}

// List is a JSON list that also reads null as empty and, as PHP writes a list with gaps, an object as its values in
// the order of their keys. It is assignable to []T.
type List[T any] []T

// UnmarshalJSON accepts a list, an object or null.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	b = bytes.TrimSpace(b)
	if isNull(b) {
		return nil
	}
	if len(b) == 0 || b[0] != '{' {
		return json.Unmarshal(b, (*[]T)(l))
	}
	var m map[string]T
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	for _, k := range sortedKeys(m) {
		*l = append(*l, m[k])
	}
	return nil
}

// sortedKeys orders numeric keys by value and others by text.
func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, errX := strconv.Atoi(a)
		y, errY := strconv.Atoi(b)
		if errX == nil && errY == nil && x != y {
			return x - y
		}
		return strings.Compare(a, b)
	})
	return keys
}

// Picture is the address of a picture, which KeyCRM writes as a text, as {"thumbnail":…} or as [] for none.
type Picture string

// UnmarshalJSON never fails on valid JSON; a form it does not know means no picture.
func (p *Picture) UnmarshalJSON(b []byte) error {
	*p = ""
	var s string
	if json.Unmarshal(b, &s) == nil {
		*p = Picture(s)
		return nil
	}
	var o struct {
		Thumbnail string `json:"thumbnail"`
		URL       string `json:"url"`
		Original  string `json:"original"`
	}
	if json.Unmarshal(b, &o) == nil {
		for _, u := range []string{o.Thumbnail, o.Original, o.URL} {
			if *p == "" {
				*p = Picture(u)
			}
		}
	}
	return nil
}

// lenientInt reads 50, "50" and null.
type lenientInt int

func (n *lenientInt) UnmarshalJSON(b []byte) error {
	var d Decimal
	if err := d.UnmarshalJSON(b); err != nil {
		return err
	}
	*n = lenientInt(d.IntPart())
	return nil
}

func isNull(b []byte) bool { return string(bytes.TrimSpace(b)) == "null" }

// object decodes b into dst, taking PHP's [] for an empty object.
func object(b []byte, dst any) error {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '[' {
		var none []json.RawMessage
		if err := json.Unmarshal(b, &none); err != nil {
			return err
		}
		if len(none) == 0 {
			return nil
		}
	}
	return json.Unmarshal(b, dst)
}
