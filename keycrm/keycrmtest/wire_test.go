package keycrmtest_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	cases := []struct {
		name, method, path, body string
		status                   int
		want                     string // part of the body
	}{
		{"an unknown filter of cards", "GET", "/v1/pipelines/cards?filter[title]=x", "", 400, "Requested filter(s) `title` are not allowed. Allowed filter(s) are `pipeline_id, status_id, source_id, created_between, updated_between`."},
		{"an encoded bracket", "GET", "/v1/order?filter%5Bnope%5D=x", "", 400, "`nope`"},
		{"an unknown include", "GET", "/v1/order?include=products.warehouse", "", 400, "Requested include(s) `products.warehouse` are not allowed."},
		{"an unknown filter of stocks is ignored", "GET", "/v1/offers/stocks?filter[warehouse_id]=1&include=x", "", 200, "current_page"},
		{"an unknown include of users is ignored", "GET", "/v1/users?include=x", "", 200, "current_page"},
		{"two unknown filters", "GET", "/v1/order?filter[z]=1&filter[status_id]=1&filter[a]=1", "", 400, "Requested filter(s) `a, z` are not allowed."},
		{"two unknown includes", "GET", "/v1/order?include=buyer,x,y", "", 400, "Requested include(s) `x, y` are not allowed."},
		{"page 0", "GET", "/v1/products?page=0", "", 200, `"current_page":1,`},
		{"a page that is no number", "GET", "/v1/products?page=next", "", 200, `"current_page":1,`},
		{"a page beyond all numbers", "GET", "/v1/products?limit=50&page=9223372036854775807", "", 200, `"data":[]`},
		{"limit 0", "GET", "/v1/products?limit=0", "", 422, "The limit must be at least 1."},
		{"an unknown sort of orders", "GET", "/v1/order?sort=-total", "", 400, "Requested sort(s) `total` is not allowed. Allowed sort(s) are `id, created_at, updated_at`."},
		{"a compound sort", "GET", "/v1/order?sort=updated_at,-id", "", 200, "current_page"},
		{"an unknown sort of offers", "GET", "/v1/offers?sort=price", "", 400, "Requested sort(s) `price` is not allowed. Allowed sort(s) are `id, product_id`."},
		{"a sort of offers by their product", "GET", "/v1/offers?sort=-product_id", "", 200, "current_page"},
		{"camel-case custom fields", "GET", "/v1/order?include=customFields", "", 200, "current_page"},
		{"an unknown order", "GET", "/v1/order/1", "", 404, "message"},
		{"an unknown path", "GET", "/v1/warehouses", "", 404, "message"},
		{"deleting a card", "DELETE", "/v1/pipelines/cards/1", "", 405, "message"},
		{"no body", "POST", "/v1/order", "", 422, `"source_id":["The source id field is required."]`},
		{"no buyer data", "POST", "/v1/order", `{"source_id":7,"buyer":{}}`, 422, `"buyer"`},
		{"a bad line", "POST", "/v1/order", `{"source_id":7,"buyer":{"phone":"1"},"products":[{"name":"a","price":1,"quantity":"x"}]}`, 422, `"products.0.quantity":["The products.0.quantity must be a number."]`},
		{"a price beyond all prices", "POST", "/v1/order", `{"source_id":7,"buyer":{"phone":"1"},"products":[{"name":"a","price":1e300,"quantity":1}]}`, 422, `"products.0.price":["The products.0.price may not be greater than 999999999999."]`},
		{"an unknown source", "POST", "/v1/order", `{"source_id":70,"buyer":{"phone":"1"}}`, 422, `"source_id"`},
		{"an unknown option", "POST", "/v1/order", `{"source_id":7,"buyer":{"phone":"1"},"custom_fields":[{"uuid":"OR_1009","value":["Інше"]}]}`, 422, `"custom_fields.0.value"`},
		{"a select given as a text", "POST", "/v1/order", `{"source_id":7,"buyer":{"phone":"1"},"custom_fields":[{"uuid":"OR_1009","value":"Звичайне"}]}`, 422, `"custom_fields.0.value"`},
		{"a field of another model", "POST", "/v1/order", `{"source_id":7,"buyer":{"phone":"1"},"custom_fields":[{"uuid":"LD_1011","value":"x"}]}`, 422, `"custom_fields.0.uuid"`},
		{"a branch that is no reference", "POST", "/v1/order", `{"source_id":7,"buyer":{"phone":"1"},"shipping":{"delivery_service_id":1,"warehouse_ref":"5"}}`, 422, `"shipping.warehouse_ref"`},
		{"a branch without Nova Poshta", "POST", "/v1/order", `{"source_id":7,"buyer":{"phone":"1"},"shipping":{"delivery_service_id":2,"warehouse_ref":"22222222-2222-4222-8222-222222222222"}}`, 422, `"shipping.warehouse_ref"`},
		{"a payment without an amount", "POST", "/v1/order", `{"source_id":7,"buyer":{"phone":"1"},"payments":[{"payment_method_id":2}]}`, 422, `"payments.0.amount"`},
		{"a card without a contact", "POST", "/v1/pipelines/cards", `{"title":"x"}`, 422, `"contact"`},
		{"stock of an unknown warehouse", "PUT", "/v1/offers/stocks", `{"warehouse_id":9,"stocks":[]}`, 422, `"warehouse_id"`},
		{"a price of an unknown SKU", "PUT", "/v1/offers", `{"offers":[{"sku":"NOPE","price":1}]}`, 422, `"offers.0.sku"`},
	}
	for _, tc := range cases {
		res, body := raw(t, s, tc.method, tc.path, tc.body)
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != tc.status || !strings.Contains(string(text), tc.want) {
			t.Errorf("%s: %d %s\nwant %d with %s", tc.name, res.StatusCode, text, tc.status, tc.want)
		}
	}
}

