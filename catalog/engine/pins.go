package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Pin keeps a field of a product as it is in the shop, from now on: what a run has planned for it and
// not written yet is not written either. A field that is pinned already stays so.
// Errors: plugin.ErrNotFound when the product is neither linked by the connection nor in a plan that
// waits, plugin.ErrInvalid for what is no field of products.
func (e *Engine) Pin(ctx context.Context, id plugin.ConnectionID, product plugin.ProductID, field settings.OwnedField, by string) error {
	if !catalog.Field(field).Pinnable() {
		return fmt.Errorf("pin of product %q: no such field: %w", product, plugin.ErrInvalid)
	}
	ours, err := e.t.Store.Review.Concerns(ctx, id, product)
	if err != nil {
		return err
	}
	if !ours {
		return fmt.Errorf("pin of product %q: not linked: %w", product, plugin.ErrNotFound)
	}
	return e.t.Store.InTx(ctx, func(tx *sqlx.Tx) error {
		fresh, err := e.t.Store.Review.Pin(ctx, tx, id, product, field, by, e.t.Now())
		if err != nil || !fresh {
			return err
		}
		return e.t.Store.Review.Audit(ctx, tx, id, by, []store.AuditEntry{{Action: "pin", Product: product, Field: string(field)}}, e.t.Now())
	})
}

// Unpin lets the field's owner decide again, from the next run on. Without a pin it does nothing.
func (e *Engine) Unpin(ctx context.Context, id plugin.ConnectionID, product plugin.ProductID, field settings.OwnedField, by string) error {
	return e.t.Store.InTx(ctx, func(tx *sqlx.Tx) error {
		gone, err := e.t.Store.Review.Unpin(ctx, tx, id, product, field)
		if err != nil || !gone {
			return err
		}
		return e.t.Store.Review.Audit(ctx, tx, id, by, []store.AuditEntry{{Action: "unpin", Product: product, Field: string(field)}}, e.t.Now())
	})
}

// Pins lists pins by product and field, from behind the given one (zero: from the first). Names are read from the shop.
// Errors: plugin.ErrNotFound, the shop's.
func (e *Engine) Pins(ctx context.Context, id plugin.ConnectionID, after catalog.Pin, limit int) ([]catalog.Pin, error) {
	list, err := e.t.Store.Review.PinList(ctx, id, after.Product, after.Field, limit)
	if err != nil || len(list) == 0 {
		return list, err
	}
	o, err := e.asOperator(ctx, id)
	if err != nil {
		return nil, err
	}
	products, err := o.products(ctx, slices.Compact(sliceutil.Map(list, func(p catalog.Pin) plugin.ProductID { return p.Product })))
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Name = products[list[i].Product].Name
	}
	return list, nil
}

// Pinned answers the pinned fields of some products; those without any are left out.
func (e *Engine) Pinned(ctx context.Context, id plugin.ConnectionID, products []plugin.ProductID) (map[plugin.ProductID][]settings.OwnedField, error) {
	return e.t.Store.Review.PinsOf(ctx, e.t.Deps.DB, id, products)
}
