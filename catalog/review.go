package catalog

import (
	"slices"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Hidden is a product or variant that we hid, that is hidden still, and that waits for a person.
type Hidden struct {
	Product plugin.ProductID
	Variant plugin.VariantID // empty: the product itself
	Name    string
	// SKU and Price are those of the variant, or of a product's first.
	SKU   string
	Price plugin.Money // unset: it has none, so nobody could buy it
	// Missing: hidden because the CRM no longer has it; else it was created hidden.
	Missing bool
}

// Pin is a field of a product that a person keeps as it is in the shop, whoever owns the field.
type Pin struct {
	Product plugin.ProductID
	Name    string // of the product; empty when the shop no longer has it
	Field   settings.OwnedField
	By      string // operator's id
	At      time.Time
}

// Pinnable reports whether a pin can keep changes of the field away.
func (f Field) Pinnable() bool {
	return slices.Contains(settings.OwnedFields(), settings.OwnedField(f))
}
