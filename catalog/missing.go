package catalog

import (
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// decideMissing plans a linked product that the CRM no longer has.
func decideMissing(r rules, l link, shop plugin.Product) decision {
	d := decision{Action: actNone, Product: shop.ID, Seen: shop.Version}
	if l.Missing != "" {
		return d
	}
	switch r.Missing {
	case settings.MissingHide:
		d.Action, d.Missing = actMissing, missingAlready
		if shop.Published {
			d.Missing = missingHidden
			d.patch(r.Lang).Published = new(bool)
			d.change("", FieldPublished, boolText(true), boolText(false))
		}
	case settings.MissingUnavailable:
		d.Action, d.Missing = actMissing, missingAlready
		if shop.Orderable {
			d.Missing = missingUnavailable
			d.patch(r.Lang).Orderable = new(bool)
			d.change("", FieldOrderable, boolText(true), boolText(false))
		}
	}
	return d
}

// missingVariants treats variants whose offers are gone as the merchant chose for products.
func missingVariants(r rules, g goods, l link, shop plugin.Product, p pairing, d *decision) {
	taken := map[plugin.VariantID]bool{}
	for _, id := range p.pairs {
		taken[id] = true
	}
	live, variants := setOf(each(g.Offers, func(o Offer) string { return o.ID })), variantsOf(shop)
	for _, offer := range offersOf(l.Variants) {
		gone := l.Variants[offer]
		v, there := variants[gone.Variant]
		if live[offer] || !there || gone.Missing != "" || taken[gone.Variant] {
			continue
		}
		missingVariant(r, offer, v, d)
	}
}

func missingVariant(r rules, offer string, v plugin.Variant, d *decision) {
	note := missingAlready
	p := plugin.VariantPatch{ID: v.ID}
	switch {
	case r.Missing == settings.MissingHide && v.Published:
		note, p.Published = missingHidden, new(bool)
		d.change(v.ID, FieldPublished, boolText(true), boolText(false))
	case r.Missing == settings.MissingUnavailable && v.Orderable:
		note, p.Orderable = missingUnavailable, new(bool)
		d.change(v.ID, FieldOrderable, boolText(true), boolText(false))
	case r.Missing == settings.MissingNothing:
		return
	}
	if d.Gone == nil {
		d.Gone = map[string]string{}
	}
	d.Gone[offer] = note
	if note != missingAlready {
		patch := d.patch(r.Lang)
		patch.Variants = append(patch.Variants, p)
	}
}

// restore undoes what was done to a product that has come back, unless somebody touched it since.
func restore(r rules, l link, shop plugin.Product, d *decision) {
	if l.Missing == "" || l.Missing == missingAlready || l.MissingVersion != shop.Version {
		return
	}
	yes := true
	switch {
	case l.Missing == missingHidden && !shop.Published:
		d.patch(r.Lang).Published = &yes
		d.change("", FieldPublished, boolText(false), boolText(true))
	case l.Missing == missingUnavailable && !shop.Orderable:
		d.patch(r.Lang).Orderable = &yes
		d.change("", FieldOrderable, boolText(false), boolText(true))
	}
}

// restores reports whether a product is shown or sold again. Nothing else does that to one.
func (d *decision) restores() bool {
	p := d.Patch
	return p != nil && (p.Published != nil && *p.Published || p.Orderable != nil && *p.Orderable)
}

// restoreVariant undoes what was done to a variant whose offer has come back.
func restoreVariant(missing string, v plugin.Variant, p *plugin.VariantPatch, d *decision) bool {
	yes := true
	switch {
	case missing == missingHidden && !v.Published:
		p.Published = &yes
		d.change(v.ID, FieldPublished, boolText(false), boolText(true))
	case missing == missingUnavailable && !v.Orderable:
		p.Orderable = &yes
		d.change(v.ID, FieldOrderable, boolText(false), boolText(true))
	default:
		return false
	}
	return true
}
