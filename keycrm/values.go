package keycrm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
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
		text, ok := jsonscan.Unquote(b)
		if !ok {
			return errNumber
		}
		if s = strings.TrimSpace(text); s == "" {
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
	if isNull(b) {
		return nil
	}
	s, ok := jsonscan.Unquote(b)
	if !ok {
		return fmt.Errorf("%w: no time", jsonscan.ErrKind)
	}
	if s == "" || strings.HasPrefix(s, "0000-00-00") || strings.HasPrefix(s, "-") {
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, secondsLayout, "2006-01-02T15:04:05", dayLayout} {
		if v, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			t.Time = v.UTC()
			return nil
		}
	}
	return fmt.Errorf("%.40q is no time", s)
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
func (l *Strings) UnmarshalJSON(b []byte) error { return decode(b, l) }

func (l *Strings) read(s *jsonscan.Scanner) error {
	*l = nil
	if s.Peek() == '{' {
		var items List[json.RawMessage]
		err := items.read(s)
		for _, item := range items {
			l.add(item)
		}
		return err
	}
	item := func() error {
		raw, err := s.Skip()
		l.add(raw)
		return err
	}
	if s.Peek() == '[' {
		return s.List(item)
	}
	return item()
}

func (l *Strings) add(raw []byte) {
	if s, ok := text(raw); ok {
		*l = append(*l, s)
	}
}

// text is the text of a JSON string, number or bool; false for anything else.
func text(raw []byte) (string, bool) {
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || isNull(raw) {
		return "", false
	}
	if raw[0] == '"' {
		return jsonscan.Unquote(raw)
	}
	return string(raw), true
}

// List is a JSON list that also reads null as empty and, as PHP writes a list with gaps, an object as its values in
// the order of their keys. It is assignable to []T.
type List[T any] []T

// UnmarshalJSON accepts a list, an object or null.
func (l *List[T]) UnmarshalJSON(b []byte) error { return decode(b, l) }

func (l *List[T]) read(s *jsonscan.Scanner) error {
	*l = nil
	switch s.Peek() {
	case '{':
		return l.readGaps(s)
	case '[':
		*l = List[T]{}
	}
	return s.List(func() error {
		var row T
		*l = append(*l, row)
		return read(s, &(*l)[len(*l)-1])
	})
}

// readGaps reads a list that PHP has written as an object.
func (l *List[T]) readGaps(s *jsonscan.Scanner) error {
	m := make(map[string]T)
	err := s.Object(func(key []byte) error {
		var row T
		err := read(s, &row)
		m[string(key)] = row
		return err
	})
	for _, k := range sortedKeys(m) {
		*l = append(*l, m[k])
	}
	return err
}

// sortedKeys orders numeric keys by value, and after them others by text.
func sortedKeys[T any](m map[string]T) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(number(a), number(b)), strings.Compare(a, b))
	})
}

// number is the value of a numeric key; any other key comes after all of them.
func number(key string) int {
	n, err := strconv.Atoi(key)
	if err != nil {
		return math.MaxInt
	}
	return n
}

// Picture is the address of a picture, which KeyCRM writes as a text, as {"thumbnail":…} or as [] for none.
type Picture string

// UnmarshalJSON never fails on valid JSON; a form it does not know means no picture.
func (p *Picture) UnmarshalJSON(b []byte) error {
	s, _ := jsonscan.Unquote(b)
	var o pictureForms
	if s == "" && decode(b, &o) == nil {
		s = cmp.Or(o.Thumbnail, o.Original, o.URL)
	}
	*p = Picture(s)
	return nil
}

// pictureForms are the addresses a picture may have, the first is the best.
type pictureForms struct {
	Thumbnail string `json:"thumbnail"`
	Original  string `json:"original"`
	URL       string `json:"url"`
}

var pictureFormsMembers = membersOf[pictureForms]()

func (p *pictureForms) read(s *jsonscan.Scanner) error { return pictureFormsMembers.read(s, p) }

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
