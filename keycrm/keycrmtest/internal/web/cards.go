package web

import (
	"strconv"

	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// cards is the pages of leads.
type cards struct{ *pages }

type cardsPage struct {
	frame.Head
	Off       bool
	Pipelines []frame.Choice
	Statuses  []frame.Choice
	Columns   []boardColumn
}

type boardColumn struct {
	ID           int64
	Title, Color string
	Cards        []boardCard
}

type boardCard struct {
	ID, OrderID                    int64
	Title, Contact, Total, Created string
}

func (p cards) cards(in *frame.Input) (string, any) {
	v := cardsPage{Head: p.Head(in, "Воронки")}
	pipe := p.DB.Pipelines.Get(in.Query("pipeline"))
	if pipe == nil {
		pipe = p.DB.Pipelines.Sorted()[0]
	}
	v.Statuses = p.cardStatuses(pipe.ID)
	for _, other := range p.DB.Pipelines.Sorted() {
		v.Pipelines = append(v.Pipelines, frame.Choice{ID: other.ID, Name: other.Name, Chosen: other.ID == pipe.ID})
	}
	v.Off = p.Settings().PipelinesOff
	for _, st := range pipe.Statuses {
		col := boardColumn{ID: st.ID, Title: st.Title, Color: st.Color}
		for _, id := range p.DB.Cards.IDs() {
			if c := p.DB.Cards.Get(id); c.StatusID == st.ID {
				col.Cards = append(col.Cards, boardCard{
					c.ID, c.TargetID, c.Title, c.Contact.FullName, frame.Money(c.ProductsTotal()), frame.WhenShort(c.CreatedAt),
				})
			}
		}
		v.Columns = append(v.Columns, col)
	}
	return "cards", v
}

// cardStatuses are the statuses of all pipelines, those of the given one first and without its name: a card can move
// to another pipeline.
func (p cards) cardStatuses(pipeline int64) []frame.Choice {
	var here, elsewhere []frame.Choice
	for _, pipe := range p.DB.Pipelines.Sorted() {
		for _, st := range pipe.Statuses {
			if pipe.ID == pipeline {
				here = append(here, frame.Choice{ID: st.ID, Name: st.Title, Chosen: false})
			} else {
				elsewhere = append(elsewhere, frame.Choice{ID: st.ID, Name: pipe.Name + ": " + st.Title, Chosen: false})
			}
		}
	}
	return append(here, elsewhere...)
}

type cardPage struct {
	frame.Head
	C        entity.Card
	Statuses []frame.Choice
	Lines    []lineRow
	Facts    []frame.Fact
}

func (p cards) card(in *frame.Input) (string, any) {
	c, ok := p.DB.Cards.Copy(in.Path("id"))
	if !ok {
		return "", nil
	}
	v := cardPage{Head: p.Head(in, "Картка "+c.Title), C: c, Lines: lineRows(c.Lines)}
	v.Statuses, v.Facts = p.cardStatuses(c.PipelineID), p.cardFacts(&c)
	return "card", v
}

func (p cards) cardFacts(c *entity.Card) []frame.Fact {
	name := ""
	if pipe := p.DB.Pipelines.Get(c.PipelineID); pipe != nil {
		name = pipe.Name
	}
	facts := []frame.Fact{
		{Name: "Воронка", Value: name},
		{Name: "Джерело", Value: p.Dictionaries.SourceName(c.SourceID)},
		{Name: "Контакт", Value: c.Contact.FullName},
		{Name: "Телефон", Value: c.Contact.Phone},
		{Name: "E-mail", Value: c.Contact.Email},
		{Name: "Товари", Value: frame.Money(c.ProductsTotal())},
		{Name: "Сплачено", Value: frame.Money(c.PaymentsTotal())},
		{Name: "Нотатка", Value: c.Note},
		{Name: "Створено (UTC)", Value: frame.When(c.CreatedAt)},
	}
	facts = append(facts, marketingFacts(&c.Marketing)...)
	for _, v := range c.CustomFields {
		if def := p.Dictionaries.FieldByUUID(v.UUID); def != nil {
			facts = append(facts, frame.Fact{Name: def.Name, Value: valueWords(v.Value)})
		}
	}
	return frame.Filled(facts)
}

func (p cards) cardStatus(f *frame.Input) (string, error) {
	id, status := f.Path("id"), f.ID("status_id")
	if err := p.Cards.SetStatus(id, status); err != nil {
		return "", err
	}
	return "/cards?pipeline=" + strconv.FormatInt(p.DB.Cards.Get(id).PipelineID, 10), nil
}

func (p cards) convertCard(f *frame.Input) (string, error) {
	id, err := p.Cards.Convert(f.Path("id"))
	return orderPath(id), err
}

func (p cards) deleteCard(f *frame.Input) (string, error) {
	return "/cards", p.Cards.Delete(f.Path("id"))
}
