package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Verification is what the second look at some plans came to.
type Verification struct {
	// ReadAt is when the price and stock of variants last written were read.
	ReadAt map[plugin.VariantID]time.Time
	Asked  time.Time // when the CRM was asked again

	Dropped   []Outcome
	Changed   []Planned
	Items     []catalog.Item
	Unchanged int // products of which newer prices were all there was to write
}

// Look decides what stays of an approved plan: shop says that the shop's product has moved since, crm what has at the
// CRM.
func (v *Verification) Look(p Planned, shop bool, crm ChangeSet) {
	switch {
	case shop:
		v.drop(p, "shop")
		return
	case crm.Whole, crm.any() && p.Action == ActCreate, slices.ContainsFunc(p.Adds, crm.priceOrStockChanged):
		v.drop(p, "crm")
		return
	}
	moved, later, open := v.outdatedQuotes(p, crm)
	if len(later) > 0 {
		p.dropQuotes(moved, later)
	}
	// What stays is what the CRM says now.
	p.ReadAt, p.Passed = v.Asked, later
	switch {
	case len(later) > 0 && p.noop() && open:
		v.drop(p, "crm")
		return
	case len(later) > 0 && p.noop():
		v.Unchanged++
		v.Dropped = append(v.Dropped, Outcome{CRM: p.CRM, State: Dropped, Product: p.Product})
		return
	case open:
		v.Items = append(v.Items, catalog.Item{Kind: catalog.ItemNote, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: catalog.ReasonQuoteMoved})
	}
	v.Changed = append(v.Changed, p)
}

// outdatedQuotes answers the variants whose price is left out of a plan because the CRM says something else by
// now, and those whose stock is, for that reason or because a later reading was written: sales that the
// CRM does not know of were counted anew for that one. open: no later reading was written of one of
// them, so it is still to come.
func (v *Verification) outdatedQuotes(p Planned, crm ChangeSet) (moved, later map[plugin.VariantID]bool, open bool) {
	moved, later = map[plugin.VariantID]bool{}, map[plugin.VariantID]bool{}
	for _, variant := range VariantsIn([]Planned{p}) {
		if v.ReadAt[variant].After(p.ReadAt) {
			later[variant] = true
		}
	}
	move := func(offer string, variant plugin.VariantID) {
		if crm.priceOrStockChanged(offer) {
			open = open || !later[variant]
			moved[variant], later[variant] = true, true
		}
	}
	for offer, variant := range p.Pairs {
		move(offer, variant)
	}
	for _, q := range p.Quoted {
		move(q.Offer, q.Variant)
	}
	return moved, later, open
}

// VariantsIn lists the shop's variants that plans are about; one may come twice.
func VariantsIn(plans []Planned) []plugin.VariantID {
	var out []plugin.VariantID
	for _, p := range plans {
		out = slices.AppendSeq(out, maps.Values(p.Pairs))
		out = append(out, sliceutil.Map(p.Quoted, func(q SyncedPrice) plugin.VariantID { return q.Variant })...)
	}
	return out
}

func (v *Verification) drop(p Planned, side string) {
	v.Dropped = append(v.Dropped, Outcome{CRM: p.CRM, State: Dropped, Product: p.Product})
	v.Items = append(v.Items, catalog.Item{
		Kind: catalog.ItemSkip, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: catalog.ReasonMoved, Params: catalog.Params{"side": side},
	})
}

// dropQuotes takes prices and stock of variants out of a plan; what has its price taken out has its stock
// taken out too. The next run compares the product anew.
func (p *Planned) dropQuotes(price, stock map[plugin.VariantID]bool) {
	p.Hash = nil
	p.Quoted = slices.DeleteFunc(p.Quoted, func(q SyncedPrice) bool { return stock[q.Variant] })
	p.Changes = slices.DeleteFunc(p.Changes, func(c catalog.Change) bool {
		return c.Field == catalog.FieldPrice && price[c.Variant] || c.Field == catalog.FieldStock && stock[c.Variant]
	})
	if p.Patch == nil {
		return
	}
	patch := *p.Patch
	patch.Variants = nil
	for _, v := range p.Patch.Variants {
		if price[v.ID] {
			v.Price = nil
		}
		if stock[v.ID] {
			v.Stock = nil
		}
		if v != (plugin.VariantPatch{ID: v.ID}) {
			patch.Variants = append(patch.Variants, v)
		}
	}
	if p.Patch = &patch; len(p.Changes) == 0 {
		p.Patch = nil
	}
}

// noop reports whether nothing is left to write, neither to the shop nor about the product.
func (p *Planned) noop() bool {
	return p.Action == ActUpdate && p.Empty() && !p.Joins && len(p.Images) == 0 && len(p.Gone) == 0
}
