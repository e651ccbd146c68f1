package plugin

import (
	"context"

	"github.com/shopspring/decimal"
)

// ProductKey is a field by which products can be found.
type ProductKey string

// The keys of ProductsByKey. Name compares after trimming and case folding; all others exactly.
const (
	KeySKU        ProductKey = "sku"
	KeyBarcode    ProductKey = "barcode"
	KeyName       ProductKey = "name"
	KeyExternalID ProductKey = "external_id"
)

// Catalog reads and writes the catalog of one shop.
//
// Batch calls take 1..MaxBatch items and answer a slice of the same length, item by item; the
// error beside it is for the call as a whole and then no item was written. An empty batch answers an
// empty slice. An answer of another length breaks the contract and ends the run. All calls are safe
// for concurrent use.
//
// # Errors
//
// The error of a call: ErrTemporary (database down, or an error of no sentinel), and the run waits and
// asks again, later and later; any other ends the run, and the merchant sees it. Of more than MaxBatch
// items that is ErrInvalid.
//
// The Err of one item harms no other item. What we do about it:
//
//   - ErrConflict (Expect differs from the stored version), ErrNotFound (the product, variant, category or
//     picture is not there any more) and ErrTemporary: the product is read and planned again, once in the
//     run; if it fails again it is listed for the merchant and the next run tries it anew.
//   - ErrInvalid (the value can never be accepted: a name too long, a parent or category that does not exist,
//     texts in a language that the shop does not keep, the last variant removed, a second variant without
//     CapVariants), ErrUnsupported (a capability that was not declared) and ErrRefused (the shop's own rules; see
//     Refuse): listed with the error's text, and not tried again in this run.
type Catalog interface {
	// Categories answers the whole tree, in no promised order, with names in lang, else in the default
	// language. A shop without categories answers nil.
	Categories(ctx context.Context, lang string) ([]Category, error)
	// CreateCategories creates categories; an item may name as parent only a stored category.
	// Item errors: ErrInvalid (no such parent, the name), ErrRefused, ErrUnsupported without CapCategories.
	CreateCategories(ctx context.Context, by Origin, batch []NewCategory) ([]CategoryResult, error)
	// UpdateCategories renames and moves. Item errors: ErrNotFound, ErrInvalid (no such parent, the name, a
	// move that would make a cycle), ErrRefused, ErrUnsupported without CapCategories.
	UpdateCategories(ctx context.Context, by Origin, batch []CategoryPatch) ([]CategoryResult, error)

	// Products reads up to MaxBatch products whole, texts in lang. An unknown id is left out, which is how we
	// learn that a product was deleted: one that cannot be read just now must be an error of the call.
	Products(ctx context.Context, lang string, ids []ProductID) ([]Product, error)
	// ProductsByKey answers, for each of up to MaxBatch values, every product that matches, at the
	// same index; nil where none does. SKU and barcode match a product through any of its variants.
	ProductsByKey(ctx context.Context, key ProductKey, values []string) ([][]KeyHit, error)
	// Versions answers the current version of up to MaxBatch products cheaply (one indexed query,
	// no texts, no images); an unknown id is left out of the map.
	Versions(ctx context.Context, ids []ProductID) (map[ProductID]Version, error)

	// CreateProducts creates products with their variants, and nothing half: an item with an Err has left
	// nothing behind. Item errors: ErrInvalid (a field, no such category, no variant, several without CapVariants),
	// ErrRefused. After an error of the call we look for what was made by ExternalID before we create again.
	CreateProducts(ctx context.Context, by Origin, batch []NewProduct) ([]ProductResult, error)
	// UpdateProducts changes what a patch names and leaves the rest; an item with an Err changed nothing.
	// Item errors: ErrConflict when Expect is set and differs, ErrNotFound (the product, or a variant that is not
	// this product's), ErrInvalid, ErrRefused.
	UpdateProducts(ctx context.Context, by Origin, batch []ProductPatch) ([]ProductResult, error)
	// UpdateVariants is the quick way for prices and stock. Item errors: ErrNotFound, ErrInvalid, ErrRefused.
	UpdateVariants(ctx context.Context, by Origin, batch []VariantPatch) ([]VariantResult, error)
	// SetImages makes a product's pictures exactly the given list, in that order. A picture that is
	// kept by id is not stored again. Needs CapImages. Item errors: ErrNotFound (the product, or a picture to
	// keep), ErrInvalid (too many, or a content the shop does not take), ErrUnsupported without CapImages.
	SetImages(ctx context.Context, by Origin, batch []ImageSet) ([]ProductResult, error)
}

