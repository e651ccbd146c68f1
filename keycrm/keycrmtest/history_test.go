package keycrmtest_test

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func TestHistoryIsBelievable(t *testing.T) {
	t.Parallel()
	s, c, clk := account(t, keycrmtest.WithHistory(120), keycrmtest.WithCatalog(300, 600))
	orders, cards, buyers := s.Orders(), s.Cards(), s.Buyers()
	if len(orders) != 120 || len(cards) != 40 || len(buyers) < 30 || len(buyers) > 80 {
		t.Fatalf("%d orders, %d cards, %d buyers", len(orders), len(cards), len(buyers))
	}
	statuses, stock := map[int64]int{}, map[string]int{}
	for i, o := range orders {
		statuses[o.StatusID]++
		if i > 0 && o.CreatedAt.After(orders[i-1].CreatedAt.Add(time.Hour)) || o.CreatedAt.After(clk.now()) || o.StatusChangedAt.After(clk.now()) {
			t.Errorf("order %d of %s changed %s stands after %s", o.ID, o.CreatedAt, o.StatusChangedAt, clk.now())
		}
		if len(o.Lines) == 0 || len(o.Payments) != 1 || o.Shipping == nil || !o.GrandTotal().IsPositive() {
			t.Errorf("order %d: %+v", o.ID, o)
		}
		for _, l := range o.Lines {
			stock[l.StockStatus]++
		}
	}
	if statuses[12] < 60 || statuses[1] == 0 || statuses[19] == 0 || stock["reserved"] == 0 || stock["fulfilled"] == 0 {
		t.Errorf("statuses %v, stock %v", statuses, stock)
	}
	rows, page, err := c.Orders.List(t.Context(), keycrm.OrderQuery{Include: []keycrm.OrderInclude{keycrm.OrderBuyerPart, keycrm.OrderProducts}})
	if err != nil || page.Total != 120 || rows[0].ID != orders[0].ID || rows[0].Buyer == nil {
		t.Errorf("%+v, %v", page, err)
	}
	reserved := dec("0")
	for _, id := range s.OfferIDs() {
		o, _ := s.Offer(id)
		reserved = reserved.Add(o.Reserve)
	}
	if !reserved.IsPositive() {
		t.Error("nothing is kept for the orders under way")
	}
	again, _, _ := account(t, keycrmtest.WithHistory(120), keycrmtest.WithCatalog(300, 600))
	if !reflect.DeepEqual(again.Orders(), orders) || !reflect.DeepEqual(again.Cards(), cards) {
		t.Error("the same seed gave another history")
	}
}

func TestHistoryIsInventedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "account.journal")
	var first []keycrmtest.Order
	for range 2 {
		s, err := keycrmtest.Open(keycrmtest.WithPersistence(path), keycrmtest.WithHistory(10), keycrmtest.WithCatalog(50, 60), keycrmtest.WithManualWebhooks())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			if err := s.DeleteOrder(s.Orders()[0].ID); err != nil {
				t.Fatal(err)
			}
			first = s.Orders()
		}
		if got := s.Orders(); len(got) != 9 || !reflect.DeepEqual(got, first) {
			t.Errorf("%d orders, want the 9 that were left", len(got))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
