package account

import (
	"cmp"
	"slices"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Dictionaries are the look-ups in what people set up. Those that say whether a request may name a row leave out what is
// switched off; the others also find that, since old orders still name it.
type Dictionaries struct{ *core }

// Statuses are sorted by id.
func (s *Dictionaries) Statuses() []entity.OrderStatus { return s.DB.Statuses.Where(nil) }

// StatusGroup is the group of a status, 0 for an unknown one.
func (s *Dictionaries) StatusGroup(id int64) int64 {
	if st := s.DB.Statuses.Get(id); st != nil {
		return st.GroupID
	}
	return 0
}

// AcceptsSource reports whether a request may name it.
func (s *Dictionaries) AcceptsSource(id int64) bool {
	r := s.DB.Sources.Get(id)
	return r != nil && r.Active
}

// AcceptsDelivery reports whether a request may name it.
func (s *Dictionaries) AcceptsDelivery(id int64) bool {
	r := s.DB.DeliveryServices.Get(id)
	return r != nil && r.Active
}

// AcceptsTag reports whether a request may name it.
func (s *Dictionaries) AcceptsTag(id int64) bool {
	r := s.DB.Tags.Get(id)
	return r != nil && r.Active
}

// AcceptsPipeline reports whether a request may name it.
func (s *Dictionaries) AcceptsPipeline(id int64) bool {
	r := s.DB.Pipelines.Get(id)
	return r != nil && r.Active
}

// AcceptsCardStatus reports whether a request may name it: the status of a pipeline.
func (s *Dictionaries) AcceptsCardStatus(id int64) bool {
	p, _ := s.PipelineStatus(id)
	return p != nil && p.Active
}

// OpenPipelines are those that lists show, the first of them being the default.
func (s *Dictionaries) OpenPipelines() []entity.Pipeline {
	return s.DB.Pipelines.Where(func(p *entity.Pipeline) bool { return p.Active })
}

// FirstPipeline is where a card goes that names none; 0 when every pipeline is off.
func (s *Dictionaries) FirstPipeline() int64 {
	if open := s.OpenPipelines(); len(open) > 0 {
		return open[0].ID
	}
	return 0
}

// PipelineStatus finds a status in whichever pipeline has it.
func (s *Dictionaries) PipelineStatus(id int64) (*entity.Pipeline, *entity.PipelineStatus) {
	for _, p := range s.DB.Pipelines.All() {
		if st := crmsim.Find(p.Statuses, func(r *entity.PipelineStatus) bool { return r.ID == id }); st != nil {
			return p, st
		}
	}
	return nil, nil
}

// FieldByUUID finds a custom field, on or off.
func (s *Dictionaries) FieldByUUID(uuid string) *entity.CustomField {
	for _, f := range s.DB.Fields.All() {
		if f.UUID == uuid {
			return f
		}
	}
	return nil
}

// MethodByName finds the first payment method of that name, on or off.
func (s *Dictionaries) MethodByName(name string) *entity.PaymentMethod {
	for _, m := range s.DB.Methods.Sorted() {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// MethodName is what a payment's method is called.
func (s *Dictionaries) MethodName(p *entity.Payment) string {
	if m := s.DB.Methods.Get(p.MethodID); m != nil {
		return m.Name
	}
	return cmp.Or(p.Method, "–")
}

// SourceNamed is the source of that name, else the first one; 0 when every source is off.
func (s *Dictionaries) SourceNamed(name string) int64 {
	open := s.DB.Sources.Where(func(r *entity.Source) bool { return r.Active })
	if r := crmsim.Find(open, func(r *entity.Source) bool { return r.Name == name }); r != nil {
		return r.ID
	}
	if len(open) > 0 {
		return open[0].ID
	}
	return 0
}

// CurrencyOf is the currency of a source's orders.
func (s *Dictionaries) CurrencyOf(source int64) string {
	if src := s.DB.Sources.Get(source); src != nil {
		return src.Currency
	}
	return "UAH"
}

// SourceName is a source's name for people.
func (s *Dictionaries) SourceName(id int64) string {
	if src := s.DB.Sources.Get(id); src != nil {
		return src.Name
	}
	return "–"
}

// Closing reports whether a status closes its orders.
func (s *Dictionaries) Closing(status int64) bool {
	st := s.DB.Statuses.Get(status)
	return st != nil && st.Closing
}

// ProductStatusExists reports whether there is such a status of lines.
func ProductStatusExists(id int64) bool {
	return slices.ContainsFunc(ProductStatuses(), func(st entity.OrderStatus) bool { return st.ID == id })
}
