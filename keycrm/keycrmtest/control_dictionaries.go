package keycrmtest

import (
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// dictionaryControl is what people set up under «Налаштування». Add… gives the id (a row that comes with one replaces that
// row) and returns it; Edit… changes a row freely, its id excepted.
type dictionaryControl struct{ account *account.Account }

func all[T any](a *account.Account, d *account.Dictionary[T]) []T {
	rows := read(a, d.Copies)
	slices.Reverse(rows)
	return rows
}

func add[T any](a *account.Account, d *account.Dictionary[T], row T) int64 {
	return read(a, func() int64 { return d.Add(row) })
}

func edited[T any](a *account.Account, d *account.Dictionary[T], id int64, edit func(*T)) error {
	return change(a, func() error { return d.Edit(id, edit) })
}

// Statuses returns the order statuses by id.
func (s dictionaryControl) Statuses() []OrderStatus { return all(s.account, s.account.DB.Statuses) }

// StatusName is the name of an order status, or its number.
func (s dictionaryControl) StatusName(id int64) string {
	if st, ok := found(s.account, s.account.DB.Statuses.Copy, id); ok {
		return st.Name
	}
	return strconv.FormatInt(id, 10)
}

// AddStatus adds an order status. Without an alias it is its name.
func (s dictionaryControl) AddStatus(row OrderStatus) int64 {
	return add(s.account, s.account.DB.Statuses, row)
}

// EditStatus changes an order status.
func (s dictionaryControl) EditStatus(id int64, edit func(*OrderStatus)) error {
	return edited(s.account, s.account.DB.Statuses, id, edit)
}

// RenameStatus gives an order status a name of its own, as people do in the interface.
func (s dictionaryControl) RenameStatus(id int64, name string) error {
	return s.EditStatus(id, func(st *OrderStatus) { st.Name = name })
}

// Sources returns the sources by id, those that are off included.
func (s dictionaryControl) Sources() []Source { return all(s.account, s.account.DB.Sources) }

// AddSource adds a source; without a currency it is UAH.
func (s dictionaryControl) AddSource(row Source) int64 {
	return add(s.account, s.account.DB.Sources, row)
}

// EditSource changes a source.
func (s dictionaryControl) EditSource(id int64, edit func(*Source)) error {
	return edited(s.account, s.account.DB.Sources, id, edit)
}

// PaymentMethods returns the payment methods by id, those that are off included.
func (s dictionaryControl) PaymentMethods() []PaymentMethod {
	return all(s.account, s.account.DB.Methods)
}

// AddPaymentMethod adds a payment method.
func (s dictionaryControl) AddPaymentMethod(row PaymentMethod) int64 {
	return add(s.account, s.account.DB.Methods, row)
}

// EditPaymentMethod changes a payment method.
func (s dictionaryControl) EditPaymentMethod(id int64, edit func(*PaymentMethod)) error {
	return edited(s.account, s.account.DB.Methods, id, edit)
}

// DeliveryServices returns the delivery services by id, those that are off included.
func (s dictionaryControl) DeliveryServices() []DeliveryService {
	return all(s.account, s.account.DB.DeliveryServices)
}

// AddDeliveryService adds a delivery service.
func (s dictionaryControl) AddDeliveryService(row DeliveryService) int64 {
	return add(s.account, s.account.DB.DeliveryServices, row)
}

// EditDeliveryService changes a delivery service.
func (s dictionaryControl) EditDeliveryService(id int64, edit func(*DeliveryService)) error {
	return edited(s.account, s.account.DB.DeliveryServices, id, edit)
}

// Tags returns the tags by id, those that are off included.
func (s dictionaryControl) Tags() []Tag { return all(s.account, s.account.DB.Tags) }

// AddTag adds a tag.
func (s dictionaryControl) AddTag(row Tag) int64 {
	return add(s.account, s.account.DB.Tags, row)
}

// EditTag changes a tag.
func (s dictionaryControl) EditTag(id int64, edit func(*Tag)) error {
	return edited(s.account, s.account.DB.Tags, id, edit)
}

// Users returns the users by id, those that are blocked included.
func (s dictionaryControl) Users() []User { return all(s.account, s.account.DB.Users) }

// AddUser adds a user.
func (s dictionaryControl) AddUser(row User) int64 {
	return add(s.account, s.account.DB.Users, row)
}

// EditUser changes a user.
func (s dictionaryControl) EditUser(id int64, edit func(*User)) error {
	return edited(s.account, s.account.DB.Users, id, edit)
}

// Pipelines returns the pipelines by id with their statuses, those that are off included.
func (s dictionaryControl) Pipelines() []Pipeline { return all(s.account, s.account.DB.Pipelines) }

// AddPipeline adds a pipeline. Its statuses without an id get one; without any it gets one that is called «Новий».
func (s dictionaryControl) AddPipeline(row Pipeline) int64 {
	return add(s.account, s.account.DB.Pipelines, row)
}

// EditPipeline changes a pipeline and its statuses. A status that cards are in cannot be taken away, nor the last one.
func (s dictionaryControl) EditPipeline(id int64, edit func(*Pipeline)) error {
	return edited(s.account, s.account.DB.Pipelines, id, edit)
}

// CustomFields returns the custom fields by id, those that are off included.
func (s dictionaryControl) CustomFields() []CustomField { return all(s.account, s.account.DB.Fields) }

// AddCustomField adds a custom field; its UUID is made from its model, unless given.
func (s dictionaryControl) AddCustomField(row CustomField) int64 {
	return add(s.account, s.account.DB.Fields, row)
}

// EditCustomField changes a custom field and its options, its UUID excepted.
func (s dictionaryControl) EditCustomField(id int64, edit func(*CustomField)) error {
	return edited(s.account, s.account.DB.Fields, id, edit)
}
