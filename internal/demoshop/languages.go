package demoshop

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/plugin"
)

// languages are those texts are kept in, the first in columns of its own.
type languages []plugin.Language

// code answers the language of a write or a read; empty is the first, "uk-UA" is "uk".
// Errors: plugin.ErrInvalid for a language texts are not kept in.
func (l languages) code(lang string) (string, error) {
	if lang == "" {
		return l[0].Code, nil
	}
	base, _, _ := strings.Cut(lang, "-")
	for _, known := range l {
		if known.Code == lang || known.Code == base {
			return known.Code, nil
		}
	}
	return "", invalidf("texts are kept in %s, not in %q", strings.Join(l.codes(), ", "), cut(lang, 20))
}

func (l languages) codes() []string {
	out := make([]string, len(l))
	for i, known := range l {
		out[i] = known.Code
	}
	return out
}

// reading is the language of a read: texts in one that is not kept are those of the first.
func (l languages) reading(lang string) string {
	code, err := l.code(lang)
	if err != nil {
		return l[0].Code
	}
	return code
}

// text is what is written in one language.
type text struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// textList are the texts beside those in the first language, by its code; kept as a jsonb object.
type textList map[string]text

// Value implements driver.Valuer.
func (l textList) Value() (driver.Value, error) { return l.json() }

func (l textList) json() (string, error) {
	if len(l) == 0 {
		return "{}", nil
	}
	b, err := json.Marshal(map[string]text(l))
	return string(b), err
}

// Scan implements sql.Scanner.
func (l *textList) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("texts: got %T, want bytes", src)
	}
	if *l = nil; string(b) == "{}" { // nearly always
		return nil
	}
	if err := json.Unmarshal(b, (*map[string]text)(l)); err != nil {
		return fmt.Errorf("texts: %w", err)
	}
	return nil
}

// with answers the list with one language written anew; the old list stays as it was.
func (l textList) with(lang string, t text) textList {
	out := make(textList, len(l)+1)
	maps.Copy(out, l)
	out[lang] = t
	return out
}

func (l textList) check() error {
	for _, lang := range slices.Sorted(maps.Keys(l)) {
		if err := checkName("name", l[lang].Name); err != nil {
			return err
		}
		if err := checkText("description", l[lang].Description, maxDescription); err != nil {
			return err
		}
	}
	return nil
}

// text answers the product's texts in a language: those of the first where it has none of its own.
func (p productRow) text(lang string) text {
	if t, ok := p.Texts[lang]; ok {
		return t
	}
	return text{p.Name, p.Description}
}

// write puts texts of a language into the row; nil leaves one as it is.
func (p *productRow) write(lang string, first bool, name, description *string) {
	t := p.text(lang)
	old := t
	set(&t.Name, name)
	set(&t.Description, description)
	switch {
	case first:
		p.Name, p.Description = t.Name, t.Description
	case t != old:
		p.Texts = p.Texts.with(lang, t)
	}
}

// name answers the category's name in a language.
func (c categoryRow) name(lang string) string {
	if t, ok := c.Texts[lang]; ok {
		return t.Name
	}
	return c.Name
}

// rename writes the category's name in a language.
func (c *categoryRow) rename(lang string, first bool, name string) {
	switch {
	case first:
		c.Name = name
	case name != c.name(lang):
		c.Texts = c.Texts.with(lang, text{Name: name})
	}
}
