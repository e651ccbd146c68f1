package plan

import (
	"slices"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// DropOutdated takes price and stock of variants out of a plan of which a later reading was written
// meanwhile.
func (p *Planned) DropOutdated(later map[plugin.VariantID]bool) {
	if p.Patch == nil {
		return
	}
	for _, v := range p.Patch.Variants {
		if later[v.ID] {
			p.dropQuotes(later, later)
			return
		}
	}
}

// WithPins are the rules for a product of which some fields are pinned.
func (r Rules) WithPins(fields []settings.OwnedField) Rules {
	for _, f := range fields {
		*r.Owners.of(f) = Owner(settings.OwnerShop)
	}
	return r
}

// DropPinned takes fields out of a plan that were pinned since it was made.
func (p *Planned) DropPinned(fields []settings.OwnedField) {
	if len(fields) == 0 || p.Action != ActUpdate {
		return
	}
	has := func(f settings.OwnedField) bool { return slices.Contains(fields, f) }
	if has(settings.FieldCategory) {
		p.Category = ""
	}
	if has(settings.FieldImages) {
		p.Images = nil
	}
	p.Changes = slices.DeleteFunc(slices.Clone(p.Changes), func(c catalog.Change) bool { return has(settings.OwnedField(c.Field)) })
	if p.Patch == nil {
		return
	}
	patch := *p.Patch
	clearIf(&patch.Name, has(settings.FieldName))
	clearIf(&patch.Description, has(settings.FieldDescription))
	clearIf(&patch.Unit, has(settings.FieldUnit))
	clearIf(&patch.CategoryID, has(settings.FieldCategory))
	clearIf(&patch.Attributes, has(settings.FieldAttributes))
	patch.Variants = nil
	for _, v := range p.Patch.Variants {
		clearIf(&v.SKU, has(settings.FieldSKU))
		clearIf(&v.Barcode, has(settings.FieldBarcode))
		clearIf(&v.Price, has(settings.FieldPrice))
		clearIf(&v.Stock, has(settings.FieldStock))
		clearIf(&v.Size, has(settings.FieldSize))
		if v != (plugin.VariantPatch{ID: v.ID}) {
			patch.Variants = append(patch.Variants, v)
		}
	}
	if p.Patch = &patch; len(p.Changes) == 0 {
		p.Patch = nil
	}
}

func clearIf[T any](value **T, pinned bool) {
	if pinned {
		*value = nil
	}
}

// DropPrices takes the prices out of a plan and leaves the stock; the next price run looks at them.
func (p *Planned) DropPrices() {
	patch := *p.Patch
	patch.Variants = nil
	for _, v := range p.Patch.Variants {
		if v.Price = nil; v.Stock != nil {
			patch.Variants = append(patch.Variants, v)
		}
	}
	for i := range p.Quoted {
		p.Quoted[i].Hash = nil
	}
	p.Changes = slices.DeleteFunc(p.Changes, func(c catalog.Change) bool { return c.Field == catalog.FieldPrice })
	if p.Patch = &patch; len(patch.Variants) == 0 {
		p.Patch = nil
	}
}
