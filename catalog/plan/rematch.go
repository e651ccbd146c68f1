package plan

import (
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// decideRematch plans a linked product whose link is in question.
func decideRematch(r Rules, g CRMProduct, f ProductInputs) Plan {
	found, none := match(r, g, f)
	switch {
	case none != nil:
		d := decideLinked(r, g, f)
		d.Items = append(d.Items, none.Items...)
		return d
	case found == nil:
		d := decideLinked(r, g, f)
		d.item(catalog.ItemNote, catalog.ReasonLinkKept, nil)
		return d
	case found.ID == f.Shop.ID:
		return decideLinked(r, g, f)
	}
	was := *f.Shop
	f.Link, f.Shop = nil, nil
	d := decideMatched(r, g, f, *found)
	if d.Joins {
		d.From = was.ID
		to := catalog.Change{Product: found.ID, Field: catalog.FieldLink, Old: linkText(was), New: linkText(*found)}
		d.Changes = append([]catalog.Change{to}, d.Changes...)
	}
	return d
}

func linkText(p plugin.Product) string { return Cut(p.Name) + " (" + string(p.ID) + ")" }

// Claim is a product that a plan would link, and who holds the shop product now.
type Claim struct {
	CRM     string           `db:"crm_id"`
	Name    string           `db:"name"`
	Product plugin.ProductID `db:"product_id"`
	Holder  string           `db:"holder"` // the CRM's product; empty: nobody
	// Other: the holder belongs to another connection.
	Other bool `db:"other"`
}

// UnresolvableClaims answers the claims that cannot be met: those on products whose holders do not let go of them.
func UnresolvableClaims(claims []Claim) []Claim {
	moves := make(map[string]bool, len(claims))
	for _, c := range claims {
		moves[c.CRM] = true
	}
	var out []Claim
	for again := true; again; {
		again = false
		for _, c := range claims {
			free := c.Holder == "" || !c.Other && (c.Holder == c.CRM || moves[c.Holder])
			if moves[c.CRM] && !free {
				delete(moves, c.CRM)
				out = append(out, c)
				again = true
			}
		}
	}
	return out
}
