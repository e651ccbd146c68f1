package keycrmtest_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// called is the header of a request whose body is called kind.
func called(s *keycrmtest.Server, kind string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + s.Key(), "Content-Type": kind}
}

const encoded = "application/x-www-form-urlencoded"

// multipartOf is a body of fields and a file, with its Content-Type.
func multipartOf(t *testing.T, fields ...string) (body, kind string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.CreateFormFile("picture", "a.jpg"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), w.FormDataContentType()
}

func TestFormsAndQueriesAreReadLikeJSON(t *testing.T) {
	t.Parallel()
	fields := []string{
		"source_id", "7", "source_uuid", "F-1", "buyer[full_name]", "Олена Тестенко", "tags[]", "4", "tags[]", "5",
		"products[0][name]", "Футболка", "products[0][price]", "450.5", "products[0][quantity]", "2", "products[3][name]", "Горнятко",
		"products[3][price]", "240", "is_gift", "1",
	}
	var pairs []string
	for i := 0; i < len(fields); i += 2 {
		pairs = append(pairs, url.QueryEscape(fields[i])+"="+url.QueryEscape(fields[i+1]))
	}
	form := strings.Join(pairs, "&")
	body, boundary := multipartOf(t, fields...)
	for name, send := range map[string]struct{ target, body, kind string }{
		"an encoded form":                   {"/v1/order", form, encoded + "; charset=UTF-8"},
		"fields beside files":               {"/v1/order", body, boundary},
		"members of the query":              {"/v1/order?" + form, "", ""},
		"a query that adds to JSON":         {"/v1/order?source_id=8&" + form, `{"source_id":7}`, "application/json"},
		"a query beside a body not read":    {"/v1/order?" + form, "<order/>", "text/xml"},
		"a query that adds to an odd body":  {"/v1/order?" + form, `[1]`, "application/json"},
		"a query that adds to null":         {"/v1/order?" + form, `null`, "application/json"},
		"a list and its rows in two places": {"/v1/order?source_id=7", strings.TrimPrefix(form, "source_id=7&"), encoded},
	} {
		s, _, _ := account(t)
		res, text := ask(t, s, "POST", send.target, send.body, called(s, send.kind))
		o, ok := s.OrderBySourceUUID("F-1")
		if res.StatusCode != http.StatusCreated || !ok {
			t.Errorf("%s: %d %s", name, res.StatusCode, text)
			continue
		}
		if o.SourceID != 7 || !o.IsGift || !slices.Equal(o.Tags, []int64{4, 5}) || len(o.Lines) != 2 || !o.GrandTotal().Equal(dec("1141")) {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// TestPutReadsEncodedFormsOnly: PHP takes a multipart body apart only when it is posted.
func TestPutReadsEncodedFormsOnly(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	o := create(t, c, order("A-1", line("", "1", "1")))
	body, boundary := multipartOf(t, "manager_comment", "другий")
	ask(t, s, "PUT", "/v1/order/70001", "manager_comment=%D0%BF%D0%B5%D1%80%D1%88%D0%B8%D0%B9", called(s, encoded))
	if res, text := ask(t, s, "PUT", "/v1/order/70001", body, called(s, boundary)); res.StatusCode != http.StatusAccepted {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if got, _ := s.Order(o.ID); got.ManagerComment != "перший" {
		t.Errorf("the comment is %q", got.ManagerComment)
	}
}

// TestFormNamesAreReadAsPHPReadsThem looks at the names that strict mode does not know.
func TestFormNamesAreReadAsPHPReadsThem(t *testing.T) {
	t.Parallel()
	for form, want := range map[string][]string{
		"x.y z=1":       {"x_y_z"},
		"x[open=1":      {"x_open"},
		"x[a]tail[b]=1": {"x"},
		"[x]=1&=2&&x":   {"x"},
		"x=%zz&y=1":     {"x", "y"},
		"?x":            {"?x"},
		"shipping[x]=1&shipping[shipping_address_city]=Київ":   {"shipping.x"},
		"products[][name]=a&products[][x]=1":                   {"products.1.x"},
		strings.Repeat("x"+strings.Repeat("[a]", 70)+"=1&", 3): nil,
	} {
		s, c, _ := account(t, keycrmtest.WithStrict())
		create(t, c, order("A-1"))
		target := "/v1/order/70001"
		if strings.HasPrefix(form, "?") {
			target, form = target+form, ""
		}
		ask(t, s, "PUT", target, form, called(s, encoded))
		var got []string
		for _, found := range s.UnknownFields() {
			if name, ok := strings.CutPrefix(found, "PUT /v1/order/70001: "); ok && !strings.HasPrefix(name, "a body") {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: found %v, want %v", form, got, want)
		}
	}
}

func TestBodyCountsAsWhatItIsCalled(t *testing.T) {
	t.Parallel()
	const body = `{"source_id":7,"buyer":{"full_name":"Олена"}}`
	for kind, want := range map[string]int{
		"application/json": 201, "application/json; charset=utf-8": 201, "application/vnd.api+json": 201,
		"": 422, encoded: 422, "text/plain": 422, "multipart/form-data": 422, "multipart/form-data; boundary=x": 422,
	} {
		s, _, _ := account(t, keycrmtest.WithStrict())
		if res, text := ask(t, s, "POST", "/v1/order", body, called(s, kind)); res.StatusCode != want {
			t.Errorf("%q: %d %s, want %d", kind, res.StatusCode, text, want)
		}
		found := slices.Equal(s.UnknownFields(), []string{"POST /v1/order: a body that no Content-Type calls JSON"})
		if json := strings.Contains(kind, "json"); found == json {
			t.Errorf("%q: strict mode found %v", kind, s.UnknownFields())
		}
	}
}

func TestStrictModeNamesWhatAQueryBringsOnce(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, keycrmtest.WithStrict())
	ask(t, s, "POST", "/v1/order?source_id=7&buyer[surname]=x&nope[a]=1", `{"buyer":{"full_name":"Олена"}}`, withKey(s))
	want := []string{"POST /v1/order: ?buyer[surname]", "POST /v1/order: ?nope[a]", "POST /v1/order: ?source_id"}
	if got := s.UnknownFields(); len(s.Orders()) != 1 || !slices.Equal(got, want) {
		t.Errorf("%d orders, found %v, want %v", len(s.Orders()), got, want)
	}
}

func TestEmptyTextsAreNull(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	const body = `{"source_id":7,"source_uuid":"","manager_id":"","discount_percent":"","is_gift":"","ordered_at":"",` +
		`"buyer":{"full_name":"Олена","email":""},"shipping":{"delivery_service_id":"","tracking_code":"","warehouse_ref":""},` +
		`"products":[{"name":"Футболка","price":450,"quantity":"","purchased_price":"","discount_amount":""}],"payments":"","custom_fields":[]}`
	res, got := raw(t, s, "POST", "/v1/order", body)
	if res.StatusCode != http.StatusCreated || got["source_uuid"] != nil || got["discount_percent"] != nil || got["grand_total"] != 450.0 {
		t.Errorf("%d %v", res.StatusCode, got)
	}
	if res, got := raw(t, s, "POST", "/v1/order", `{"source_id":"","buyer":{"full_name":"О"}}`); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an empty text where something is required: %d %v", res.StatusCode, got)
	}
	in := order("A-2")
	in.DiscountPercent, in.ManagerComment = amountOf("5"), "зателефонувати"
	o := create(t, c, in)
	raw(t, s, "PUT", "/v1/order/"+itoa(o.ID), `{"discount_percent":"","manager_comment":""}`)
	if now, _ := s.Order(o.ID); now.DiscountPercent.Valid || now.ManagerComment != "" {
		t.Errorf("emptied: %v, %q", now.DiscountPercent, now.ManagerComment)
	}
}

// TestGuessesCanBeTurnedRound sends what is taken by default and refused by an account that is otherwise.
func TestGuessesCanBeTurnedRound(t *testing.T) {
	t.Parallel()
	const start = `{"source_id":7,"buyer":{"full_name":"Олена"}`
	for guess, send := range map[keycrmtest.Guess]struct{ target, body, kind, field string }{
		keycrmtest.GuessEmptyText:     {"/v1/order", start + `,"discount_percent":""}`, "application/json", "discount_percent"},
		keycrmtest.GuessForms:         {"/v1/order?source_id=7", "buyer[full_name]=x", encoded, "source_id"},
		keycrmtest.GuessPaymentMethod: {"/v1/order", start + `,"payments":[{"payment_method":"Бартер","amount":1}]}`, "application/json", "payments.0.payment_method"},
		keycrmtest.GuessSourceName:    {"/v1/order", `{"source_name":"Instagram","buyer":{"full_name":"x"}}`, "application/json", "source_id"},
	} {
		likelier, _, _ := account(t)
		if res, text := ask(t, likelier, "POST", send.target, send.body, called(likelier, send.kind)); res.StatusCode != http.StatusCreated {
			t.Errorf("%s: %d %s", guess, res.StatusCode, text)
		}
		s, _, _ := account(t, keycrmtest.WithOtherwise(guess))
		res, text := ask(t, s, "POST", send.target, send.body, called(s, send.kind))
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `"`+send.field+`":[`) {
			t.Errorf("%s otherwise: %d %s, want a refusal of %s", guess, res.StatusCode, text, send.field)
		}
	}
}

// TestGuessesAreRecorded wants each guess in the table of docs/keycrm.md, and nothing else there.
func TestGuessesAreRecorded(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/keycrm.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []keycrmtest.Guess
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllSubmatch(doc, -1) {
		named = append(named, keycrmtest.Guess(m[1]))
	}
	if !slices.Equal(named, keycrmtest.Guesses()) {
		t.Errorf("docs/keycrm.md names %v, there are %v", named, keycrmtest.Guesses())
	}
}

func TestPhonesAreKeptAsTypedOtherwise(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t, keycrmtest.WithOtherwise(keycrmtest.GuessPhones))
	for _, phone := range []string{"0671234567", "+380671234567"} {
		in := order("")
		in.Buyer.Phone = phone
		create(t, c, in)
	}
	if got := s.Buyers(); len(got) != 2 || got[1].Phones[0] != "0671234567" {
		t.Errorf("buyers %+v", got)
	}
}
