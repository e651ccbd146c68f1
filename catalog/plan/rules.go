package plan

import (
	"crypto/sha256"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// planVersion rises whenever planning the same input may answer something else, so that products
// that were left alone before are looked at again.
const planVersion = 1

// Owner says whose word counts for a field of a matched product.
type Owner settings.Owner

// owners says it for each field that can differ. An empty value of the CRM never erases one of the
// shop, whoever owns the field.
type owners struct {
	Name        Owner `json:"name"`
	Description Owner `json:"description"`
	Category    Owner `json:"category"`
	Unit        Owner `json:"unit"`
	Attributes  Owner `json:"attributes"`
	SKU         Owner `json:"sku"`
	Barcode     Owner `json:"barcode"`
	Price       Owner `json:"price"`
	Stock       Owner `json:"stock"`
	Size        Owner `json:"size"`
	Images      Owner `json:"images"`
}

func newOwners(chosen settings.Owners) owners {
	var o owners
	for _, f := range settings.OwnedFields() {
		*o.of(f) = Owner(chosen.Of(f))
	}
	return o
}

// of is where the owner of a field stands.
func (o *owners) of(f settings.OwnedField) *Owner {
	switch f {
	case settings.FieldName:
		return &o.Name
	case settings.FieldDescription:
		return &o.Description
	case settings.FieldImages:
		return &o.Images
	case settings.FieldPrice:
		return &o.Price
	case settings.FieldStock:
		return &o.Stock
	case settings.FieldCategory:
		return &o.Category
	case settings.FieldSKU:
		return &o.SKU
	case settings.FieldBarcode:
		return &o.Barcode
	case settings.FieldSize:
		return &o.Size
	case settings.FieldUnit:
		return &o.Unit
	case settings.FieldAttributes:
		return &o.Attributes
	}
	return new(Owner)
}

// writes reports whether a value of the CRM goes over the shop's.
func (o Owner) writes(shopHasNone bool) bool {
	return o == Owner(settings.OwnerCRM) || o == Owner(settings.OwnerFill) && shopHasNone
}

// Rules are everything planning depends on beside the CRM's product and the shop's.
type Rules struct {
	Match    settings.MatchKey       `json:"match"`
	New      settings.NewPolicy      `json:"new"`
	Existing settings.ExistingPolicy `json:"existing"`
	Missing  settings.MissingPolicy  `json:"missing"`
	Owners   owners                  `json:"owners"`
	Lang     string                  `json:"lang"`     // of the texts, BCP 47
	Currency string                  `json:"currency"` // of the shop, ISO 4217
	Can      abilities               `json:"can"`
	// Frozen: stock is not written, because a chosen warehouse has vanished.
	Frozen bool `json:"frozen,omitempty"`
	// Safety is how many units of each variant are kept from sale.
	Safety int64 `json:"safety,omitempty"`
	// Default is the shop category of what has none by link while the tree is not brought; empty: there
	// is none.
	Default plugin.CategoryID `json:"default,omitempty"`
	// Limits only decide when a person is asked, so they are no reason to look at products again.
	Limits settings.Limits `json:"-"`
	// Gone are offers of which a person has said that there really are none; see engine.Engine.ConfirmHeld.
	Gone map[string]bool `json:"-"`
}

// abilities are the capabilities of the shop that planning asks for.
type abilities struct {
	Categories bool `json:"categories"`
	Variants   bool `json:"variants"`
	// AsProducts: each variant is a product of its own.
	AsProducts bool `json:"as_products,omitempty"`
	Stock      bool `json:"stock"`
	Images     bool `json:"images"`
	Attributes bool `json:"attributes"`
}

// NewRules works out the rules from the settings of a run, the language of texts (BCP 47), the shop's currency
// (ISO 4217) and what the shop can do.
func NewRules(set settings.Catalog, lang, currency string, caps plugin.Capabilities) Rules {
	r := Rules{
		Match: set.Match, New: set.New, Existing: set.Existing, Missing: set.Missing,
		Owners: newOwners(set.Owners), Lang: lang, Currency: currency, Limits: set.Limits.OrUsual(),
		Safety: int64(set.SafetyStock),
		Can: abilities{
			Categories: caps.Has(plugin.CapCategories), Variants: caps.Has(plugin.CapVariants),
			AsProducts: caps.Has(plugin.CapVariantsAsProducts) && !caps.Has(plugin.CapVariants),
			Stock:      caps.Has(plugin.CapStock), Images: caps.Has(plugin.CapImages),
			Attributes: caps.Has(plugin.CapAttributes),
		},
	}
	if !set.Categories || !r.Can.Categories {
		r.Default = set.DefaultCategory
	}
	return r
}

// Hash changes whenever a product must be looked at again although neither side changed.
func (r Rules) Hash() []byte {
	sum := sha256.Sum256(JSON(struct {
		Version int   `json:"version"`
		Rules   Rules `json:"rules"`
	}{planVersion, r}))
	return sum[:]
}

// Updates reports whether products that exist may be written.
func (r Rules) Updates() bool {
	return r.Match != settings.MatchNever && r.Existing != settings.ExistingSkip
}
