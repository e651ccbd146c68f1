package keycrmtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// What people set up under «Налаштування». Add… gives the id (a row that comes with one replaces that row) and returns
// it; Edit… changes a row freely, its id excepted.

// entry is a row of a dictionary that knows where its id is.
type entry[T any] interface {
	*T
	key() *int64
}

// addRow keeps a copy of row, after prepare (nil: nothing to do) has completed it.
func addRow[T any, P entry[T]](s *Server, t *table[T], row T, prepare func(*T)) (given int64) {
	s.locked(func() {
		c := clone(&row)
		id := P(&c).key()
		if *id == 0 {
			*id = t.next()
		}
		if prepare != nil {
			prepare(&c)
		}
		given = *id
		t.put(given, &c)
	})
	return given
}

func editRow[T any, P entry[T]](s *Server, t *table[T], what string, id int64, edit func(*T)) (err error) {
	s.locked(func() {
		row := t.rows[id]
		if row == nil {
			err = missing(what, id)
			return
		}
		c := clone(row)
		edit(&c)
		*P(&c).key() = id
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
	return addRow(s, s.db.sources, row, func(c *Source) { c.Currency = cmp.Or(c.Currency, "UAH") })
}

// EditSource changes a source.
func (s *Server) EditSource(id int64, edit func(*Source)) error {
	return editRow(s, s.db.sources, "source", id, edit)
}

// PaymentMethods returns the payment methods by id, those that are off included.
func (s *Server) PaymentMethods() []PaymentMethod { return allRows(s, s.db.methods) }

// AddPaymentMethod adds a payment method.
func (s *Server) AddPaymentMethod(row PaymentMethod) int64 {
	return addRow(s, s.db.methods, row, nil)
}

// EditPaymentMethod changes a payment method.
func (s *Server) EditPaymentMethod(id int64, edit func(*PaymentMethod)) error {
	return editRow(s, s.db.methods, "payment method", id, edit)
}

// DeliveryServices returns the delivery services by id, those that are off included.
func (s *Server) DeliveryServices() []DeliveryService { return allRows(s, s.db.deliveryServices) }

// AddDeliveryService adds a delivery service.
func (s *Server) AddDeliveryService(row DeliveryService) int64 {
	return addRow(s, s.db.deliveryServices, row, nil)
}

// EditDeliveryService changes a delivery service.
func (s *Server) EditDeliveryService(id int64, edit func(*DeliveryService)) error {
	return editRow(s, s.db.deliveryServices, "delivery service", id, edit)
}

// Tags returns the tags by id, those that are off included.
func (s *Server) Tags() []Tag { return allRows(s, s.db.tags) }

// AddTag adds a tag.
func (s *Server) AddTag(row Tag) int64 {
	return addRow(s, s.db.tags, row, nil)
}

// EditTag changes a tag.
func (s *Server) EditTag(id int64, edit func(*Tag)) error {
	return editRow(s, s.db.tags, "tag", id, edit)
}

// Users returns the users by id, those that are blocked included.
func (s *Server) Users() []User { return allRows(s, s.db.users) }

// AddUser adds a user.
func (s *Server) AddUser(row User) int64 {
	return addRow(s, s.db.users, row, nil)
}

// EditUser changes a user.
func (s *Server) EditUser(id int64, edit func(*User)) error {
	return editRow(s, s.db.users, "user", id, edit)
}

// AddStatus adds an order status. Without an alias it is its name.
func (s *Server) AddStatus(row OrderStatus) int64 {
	return addRow(s, s.db.statuses, row, func(c *OrderStatus) { c.Alias = cmp.Or(c.Alias, c.Name) })
}

// EditStatus changes an order status.
func (s *Server) EditStatus(id int64, edit func(*OrderStatus)) error {
	return editRow(s, s.db.statuses, "order status", id, edit)
}

// RenameStatus gives an order status a name of its own, as people do in the interface.
func (s *Server) RenameStatus(id int64, name string) error {
	return s.EditStatus(id, func(st *OrderStatus) { st.Name = name })
}

// Pipelines returns the pipelines by id with their statuses, those that are off included.
func (s *Server) Pipelines() []Pipeline { return allRows(s, s.db.pipelines) }

// AddPipeline adds a pipeline. Its statuses without an id get one; without any it gets one that is called «Новий».
func (s *Server) AddPipeline(row Pipeline) int64 {
	return addRow(s, s.db.pipelines, row, func(c *Pipeline) {
		if len(c.Statuses) == 0 {
			c.Statuses = []PipelineStatus{{Title: "Новий", Alias: "new"}}
		}
		s.numberStatuses(c)
	})
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
func (s *Server) AddCustomField(row CustomField) int64 {
	return addRow(s, s.db.fields, row, func(c *CustomField) {
		if c.UUID == "" {
			c.UUID = fmt.Sprintf("%s_%d", fieldPrefix(c.Model), s.nextID(idFieldUUID))
		}
		s.numberOptions(c)
	})
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
		f.UUID = uuid
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
