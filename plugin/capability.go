package plugin

import "slices"

// Capability is something a shop can do. What is not declared answers ErrUnsupported.
type Capability string

// The capabilities of a shop.
const (
	// CapCategories: the category tree can be written.
	CapCategories Capability = "categories"
	// CapVariants: a product may have several variants.
	CapVariants Capability = "variants"
	// CapVariantsAsProducts: the shop keeps each variant as a product of its own, so a product has one
	// variant. It counts where CapVariants is not declared. The external id of what is made of a variant
	// is the CRM's product id and offer id with a slash between them.
	CapVariantsAsProducts Capability = "variants_as_products"
	// CapStock: stock is tracked per variant and can be written.
	CapStock Capability = "stock"
	// CapImages: pictures can be written.
	CapImages Capability = "images"
	// CapAttributes: product properties can be written.
	CapAttributes Capability = "attributes"
	// CapOldPrice: a crossed-out price is kept.
	CapOldPrice Capability = "old_price"
	// CapAddOns: orders carry add-ons.
	CapAddOns Capability = "add_ons"
	// CapUTM: orders carry campaign marks, when the shop collects them (Profile.CollectsUTM).
	CapUTM Capability = "utm"
	// The shop shows these facts of the CRM on its orders.
	CapFactCRMOrder  Capability = "fact_crm_order"
	CapFactTracking  Capability = "fact_tracking"
	CapFactShipping  Capability = "fact_shipping_status"
	CapFactPayment   Capability = "fact_payment_state"
	CapFactCRMTotals Capability = "fact_crm_total"
)

// Capabilities is what one shop declares.
type Capabilities []Capability

// Has reports whether c is declared.
func (cs Capabilities) Has(c Capability) bool { return slices.Contains(cs, c) }

// AllCapabilities lists every capability the contract knows.
func AllCapabilities() Capabilities {
	return Capabilities{
		CapCategories, CapVariants, CapVariantsAsProducts, CapStock, CapImages, CapAttributes, CapOldPrice,
		CapAddOns, CapUTM, CapFactCRMOrder, CapFactTracking, CapFactShipping, CapFactPayment, CapFactCRMTotals,
	}
}
