package keycrmtest

import (
	"cmp"
	"slices"
)

// The look-ups here run under the Server's lock. Those that answer whether a request may name a row leave out what is
// switched off; the others also find that, since old orders still name it.

// sorted lists a dictionary by id.
func sorted[T any](t *table[T]) []*T {
	ids := t.ids()
	slices.Reverse(ids)
	out := make([]*T, len(ids))
	for i, id := range ids {
		out[i] = t.rows[id]
	}
	return out
}

// kept lists the rows that hold, by id, as values.
func kept[T any](t *table[T], holds func(*T) bool) []T {
	var out []T
	for _, row := range sorted(t) {
		if holds(row) {
			out = append(out, *row)
		}
	}
	return out
}

func (s *Server) source(id int64) *Source            { return s.db.sources.rows[id] }
func (s *Server) method(id int64) *PaymentMethod     { return s.db.methods.rows[id] }
func (s *Server) delivery(id int64) *DeliveryService { return s.db.deliveryServices.rows[id] }
func (s *Server) tag(id int64) *Tag                  { return s.db.tags.rows[id] }
func (s *Server) user(id int64) *User                { return s.db.users.rows[id] }
func (s *Server) pipeline(id int64) *Pipeline        { return s.db.pipelines.rows[id] }

func (s *Server) sourceTaken(id int64) bool   { r := s.source(id); return r != nil && r.Active }
func (s *Server) methodTaken(id int64) bool   { return s.method(id) != nil }
func (s *Server) deliveryTaken(id int64) bool { r := s.delivery(id); return r != nil && r.Active }
func (s *Server) tagTaken(id int64) bool      { r := s.tag(id); return r != nil && r.Active }
func (s *Server) userTaken(id int64) bool     { return s.user(id) != nil }
func (s *Server) pipelineTaken(id int64) bool { r := s.pipeline(id); return r != nil && r.Active }
func (s *Server) buyerTaken(id int64) bool    { return s.db.buyers.rows[id] != nil }

func (s *Server) cardStatusTaken(id int64) bool {
	p, _ := s.pipelineStatus(id)
	return p != nil && p.Active
}

// openPipelines are those that lists show, the first of them being the default.
func (s *Server) openPipelines() []Pipeline {
	return kept(s.db.pipelines, func(p *Pipeline) bool { return p.Active })
}

// firstPipeline is where a card goes that names none; 0 when every pipeline is off.
func (s *Server) firstPipeline() int64 {
	if open := s.openPipelines(); len(open) > 0 {
		return open[0].ID
	}
	return 0
}

// pipelineStatus finds a status in whichever pipeline has it.
func (s *Server) pipelineStatus(id int64) (*Pipeline, *PipelineStatus) {
	for _, p := range s.db.pipelines.rows {
		if st := findRow(p.Statuses, func(r *PipelineStatus) bool { return r.ID == id }); st != nil {
			return p, st
		}
	}
	return nil, nil
}

func (s *Server) fieldByUUID(uuid string) *CustomField {
	for _, f := range s.db.fields.rows {
		if f.UUID == uuid {
			return f
		}
	}
	return nil
}

func (s *Server) methodByName(name string) *PaymentMethod {
	for _, m := range sorted(s.db.methods) {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// all holds for every row.
func all[T any](*T) bool { return true }

func (s *Server) methodName(p *Payment) string {
	if m := s.method(p.MethodID); m != nil {
		return m.Name
	}
	return cmp.Or(p.Method, "–")
}

// sourceNamed is the source of that name, else the first one; 0 when every source is off.
func (s *Server) sourceNamed(name string) int64 {
	open := kept(s.db.sources, func(r *Source) bool { return r.Active })
	if r := findRow(open, func(r *Source) bool { return r.Name == name }); r != nil {
		return r.ID
	}
	if len(open) > 0 {
		return open[0].ID
	}
	return 0
}

func (s *Server) currencyOf(source int64) string {
	if src := s.source(source); src != nil {
		return src.Currency
	}
	return "UAH"
}

func (s *Server) sourceName(id int64) string {
	if src := s.source(id); src != nil {
		return src.Name
	}
	return "–"
}
