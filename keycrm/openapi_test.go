package keycrm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// checked compares every request and answer with an API description and collects what differs.
type checked struct {
	next   http.RoundTripper
	router routers.Router

	mu    sync.Mutex
	diffs map[string]bool
	calls map[string]bool // operations that were used
}

func newChecked(t *testing.T, path string, next http.RoundTripper) *checked {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	doc.Servers = nil // the simulator has an address of its own
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return &checked{next: next, router: router, diffs: map[string]bool{}, calls: map[string]bool{}}
}

func (c *checked) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	res, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	c.compare(r, body, res, answer)
	return res, nil
}

func (c *checked) compare(r *http.Request, body []byte, res *http.Response, answer []byte) {
	probe := r.Clone(context.Background())
	probe.URL = &url.URL{Path: strings.TrimPrefix(r.URL.Path, "/v1"), RawQuery: r.URL.RawQuery}
	probe.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := c.router.FindRoute(probe)
	if err != nil {
		c.note(r.Method+" "+numbers.ReplaceAllString(probe.URL.Path, "{}"), err)
		return
	}
	name := route.Method + " " + route.Path
	c.mu.Lock()
	c.calls[name] = true
	c.mu.Unlock()
	in := &openapi3filter.RequestValidationInput{
		Request: probe, PathParams: params, Route: route, QueryParams: probe.URL.Query(),
		Options: &openapi3filter.Options{
			MultiError: true, IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true,
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	}
	c.note(name+" request", openapi3filter.ValidateRequest(context.Background(), in))
	c.noteUnknownQuery(name, route, probe.URL.Query())
	if len(answer) == 0 {
		res.Header.Del("Content-Type")
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Options: in.Options,
		Body: io.NopCloser(bytes.NewReader(answer)),
	}
	c.note(fmt.Sprintf("%s answer %d", name, res.StatusCode), openapi3filter.ValidateResponse(context.Background(), out))
}

// noteUnknownQuery wants every query member to be described; one filter object stands for all filters.
func (c *checked) noteUnknownQuery(name string, route *routers.Route, q url.Values) {
	params := slices.Concat(route.PathItem.Parameters, route.Operation.Parameters)
	for key := range q {
		base, _, _ := strings.Cut(key, "[")
		if params.GetByInAndName("query", key) == nil && params.GetByInAndName("query", base) == nil {
			c.note(name+" request", errors.New("query "+key+" is not described"))
		}
	}
}

var numbers = regexp.MustCompile(`/\d+`)

// note keeps one line for each kind of difference, without values and list positions.
func (c *checked) note(where string, err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range flatten(err) {
		c.diffs[where+": "+line] = true
	}
}

func flatten(err error) []string {
	var many openapi3.MultiError
	var one *openapi3.SchemaError
	var out []string
	switch {
	case errors.As(err, &many):
		for _, e := range many {
			out = append(out, flatten(e)...)
		}
	case errors.As(err, &one):
		path := numbers.ReplaceAllString("/"+strings.Join(one.JSONPointer(), "/"), "/*")
		out = append(out, path+": "+one.Reason)
	default:
		first, _, _ := strings.Cut(err.Error(), "\n")
		out = append(out, first)
	}
	return out
}

func (c *checked) sorted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for d := range c.diffs {
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}

func amount(s string) keycrm.Amount { return keycrm.NewAmount(decimal.RequireFromString(s)) }

func amountOf(s string) *keycrm.Amount { a := amount(s); return &a }

// fullOrder fills every field of an order.
func fullOrder(sku string) keycrm.OrderCreate {
	at := time.Date(2026, 8, 1, 11, 38, 50, 0, time.UTC)
	return keycrm.OrderCreate{
		SourceID: 7, SourceUUID: "SHOP1-10045", BuyerComment: "Подзвоніть", ManagerID: 2, ManagerComment: "З сайту",
		Buyer:     keycrm.OrderBuyer{FullName: "Олена Тестенко", Email: "olena@example.com", Phone: "+380000000001"},
		Promocode: "LITO5", DiscountPercent: amountOf("5"), DiscountAmount: amountOf("0.2"), ShippingPrice: amountOf("60"),
		WrapPrice: amountOf("15"), Taxes: amountOf("1.5"), GiftMessage: "Вітаю", IsGift: true, GiftWrap: true,
		OrderedAt: keycrm.NewDateTime(at),
		Shipping: &keycrm.ShippingCreate{
			DeliveryServiceID: 1, City: "Київ", Country: "Ukraine", Region: "Київська", Zip: "01001", SecondaryLine: "кв. 1",
			ReceivePoint: "Відділення №1", RecipientFullName: "Олена Тестенко", RecipientPhone: "+380000000001",
			WarehouseRef: "22222222-2222-4222-8222-222222222222", ShippingDate: keycrm.Date{Time: at},
		},
		Marketing: &keycrm.Marketing{Source: "google", Medium: "cpc", Campaign: "summer", Term: "t", Content: "c"},
		Products: []keycrm.OrderLineCreate{{
			SKU: sku, Name: "Футболка", Price: amount("450"), Quantity: amount("2"), PurchasedPrice: amountOf("180"),
			DiscountPercent: amountOf("10"), DiscountAmount: amountOf("5"), UnitType: "шт", Comment: "Напис",
			Picture: "https://shop.example.com/1.jpg", Properties: []keycrm.Property{{Name: "Колір", Value: "Чорний"}},
		}, {Name: "Разова позиція", Price: amount("20.5"), Quantity: amount("0.5")}},
		Payments: []keycrm.PaymentCreate{
			{PaymentMethodID: 2, Amount: amount("300"), Status: keycrm.PaymentPaid, Description: "d", PaymentDate: keycrm.NewDateTime(at)},
			{PaymentMethod: "Готівка", Amount: amount("1.25"), Status: keycrm.PaymentNotPaid},
		},
		CustomFields: []keycrm.FieldValue{
			keycrm.TextValue("OR_1008", "10045"), keycrm.SelectValue("OR_1009", "Подарункове"), keycrm.SwitchValue("OR_1010", true),
			keycrm.DateValue("OR_1014", at), keycrm.NumberValue("OR_1016", decimal.New(155, -1)),
		},
	}
}

func fullCard(sku string) keycrm.CardCreate {
	return keycrm.CardCreate{
		Title: "SHOP1-10046", SourceID: 7, ManagerID: 2, ManagerComment: "Замовлення", PipelineID: 1,
		CommunicateAt: keycrm.NewDateTime(time.Date(2026, 8, 2, 7, 0, 0, 0, time.UTC)),
		Contact:       keycrm.CardContact{FullName: "Андрій Прикладний", Email: "andrii@example.com", Phone: "+380000000002"},
		UTMSource:     "facebook", UTMMedium: "cpc", UTMCampaign: "autumn", UTMTerm: "t", UTMContent: "c",
		Products: []keycrm.OrderLineCreate{{
			SKU: sku, Name: "Футболка", Price: amount("450"), Quantity: amount("1"), UnitType: "шт", Picture: "https://shop.example.com/1.jpg",
		}},
		Payments:     []keycrm.PaymentCreate{{PaymentMethodID: 2, Amount: amount("10")}},
		CustomFields: []keycrm.FieldValue{keycrm.SelectValue("LD_1012", "Одяг"), keycrm.TextValue("LD_1011", "https://shop.example.com")},
	}
}

// tour calls every method of the client once with everything filled in.
func tour(t *testing.T, c *keycrm.Client) {
	t.Helper()
	ctx := t.Context()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	offers, _, err := c.Offers.List(ctx, keycrm.OfferQuery{IncludeProduct: true, Sort: keycrm.SortIDDesc})
	must("offers", err)
	sku := offers[0].SKU
	tourCatalog(t, c, must)
	o, err := c.Orders.Create(ctx, fullOrder(sku))
	must("create order", err)
	parts := []keycrm.OrderInclude{
		keycrm.OrderBuyerPart, keycrm.OrderProducts, keycrm.OrderProductsOffer, keycrm.OrderManager, keycrm.OrderTags,
		keycrm.OrderStatusPart, keycrm.OrderMarketing, keycrm.OrderPayments, keycrm.OrderShipping, keycrm.OrderCustomFields,
	}
	must("add tag", c.Orders.AddTag(ctx, o.ID, 4))
	full, err := c.Orders.Get(ctx, o.ID, parts...)
	must("get order", err)
	must("remove tag", c.Orders.RemoveTag(ctx, o.ID, 4))
	_, err = c.Orders.AddPayment(ctx, o.ID, keycrm.PaymentCreate{PaymentMethodID: 1, Amount: amount("5")})
	must("add payment", err)
	_, err = c.Orders.UpdatePayment(ctx, o.ID, full.Payments[1].ID, keycrm.PaymentUpdate{Status: keycrm.PaymentPaid, Description: "x"})
	must("update payment", err)
	comment := "Зібрати"
	_, err = c.Orders.Update(ctx, o.ID, keycrm.OrderUpdate{
		StatusID: 6, ManagerComment: &comment, BuyerComment: &comment, DiscountPercent: amountOf("1"), DiscountAmount: amountOf("2"),
		Shipping:     &keycrm.ShippingCreate{TrackingCode: "20450000000000"},
		Products:     []keycrm.OrderLineUpdate{{ID: full.Products[1].ID, Quantity: amountOf("3"), Price: amountOf("9"), PurchasedPrice: amountOf("4"), Name: "Інша", ProductStatusID: 1, Comment: &comment}},
		CustomFields: []keycrm.FieldValue{keycrm.SwitchValue("OR_1010", false)},
	})
	must("update order", err)
	_, _, err = c.Orders.List(ctx, keycrm.OrderQuery{Include: parts, SourceUUIDs: []string{"SHOP1-10045"}, Sort: keycrm.SortUpdated})
	must("orders", err)
	_, _, err = c.Orders.List(ctx, keycrm.OrderQuery{Page: 9})
	must("a page past the end", err)
	if _, err = c.Orders.Create(ctx, fullOrder(sku)); !errors.Is(err, keycrm.ErrTaken) {
		t.Errorf("a used source uuid: %v", err)
	}
	if _, err = c.Orders.Get(ctx, 1); !errors.Is(err, keycrm.ErrNotFound) {
		t.Errorf("an unknown order: %v", err)
	}
	_, err = c.Buyers.Get(ctx, o.ClientID, keycrm.BuyerCustomFields)
	must("buyer", err)
	tourCards(t, c, sku, must)
}

func tourCatalog(t *testing.T, c *keycrm.Client, must func(string, error)) {
	t.Helper()
	ctx := t.Context()
	products, _, err := c.Products.List(ctx, keycrm.ProductQuery{IncludeCustomFields: true, Archived: keycrm.No()})
	must("products", err)
	_, err = c.Products.Get(ctx, products[0].ID, keycrm.ProductQuery{IncludeCustomFields: true})
	must("product", err)
	_, _, err = c.Categories.List(ctx, keycrm.CategoryQuery{})
	must("categories", err)
	_, _, err = c.Offers.Stocks(ctx, keycrm.StockQuery{Details: true})
	must("stocks", err)
	_, _, err = c.Dictionaries.Sources(ctx, keycrm.PageQuery{Sort: keycrm.SortID})
	must("sources", err)
	_, _, err = c.Dictionaries.OrderStatuses(ctx, keycrm.PageQuery{})
	must("statuses", err)
	_, _, err = c.Dictionaries.PaymentMethods(ctx, keycrm.PageQuery{})
	must("payment methods", err)
	_, _, err = c.Dictionaries.DeliveryServices(ctx, keycrm.PageQuery{})
	must("delivery services", err)
	_, _, err = c.Dictionaries.Tags(ctx, keycrm.PageQuery{})
	must("tags", err)
	_, _, err = c.Dictionaries.Users(ctx, keycrm.UserQuery{Status: "active"})
	must("users", err)
	_, err = c.CustomFields.List(ctx, keycrm.CustomFieldQuery{IncludeOptions: true})
	must("custom fields", err)
	_, _, err = c.Buyers.List(ctx, keycrm.BuyerQuery{Phones: []string{"380000000001"}})
	must("buyers", err)
}

func tourCards(t *testing.T, c *keycrm.Client, sku string, must func(string, error)) {
	t.Helper()
	ctx := t.Context()
	_, _, err := c.Pipelines.List(ctx, keycrm.PageQuery{})
	must("pipelines", err)
	_, _, err = c.Pipelines.Statuses(ctx, 1, keycrm.PageQuery{})
	must("pipeline statuses", err)
	card, err := c.Cards.Create(ctx, fullCard(sku))
	must("create card", err)
	title := "Нова назва"
	must("update card", c.Cards.Update(ctx, card.ID, keycrm.CardUpdate{
		Title: &title, Note: &title, StatusID: 102, SourceID: 8, ManagerID: 1, CommunicateAt: keycrm.NewDateTime(time.Now()),
		CustomFields: []keycrm.FieldValue{keycrm.SwitchValue("LD_1017", true)},
	}))
	_, err = c.Cards.AddPayment(ctx, card.ID, keycrm.PaymentCreate{PaymentMethodID: 1, Amount: amount("5")})
	must("add card payment", err)
	_, err = c.Cards.UpdatePayment(ctx, card.ID, card.Payments[0].ID, keycrm.PaymentUpdate{Status: keycrm.PaymentCanceled})
	must("update card payment", err)
	parts := []keycrm.CardInclude{
		keycrm.CardContactPart, keycrm.CardContactClient, keycrm.CardProducts, keycrm.CardProductsOffer, keycrm.CardManager,
		keycrm.CardStatus, keycrm.CardPayments, keycrm.CardCustomFields,
	}
	_, err = c.Cards.Get(ctx, card.ID, parts...)
	must("card", err)
	_, _, err = c.Cards.List(ctx, keycrm.CardQuery{PipelineIDs: []int64{1}, Include: parts})
	must("cards", err)
}

func tourAgainst(t *testing.T, description string) *checked {
	t.Helper()
	sim := keycrmtest.New(keycrmtest.WithStrict(), keycrmtest.WithCatalog(120, 240), keycrmtest.WithManualWebhooks())
	t.Cleanup(func() { _ = sim.Close() })
	watch := newChecked(t, description, sim.Transport())
	c, err := keycrm.New(sim.BaseURL(), sim.Key(), keycrm.WithTransport(watch))
	if err != nil {
		t.Fatal(err)
	}
	tour(t, c)
	if got := sim.UnknownFields(); len(got) > 0 {
		t.Errorf("fields KeyCRM does not document: %v", got)
	}
	return watch
}

const ourDescription = "testdata/openapi.yml"

// TestBothSidesKeepToTheDescription validates what the client sends and what the simulator answers.
func TestBothSidesKeepToTheDescription(t *testing.T) {
	t.Parallel()
	watch := tourAgainst(t, ourDescription)
	for _, d := range watch.sorted() {
		t.Error(d)
	}
	doc, err := openapi3.NewLoader().LoadFromFile(ourDescription)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !watch.calls[method+" "+path] {
				t.Errorf("%s %s is described and never used", method, path)
			}
		}
	}
}

