package keycrmtest

import (
	"fmt"
	"slices"
	"strings"
)

// What people set up under «Налаштування». Add… gives the id (a row that comes with one replaces that row) and returns
// it; Edit… changes a row freely, its id excepted.

func addRow[T any](s *Server, t *table[T], row *T, id *int64) (given int64) {
	s.locked(func() {
		if *id == 0 {
			*id = t.next()
		}
		given = *id
		t.put(given, row)
	})
	return given
}

func editRow[T any](s *Server, t *table[T], what string, id int64, edit func(*T)) (err error) {
	s.locked(func() {
		row := t.rows[id]
		if row == nil {
			err = missing(what, id)
			return
		}
		c := clone(row)
		edit(&c)
		t.put(id, &c)
	})
	return err
}

func allRows[T any](s *Server, t *table[T]) []T {
	rows := copies(s, t)
	slices.Reverse(rows)
	return rows
}

// Sources returns the sources by id, those that are off included.
func (s *Server) Sources() []Source { return allRows(s, s.db.sources) }

// AddSource adds a source; without a currency it is UAH.
func (s *Server) AddSource(row Source) int64 {
	if row.Currency == "" {
		row.Currency = "UAH"
	}
	p := &row
	return addRow(s, s.db.sources, p, &p.ID)
}

// EditSource changes a source.
func (s *Server) EditSource(id int64, edit func(*Source)) error {
	return editRow(s, s.db.sources, "source", id, func(r *Source) { edit(r); r.ID = id })
}

// PaymentMethods returns the payment methods by id, those that are off included.
func (s *Server) PaymentMethods() []PaymentMethod { return allRows(s, s.db.methods) }

// AddPaymentMethod adds a payment method.
func (s *Server) AddPaymentMethod(row PaymentMethod) int64 {
	p := &row
	return addRow(s, s.db.methods, p, &p.ID)
}

// EditPaymentMethod changes a payment method.
func (s *Server) EditPaymentMethod(id int64, edit func(*PaymentMethod)) error {
	return editRow(s, s.db.methods, "payment method", id, func(r *PaymentMethod) { edit(r); r.ID = id })
}

// DeliveryServices returns the delivery services by id, those that are off included.
func (s *Server) DeliveryServices() []DeliveryService { return allRows(s, s.db.deliveryServices) }

// AddDeliveryService adds a delivery service.
func (s *Server) AddDeliveryService(row DeliveryService) int64 {
	p := &row
	return addRow(s, s.db.deliveryServices, p, &p.ID)
}

// EditDeliveryService changes a delivery service.
func (s *Server) EditDeliveryService(id int64, edit func(*DeliveryService)) error {
	return editRow(s, s.db.deliveryServices, "delivery service", id, func(r *DeliveryService) { edit(r); r.ID = id })
}

// Tags returns the tags by id, those that are off included.
func (s *Server) Tags() []Tag { return allRows(s, s.db.tags) }

// AddTag adds a tag.
func (s *Server) AddTag(row Tag) int64 {
	p := &row
	return addRow(s, s.db.tags, p, &p.ID)
}

// EditTag changes a tag.
func (s *Server) EditTag(id int64, edit func(*Tag)) error {
	return editRow(s, s.db.tags, "tag", id, func(r *Tag) { edit(r); r.ID = id })
}

// Users returns the users by id, those that are blocked included.
func (s *Server) Users() []User { return allRows(s, s.db.users) }

// AddUser adds a user.
func (s *Server) AddUser(row User) int64 {
	p := &row
	return addRow(s, s.db.users, p, &p.ID)
}

// EditUser changes a user.
func (s *Server) EditUser(id int64, edit func(*User)) error {
	return editRow(s, s.db.users, "user", id, func(r *User) { edit(r); r.ID = id })
}

// AddStatus adds an order status. Without an alias it is its name.
func (s *Server) AddStatus(row OrderStatus) int64 {
	if row.Alias == "" {
		row.Alias = row.Name
	}
	p := &row
	return addRow(s, s.db.statuses, p, &p.ID)
}

// EditStatus changes an order status.
func (s *Server) EditStatus(id int64, edit func(*OrderStatus)) error {
	return editRow(s, s.db.statuses, "order status", id, func(r *OrderStatus) { edit(r); r.ID = id })
}

