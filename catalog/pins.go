package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Pin is a field of a product that a person keeps as it is in the shop, whoever owns the field.
type Pin struct {
	Product plugin.ProductID
	Name    string // of the product; empty when the shop no longer has it
	Field   settings.OwnedField
	By      string // operator's id
	At      time.Time
}

// Pinnable reports whether changes of a field can be kept away by a pin.
func (f Field) Pinnable() bool {
	return slices.Contains(settings.OwnedFields(), settings.OwnedField(f))
}

// Pin keeps a field of a product as it is in the shop, from now on: what a run has planned for it and
// not written yet is not written either. A field that is pinned already stays so.
// Errors: plugin.ErrNotFound when the product is neither linked by the connection nor in a plan that
// waits, plugin.ErrInvalid for what is no field of products.
func (e *Engine) Pin(ctx context.Context, id plugin.ConnectionID, product plugin.ProductID, field settings.OwnedField, by string) error {
	if !Field(field).Pinnable() {
		return fmt.Errorf("pin of product %q: no such field: %w", product, plugin.ErrInvalid)
	}
	ours, err := e.store.concerns(ctx, id, product)
	if err != nil {
		return err
	}
	if !ours {
		return fmt.Errorf("pin of product %q: not linked: %w", product, plugin.ErrNotFound)
	}
	return e.store.inTx(ctx, func(tx *sqlx.Tx) error {
		fresh, err := e.store.pin(ctx, tx, id, product, field, by, e.now())
		if err != nil || !fresh {
			return err
		}
		return e.store.audit(ctx, tx, id, by, []auditEntry{{Action: "pin", Product: product, Field: string(field)}}, e.now())
	})
}

// Unpin lets the field's owner decide again, from the next run on. Without a pin it does nothing.
func (e *Engine) Unpin(ctx context.Context, id plugin.ConnectionID, product plugin.ProductID, field settings.OwnedField, by string) error {
	return e.store.inTx(ctx, func(tx *sqlx.Tx) error {
		gone, err := e.store.unpin(ctx, tx, id, product, field)
		if err != nil || !gone {
			return err
		}
		return e.store.audit(ctx, tx, id, by, []auditEntry{{Action: "unpin", Product: product, Field: string(field)}}, e.now())
	})
}

// Pins lists pins by product and field, from behind the given one (zero: from the first).
// Errors: plugin.ErrNotFound.
func (e *Engine) Pins(ctx context.Context, id plugin.ConnectionID, after Pin, limit int) ([]Pin, error) {
	list, err := e.store.pinList(ctx, id, after.Product, after.Field, limit)
	if err != nil || len(list) == 0 {
		return list, err
	}
	o, err := e.asOperator(ctx, id)
	if err != nil {
		return nil, err
	}
	products, err := o.products(ctx, slices.Compact(each(list, func(p Pin) plugin.ProductID { return p.Product })))
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Name = products[list[i].Product].Name
	}
	return list, nil
}

// Pinned answers the pinned fields of some products.
func (e *Engine) Pinned(ctx context.Context, id plugin.ConnectionID, products []plugin.ProductID) (map[plugin.ProductID][]settings.OwnedField, error) {
	return e.store.pinsOf(ctx, e.deps.DB, id, products)
}

// keeping are the rules for a product of which some fields are pinned.
func (r rules) keeping(fields []settings.OwnedField) rules {
	for _, f := range fields {
		*r.Owners.of(f) = owner(settings.OwnerShop)
	}
	return r
}

// keepPinned takes fields out of a plan that were pinned since it was made.
func (p *planned) keepPinned(fields []settings.OwnedField) {
	if len(fields) == 0 || p.Action != actUpdate {
		return
	}
	has := func(f settings.OwnedField) bool { return slices.Contains(fields, f) }
	if has(settings.FieldCategory) {
		p.Category = ""
	}
	if has(settings.FieldImages) {
		p.Images = nil
	}
	p.Changes = slices.DeleteFunc(slices.Clone(p.Changes), func(c Change) bool { return has(settings.OwnedField(c.Field)) })
	if p.Patch == nil {
		return
	}
	patch := *p.Patch
	drop(&patch.Name, has(settings.FieldName))
	drop(&patch.Description, has(settings.FieldDescription))
	drop(&patch.Unit, has(settings.FieldUnit))
	drop(&patch.CategoryID, has(settings.FieldCategory))
	drop(&patch.Attributes, has(settings.FieldAttributes))
	patch.Variants = nil
	for _, v := range p.Patch.Variants {
		drop(&v.SKU, has(settings.FieldSKU))
		drop(&v.Barcode, has(settings.FieldBarcode))
		drop(&v.Price, has(settings.FieldPrice))
		drop(&v.Stock, has(settings.FieldStock))
		drop(&v.Size, has(settings.FieldSize))
		if v != (plugin.VariantPatch{ID: v.ID}) {
			patch.Variants = append(patch.Variants, v)
		}
	}
	if p.Patch = &patch; len(p.Changes) == 0 {
		p.Patch = nil
	}
}

func drop[T any](value **T, pinned bool) {
	if pinned {
		*value = nil
	}
}
