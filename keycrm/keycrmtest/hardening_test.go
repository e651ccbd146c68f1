package keycrmtest_test

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// ask sends a request with exactly these headers and returns the answer with its text.
func ask(t *testing.T, s *keycrmtest.Server, method, path, body string, header map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range header {
		req.Header.Set(name, v)
	}
	res, err := s.Transport().RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

func withKey(s *keycrmtest.Server) map[string]string {
	return map[string]string{"Authorization": "Bearer " + s.Key(), "Content-Type": "application/json"}
}

// TestHugePagesAreJustEmpty once hung with the account locked: the count of rows to skip overflowed.
func TestHugePagesAreJustEmpty(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	create(t, c, order("A-1"))
	for _, page := range []string{"9223372036854775807", "4611686018427387904", "368934881474191033", "99999999999999999999", "-1"} {
		for _, path := range []string{"/v1/products", "/v1/offers", "/v1/offers/stocks", "/v1/order", "/v1/order/status", "/v1/buyer", "/v1/users"} {
			if res, text := ask(t, s, "GET", path+"?limit=50&page="+page, "", withKey(s)); res.StatusCode != http.StatusOK {
				t.Errorf("%s, page %s: %d %s", path, page, res.StatusCode, text)
			}
		}
		for _, path := range []string{"/catalog", "/orders", "/buyers", "/cards"} {
			if res, text := ask(t, s, "GET", path+"?page="+page, "", nil); res.StatusCode != http.StatusOK {
				t.Errorf("%s, page %s: %d %s", path, page, res.StatusCode, text)
			}
		}
	}
}

// TestPanicLeavesTheAccountUsable lets a caller's own edit panic, as net/http would survive it.
func TestPanicLeavesTheAccountUsable(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.EditSource(7, func(*keycrmtest.Source) { panic("bug") })
	}()
	if _, _, err := c.Dictionaries.Sources(t.Context(), keycrm.PageQuery{}); err != nil {
		t.Error(err)
	}
}

func TestFaultFormChecksItsNumbers(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	post := func(path string, form url.Values) int {
		t.Helper()
		res, _ := ask(t, s, "POST", path, form.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
		return res.StatusCode
	}
	for _, bad := range []url.Values{
		{"kind": {"nope"}},
		{"kind": {"status"}, "status": {"42"}},
		{"kind": {"status"}, "status": {"200"}},
		{"kind": {"slow"}, "seconds": {"99999999999"}},
		{"kind": {"slow"}, "seconds": {"-1"}},
		{"kind": {"slow"}, "times": {"-1"}},
		{"kind": {"slow"}, "skip": {"-1"}},
	} {
		if got := post("/faults", bad); got != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d, want 422", bad, got)
		}
	}
	for range 3 {
		post("/faults", url.Values{"kind": {"status"}, "status": {"503"}})
	}
	if got := post("/faults/0/delete", nil); got != http.StatusSeeOther || len(s.Faults()) != 3 {
		t.Errorf("clearing a fault that is not there: %d, %d faults left, want 3", got, len(s.Faults()))
	}
	for _, f := range s.Faults()[:2] {
		s.ClearFault(f.ID)
	}
	if _, _, err := c.Products.List(t.Context(), keycrm.ProductQuery{}); err == nil || len(s.Faults()) != 1 {
		t.Errorf("%v, %d faults left, want the last one at work", err, len(s.Faults()))
	}
}

func TestBodyAboveTheLimitIs413(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	big := `{"source_id":7,"buyer":{"full_name":"` + strings.Repeat("x", 11<<20) + `"}}`
	if res, text := ask(t, s, "POST", "/v1/order", big, withKey(s)); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %.100s", res.StatusCode, text)
	}
	if len(s.Orders()) != 0 {
		t.Error("an order was made")
	}
}

func TestMethodsAreNamed(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	for path, want := range map[string]string{
		"PATCH /v1/order": "GET, HEAD, POST", "DELETE /v1/pipelines/cards/1": "GET, HEAD, PUT", "POST /v1/products/1001": "GET, HEAD, PUT",
		"PUT /v1/order/source": "GET, HEAD",
	} {
		method, path, _ := strings.Cut(path, " ")
		res, text := ask(t, s, method, path, "", withKey(s))
		if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != want || !strings.Contains(text, "The "+method+" method is not supported for this route. Supported methods: "+want+".") {
			t.Errorf("%s %s: %d %q %s, want %s", method, path, res.StatusCode, res.Header.Get("Allow"), text, want)
		}
	}
	if res, text := ask(t, s, "HEAD", "/v1/order?limit=1", "", withKey(s)); res.StatusCode != http.StatusOK || text != "" {
		t.Errorf("HEAD: %d %q", res.StatusCode, text)
	}
}

