package catalog

import (
	"slices"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// soldOutWindow is how long variants that went to none count for the next run or call: a trickle of calls
// must not pass unseen what one run would be held back for.
const soldOutWindow = time.Hour

// drain is how many variants of a connection go from available to none.
type drain struct {
	// Now counts those that a run, or a group of offers that calls named, would write.
	Now int
	// Recent counts those written within soldOutWindow, by runs and calls together, but for those that a
	// person has said are really gone.
	Recent int
	// Held counts those that are held back and not among Now.
	Held int
	// Before counts linked variants that were available before all that; 0: nobody knows.
	Before int
}

// suspicious reports whether they are so many that the CRM's word is doubted. It is pure.
func (d drain) suspicious(l settings.Limits) bool {
	return above(d.Now+d.Recent+d.Held, d.Before, l.StockCount, l.StockPercent)
}

// stockSetting names the setting for which stock may be another than under the settings before; empty:
// none has changed.
func stockSetting(was, now settings.Catalog) string {
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	switch {
	case !slices.Equal(sorted(was.Warehouses), sorted(now.Warehouses)):
		return "warehouses"
	case was.Owners.Of(settings.FieldStock) != now.Owners.Of(settings.FieldStock):
		return "owner_stock"
	}
	return ""
}

// soldOut is a variant that a plan brings from available to none.
type soldOut struct {
	Offer   string           `json:"offer"`
	Variant plugin.VariantID `json:"variant"`
	SKU     string           `json:"sku,omitempty"`
	// Old is the stock in the shop; empty: it was not tracked, so there was always some.
	Old string `json:"old,omitempty"`
	// Says is what the CRM has of it, which may be less than nothing.
	Says string `json:"says"`
}

// goingOut are the variants that a plan still brings to none: stock that was taken out of it since it was
// made is not written.
func (p *planned) goingOut() []soldOut {
	if p.Patch == nil || len(p.SoldOut) == 0 {
		return nil
	}
	written := make(map[plugin.VariantID]bool, len(p.Patch.Variants))
	for _, v := range p.Patch.Variants {
		written[v.ID] = v.Stock != nil
	}
	return slices.DeleteFunc(slices.Clone(p.SoldOut), func(s soldOut) bool { return !written[s.Variant] })
}

// hold takes the stock of those variants out of a plan, and nothing else. The next run looks at them again,
// whatever the CRM says then.
func (p *planned) hold() {
	if p.held = p.goingOut(); len(p.held) == 0 {
		return
	}
	stock := map[plugin.VariantID]bool{}
	for _, s := range p.held {
		stock[s.Variant] = true
	}
	var open []syncedPrice
	for _, q := range p.Quoted {
		if stock[q.Variant] {
			q.Hash = nil
			open = append(open, q)
		}
	}
	p.leave(nil, stock)
	p.Quoted = append(p.Quoted, open...)
}

// markHeld marks the changes that hold would take out.
func (p *planned) markHeld() {
	going := map[plugin.VariantID]bool{}
	for _, s := range p.goingOut() {
		going[s.Variant] = true
	}
	for i, c := range p.Changes {
		p.Changes[i].Held = c.Field == FieldStock && going[c.Variant]
	}
}

// holdAll does hold with several plans.
func holdAll(plans []planned) {
	for i := range plans {
		plans[i].hold()
	}
}

// heldBack is a variant whose stock was held back, of a product.
type heldBack struct {
	soldOut
	CRM     string // the offer's product
	Product plugin.ProductID
	Name    string
	ReadAt  time.Time
}

// reading is an offer and when what is written of it was asked for.
type reading struct {
	Offer  string
	ReadAt time.Time
}

// stockSeen is what a batch of writes came to for the guard of stock.
type stockSeen struct {
	held []heldBack
	// stands are offers whose stock is as the CRM says, or not for the CRM to say.
	stands []reading
	// soldOut are offers whose variants were brought to none.
	soldOut []string
}

// note takes up a plan that stands in the shop now; stands are offers of it.
func (s *stockSeen) note(p planned, stands []reading) {
	back := map[string]bool{}
	for _, h := range p.held {
		back[h.Offer] = true
		s.held = append(s.held, heldBack{soldOut: h, CRM: p.CRM, Product: p.Product, Name: p.Name, ReadAt: p.ReadAt})
	}
	for _, r := range stands {
		if !back[r.Offer] {
			s.stands = append(s.stands, r)
		}
	}
	s.soldOut = append(s.soldOut, each(p.goingOut(), func(o soldOut) string { return o.Offer })...)
}

// readings are those of quoted variants.
func readings(list []syncedPrice) []reading {
	return each(list, func(q syncedPrice) reading { return reading{Offer: q.Offer, ReadAt: q.ReadAt} })
}
