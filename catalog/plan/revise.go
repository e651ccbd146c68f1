package plan

import (
	"slices"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// KeepLater takes price and stock of variants out of a plan of which a later reading was written
// meanwhile.
func (p *Planned) KeepLater(later map[plugin.VariantID]bool) {
	if p.Patch == nil {
		return
	}
	for _, v := range p.Patch.Variants {
		if later[v.ID] {
			p.leave(later, later)
			return
		}
	}
}

// Keeping are the rules for a product of which some fields are pinned.
func (r Rules) Keeping(fields []settings.OwnedField) Rules {
	for _, f := range fields {
		*r.Owners.of(f) = Owner(settings.OwnerShop)
	}
	return r
}

// KeepPinned takes fields out of a plan that were pinned since it was made.
func (p *Planned) KeepPinned(fields []settings.OwnedField) {
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
	drop(&patch.Name, has(settings.FieldName))
	drop(&patch.Description, has(settings.FieldDescription))
	drop(&patch.Unit, has(settings.FieldUnit))
	drop(&patch.CategoryID, has(settings.FieldCategory))
	drop(&patch.Attributes, has(settings.FieldAttributes))
	patch.Variants = nil
	for _, v := range p.Patch.Variants {
		drop(&v.SKU, has(settings.FieldSKU))
		drop(&v.Barcode, has(settings.FieldBarcode))
		drop(&v.Price, has(settings.FieldPrice))
		drop(&v.Stock, has(settings.FieldStock))
		drop(&v.Size, has(settings.FieldSize))
		if v != (plugin.VariantPatch{ID: v.ID}) {
			patch.Variants = append(patch.Variants, v)
		}
	}
	if p.Patch = &patch; len(p.Changes) == 0 {
		p.Patch = nil
	}
}

func drop[T any](value **T, pinned bool) {
	if pinned {
		*value = nil
	}
}

// LeavePrices takes the prices out of a plan; the next price run looks at them.
func (p *Planned) LeavePrices() {
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
