package keycrmtest_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// at walks into decoded JSON by member names and list positions; nil where there is nothing.
func at(v any, path ...any) any {
	for _, step := range path {
		switch key := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			list, _ := v.([]any)
			if key >= len(list) {
				return nil
			}
			v = list[key]
		}
	}
	return v
}

func TestLineWithoutPriceGetsTheCatalogs(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	o := anOffer(t, s)
	want, _ := o.Price.Float64()
	const start = `{"source_id":7,"buyer":{"full_name":"Олена"},"products":[{"sku":"`
	for lines, price := range map[string]any{
		o.SKU + `","quantity":1}]}`:               want,
		o.SKU + `","quantity":1,"price":null}]}`:  want,
		o.SKU + `","quantity":1,"price":0}]}`:     0.0,
		`NO-SUCH-SKU","name":"a","quantity":1}]}`: 0.0,
	} {
		res, body := raw(t, s, "POST", "/v1/order", start+lines)
		if res.StatusCode != http.StatusCreated || at(body, "products", 0, "price") != price {
			t.Errorf("%s: %d, price %v, want %v", lines, res.StatusCode, at(body, "products", 0, "price"), price)
		}
	}
	_, card := raw(t, s, "POST", "/v1/pipelines/cards", `{"contact":{"full_name":"Олена"},"products":[{"sku":"`+o.SKU+`"}]}`)
	if at(card, "products", 0, "price") != want {
		t.Errorf("a card's line costs %v, want %v", at(card, "products", 0, "price"), want)
	}
}

// TestReadOrdersCarryTheirWarehouse: recorded lists and single orders have it, a recorded answer to POST has not.
func TestReadOrdersCarryTheirWarehouse(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	_, made := raw(t, s, "POST", "/v1/order", `{"source_id":7,"buyer":{"full_name":"Олена"}}`)
	_, one := raw(t, s, "GET", "/v1/order/70001", "")
	_, list := raw(t, s, "GET", "/v1/order", "")
	_, there := made["warehouse"]
	if there || at(one, "warehouse", "id") != 1.0 || !reflect.DeepEqual(at(list, "data", 0), any(one)) {
		t.Errorf("made with %v, read with %v, listed with %v", made["warehouse"], one["warehouse"], at(list, "data", 0, "warehouse"))
	}
}

