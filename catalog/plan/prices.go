package plan

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// PriceStock is the price and stock of a linked variant as the CRM says.
type PriceStock struct {
	Offer    catalog.Offer
	CRM      string // the offer's product
	Product  plugin.ProductID
	Variant  plugin.VariantID
	Hash     []byte
	ReadAt   time.Time
	Currency string         // of the product's prices
	Version  plugin.Version // of the product when it was last written
	Made     bool           // we created the product
	Same     bool           // price and stock are as when they were last in order
}

// PriceBatch is what the planning of some prices came to.
type PriceBatch struct {
	Products  int
	Unchanged int // products
	Plans     []Planned
	InSync    []SyncedPrice // variants whose price and stock are in order
	Items     []catalog.Item
}

// SeenVersion is a product's version before and after our write.
type SeenVersion struct{ Before, After plugin.Version }

// DecidePrices plans price and stock of one product, from all quotes of its variants.
func DecidePrices(r Rules, quotes []PriceStock, p plugin.Product, unsent map[plugin.VariantID]decimal.Decimal) Plan {
	d := Plan{Action: ActUpdate, Product: p.ID, Name: p.Name, Seen: p.Version}
	d.ReadAt, d.Foreign = quotes[0].ReadAt, !quotes[0].Made
	alike, alien := false, false // SKUs are those of the shop
	variants := variantsOf(p)
	for _, q := range quotes {
		v, there := variants[q.Variant]
		if !there {
			continue
		}
		if q.ReadAt.Before(d.ReadAt) {
			d.ReadAt = q.ReadAt
		}
		told, ours := q.Offer.SKU, strings.TrimSpace(v.SKU)
		if r.Owners.SKU.writes(false) && told != "" && ours != "" { // elsewhere the merchant's SKUs may be others
			alike, alien = alike || told == ours, alien || told != ours
		}
		decidePrice(r, q, p, v, unsent, &d)
	}
	d.Replaced = alien && !alike
	return d
}

func decidePrice(r Rules, q PriceStock, p plugin.Product, v plugin.Variant, unsent map[plugin.VariantID]decimal.Decimal, d *Plan) {
	g := CRMProduct{Product: catalog.Product{ID: q.CRM, Name: p.Name, Currency: q.Currency}}
	patch, from := plugin.VariantPatch{ID: v.ID}, len(d.Items)
	d.Open = false
	o := q.Offer
	o.SKU = v.SKU // a price run leaves it alone
	changes := len(d.Changes)
	if setPriceAndStock(r, g, o, v, unsent, &patch, d) {
		all := d.patch("")
		all.Variants = append(all.Variants, patch)
	}
	for i := range d.Changes[changes:] {
		d.Changes[changes+i].Overwrote = q.Same && d.Changes[changes+i].Old != ""
	}
	for i := range d.Items[from:] {
		d.Items[from+i].CRMID, d.Items[from+i].Name = q.CRM, p.Name
	}
	done := SyncedPrice{Offer: q.Offer.ID, Variant: v.ID, Hash: q.Hash, ReadAt: q.ReadAt}
	if d.Open {
		done.Hash = nil
	}
	d.Quoted = append(d.Quoted, done)
}

// Add sorts the plan of a product of the CRM into the batch.
func (b *PriceBatch) Add(d Plan, crm string) {
	b.Items = append(b.Items, d.Items...)
	d.Items = nil
	if d.Empty() {
		b.Unchanged++
		b.InSync = append(b.InSync, d.Quoted...)
		return
	}
	b.Plans = append(b.Plans, Planned{CRM: crm, Plan: d})
}
