package catalog

import (
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// HeldStock is the stock of a connection that is held back: the CRM says there is none, of so many variants
// at once that its word is doubted. Everything else of them is written, and they are let go by themselves
// once it is not doubted any more. Times are UTC.
type HeldStock struct {
	// Count counts variants, but for Confirmed ones: of those a person has said that there really are none,
	// and they are being written.
	Count, Confirmed int
	// Since is when the first of them was held back, Until the latest; zero: none is.
	Since, Until time.Time
	// Causes say what held them back, the earliest first.
	Causes []HeldCause
}

// HeldCause says what held stock back.
type HeldCause struct {
	// Run is the first run that did; 0: stock calls did.
	Run int64
	// Setting is one that was changed since the run before, "warehouses", "owner_stock" or "safety_stock"; empty: none was.
	Setting string
	Since   time.Time
	Count   int
}

// HeldSettings lists the settings that a cause can name, so that a page can be checked to have words for each.
func HeldSettings() []string { return []string{"warehouses", "owner_stock", "safety_stock"} }

// HeldVariant is a variant whose stock is held back.
type HeldVariant struct {
	Offer   string           `db:"offer_id"`
	Product plugin.ProductID `db:"product_id"`
	Variant plugin.VariantID `db:"variant_id"`
	Name    string           `db:"name"` // of the product
	SKU     string           `db:"sku"`
	// Old is the stock in the shop; empty: it was not tracked. Says is what the CRM has.
	Old     string    `db:"old"`
	Says    string    `db:"says"`
	Since   time.Time `db:"since"`
	Run     int64     `db:"run_id"` // 0: a stock call
	Setting string    `db:"setting"`
}

// HeldNotice tells a merchant that stock is held back.
type HeldNotice struct {
	Shop       plugin.ShopID
	Connection plugin.ConnectionID
	HeldStock
	// Again: they were told an hour ago, and it is held back still.
	Again bool
	At    time.Time
}