// KeyHit is one match of ProductsByKey.
type KeyHit struct {
	ProductID ProductID
	// VariantID is the variant that matched; empty when the key is the product's own.
	VariantID VariantID
}

// NewCategory is a category to create.
type NewCategory struct {
	Lang     string
	Name     string
	ParentID CategoryID // empty: a root
}

// CategoryPatch changes one category; nil leaves the field.
type CategoryPatch struct {
	ID       CategoryID
	Lang     string
	Name     *string
	ParentID *CategoryID // pointer to "" moves to the root
}

// CategoryResult answers one item. Err wraps one of the sentinels, see Catalog; the other fields are then zero.
type CategoryResult struct {
	ID      CategoryID
	Version Version
	Changed bool
	Err     error
}

// NewProduct is a product to create; Lang is the language of its texts.
type NewProduct struct {
	Lang        string
	ExternalID  string
	Name        string
	Description string
	CategoryID  CategoryID
	Published   bool
	Orderable   bool
	Unit        string
	Attributes  []Attribute
	// Variants: at least one; exactly one without options for a product without variants.
	Variants []NewVariant
}

// NewVariant is a variant to create.
type NewVariant struct {
	SKU       string
	Barcode   string
	Price     Money // unset: no price, the shop must not sell it
	OldPrice  Money
	Stock     *decimal.Decimal // nil: not tracked
	Orderable bool
	Published bool
	Size      Size
	Options   []Attribute
}

// ProductPatch changes one product; nil leaves a field as it is.
type ProductPatch struct {
	ID ProductID
	// Expect makes the write conditional: another stored version answers ErrConflict.
	// Empty writes whatever the version is.
	Expect      Version
	Lang        string // of Name and Description
	Name        *string
	Description *string
	CategoryID  *CategoryID
	Published   *bool
	Orderable   *bool
	Unit        *string
	ExternalID  *string
	// Attributes replaces the whole list.
	Attributes *[]Attribute
	// Variants changes existing variants of this product.
	Variants []VariantPatch
	// AddVariants are created; their ids come back in ProductResult.Added, at the same index.
	AddVariants []NewVariant
	// RemoveVariants deletes variants; removing the last one is ErrInvalid.
	RemoveVariants []VariantID
}

// VariantPatch changes one variant; nil leaves a field as it is.
type VariantPatch struct {
	ID        VariantID
	SKU       *string
	Barcode   *string
	Price     *Money // pointer to the zero value removes the price
	OldPrice  *Money
	Stock     *decimal.Decimal // nil leaves it; tracking cannot be switched off by a patch
	Orderable *bool
	Published *bool
	Size      *Size
	Options   *[]Attribute
}

// ProductResult answers one item. Err wraps one of the sentinels, see Catalog; the other fields are then zero.
type ProductResult struct {
	ID      ProductID
	Version Version
	Changed bool
	// Added are the ids of the created variants, in the order they were given
	// (NewProduct.Variants or ProductPatch.AddVariants). Another number of ids, or an id that is empty or
	// comes twice, breaks the contract and ends the run.
	Added []VariantID
	Err   error
}

// VariantResult answers one item of UpdateVariants.
type VariantResult struct {
	// ProductID and Version are those of the product that holds the variant.
	ProductID ProductID
	Version   Version
	Changed   bool
	Err       error // wraps one of the sentinels; the other fields are then zero
}

// ImageSet is the whole list of pictures of one product.
type ImageSet struct {
	ProductID ProductID
	Images    []ImageRef
}

// ImageRef is a picture to keep (ID set) or to store (Content set).
type ImageRef struct {
	ID      ImageID
	Content *ImageContent
}

// ImageContent is a picture we fetched and checked.
type ImageContent struct {
	SourceURL   string
	ContentType string // image/jpeg, image/png, image/webp or image/gif
	SHA256      string // hex
	Bytes       []byte
}
