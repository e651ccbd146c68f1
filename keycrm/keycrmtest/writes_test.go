package keycrmtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// The tests here send what the client of this project has no use for, in KeyCRM's own words.
func TestProductIsMadeChangedAndGivenVariants(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	res, body := raw(t, s, "POST", "/v1/products", `{"name":"Горнятко керамічне 300 мл","description":"Біле","currency_code":"UAH",
		"pictures":["https://shop.example.com/1.jpg","https://shop.example.com/2.jpg"],"sku":"MUG-300-W","barcode":"4820000000502",
		"price":240,"purchased_price":110.5,"weight":0.35,"length":10,"category_id":12,
		"custom_fields":[{"uuid":"CT_1005","value":"Ручна робота"}]}`)
	id := int64(body["id"].(float64))
	if res.StatusCode != http.StatusCreated || body["sku"] != "MUG-300-W" || body["price"] != 240.0 || fmt.Sprint(body["has_offers"]) != "false" ||
		body["length"] != 10.0 || body["thumbnail_url"] != "https://shop.example.com/1.jpg" {
		t.Fatalf("%d %v", res.StatusCode, body)
	}
	path := fmt.Sprintf("/v1/products/%d", id)
	res, body = raw(t, s, "PUT", path, `{"name":"Горнятко","price":250,"weight":0.4}`)
	if res.StatusCode != http.StatusAccepted || body["name"] != "Горнятко" || body["price"] != 250.0 || body["description"] != "Біле" {
		t.Errorf("%d %v", res.StatusCode, body)
	}
	res, body = raw(t, s, "POST", path+"/offers", `{"offers":[
		{"sku":"MUG-R","price":260,"weight":0.5,"image_url":"https://shop.example.com/r.jpg","properties":[{"name":"Колір","value":"Червоний"}]},
		{"sku":"MUG-B","price":270,"properties":[{"name":"Колір","value":"Синій"}]}]}`)
	if res.StatusCode != http.StatusCreated || fmt.Sprint(body["status"]) != "true" {
		t.Fatalf("%d %v", res.StatusCode, body)
	}
	rows, _, err := c.Offers.List(t.Context(), keycrm.OfferQuery{ProductIDs: []int64{id}, IncludeProduct: true})
	if err != nil || len(rows) != 2 || rows[1].SKU != "MUG-R" || !rows[1].Weight.Equal(dec("0.5")) || !bool(rows[1].Product.HasOffers) {
		t.Errorf("the default offer should have given way to two variants: %+v, %v", rows, err)
	}
	if p, err := c.Products.Get(t.Context(), id, keycrm.ProductQuery{}); err != nil || !p.MaxPrice.Equal(dec("270")) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestListsOfProductsCategoriesAndBuyers(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	before := len(s.ProductIDs())
	if res, body := raw(t, s, "POST", "/v1/products/import", `{"products":[{"name":"Наліпка","sku":"STK-1","price":15},{"name":"Стрічка"}]}`); res.StatusCode != http.StatusCreated || fmt.Sprint(body["status"]) != "true" {
		t.Errorf("%d %v", res.StatusCode, body)
	}
	if n := len(s.ProductIDs()); n != before+2 {
		t.Errorf("%d products, want %d", n, before+2)
	}
	res, body := raw(t, s, "POST", "/v1/products/categories", `{"name":"Свічки","parent_id":10}`)
	if res.StatusCode != http.StatusCreated || body["name"] != "Свічки" || body["parent_id"] != 10.0 {
		t.Errorf("%d %v", res.StatusCode, body)
	}
	res, body = raw(t, s, "POST", "/v1/buyer", `{"full_name":"Олена Тестенко","email":["olena@example.com"],"phone":["+380000000001"],
		"birthday":"1990-05-16","note":"З сайту","custom_fields":[{"uuid":"CT_1013","value":38}],
		"shipping":[{"address":"вул. Прикладна, 1","city":"Київ","country":"Ukraine"}]}`)
	if res.StatusCode != http.StatusCreated || body["birthday"] != "1990-05-16" {
		t.Fatalf("%d %v", res.StatusCode, body)
	}
	id := int64(body["id"].(float64))
	res, body = raw(t, s, "PUT", fmt.Sprintf("/v1/buyer/%d", id), `{"full_name":"Олена Прикладна","note":null}`)
	if res.StatusCode != http.StatusAccepted || body["full_name"] != "Олена Прикладна" || body["note"] != nil || fmt.Sprint(body["phone"]) != "[+380000000001]" {
		t.Errorf("%d %v", res.StatusCode, body)
	}
	_, body = raw(t, s, "GET", fmt.Sprintf("/v1/buyer/%d?include=shipping,custom_fields", id), "")
	if want := "Київ"; !strings.Contains(fmt.Sprint(body["shipping"]), want) || !strings.Contains(fmt.Sprint(body["custom_fields"]), "38") {
		t.Errorf("%v", body)
	}
	if res, body := raw(t, s, "POST", "/v1/buyer/import", `{"buyers":[{"full_name":"А","phone":["+380000000001"]},{"full_name":"Б"}]}`); res.StatusCode != http.StatusCreated || fmt.Sprint(body["status"]) != "true" {
		t.Errorf("%d %v", res.StatusCode, body)
	}
	if twins := s.Buyers(); len(twins) != 3 || !twins[1].HasDuplicates || twins[0].HasDuplicates {
		t.Errorf("%+v", twins)
	}
	if res, body := raw(t, s, "POST", "/v1/buyer/import", `{"buyers":[{"full_name":"В"},{"phone":["1"]}]}`); res.StatusCode != http.StatusBadRequest || fmt.Sprint(body["status"]) != "false" || len(s.Buyers()) != 3 {
		t.Errorf("%d %v, %d buyers", res.StatusCode, body, len(s.Buyers()))
	}
	if b, err := c.Buyers.Get(t.Context(), id); err != nil || b.FullName != "Олена Прикладна" {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestOrdersAreImportedAllOrNone(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, keycrmtest.WithStrict())
	one := `{"source_id":7,"source_uuid":"I-1","ordered_at":"2026-08-01 11:38:50","buyer":{"full_name":"Олена"},"products":[{"name":"A","price":5,"quantity":2}]}`
	two := strings.Replace(one, "I-1", "I-2", 1)
	res, body := raw(t, s, "POST", "/v1/order/import", `{"orders":[`+one+`,`+two+`]}`)
	if res.StatusCode != http.StatusCreated || body != nil || len(s.Orders()) != 2 {
		t.Fatalf("%d %v, %d orders", res.StatusCode, body, len(s.Orders()))
	}
	if o, ok := s.OrderBySourceUUID("I-2"); !ok || !o.GrandTotal().Equal(dec("10")) || o.OrderedAt.Format(time.DateTime) != "2026-08-01 11:38:50" {
		t.Errorf("%+v", o)
	}
	three := strings.Replace(one, "I-1", "I-3", 1)
	res, body = raw(t, s, "POST", "/v1/order/import", `{"orders":[`+three+`,`+two+`,`+three+`]}`)
	fields, _ := body["errors"].(map[string]any)
	if res.StatusCode != http.StatusUnprocessableEntity || fields["orders.1.source_uuid"] == nil || fields["orders.2.source_uuid"] == nil || len(s.Orders()) != 2 {
		t.Errorf("%d %v, %d orders", res.StatusCode, body, len(s.Orders()))
	}
	if got := s.UnknownFields(); len(got) != 0 {
		t.Errorf("documented fields are called unknown: %v", got)
	}
}

// upload sends a file as a form of many parts.
func upload(t *testing.T, s *keycrmtest.Server, name string, data []byte) (int, map[string]any) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.BaseURL()+"/storage/upload", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Key())
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := s.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	return res.StatusCode, out
}

