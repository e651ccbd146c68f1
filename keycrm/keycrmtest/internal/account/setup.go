package account

import (
	"cmp"
	"fmt"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// completeRows tells the dictionaries what their rows lack when people add or change them.
func (s *Dictionaries) completeRows() {
	s.DB.Sources.complete = func(before, after *entity.Source) error {
		if before == nil {
			after.Currency = cmp.Or(after.Currency, "UAH")
		}
		return nil
	}
	s.DB.Statuses.complete = func(before, after *entity.OrderStatus) error {
		if before == nil {
			after.Alias = cmp.Or(after.Alias, after.Name)
		}
		return nil
	}
	s.DB.Pipelines.complete = s.completePipeline
	s.DB.Fields.complete = s.completeField
}

// completePipeline numbers new statuses. A pipeline has one at least, and a status that cards are in stays.
func (s *Dictionaries) completePipeline(before, after *entity.Pipeline) error {
	if before == nil && len(after.Statuses) == 0 {
		after.Statuses = []entity.PipelineStatus{{Title: "Новий", Alias: "new"}}
	}
	if before != nil {
		if err := s.checkStatuses(after); err != nil {
			return err
		}
	}
	for i := range after.Statuses {
		st := &after.Statuses[i]
		if st.ID == 0 {
			st.ID = s.nextID(idPipelineStatus)
		}
		st.Alias = cmp.Or(st.Alias, st.Title)
		st.Color = cmp.Or(st.Color, "#ADB5BD")
	}
	return nil
}

func (s *Dictionaries) checkStatuses(p *entity.Pipeline) error {
	if len(p.Statuses) == 0 {
		return fmt.Errorf("pipeline %d would have no status", p.ID)
	}
	stays := map[int64]bool{}
	for _, st := range p.Statuses {
		stays[st.ID] = true
	}
	for _, c := range s.DB.Cards.All() {
		if c.PipelineID == p.ID && !stays[c.StatusID] {
			return fmt.Errorf("card %d is in pipeline status %d", c.ID, c.StatusID)
		}
	}
	return nil
}

// completeField numbers new options; the UUID of a field never changes.
func (s *Dictionaries) completeField(before, after *entity.CustomField) error {
	switch {
	case before != nil:
		after.UUID = before.UUID
	case after.UUID == "":
		after.UUID = fmt.Sprintf("%s_%d", fieldPrefix(after.Model), s.nextID(idFieldUUID))
	}
	for i := range after.Options {
		if after.Options[i].ID == 0 {
			after.Options[i].ID = s.nextID(idFieldOption)
		}
	}
	return nil
}

// fieldPrefix is the same for buyers and products: only the model tells them apart.
func fieldPrefix(model string) string {
	switch model {
	case "order":
		return "OR"
	case "lead":
		return "LD"
	}
	return "CT"
}
