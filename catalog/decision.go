package catalog

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// crmProduct is one product of the CRM with what can be sold of it.
type crmProduct struct {
	Product Product `json:"product"`
	// Offers are the live ones, oldest first; none when every offer is archived.
	Offers []Offer `json:"offers"`
	// Description is the product's, made safe; TooLong when it was too long to be taken.
	Description string `json:"description,omitempty"`
	TooLong     bool   `json:"too_long,omitempty"`
}

// link is what we know of a product that was joined before.
type link struct {
	// Variants maps offers to variants.
	Variants map[string]variantLink `json:"variants,omitempty"`
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

type variantLink struct {
	Variant plugin.VariantID `json:"variant"`
	Missing string           `json:"missing,omitempty"`
}

// productInputs are what planning knows of the shop.
type productInputs struct {
	// Link is nil for a product that was never joined.
	Link *link `json:"link,omitempty"`
	// Rematch: the link is in question, so Hits are there too.
	Rematch bool `json:"rematch,omitempty"`
	// Shop is the linked product as the shop has it; nil without a link.
	Shop *plugin.Product `json:"shop,omitempty"`
	// Hits are, without a link or in question of it, the shop's products that the key finds.
	Hits []keyMatch `json:"hits,omitempty"`
	// SeveralInCRM: another live product of the CRM has the same key.
	SeveralInCRM bool `json:"several_in_crm,omitempty"`
	// Category is where the product's category stands in the shop.
	Category target `json:"category"`
	// Names are those of the shop's categories, for the words of changes.
	Names map[plugin.CategoryID]string `json:"names,omitempty"`
	// Pins are fields that stay as they are in the shop.
	Pins pins `json:"pins,omitempty"`
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

// target is a category of the shop.
type target struct {
	ID plugin.CategoryID `json:"id,omitempty"` // empty: not linked
	// Pending: it will be linked before products are written.
	Pending bool   `json:"pending,omitempty"`
	Name    string `json:"name,omitempty"`
}

// action is what a run does about a product.
type action string

const (
	actCreate  action = "create"
	actUpdate  action = "update"  // has a patch, pictures or a link to write
	actLink    action = "link"    // is linked and not written
	actMissing action = "missing" // is gone from the CRM
	actNone    action = "none"    // is left alone; the items say why
)

// decision is the plan for one product.
type decision struct {
	Action  action           `json:"action"`
	Product plugin.ProductID `json:"product,omitempty"` // empty when it is to be created
	// Joins: the product was found by key and gets its link now.
	Joins bool `json:"joins,omitempty"`
	// From is the product it was linked to before, when a run that matches anew finds another.
	From plugin.ProductID   `json:"from,omitempty"`
	New  *plugin.NewProduct `json:"new,omitempty"`
	// Patch is nil when nothing differs. The category stands in Category instead.
	Patch *plugin.ProductPatch `json:"patch,omitempty"`
	// Category is the CRM category whose shop category is to be written; empty: none is.
	Category string `json:"category,omitempty"`
	// Seen is the shop's version the plan was made from. SeenNow is what other writes of ours have made
	// of that since; it is filled by the store alone.
	Seen    plugin.Version `json:"seen,omitempty"`
	SeenNow plugin.Version `json:"seen_now,omitempty"`
	// Pairs joins offers to variants that exist.
	Pairs map[string]plugin.VariantID `json:"pairs,omitempty"`
	// Adds are the offers of the variants to create, in the order of New.Variants or
	// Patch.AddVariants.
	Adds []string `json:"adds,omitempty"`
	// Gone are offers whose variants were treated as missing, and how.
	Gone map[string]string `json:"gone,omitempty"`
	// Images are the addresses the product's pictures shall be; nil: pictures stay.
	Images []string `json:"images,omitempty"`
	// Missing is what is noted on the link; see the constants. Empty: nothing is missing.
	Missing string   `json:"missing,omitempty"`
	Changes []Change `json:"changes,omitempty"`
	Items   []Item   `json:"items,omitempty"`
	// Open: look at the product again in the next run even if nothing changes.
	Open bool `json:"open,omitempty"`

	// What guards count: variants whose price moves by more than half, variants found missing for the
	// first time, whether the product became something else, and whether a product is written that we
	// did not create.
	PriceMoves  int  `json:"price_moves,omitempty"`
	FreshlyGone int  `json:"freshly_gone,omitempty"`
	Replaced    bool `json:"replaced,omitempty"`
	Foreign     bool `json:"foreign,omitempty"`
	// SoldOut are variants linked before that go from available to none.
	SoldOut []soldOut `json:"sold_out,omitempty"`

	// Quoted is, in a price run, what is remembered of each variant once it is in order.
	Quoted []syncedPrice `json:"quoted,omitempty"`

	// The rest is not the planner's: it tells the writer what to remember.

	Name   string    `json:"name,omitempty"`
	Hash   []byte    `json:"hash,omitempty"`
	ReadAt time.Time `json:"read_at,omitzero"`
	// Passed are variants of which, once the plan was verified, something else than it says of price or
	// stock may stand: ReadAt is not about them.
	Passed map[plugin.VariantID]bool `json:"passed,omitempty"`
	// InCategory is the shop category that the product's category is linked to already.
	InCategory plugin.CategoryID `json:"in_category,omitempty"`
	Currency   string            `json:"currency,omitempty"` // of the CRM's prices
}

func (d *decision) item(kind ItemKind, r Reason, p Params) {
	d.Items = append(d.Items, Item{Kind: kind, Reason: r, Params: p, Product: d.Product})
}

func (d *decision) change(v plugin.VariantID, f Field, old, new string) {
	d.Changes = append(d.Changes, Change{Product: d.Product, Variant: v, Field: f, Old: old, New: new})
}

// patch answers the patch to fill, making it at the first call.
func (d *decision) patch(lang string) *plugin.ProductPatch {
	if d.Patch == nil {
		d.Patch = &plugin.ProductPatch{ID: d.Product, Expect: d.Seen, Lang: lang}
	}
	return d.Patch
}

// empty reports whether nothing is to be written to the shop.
func (d *decision) empty() bool { return d.Patch == nil && d.Category == "" }
