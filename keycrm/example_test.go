package keycrm_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// demo is a client of a small simulated account, which stop ends.
func demo() (crm *keycrm.Client, sim *keycrmtest.Server, stop func()) {
	at := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	sim = keycrmtest.New(
		keycrmtest.WithClock(func() time.Time { return at }), keycrmtest.WithCatalog(60, 130), keycrmtest.WithManualWebhooks(),
	)
	crm, err := keycrm.New(sim.BaseURL(), sim.Key(), keycrm.WithTransport(sim.Transport()))
	if err != nil {
		panic(err)
	}
	return crm, sim, func() { _ = sim.Close() }
}

func ExampleNew() {
	budget := func(_ context.Context, r keycrm.Request) error {
		fmt.Println("asking the budget for", r.Name)
		return nil
	}
	_, sim, stop := demo()
	defer stop()
	crm, err := keycrm.New(sim.BaseURL(), sim.Key(), keycrm.WithTransport(sim.Transport()), keycrm.WithBudget(budget))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, page, err := crm.Products.List(context.Background(), keycrm.ProductQuery{})
	fmt.Println(page.Total, page.Last, err)
	fmt.Printf("%+v\n", crm)
	// Output:
	// asking the budget for products.list
	// 60 2 <nil>
	// keycrm.Client(keycrm.test)
}

func ExampleProductsService_All() {
	crm, _, stop := demo()
	defer stop()
	n := 0
	for p, err := range crm.Products.All(context.Background(), keycrm.ProductQuery{Archived: keycrm.No()}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if n++; n == 1 {
			fmt.Println(p.Name, p.CurrencyCode)
		}
	}
	fmt.Println(n > 50)
	// Output:
	// Колонка портативна «Азов» UAH
	// true
}

func ExampleCategoriesService_All() {
	crm, _, stop := demo()
	defer stop()
	for c, err := range crm.Categories.All(context.Background(), keycrm.CategoryQuery{ParentIDs: []int64{10}}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.ID, c.Name)
	}
	// Output:
	// 11 Жіночий одяг
	// 14 Чоловічий одяг
	// 17 Взуття
}

func ExampleOffersService_Stocks() {
	crm, sim, stop := demo()
	defer stop()
	id := sim.OfferIDs()[0]
	if err := sim.SetStock(id, keycrmtest.WarehouseKyiv, decimal.New(75, -1)); err != nil {
		fmt.Println(err)
		return
	}
	rows, _, err := crm.Offers.Stocks(context.Background(), keycrm.StockQuery{OfferIDs: []int64{id}, Details: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range rows[0].Warehouses[:1] {
		fmt.Println(w.Name, w.Quantity)
	}
	// Output: Склад Київ 7.5
}

func ExampleOrdersService_Create() {
	crm, _, stop := demo()
	defer stop()
	ctx := context.Background()
	in := keycrm.OrderCreate{
		SourceID: 7, SourceUUID: "SHOP1-10045",
		Buyer: keycrm.OrderBuyer{FullName: "Олена Тестенко", Phone: "+380000000001"},
		Products: []keycrm.OrderLineCreate{{
			Name: "Горнятко", Price: keycrm.NewAmount(decimal.NewFromInt(240)), Quantity: keycrm.NewAmount(decimal.NewFromInt(2)),
		}},
	}
	o, err := crm.Orders.Create(ctx, in)
	fmt.Println(o.ID, o.GrandTotal, err)

	_, err = crm.Orders.Create(ctx, in)
	if errors.Is(err, keycrm.ErrTaken) {
		found, _, err := crm.Orders.List(ctx, keycrm.OrderQuery{SourceUUIDs: []string{in.SourceUUID}})
		fmt.Println("it is order", found[0].ID, err)
	}
	// Output:
	// 70001 480 <nil>
	// it is order 70001 <nil>
}

func ExampleCardsService_Create() {
	crm, _, stop := demo()
	defer stop()
	ctx := context.Background()
	card, err := crm.Cards.Create(ctx, keycrm.CardCreate{
		Title: "SHOP1-10046", SourceID: 7, ManagerComment: "Замовлення SHOP1-10046",
		Contact: keycrm.CardContact{FullName: "Андрій Прикладний", Phone: "+380000000002"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = crm.Cards.Update(ctx, card.ID, keycrm.CardUpdate{StatusID: 102})
	fmt.Println(card.ID, err)
	// Output: 4001 <nil>
}

func ExamplePipelinesService_Statuses() {
	crm, sim, stop := demo()
	defer stop()
	ctx := context.Background()
	statuses, _, err := crm.Pipelines.Statuses(ctx, 1, keycrm.PageQuery{})
	fmt.Println(statuses[0].Title, len(statuses), err)
	sim.SetPipelines(false)
	_, _, err = crm.Pipelines.List(ctx, keycrm.PageQuery{})
	fmt.Println(errors.Is(err, keycrm.ErrFeatureOff))
	// Output:
	// Новий 5 <nil>
	// true
}

func ExampleCollect() {
	crm, _, stop := demo()
	defer stop()
	methods, err := keycrm.Collect(context.Background(), crm.Dictionaries.PaymentMethods)
	for _, m := range methods {
		if m.IsActive {
			fmt.Println(m.ID, m.Name)
		}
	}
	fmt.Println(err)
	// Output:
	// 1 Готівка
	// 2 Банківська картка
	// 3 Банківський переказ
	// 4 PayPal
	// 5 Інше
	// <nil>
}

func ExampleCustomFieldsService_List() {
	crm, _, stop := demo()
	defer stop()
	fields, err := crm.CustomFields.List(context.Background(), keycrm.CustomFieldQuery{Model: keycrm.ModelOrder, IncludeOptions: true})
	for _, f := range fields[:2] {
		fmt.Println(f.UUID, f.Type, f.Name, len(f.Options))
	}
	fmt.Println(err)
	// Output:
	// OR_1008 text Номер замовлення на сайті 0
	// OR_1009 select Пакування 2
	// <nil>
}

func ExampleBuyersService_List() {
	crm, _, stop := demo()
	defer stop()
	ctx := context.Background()
	_, err := crm.Orders.Create(ctx, keycrm.OrderCreate{
		SourceID: 7, Buyer: keycrm.OrderBuyer{FullName: "Олена Тестенко", Phone: "+380000000001"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	found, _, err := crm.Buyers.List(ctx, keycrm.BuyerQuery{Phones: []string{"380000000001"}})
	fmt.Println(len(found), found[0].Phones, err)
	// Output: 1 [+380000000001] <nil>
}
