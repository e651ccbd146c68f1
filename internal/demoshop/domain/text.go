package domain

import (
	"strings"
	"unicode/utf8"
)

// MaxName is the longest name, in bytes.
const MaxName = 1000

// CheckText refuses what Postgres cannot keep and what is longer than the shop keeps. limit is in bytes.
func CheckText(field, text string, limit int) error {
	switch {
	case len(text) > limit:
		return Invalidf("%s is longer than %d bytes", field, limit)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return Invalidf("%s is not plain UTF-8 text", field)
	}
	return nil
}

// CheckName is checkText for what must have a name.
func CheckName(field, name string) error {
	if strings.TrimSpace(name) == "" {
		return Invalidf("%s is empty", field)
	}
	return CheckText(field, name, MaxName)
}

// Cut shortens a text to at most limit bytes without breaking a letter, and drops what Postgres
// cannot keep.
func Cut(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// NameKey is what names are compared by: trimmed, in lower case.
func NameKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// UkrainianOrder maps a name to a text whose byte order is alphabetical: it puts the Ukrainian
// letters that Unicode keeps apart where readers look for them.
func UkrainianOrder(s string) string {
	return strings.NewReplacer("ґ", "г\uffff", "є", "е\uffff", "і", "и\ufffe", "ї", "и\uffff").Replace(NameKey(s))
}
