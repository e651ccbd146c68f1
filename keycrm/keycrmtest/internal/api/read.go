package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
)

// reader makes rows of what requests send, and complains in their forms.
type reader struct{ *account.Account }

// payment reads a new payment; status is what it has unless said otherwise.
func (s reader) payment(f *form.Form, status string) entity.Payment {
	p := entity.Payment{Status: status, CreatedAt: s.Stamp(), UpdatedAt: s.Stamp()}
	p.MethodID = f.Known("payment_method_id", s.DB.Methods.Has)
	if name := f.Text("payment_method"); p.MethodID == 0 && name != "" {
		s.methodName(f, name, &p)
	}
	if p.MethodID == 0 && p.Method == "" && f.Answer() == nil {
		f.Fail("payment_method_id", "The %s field is required.", f.Words("payment_method_id"))
	}
	f.Require("amount")
	p.Amount = f.Amount("amount").Decimal
	p.Description = f.Text("description")
	p.PaidAt = f.Moment("payment_date")
	if given := f.Text("status"); given != "" {
		p.Status = given
	}
	if !slices.Contains([]string{"paid", "not_paid", "canceled"}, p.Status) {
		f.Invalid("status")
	}
	return p
}

// methodName takes a name instead of an id; one that no method has stays with the payment as a text.
func (s reader) methodName(f *form.Form, name string, p *entity.Payment) {
	switch m := s.Dictionaries.MethodByName(name); {
	case m != nil:
		p.MethodID = m.ID
	case s.Otherwise(account.GuessPaymentMethod):
		f.Invalid("payment_method")
	default:
		p.Method = name
	}
}

func (s reader) changePayment(f *form.Form, rows []entity.Payment, id int64) *entity.Payment {
	p := crmsim.Find(rows, func(p *entity.Payment) bool { return p.ID == id })
	if p == nil {
		return nil
	}
	f.SetText("description", &p.Description)
	if given := f.Text("status"); given != "" {
		p.Status = given
	}
	if !slices.Contains([]string{"paid", "not_paid", "canceled"}, p.Status) {
		f.Invalid("status")
	}
	p.UpdatedAt = s.Stamp()
	return p
}

// fields reads custom_fields of the model: a known uuid, and for a select options that exist, given as a list.
func (s reader) fields(f *form.Form, model string) []entity.FieldValue {
	var out []entity.FieldValue
	for _, item := range f.List("custom_fields") {
		uuid := item.Text("uuid")
		raw, has := item.Raw("value")
		def := s.Dictionaries.FieldByUUID(uuid)
		if def == nil || !def.Active || def.Model != model {
			item.Invalid("uuid")
			continue
		}
		if !has {
			out = append(out, entity.FieldValue{UUID: uuid, Value: nil})
			continue
		}
		if v := fieldValue(item, def, raw); v != nil {
			out = append(out, entity.FieldValue{UUID: uuid, Value: v})
		}
	}
	return out
}

func fieldValue(f *form.Form, def *entity.CustomField, raw json.RawMessage) json.RawMessage {
	switch def.Type {
	case "select":
		var options []string
		if json.Unmarshal(raw, &options) != nil {
			f.Fail("value", "The %s must be an array.", f.Words("value"))
			return nil
		}
		for _, o := range options {
			if !def.Has(o) {
				f.Invalid("value")
			}
		}
	case "switcher":
		on, ok := form.Truth(raw)
		if !ok {
			f.Fail("value", "The %s field must be true or false.", f.Words("value"))
			return nil
		}
		return json.RawMessage(strconv.FormatBool(on))
	case "number", "float":
		if !f.Amount("value").Valid {
			return nil
		}
		return json.RawMessage(strings.Trim(string(raw), `"`))
	case "date", "datetime":
		f.Moment("value")
	default:
		f.Text("value")
	}
	return raw
}

// merge puts the values over those that are there; a null value takes the field away.
func merge(old, fresh []entity.FieldValue) []entity.FieldValue {
	for _, v := range fresh {
		kept := old[:0:0]
		for _, o := range old {
			if o.UUID != v.UUID {
				kept = append(kept, o)
			}
		}
		if old = kept; v.Value != nil {
			old = append(old, v)
		}
	}
	return old
}

// source takes a source_name where there is no source_id. It is not documented: strict mode counts it as unknown.
func (s reader) source(f *form.Form) int64 {
	var name string
	_ = json.Unmarshal(f.Peek("source_name"), &name) // absent, or no text: no name
	if _, sent := f.Raw("source_id"); !sent && name != "" && !s.Otherwise(account.GuessSourceName) {
		if id := s.Dictionaries.SourceNamed(name); id != 0 {
			return id
		}
	}
	f.Require("source_id")
	return f.Known("source_id", s.Dictionaries.AcceptsSource)
}

// tieNew ties a new line to the catalog, which also gives the price that the request left out.
func (s reader) tieNew(f *form.Form, l *entity.Line) {
	if l.SKU == "" && l.Name == "" {
		f.Fail("name", "The %s field is required when sku is not present.", f.Words("name"))
	}
	price := f.Amount("price")
	l.Price = price.Decimal
	if o := s.Orders.Tie(l); o != nil && !price.Valid {
		l.Price = o.Price
	}
}
