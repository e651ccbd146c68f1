package keycrmtest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type dictionariesPage struct {
	head
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
	Statuses []PipelineStatus // of a pipeline
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
	save        func(id int64, f *input) error // id 0 adds
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

func (p *pages) dictKinds() map[string]dictKind {
	return map[string]dictKind{
		"statuses": p.statusKind(), "sources": p.sourceKind(), "methods": p.methodKind(), "deliveries": p.deliveryKind(),
		"pipelines": p.pipelineKind(), "fields": p.fieldKind(), "tags": p.tagKind(), "users": p.userKind(),
	}
}

func (p *pages) dictionaries(w http.ResponseWriter, r *http.Request) {
	v := dictionariesPage{head: p.head(r, "Довідники")}
	kinds := p.dictKinds()
	for _, code := range dictOrder() {
		k := kinds[code]
		v.Kinds = append(v.Kinds, dictSection{code, k.title, k.note, k.rows(), k.add})
	}
	p.render(w, http.StatusOK, "dictionaries", v)
}

// entry finds the dictionary a form is about and checks the name it carries.
func (p *pages) entry(f *input, needsName bool) (kind dictKind, next string, err error) {
	code := f.r.PathValue("kind")
	kind, ok := p.dictKinds()[code]
	switch {
	case !ok:
		return kind, "", userError("такого довідника немає.")
	case needsName && f.text("name") == "":
		return kind, "", userError("потрібна назва.")
	}
	return kind, "/dictionaries#" + code, nil
}

func (p *pages) addEntry(f *input) (string, error) {
	kind, next, err := p.entry(f, true)
	if err != nil {
		return "", err
	}
	return next, kind.save(0, f)
}

func (p *pages) saveEntry(f *input) (string, error) {
	kind, next, err := p.entry(f, true)
	if err != nil {
		return "", err
	}
	id := f.path("id")
	if id == 0 {
		return "", userError("такого запису немає.")
	}
	return next, kind.save(id, f)
}

func (p *pages) switchEntry(f *input) (string, error) {
	kind, next, err := p.entry(f, false)
	if err != nil {
		return "", err
	}
	return next, kind.active(f.path("id"), f.text("on") == "1")
}

func statusGroups() []choiceText {
	return []choiceText{
		{"1", "Нове"},
		{"2", "Погодження"},
		{"3", "Виробництво"},
		{"4", "Доставка"},
		{"5", "Виконано"},
		{"6", "Скасовано"},
	}
}

func (p *pages) statusKind() dictKind {
	return dictKind{
		title: "Статуси замовлень",
		note:  "Статус, який не перейменовували, приходить в API псевдонімом (new, completed).",
		rows: func() []dictRow {
			return list(p.s.Statuses(), func(r *OrderStatus) dictRow {
				group := strconv.FormatInt(r.GroupID, 10)
				return dictRow{ID: r.ID, Code: r.Alias, Active: r.Active, Inputs: []dictInput{
					nameInput(r.Name), {Name: "group", Label: "Група", Value: group, Options: statusGroups()},
				}}
			})
		},
		add: []dictInput{nameInput(""), aliasInput(), {Name: "group", Label: "Група", Value: "2", Options: statusGroups()}},
		save: func(id int64, f *input) error {
			group := f.id("group")
			if id == 0 {
				p.s.AddStatus(OrderStatus{
					Name: f.text("name"), Alias: f.text("alias"), GroupID: max(group, 1), Closing: group >= 5, Active: true,
				})
				return nil
			}
			return p.s.EditStatus(id, func(r *OrderStatus) {
				r.Name = f.text("name")
				if group > 0 && group != r.GroupID {
					r.GroupID, r.Closing = group, group >= 5
				}
			})
		},
		active: func(id int64, on bool) error { return p.s.EditStatus(id, func(r *OrderStatus) { r.Active = on }) },
	}
}

func currencies() []choiceText {
	return []choiceText{{"UAH", "UAH"}, {"EUR", "EUR"}, {"USD", "USD"}, {"PLN", "PLN"}}
}

func (p *pages) sourceKind() dictKind {
	return dictKind{
		title: "Джерела",
		note:  "Валюта джерела є валютою його замовлень. Вимкнене джерело зникає з API, замовлення з ним відхиляються.",
		rows: func() []dictRow {
			return list(p.s.Sources(), func(r *Source) dictRow {
				options := currencies()
				if !slices.Contains(options, choiceText{r.Currency, r.Currency}) {
					options = append(options, choiceText{r.Currency, r.Currency})
				}
				return dictRow{ID: r.ID, Code: r.Alias, Active: r.Active, Inputs: []dictInput{
					nameInput(r.Name), {Name: "currency", Label: "Валюта", Value: r.Currency, Options: options},
				}}
			})
		},
		add: []dictInput{nameInput(""), aliasInput(), {Name: "currency", Label: "Валюта", Value: "UAH", Options: currencies()}},
		save: func(id int64, f *input) error {
			if id == 0 {
				p.s.AddSource(Source{Name: f.text("name"), Alias: f.text("alias"), Currency: f.text("currency"), Active: true})
				return nil
			}
			return p.s.EditSource(id, func(r *Source) {
				r.Name, r.Currency = f.text("name"), cmp.Or(f.text("currency"), r.Currency)
			})
		},
		active: func(id int64, on bool) error { return p.s.EditSource(id, func(r *Source) { r.Active = on }) },
	}
}

func (p *pages) methodKind() dictKind {
	return dictKind{
		title: "Способи оплати",
		note:  "Вимкнений спосіб лишається в API з is_active: false.",
		rows: func() []dictRow {
			return list(p.s.PaymentMethods(), func(r *PaymentMethod) dictRow {
				return dictRow{ID: r.ID, Code: r.Alias, Active: r.Active, Inputs: []dictInput{nameInput(r.Name)}}
			})
		},
		add: []dictInput{nameInput(""), aliasInput()},
		save: func(id int64, f *input) error {
			if id == 0 {
				p.s.AddPaymentMethod(PaymentMethod{Name: f.text("name"), Alias: f.text("alias"), Active: true})
				return nil
			}
			return p.s.EditPaymentMethod(id, func(r *PaymentMethod) { r.Name = f.text("name") })
		},
		active: func(id int64, on bool) error {
			return p.s.EditPaymentMethod(id, func(r *PaymentMethod) { r.Active = on })
		},
	}
}

func (p *pages) deliveryKind() dictKind {
	return dictKind{
		title: "Служби доставки",
		note:  "Код відділення (warehouse_ref) приймають лише служби Нової Пошти.",
		rows: func() []dictRow {
			return list(p.s.DeliveryServices(), func(r *DeliveryService) dictRow {
				return dictRow{ID: r.ID, Code: cmp.Or(r.SourceName, r.Alias), Active: r.Active, Inputs: []dictInput{nameInput(r.Name)}}
			})
		},
		add: []dictInput{nameInput(""), aliasInput(), {Name: "source_name", Label: "Перевізник", Options: []choiceText{
			{"", "власна"},
			{novaPoshta, "Нова Пошта"},
			{"ukrposhta", "Укрпошта"},
		}}},
		save: func(id int64, f *input) error {
			if id == 0 {
				p.s.AddDeliveryService(DeliveryService{
					Name: f.text("name"), Alias: f.text("alias"), SourceName: f.text("source_name"), Active: true,
				})
				return nil
			}
			return p.s.EditDeliveryService(id, func(r *DeliveryService) { r.Name = f.text("name") })
		},
		active: func(id int64, on bool) error {
			return p.s.EditDeliveryService(id, func(r *DeliveryService) { r.Active = on })
		},
	}
}

func (p *pages) tagKind() dictKind {
	return dictKind{
		title: "Теги",
		rows: func() []dictRow {
			return list(p.s.Tags(), func(r *Tag) dictRow {
				return dictRow{ID: r.ID, Code: r.Alias, Active: r.Active, Inputs: []dictInput{
					nameInput(r.Name), {Name: "color", Label: "Колір", Value: r.Color, Short: true},
				}}
			})
		},
		add: []dictInput{nameInput(""), aliasInput(), {Name: "color", Label: "Колір", Value: "#40A9FF", Short: true}},
		save: func(id int64, f *input) error {
			if id == 0 {
				p.s.AddTag(Tag{Name: f.text("name"), Alias: f.text("alias"), Color: f.text("color"), Active: true})
				return nil
			}
			return p.s.EditTag(id, func(r *Tag) { r.Name, r.Color = f.text("name"), cmp.Or(f.text("color"), r.Color) })
		},
		active: func(id int64, on bool) error { return p.s.EditTag(id, func(r *Tag) { r.Active = on }) },
	}
}

func (p *pages) userKind() dictKind {
	return dictKind{
		title: "Користувачі",
		note:  "Вимкнений користувач лишається в API зі статусом blocked.",
		rows: func() []dictRow {
			return list(p.s.Users(), func(r *User) dictRow {
				return dictRow{ID: r.ID, Code: r.Email, Active: r.Active, Inputs: []dictInput{
					{Name: "name", Label: "Ім'я та прізвище", Value: r.FullName()},
				}}
			})
		},
		add: []dictInput{
			{Name: "name", Label: "Ім'я та прізвище"}, {Name: "email", Label: "E-mail"},
		},
		save: func(id int64, f *input) error {
			first, last, _ := strings.Cut(f.text("name"), " ")
			if id == 0 {
				p.s.AddUser(User{First: first, Last: last, Email: f.text("email"), Username: f.text("email"), RoleID: 2, Active: true})
				return nil
			}
			return p.s.EditUser(id, func(r *User) { r.First, r.Last = first, last })
		},
		active: func(id int64, on bool) error { return p.s.EditUser(id, func(r *User) { r.Active = on }) },
	}
}
