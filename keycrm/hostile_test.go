package keycrm_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
)

// socket answers every connection with answer(request head), byte for byte.
func socket(t *testing.T, answer func(head string) string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				var head strings.Builder
				r := bufio.NewReader(conn)
				for line := ""; line != "\r\n"; {
					if line, err = r.ReadString('\n'); err != nil {
						return
					}
					head.WriteString(line)
				}
				_, _ = io.WriteString(conn, answer(head.String()))
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func bearerOf(head string) string {
	_, rest, _ := strings.Cut(head, "Authorization: ")
	line, _, _ := strings.Cut(rest, "\r\n")
	return line
}

// TestServerThatEchoesTheKeyDoesNotGetItIntoErrors covers what net/http quotes of an answer that is no HTTP, and what
// the client takes over from a refusal.
func TestServerThatEchoesTheKeyDoesNotGetItIntoErrors(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(head string) string{
		"as the status line": func(h string) string { return bearerOf(h) + "\r\n\r\n" },
		"as the status code": func(h string) string { return "HTTP/1.1 " + bearerOf(h) + "\r\n\r\n" },
		"as a header line":   func(h string) string { return "HTTP/1.1 200 OK\r\n" + bearerOf(h) + "\r\n\r\n" },
		"as the length":      func(h string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + bearerOf(h) + "\r\n\r\n" },
		"as a number":        func(h string) string { return jsonAnswer(200, `{"data":[{"id":1,"price":"`+bearerOf(h)+`"}]}`) },
		"as a time":          func(h string) string { return jsonAnswer(200, `{"data":[{"id":1,"created_at":"`+bearerOf(h)+`"}]}`) },
		"as a message":       func(h string) string { return jsonAnswer(422, `{"message":"`+bearerOf(h)+`"}`) },
		"as a field":         func(h string) string { return jsonAnswer(422, `{"message":"x","errors":{"`+bearerOf(h)+`":["y"]}}`) },
		"as a field's text":  func(h string) string { return jsonAnswer(422, `{"errors":{"a":["`+bearerOf(h)+`"]}}`) },
		"as a redirect": func(h string) string {
			return "HTTP/1.1 302 Found\r\nLocation: http://" + bearerOf(h) + "/\r\nContent-Length: 0\r\n\r\n"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var observed []keycrm.Call
			c := dial(t, socket(t, answer), keycrm.WithObserver(func(call keycrm.Call) { observed = append(observed, call) }))
			_, _, err := c.Offers.List(t.Context(), keycrm.OfferQuery{SKUs: []string{"SECRET-SKU"}})
			if err == nil {
				t.Error("no error")
				return
			}
			texts := []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), fmt.Sprintf("%+v", observed)}
			for e := err; e != nil; e = errors.Unwrap(e) {
				texts = append(texts, e.Error(), fmt.Sprintf("%#v", e))
			}
			for _, text := range texts {
				if strings.Contains(text, testKey) || strings.Contains(text, "SECRET-SKU") {
					t.Errorf("the error shows the key or the query: %s", text)
				}
			}
		})
	}
}

func jsonAnswer(status int, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
}

// TestAnswersCannotFillTheMemory sends little that would become much: a gzip bomb, and millions of empty or null rows.
func TestAnswersCannotFillTheMemory(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.CopyN(z, blanks{}, 256<<20); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	rows := []byte(`{"data":[{}` + strings.Repeat(",{}", 4<<20) + `]}`)
	nulls := []byte(`{"data":[null` + strings.Repeat(",null", 3<<20) + `]}`)
	//nolint:paralleltest // each measures what the process allocates
	for name, h := range map[string]http.HandlerFunc{
		"a gzip bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes())
		},
		"empty rows": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(rows) },
		"null rows":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(nulls) },
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, serve(t, h))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := c.Orders.List(t.Context(), keycrm.OrderQuery{})
			runtime.ReadMemStats(&after)
			checkKind(t, name, err, "unavailable")
			// Other tests allocate meanwhile; what is ruled out are the gigabytes.
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 600 {
				t.Errorf("%s: %d MB were allocated", name, mb)
			}
		})
	}
}

// blanks is an endless text of blanks.
type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// answering is a client of a server that gives one answer to everything.
func answering(t *testing.T, status int, retryAfter string, body []byte) *keycrm.Client {
	t.Helper()
	return dial(t, "https://crm.example.com/v1", keycrm.WithTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Retry-After": {retryAfter}}, Request: r,
			Body: io.NopCloser(bytes.NewReader(body)),
		}, nil
	})))
}

