package admin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
)

func TestPageTellsHowStockCallsFare(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	page := r.get(path).want(http.StatusOK)
	if got := page.Find("#stock").Text(); !strings.Contains(got, "ще не було") {
		t.Errorf("before the first call the page says %q", got)
	}
	at := time.Date(2026, 8, 1, 9, 30, 0, 0, time.UTC)
	r.mu.Lock()
	r.stock = service.StockSeen{
		StockStatus: catalog.StockStatus{
			Calls: 5, ReceivedAt: at, Written: 2, AppliedAt: at, Waiting: 1, Unknown: 3,
			UnknownOffers: []string{"77", "78", "79"}, Reason: string(catalog.StockReasonMovesMuch),
		},
		Changes: []catalog.Change{{Name: "Чашка", Field: catalog.FieldStock, Old: "5", New: "3", At: at}},
	}
	r.mu.Unlock()
	got := r.get(path).want(http.StatusOK).Find("#stock").Text()
	for _, want := range []string{
		"01.08.2026 09:30", "1 пропозиція чекає", "3 пропозицій немає в магазині", "77, 78, 79", "різко змінилися", "Чашка — Залишок: 5 → 3",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q: %s", want, got)
		}
	}
	api := r.get("/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/stock").want(http.StatusOK)
	var body struct {
		Calls, Written, Waiting, Unknown int
		ReceivedAt                       time.Time `json:"received_at"`
		Changes                          []struct{ Name, Field, Old, New string }
	}
	if err := json.Unmarshal([]byte(api.raw), &body); err != nil {
		t.Fatal(err)
	}
	if body.Calls != 5 || body.Written != 2 || body.Unknown != 3 || !body.ReceivedAt.Equal(at) || len(body.Changes) != 1 || body.Changes[0].New != "3" {
		t.Errorf("the API says %+v", body)
	}
}
