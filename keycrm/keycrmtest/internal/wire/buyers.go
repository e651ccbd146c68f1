package wire

import (
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

type buyerAddressJSON struct {
	Address           *string `json:"address"`
	AdditionalAddress *string `json:"additional_address"`
	City              *string `json:"city"`
	Region            *string `json:"region"`
	ZipCode           *string `json:"zip_code"`
	Country           *string `json:"country"`
	RecipientFullName *string `json:"recipient_full_name"`
	RecipientPhone    *string `json:"recipient_phone"`
	WarehouseRef      *string `json:"warehouse_ref"`
}

func renderAddress(a *entity.Address) buyerAddressJSON {
	return buyerAddressJSON{
		orNull(a.Address), orNull(a.Additional), orNull(a.City), orNull(a.Region), orNull(a.Zip), orNull(a.Country),
		orNull(a.RecipientFullName), orNull(a.RecipientPhone), orNull(a.WarehouseRef),
	}
}

// Buyer is a customer card.
type Buyer struct {
	ID           int64    `json:"id"`
	FullName     string   `json:"full_name"`
	Birthday     *string  `json:"birthday"`
	Email        []string `json:"email"` // null without any
	Phone        []string `json:"phone"`
	Note         *string  `json:"note"`
	CreatedAt    isoTime  `json:"created_at"`
	UpdatedAt    isoTime  `json:"updated_at"`
	Manager      part     `json:"manager,omitzero"`
	Company      part     `json:"company,omitzero"`
	Shipping     part     `json:"shipping,omitzero"`
	Loyalty      part     `json:"loyalty,omitzero"`
	CustomFields part     `json:"custom_fields,omitzero"`
}

type bareFieldJSON struct {
	UUID  string `json:"uuid"`
	Value any    `json:"value"`
}

// Buyer writes a customer card with the parts that in names.
func (s *Renderer) Buyer(b *entity.Buyer, in map[string]bool) Buyer {
	addresses := crmsim.Map(b.Addresses, renderAddress)
	bare := crmsim.Map(b.CustomFields, func(v *entity.FieldValue) bareFieldJSON { return bareFieldJSON{v.UUID, v.Value} })
	return Buyer{
		ID: b.ID, FullName: b.FullName, Email: b.Emails, Phone: b.Phones, Note: orNull(b.Note), Birthday: orNull(b.Birthday),
		CreatedAt: isoTime(b.CreatedAt), UpdatedAt: isoTime(b.UpdatedAt), Shipping: with(in["shipping"], addresses),
		Manager: with(in["manager"], s.manager(b.ManagerID)), Company: with(in["company"], nil),
		Loyalty: with(in["loyalty"], emptyList{}), CustomFields: with(in["custom_fields"], bare),
	}
}

// orderBuyerJSON is the buyer inside an order: phone and e-mail are plain texts here.
type orderBuyerJSON struct {
	ID            int64   `json:"id"`
	CompanyID     *int64  `json:"company_id"`
	FullName      string  `json:"full_name"`
	Birthday      *string `json:"birthday"`
	Phone         *string `json:"phone"`
	Email         *string `json:"email"`
	Note          *string `json:"note"`
	Picture       *string `json:"picture"`
	Image         *string `json:"image"`
	OrdersSum     string  `json:"orders_sum"`
	Discount      int     `json:"discount"`
	Currency      string  `json:"currency"`
	OrdersCount   int     `json:"orders_count"`
	HasDuplicates int     `json:"has_duplicates"`
	ManagerID     *int64  `json:"manager_id"`
	DeletedAt     *string `json:"deleted_at"`
	CreatedAt     isoTime `json:"created_at"`
	UpdatedAt     isoTime `json:"updated_at"`
}

// OrderBuyer counts the buyer's orders but for the one that is just being made.
func (s *Renderer) orderBuyer(id, fresh int64) *orderBuyerJSON {
	b := s.DB.Buyers.Get(id)
	if b == nil {
		return nil
	}
	out := &orderBuyerJSON{
		ID: b.ID, FullName: b.FullName, Phone: firstOrNull(b.Phones), Email: firstOrNull(b.Emails), Note: orNull(b.Note),
		Currency: "UAH", CreatedAt: isoTime(b.CreatedAt), UpdatedAt: isoTime(b.UpdatedAt),
	}
	var sum decimal.Decimal
	for _, o := range s.DB.Orders.All() {
		if o.BuyerID == id && o.ID != fresh {
			out.OrdersCount++
			sum = sum.Add(o.GrandTotal())
		}
	}
	out.OrdersSum = sum.StringFixed(2)
	if b.HasDuplicates {
		out.HasDuplicates = 1
	}
	return out
}
