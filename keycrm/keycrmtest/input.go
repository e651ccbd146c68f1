package keycrmtest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// readInput fills the call with what a request that writes sends, as one JSON object: its body, and members of the query
// that the body lacks. Laravel gathers its input in that order, from what PHP made of forms and queries.
func (s *Server) readInput(c *call, sent []byte) {
	c.sent, c.body = sent, s.readBody(c.r, sent)
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead || s.otherwise(GuessForms) {
		return
	}
	query := nested(pairsOf(c.r.URL.RawQuery))
	if len(query.keys) == 0 {
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(c.body, &members) != nil || members == nil { // anything but an object has no members
		members = map[string]json.RawMessage{}
	}
	c.fromQuery = map[string]bool{}
	for _, name := range query.keys {
		if _, ok := members[name]; !ok {
			members[name], c.fromQuery[name] = query.kids[name].json(), true
		}
	}
	c.body = jsonText(members)
}

// readBody makes JSON of a body, as far as PHP would read it: JSON and forms when the Content-Type calls them so, and
// fields that come with files only when they are posted.
func (s *Server) readBody(r *http.Request, body []byte) []byte {
	kind := strings.ToLower(r.Header.Get("Content-Type"))
	files := strings.HasPrefix(kind, "multipart/form-data")
	if len(body) == 0 || strings.Contains(kind, "/json") || strings.Contains(kind, "+json") {
		return body
	}
	if !files || !strings.HasSuffix(r.URL.Path, uploadPath) {
		s.note(r, "a body that no Content-Type calls JSON")
	}
	switch {
	case s.otherwise(GuessForms):
		return nil
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		return nested(pairsOf(string(body))).json()
	case files && r.Method == http.MethodPost:
		return nested(partsOf(r.Header.Get("Content-Type"), body)).json()
	}
	return nil
}

// maxFields and maxDepth are what PHP reads of a form unless told otherwise.
const maxFields, maxDepth = 1000, 64

// formField is one field of a form or a query.
type formField struct{ name, value string }

// pairsOf splits a query or an encoded form.
func pairsOf(text string) []formField {
	var out []formField
	for pair := range strings.SplitSeq(text, "&") {
		if len(out) == maxFields {
			break
		}
		name, value, _ := strings.Cut(pair, "=")
		out = append(out, formField{unescaped(name), unescaped(value)})
	}
	return out
}

// unescaped leaves what is no valid escape as it is.
func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// partsOf reads the fields of a multipart body and passes over its files; a broken body ends where it breaks.
func partsOf(contentType string, body []byte) []formField {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil
	}
	var out []formField
	for r := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
		part, err := r.NextPart()
		if err != nil || len(out) == maxFields {
			return out
		}
		if part.FileName() != "" {
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return out
		}
		out = append(out, formField{part.FormName(), string(value)})
	}
}

// phpValue is a text, or the list or map that PHP makes of names such as products[0][sku] and tags[].
type phpValue struct {
	text string
	kids map[string]*phpValue // nil: a text
	keys []string             // of kids, as they came
	next int                  // the index that [] takes
}

// nested puts fields into one map.
func nested(fields []formField) *phpValue {
	root := &phpValue{}
	for _, f := range fields {
		if keys := keysOf(f.name); len(keys) > 0 && len(keys) <= maxDepth {
			root.put(keys, f.value)
		}
	}
	return root
}

// keysOf splits a[b][] into its keys. Outside of brackets PHP allows no dots and spaces, and a bracket that nothing
// closes is none.
func keysOf(name string) []string {
	name = strings.TrimLeft(name, " ")
	head, rest, _ := strings.Cut(name, "[")
	if !strings.Contains(rest, "]") {
		head, rest = name, ""
	}
	if head == "" {
		return nil
	}
	keys := []string{strings.NewReplacer(".", "_", " ", "_", "[", "_").Replace(head)}
	for rest != "" {
		key, after, closed := strings.Cut(rest, "]")
		if !closed {
			break
		}
		keys = append(keys, key)
		if rest, closed = strings.CutPrefix(after, "["); !closed {
			break
		}
	}
	return keys
}

// put stores a text under its keys; what was there under another shape is replaced.
func (v *phpValue) put(keys []string, text string) {
	for _, key := range keys {
		if v.kids == nil {
			v.kids = map[string]*phpValue{}
		}
		if key == "" {
			key = strconv.Itoa(v.next)
		}
		if n, ok := listIndex(key); ok {
			v.next = max(v.next, n+1)
		}
		kid := v.kids[key]
		if kid == nil {
			kid = &phpValue{}
			v.kids[key] = kid
			v.keys = append(v.keys, key)
		}
		v = kid
	}
	*v = phpValue{text: text}
}

// listIndex reads a key that PHP counts as a number.
func listIndex(key string) (int, bool) {
	n, err := strconv.Atoi(key)
	return n, err == nil && n >= 0 && n < 1<<31 && strconv.Itoa(n) == key
}

// json writes the value; a map of numbered rows is a list.
func (v *phpValue) json() json.RawMessage {
	if v.kids == nil {
		return jsonText(v.text)
	}
	list, numbered := make([]json.RawMessage, len(v.keys)), 0
	members := make(map[string]json.RawMessage, len(v.keys))
	for i, key := range v.keys {
		if _, ok := listIndex(key); ok {
			numbered++
		}
		list[i] = v.kids[key].json()
		members[key] = list[i]
	}
	if numbered == len(list) {
		return jsonText(list)
	}
	return jsonText(members)
}
