package plugin

// IDs are the engine's own, as opaque strings. We compare them and store them, nothing else.
type (
	// ShopID names one shop of the process.
	ShopID string
	// ProductID names a product of one shop.
	ProductID string
	// VariantID names a variant of one shop; unique over all products of that shop.
	VariantID string
	// CategoryID names a category of one shop. Empty means "no category" or, for a parent, the root.
	CategoryID string
	// ImageID names a stored picture of one product.
	ImageID string
	// OrderID names an order of one shop.
	OrderID string
	// StorefrontID names a storefront of one shop; see Dictionaries.Storefronts.
	StorefrontID string
	// ConnectionID names one connection of ours: a shop joined to one CRM account and source.
	// Engines see it in Origin and from Plugin.OwnerOf and never make one.
	ConnectionID string
)

// Version is an opaque mark of a stored state. It changes with every stored change of the thing
// and with nothing else. Empty in a write means "whatever the version is".
type Version string

// MaxBatch is the largest number of items in one batch call.
const MaxBatch = 1000
