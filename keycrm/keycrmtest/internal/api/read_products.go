package api

import (
	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
)

const (
	maxPictures      = 6
	maxNewOffers     = 100
	maxProductImport = 100
)

func (s reader) newProduct(f *form.Form) account.NewProduct {
	n := account.NewProduct{Offers: make([]entity.Offer, 1)}
	f.Require("name")
	s.productChange(f, &n.Product)
	readDefaultOffer(f, &n.Offers[0])
	n.Offers[0].Picture = crmsim.First(n.Pictures)
	return n
}

// productChange reads what POST and PUT have in common; an absent member changes nothing.
func (s reader) productChange(f *form.Form, p *entity.Product) {
	if f.Sent("name") {
		f.Require("name")
		p.Name = f.Text("name")
	}
	f.SetText("description", &p.Description)
	f.SetText("currency_code", &p.CurrencyCode)
	f.SetText("unit_type", &p.UnitType)
	if f.Sent("pictures") {
		p.Pictures = f.Texts("pictures")
		f.AtMost("pictures", len(p.Pictures), maxPictures)
	}
	if f.Sent("category_id") {
		p.CategoryID = f.Known("category_id", func(id int64) bool { return s.Catalog.Category(id) != nil })
	}
	if w := f.Amount("weight"); w.Valid {
		p.Weight = w.Decimal
	}
	readSize(f, &p.Size)
	p.CustomFields = merge(p.CustomFields, s.fields(f, "crm_product"))
}

func readSize(f *form.Form, size *entity.Size) {
	f.SetAmount("length", &size.Length)
	f.SetAmount("width", &size.Width)
	f.SetAmount("height", &size.Height)
}

// readDefaultOffer reads the members of a product that are its only offer's.
func readDefaultOffer(f *form.Form, o *entity.Offer) {
	f.SetText("sku", &o.SKU)
	f.SetText("barcode", &o.Barcode)
	readPrices(f, o)
}

func readPrices(f *form.Form, o *entity.Offer) {
	if p := f.Amount("price"); p.Valid {
		o.Price = p.Decimal
	}
	if p := f.Amount("purchased_price"); p.Valid {
		o.PurchasedPrice = p.Decimal
	}
}

func readOfferSize(f *form.Form, o *entity.Offer) {
	f.SetAmount("weight", &o.Weight)
	readSize(f, &o.Size)
}

func readVariant(f *form.Form, o *entity.Offer) {
	f.SetText("sku", &o.SKU)
	f.SetText("barcode", &o.Barcode)
	readPrices(f, o)
	readOfferSize(f, o)
	f.SetText("image_url", &o.Picture)
	for _, p := range f.List("properties") {
		p.Require("name")
		p.Require("value")
		o.Properties = append(o.Properties, entity.Property{Name: p.Text("name"), Value: p.Text("value")})
	}
}

// offersNamed finds what a row of PUT /offers or /offers/stocks means, by id, offer_id or sku.
func (s reader) offersNamed(row *form.Form) []*entity.Offer {
	id := row.ID("id")
	if id == 0 {
		id = row.ID("offer_id")
	}
	sku := row.Text("sku")
	if id != 0 {
		if o := s.Catalog.Offer(id); o != nil {
			return []*entity.Offer{o}
		}
		row.Invalid("id")
		return nil
	}
	found := s.Catalog.OffersBySKU(sku)
	if len(found) == 0 {
		row.Invalid("sku")
	}
	return found
}
