package plan

import (
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Decide plans one live product of the CRM. Once the plan is written, deciding again finds nothing to write
// (idempotent).
func Decide(r Rules, g CRMProduct, f ProductInputs) Plan {
	if f.Link != nil && f.Rematch {
		return decideRematch(r, g, f)
	}
	if f.Link != nil {
		return decideLinked(r, g, f)
	}
	found, none := match(r, g, f)
	switch {
	case none != nil:
		return *none
	case found != nil:
		return decideMatched(r, g, f, *found)
	}
	return create(r, g, f)
}

// decideLinked plans a product that was linked before.
func decideLinked(r Rules, g CRMProduct, f ProductInputs) Plan {
	if !r.Updates() {
		d := Plan{Action: actNone, Product: f.Shop.ID}
		d.item(catalog.ItemSkip, catalog.ReasonNotUpdated, nil)
		return d
	}
	return update(r, g, f, *f.Shop)
}

// decideMatched plans a product that the key has just found.
func decideMatched(r Rules, g CRMProduct, f ProductInputs, shop plugin.Product) Plan {
	if r.Updates() {
		d := update(r, g, f, shop)
		d.Joins = d.Action != actNone
		d.SoldOut = nil // what was never ours is asked about otherwise
		return d
	}
	d := Plan{Action: ActLink, Product: shop.ID, Seen: shop.Version, Links: Links{Joins: true}}
	d.Pairs = Pair(r, g.Offers, shop, nil).Pairs
	d.item(catalog.ItemSkip, catalog.ReasonNotUpdated, nil)
	return d
}

// create plans a product that the shop does not have.
func create(r Rules, g CRMProduct, f ProductInputs) Plan {
	d := Plan{Action: actNone}
	switch {
	case r.New == settings.NewSkip:
		d.item(catalog.ItemSkip, catalog.ReasonNotCreated, nil)
		return d
	case g.Product.Name == "":
		d.item(catalog.ItemError, catalog.ReasonNoName, nil)
		return d
	case len(g.Offers) == 0:
		d.item(catalog.ItemSkip, catalog.ReasonNoOffers, nil)
		return d
	case len(g.Offers) > 1 && !r.Can.Variants:
		d.item(catalog.ItemError, catalog.ReasonVariantsUnknown, catalog.Params{"count": strconv.Itoa(len(g.Offers))})
		return d
	}
	d.Action = ActCreate
	d.New = newProduct(r, g, &d)
	if r.Can.Categories || f.Category.ID != "" {
		d.Category = categoryOf(g, f)
	}
	if d.Category == "" {
		d.New.CategoryID = r.Default
	}
	if r.Can.Images {
		d.Images = g.Product.Pictures
	}
	d.change("", catalog.FieldCreated, "", Cut(g.Product.Name))
	return d
}

func newProduct(r Rules, g CRMProduct, d *Plan) *plugin.NewProduct {
	p := &plugin.NewProduct{
		Lang: r.Lang, ExternalID: g.Product.ID, Name: g.Product.Name, Description: g.Description,
		Orderable: true, Unit: g.Product.Unit,
	}
	if g.TooLong {
		d.item(catalog.ItemNote, catalog.ReasonDescriptionLong, nil)
	}
	if r.Can.Attributes {
		p.Attributes = g.Product.Attributes
	}
	priced := false
	for _, o := range g.Offers {
		v := newVariant(r, g, o, d)
		priced = priced || v.Price.IsSet()
		p.Variants = append(p.Variants, v)
		d.Adds = append(d.Adds, o.ID)
	}
	// What has no price at all cannot be sold, so buyers do not see it before a person has looked.
	p.Published = r.New == settings.NewPublish && priced
	return p
}

func newVariant(r Rules, g CRMProduct, o catalog.Offer, d *Plan) plugin.NewVariant {
	v := plugin.NewVariant{
		SKU: o.SKU, Barcode: o.Barcode, Price: price(r, g, o, d), Orderable: true, Published: true,
		Size: sizeOf(g, o), Options: o.Options,
	}
	if r.Can.Stock {
		units := stock(r, o, nil, "")
		if o.StockUnknown || r.Frozen { // nothing is for sale before it is known to be there
			units, d.Open = decimal.Zero, true
		}
		v.Stock = &units
	}
	return v
}

// categoryOf is the CRM category to write, when the shop has or will have it.
func categoryOf(g CRMProduct, f ProductInputs) string {
	if f.Category.ID == "" && !f.Category.Pending {
		return ""
	}
	return g.Product.CategoryID
}