func TestFilesAreUploadedAndAttached(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	status, file := upload(t, s, "рахунок.png", []byte("\x89PNG\r\n\x1a\nпідпис"))
	if status != 201 || file["extension"] != "png" || file["mime_type"] != "image/png" || file["original_file_name"] != "рахунок.png" {
		t.Fatalf("%d %v", status, file)
	}
	id := int64(file["id"].(float64))
	if status, again := upload(t, s, "рахунок.png", []byte("\x89PNG\r\n\x1a\nпідпис")); status != 200 || again["id"] != file["id"] {
		t.Errorf("the same file again: %d %v", status, again)
	}
	if status, _ := upload(t, s, "big.bin", make([]byte, 10<<20+1)); status != 413 {
		t.Errorf("above 10 MB: %d, want 413", status)
	}
	o := create(t, c, order("A-1", line("", "100", "1")))
	card, err := c.Cards.Create(t.Context(), aCard())
	if err != nil {
		t.Fatal(err)
	}
	for _, owner := range []string{fmt.Sprintf("/order/%d", o.ID), fmt.Sprintf("/pipelines/cards/%d", card.ID)} {
		path := fmt.Sprintf("/v1%s/attachment/%d", owner, id)
		if res, body := raw(t, s, "POST", path, ""); res.StatusCode != http.StatusAccepted || fmt.Sprint(body["status"]) != "true" {
			t.Errorf("POST %s: %d %v", path, res.StatusCode, body)
		}
	}
	_, body := raw(t, s, "GET", fmt.Sprintf("/v1/order/%d?include=attachments.file", o.ID), "")
	if !strings.Contains(fmt.Sprint(body["attachments"]), "рахунок.png") {
		t.Errorf("%v", body["attachments"])
	}
	path := fmt.Sprintf("/v1/pipelines/cards/%d/attachment/%d", card.ID, id)
	for _, want := range []int{201, 400} {
		if res, _ := raw(t, s, "DELETE", path, ""); res.StatusCode != want {
			t.Errorf("DELETE %s: %d, want %d", path, res.StatusCode, want)
		}
	}
	if _, list := raw(t, s, "GET", "/v1/storage", ""); list["total"] != 1.0 {
		t.Errorf("%v", list)
	}
	for kind, want := range map[string]int{"order": 200, "company": 404} {
		if res, _ := raw(t, s, "GET", fmt.Sprintf("/v1/storage/attachment/%s/%d", kind, o.ID), ""); res.StatusCode != want {
			t.Errorf("files of a %s: %d, want %d", kind, res.StatusCode, want)
		}
	}
}