// FuzzAnswers puts any answer before every method: each must end in a value or in an error of exactly one kind, without
// the key.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []struct {
		status int
		retry  string
		body   string
	}{
		{200, "", `{"data":[{"id":1}],"current_page":"1","last_page":2.0,"total":"3","next_page_url":null}`},
		{200, "", `{"data":{"0":{"id":1},"3":{"id":2}},"current_page":1e30}`},
		{200, "", `{"data":[[],"x",null]}`},
		{200, "", `[{"uuid":"OR_1","options":[]}]`},
		{200, "", `{"data":{"id":5}}`},
		{200, "", `{"data":[]}`},
		{200, "", `[]`},
		{200, "", `null`},
		{201, "", `{"id":70001,"buyer":[],"products":{"2":{"picture":[]}}}`},
		{204, "", ``},
		{302, "", ``},
		{400, "", `{"message":"Leads are not enabled"}`},
		{403, "", `<html>`},
		{404, "", `{"message":["x"]}`},
		{422, "", `{"errors":{"source_uuid":["taken"],"a":"b","c":{"0":null}}}`},
		{422, "", `{"message":7,"errors":[]}`},
		{429, "soon", `x`},
		{429, "-7", ``},
		{503, "Wed, 21 Oct 2026 07:28:00 GMT", `{`},
		{99, "", ``},
		{1000, "", `{}`},
	} {
		f.Add(seed.status, seed.retry, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, status int, retryAfter string, body []byte) {
		c := answering(t, status, retryAfter, body)
		for name, call := range everyMethod(t.Context(), c) {
			err := call()
			if err == nil {
				continue
			}
			kinds := 0
			for _, s := range sentinels() {
				if errors.Is(err, s) {
					kinds++
				}
			}
			if kinds != 1 || strings.Contains(err.Error(), testKey) {
				t.Errorf("%s, status %d, %q: %v matches %d kinds", name, status, body, err, kinds)
			}
		}
	})
}

// everyMethod calls each method with as little as it takes.
func everyMethod(ctx context.Context, c *keycrm.Client) map[string]func() error {
	q := keycrm.PageQuery{}
	return map[string]func() error{
		"products":           func() error { _, _, err := c.Products.List(ctx, keycrm.ProductQuery{}); return err },
		"product":            func() error { _, err := c.Products.Get(ctx, 1, keycrm.ProductQuery{}); return err },
		"categories":         func() error { _, _, err := c.Categories.List(ctx, keycrm.CategoryQuery{}); return err },
		"offers":             func() error { _, _, err := c.Offers.List(ctx, keycrm.OfferQuery{}); return err },
		"stocks":             func() error { _, _, err := c.Offers.Stocks(ctx, keycrm.StockQuery{}); return err },
		"orders":             func() error { _, _, err := c.Orders.List(ctx, keycrm.OrderQuery{}); return err },
		"order":              func() error { _, err := c.Orders.Get(ctx, 1); return err },
		"make an order":      func() error { _, err := c.Orders.CreateRaw(ctx, json.RawMessage(`{}`)); return err },
		"change an order":    func() error { _, err := c.Orders.Update(ctx, 1, keycrm.OrderUpdate{}); return err },
		"pay an order":       func() error { _, err := c.Orders.AddPayment(ctx, 1, keycrm.PaymentCreate{}); return err },
		"change a payment":   func() error { _, err := c.Orders.UpdatePayment(ctx, 1, 2, keycrm.PaymentUpdate{}); return err },
		"tag":                func() error { return c.Orders.AddTag(ctx, 1, 2) },
		"untag":              func() error { return c.Orders.RemoveTag(ctx, 1, 2) },
		"cards":              func() error { _, _, err := c.Cards.List(ctx, keycrm.CardQuery{}); return err },
		"card":               func() error { _, err := c.Cards.Get(ctx, 5); return err },
		"make a card":        func() error { _, err := c.Cards.CreateRaw(ctx, json.RawMessage(`{}`)); return err },
		"change a card":      func() error { return c.Cards.Update(ctx, 1, keycrm.CardUpdate{}) },
		"pay a card":         func() error { _, err := c.Cards.AddPayment(ctx, 1, keycrm.PaymentCreate{}); return err },
		"change its payment": func() error { _, err := c.Cards.UpdatePayment(ctx, 1, 2, keycrm.PaymentUpdate{}); return err },
		"pipelines":          func() error { _, _, err := c.Pipelines.List(ctx, q); return err },
		"pipeline statuses":  func() error { _, _, err := c.Pipelines.Statuses(ctx, 1, q); return err },
		"sources":            func() error { _, _, err := c.Dictionaries.Sources(ctx, q); return err },
		"order statuses":     func() error { _, _, err := c.Dictionaries.OrderStatuses(ctx, q); return err },
		"payment methods":    func() error { _, _, err := c.Dictionaries.PaymentMethods(ctx, q); return err },
		"delivery services":  func() error { _, _, err := c.Dictionaries.DeliveryServices(ctx, q); return err },
		"tags":               func() error { _, _, err := c.Dictionaries.Tags(ctx, q); return err },
		"users":              func() error { _, _, err := c.Dictionaries.Users(ctx, keycrm.UserQuery{}); return err },
		"custom fields":      func() error { _, err := c.CustomFields.List(ctx, keycrm.CustomFieldQuery{}); return err },
		"buyers":             func() error { _, _, err := c.Buyers.List(ctx, keycrm.BuyerQuery{}); return err },
		"buyer":              func() error { _, err := c.Buyers.Get(ctx, 1); return err },
		"a walk": func() error {
			for _, err := range c.Orders.All(ctx, keycrm.OrderQuery{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}
