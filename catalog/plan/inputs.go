package plan

import (
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// Inputs is what planning some products needs to know, read in few calls. Goods, Links, Hits and Several are by the key
// of the CRM's product.
type Inputs struct {
	Rules Rules
	Goods map[string]CRMProduct
	Links map[string]Link
	// Shop holds products of the shop: linked ones and those a key has found.
	Shop map[plugin.ProductID]plugin.Product
	// Hits are the products that a key found, by the CRM's product.
	Hits    map[string][]plugin.ProductID
	Owners  map[plugin.ProductID]Ownership
	Several map[string]bool
	Unsent  map[plugin.VariantID]decimal.Decimal
	Names   map[plugin.CategoryID]string
	Pins    Pins
	// Lost are links whose product the shop no longer has.
	Lost []string
	Us   plugin.ConnectionID
	// Rematch: links of products that we did not create are in question.
	Rematch bool
}

// StandIn lets the card of a product speak for its only linked offer when the list of offers has left
// that out: the link stays as it is.
func (m *Inputs) StandIn() {
	for id, g := range m.Goods {
		l := m.Links[id]
		if len(g.Offers) != 1 || g.Offers[0].ID != OwnOffer(g.Product).ID || len(l.Variants) != 1 {
			continue
		}
		for offer, v := range l.Variants {
			if v.Missing == "" {
				g.Offers = []catalog.Offer{g.Offers[0]}
				g.Offers[0].ID = offer
				m.Goods[id] = g
			}
		}
	}
}

// Facts are those of one product.
func (m *Inputs) Facts(r Candidate) ProductInputs {
	f := ProductInputs{
		SeveralInCRM: m.Several[r.ID], Unsent: m.Unsent, Names: m.Names, Pins: m.Pins,
		Category: Target{ID: plugin.CategoryID(r.ShopCategory), Pending: r.ShopCategory == "" && r.CategoryName != "", Name: r.CategoryName},
	}
	if l, ok := m.Links[r.ID]; ok {
		shop := m.Shop[plugin.ProductID(r.Product)]
		f.Link, f.Shop = &l, &shop
		if !m.Rematch || l.CreatedHere {
			return f
		}
		f.Rematch = true
	}
	for _, id := range m.Hits[r.ID] {
		p, there := m.Shop[id]
		if !there {
			continue
		}
		h := keyMatch{Product: p}
		if o, linked := m.Owners[id]; linked && !m.questioned(o) {
			h.Owner = o.CRM
			if o.Connection != m.Us {
				h.Connection = o.Connection
			}
		}
		f.Hits = append(f.Hits, h)
	}
	return f
}

// questioned reports whether an ownership is one that a rematching run may end.
func (m *Inputs) questioned(o Ownership) bool {
	return m.Rematch && o.Connection == m.Us && !o.Made
}