func TestAddressWithoutVersionIsNoAPI(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	res, body := raw(t, s, "GET", "/order", "")
	if res.StatusCode != http.StatusNotFound || body != nil {
		t.Errorf("got %d with %v, want a 404 that is no JSON", res.StatusCode, body)
	}
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.BaseURL()+"/order", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Transport().RoundTrip(req)
	if err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Fatalf("got %v, %v, want 401", res, err)
	}
	_ = res.Body.Close()
}

func TestEnvelopeIsThePaginatorsOwn(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, keycrmtest.WithPublicURL("https://crm.example.com/"))
	_, body := raw(t, s, "GET", "/v1/products?include=custom_fields&limit=50&page=2", "")
	want := map[string]any{
		"current_page": 2.0, "from": 51.0, "to": 100.0, "last_page": 3.0, "per_page": 50.0, "total": 120.0,
		"path":           "https://crm.example.com/v1/products",
		"first_page_url": "https://crm.example.com/v1/products?include=custom_fields&limit=50&page=1",
		"next_page_url":  "https://crm.example.com/v1/products?include=custom_fields&limit=50&page=3",
		"prev_page_url":  "https://crm.example.com/v1/products?include=custom_fields&limit=50&page=1",
	}
	for k, v := range want {
		if !reflect.DeepEqual(body[k], v) {
			t.Errorf("%s: got %v, want %v", k, body[k], v)
		}
	}
	_, past := raw(t, s, "GET", "/v1/products?page=99", "")
	if rows, ok := past["data"].([]any); !ok || len(rows) != 0 || past["from"] != nil || past["next_page_url"] != nil {
		t.Errorf("past the end: %v", past)
	}
}

func TestLimitAboveFiftyIsAnsweredWithFiftyRows(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	for _, limit := range []string{"51", "100", "100000000"} {
		res, body := raw(t, s, "GET", "/v1/products?limit="+limit, "")
		rows, _ := body["data"].([]any)
		if res.StatusCode != http.StatusOK || len(rows) != 50 || body["per_page"] != 50.0 || body["last_page"] != 3.0 || body["next_page_url"] == nil {
			t.Errorf("limit %s: %d with %d rows, per_page %v, last_page %v", limit, res.StatusCode, len(rows), body["per_page"], body["last_page"])
		}
	}
}

// TestPageLinksLeaveOutWhatThePaginatorLeavesOut pins the links as they were recorded for page 1 of a long list, and
// as Laravel makes them elsewhere.
func TestPageLinksLeaveOutWhatThePaginatorLeavesOut(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	for query, want := range map[string]string{
		"limit=1":          "< 1 2 3 4 5 6 7 8 9 10 ... 119 120 >",
		"limit=1&page=7":   "< 1 2 3 4 5 6 7 8 9 10 ... 119 120 >",
		"limit=1&page=8":   "< 1 2 ... 5 6 7 8 9 10 11 ... 119 120 >",
		"limit=1&page=60":  "< 1 2 ... 57 58 59 60 61 62 63 ... 119 120 >",
		"limit=1&page=114": "< 1 2 ... 111 112 113 114 115 116 117 118 119 120 >",
		"limit=10":         "< 1 2 3 4 5 6 7 8 9 10 11 12 >",
		"limit=50":         "< 1 2 3 >",
	} {
		_, body := raw(t, s, "GET", "/v1/products?"+query, "")
		var got []string
		for _, l := range body["links"].([]any) {
			label, _ := l.(map[string]any)["label"].(string)
			got = append(got, strings.NewReplacer("&laquo; Previous", "<", "Next &raquo;", ">").Replace(label))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %s, want %s", query, text, want)
		}
	}
}

