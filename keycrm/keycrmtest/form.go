package keycrmtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// form reads a request body the way a validator does: it collects every complaint under its dotted key, and knows
// which members nobody asked for.
type form struct {
	members map[string]json.RawMessage
	path    string
	seen    map[string]bool
	root    *formRoot
}

type formRoot struct {
	errs      map[string][]string
	forms     []*form
	keepEmpty bool // "" is a text like any other, not null
}

// readForm takes a body that is no object for an empty one, as Laravel does.
func (s *Server) readForm(body []byte) *form {
	root := &formRoot{errs: map[string][]string{}, keepEmpty: s.otherwise(GuessEmptyText)}
	return root.add("", body)
}

func (r *formRoot) add(path string, raw json.RawMessage) *form {
	f := &form{path: path, seen: map[string]bool{}, root: r}
	_ = json.Unmarshal(raw, &f.members) // anything but an object has no members
	r.forms = append(r.forms, f)
	return f
}

// answer is the 422 for what was found, or nil.
func (f *form) answer() *answer {
	if len(f.root.errs) == 0 {
		return nil
	}
	return &answer{status: 422, body: validation{"The given data was invalid.", f.root.errs}}
}

// unknown lists the dotted names of members that were sent and never read.
func (f *form) unknown() []string {
	var out []string
	for _, sub := range f.root.forms {
		for name := range sub.members {
			if !sub.seen[name] {
				out = append(out, sub.path+name)
			}
		}
	}
	return out
}

func (f *form) fail(name, format string, args ...any) {
	key := f.path + name
	f.root.errs[key] = append(f.root.errs[key], fmt.Sprintf(format, args...))
}

// words is the field's name as Laravel writes it in a sentence.
func (f *form) words(name string) string { return strings.ReplaceAll(f.path+name, "_", " ") }

func (f *form) raw(name string) (json.RawMessage, bool) {
	f.seen[name] = true
	raw, ok := f.members[name]
	return raw, ok && !f.root.null(raw)
}

// null takes an empty text for null, as Laravel does before anything else reads the input.
func (r *formRoot) null(raw json.RawMessage) bool {
	text := string(bytes.TrimSpace(raw))
	return text == "null" || text == `""` && !r.keepEmpty
}

// sent reports whether the member is there, null or not.
func (f *form) sent(name string) bool {
	f.seen[name] = true
	_, ok := f.members[name]
	return ok
}

func (f *form) require(name string) {
	if _, ok := f.raw(name); !ok {
		f.fail(name, "The %s field is required.", f.words(name))
	}
}

func (f *form) text(name string) string {
	raw, ok := f.raw(name)
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		f.fail(name, "The %s must be a string.", f.words(name))
	}
	return s
}

// texts reads a list of texts.
func (f *form) texts(name string) []string {
	raw, ok := f.raw(name)
	if !ok {
		return nil
	}
	var out []string
	if json.Unmarshal(raw, &out) != nil {
		f.fail(name, "The %s must be an array.", f.words(name))
	}
	return out
}

// atMost complains about a list that is too long.
func (f *form) atMost(name string, n, most int) {
	if n > most {
		f.fail(name, "The %s may not have more than %d items.", f.words(name), most)
	}
}

func (f *form) setText(name string, dst *string) {
	if f.sent(name) {
		*dst = f.text(name)
	}
}

func (f *form) amount(name string) decimal.NullDecimal {
	raw, ok := f.raw(name)
	if !ok {
		return decimal.NullDecimal{}
	}
	d, err := decimal.NewFromString(strings.Trim(string(raw), `"`))
	if err != nil || len(raw) > 40 {
		f.fail(name, "The %s must be a number.", f.words(name))
		return decimal.NullDecimal{}
	}
	if d.Abs().GreaterThan(decimal.New(maxAmount, 0)) {
		f.fail(name, "The %s may not be greater than %d.", f.words(name), int64(maxAmount))
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(d)
}

// maxAmount is above every sum and quantity of a shop: a database has such a bound, and clients do not expect more.
const maxAmount = 999_999_999_999

func (f *form) setAmount(name string, dst *decimal.NullDecimal) {
	if f.sent(name) {
		*dst = f.amount(name)
	}
}

func (f *form) id(name string) int64 {
	raw, ok := f.raw(name)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		f.fail(name, "The %s must be an integer.", f.words(name))
	}
	return n
}

