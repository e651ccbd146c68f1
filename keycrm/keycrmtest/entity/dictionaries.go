package entity

import (
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
)

// SetOptions replaces the options of a select field; those that stay keep their ids.
func (f *CustomField) SetOptions(values ...string) {
	old := f.Options
	f.Options = nil
	for _, v := range values {
		v = strings.TrimSpace(v)
		if v == "" || f.Has(v) {
			continue
		}
		o := FieldOption{Value: v}
		if was := crmsim.Find(old, func(o *FieldOption) bool { return o.Value == v }); was != nil {
			o.ID = was.ID
		}
		f.Options = append(f.Options, o)
	}
}

// ExpenseType is a row of the expense type dictionary; untouched ones carry their translation key as a name.
type ExpenseType struct {
	ID          int64
	Name, Alias string
	ByOrder     bool
}

// OrderStatus is a row of the order status dictionary. It stays in the list while it is not Active.
type OrderStatus struct {
	ID               int64
	Name             string // equals Alias for a status nobody has renamed
	Alias            string
	Active           bool
	GroupID          int64 // 1 new, 2 agreement, 3 production, 4 delivery, 5 completed, 6 cancelled
	Closing          bool
	BuiltIn          bool
	ExpirationPeriod int64 // seconds; 0: none
}

// Source is where orders come from. KeyCRM has no field that says a source is off: one that is not Active leaves the
// list, and new orders and cards that name it are refused.
type Source struct {
	ID       int64
	Name     string
	Alias    string
	Currency string // of its orders, ISO
	Active   bool
}

// PaymentMethod is a way to pay. It stays in the list while it is not Active.
type PaymentMethod struct {
	ID     int64
	Name   string
	Alias  string
	Active bool
}

// DeliveryService is a way to deliver; one that is not Active leaves the list and is refused.
type DeliveryService struct {
	ID         int64
	Name       string
	SourceName string // such as "novaposhta"; empty for one of the shop's own
	Alias      string
	Active     bool
}

// Tag marks orders; one that is not Active leaves the list and is refused.
type Tag struct {
	ID     int64
	Name   string
	Alias  string
	Color  string // #RRGGBB
	Active bool
}

// User is a person of the account. It stays in the list, as blocked, while it is not Active.
type User struct {
	ID          int64
	First, Last string
	Username    string
	Email       string
	RoleID      int64
	Active      bool
}

// FullName is both names.
func (u *User) FullName() string { return u.First + " " + u.Last }

// Pipeline is a board of cards; one that is not Active leaves the list and takes no new cards.
type Pipeline struct {
	ID          int64
	Name        string
	UsePayments bool
	Active      bool
	Statuses    []PipelineStatus // in order; a new card lands in the first
}

// PipelineStatus is a column of a pipeline.
type PipelineStatus struct {
	ID    int64 // unique over all pipelines
	Title string
	Alias string
	Color string // #RRGGBB
	Final bool
}

// CustomField is a field people have added; one that is not Active leaves the list and is refused, and what it holds
// stays.
type CustomField struct {
	ID       int64
	Name     string
	UUID     string // OR_… for orders, LD_… for cards, CT_… for buyers and products; given by AddCustomField
	Model    string // "order", "lead", "client" or "crm_product"
	Type     string // "text", "textarea", "link", "number", "float", "date", "datetime", "switcher" or "select"
	Multiple bool
	Active   bool
	Options  []FieldOption // of a select
}

// FieldOption is a choice of a select field; requests name it by its Value.
type FieldOption struct {
	ID    int64
	Value string
}

// Has reports whether a select has the option.
func (f *CustomField) Has(value string) bool {
	return crmsim.Find(f.Options, func(o *FieldOption) bool { return o.Value == value }) != nil
}
