package web

import (
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

func (p dictionaries) pipelineKind() dictKind {
	return dictKind{
		title: "Воронки",
		note:  "Нова картка потрапляє в перший статус. Вимкнена воронка зникає з API і не приймає карток.",
		rows: func() []dictRow {
			return crmsim.Map(p.DB.Pipelines.Where(nil), func(r *entity.Pipeline) dictRow {
				code := "без оплат"
				if r.UsePayments {
					code = "з оплатами"
				}
				return dictRow{
					ID: r.ID, Code: code, Active: r.Active, Inputs: []dictInput{nameInput(r.Name)}, Statuses: r.Statuses,
				}
			})
		},
		add: []dictInput{nameInput(""), {Name: "payments", Label: "Оплати", Value: "1", Options: []choiceText{
			{"1", "з оплатами"},
			{"0", "без оплат"},
		}}},
		save: func(id int64, f *frame.Input) error {
			if id == 0 {
				p.DB.Pipelines.Add(entity.Pipeline{Name: f.Text("name"), UsePayments: f.Text("payments") != "0", Active: true})
				return nil
			}
			return p.DB.Pipelines.Edit(id, func(r *entity.Pipeline) { r.Name = f.Text("name") })
		},
		active: func(id int64, on bool) error {
			return p.DB.Pipelines.Edit(id, func(r *entity.Pipeline) { r.Active = on })
		},
	}
}

// savePipelineStatus adds a status to a pipeline, or renames one.
func (p dictionaries) savePipelineStatus(f *frame.Input) (string, error) {
	title, inner := f.Text("name"), f.Path("inner")
	if title == "" {
		return "", frame.UserError("потрібна назва.")
	}
	found := inner == 0
	err := p.DB.Pipelines.Edit(f.Path("id"), func(r *entity.Pipeline) {
		if inner == 0 {
			r.Statuses = append(r.Statuses, entity.PipelineStatus{Title: title, Alias: f.Text("alias"), Final: f.Text("final") == "1"})
			return
		}
		if st := crmsim.Find(r.Statuses, func(st *entity.PipelineStatus) bool { return st.ID == inner }); st != nil {
			st.Title, found = title, true
		}
	})
	if err == nil && !found {
		err = &table.MissingError{What: "pipeline status", ID: inner}
	}
	return "/dictionaries#pipelines", err
}

func (p dictionaries) deletePipelineStatus(f *frame.Input) (string, error) {
	id, inner := f.Path("id"), f.Path("inner")
	for _, c := range p.DB.Cards.All() {
		if c.StatusID == inner {
			return "", frame.UserError("у цьому статусі є картки: спершу перенесіть їх.")
		}
	}
	return "/dictionaries#pipelines", p.DB.Pipelines.Edit(id, func(r *entity.Pipeline) {
		if len(r.Statuses) > 1 {
			r.Statuses = slices.DeleteFunc(r.Statuses, func(st entity.PipelineStatus) bool { return st.ID == inner })
		}
	})
}

func fieldModels() []choiceText {
	return []choiceText{{"order", "замовлення"}, {"lead", "картка"}, {"client", "покупець"}, {"crm_product", "товар"}}
}

func fieldTypes() []choiceText {
	return []choiceText{
		{"text", "текст"},
		{"textarea", "довгий текст"},
		{"link", "посилання"},
		{"number", "ціле число"},
		{"float", "число"},
		{"date", "дата"},
		{"datetime", "дата і час"},
		{"switcher", "перемикач"},
		{"select", "список"},
	}
}

func wordOf(list []choiceText, code string) string {
	for _, c := range list {
		if c.Code == code {
			return c.Name
		}
	}
	return code
}

func (p dictionaries) fieldKind() dictKind {
	return dictKind{
		title: "Користувацькі поля",
		note:  "Через API полів не створюють і не змінюють. Варіанти списку – через кому.",
		rows: func() []dictRow {
			return crmsim.Map(p.DB.Fields.Where(nil), func(r *entity.CustomField) dictRow {
				row := dictRow{
					ID: r.ID, Active: r.Active, Inputs: []dictInput{nameInput(r.Name)},
					Code: r.UUID + " · " + wordOf(fieldModels(), r.Model) + " · " + wordOf(fieldTypes(), r.Type),
				}
				if r.Type == "select" {
					row.Inputs = append(row.Inputs, dictInput{Name: "options", Label: "Варіанти", Value: joinOptions(r)})
				}
				return row
			})
		},
		add: []dictInput{
			nameInput(""),
			{Name: "model", Label: "Для", Value: "order", Options: fieldModels()},
			{Name: "type", Label: "Тип", Value: "text", Options: fieldTypes()},
			{Name: "options", Label: "Варіанти списку"},
		},
		save: func(id int64, f *frame.Input) error {
			options := strings.Split(f.Text("options"), ",")
			if id != 0 {
				return p.DB.Fields.Edit(id, func(r *entity.CustomField) {
					r.Name = f.Text("name")
					if r.Type == "select" && f.Has("options") {
						r.SetOptions(options...)
					}
				})
			}
			row := entity.CustomField{Name: f.Text("name"), Model: f.Text("model"), Type: f.Text("type"), Active: true}
			if wordOf(fieldModels(), row.Model) == row.Model || wordOf(fieldTypes(), row.Type) == row.Type {
				return frame.UserError("невідомий тип поля.")
			}
			if row.Type == "select" {
				row.SetOptions(options...)
			}
			p.DB.Fields.Add(row)
			return nil
		},
		active: func(id int64, on bool) error {
			return p.DB.Fields.Edit(id, func(r *entity.CustomField) { r.Active = on })
		},
	}
}

func joinOptions(f *entity.CustomField) string {
	return strings.Join(crmsim.Map(f.Options, func(o *entity.FieldOption) string { return o.Value }), ", ")
}
