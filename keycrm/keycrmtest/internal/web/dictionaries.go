package web

import (
	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// dictionaries is the page of what people set up.
type dictionaries struct{ *pages }

type dictionariesPage struct {
	frame.Head
	Kinds []dictSection
}

// dictSection is one dictionary: what is in it and the form that adds to it.
type dictSection struct {
	Kind, Title, Note string
	Rows              []dictRow
	Add               []dictInput
}

type dictRow struct {
	ID       int64
	Code     string // what a program knows the row by, besides its id
	Inputs   []dictInput
	Active   bool
	Statuses []entity.PipelineStatus // of a pipeline
}

// dictInput is a field of a form; with Options it is a menu.
type dictInput struct {
	Name, Label, Value string
	Options            []choiceText
	Short              bool
}

type choiceText struct{ Code, Name string }

// dictKind is how people read and change one dictionary.
type dictKind struct {
	title, note string
	rows        func() []dictRow
	add         []dictInput
	save        func(id int64, f *frame.Input) error // id 0 adds
	active      func(id int64, on bool) error
}

func nameInput(value string) dictInput {
	return dictInput{Name: "name", Label: "Назва", Value: value}
}

func aliasInput() dictInput {
	return dictInput{Name: "alias", Label: "Псевдонім", Short: true}
}

// dictOrder is the order of the dictionaries on the page.
func dictOrder() []string {
	return []string{"statuses", "sources", "methods", "deliveries", "pipelines", "fields", "tags", "users"}
}

func (p dictionaries) dictKinds() map[string]dictKind {
	return map[string]dictKind{
		"statuses": p.statusKind(), "sources": p.sourceKind(), "methods": p.methodKind(), "deliveries": p.deliveryKind(),
		"pipelines": p.pipelineKind(), "fields": p.fieldKind(), "tags": p.tagKind(), "users": p.userKind(),
	}
}

func (p dictionaries) dictionaries(in *frame.Input) (string, any) {
	v := dictionariesPage{Head: p.Head(in, "Довідники")}
	kinds := p.dictKinds()
	for _, code := range dictOrder() {
		k := kinds[code]
		v.Kinds = append(v.Kinds, dictSection{code, k.title, k.note, k.rows(), k.add})
	}
	return "dictionaries", v
}

// entry finds the dictionary a form is about and checks the name it carries.
func (p dictionaries) entry(f *frame.Input, needsName bool) (kind dictKind, next string, err error) {
	code := f.R.PathValue("kind")
	kind, ok := p.dictKinds()[code]
	switch {
	case !ok:
		return kind, "", frame.UserError("такого довідника немає.")
	case needsName && f.Text("name") == "":
		return kind, "", frame.UserError("потрібна назва.")
	}
	return kind, "/dictionaries#" + code, nil
}

func (p dictionaries) addEntry(f *frame.Input) (string, error) {
	kind, next, err := p.entry(f, true)
	if err != nil {
		return "", err
	}
	return next, kind.save(0, f)
}

func (p dictionaries) saveEntry(f *frame.Input) (string, error) {
	kind, next, err := p.entry(f, true)
	if err != nil {
		return "", err
	}
	id := f.Path("id")
	if id == 0 {
		return "", frame.UserError("такого запису немає.")
	}
	return next, kind.save(id, f)
}

func (p dictionaries) switchEntry(f *frame.Input) (string, error) {
	kind, next, err := p.entry(f, false)
	if err != nil {
		return "", err
	}
	return next, kind.active(f.Path("id"), f.Text("on") == "1")
}
