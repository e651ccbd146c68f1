package keycrmtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// receiver keeps what it was sent and answers with the statuses it was given, then with 200.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	bodies   []string
	queries  []string
	statuses []int
	arrived  chan struct{}
}

func newReceiver(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{statuses: statuses, arrived: make(chan struct{}, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.bodies = append(r.bodies, string(body))
		r.queries = append(r.queries, req.Method+" "+req.URL.RawQuery)
		status := http.StatusOK
		if len(r.statuses) > 0 {
			status, r.statuses = r.statuses[0], r.statuses[1:]
		}
		r.mu.Unlock()
		w.WriteHeader(status)
		r.arrived <- struct{}{}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bodies)
}

func deliver(t *testing.T, s *keycrmtest.Server) {
	t.Helper()
	if err := s.DeliverWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
}

type hook struct {
	Event   string
	Context map[string]any
}

func decodeHook(t *testing.T, body string) hook {
	t.Helper()
	var h hook
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return h
}

func TestTriggerSendsTheOrderWithoutParts(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s, c, clk := account(t)
	s.AddTrigger(keycrmtest.Trigger{
		Name: "Статуси", Event: keycrmtest.EventOrderStatus, Values: []string{"9", "12"}, SourceIDs: []int64{7}, URL: r.URL, Active: true,
	})
	o := create(t, c, order("A-1", line("", "100", "1")))
	clk.move(time.Minute)
	for _, status := range []int64{3, 9} { // 3 is not among the trigger's values
		if err := s.SetOrderStatus(o.ID, status); err != nil {
			t.Fatal(err)
		}
	}
	deliver(t, s)
	bodies := r.got()
	if len(bodies) != 1 {
		t.Fatalf("%d webhooks, want 1", len(bodies))
	}
	h := decodeHook(t, bodies[0])
	for k, want := range map[string]any{
		"id": float64(o.ID), "status_id": 9.0, "source_uuid": "A-1", "status_changed_at": "2026-08-01T12:01:00.000000Z",
	} {
		if h.Event != keycrmtest.EventOrderStatus || !reflect.DeepEqual(h.Context[k], want) {
			t.Errorf("%s: %s got %v, want %v", h.Event, k, h.Context[k], want)
		}
	}
	for _, k := range []string{"products", "buyer", "shipping", "status", "warehouse", "discount_data", "buyer_comment"} {
		if _, ok := h.Context[k]; ok {
			t.Errorf("the context has %s", k)
		}
	}
}

func TestTriggerConditions(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s, c, _ := account(t)
	id := s.AddTrigger(keycrmtest.Trigger{
		Name: "Instagram", Event: keycrmtest.EventOrderStatus, SourceIDs: []int64{8}, URL: r.URL, Active: true,
	})
	o := create(t, c, order("A-1", line("", "100", "1")))
	move := func(status int64) {
		t.Helper()
		if err := s.SetOrderStatus(o.ID, status); err != nil {
			t.Fatal(err)
		}
		deliver(t, s)
	}
	move(3)
	if n := len(r.got()); n != 0 {
		t.Errorf("another source: %d webhooks, want none", n)
	}
	s.AddTrigger(keycrmtest.Trigger{ID: id, Name: "усі", Event: keycrmtest.EventOrderStatus, URL: r.URL})
	move(6)
	if n := len(r.got()); n != 0 {
		t.Errorf("switched off: %d webhooks, want none", n)
	}
	s.AddTrigger(keycrmtest.Trigger{ID: id, Name: "усі", Event: keycrmtest.EventOrderStatus, URL: r.URL, Active: true, Method: "GET"})
	move(9)
	move(9)
	if q := r.queries; len(q) != 1 || q[0] != "GET event=order.change_order_status&id=70001" {
		t.Errorf("GET, and no change the second time: %v", q)
	}
	s.DeleteTrigger(id)
	move(12)
	if n := len(r.got()); n != 1 {
		t.Errorf("deleted: %d webhooks, want the one from before", n)
	}
}

func TestPaymentAndCardEvents(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s, c, _ := account(t)
	for _, e := range []string{keycrmtest.EventOrderPayment, keycrmtest.EventCardStatus} {
		s.AddTrigger(keycrmtest.Trigger{Name: e, Event: e, URL: r.URL, Active: true})
	}
	o := create(t, c, order("A-1", line("", "100", "1")))
	if _, err := c.Orders.AddPayment(t.Context(), o.ID, keycrm.PaymentCreate{PaymentMethodID: 1, Amount: amount("100")}); err != nil {
		t.Fatal(err)
	}
	card, err := c.Cards.Create(t.Context(), aCard())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetCardStatus(card.ID, 102); err != nil {
		t.Fatal(err)
	}
	deliver(t, s)
	bodies := r.got()
	if len(bodies) != 2 {
		t.Fatalf("%d webhooks, want 2", len(bodies))
	}
	if h := decodeHook(t, bodies[0]); h.Event != keycrmtest.EventOrderPayment || h.Context["payment_status"] != "paid" {
		t.Errorf("payment: %+v", h)
	}
	h := decodeHook(t, bodies[1])
	if _, ok := h.Context["contact"]; ok || h.Event != keycrmtest.EventCardStatus || h.Context["status_id"] != 102.0 {
		t.Errorf("card: %+v", h)
	}
}

func TestDeliveryIsTriedThriceUntilExactly200(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		statuses []int
		attempts int
		ok       bool
	}{
		{"200 at once", nil, 1, true},
		{"an error first", []int{500}, 2, true},
		{"202 is no success", []int{202, 204}, 3, true},
		{"never", []int{500, 503, 404}, 3, false},
	}
	for _, tc := range cases {
		r := newReceiver(t, tc.statuses...)
		s, c, _ := account(t)
		s.AddTrigger(keycrmtest.Trigger{Name: "t", Event: keycrmtest.EventOrderStatus, URL: r.URL, Active: true})
		o := create(t, c, order("A-1", line("", "1", "1")))
		if err := s.SetOrderStatus(o.ID, 9); err != nil {
			t.Fatal(err)
		}
		deliver(t, s)
		d := s.Deliveries()[0]
		if len(d.Attempts) != tc.attempts || d.Delivered() != tc.ok || !d.Done {
			t.Errorf("%s: %d attempts, delivered %v, done %v", tc.name, len(d.Attempts), d.Delivered(), d.Done)
		}
	}
}

func TestWebhookFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		kind keycrmtest.FaultKind
		want []float64 // status ids in the order they arrive
	}{
		{keycrmtest.FaultHookTwice, []float64{3, 3, 6}},
		{keycrmtest.FaultHookReorder, []float64{6, 3}},
		{keycrmtest.FaultHookDrop, []float64{6}},
	}
	for _, tc := range cases {
		r := newReceiver(t)
		s, c, _ := account(t)
		s.AddTrigger(keycrmtest.Trigger{Name: "t", Event: keycrmtest.EventOrderStatus, URL: r.URL, Active: true})
		o := create(t, c, order("A-1", line("", "1", "1")))
		s.Fault(keycrmtest.Fault{Kind: tc.kind, Times: 1})
		for _, status := range []int64{3, 6} {
			if err := s.SetOrderStatus(o.ID, status); err != nil {
				t.Fatal(err)
			}
		}
		deliver(t, s)
		var got []float64
		for _, b := range r.got() {
			got = append(got, decodeHook(t, b).Context["status_id"].(float64))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.kind, got, tc.want)
		}
	}
}

func TestStockWebhookSumsTheChosenWarehouses(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s, c, _ := account(t)
	s.SetStockHook(keycrmtest.StockHook{URL: r.URL, WarehouseIDs: []int64{keycrmtest.WarehouseKyiv}})
	o := anOffer(t, s)
	for w, q := range map[int64]string{keycrmtest.WarehouseKyiv: "16", keycrmtest.WarehouseLviv: "100"} {
		if err := s.SetStock(o.ID, w, dec(q)); err != nil {
			t.Fatal(err)
		}
	}
	create(t, c, order("A-1", line(o.SKU, "1", "3")))
	deliver(t, s)
	bodies := r.got()
	var rows []struct {
		OfferID   int64 `json:"offer_id"`
		SKU       string
		InStock   float64 `json:"in_stock"`
		InReserve float64 `json:"in_reserve"`
	}
	if err := json.Unmarshal([]byte(bodies[len(bodies)-1]), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].OfferID != o.ID || rows[0].SKU != o.SKU || rows[0].InStock != 16 || rows[0].InReserve != 3 {
		t.Errorf("got %+v", rows)
	}
}

func TestWebhooksLeaveByThemselves(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, 500)
	s := keycrmtest.Start(t, keycrmtest.WithCatalog(10, 10), keycrmtest.WithRetryDelay(time.Millisecond))
	c, err := keycrm.New(s.BaseURL(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	s.AddTrigger(keycrmtest.Trigger{Name: "t", Event: keycrmtest.EventOrderStatus, URL: r.URL, Active: true})
	o := create(t, c, order("A-1", line("", "1", "1")))
	if _, err := c.Orders.Update(t.Context(), o.ID, keycrm.OrderUpdate{StatusID: 9}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case <-r.arrived:
		case <-time.After(time.Minute):
			t.Fatal("no webhook came")
		}
	}
	if n := len(r.got()); n != 2 {
		t.Errorf("%d attempts, want 2", n)
	}
}

func TestCardCreationTrigger(t *testing.T) {
	t.Parallel()
	created, moved := newReceiver(t), newReceiver(t)
	s, c, _ := account(t)
	s.AddTrigger(keycrmtest.Trigger{Name: "нові", Event: keycrmtest.EventCardCreated, SourceIDs: []int64{7}, URL: created.URL, Active: true})
	s.AddTrigger(keycrmtest.Trigger{Name: "зміна", Event: keycrmtest.EventCardStatus, URL: moved.URL, Active: true})
	card, err := c.Cards.Create(t.Context(), aCard())
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, s)
	if bodies := created.got(); len(bodies) != 1 || decodeHook(t, bodies[0]).Event != keycrmtest.EventCardStatus ||
		decodeHook(t, bodies[0]).Context["id"] != float64(card.ID) {
		t.Errorf("a new card was told as %v", bodies)
	}
	if n := len(moved.got()); n != 0 {
		t.Errorf("a new card is no moved one: %d webhooks", n)
	}
}

// TestSlowReceiverHoldsNobodyUp would never end if deliveries waited for each other.
func TestSlowReceiverHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(stuck.Close)
	t.Cleanup(func() { close(release) })
	r := newReceiver(t)
	s := keycrmtest.New(keycrmtest.WithCatalog(10, 10))
	t.Cleanup(func() { _ = s.Close() })
	c, err := keycrm.New(s.BaseURL(), s.Key(), keycrm.WithTransport(s.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{stuck.URL, r.URL} {
		s.AddTrigger(keycrmtest.Trigger{Name: url, Event: keycrmtest.EventOrderStatus, URL: url, Active: true})
	}
	o := create(t, c, order("A-1", line("", "100", "1")))
	for _, status := range []int64{3, 6, 9} {
		if err := s.SetOrderStatus(o.ID, status); err != nil {
			t.Fatal(err)
		}
		<-r.arrived
	}
	if n := len(r.got()); n != 3 {
		t.Errorf("%d webhooks, want 3", n)
	}
}
