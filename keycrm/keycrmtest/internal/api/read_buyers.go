package api

import (
	"strings"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
)

// buyer reads what POST and PUT have in common; full_name is required in both.
func (s reader) buyer(f *form.Form, b *entity.Buyer) {
	f.Require("full_name")
	b.FullName = f.Text("full_name")
	f.SetText("note", &b.Note)
	if f.Sent("birthday") {
		f.Moment("birthday")
		b.Birthday, _, _ = strings.Cut(f.Text("birthday"), " ")
	}
	if f.Sent("email") {
		b.Emails = f.Texts("email")
	}
	if f.Sent("phone") {
		b.Phones = s.Buyers.PhonesOf(f.Texts("phone"))
	}
	f.SetAmount("discount", &b.Discount)
	f.Known("company_id", func(int64) bool { return false }) // the account has no companies
	if id := f.Known("manager_id", s.DB.Users.Has); id != 0 {
		b.ManagerID = id
	}
	if f.Sent("shipping") {
		b.Addresses = nil
		for _, row := range f.List("shipping") {
			b.Addresses = append(b.Addresses, s.address(row))
		}
	}
	b.CustomFields = merge(b.CustomFields, s.fields(f, "client"))
}

func (s reader) address(f *form.Form) entity.Address {
	f.Text("shipping_service")
	return entity.Address{
		Address: f.Text("address"), Additional: f.Text("additional_address"), City: f.Text("city"), Region: f.Text("region"), Zip: f.Text("zip_code"), Country: f.Text("country"),
		RecipientFullName: f.Text("recipient_full_name"), RecipientPhone: s.Buyers.PhoneOf(f.Text("recipient_phone")), WarehouseRef: f.Text("warehouse_ref"),
	}
}
