package domain

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Language is one that texts are kept in: its code (BCP 47) and what people call it.
type Language struct{ Code, Name string }

// Languages are those texts are kept in, the first in columns of its own.
type Languages []Language

// Code answers the language of a write or a read; empty is the first, "uk-UA" is "uk".
// Errors: ErrInvalid for a language texts are not kept in.
func (l Languages) Code(lang string) (string, error) {
	if lang == "" {
		return l[0].Code, nil
	}
	base, _, _ := strings.Cut(lang, "-")
	for _, known := range l {
		if known.Code == lang || known.Code == base {
			return known.Code, nil
		}
	}
	return "", Invalidf("texts are kept in %s, not in %q", strings.Join(l.codes(), ", "), Cut(lang, 20))
}

func (l Languages) codes() []string {
	out := make([]string, len(l))
	for i, known := range l {
		out[i] = known.Code
	}
	return out
}

// Reading is the language of a read: texts in one that is not kept are those of the first.
func (l Languages) Reading(lang string) string {
	code, err := l.Code(lang)
	if err != nil {
		return l[0].Code
	}
	return code
}

// Text is what is written in one language.
type Text struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// Texts are the texts beside those in the first language, by its code; kept as a jsonb object.
type Texts map[string]Text

// Value implements driver.Valuer.
func (l Texts) Value() (driver.Value, error) { return l.JSON() }

// JSON writes the object for a jsonb column.
func (l Texts) JSON() (string, error) {
	if len(l) == 0 {
		return "{}", nil
	}
	b, err := json.Marshal(map[string]Text(l))
	return string(b), err
}

// Scan implements sql.Scanner.
func (l *Texts) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("texts: got %T, want bytes", src)
	}
	if *l = nil; string(b) == "{}" { // nearly always
		return nil
	}
	if err := json.Unmarshal(b, (*map[string]Text)(l)); err != nil {
		return fmt.Errorf("texts: %w", err)
	}
	return nil
}

// With answers the list with one language written anew; the old list stays as it was.
func (l Texts) With(lang string, t Text) Texts {
	out := make(Texts, len(l)+1)
	maps.Copy(out, l)
	out[lang] = t
	return out
}

func (l Texts) check() error {
	for _, lang := range slices.Sorted(maps.Keys(l)) {
		if err := CheckName("name", l[lang].Name); err != nil {
			return err
		}
		if err := CheckText("description", l[lang].Description, maxDescription); err != nil {
			return err
		}
	}
	return nil
}

// TextIn answers the product's texts in a language: those of the first where it has none of its own.
func (p Product) TextIn(lang string) Text {
	if t, ok := p.Texts[lang]; ok {
		return t
	}
	return Text{p.Name, p.Description}
}

// Write puts texts of a language into the row; nil leaves one as it is.
func (p *Product) Write(lang string, first bool, name, description *string) {
	t := p.TextIn(lang)
	old := t
	if name != nil {
		t.Name = *name
	}
	if description != nil {
		t.Description = *description
	}
	switch {
	case first:
		p.Name, p.Description = t.Name, t.Description
	case t != old:
		p.Texts = p.Texts.With(lang, t)
	}
}

// NameIn answers the category's name in a language.
func (c Category) NameIn(lang string) string {
	if t, ok := c.Texts[lang]; ok {
		return t.Name
	}
	return c.Name
}

// Rename writes the category's name in a language.
func (c *Category) Rename(lang string, first bool, name string) {
	switch {
	case first:
		c.Name = name
	case name != c.NameIn(lang):
		c.Texts = c.Texts.With(lang, Text{Name: name})
	}
}
