package keycrmtest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

type stockRow struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// bulkStocks is the largest body PUT /offers/stocks takes, rows named by SKU.
func bulkStocks(tb testing.TB, s *keycrmtest.Server) string {
	tb.Helper()
	var body struct {
		Warehouse int64      `json:"warehouse_id"`
		Stocks    []stockRow `json:"stocks"`
	}
	body.Warehouse = keycrmtest.WarehouseKyiv
	for _, id := range s.OfferIDs() {
		o, ok := s.Offer(id)
		if !ok {
			tb.Fatalf("no offer %d", id)
		}
		body.Stocks = append(body.Stocks, stockRow{o.SKU, int(id % 100)})
	}
	out, err := json.Marshal(body)
	if err != nil {
		tb.Fatal(err)
	}
	return string(out)
}

func TestTenThousandRowsBySKU(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t, keycrmtest.WithCatalog(3000, 10000))
	if res, text := ask(t, s, "PUT", "/v1/offers/stocks", bulkStocks(t, s), withKey(s)); res.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %.200s", res.StatusCode, text)
	}
	ids := s.OfferIDs()
	if len(ids) != 10000 {
		t.Fatalf("%d offers, want 10000", len(ids))
	}
	for _, id := range ids {
		if o, _ := s.Offer(id); o.Stock[keycrmtest.WarehouseKyiv].IntPart() != id%100 {
			t.Fatalf("offer %d (%s) has %v, want %d", id, o.SKU, o.Stock, id%100)
		}
	}
}

// BenchmarkStocksBySKU writes the stock of 10,000 offers that nobody has touched before.
func BenchmarkStocksBySKU(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := keycrmtest.New(keycrmtest.WithCatalog(3000, 10000), keycrmtest.WithManualWebhooks(), keycrmtest.WithLimit(0))
		body := bulkStocks(b, s)
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPut, s.BaseURL()+"/offers/stocks", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.Key())
		req.Header.Set("Content-Type", "application/json")
		b.StartTimer()
		res, err := s.Transport().RoundTrip(req)
		if err != nil || res.StatusCode != http.StatusAccepted {
			b.Fatal(res, err)
		}
		_ = res.Body.Close()
		_ = s.Close()
	}
}
