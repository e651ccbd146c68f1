package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/golden"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// sides are a product of the CRM and the shop product it is linked to.
type sides struct {
	crm  plan.CRMProduct
	shop plugin.Product
}

// agreeing answers two sides that say the same of everything.
func agreeing() sides {
	units := decimal.NewFromInt(5)
	size := plugin.Size{Weight: decimal.RequireFromString("0.3")}
	material := []plugin.Attribute{{Name: "Матеріал", Value: "льон"}}
	return sides{
		crm: plan.CRMProduct{
			Description: "<p>Текст</p>",
			Product: catalog.Product{
				ID: "501", Name: "Футболка", CategoryID: "11", Currency: "UAH", Unit: "шт", Attributes: material,
				Pictures: []string{"https://cdn.test/1.jpg"},
			},
			Offers: []catalog.Offer{{
				ID: "9001", ProductID: "501", SKU: "TEE", Barcode: "4820", Price: decimal.NewNullDecimal(decimal.NewFromInt(100)),
				Available: units, Size: size,
			}},
		},
		shop: plugin.Product{
			ID: "7", Version: "3", Name: "Футболка", Description: "<p>Текст</p>", CategoryID: "4", Unit: "шт", Published: true,
			Orderable: true, Attributes: material, Images: []plugin.Image{{ID: "i", SourceURL: "https://cdn.test/1.jpg"}},
			Variants: []plugin.Variant{{
				ID: "v1", SKU: "TEE", Barcode: "4820", Price: plugin.NewMoney("100", "UAH"), Stock: &units, Size: size,
				Orderable: true, Published: true,
			}},
		},
	}
}

// crmSays changes a field in the CRM.
func (s *sides) crmSays(f settings.OwnedField) {
	p, o := &s.crm.Product, &s.crm.Offers[0]
	switch f {
	case settings.FieldName:
		p.Name = "Футболка CRM"
	case settings.FieldDescription:
		s.crm.Description = "<p>Текст CRM</p>"
	case settings.FieldImages:
		p.Pictures = []string{"https://cdn.test/2.jpg"}
	case settings.FieldPrice:
		o.Price.Decimal = decimal.NewFromInt(120)
	case settings.FieldStock:
		o.Available = decimal.NewFromInt(9)
	case settings.FieldCategory:
		p.CategoryID = "12"
	case settings.FieldSKU:
		o.SKU = "TEE-CRM"
	case settings.FieldBarcode:
		o.Barcode = "4821"
	case settings.FieldSize:
		o.Size.Weight = decimal.RequireFromString("0.4")
	case settings.FieldUnit:
		p.Unit = "компл"
	case settings.FieldAttributes:
		p.Attributes = []plugin.Attribute{{Name: "Матеріал", Value: "вовна"}}
	}
}

// shopSays changes a field in the shop, or takes away what it holds there.
func (s *sides) shopSays(f settings.OwnedField, empty bool) {
	p, v := &s.shop, &s.shop.Variants[0]
	text := func(to *string, edited string) {
		if *to = edited; empty {
			*to = ""
		}
	}
	switch f {
	case settings.FieldName:
		text(&p.Name, "Моя футболка")
	case settings.FieldDescription:
		text(&p.Description, "<p>Свій</p>")
	case settings.FieldImages:
		if p.Images = []plugin.Image{{ID: "own"}}; empty {
			p.Images = nil
		}
	case settings.FieldPrice:
		if v.Price = plugin.NewMoney("90", "UAH"); empty {
			v.Price = plugin.Money{}
		}
	case settings.FieldStock:
		units := decimal.NewFromInt(2)
		if v.Stock = &units; empty {
			v.Stock = nil
		}
	case settings.FieldCategory:
		if p.CategoryID = "5"; empty {
			p.CategoryID = ""
		}
	case settings.FieldSKU:
		text(&v.SKU, "MY-TEE")
	case settings.FieldBarcode:
		text(&v.Barcode, "1111")
	case settings.FieldSize:
		if v.Size.Weight = decimal.RequireFromString("0.7"); empty {
			v.Size = plugin.Size{}
		}
	case settings.FieldUnit:
		text(&p.Unit, "м")
	case settings.FieldAttributes:
		if p.Attributes = []plugin.Attribute{{Name: "Матеріал", Value: "бавовна"}}; empty {
			p.Attributes = nil
		}
	}
}

func (s *sides) plan(owners settings.Owners, same, edited bool) plan.Plan {
	set := settings.Default().Catalog
	set.Owners = owners
	r := plan.NewRules(set, "uk", "UAH", plugin.AllCapabilities())
	target := map[string]plan.Target{"11": {ID: "4", Name: "Одяг"}, "12": {ID: "6", Name: "Футболки"}}[s.crm.Product.CategoryID]
	return plan.Decide(r, s.crm, plan.ProductInputs{
		Link:  &plan.Link{Variants: map[string]plan.VariantLink{"9001": {Variant: "v1"}}, Same: same, Edited: edited},
		Shop:  &s.shop,
		Names: map[plugin.CategoryID]string{"4": "Одяг", "5": "Взуття", "6": "Футболки"}, Category: target,
	})
}

// Every owner of every field, with an edit on either side, on both, and with nothing in the shop.
func TestOwnersDecideWhoseWordCounts(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, f := range settings.OwnedFields() {
		for _, o := range []settings.Owner{settings.OwnerCRM, settings.OwnerShop, settings.OwnerFill} {
			usual := ""
			if settings.UsualOwner(f) == o {
				usual = " (usual)"
			}
			fmt.Fprintf(&b, "%s: %s%s\n", f, o, usual)
			for _, c := range []struct {
				name             string
				crm, shop, empty bool
			}{
				{"neither", false, false, false},
				{"the CRM", true, false, false},
				{"the shop", false, true, false},
				{"both", true, true, false},
				{"emptied in the shop", false, true, true},
			} {
				s := agreeing()
				if c.crm {
					s.crmSays(f)
				}
				if c.shop {
					s.shopSays(f, c.empty)
				}
				fmt.Fprintf(&b, "  %-20s %s\n", c.name, came(s.plan(settings.Owners{f: o}, !c.crm, c.shop)))
			}
		}
	}
	golden.Equal(t, "testdata/owners.txt", b.String())
}

// came tells in a line what is written.
func came(d plan.Plan) string {
	var parts []string
	for _, c := range d.Changes {
		said := fmt.Sprintf("%s %q → %q", c.Field, c.Old, c.New)
		if c.Overwrote {
			said += ", over the shop's edit"
		}
		parts = append(parts, said)
	}
	if d.Images != nil {
		parts = append(parts, "pictures "+strings.Join(d.Images, " "))
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, "; ")
}
