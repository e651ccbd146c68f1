package keycrmtest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// clock is a clock that stands until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// account is a small simulator in process with a client, on a clock that stands.
func account(t *testing.T, opts ...keycrmtest.Option) (*keycrmtest.Server, *keycrm.Client, *clock) {
	t.Helper()
	clk := newClock()
	all := append([]keycrmtest.Option{
		keycrmtest.WithClock(clk.now), keycrmtest.WithCatalog(120, 260), keycrmtest.WithManualWebhooks(), keycrmtest.WithLimit(0),
	}, opts...)
	s := keycrmtest.New(all...)
	t.Cleanup(func() { _ = s.Close() })
	c, err := keycrm.New(s.BaseURL(), s.Key(), keycrm.WithTransport(s.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	return s, c, clk
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func amount(s string) keycrm.Amount { return keycrm.NewAmount(dec(s)) }

func amountOf(s string) *keycrm.Amount { a := amount(s); return &a }

// anOffer is an offer with stock.
func anOffer(t *testing.T, s *keycrmtest.Server) keycrmtest.Offer {
	t.Helper()
	for _, id := range s.OfferIDs() {
		if o, ok := s.Offer(id); ok && o.Quantity().GreaterThan(dec("9")) {
			return o
		}
	}
	t.Fatal("no offer has stock")
	return keycrmtest.Offer{}
}

func order(uuid string, lines ...keycrm.OrderLineCreate) keycrm.OrderCreate {
	return keycrm.OrderCreate{
		SourceID: 7, SourceUUID: uuid, Buyer: keycrm.OrderBuyer{FullName: "Олена Тестенко", Phone: "+380000000001"},
		Products: lines,
	}
}

func line(sku, price, quantity string) keycrm.OrderLineCreate {
	return keycrm.OrderLineCreate{SKU: sku, Name: "Товар", Price: amount(price), Quantity: amount(quantity)}
}

func create(t *testing.T, c *keycrm.Client, in keycrm.OrderCreate) *keycrm.Order {
	t.Helper()
	o, err := c.Orders.Create(t.Context(), in)
	if err != nil {
		t.Fatalf("create order %q: %v", in.SourceUUID, err)
	}
	return o
}

// raw sends a request as it is and returns the answer with its decoded body.
func raw(t *testing.T, s *keycrmtest.Server, method, path, body string) (*http.Response, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Key())
	req.Header.Set("Content-Type", "application/json")
	res, err := s.Transport().RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	_ = json.Unmarshal(data, &out) // lists and pages for people stay nil
	return res, out
}
