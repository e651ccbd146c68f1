package wire

import (
	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Method is a way to pay.
type Method struct {
	ID       *int64  `json:"id"` // null: a name that no method has
	Name     string  `json:"name"`
	Alias    *string `json:"alias"`
	IsActive bool    `json:"is_active"`
}

// NewMethod writes a payment method.
func NewMethod(r *entity.PaymentMethod) Method {
	return Method{&r.ID, r.Name, orNull(r.Alias), r.Active}
}

// methodOf is the method of a payment, which may be a name alone.
func (s *Renderer) methodOf(p *entity.Payment) Method {
	if m := s.DB.Methods.Get(p.MethodID); m != nil {
		return NewMethod(m)
	}
	return Method{idOrNull(p.MethodID), p.Method, nil, false}
}

type paymentJSON struct {
	ID             int64     `json:"id"`
	DestinationID  int64     `json:"destination_id"`
	MethodID       *int64    `json:"payment_method_id"`
	Amount         number    `json:"amount"`
	ActualAmount   number    `json:"actual_amount"`
	SourceCurrency string    `json:"source_currency"`
	ActualCurrency string    `json:"actual_currency"`
	TransactionID  *string   `json:"transaction_uuid"`
	Description    *string   `json:"description"`
	Status         string    `json:"status"`
	FiscalResult   emptyList `json:"fiscal_result"`
	PaymentDate    isoTime   `json:"payment_date"`
	CreatedAt      isoTime   `json:"created_at"`
	UpdatedAt      isoTime   `json:"updated_at"`
}

func (s *Renderer) payments(rows []entity.Payment, owner, source int64) []paymentJSON {
	currency := s.Dictionaries.CurrencyOf(source)
	return crmsim.Map(rows, func(p *entity.Payment) paymentJSON {
		return paymentJSON{
			p.ID, owner, idOrNull(p.MethodID), number(p.Amount), number(p.Amount), currency, currency, nil, orNull(p.Description),
			p.Status,
			emptyList{},
			isoTime(p.PaidAt), isoTime(p.CreatedAt), isoTime(p.UpdatedAt),
		}
	})
}

// OnePayment is the answer to POST and PUT of a payment: it has the method and no id.
type OnePayment struct {
	MethodID    *int64    `json:"payment_method_id"`
	Method      Method    `json:"payment_method"`
	Amount      number    `json:"amount"`
	Description *string   `json:"description"`
	PaymentDate plainTime `json:"payment_date"`
	Status      string    `json:"status"`
	CreatedAt   isoTime   `json:"created_at"`
	UpdatedAt   isoTime   `json:"updated_at"`
}

// OnePayment writes a payment alone.
func (s *Renderer) OnePayment(p *entity.Payment) OnePayment {
	return OnePayment{
		idOrNull(p.MethodID), s.methodOf(p), number(p.Amount), orNull(p.Description), plainTime(p.PaidAt),
		p.Status, isoTime(p.CreatedAt), isoTime(p.UpdatedAt),
	}
}