// TestDescriptionCatchesDifferences makes sure that the check above can fail.
func TestDescriptionCatchesDifferences(t *testing.T) {
	t.Parallel()
	watch := newChecked(t, ourDescription, roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusCreated, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(`{"id":"7"}`)),
		}, nil
	}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://keycrm.test/v1/order?x=1",
		strings.NewReader(`{"source_id":7,"buyer":{},"surprise":1}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := watch.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	all := strings.Join(watch.sorted(), "\n")
	for _, want := range []string{"query x is not described", "surprise", "/id: value must be an integer"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q was not caught among:\n%s", want, all)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestVendorDescription compares with KeyCRM's own file, named by KEYCRM_OPENAPI: it must differ exactly where
// testdata/vendor_differences.txt says (docs/keycrm.md gives the reasons). Without the variable it runs against our own
// description and wants no difference, so that the comparison itself stays tried.
func TestVendorDescription(t *testing.T) {
	t.Parallel()
	path, want := ourDescription, []string(nil)
	if named := os.Getenv("KEYCRM_OPENAPI"); named != "" {
		path = named
		data, err := os.ReadFile("testdata/vendor_differences.txt")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				want = append(want, line)
			}
		}
	}
	got := tourAgainst(t, path).sorted()
	for _, d := range got {
		if !slices.Contains(want, d) {
			t.Errorf("new difference: %s", d)
		}
	}
	for _, d := range want {
		if !slices.Contains(got, d) {
			t.Errorf("no longer a difference: %s", d)
		}
	}
}
