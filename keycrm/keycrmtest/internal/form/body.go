package form

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// Body is what a request sends.
type Body struct {
	Sent       []byte          // as it came
	JSON       []byte          // the input of a request that writes, as one JSON object
	FromQuery  map[string]bool // members of JSON that the query brought
	Undeclared bool            // Sent is not empty, and no Content-Type calls it JSON
}

// ReadBody makes one JSON object of what a request that writes sends: its body, and members of the query that the body
// lacks. Laravel gathers its input in that order, from what PHP made of forms and queries. With jsonAlone neither is read.
func ReadBody(r *http.Request, sent []byte, jsonAlone bool) Body {
	b := Body{Sent: sent}
	b.readSent(r, jsonAlone)
	if r.Method == http.MethodGet || r.Method == http.MethodHead || jsonAlone {
		return b
	}
	query := nested(pairsOf(r.URL.RawQuery))
	if len(query.keys) == 0 {
		return b
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(b.JSON, &members) != nil || members == nil { // anything but an object has no members
		members = map[string]json.RawMessage{}
	}
	b.FromQuery = map[string]bool{}
	for _, name := range query.keys {
		if _, ok := members[name]; !ok {
			members[name], b.FromQuery[name] = query.kids[name].json(), true
		}
	}
	b.JSON = jsonText(members)
	return b
}

// readSent makes JSON of the body, as far as PHP would read it: JSON and forms when the Content-Type calls them so, and
// fields that come with files only when they are posted.
func (b *Body) readSent(r *http.Request, jsonAlone bool) {
	kind := strings.ToLower(r.Header.Get("Content-Type"))
	if len(b.Sent) == 0 || strings.Contains(kind, "/json") || strings.Contains(kind, "+json") {
		b.JSON = b.Sent
		return
	}
	b.Undeclared = true
	switch {
	case jsonAlone:
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		b.JSON = nested(pairsOf(string(b.Sent))).json()
	case strings.HasPrefix(kind, "multipart/form-data") && r.Method == http.MethodPost:
		b.JSON = nested(partsOf(r.Header.Get("Content-Type"), b.Sent)).json()
	}
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
