// Package i18n holds the words of the merchant's page, in Ukrainian and in English.
//
// A message is a text with {named} places, or several forms of it chosen by a count: one, few and
// many in Ukrainian, one and many in English.
package i18n

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed uk.yaml en.yaml
var files embed.FS

// The languages there are words in. The first is used when none fits.
const (
	Ukrainian = "uk"
	English   = "en"
)

// Bundle holds all languages. It never changes after Load.
type Bundle struct {
	uk, en *Words
}

// Load reads the embedded files.
func Load() (*Bundle, error) {
	uk, err := load(Ukrainian, ukrainian)
	if err != nil {
		return nil, err
	}
	en, err := load(English, english)
	if err != nil {
		return nil, err
	}
	return &Bundle{uk: uk, en: en}, nil
}

// For answers the words of the first BCP 47 tag that is known ("en-GB" is English); Ukrainian when
// none is.
func (b *Bundle) For(tags ...string) *Words {
	for _, tag := range tags {
		base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
		switch base {
		case Ukrainian:
			return b.uk
		case English:
			return b.en
		}
	}
	return b.uk
}

// All answers the words of every language.
func (b *Bundle) All() []*Words { return []*Words{b.uk, b.en} }

// Words are the messages of one language. Safe for concurrent use.
type Words struct {
	lang     string
	messages map[string]message
	form     func(n int) form
}

type form string

const (
	one  form = "one"
	few  form = "few"
	many form = "many"
)

type message struct {
	text  string
	forms map[form]string
}

// UnmarshalYAML reads a text, or forms by their names.
func (m *message) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&m.text)
	}
	return node.Decode(&m.forms)
}

func load(lang string, forms func(int) form) (*Words, error) {
	raw, err := files.ReadFile(lang + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("read words: %w", err)
	}
	w := &Words{lang: lang, form: forms, messages: map[string]message{}}
	if err := yaml.Unmarshal(raw, &w.messages); err != nil {
		return nil, fmt.Errorf("read words in %s: %w", lang, err)
	}
	return w, nil
}

// Lang is the language's BCP 47 tag.
func (w *Words) Lang() string { return w.lang }

// Has reports whether there are words for key.
func (w *Words) Has(key string) bool {
	_, ok := w.messages[key]
	return ok
}

// Keys lists all keys, sorted.
func (w *Words) Keys() []string {
	keys := make([]string, 0, len(w.messages))
	for k := range w.messages {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// T answers the message of key. Params are names and values in turn. A key without words answers
// itself, so that a forgotten one is seen and hides nothing.
func (w *Words) T(key string, params ...any) string {
	m, ok := w.messages[key]
	if !ok {
		return key
	}
	if m.forms != nil {
		return fill(m.forms[many], params)
	}
	return fill(m.text, params)
}

// N answers the form of key's message that goes with n, which stands in it as {n}.
func (w *Words) N(key string, n int, params ...any) string {
	m, ok := w.messages[key]
	if !ok {
		return key
	}
	text, ok := m.forms[w.form(n)]
	if !ok {
		text = m.text
	}
	return fill(text, append([]any{"n", strconv.Itoa(n)}, params...))
}

// place is where a value goes.
var place = regexp.MustCompile(`\{[a-z_]+\}`)

// Say answers the message of key with params by name. It is for what was stored earlier, perhaps by
// another version: a value that is missing leaves a dash.
func (w *Words) Say(key string, params map[string]string) string {
	if !w.Has(key) {
		return key
	}
	return place.ReplaceAllStringFunc(w.Raw(key, 0), func(at string) string {
		if value := params[at[1:len(at)-1]]; value != "" {
			return value
		}
		return "—"
	})
}

// fill puts values in their places in one pass, so that a value that looks like a place stays as it is.
func fill(text string, params []any) string {
	if len(params) < 2 || !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, len(params))
	for i := 0; i+1 < len(params); i += 2 {
		pairs = append(pairs, "{"+fmt.Sprint(params[i])+"}", fmt.Sprint(params[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// ukrainian follows the plural rules of CLDR for whole numbers.
func ukrainian(n int) form {
	if n < 0 {
		n = -n
	}
	switch last, lastTwo := n%10, n%100; {
	case last == 1 && lastTwo != 11:
		return one
	case last >= 2 && last <= 4 && (lastTwo < 12 || lastTwo > 14):
		return few
	}
	return many
}

func english(n int) form {
	if n == 1 || n == -1 {
		return one
	}
	return many
}

// Raw answers the form of a message that goes with n, its places unfilled; empty when there is none.
func (w *Words) Raw(key string, n int) string {
	m := w.messages[key]
	if m.forms != nil {
		return m.forms[w.form(n)]
	}
	return m.text
}
