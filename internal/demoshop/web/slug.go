package web

import (
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// slug writes a name in Latin letters for an address, by the official transliteration (resolution
// of the Cabinet of Ministers No. 55 of 27 January 2010, without its rules for word beginnings).
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if b.Len() >= 60 {
			break
		}
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			if latin, ok := translit(r); ok {
				b.WriteString(latin)
			} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
				b.WriteByte('-')
			}
		}
	}
	return strings.TrimSuffix(b.String(), "-")
}

func translit(r rune) (string, bool) {
	const from = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'’"
	to := [...]string{
		"a", "b", "v", "h", "g", "d", "e", "ie", "zh", "z", "y", "i", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t",
		"u", "f", "kh", "ts", "ch", "sh", "shch", "", "iu", "ia", "", "",
	}
	i := 0
	for _, f := range from {
		if f == r {
			return to[i], true
		}
		i++
	}
	return "", false
}

// ProductPath is a product's address; the number alone opens it too.
func ProductPath(id int64, name string) string { return withSlug("/product/", id, name) }

// CategoryPath is a category's address; the number alone opens it too.
func CategoryPath(id int64, name string) string { return withSlug("/category/", id, name) }

func withSlug(prefix string, id int64, name string) string {
	p := prefix + strconv.FormatInt(id, 10)
	if s := slug(name); s != "" {
		p += "-" + s
	}
	return p
}

// LeadingID reads the id of an address with or without a slug; false when there is none.
func LeadingID(ref string) (int64, bool) {
	digits, _, _ := strings.Cut(ref, "-")
	return domain.ParseID(digits)
}
