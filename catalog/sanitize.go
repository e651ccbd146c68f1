package catalog

import (
	"strings"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
)

// maxDescription is the longest description that is taken over, in bytes of HTML as it came.
const maxDescription = 256 << 10

// sanitizer makes foreign HTML safe to show. Safe for concurrent use once made.
type sanitizer struct {
	policy *bluemonday.Policy
}

// newSanitizer allows what people write in a product's description: text, lists, tables, links and
// pictures, but no scripts, forms, styles or frames.
func newSanitizer() *sanitizer {
	p := bluemonday.UGCPolicy()
	p.RequireNoFollowOnLinks(false)
	return &sanitizer{policy: p}
}

// html answers safe HTML; false when the text is too long to be taken over.
func (s *sanitizer) html(dirty string) (string, bool) {
	if len(dirty) > maxDescription {
		return "", false
	}
	return strings.TrimSpace(s.policy.Sanitize(clean(dirty))), true
}

// clean drops what no database keeps: NUL and bytes that are not UTF-8.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	return strings.ReplaceAll(s, "\x00", "")
}