// known reads an id and complains unless exists accepts it.
func (f *form) known(name string, exists func(int64) bool) int64 {
	id := f.id(name)
	if _, ok := f.raw(name); ok && !exists(id) {
		f.invalid(name)
	}
	return id
}

func (f *form) invalid(name string) { f.fail(name, "The selected %s is invalid.", f.words(name)) }

func (f *form) flag(name string) bool {
	raw, ok := f.raw(name)
	if !ok {
		return false
	}
	on, valid := truth(raw)
	if !valid {
		f.fail(name, "The %s field must be true or false.", f.words(name))
	}
	return on
}

// truth reads what Laravel takes for a boolean.
func truth(raw json.RawMessage) (on, valid bool) {
	switch strings.Trim(string(raw), `" `) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

func (f *form) moment(name string) time.Time {
	s := f.text(name)
	if s == "" {
		return time.Time{}
	}
	t, ok := parseMoment(s)
	if !ok {
		f.fail(name, "The %s is not a valid date.", f.words(name))
	}
	return t
}

func parseMoment(s string) (time.Time, bool) {
	for _, layout := range []string{secondsLayout, "2006-01-02", time.RFC3339Nano, "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(s), time.UTC); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// object returns the member's form, or nil when it is absent or null.
func (f *form) object(name string) *form {
	raw, ok := f.raw(name)
	if !ok {
		return nil
	}
	var any map[string]json.RawMessage
	if json.Unmarshal(raw, &any) != nil && string(bytes.TrimSpace(raw)) != "[]" {
		f.fail(name, "The %s must be an array.", f.words(name))
		return nil
	}
	return f.root.add(f.path+name+".", raw)
}

func (f *form) list(name string) []*form {
	raw, ok := f.raw(name)
	if !ok {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		f.fail(name, "The %s must be an array.", f.words(name))
		return nil
	}
	out := make([]*form, len(items))
	for i, item := range items {
		out[i] = f.root.add(fmt.Sprintf("%s%s.%d.", f.path, name, i), item)
	}
	return out
}

// fields reads custom_fields of the model: a known uuid, and for a select options that exist, given as a list.
func (s *Server) readFields(f *form, model string) []FieldValue {
	var out []FieldValue
	for _, item := range f.list("custom_fields") {
		uuid := item.text("uuid")
		raw, has := item.raw("value")
		def := s.fieldByUUID(uuid)
		if def == nil || !def.Active || def.Model != model {
			item.invalid("uuid")
			continue
		}
		if !has {
			out = append(out, FieldValue{uuid, nil})
			continue
		}
		if v := item.fieldValue(def, raw); v != nil {
			out = append(out, FieldValue{uuid, v})
		}
	}
	return out
}

func (f *form) fieldValue(def *CustomField, raw json.RawMessage) json.RawMessage {
	switch def.Type {
	case "select":
		var options []string
		if json.Unmarshal(raw, &options) != nil {
			f.fail("value", "The %s must be an array.", f.words("value"))
			return nil
		}
		for _, o := range options {
			if !def.has(o) {
				f.invalid("value")
			}
		}
	case "switcher":
		on, ok := truth(raw)
		if !ok {
			f.fail("value", "The %s field must be true or false.", f.words("value"))
			return nil
		}
		return json.RawMessage(strconv.FormatBool(on))
	case "number", "float":
		if !f.amount("value").Valid {
			return nil
		}
		return json.RawMessage(strings.Trim(string(raw), `"`))
	case "date", "datetime":
		f.moment("value")
	default:
		f.text("value")
	}
	return raw
}

// merge puts the values over those that are there; a null value takes the field away.
func merge(old, fresh []FieldValue) []FieldValue {
	for _, v := range fresh {
		kept := old[:0:0]
		for _, o := range old {
			if o.UUID != v.UUID {
				kept = append(kept, o)
			}
		}
		if old = kept; v.Value != nil {
			old = append(old, v)
		}
	}
	return old
}
