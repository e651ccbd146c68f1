// Package form reads what requests send to the API as Laravel and PHP do: JSON, forms and queries, every complaint in
// Laravel's words under the dotted name of its field.
package form

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
)

// Form reads a request body the way a validator does: it collects every complaint under its dotted key, and knows
// which members nobody asked for.
type Form struct {
	members map[string]json.RawMessage
	path    string // of the form within the whole, with a dot at its end
	seen    map[string]bool
	root    *root
}

type root struct {
	errs      map[string][]string
	forms     []*Form
	keepEmpty bool // "" is a text like any other, not null
}

// Read takes a body that is no object for an empty one, as Laravel does. With keepEmpty an empty text is a text like any
// other, and not null.
func Read(body []byte, keepEmpty bool) *Form {
	r := &root{errs: map[string][]string{}, keepEmpty: keepEmpty}
	return r.add("", body)
}

func (r *root) add(path string, raw json.RawMessage) *Form {
	f := &Form{path: path, seen: map[string]bool{}, root: r}
	_ = json.Unmarshal(raw, &f.members) // anything but an object has no members
	r.forms = append(r.forms, f)
	return f
}

// Answer is the 422 for what was found, or nil.
func (f *Form) Answer() *crmsim.Answer {
	if len(f.root.errs) == 0 {
		return nil
	}
	return refusal(f.root.errs)
}

// Refuse is the 422 for one field.
func Refuse(field, text string) *crmsim.Answer { return refusal(map[string][]string{field: {text}}) }

type validation struct {
	Message string              `json:"message"`
	Errors  map[string][]string `json:"errors"`
}

func refusal(errs map[string][]string) *crmsim.Answer {
	return &crmsim.Answer{Status: http.StatusUnprocessableEntity, Body: validation{"The given data was invalid.", errs}}
}

// Unknown lists the dotted names of members that were sent and never read.
func (f *Form) Unknown() []string {
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

// Fail complains about a member.
func (f *Form) Fail(name, format string, args ...any) {
	key := f.path + name
	f.root.errs[key] = append(f.root.errs[key], fmt.Sprintf(format, args...))
}

// Words is the field's name as Laravel writes it in a sentence.
func (f *Form) Words(name string) string { return strings.ReplaceAll(f.path+name, "_", " ") }

// Peek is a member as it was sent, without counting as a reading of it; nil when it is absent.
func (f *Form) Peek(name string) json.RawMessage { return f.members[name] }

// Raw is a member as it was sent; false when it is absent or null.
func (f *Form) Raw(name string) (json.RawMessage, bool) {
	f.seen[name] = true
	raw, ok := f.members[name]
	return raw, ok && !f.root.null(raw)
}

// null takes an empty text for null, as Laravel does before anything else reads the input.
func (r *root) null(raw json.RawMessage) bool {
	text := string(bytes.TrimSpace(raw))
	return text == "null" || text == `""` && !r.keepEmpty
}

// Sent reports whether the member is there, null or not.
func (f *Form) Sent(name string) bool {
	f.seen[name] = true
	_, ok := f.members[name]
	return ok
}

// Require complains when the member is absent or null.
func (f *Form) Require(name string) {
	if _, ok := f.Raw(name); !ok {
		f.Fail(name, "The %s field is required.", f.Words(name))
	}
}

// AtMost complains about a list that is too long.
func (f *Form) AtMost(name string, n, most int) {
	if n > most {
		f.Fail(name, "The %s may not have more than %d items.", f.Words(name), most)
	}
}

// Known reads an id and complains unless exists accepts it.
func (f *Form) Known(name string, exists func(int64) bool) int64 {
	id := f.ID(name)
	if _, ok := f.Raw(name); ok && !exists(id) {
		f.Invalid(name)
	}
	return id
}

// Invalid complains that the member names nothing there is.
func (f *Form) Invalid(name string) { f.Fail(name, "The selected %s is invalid.", f.Words(name)) }

// Object returns the member's form, or nil when it is absent or null.
func (f *Form) Object(name string) *Form {
	raw, ok := f.Raw(name)
	if !ok {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil && string(bytes.TrimSpace(raw)) != "[]" {
		f.Fail(name, "The %s must be an array.", f.Words(name))
		return nil
	}
	return f.root.add(f.path+name+".", raw)
}

// List returns the forms of a list's members, nil when it is absent or null.
func (f *Form) List(name string) []*Form {
	raw, ok := f.Raw(name)
	if !ok {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		f.Fail(name, "The %s must be an array.", f.Words(name))
		return nil
	}
	out := make([]*Form, len(items))
	for i, item := range items {
		out[i] = f.root.add(fmt.Sprintf("%s%s.%d.", f.path, name, i), item)
	}
	return out
}
