package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/golden"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// fieldCase says how the sides come to differ in one field.
type fieldCase struct {
	field                     settings.OwnedField
	other, crmHasNone, hasNot func(w *pairOf)
}

func fieldCases() []fieldCase {
	own := func(w *pairOf) *catalog.Offer { return &w.g.Offers[0] }
	shop := func(w *pairOf) *plugin.Variant { return &w.shop.Variants[0] }
	return []fieldCase{
		{
			settings.FieldName,
			func(w *pairOf) { w.g.Product.Name = "Майка" }, func(w *pairOf) { w.g.Product.Name = "" }, func(w *pairOf) { w.shop.Name = "" },
		},
		{
			settings.FieldDescription,
			func(w *pairOf) { w.g.Description = "інший" }, func(w *pairOf) { w.g.Description = "" }, func(w *pairOf) { w.shop.Description = "" },
		},
		{
			settings.FieldImages,
			func(w *pairOf) { w.g.Product.Pictures = []string{"a.jpg", "b.jpg"} }, func(w *pairOf) { w.g.Product.Pictures = []string{} },
			func(w *pairOf) { w.shop.Images = nil },
		},
		{
			settings.FieldPrice,
			func(w *pairOf) { own(w).Price = asked("120") }, func(w *pairOf) { own(w).Price.Valid = false }, func(w *pairOf) { shop(w).Price = plugin.Money{} },
		},
		{
			settings.FieldStock,
			func(w *pairOf) { own(w).Available = num("4") }, func(w *pairOf) { own(w).StockUnknown = true }, func(w *pairOf) { shop(w).Stock = nil },
		},
		{
			settings.FieldCategory,
			func(w *pairOf) { w.g.Product.CategoryID, w.f.Category = "12", Target{ID: "5", Name: "Взуття"} },
			func(w *pairOf) { w.g.Product.CategoryID, w.f.Category = "", Target{} }, func(w *pairOf) { w.shop.CategoryID = "" },
		},
		{
			settings.FieldSKU,
			func(w *pairOf) { own(w).SKU = "Z" }, func(w *pairOf) { own(w).SKU = "" }, func(w *pairOf) { shop(w).SKU = "" },
		},
		{
			settings.FieldBarcode,
			func(w *pairOf) { own(w).Barcode = "bZ" }, func(w *pairOf) { own(w).Barcode = "" }, func(w *pairOf) { shop(w).Barcode = "" },
		},
		{
			settings.FieldSize,
			func(w *pairOf) { own(w).Size.Width = num("9") }, func(w *pairOf) { own(w).Size = plugin.Size{} }, func(w *pairOf) { shop(w).Size = plugin.Size{} },
		},
		{
			settings.FieldUnit,
			func(w *pairOf) { w.g.Product.Unit = "кг" }, func(w *pairOf) { w.g.Product.Unit = "" }, func(w *pairOf) { w.shop.Unit = "" },
		},
		{
			settings.FieldAttributes,
			func(w *pairOf) { w.g.Product.Attributes = list("Бренд=Б", "Стать=ж") }, func(w *pairOf) { w.g.Product.Attributes = nil },
			func(w *pairOf) { w.shop.Attributes = nil },
		},
	}
}

// Every owner of every field, and the ways in which the sides can differ in it. Nothing else may be written.
func TestWhoseWordCountsForEachField(t *testing.T) {
	t.Parallel()
	fields := fieldCases()
	if len(fields) != len(settings.OwnedFields()) {
		t.Fatalf("%d of %d fields", len(fields), len(settings.OwnedFields()))
	}
	var b strings.Builder
	for _, c := range fields {
		for _, owner := range []settings.Owner{settings.OwnerCRM, settings.OwnerFill, settings.OwnerShop} {
			for _, side := range []struct {
				name string
				edit []func(w *pairOf)
			}{
				{"they differ", []func(w *pairOf){c.other}},
				{"the shop has none", []func(w *pairOf){c.hasNot}},
				{"the CRM has none", []func(w *pairOf){c.crmHasNone}},
				{"neither has", []func(w *pairOf){c.crmHasNone, c.hasNot}},
				{"the same", nil},
			} {
				w := alikePair()
				*w.r.Owners.of(c.field) = Owner(owner)
				for _, edit := range side.edit {
					edit(w)
				}
				fmt.Fprintf(&b, "%-11s of the %-4s, %-18s → %s\n", c.field, owner, side.name+":", beside(w.plan(), "update 7", "o1 is v1"))
			}
		}
	}
	golden.Equal(t, "testdata/fields.txt", b.String())
}
