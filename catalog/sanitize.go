package catalog

import (
	"strings"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"

	"github.com/keybridge/keybridge/plugin"
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

// scrubbed is the product with texts that a database keeps.
func (p Product) scrubbed() Product {
	for _, s := range []*string{&p.Name, &p.Description, &p.Currency, &p.Unit} {
		*s = clean(*s)
	}
	p.Pictures, p.Attributes, p.Own = each(p.Pictures, clean), scrubbedList(p.Attributes), p.Own.scrubbed()
	return p
}

// scrubbed is the offer with texts that a database keeps.
func (o Offer) scrubbed() Offer {
	o.SKU, o.Barcode, o.Options = clean(o.SKU), clean(o.Barcode), scrubbedList(o.Options)
	return o
}

func scrubbedList(list []plugin.Attribute) []plugin.Attribute {
	return each(list, func(a plugin.Attribute) plugin.Attribute {
		return plugin.Attribute{Name: clean(a.Name), Value: clean(a.Value)}
	})
}
