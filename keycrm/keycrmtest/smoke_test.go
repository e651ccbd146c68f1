package keycrmtest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func client(t *testing.T, s *keycrmtest.Server) *keycrm.Client {
	t.Helper()
	c, err := keycrm.New(s.BaseURL(), s.Key(), keycrm.WithTransport(s.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWholeCatalogIsReadable(t *testing.T) {
	t.Parallel()
	s := keycrmtest.New(keycrmtest.WithLimit(0))
	t.Cleanup(func() { _ = s.Close() })
	c, ctx := client(t, s), context.Background()
	n := 0
	for o, err := range c.Offers.All(ctx, keycrm.OfferQuery{IncludeProduct: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Product == nil || o.Product.Name == "" {
			t.Fatalf("offer %d has no product", o.ID)
		}
		n++
	}
	if n != 2400 {
		t.Errorf("offers: got %d, want 2400", n)
	}
	names := map[string]bool{}
	for p, err := range c.Products.All(ctx, keycrm.ProductQuery{IncludeCustomFields: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if names[p.Name] {
			t.Errorf("two products are called %q", p.Name)
		}
		names[p.Name] = true
	}
	if len(names) != 1260 {
		t.Errorf("products: got %d, want 1260", len(names))
	}
}

func TestOrderRoundTrip(t *testing.T) {
	t.Parallel()
	s := keycrmtest.Start(t)
	c, err := keycrm.New(s.BaseURL(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	offers, _, err := c.Offers.List(ctx, keycrm.OfferQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	in := keycrm.OrderCreate{
		SourceID: 7, SourceUUID: "A-1", Buyer: keycrm.OrderBuyer{FullName: "Олена Тестенко", Phone: "+380000000001"},
		Products: []keycrm.OrderLineCreate{{
			SKU: offers[0].SKU, Price: keycrm.NewAmount(decimal.NewFromInt(450)), Quantity: keycrm.NewAmount(decimal.NewFromInt(2)),
		}},
	}
	o, err := c.Orders.Create(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if !o.GrandTotal.Equal(decimal.NewFromInt(900)) {
		t.Errorf("grand total %s, want 900", o.GrandTotal)
	}
	if _, err = c.Orders.Create(ctx, in); !errors.Is(err, keycrm.ErrTaken) {
		t.Errorf("second create: got %v, want ErrTaken", err)
	}
	if _, err = c.Orders.Update(ctx, o.ID, keycrm.OrderUpdate{StatusID: 12}); err != nil {
		t.Fatal(err)
	}
	got, ok := s.Order(o.ID)
	if !ok || got.StatusID != 12 || got.ClosedAt.IsZero() {
		t.Errorf("order after the update: %+v", got)
	}
}
