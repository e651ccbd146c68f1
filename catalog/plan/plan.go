// Package plan decides what a run writes to the shop. It is pure: what it knows comes as arguments, and it has
// neither SQL, nor a clock, nor a context, so that each rule is tested by tables and golden texts.
//
// rules.go has what planning goes by, match.go and pair.go find the shop's product and variants, product.go
// decides about one product, update.go and prices.go compare it field by field, missing.go says what becomes of
// what the CRM no longer has, categories.go plans the tree, and guards.go says when a person is asked first.
package plan

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// CrmProduct is one product of the CRM with what can be sold of it.
type CrmProduct struct {
	Product catalog.Product `json:"product"`
	// Offers are the live ones, oldest first; none when every offer is archived.
	Offers []catalog.Offer `json:"offers"`
	// Description is the product's, made safe; TooLong when it was too long to be taken.
	Description string `json:"description,omitempty"`
	TooLong     bool   `json:"too_long,omitempty"`
}

// Link is what we know of a product that was joined before.
type Link struct {
	// Variants maps offers to variants.
	Variants map[string]VariantLink `json:"variants,omitempty"`
	// CreatedHere: the product was made by us, so its axes are the CRM's.
	CreatedHere bool `json:"created_here,omitempty"`
	// Same: the CRM says what it said when the product was last written.
	Same bool `json:"same,omitempty"`
	// Edited: the shop's product is not as we last saw it.
	Edited bool `json:"edited,omitempty"`
	// ImagesOpen: pictures of ours were begun and not finished.
	ImagesOpen bool `json:"images_open,omitempty"`
	// Missing is what was done when the CRM no longer had the product, at which shop version.
	Missing        string         `json:"missing,omitempty"`
	MissingVersion plugin.Version `json:"missing_version,omitempty"`
}

// VariantLink joins an offer to a variant; Missing is what was done when the offer was gone.
type VariantLink struct {
	Variant plugin.VariantID `json:"variant"`
	Missing string           `json:"missing,omitempty"`
}

// ProductInputs are what planning knows of the shop.
type ProductInputs struct {
	// Link is nil for a product that was never joined.
	Link *Link `json:"link,omitempty"`
	// Rematch: the link is in question, so Hits are there too.
	Rematch bool `json:"rematch,omitempty"`
	// Shop is the linked product as the shop has it; nil without a link.
	Shop *plugin.Product `json:"shop,omitempty"`
	// Hits are, without a link or in question of it, the shop's products that the key finds.
	Hits []keyMatch `json:"hits,omitempty"`
	// SeveralInCRM: another live product of the CRM has the same key.
	SeveralInCRM bool `json:"several_in_crm,omitempty"`
	// Category is where the product's category stands in the shop.
	Category Target `json:"category"`
	// Names are those of the shop's categories, for the words of changes.
	Names map[plugin.CategoryID]string `json:"names,omitempty"`
	// Pins are fields that stay as they are in the shop.
	Pins Pins `json:"pins,omitempty"`
	// Unsent are units to take off stock.
	Unsent map[plugin.VariantID]decimal.Decimal `json:"unsent,omitempty"`
}

// keyMatch is a product of the shop that a key found.
type keyMatch struct {
	Product plugin.Product `json:"product"`
	// Owner is the CRM product it is linked to; empty: none.
	Owner string `json:"owner,omitempty"`
	// Connection the link belongs to when it is not ours.
	Connection plugin.ConnectionID `json:"connection,omitempty"`
}

// Target is a category of the shop.
type Target struct {
	ID plugin.CategoryID `json:"id,omitempty"` // empty: not linked
	// Pending: it will be linked before products are written.
	Pending bool   `json:"pending,omitempty"`
	Name    string `json:"name,omitempty"`
}

// action is what a run does about a product.
type action string

const (
	ActCreate  action = "create"
	ActUpdate  action = "update"  // has a patch, pictures or a link to write
	ActLink    action = "link"    // is linked and not written
	ActMissing action = "missing" // is gone from the CRM
	actNone    action = "none"    // is left alone; the items say why
)

// Plan is the plan for one product: what is to be written to the shop, what becomes of its links, what guards
// count of it, and what is remembered once it stands. It is stored as one flat JSON object; see Layout.
type Plan struct {
	Action  action           `json:"action"`
	Product plugin.ProductID `json:"product,omitempty"` // empty when it is to be created
	Name    string           `json:"name,omitempty"`
	// Seen is the shop's version the plan was made from. SeenNow is what other writes of ours have made
	// of that since; it is filled by the store alone.
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
	// Missing is what is noted on the link; see the constants. Empty: nothing is missing.
	Missing string `json:"missing,omitempty"`
}

// Counts is what guards count: variants whose price moves by more than half, variants found missing for the
// first time, whether the product became something else, and whether a product is written that we did not
// create.
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

func (d *Plan) change(v plugin.VariantID, f catalog.Field, old, new string) {
	d.Changes = append(d.Changes, catalog.Change{Product: d.Product, Variant: v, Field: f, Old: old, New: new})
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

// Candidate is a staged product beside what we know of it.
type Candidate struct {
	ID       string    `db:"id"`
	Presence Presence  `db:"presence"`
	ReadAt   time.Time `db:"read_at"` // of the oldest of its parts
	// Hash is of the product with all its offers.
	Hash     []byte `db:"hash"`
	Category string `db:"category_id"`
	// ShopCategory is what the category is linked to; empty: nothing.
	ShopCategory string `db:"shop_category"`
	// CategoryName is set when the category will be written by this run.
	CategoryName string `db:"category_name"`
	// Key is the one under which its link stands.
	Key string `db:"link_key"`
	// Product is empty when there is no finished link.
	Product  string `db:"product_id"`
	Creating bool   `db:"creating"` // the creation was begun and its end is not known
	Made     bool   `db:"made"`     // the creation was begun and has led to Product
	Version  string `db:"shop_version"`
	// Same: the CRM and the settings are as they were when the product was last written.
	Same bool `db:"same"`
}

// OwnOffer stands in for the offer of a product that the list of offers has left out. A product with
// variants has none: the card tells nothing of them.
func OwnOffer(p catalog.Product) catalog.Offer {
	o := p.Own
	o.ID, o.ProductID = "product:"+p.ID, p.ID
	return o
}

// Ownership is whose a product of the shop is.
type Ownership struct {
	Connection plugin.ConnectionID
	CRM        string
	Made       bool // by us
}

// Pins are the fields that people keep as they are in the shop, by its product.
type Pins map[plugin.ProductID][]settings.OwnedField

// Planned is the plan of one product of the CRM.
type Planned struct {
	CRM string
	Plan
	// held are variants whose stock is held back when the plan is written.
	held []SoldOut
}

// SeeNow makes a plan go by the version that other writes of ours have made since. Those were of later
// readings, so the next run compares the product anew.
func (p *Planned) SeeNow() {
	if p.SeenNow == "" {
		return
	}
	p.Seen, p.SeenNow, p.Hash = p.SeenNow, "", nil
	if p.Patch != nil {
		p.Patch.Expect = p.Seen
	}
}
