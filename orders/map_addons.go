package orders

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// addOns fills custom fields, and makes a line without SKU of what costs something: money is never
// left out, not even by «Не передавати».
func (m *mapper) addOns() {
	for _, a := range m.Order.AddOns {
		name := cut(tidy(a.Name), maxName)
		if name == "" {
			name = a.Code
		}
		if !a.Price.Mul(a.Quantity).IsZero() {
			m.d.Lines = append(m.d.Lines, Line{Name: name, Price: a.Price, Quantity: a.Quantity})
		}
		choice := m.Settings.AddOns[a.Code]
		switch {
		case choice.Skip:
		case choice.Code == "":
			m.block(ReasonUnmappedAddOn, Params{"add_on": a.Code})
		default:
			m.field(choice.Code, name, a)
		}
	}
}

// field gives the chosen add-on to its custom field. A value the field cannot take is told in words.
func (m *mapper) field(code, name string, a plugin.OrderAddOn) {
	kind, ok := m.CRM.Fields[code]
	if !ok {
		m.block(ReasonFieldGone, Params{"field": code})
		return
	}
	value := cut(tidy(a.Value), maxComment)
	f, fits := fieldOf(code, kind, name, value)
	if !fits || m.hasField(code) && kind != FieldSwitch {
		m.wrote(name, orElse(value, "так"))
		return
	}
	if kind == FieldSwitch && value != "" {
		m.wrote(name, value)
	}
	if !m.hasField(code) {
		m.d.Fields = append(m.d.Fields, f)
	}
}

func (m *mapper) hasField(code string) bool {
	for _, f := range m.d.Fields {
		if f.Code == code {
			return true
		}
	}
	return false
}

func fieldOf(code string, kind FieldKind, name, value string) (f Field, fits bool) {
	f = Field{Code: code, Kind: kind, Text: value}
	switch kind {
	case FieldSwitch:
		f.On, f.Text = true, ""
		return f, true
	case FieldNumber:
		_, err := decimal.NewFromString(value)
		return f, err == nil
	case FieldDate:
		_, err := time.Parse(time.DateOnly, value)
		return f, err == nil
	case FieldDateTime:
		_, err := time.Parse(time.RFC3339, value)
		return f, err == nil
	case FieldText, FieldSelect:
	}
	f.Text = orElse(value, name)
	return f, true
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