// RenameStatus gives an order status a name of its own, as people do in the interface.
func (s *Server) RenameStatus(id int64, name string) error {
	return s.EditStatus(id, func(st *OrderStatus) { st.Name = name })
}

// Pipelines returns the pipelines by id with their statuses, those that are off included.
func (s *Server) Pipelines() []Pipeline { return allRows(s, s.db.pipelines) }

// AddPipeline adds a pipeline. Its statuses without an id get one; without any it gets one that is called «Новий».
func (s *Server) AddPipeline(row Pipeline) (id int64) {
	s.locked(func() {
		c := clone(&row)
		if c.ID == 0 {
			c.ID = s.db.pipelines.next()
		}
		if len(c.Statuses) == 0 {
			c.Statuses = []PipelineStatus{{Title: "Новий", Alias: "new"}}
		}
		s.numberStatuses(&c)
		s.db.pipelines.put(c.ID, &c)
		id = c.ID
	})
	return id
}

// EditPipeline changes a pipeline and its statuses. A status that cards are in cannot be taken away, nor the last one.
func (s *Server) EditPipeline(id int64, edit func(*Pipeline)) (err error) {
	s.locked(func() {
		row := s.pipeline(id)
		if row == nil {
			err = missing("pipeline", id)
			return
		}
		c := clone(row)
		edit(&c)
		c.ID = id
		if err = s.checkStatuses(row, &c); err != nil {
			return
		}
		s.numberStatuses(&c)
		s.db.pipelines.put(id, &c)
	})
	return err
}

func (s *Server) checkStatuses(before, after *Pipeline) error {
	if len(after.Statuses) == 0 {
		return fmt.Errorf("keycrmtest: pipeline %d would have no status", before.ID)
	}
	stays := map[int64]bool{}
	for _, st := range after.Statuses {
		stays[st.ID] = true
	}
	for _, c := range s.db.cards.rows {
		if c.PipelineID == before.ID && !stays[c.StatusID] {
			return fmt.Errorf("keycrmtest: card %d is in pipeline status %d", c.ID, c.StatusID)
		}
	}
	return nil
}

func (s *Server) numberStatuses(p *Pipeline) {
	for i := range p.Statuses {
		st := &p.Statuses[i]
		if st.ID == 0 {
			st.ID = s.nextID(idPipelineStatus)
		}
		if st.Alias == "" {
			st.Alias = st.Title
		}
		if st.Color == "" {
			st.Color = "#ADB5BD"
		}
	}
}

// CustomFields returns the custom fields by id, those that are off included.
func (s *Server) CustomFields() []CustomField { return allRows(s, s.db.fields) }

// AddCustomField adds a custom field; its UUID is made from its model, unless given.
func (s *Server) AddCustomField(row CustomField) (id int64) {
	s.locked(func() {
		c := clone(&row)
		if c.ID == 0 {
			c.ID = s.db.fields.next()
		}
		if c.UUID == "" {
			c.UUID = fmt.Sprintf("%s_%d", fieldPrefix(c.Model), s.nextID(idFieldUUID))
		}
		s.numberOptions(&c)
		s.db.fields.put(c.ID, &c)
		id = c.ID
	})
	return id
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

// EditCustomField changes a custom field and its options, its UUID excepted.
func (s *Server) EditCustomField(id int64, edit func(*CustomField)) error {
	return editRow(s, s.db.fields, "custom field", id, func(f *CustomField) {
		uuid := f.UUID
		edit(f)
		f.ID, f.UUID = id, uuid
		s.numberOptions(f)
	})
}

// SetOptions replaces the options of a select field; those that stay keep their ids.
func (f *CustomField) SetOptions(values ...string) {
	old := f.Options
	f.Options = nil
	for _, v := range values {
		v = strings.TrimSpace(v)
		if v == "" || f.has(v) {
			continue
		}
		o := FieldOption{Value: v}
		if was := findRow(old, func(o *FieldOption) bool { return o.Value == v }); was != nil {
			o.ID = was.ID
		}
		f.Options = append(f.Options, o)
	}
}

func (s *Server) numberOptions(f *CustomField) {
	for i := range f.Options {
		if f.Options[i].ID == 0 {
			f.Options[i].ID = s.nextID(idFieldOption)
		}
	}
}
