package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// TestADemoShopThatKeepsVariantsAsProducts brings a product with variants into a demo started as such a
// shop.
func TestADemoShopThatKeepsVariantsAsProducts(t *testing.T) {
	t.Parallel()
	m := newMortal(t, keycrmtest.WithCatalog(1, 1))
	m.args = []string{"--variants-as-products"}
	shirt := keycrmtest.NewProduct{Product: keycrmtest.Product{Name: "Футболка"}}
	for _, size := range []string{"S", "M"} {
		shirt.Offers = append(shirt.Offers, keycrmtest.Offer{
			SKU: "TEE-" + size, Price: decimal.NewFromInt(100), Properties: []keycrmtest.Property{{Name: "Розмір", Value: size}},
		})
	}
	m.sim.AddProduct(shirt)
	m.start()
	m.connect(t.Context())
	until(t, time.Minute, "each size is a product", func(context.Context) error {
		n := m.count(`SELECT count(*) FROM demoshop.products p JOIN demoshop.variants v ON v.product_id = p.id
			WHERE p.name = 'Футболка (' || substr(v.sku, 5) || ')' AND p.published`)
		if n != 2 {
			return fmt.Errorf("%d of 2 are there", n)
		}
		return nil
	})
}
