package catalog

import (
	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Scrubbed is the product with texts that Postgres can store: valid UTF-8 without zero bytes.
func (p Product) Scrubbed() Product {
	for _, s := range []*string{&p.Name, &p.Description, &p.Currency, &p.Unit} {
		*s = safehtml.Text(*s)
	}
	p.Pictures, p.Attributes, p.Own = sliceutil.Map(p.Pictures, safehtml.Text), scrubbedList(p.Attributes), p.Own.Scrubbed()
	return p
}

// Scrubbed is the offer with texts that Postgres can store.
func (o Offer) Scrubbed() Offer {
	o.SKU, o.Barcode, o.Options = safehtml.Text(o.SKU), safehtml.Text(o.Barcode), scrubbedList(o.Options)
	return o
}

func scrubbedList(list []plugin.Attribute) []plugin.Attribute {
	return sliceutil.Map(list, func(a plugin.Attribute) plugin.Attribute {
		return plugin.Attribute{Name: safehtml.Text(a.Name), Value: safehtml.Text(a.Value)}
	})
}
