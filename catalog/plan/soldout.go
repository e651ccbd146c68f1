package plan

import (
	"slices"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// SoldOutWindow is how long variants that went to none count for the next run or call: a trickle of calls
// must not pass unseen what one run would be held back for.
const SoldOutWindow = time.Hour

// SoldOutCount is how many variants of a connection go from available to none.
type SoldOutCount struct {
	// Now counts those that a run, or a group of offers that calls named, would write.
	Now int
	// Recent counts those written within SoldOutWindow, by runs and calls together, but for those that a
	// person has said are really gone.
	Recent int
	// Held counts those that are held back and not among Now.
	Held int
	// Before counts linked variants that were available before all that; 0: nobody knows.
	Before int
}

// Suspicious reports whether they are so many that the CRM's word is doubted and stock is held back.
func (d SoldOutCount) Suspicious(l settings.Limits) bool {
	return above(d.Now+d.Recent+d.Held, d.Before, l.StockCount, l.StockPercent)
}

// StockSetting names the setting for which stock may be another than under the settings before; empty:
// none has changed.
func StockSetting(was, now settings.Catalog) string {
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	switch {
	case !slices.Equal(sorted(was.Warehouses), sorted(now.Warehouses)):
		return "warehouses"
	case was.Owners.Of(settings.FieldStock) != now.Owners.Of(settings.FieldStock):
		return "owner_stock"
	case was.SafetyStock != now.SafetyStock:
		return "safety_stock"
	}
	return ""
}

// SellingOut are the variants that a plan still brings to none: stock that was taken out of it since it was
// made is not written.
func (p *Planned) SellingOut() []SoldOut {
	if p.Patch == nil || len(p.SoldOut) == 0 {
		return nil
	}
	written := make(map[plugin.VariantID]bool, len(p.Patch.Variants))
	for _, v := range p.Patch.Variants {
		written[v.ID] = v.Stock != nil
	}
	return slices.DeleteFunc(slices.Clone(p.SoldOut), func(s SoldOut) bool { return !written[s.Variant] })
}

// holdBack takes the stock that goes to none out of a plan, and nothing else. The next run looks at them again,
// whatever the CRM says then.
func (p *Planned) holdBack() {
	if p.held = p.SellingOut(); len(p.held) == 0 {
		return
	}
	stock := map[plugin.VariantID]bool{}
	for _, s := range p.held {
		stock[s.Variant] = true
	}
	var open []SyncedPrice
	for _, q := range p.Quoted {
		if stock[q.Variant] {
			q.Hash = nil
			open = append(open, q)
		}
	}
	p.dropQuotes(nil, stock)
	p.Quoted = append(p.Quoted, open...)
}

// MarkHeld marks the changes that holdBack would take out, for the preview.
func (p *Planned) MarkHeld() {
	going := map[plugin.VariantID]bool{}
	for _, s := range p.SellingOut() {
		going[s.Variant] = true
	}
	for i, c := range p.Changes {
		p.Changes[i].Held = c.Field == catalog.FieldStock && going[c.Variant]
	}
}

// HoldBackAll takes the stock that goes to none out of several plans. The next run looks at it again.
func HoldBackAll(plans []Planned) {
	for i := range plans {
		plans[i].holdBack()
	}
}
