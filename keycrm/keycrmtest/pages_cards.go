package keycrmtest

import (
	"net/http"
	"strconv"
)

type cardsPage struct {
	head
	Off       bool
	Pipelines []choice
	Statuses  []choice
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

func (p *pages) cards(w http.ResponseWriter, r *http.Request) {
	s := p.s
	id, _ := strconv.ParseInt(r.URL.Query().Get("pipeline"), 10, 64) // 0: the first
	v := cardsPage{head: p.head(r, "Воронки")}
	s.locked(func() {
		pipe := s.pipeline(id)
		if pipe == nil {
			pipe = sorted(s.db.pipelines)[0]
		}
		v.Statuses = s.cardStatuses(pipe.ID)
		for _, other := range sorted(s.db.pipelines) {
			v.Pipelines = append(v.Pipelines, choice{other.ID, other.Name, other.ID == pipe.ID})
		}
		v.Off = s.settings().PipelinesOff
		for _, st := range pipe.Statuses {
			col := boardColumn{ID: st.ID, Title: st.Title, Color: st.Color}
			for _, id := range s.db.cards.ids() {
				if c := s.db.cards.rows[id]; c.StatusID == st.ID {
					col.Cards = append(col.Cards, boardCard{
						c.ID, c.TargetID, c.Title, c.Contact.FullName, money(c.ProductsTotal()), whenShort(c.CreatedAt),
					})
				}
			}
			v.Columns = append(v.Columns, col)
		}
	})
	p.render(w, http.StatusOK, "cards", v)
}

// cardStatuses are the statuses of all pipelines, those of the given one first and without its name: a card can move
// to another pipeline.
func (s *Server) cardStatuses(pipeline int64) []choice {
	var here, elsewhere []choice
	for _, pipe := range sorted(s.db.pipelines) {
		for _, st := range pipe.Statuses {
			if pipe.ID == pipeline {
				here = append(here, choice{st.ID, st.Title, false})
			} else {
				elsewhere = append(elsewhere, choice{st.ID, pipe.Name + ": " + st.Title, false})
			}
		}
	}
	return append(here, elsewhere...)
}

type cardPage struct {
	head
	C        Card
	Statuses []choice
	Lines    []lineRow
	Facts    []fact
}

func (p *pages) card(w http.ResponseWriter, r *http.Request) {
	in := input{r}
	c, ok := p.s.Card(in.path("id"))
	if !ok {
		p.missing(w)
		return
	}
	v := cardPage{head: p.head(r, "Картка "+c.Title), C: c, Lines: lineRows(c.Lines)}
	p.s.locked(func() { v.Statuses, v.Facts = p.s.cardStatuses(c.PipelineID), p.s.cardFacts(&c) })
	p.render(w, http.StatusOK, "card", v)
}

func (s *Server) cardFacts(c *Card) []fact {
	name := ""
	if pipe := s.pipeline(c.PipelineID); pipe != nil {
		name = pipe.Name
	}
	facts := []fact{
		{"Воронка", name},
		{"Джерело", s.sourceName(c.SourceID)},
		{"Контакт", c.Contact.FullName},
		{"Телефон", c.Contact.Phone},
		{"E-mail", c.Contact.Email},
		{"Товари", money(c.ProductsTotal())},
		{"Сплачено", money(paidTotal(c.Payments))},
		{"Нотатка", c.Note},
		{"Створено (UTC)", when(c.CreatedAt)},
	}
	facts = append(facts, marketingFacts(&c.Marketing)...)
	for _, v := range c.CustomFields {
		if def := s.fieldByUUID(v.UUID); def != nil {
			facts = append(facts, fact{def.Name, valueWords(v.Value)})
		}
	}
	return filled(facts)
}

func (p *pages) cardStatus(f *input) (string, error) {
	id, status := f.path("id"), f.id("status_id")
	if err := p.s.SetCardStatus(id, status); err != nil {
		return "", err
	}
	c, _ := p.s.Card(id)
	return "/cards?pipeline=" + strconv.FormatInt(c.PipelineID, 10), nil
}

func (p *pages) convertCard(f *input) (string, error) {
	id, err := p.s.ConvertCard(f.path("id"))
	return orderPath(id), err
}

func (p *pages) deleteCard(f *input) (string, error) { return "/cards", p.s.DeleteCard(f.path("id")) }
