package keycrm

import (
	"context"
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// CustomFieldsService reads the definitions of custom fields. They are made in KeyCRM's interface only.
type CustomFieldsService struct{ c *caller }

// Models a custom field can belong to.
const (
	ModelOrder   = "order"
	ModelCard    = "lead"
	ModelBuyer   = "client"
	ModelProduct = "crm_product"
)

// Types of custom fields known today; others may come.
const (
	FieldLink     = "link"
	FieldSelect   = "select"
	FieldSwitcher = "switcher"
	FieldFloat    = "float"
	FieldNumber   = "number"
	FieldTextarea = "textarea"
	FieldText     = "text"
	FieldDate     = "date"
	FieldDateTime = "datetime"
)

// CustomField is a definition.
type CustomField struct {
	ID         int64             `json:"id"`
	Name       string            `json:"name"`
	UUID       string            `json:"uuid"`  // OR_… order, LD_… card, CT_… buyer or product: see Model
	Model      string            `json:"model"` // one of the Model constants
	Type       string            `json:"type"`  // one of the Field constants
	Required   Bool              `json:"required"`
	Position   int64             `json:"position"`
	IsMultiple Bool              `json:"is_multiple"` // select: several options at once
	Options    List[FieldOption] `json:"options"`     // select: only if asked for
}

var customFieldMembers = membersOf[CustomField]()

func (f *CustomField) read(s *jsonscan.Scanner) error { return customFieldMembers.read(s, f) }

// FieldOption is one value a select field offers.
type FieldOption struct {
	ID    int64  `json:"id"`
	Value string `json:"value"`
}

var fieldOptionMembers = membersOf[FieldOption]()

func (o *FieldOption) read(s *jsonscan.Scanner) error { return fieldOptionMembers.read(s, o) }

// CustomFieldQuery narrows the list of definitions.
type CustomFieldQuery struct {
	Model          string // empty: all models
	Sort           Sort
	IncludeOptions bool
}

// List returns all definitions: this list is not paged.
// Source: KeyCRM OpenAPI v1, GET /custom-fields.
func (s *CustomFieldsService) List(ctx context.Context, q CustomFieldQuery) ([]CustomField, error) {
	v := newQuery(1, 0)
	v.v.Del("page")
	v.v.Del("limit")
	v.text("model", q.Model)
	v.sort(q.Sort)
	if q.IncludeOptions {
		include(v, []string{"options"})
	}
	var fields List[CustomField]
	if err := s.c.get(ctx, "custom_fields.list", "custom-fields", v.v, &fields); err != nil {
		return nil, err
	}
	return fields, nil
}

// FieldValue is the value of a custom field, in requests and answers. Requests use UUID and Value alone.
type FieldValue struct {
	ID    int64           `json:"id,omitzero"`
	UUID  string          `json:"uuid"`
	Name  string          `json:"name,omitzero"`
	Type  string          `json:"type,omitzero"`
	Value json.RawMessage `json:"value"` // by type: text, number, bool or a list of option texts
}

var fieldValueMembers = membersOf[FieldValue]()

func (v *FieldValue) read(s *jsonscan.Scanner) error { return fieldValueMembers.read(s, v) }

// Texts returns the value as texts: the options of a select, else one text. Empty for null.
func (v FieldValue) Texts() []string {
	var list Strings
	if len(v.Value) > 0 {
		_ = list.UnmarshalJSON(v.Value)
	}
	return list
}

// On reports whether a switcher is on.
func (v FieldValue) On() bool {
	var on Bool
	_ = on.UnmarshalJSON(v.Value)
	return bool(on)
}

// TextValue fills a text, textarea or link field.
func TextValue(uuid, s string) FieldValue { return fieldValue(uuid, s) }

// SelectValue fills a select field with option texts; KeyCRM wants a list even for one.
func SelectValue(uuid string, options ...string) FieldValue {
	return fieldValue(uuid, append([]string{}, options...))
}

// NumberValue fills a number or float field.
func NumberValue(uuid string, d decimal.Decimal) FieldValue { return fieldValue(uuid, Amount{d}) }

// SwitchValue fills a switcher.
func SwitchValue(uuid string, on bool) FieldValue { return fieldValue(uuid, on) }

// DateValue fills a date field with t's calendar day in t's own zone.
func DateValue(uuid string, t time.Time) FieldValue { return fieldValue(uuid, Date{t}) }

// DateTimeValue fills a datetime field, in UTC.
func DateTimeValue(uuid string, t time.Time) FieldValue { return fieldValue(uuid, DateTime{t}) }

func fieldValue(uuid string, v any) FieldValue {
	b, err := json.Marshal(v)
	if err != nil { // none of the types above can fail
		b = []byte("null")
	}
	return FieldValue{UUID: uuid, Value: b}
}
