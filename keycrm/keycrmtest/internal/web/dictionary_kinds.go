package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

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

func (p dictionaries) statusKind() dictKind {
	return dictKind{
		title: "Статуси замовлень",
		note:  "Статус, який не перейменовували, приходить в API псевдонімом (new, completed).",
		rows: func() []dictRow {
			return crmsim.Map(p.DB.Statuses.Where(nil), func(r *entity.OrderStatus) dictRow {
				group := strconv.FormatInt(r.GroupID, 10)
				return dictRow{ID: r.ID, Code: r.Alias, Active: r.Active, Inputs: []dictInput{
					nameInput(r.Name), {Name: "group", Label: "Група", Value: group, Options: statusGroups()},
				}}
			})
		},
		add: []dictInput{nameInput(""), aliasInput(), {Name: "group", Label: "Група", Value: "2", Options: statusGroups()}},
		save: func(id int64, f *frame.Input) error {
			group := f.ID("group")
			if id == 0 {
				p.DB.Statuses.Add(entity.OrderStatus{
					Name: f.Text("name"), Alias: f.Text("alias"), GroupID: max(group, 1), Closing: group >= 5, Active: true,
				})
				return nil
			}
			return p.DB.Statuses.Edit(id, func(r *entity.OrderStatus) {
				r.Name = f.Text("name")
				if group > 0 && group != r.GroupID {
					r.GroupID, r.Closing = group, group >= 5
				}
			})
		},
		active: func(id int64, on bool) error {
			return p.DB.Statuses.Edit(id, func(r *entity.OrderStatus) { r.Active = on })
		},
	}
}

func currencies() []choiceText {
	return []choiceText{{"UAH", "UAH"}, {"EUR", "EUR"}, {"USD", "USD"}, {"PLN", "PLN"}}
}

func (p dictionaries) sourceKind() dictKind {
	return dictKind{
		title: "Джерела",
		note:  "Валюта джерела є валютою його замовлень. Вимкнене джерело зникає з API, замовлення з ним відхиляються.",
		rows: func() []dictRow {
			return crmsim.Map(p.DB.Sources.Where(nil), func(r *entity.Source) dictRow {
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
		save: func(id int64, f *frame.Input) error {
			if id == 0 {
				p.DB.Sources.Add(entity.Source{Name: f.Text("name"), Alias: f.Text("alias"), Currency: f.Text("currency"), Active: true})
				return nil
			}
			return p.DB.Sources.Edit(id, func(r *entity.Source) {
				r.Name, r.Currency = f.Text("name"), cmp.Or(f.Text("currency"), r.Currency)
			})
		},
		active: func(id int64, on bool) error { return p.DB.Sources.Edit(id, func(r *entity.Source) { r.Active = on }) },
	}
}

func (p dictionaries) methodKind() dictKind {
	return dictKind{
		title: "Способи оплати",
		note:  "Вимкнений спосіб лишається в API з is_active: false.",
		rows: func() []dictRow {
			return crmsim.Map(p.DB.Methods.Where(nil), func(r *entity.PaymentMethod) dictRow {
				return dictRow{ID: r.ID, Code: r.Alias, Active: r.Active, Inputs: []dictInput{nameInput(r.Name)}}
			})
		},
		add: []dictInput{nameInput(""), aliasInput()},
		save: func(id int64, f *frame.Input) error {
			if id == 0 {
				p.DB.Methods.Add(entity.PaymentMethod{Name: f.Text("name"), Alias: f.Text("alias"), Active: true})
				return nil
			}
			return p.DB.Methods.Edit(id, func(r *entity.PaymentMethod) { r.Name = f.Text("name") })
		},
		active: func(id int64, on bool) error {
			return p.DB.Methods.Edit(id, func(r *entity.PaymentMethod) { r.Active = on })
		},
	}
}

func (p dictionaries) deliveryKind() dictKind {
	return dictKind{
		title: "Служби доставки",
		note:  "Код відділення (warehouse_ref) приймають лише служби Нової Пошти.",
		rows: func() []dictRow {
			return crmsim.Map(p.DB.DeliveryServices.Where(nil), func(r *entity.DeliveryService) dictRow {
				return dictRow{ID: r.ID, Code: cmp.Or(r.SourceName, r.Alias), Active: r.Active, Inputs: []dictInput{nameInput(r.Name)}}
			})
		},
		add: []dictInput{nameInput(""), aliasInput(), {Name: "source_name", Label: "Перевізник", Options: []choiceText{
			{"", "власна"},
			{account.NovaPoshta, "Нова Пошта"},
			{"ukrposhta", "Укрпошта"},
		}}},
		save: func(id int64, f *frame.Input) error {
			if id == 0 {
				p.DB.DeliveryServices.Add(entity.DeliveryService{
					Name: f.Text("name"), Alias: f.Text("alias"), SourceName: f.Text("source_name"), Active: true,
				})
				return nil
			}
			return p.DB.DeliveryServices.Edit(id, func(r *entity.DeliveryService) { r.Name = f.Text("name") })
		},
		active: func(id int64, on bool) error {
			return p.DB.DeliveryServices.Edit(id, func(r *entity.DeliveryService) { r.Active = on })
		},
	}
}

func (p dictionaries) tagKind() dictKind {
	return dictKind{
		title: "Теги",
		rows: func() []dictRow {
			return crmsim.Map(p.DB.Tags.Where(nil), func(r *entity.Tag) dictRow {
				return dictRow{ID: r.ID, Code: r.Alias, Active: r.Active, Inputs: []dictInput{
					nameInput(r.Name), {Name: "color", Label: "Колір", Value: r.Color, Short: true},
				}}
			})
		},
		add: []dictInput{nameInput(""), aliasInput(), {Name: "color", Label: "Колір", Value: "#40A9FF", Short: true}},
		save: func(id int64, f *frame.Input) error {
			if id == 0 {
				p.DB.Tags.Add(entity.Tag{Name: f.Text("name"), Alias: f.Text("alias"), Color: f.Text("color"), Active: true})
				return nil
			}
			return p.DB.Tags.Edit(id, func(r *entity.Tag) { r.Name, r.Color = f.Text("name"), cmp.Or(f.Text("color"), r.Color) })
		},
		active: func(id int64, on bool) error { return p.DB.Tags.Edit(id, func(r *entity.Tag) { r.Active = on }) },
	}
}

func (p dictionaries) userKind() dictKind {
	return dictKind{
		title: "Користувачі",
		note:  "Вимкнений користувач лишається в API зі статусом blocked.",
		rows: func() []dictRow {
			return crmsim.Map(p.DB.Users.Where(nil), func(r *entity.User) dictRow {
				return dictRow{ID: r.ID, Code: r.Email, Active: r.Active, Inputs: []dictInput{
					{Name: "name", Label: "Ім'я та прізвище", Value: r.FullName()},
				}}
			})
		},
		add: []dictInput{
			{Name: "name", Label: "Ім'я та прізвище"}, {Name: "email", Label: "E-mail"},
		},
		save: func(id int64, f *frame.Input) error {
			first, last, _ := strings.Cut(f.Text("name"), " ")
			if id == 0 {
				p.DB.Users.Add(entity.User{First: first, Last: last, Email: f.Text("email"), Username: f.Text("email"), RoleID: 2, Active: true})
				return nil
			}
			return p.DB.Users.Edit(id, func(r *entity.User) { r.First, r.Last = first, last })
		},
		active: func(id int64, on bool) error { return p.DB.Users.Edit(id, func(r *entity.User) { r.Active = on }) },
	}
}
