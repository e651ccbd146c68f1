// Package safehtml makes foreign text fit to be stored, and foreign HTML safe to be shown.
package safehtml

import (
	"strings"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
)

// MaxBytes is the longest text that is taken over, in bytes of HTML as it came.
const MaxBytes = 256 << 10

// Policy makes foreign HTML safe to show. Safe for concurrent use once made.
type Policy struct {
	policy *bluemonday.Policy
}

// New allows what people write in a product's description: text, lists, tables, links and
// pictures, but no scripts, forms, styles or frames.
func New() *Policy {
	p := bluemonday.UGCPolicy()
	p.RequireNoFollowOnLinks(false)
	return &Policy{policy: p}
}

// HTML answers safe HTML; false when the text is too long to be taken over.
func (p *Policy) HTML(dirty string) (string, bool) {
	if len(dirty) > MaxBytes {
		return "", false
	}
	return strings.TrimSpace(p.policy.Sanitize(Text(dirty))), true
}

// Text drops what no database keeps: NUL and bytes that are not UTF-8.
func Text(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	return strings.ReplaceAll(s, "\x00", "")
}
