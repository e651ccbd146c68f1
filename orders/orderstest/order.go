package orderstest

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Order is an order of two lines, delivered by Nova Poshta and paid in cash: 1140 of goods and 60 for
// the way make 1200 UAH.
func Order(id plugin.OrderID, placedAt time.Time) plugin.Order {
	return plugin.Order{
		ID: id, Number: string(id), Storefront: "main", Domain: "shop.test", PlacedAt: placedAt.UTC(), Status: "new",
		Currency: "UAH",
		Buyer:    plugin.Buyer{FullName: "Олена Тестенко", Email: "olena@example.com", Phone: "050 123 45 67"},
		Lines: []plugin.OrderLine{
			{ID: "1", SKU: "NO-SUCH-1", Name: "Чашка", Quantity: decimal.NewFromInt(2), Price: decimal.NewFromInt(450)},
			{ID: "2", SKU: "NO-SUCH-2", Name: "Тарілка", Quantity: decimal.NewFromInt(1), Price: decimal.NewFromInt(240)},
		},
		Delivery: plugin.Delivery{
			Method: "np", Price: decimal.NewFromInt(60), Country: "UA", City: "Київ", Branch: "Відділення №1",
			BranchRef: "22222222-2222-4222-8222-222222222222",
		},
		Payments: []plugin.Payment{{
			ID: "p1", Method: "cash", Amount: decimal.NewFromInt(1200), State: plugin.PaymentPending,
		}},
		Total: decimal.NewFromInt(1200),
	}
}

// Settings map Shop's dictionaries to those of a new simulator, in the orders mode.
func Settings() settings.Orders {
	return settings.Orders{
		Target: settings.TargetOrders, Source: "7", Pipeline: "1",
		OrderStatus: map[string]settings.Choice{
			"1": {Code: "new"}, "3": {Code: "accepted"}, "8": {Code: "shipped"}, "12": {Code: "done"}, "19": {Code: "canceled"},
			"4": {Skip: true},
		},
		CardStatus: map[string]settings.Choice{"1/102": {Code: "accepted"}, "1/104": {Code: "canceled"}},
		StatusOut:  map[string]settings.Choice{"accepted": {Code: "3"}, "new": {Skip: true}},
		Payments:   map[string]settings.Choice{"cash": {Code: "1"}, "card": {Code: "2"}},
		Deliveries: map[string]settings.Choice{"np": {Code: "1"}, "pickup": {Code: "3"}},
		AddOns:     map[string]settings.Choice{"nocall": {Code: "OR_1010"}},
	}
}
