package keycrmtest

import (
	"slices"
	"strings"
)

func (p *pages) pipelineKind() dictKind {
	return dictKind{
		title: "Воронки",
		note:  "Нова картка потрапляє в перший статус. Вимкнена воронка зникає з API і не приймає карток.",
		rows: func() []dictRow {
			return list(p.s.Pipelines(), func(r *Pipeline) dictRow {
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
		save: func(id int64, f *input) error {
			if id == 0 {
				p.s.AddPipeline(Pipeline{Name: f.text("name"), UsePayments: f.text("payments") != "0", Active: true})
				return nil
			}
			return p.s.EditPipeline(id, func(r *Pipeline) { r.Name = f.text("name") })
		},
		active: func(id int64, on bool) error {
			return p.s.EditPipeline(id, func(r *Pipeline) { r.Active = on })
		},
	}
}

// savePipelineStatus adds a status to a pipeline, or renames one.
func (p *pages) savePipelineStatus(f *input) (string, error) {
	title, inner := f.text("name"), f.path("inner")
	if title == "" {
		return "", userError("потрібна назва.")
	}
	found := inner == 0
	err := p.s.EditPipeline(f.path("id"), func(r *Pipeline) {
		if inner == 0 {
			r.Statuses = append(r.Statuses, PipelineStatus{Title: title, Alias: f.text("alias"), Final: f.text("final") == "1"})
			return
		}
		if st := findRow(r.Statuses, func(st *PipelineStatus) bool { return st.ID == inner }); st != nil {
			st.Title, found = title, true
		}
	})
	if err == nil && !found {
		err = missing("pipeline status", inner)
	}
	return "/dictionaries#pipelines", err
}

func (p *pages) deletePipelineStatus(f *input) (string, error) {
	id, inner := f.path("id"), f.path("inner")
	for _, c := range p.s.Cards() {
		if c.StatusID == inner {
			return "", userError("у цьому статусі є картки: спершу перенесіть їх.")
		}
	}
	return "/dictionaries#pipelines", p.s.EditPipeline(id, func(r *Pipeline) {
		if len(r.Statuses) > 1 {
			r.Statuses = slices.DeleteFunc(r.Statuses, func(st PipelineStatus) bool { return st.ID == inner })
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

func (p *pages) fieldKind() dictKind {
	return dictKind{
		title: "Користувацькі поля",
		note:  "Через API полів не створюють і не змінюють. Варіанти списку – через кому.",
		rows: func() []dictRow {
			return list(p.s.CustomFields(), func(r *CustomField) dictRow {
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
		save: func(id int64, f *input) error {
			options := strings.Split(f.text("options"), ",")
			if id != 0 {
				return p.s.EditCustomField(id, func(r *CustomField) {
					r.Name = f.text("name")
					if r.Type == "select" && f.r.PostForm.Has("options") {
						r.SetOptions(options...)
					}
				})
			}
			row := CustomField{Name: f.text("name"), Model: f.text("model"), Type: f.text("type"), Active: true}
			if wordOf(fieldModels(), row.Model) == row.Model || wordOf(fieldTypes(), row.Type) == row.Type {
				return userError("невідомий тип поля.")
			}
			if row.Type == "select" {
				row.SetOptions(options...)
			}
			p.s.AddCustomField(row)
			return nil
		},
		active: func(id int64, on bool) error {
			return p.s.EditCustomField(id, func(r *CustomField) { r.Active = on })
		},
	}
}

func joinOptions(f *CustomField) string {
	return strings.Join(list(f.Options, func(o *FieldOption) string { return o.Value }), ", ")
}
