// Package plan decides what a run writes to the shop. It is pure: what it knows comes as arguments, and it has
// neither SQL, nor a clock, nor a context, so that each rule is tested by tables and golden texts.
//
// rules.go has what planning goes by, match.go and pair.go find the shop's product and variants, product.go
// decides about one product, update.go and prices.go compare it field by field, missing.go says what becomes of
// what the CRM no longer has, categories.go plans the tree, and guards.go says when a person is asked first.
package plan

import (
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// Action is what a run does about a product.
type Action string

// The actions, as they are stored.
const (
	ActCreate  Action = "create"  // the shop does not have it
	ActUpdate  Action = "update"  // has a patch, pictures or a link to write
	ActLink    Action = "link"    // is linked and not written
	ActMissing Action = "missing" // is gone from the CRM
	actNone    Action = "none"    // is left alone; the items say why
)

// Plan is the plan for one product: what is to be written to the shop, what becomes of its links, what guards
// count of it, and what is remembered once it stands. It is stored as one flat JSON object; see catalog.Layout.
type Plan struct {
	Action  Action           `json:"action"`
	Product plugin.ProductID `json:"product,omitempty"` // empty when it is to be created
	Name    string           `json:"name,omitempty"`
	// Seen is the shop's version the plan was made from, which a write expects (optimistic concurrency).
	// SeenNow is the version that later writes of our own produced; it is filled by the store alone.
	Seen    plugin.Version `json:"seen,omitempty"`
	SeenNow plugin.Version `json:"seen_now,omitempty"`
	Writes
	Links
	Counts
	Memory
	Items []catalog.Item `json:"items,omitempty"`
	// Open: look at the product again in the next run even if nothing changes.
	Open bool `json:"open,omitempty"`
}

// Writes is what is to be written to the shop.
type Writes struct {
	New *plugin.NewProduct `json:"new,omitempty"`
	// Patch is nil when nothing differs. The category stands in Category instead.
	Patch *plugin.ProductPatch `json:"patch,omitempty"`
	// Category is the CRM category whose shop category is to be written; empty: none is.
	Category string `json:"category,omitempty"`
	// Images are the addresses the product's pictures shall be; nil: pictures stay.
	Images  []string         `json:"images,omitempty"`
	Changes []catalog.Change `json:"changes,omitempty"`
}

// Links is what becomes of the links of a product and of its offers.
type Links struct {
	// Joins: the product was found by key and gets its link now.
	Joins bool `json:"joins,omitempty"`
	// From is the product it was linked to before, when a run that matches anew finds another.
	From plugin.ProductID `json:"from,omitempty"`
	// Pairs joins offers to variants that exist.
	Pairs map[string]plugin.VariantID `json:"pairs,omitempty"`
	// Adds are the offers of the variants to create, in the order of New.Variants or
	// Patch.AddVariants.
	Adds []string `json:"adds,omitempty"`
	// Gone are offers whose variants were treated as missing, and how.
	Gone map[string]string `json:"gone,omitempty"`
	// Missing is what is noted on the link; see MissingUnavailable and the notes beside it. Empty: nothing is missing.
	Missing string `json:"missing,omitempty"`
}

// Counts is what guards count: variants whose price moves by more than the limit, variants found missing for the first
// time, whether the product became something else, and whether a product is written that we did not create.
type Counts struct {
	PriceMoves  int  `json:"price_moves,omitempty"`
	FreshlyGone int  `json:"freshly_gone,omitempty"`
	Replaced    bool `json:"replaced,omitempty"`
	Foreign     bool `json:"foreign,omitempty"`
	// SoldOut are variants linked before that go from available to none.
	SoldOut []SoldOut `json:"sold_out,omitempty"`
}

// Memory is what is remembered of a product once it stands as planned.
type Memory struct {
	Hash   []byte    `json:"hash,omitempty"` // nil: look again in the next run
	ReadAt time.Time `json:"read_at,omitzero"`
	// Quoted is, in a price run, what is remembered of each variant once it is in order.
	Quoted []SyncedPrice `json:"quoted,omitempty"`
	// Passed are variants of which, once the plan was verified, something else than it says of price or
	// stock may stand: ReadAt is not about them.
	Passed map[plugin.VariantID]bool `json:"passed,omitempty"`
	// InCategory is the shop category that the product's category is linked to already.
	InCategory plugin.CategoryID `json:"in_category,omitempty"`
	Currency   string            `json:"currency,omitempty"` // of the CRM's prices
}

func (d *Plan) item(kind catalog.ItemKind, r catalog.Reason, p catalog.Params) {
	d.Items = append(d.Items, catalog.Item{Kind: kind, Reason: r, Params: p, Product: d.Product})
}

func (d *Plan) change(v plugin.VariantID, f catalog.Field, was, now string) {
	d.Changes = append(d.Changes, catalog.Change{Product: d.Product, Variant: v, Field: f, Old: was, New: now})
}

// patch answers the patch to fill, making it at the first call.
func (d *Plan) patch(lang string) *plugin.ProductPatch {
	if d.Patch == nil {
		d.Patch = &plugin.ProductPatch{ID: d.Product, Expect: d.Seen, Lang: lang}
	}
	return d.Patch
}

// Empty reports whether nothing is to be written to the shop.
func (d *Plan) Empty() bool { return d.Patch == nil && d.Category == "" }

// Rebase makes a plan expect the version that later writes of our own produced. Those were of later readings, so the
// next run compares the product anew.
func (p *Planned) Rebase() {
	if p.SeenNow == "" {
		return
	}
	p.Seen, p.SeenNow, p.Hash = p.SeenNow, "", nil
	if p.Patch != nil {
		p.Patch.Expect = p.Seen
	}
}

// SyncedPrice is what is remembered of a variant whose price and stock are in order.
type SyncedPrice struct {
	Offer   string           `json:"offer"`
	Variant plugin.VariantID `json:"variant"`
	Hash    []byte           `json:"hash,omitempty"` // nil: look again in the next run
	ReadAt  time.Time        `json:"read_at"`
}

// SoldOut is a variant that a plan brings from available to none.
type SoldOut struct {
	Offer   string           `json:"offer"`
	Variant plugin.VariantID `json:"variant"`
	SKU     string           `json:"sku,omitempty"`
	// Old is the stock in the shop; empty: it was not tracked, so there was always some.
	Old string `json:"old,omitempty"`
	// Says is what the CRM has of it, which may be less than nothing.
	Says string `json:"says"`
}

// Planned is the plan of one product of the CRM, under its key; see CutKey.
type Planned struct {
	CRM string
	Plan
	// held are variants whose stock is held back when the plan is written.
	held []SoldOut
}
