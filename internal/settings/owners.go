package settings

// Owner says whose word counts for a field of a product that the shop has already.
type Owner string

// The owners of fields.
const (
	OwnerCRM  Owner = "crm"  // always written; an edit made in the shop gives way and is listed
	OwnerShop Owner = "shop" // written when we create the product, then never
	OwnerFill Owner = "fill" // written while the shop has nothing there
)

// OwnedField is a field of products whose owner the merchant chooses. The old price is none of them:
// no CRM has one, so it is the shop's.
type OwnedField string

// The fields, in the order of the page.
const (
	FieldName        OwnedField = "name"
	FieldDescription OwnedField = "description"
	FieldImages      OwnedField = "images"
	FieldPrice       OwnedField = "price"
	FieldStock       OwnedField = "stock"
	FieldCategory    OwnedField = "category"
	FieldSKU         OwnedField = "sku"
	FieldBarcode     OwnedField = "barcode"
	FieldSize        OwnedField = "size" // weight and sizes
	FieldUnit        OwnedField = "unit"
	FieldAttributes  OwnedField = "attributes"
)

// OwnedFields lists the fields in their order.
func OwnedFields() []OwnedField {
	return []OwnedField{
		FieldName, FieldDescription, FieldImages, FieldPrice, FieldStock, FieldCategory, FieldSKU, FieldBarcode,
		FieldSize, FieldUnit, FieldAttributes,
	}
}

// Owners are the merchant's choices. A field that is absent has its usual owner.
type Owners map[OwnedField]Owner

// Of answers the owner of a field.
func (o Owners) Of(f OwnedField) Owner {
	if owner := o[f]; owner != "" {
		return owner
	}
	return UsualOwner(f)
}

// UsualOwner is a field's owner unless the merchant chose another: texts and pictures are often
// finished by hand in the shop, everything else is kept in the CRM.
func UsualOwner(f OwnedField) Owner {
	if f == FieldDescription || f == FieldImages {
		return OwnerFill
	}
	return OwnerCRM
}
