package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/plugin"
)

// TestADeletedConnectionKeepsNothingFromAnother: connecting another account after a deletion meets no
// owner any more, and finds categories and products by their keys instead of making them twice.
func TestADeletedConnectionKeepsNothingFromAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.full()
	before := w.snapshot()
	old := w.conn
	must(t, w.set.Delete(t.Context(), old))
	w.conn = w.connect("Інший обліковий запис")
	for _, it := range w.items(w.approved(catalog.Full, catalog.GuardForeign).ID) {
		if it.Reason == catalog.ReasonOtherConnection {
			t.Fatalf("a deleted connection still owns: %+v", it)
		}
	}
	after := w.snapshot()
	for _, kind := range []string{"category", "product"} {
		if was, is := count(before, kind), count(after, kind); is != was {
			t.Errorf("%d lines of %s became %d", was, kind, is)
		}
	}
	var linked plugin.ProductID
	must(t, w.db.Get(&linked, `SELECT product_id FROM keybridge.link_product WHERE product_id IS NOT NULL LIMIT 1`))
	if owner, err := w.engine.OwnerOf(t.Context(), demoshop.ShopID, linked); err != nil || owner != w.conn {
		t.Errorf("OwnerOf = %s, %v; want %s", owner, err, w.conn)
	}
	if _, err := w.engine.OwnerOf(t.Context(), demoshop.ShopID, "no-such-product"); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("OwnerOf a product nobody keeps: %v, want ErrNotFound", err)
	}
}

func count(lines []string, prefix string) (n int) {
	for _, l := range lines {
		if strings.HasPrefix(l, prefix) {
			n++
		}
	}
	return n
}
