package web

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// isText reports whether the address and the form hold nothing that the database cannot keep as text.
// No page of ours asks for such a thing.
func isText(r *http.Request) bool {
	parts := []string{r.URL.Path}
	for _, fields := range []url.Values{r.URL.Query(), r.PostForm} {
		for _, values := range fields {
			parts = append(parts, values...)
		}
	}
	return !slices.ContainsFunc(parts, func(s string) bool { return strings.ContainsRune(s, 0) || !utf8.ValidString(s) })
}

// CheckBody is the check of isText for a body of JSON, which is there to be read again afterwards.
func CheckBody(r *http.Request) error {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return errTooLarge
	}
	if !JSONIsText(raw) {
		return ErrNoText
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return nil
}

// JSONIsText is isText for JSON, in which a text may hold such a thing in disguise.
func JSONIsText(raw []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := dec.Token()
		if s, ok := token.(string); ok && strings.ContainsRune(s, 0) {
			return false
		}
		if err != nil { // the end, or what is no JSON: whoever reads it says so
			return true
		}
	}
}