func TestElsewhereIsTheWebServersOwnPage(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	for _, path := range []string{"/order", "/v2/order", "/products/1"} {
		res, text := ask(t, s, "GET", path, "", withKey(s))
		if res.StatusCode != http.StatusNotFound || res.Header.Get("Content-Type") != "text/html" || !strings.Contains(text, "<center>nginx</center>") {
			t.Errorf("%s: %d %s", path, res.StatusCode, text)
		}
	}
	res, text := ask(t, s, "GET", "/nowhere", "", map[string]string{"Accept": "text/html"})
	if res.StatusCode != http.StatusNotFound || !strings.Contains(text, "Такого запису немає") {
		t.Errorf("a person: %d %.200s", res.StatusCode, text)
	}
}

// TestForeignTextIsOnlyText puts markup into everything that pages show.
func TestForeignTextIsOnlyText(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t, keycrmtest.WithStrict())
	const evil = `<img src=x onerror=alert(1)>"'</textarea><script>alert(2)</script>`
	in := order(evil, keycrm.OrderLineCreate{Name: evil, Price: amount("1"), Quantity: amount("1"), Comment: evil, Picture: "javascript:alert(3)"})
	in.Buyer.FullName, in.Buyer.Phone, in.ManagerComment = evil, evil, evil
	in.Shipping = &keycrm.ShippingCreate{TrackingCode: evil, ReceivePoint: evil, City: evil}
	o := create(t, c, in)
	card, err := c.Cards.Create(t.Context(), keycrm.CardCreate{Title: evil, ManagerComment: evil, Contact: keycrm.CardContact{FullName: evil}})
	if err != nil {
		t.Fatal(err)
	}
	ask(t, s, "POST", "/v1/products", `{"name":"<script>alert(4)</script>","pictures":["javascript:alert(5)"],"<script>":1}`, withKey(s))
	s.AddTrigger(keycrmtest.Trigger{Name: evil, Event: keycrmtest.EventOrderStatus, URL: "http://127.0.0.1:1/" + evil, Active: true})
	s.AddTag(keycrmtest.Tag{Name: evil, Color: `red;background:url(x)`})
	for _, path := range []string{
		"/", "/catalog", "/orders", "/orders/" + itoa(o.ID), "/cards", "/cards/" + itoa(card.ID), "/buyers", "/dictionaries", "/triggers",
		"/requests", "/faults", "/catalog?q=" + url.QueryEscape(evil), "/orders?q=" + url.QueryEscape(evil), "/catalog/1121",
	} {
		res, text := ask(t, s, "GET", path, "", nil)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
		for _, bad := range []string{"<img src=x", "<script>alert", `src="javascript:`, `href="javascript:`} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %s in its markup", path, bad)
			}
		}
	}
}

func itoa(id int64) string { return strconv.FormatInt(id, 10) }

// TestStrictFindingsAreShown reads what strict mode found as a person and as a script do.
func TestStrictFindingsAreShown(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, keycrmtest.WithStrict())
	unknown := func() string { t.Helper(); _, text := ask(t, s, "GET", "/requests/unknown", "", nil); return text }
	if got := unknown(); got != "" {
		t.Errorf("at first: %q", got)
	}
	ask(t, s, "POST", "/v1/order", `{"source_id":7,"buyer":{"full_name":"О","phones":[]},"products":[{"name":"a","price":1,"quantity":1,"offer_id":2}]}`, withKey(s))
	ask(t, s, "GET", "/v1/products?per_page=5&limit=5", "", withKey(s))
	ask(t, s, "GET", "/v1/offers/stocks?filter[warehouse_id]=1&filter[details]=true", "", withKey(s))
	const want = "GET /v1/offers/stocks: filter[warehouse_id]\nGET /v1/products: ?per_page\n" +
		"POST /v1/order: buyer.phones\nPOST /v1/order: products.0.offer_id\n"
	if got := unknown(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, page := ask(t, s, "GET", "/requests", "", nil); !strings.Contains(page, "POST /v1/order: products.0.offer_id") {
		t.Error("the page does not show it")
	}
	ask(t, s, "POST", "/requests/reset", "", map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	if got := unknown(); got != "" {
		t.Errorf("after the reset: %q", got)
	}
	lax, _, _ := account(t)
	if res, _ := ask(t, lax, "GET", "/requests/unknown", "", nil); res.StatusCode != http.StatusConflict {
		t.Errorf("without strict mode: %d, want 409 rather than an empty list", res.StatusCode)
	}
}

// TestWhatIsNotServedIs404 pins the addresses that docs/keycrm.md lists as not served on purpose.
func TestWhatIsNotServedIs404(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	create(t, c, order("A-1"))
	for _, call := range []string{
		"GET /companies", "POST /companies", "GET /companies/1", "GET /calls", "GET /payments/external-transactions",
		"POST /payments/1/external-transactions", "POST /order/70001/expense", "PUT /order/70001/expense/1", "GET /storage/0a1b2c",
	} {
		method, path, _ := strings.Cut(call, " ")
		res, text := ask(t, s, method, "/v1"+path, "", withKey(s))
		if res.StatusCode != http.StatusNotFound || text != `{"message":"Not found"}` {
			t.Errorf("%s: %d %s", call, res.StatusCode, text)
		}
	}
}
