package form

import (
	"encoding/json"
	"strconv"
	"strings"
)

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

func jsonText(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil { // only texts, and lists and maps of JSON, come here
		return json.RawMessage("null")
	}
	return b
}
