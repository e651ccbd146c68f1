package plan

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// CRMProduct is one product of the CRM with what can be sold of it.
type CRMProduct struct {
	Product catalog.Product `json:"product"`
	// Offers are the live ones, oldest first; none when every offer is archived.
	Offers []catalog.Offer `json:"offers"`
	// Description is the product's, made safe; TooLong when it was too long to be taken.
	Description string `json:"description,omitempty"`
	TooLong     bool   `json:"too_long,omitempty"`
}

// Link is what we know of a product that was linked before.
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
	// Link is nil for a product that was never linked.
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

// Target is the category of the shop that a category of the CRM is linked to.
type Target struct {
	ID plugin.CategoryID `json:"id,omitempty"` // empty: not linked
	// Pending: it will be linked before products are written.
	Pending bool   `json:"pending,omitempty"`
	Name    string `json:"name,omitempty"`
}

// Candidate is a staged product with the state of its link.
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
	// Key is the one under which its link stands; see CutKey.
	Key string `db:"link_key"`
	// Product is empty when there is no finished link.
	Product  string `db:"product_id"`
	Creating bool   `db:"creating"` // the creation was begun and its end is not known
	Made     bool   `db:"made"`     // the creation was begun and has led to Product
	Version  string `db:"shop_version"`
	// Same: the CRM and the settings are as they were when the product was last written.
	Same bool `db:"same"`
}

// OwnOffer is what the card of a product says, as an offer: it stands in for the only offer of a product without
// variants that the list of offers has left out.
func OwnOffer(p catalog.Product) catalog.Offer {
	o := p.Own
	o.ID, o.ProductID = "product:"+p.ID, p.ID
	return o
}

// Ownership says which connection and which product of the CRM a product of the shop is linked to.
type Ownership struct {
	Connection plugin.ConnectionID
	CRM        string
	Made       bool // by us
}

// Pins are the fields that people keep as they are in the shop, by its product.
type Pins map[plugin.ProductID][]settings.OwnedField

// Presence says what the CRM said of a product.
type Presence string

// What it may say, as it is stored.
const (
	Live     Presence = "live"     // for sale
	Archived Presence = "archived" // not for sale any more
	Absent   Presence = "absent"   // asked for by id and not answered
	Outside  Presence = "outside"  // of a category that was not chosen
)

// StagedProduct is a product of the CRM as a run stages it.
type StagedProduct struct {
	ID       string
	Presence Presence
	// Scanned: it came with the scan, not with a look-up by id.
	Scanned  bool
	NameKey  string
	Category string
	Hash     []byte
	Body     []byte
	ReadAt   time.Time
}