func TestWritesAreRefusedInLaravelsWords(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	many := func(key, row string, n int) string {
		return `{"` + key + `":[` + strings.TrimSuffix(strings.Repeat(row+",", n), ",") + `]}`
	}
	for _, tt := range []struct{ method, path, body, field, text string }{
		{"POST", "/products", `{"sku":"A"}`, "name", "The name field is required."},
		{"POST", "/products", `{"name":"A","category_id":99999}`, "category_id", "The selected category id is invalid."},
		{"POST", "/products", `{"name":"A","pictures":["1","2","3","4","5","6","7"]}`, "pictures", "The pictures may not have more than 6 items."},
		{"POST", "/products", `{"name":"A","custom_fields":[{"uuid":"OR_1008","value":"x"}]}`, "custom_fields.0.uuid", "The selected custom fields.0.uuid is invalid."},
		{"POST", "/products/import", `{"products":[{"name":"A"},{}]}`, "products.1.name", "The products.1.name field is required."},
		{"POST", "/products/import", many("products", `{"name":"A"}`, 101), "products", "The products may not have more than 100 items."},
		{"POST", "/products/1001/offers", many("offers", `{"sku":"A"}`, 101), "offers", "The offers may not have more than 100 items."},
		{"POST", "/products/categories", `{}`, "name", "The name field is required."},
		{"POST", "/buyer", `{"phone":["1"]}`, "full_name", "The full name field is required."},
		{"POST", "/buyer", `{"full_name":"A","phone":"1"}`, "phone", "The phone must be an array."},
		{"POST", "/order/import", `{"orders":[{"source_id":999,"buyer":{"full_name":"A"}}]}`, "orders.0.source_id", "The selected orders.0.source id is invalid."},
		{"POST", "/order/import", many("orders", `{"source_id":7,"buyer":{"full_name":"A"}}`, 51), "orders", "The orders may not have more than 50 items."},
		{"PUT", "/offers/stocks", `{"stocks":[]}`, "warehouse_id", "The warehouse id field is required."},
		{"POST", "/storage/upload", `{}`, "file", "The file field is required."},
	} {
		res, body := raw(t, s, tt.method, "/v1"+tt.path, tt.body)
		fields, _ := body["errors"].(map[string]any)
		if res.StatusCode != http.StatusUnprocessableEntity || fmt.Sprint(fields[tt.field]) != "["+tt.text+"]" {
			t.Errorf("%s %s: %d %v", tt.method, tt.path, res.StatusCode, body)
		}
	}
	for _, path := range []string{"PUT /products/9", "POST /products/9/offers", "PUT /buyer/9", "POST /order/70001/attachment/1", "POST /pipelines/cards/1/attachment/1"} {
		method, path, _ := strings.Cut(path, " ")
		if res, body := raw(t, s, method, "/v1"+path, `{"full_name":"A","offers":[]}`); res.StatusCode != http.StatusNotFound || body["message"] != "Not found" {
			t.Errorf("%s %s: %d %v", method, path, res.StatusCode, body)
		}
	}
}

func TestSmallDictionaries(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	for path, want := range map[string]string{"/order/expense-type": "expenseTypes.delivery", "/order/product-status": "is_closing_order"} {
		if res, body := raw(t, s, "GET", "/v1"+path, ""); res.StatusCode != http.StatusOK || !strings.Contains(fmt.Sprint(body["data"]), want) {
			t.Errorf("%s: %d %v", path, res.StatusCode, body)
		}
	}
}
