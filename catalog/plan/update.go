package plan

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// update plans what a product of the shop lacks to be as the CRM says, within the fields the CRM
// may write.
func update(r Rules, g CRMProduct, f ProductInputs, shop plugin.Product) Plan {
	r = r.WithPins(f.Pins[shop.ID])
	d := Plan{Action: ActUpdate, Product: shop.ID, Seen: shop.Version}
	var l Link
	if f.Link != nil {
		l = *f.Link
	}
	if len(g.Offers) > 1 && !r.Can.Variants && len(shop.Variants) < 2 {
		d.Action = actNone
		d.item(catalog.ItemError, catalog.ReasonVariantsUnknown, nil)
		return d
	}
	updateTexts(r, g, shop, &d)
	updateCategory(r, g, f, shop, &d)
	updateVariants(r, g, f, l, shop, &d)
	restore(r, l, shop, &d)
	updateImages(r, g, l, shop, &d)
	for i := range d.Changes {
		d.Changes[i].Overwrote = overwrites(l, d.Changes[i])
	}
	return d
}

// overwrites reports whether a change takes the place of an edit made in the shop. When both sides
// have changed there is no telling who moved a price or stock: sales and the CRM do it all the time.
func overwrites(l Link, c catalog.Change) bool {
	if c.Old == "" || l.Same {
		return c.Old != ""
	}
	return l.Edited && c.Field != catalog.FieldPrice && c.Field != catalog.FieldStock
}

func updateTexts(r Rules, g CRMProduct, shop plugin.Product, d *Plan) {
	if name := g.Product.Name; name != "" && name != shop.Name && r.Owners.Name.writes(shop.Name == "") {
		d.patch(r.Lang).Name = &name
		d.change("", catalog.FieldName, Cut(shop.Name), Cut(name))
	}
	if g.TooLong {
		d.item(catalog.ItemNote, catalog.ReasonDescriptionLong, nil)
	}
	if html := g.Description; html != "" && html != shop.Description && r.Owners.Description.writes(strings.TrimSpace(shop.Description) == "") {
		d.patch(r.Lang).Description = &html
		d.change("", catalog.FieldDescription, Cut(shop.Description), Cut(html))
	}
	if unit := g.Product.Unit; unit != "" && unit != shop.Unit && r.Owners.Unit.writes(shop.Unit == "") {
		d.patch(r.Lang).Unit = &unit
		d.change("", catalog.FieldUnit, Cut(shop.Unit), Cut(unit))
	}
	if !r.Can.Attributes || !r.Owners.Attributes.writes(len(shop.Attributes) == 0) {
		return
	}
	if all := merged(shop.Attributes, g.Product.Attributes); !slices.Equal(all, shop.Attributes) {
		d.patch(r.Lang).Attributes = &all
		d.change("", catalog.FieldAttributes, Cut(listText(shop.Attributes)), Cut(listText(all)))
	}
}

func updateCategory(r Rules, g CRMProduct, f ProductInputs, shop plugin.Product, d *Plan) {
	if !r.Owners.Category.writes(shop.CategoryID == "") {
		return
	}
	if id := r.Default; id != "" && shop.CategoryID == "" && categoryOf(g, f) == "" {
		d.patch(r.Lang).CategoryID = &id
		d.change("", catalog.FieldCategory, "", f.Names[id])
		return
	}
	if g.Product.CategoryID == "" {
		return
	}
	if f.Category.Pending || f.Category.ID != "" && f.Category.ID != shop.CategoryID {
		d.Category = g.Product.CategoryID
		d.change("", catalog.FieldCategory, f.Names[shop.CategoryID], cmp.Or(f.Category.Name, f.Names[f.Category.ID]))
	}
}

func updateVariants(r Rules, g CRMProduct, f ProductInputs, l Link, shop plugin.Product, d *Plan) {
	p := Pair(r, g.Offers, shop, l.Variants)
	d.Pairs = p.Pairs
	for _, o := range p.unclear {
		d.Open = true
		d.item(catalog.ItemConflict, catalog.ReasonVariantUnclear, catalog.Params{"sku": Cut(o.SKU)})
	}
	variants := variantsOf(shop)
	for _, o := range g.Offers {
		if id, ok := p.Pairs[o.ID]; ok {
			updateVariant(r, g, f, l, o, variants[id], d)
		}
	}
	if !r.Can.Variants && len(p.adds) > 0 {
		// The product stays as large as it is: one of a single variant, or one from before the shop kept each apart.
		d.Open = true
		d.item(catalog.ItemError, catalog.ReasonVariantsUnknown, catalog.Params{"count": strconv.Itoa(len(g.Offers))})
		p.adds = nil
	}
	addVariants(r, g, p.adds, d)
	missingVariants(r, g, l, shop, p, d)
}

func variantsOf(p plugin.Product) map[plugin.VariantID]plugin.Variant {
	out := make(map[plugin.VariantID]plugin.Variant, len(p.Variants))
	for _, v := range p.Variants {
		out[v.ID] = v
	}
	return out
}