func TestSpellingsOfOnePhoneAreOneBuyer(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	by := func(phone string) *keycrm.Order {
		in := order("")
		in.Buyer.Phone = phone
		return create(t, c, in)
	}
	first := by("+380671234567").ClientID
	for _, phone := range []string{"380671234567", "0671234567", "+38 (067) 123-45-67", "80671234567", "00380671234567", " 067 123 45 67 "} {
		if got := by(phone).ClientID; got != first {
			t.Errorf("%s: buyer %d, want %d", phone, got, first)
		}
		rows, _, err := c.Buyers.List(t.Context(), keycrm.BuyerQuery{Phones: []string{phone}})
		if err != nil || len(rows) != 1 {
			t.Errorf("looking for %s: %d buyers, %v", phone, len(rows), err)
		}
	}
	for typed, want := range map[string]string{
		"+1 555-234-1234": "+15552341234", "1": "1", "+380 67 123 45 67 (Viber)": "+380 67 123 45 67 (Viber)",
	} {
		b, err := c.Buyers.Get(t.Context(), by(typed).ClientID)
		if err != nil || len(b.Phones) != 1 || b.Phones[0] != want {
			t.Errorf("%q is kept as %+v, want %q (%v)", typed, b, want, err)
		}
	}
	in := order("")
	in.Shipping = &keycrm.ShippingCreate{RecipientPhone: "067 123-45-67"}
	if got, _ := s.Order(create(t, c, in).ID); got.Shipping.RecipientPhone != "+380671234567" {
		t.Errorf("the recipient's phone is kept as %q", got.Shipping.RecipientPhone)
	}
	card, err := c.Cards.Create(t.Context(), keycrm.CardCreate{Contact: keycrm.CardContact{FullName: "О", Phone: "067 123-45-67"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := s.Card(card.ID); got.Contact.Phone != "+380671234567" {
		t.Errorf("the contact's phone is kept as %q", got.Contact.Phone)
	}
}

// TestNewOrderIsNotCountedInItsOwnAnswer: recorded was orders_count 0 in the answer to a buyer's first order, and 1 when
// such an order was read.
func TestNewOrderIsNotCountedInItsOwnAnswer(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	for n := range 2 {
		_, made := raw(t, s, "POST", "/v1/order", `{"source_id":7,"buyer":{"full_name":"Олена","phone":"+380000000001"},"products":[{"name":"a","price":980,"quantity":1}]}`)
		if got, sum := at(made, "buyer", "orders_count"), at(made, "buyer", "orders_sum"); got != float64(n) || n == 0 && sum != "0.00" {
			t.Errorf("order %d is answered with %v orders of %v", n+1, got, sum)
		}
	}
	_, read := raw(t, s, "GET", "/v1/order/70001?include=buyer", "")
	if at(read, "buyer", "orders_count") != 2.0 || at(read, "buyer", "orders_sum") != "1960.00" {
		t.Errorf("read: %v", read["buyer"])
	}
}

func TestOrderPartsAreFilledAsRecorded(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	in := order("A-1", line(anOffer(t, s).SKU, "100", "1"))
	in.DiscountPercent, in.Shipping = amountOf("5"), &keycrm.ShippingCreate{Country: "Україна", City: "Київ"}
	create(t, c, in)
	create(t, c, order("A-2", line("", "1", "1")))
	_, o := raw(t, s, "GET", "/v1/order/70001?include=shipping,products", "")
	for name, got := range map[string]struct{ got, want any }{
		"discount_data of a percentage":    {o["discount_data"], []any{}},
		"has_reserves with reserved lines": {o["has_reserves"], false},
		"the line's stock_status":          {at(o, "products", 0, "stock_status"), "reserved"},
		"the country's code":               {at(o, "shipping", "shipping_address_country_code"), "UA"},
		"the address's id":                 {at(o, "shipping", "address_id"), 70001.0},
	} {
		if !reflect.DeepEqual(got.got, got.want) {
			t.Errorf("%s: got %v, want %v", name, got.got, got.want)
		}
	}
}

// TestUnknownNamesAreTaken: programs tuned on live accounts send names that no dictionary has.
func TestUnknownNamesAreTaken(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t, keycrmtest.WithStrict())
	_, made := raw(t, s, "POST", "/v1/order", `{"source_name":"Instagram","buyer":{"full_name":"О"},`+
		`"payments":[{"payment_method":"Частинами","amount":5},{"payment_method":"Готівка","amount":5},{"payment_method_id":2,"payment_method":"Частинами","amount":1}]}`)
	if made["source_id"] != 8.0 || at(made, "payments", 0, "payment_method_id") != nil || at(made, "payments", 1, "payment_method_id") != 1.0 ||
		at(made, "payments", 2, "payment_method_id") != 2.0 {
		t.Errorf("source %v, payments %v", made["source_id"], made["payments"])
	}
	if _, other := raw(t, s, "POST", "/v1/order", `{"source_name":"Новий сайт","buyer":{"full_name":"О"}}`); other["source_id"] != 7.0 {
		t.Errorf("an unknown source_name: source %v, want the first", other["source_id"])
	}
	paid, err := c.Orders.AddPayment(t.Context(), 70001, keycrm.PaymentCreate{PaymentMethod: "Бартер", Amount: amount("1")})
	if err != nil || paid.PaymentMethodID != 0 || paid.PaymentMethod.Name != "Бартер" {
		t.Errorf("added: %+v, %v", paid, err)
	}
	if _, page := ask(t, s, "GET", "/orders/70001", "", nil); !strings.Contains(page, "<td>Частинами</td>") || !strings.Contains(page, "<td>Бартер</td>") {
		t.Error("the page does not name the methods")
	}
	if got := s.UnknownFields(); !reflect.DeepEqual(got, []string{"POST /v1/order: source_name"}) {
		t.Errorf("strict mode found %v", got)
	}
}

// TestPicturesOfOrdersExist reads the picture of each line where the account serves it, which is known only once it
// listens.
func TestPicturesOfOrdersExist(t *testing.T) {
	t.Parallel()
	s := keycrmtest.Start(t, keycrmtest.WithHistory(6), keycrmtest.WithCatalog(60, 120), keycrmtest.WithPictureSize(24), keycrmtest.WithLimit(0))
	c, err := keycrm.New(s.BaseURL(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := c.Orders.List(t.Context(), keycrm.OrderQuery{Include: []keycrm.OrderInclude{keycrm.OrderProducts}})
	if err != nil || len(rows) != 6 {
		t.Fatalf("%d orders, %v", len(rows), err)
	}
	seen := 0
	for _, o := range rows {
		for _, l := range o.Products {
			path, ours := strings.CutPrefix(string(l.Picture), s.URL())
			if l.Picture == "" {
				continue
			}
			seen++
			if res, _ := ask(t, s, "GET", path, "", nil); !ours || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/jpeg" {
				t.Errorf("order %d: the picture %s is answered with %d", o.ID, l.Picture, res.StatusCode)
			}
		}
	}
	if seen == 0 {
		t.Error("no line has a picture")
	}
}

func TestNegativeStockIsATextOrANumber(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		opts []keycrmtest.Option
		want any
	}{{nil, "-1.000"}, {[]keycrmtest.Option{keycrmtest.WithOtherwise(keycrmtest.GuessNegativeStock)}, -1.0}} {
		s, _, _ := account(t, tc.opts...)
		for _, w := range []int64{keycrmtest.WarehouseKyiv, keycrmtest.WarehouseLviv} {
			if err := s.SetStock(20001, w, dec("-0.5")); err != nil {
				t.Fatal(err)
			}
		}
		_, offers := raw(t, s, "GET", "/v1/offers?filter[id]=20001", "")
		_, stocks := raw(t, s, "GET", "/v1/offers/stocks?filter[offers_id]=20001", "")
		for _, body := range []map[string]any{offers, stocks} {
			if got := at(body, "data", 0, "quantity"); got != tc.want {
				t.Errorf("%v: got %v, want %v", tc.opts, got, tc.want)
			}
		}
	}
}