func TestOrdersAreSortedByCreation(t *testing.T) {
	t.Parallel()
	s, c, clk := account(t)
	for _, uuid := range []string{"A-1", "A-2", "A-3"} {
		create(t, c, order(uuid, line("", "1", "1")))
		clk.move(time.Minute)
	}
	if err := s.SetTracking(70001, "2045"); err != nil {
		t.Fatal(err)
	}
	for sort, want := range map[string][]any{
		"created_at": {70001.0, 70002.0, 70003.0}, "-created_at": {70003.0, 70002.0, 70001.0}, "-updated_at": {70001.0, 70003.0, 70002.0},
	} {
		_, body := raw(t, s, "GET", "/v1/order?sort="+sort, "")
		var got []any
		rows, _ := body["data"].([]any)
		for _, r := range rows {
			got = append(got, r.(map[string]any)["id"])
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", sort, got, want)
		}
	}
}

// TestWireForms pins the oddities a client has to live with.
func TestWireForms(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	in := order("A-1", line("", "450", "1"))
	in.ShippingPrice = amountOf("60")
	create(t, c, in)
	_, o := raw(t, s, "GET", "/v1/order/70001", "")
	for k, want := range map[string]any{
		"shipping_price": "60.00", "taxes": nil, "discount_data": nil, "fiscal_result": []any{}, "grand_total": 510.0,
		"created_at": "2026-08-01T12:00:00.000000Z", "status_expired_at": "2026-08-03 12:00:00", "closed_at": nil,
	} {
		if got, ok := o[k]; !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", k, got, want)
		}
	}
	for _, k := range []string{"buyer", "products", "shipping", "payments", "status"} {
		if _, ok := o[k]; ok {
			t.Errorf("%s comes without being asked for", k)
		}
	}
	_, statuses := raw(t, s, "GET", "/v1/order/status", "")
	first := statuses["data"].([]any)[0].(map[string]any)
	if first["name"] != "new" || first["alias"] != "new" {
		t.Errorf("an untouched status is called %v, want its alias", first["name"])
	}
}

func TestBetweenFilterTakesEveryForm(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	create(t, c, order("A-1", line("", "1", "1")))
	for form, want := range map[string]float64{
		"filter[updated_between]=2026-08-01+12:00:00,2026-08-01+12:00:00":                          1,
		"filter[updated_between]=2026-08-01%2011:00:00,%202026-08-01%2013:00:00":                   1,
		"filter%5Bupdated_between%5D=2026-08-01,2026-08-02":                                        1,
		"filter[updated_between][from]=2026-08-01&filter[updated_between][to]=2026-08-01+13:00:00": 1,
		"filter[updated_between]=2026-08-01+12:00:01,2026-08-02":                                   0,
	} {
		if _, body := raw(t, s, "GET", "/v1/order?"+form, ""); body["total"] != want {
			t.Errorf("%s: total %v, want %v", form, body["total"], want)
		}
	}
}

func TestMinuteIsLimitedForEachKey(t *testing.T) {
	t.Parallel()
	s, _, clk := account(t, keycrmtest.WithLimit(60), keycrmtest.WithKey("first-key-0001"), keycrmtest.WithKey("second-key-0002"))
	for i := range 60 {
		if res, _ := raw(t, s, "GET", "/v1/users", ""); res.StatusCode != http.StatusOK {
			t.Fatalf("request %d: %d", i+1, res.StatusCode)
		}
		clk.move(100 * time.Millisecond)
	}
	res, _ := raw(t, s, "GET", "/v1/users", "")
	if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "54" || res.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("request 61: %d, Retry-After %q, %v", res.StatusCode, res.Header.Get("Retry-After"), res.Header)
	}
	if s.Used(s.Key()) != 60 || s.Used(s.Keys()[1]) != 0 {
		t.Errorf("used %d and %d, want 60 and 0", s.Used(s.Key()), s.Used(s.Keys()[1]))
	}
	clk.move(54 * time.Second)
	if res, _ := raw(t, s, "GET", "/v1/users", ""); res.StatusCode != http.StatusOK {
		t.Errorf("after the pause: %d", res.StatusCode)
	}
	if res, _ := raw(t, s, "GET", "/v1/users", ""); res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the window slides by one: %d, want 429", res.StatusCode)
	}
}

func TestStrictModeNamesUnknownFields(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, keycrmtest.WithStrict())
	raw(t, s, "POST", "/v1/order", `{"source_id":7,"buyer":{"phone":"1","id":5},"status_id":3,"products":[{"name":"a","price":1,"offer_id":2}]}`)
	want := []string{"POST /v1/order: buyer.id", "POST /v1/order: products.0.offer_id", "POST /v1/order: status_id"}
	if got := s.UnknownFields(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRowsMoveBetweenPages(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	s.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultMovingRows, Path: "/v1/products"})
	repeats, rows := 0, 0
	for page, err := range c.Products.Pages(t.Context(), keycrm.ProductQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		repeats, rows = repeats+page.Repeats, rows+len(page.Rows)
	}
	if rows != 120 || repeats != 2 {
		t.Errorf("%d rows and %d repeats, want the 120 of the start and 2", rows, repeats)
	}
}