// addVariants makes variants for offers the shop does not have. What the merchant wants to look at
// first starts hidden.
func addVariants(r Rules, g CRMProduct, offers []catalog.Offer, d *Plan) {
	for _, o := range offers {
		if r.New == settings.NewSkip {
			d.Open = true
			d.item(catalog.ItemSkip, catalog.ReasonVariantNotAdded, catalog.Params{"sku": Cut(o.SKU)})
			continue
		}
		v := newVariant(r, g, o, d)
		v.Published = r.New == settings.NewPublish
		patch := d.patch(r.Lang)
		patch.AddVariants = append(patch.AddVariants, v)
		d.Adds = append(d.Adds, o.ID)
		d.change("", catalog.FieldVariant, "", Cut(strings.TrimSpace(o.SKU+" "+listText(o.Options))))
	}
}

func updateVariant(r Rules, g CRMProduct, f ProductInputs, l Link, o catalog.Offer, v plugin.Variant, d *Plan) {
	p := plugin.VariantPatch{ID: v.ID}
	changed := false
	set := func(field catalog.Field, old, new string) {
		changed = true
		d.change(v.ID, field, old, new)
	}
	if sku := o.SKU; sku != "" && sku != v.SKU && r.Owners.SKU.writes(v.SKU == "") {
		p.SKU = &sku
		set(catalog.FieldSKU, v.SKU, sku)
	}
	if code := o.Barcode; code != "" && code != v.Barcode && r.Owners.Barcode.writes(v.Barcode == "") {
		p.Barcode = &code
		set(catalog.FieldBarcode, v.Barcode, code)
	}
	changed = setPriceAndStock(r, g, o, v, f.Unsent, &p, d) || changed
	if size := overlaid(v.Size, sizeOf(g, o)); !size.Equal(v.Size) && r.Owners.Size.writes(v.Size.Equal(plugin.Size{})) {
		p.Size = &size
		set(catalog.FieldSize, knownSizeText(v.Size), sizeText(size))
	}
	if opts := o.Options; len(opts) > 0 && !slices.Equal(opts, v.Options) && (l.CreatedHere || len(v.Options) == 0) {
		p.Options = &opts
		set(catalog.FieldOptions, listText(v.Options), listText(opts))
	}
	changed = restoreVariant(l.Variants[o.ID].Missing, v, &p, d) || changed
	if changed {
		patch := d.patch(r.Lang)
		patch.Variants = append(patch.Variants, p)
	}
}

// setPriceAndStock fills what differs of the two into the patch and reports whether anything does.
func setPriceAndStock(r Rules, g CRMProduct, o catalog.Offer, v plugin.Variant, unsent map[plugin.VariantID]decimal.Decimal, p *plugin.VariantPatch, d *Plan) bool {
	if r.Owners.Price.writes(!v.Price.IsSet()) {
		if m := price(r, g, o, d); m.IsSet() && !m.Equal(v.Price) {
			p.Price = &m
			if moved(v.Price, m, r.Limits.PriceMove) {
				d.PriceMoves++
			}
			d.change(v.ID, catalog.FieldPrice, moneyText(v.Price), moneyText(m))
		}
	}
	if r.Can.Stock && !o.StockUnknown && !r.Frozen && r.Owners.Stock.writes(v.Stock == nil) {
		if units := stock(r, o, unsent, v.ID); v.Stock == nil || !units.Equal(*v.Stock) {
			p.Stock = &units
			d.change(v.ID, catalog.FieldStock, stockText(v.Stock), units.String())
			if units.IsZero() && !r.Gone[o.ID] {
				d.SoldOut = append(d.SoldOut, SoldOut{Offer: o.ID, Variant: v.ID, SKU: Cut(v.SKU), Old: stockText(v.Stock), Says: o.Available.String()})
			}
		}
		// Units that the CRM will learn of must be looked at again then.
		d.Open = d.Open || unsent[v.ID].Sign() > 0
	}
	return p.Price != nil || p.Stock != nil
}

// overlaid keeps the shop's parts of a size that the CRM does not know.
func overlaid(shop, crm plugin.Size) plugin.Size {
	return plugin.Size{
		Weight: knownOr(crm.Weight, shop.Weight), Length: knownOr(crm.Length, shop.Length),
		Width: knownOr(crm.Width, shop.Width), Height: knownOr(crm.Height, shop.Height),
	}
}

func updateImages(r Rules, g CRMProduct, l Link, shop plugin.Product, d *Plan) {
	if !r.Can.Images || len(g.Product.Pictures) == 0 {
		return
	}
	if !r.Owners.Images.writes(len(shop.Images) == 0 || l.ImagesOpen) {
		return
	}
	have := sliceutil.Map(shop.Images, func(i plugin.Image) string { return i.SourceURL })
	if !slices.Equal(have, g.Product.Pictures) {
		d.Images = g.Product.Pictures
	}
}

// offersOf lists the offers of links in a fixed order.
func offersOf(links map[string]VariantLink) []string { return slices.Sorted(maps.Keys(links)) }
