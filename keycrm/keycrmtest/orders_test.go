package keycrmtest_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// TestOrderArithmetic repeats sums that were recorded in real accounts.
func TestOrderArithmetic(t *testing.T) {
	t.Parallel()
	discounted := line("", "210", "2")
	discounted.DiscountAmount = amountOf("105")
	percent := line("", "450", "1")
	percent.DiscountPercent, percent.DiscountAmount = amountOf("10"), amountOf("5")
	cases := []struct {
		name                   string
		in                     keycrm.OrderCreate
		products, discount, to string
	}{
		{"plain lines", order("", line("", "450", "2"), line("", "240", "1")), "1140", "0", "1140"},
		{"five percent and shipping", func() keycrm.OrderCreate {
			o := order("", line("", "450", "2"), line("", "240", "1"))
			o.DiscountPercent, o.ShippingPrice = amountOf("5"), amountOf("60")
			return o
		}(), "1140", "57", "1143"},
		{"percent and amount together", func() keycrm.OrderCreate {
			o := order("", line("", "3569", "1"))
			o.DiscountPercent, o.DiscountAmount = amountOf("20"), amountOf("0.2")
			return o
		}(), "3569", "714", "2855"},
		{"a line's amount is off each unit and not in the order's discount", order("", discounted), "210", "0", "210"},
		{"a line's percent and amount add up", order("", percent), "400", "0", "400"},
		{"wrapping and taxes are added", func() keycrm.OrderCreate {
			o := order("", line("", "100", "0.5"))
			o.WrapPrice, o.Taxes = amountOf("15"), amountOf("1.5")
			return o
		}(), "50", "0", "66.5"},
	}
	for _, tc := range cases {
		_, c, _ := account(t)
		o := create(t, c, tc.in)
		if !o.ProductsTotal.Equal(dec(tc.products)) || !o.TotalDiscount.Equal(dec(tc.discount)) || !o.GrandTotal.Equal(dec(tc.to)) {
			t.Errorf("%s: products %s, discount %s, total %s; want %s, %s, %s", tc.name,
				o.ProductsTotal, o.TotalDiscount, o.GrandTotal, tc.products, tc.discount, tc.to)
		}
	}
}

func TestSourceUUIDIsTaken(t *testing.T) {
	t.Parallel()
	second := order("A-1", line("", "1", "1"))
	second.SourceID = 8
	t.Run("in the whole account", func(t *testing.T) {
		t.Parallel()
		s, c, _ := account(t)
		o := create(t, c, order("A-1", line("", "1", "1")))
		if _, err := c.Orders.Create(t.Context(), second); !errors.Is(err, keycrm.ErrTaken) {
			t.Errorf("another source: got %v, want ErrTaken", err)
		}
		if err := s.DeleteOrder(o.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Orders.Get(t.Context(), o.ID); !errors.Is(err, keycrm.ErrNotFound) {
			t.Errorf("a deleted order: got %v, want ErrNotFound", err)
		}
		create(t, c, second)
	})
	t.Run("in one source when asked so", func(t *testing.T) {
		t.Parallel()
		_, c, _ := account(t, keycrmtest.WithUUIDScope(keycrmtest.ScopeSource))
		create(t, c, order("A-1", line("", "1", "1")))
		create(t, c, second)
		if _, err := c.Orders.Create(t.Context(), second); !errors.Is(err, keycrm.ErrTaken) {
			t.Errorf("the same source: got %v, want ErrTaken", err)
		}
	})
}

func TestStockFollowsTheStatus(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	was := anOffer(t, s)
	o := create(t, c, order("A-1", line(was.SKU, "100", "3"), line("NO-SUCH-SKU", "5", "1")))
	check := func(step, reserve, left string) {
		t.Helper()
		now, _ := s.Offer(was.ID)
		if !now.Reserve.Equal(dec(reserve)) || !was.Quantity().Sub(now.Quantity()).Equal(dec(left)) {
			t.Errorf("%s: reserve %s, %s written off; want %s, %s", step, now.Reserve, was.Quantity().Sub(now.Quantity()), reserve, left)
		}
	}
	check("new", "3", "0")
	move := func(status int64) {
		t.Helper()
		if _, err := c.Orders.Update(t.Context(), o.ID, keycrm.OrderUpdate{StatusID: status}); err != nil {
			t.Fatal(err)
		}
	}
	move(12)
	check("completed", "0", "3")
	move(19)
	check("cancelled", "0", "0")
	move(1)
	check("new again", "3", "0")
	_, err := c.Orders.Update(t.Context(), o.ID, keycrm.OrderUpdate{
		Products: []keycrm.OrderLineUpdate{{SKU: was.SKU, Quantity: amountOf("5")}, {SKU: "ABSENT", Quantity: amountOf("9")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	check("more of it", "5", "0")
	if err := s.AddOrderLine(o.ID, keycrmtest.Line{SKU: was.SKU, Price: dec("1"), Quantity: dec("1")}); err != nil {
		t.Fatal(err)
	}
	check("a line added by a manager", "6", "0")
	if err := s.DeleteOrder(o.ID); err != nil {
		t.Fatal(err)
	}
	check("deleted", "0", "0")
}

func TestRefusedUpdateTouchesNothing(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	was := anOffer(t, s)
	o := create(t, c, order("A-1", line(was.SKU, "100", "3")))
	_, err := c.Orders.Update(t.Context(), o.ID, keycrm.OrderUpdate{
		CustomFields: []keycrm.FieldValue{keycrm.TextValue("OR_0000", "x")},
		StatusID:     555, Products: []keycrm.OrderLineUpdate{{SKU: was.SKU, Quantity: amountOf("5")}},
	})
	var e *keycrm.APIError
	if !errors.As(err, &e) || !errors.Is(err, keycrm.ErrRefused) || len(e.Fields["status_id"]) == 0 {
		t.Fatalf("got %v, want a refusal of status_id", err)
	}
	got, _ := s.Order(o.ID)
	offer, _ := s.Offer(was.ID)
	if !got.Lines[0].Quantity.Equal(dec("3")) || !offer.Reserve.Equal(dec("3")) || got.StatusID != 1 {
		t.Errorf("after a refused update: line %s, reserve %s, status %d", got.Lines[0].Quantity, offer.Reserve, got.StatusID)
	}
}

func TestBuyersAreTheSameOnlyWhenExactlySo(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	by := func(name, phone, email string) int64 {
		in := order("", line("", "1", "1"))
		in.Buyer = keycrm.OrderBuyer{FullName: name, Phone: phone, Email: email}
		return create(t, c, in).ClientID
	}
	first := by("Олена Тестенко", "+380000000001", "a@example.com")
	if got := by("Олена Тестенко", "+380000000001", ""); got != first {
		t.Errorf("same name and phone: buyer %d, want %d", got, first)
	}
	if got := by("Олена Тестенко", "+380000000001", "other@example.com"); got == first {
		t.Error("another e-mail: the same buyer")
	}
	twin := by("Тестенко Олена", "+380000000001", "")
	if twin == first {
		t.Error("another spelling of the name: the same buyer")
	}
	found, _, err := c.Buyers.List(t.Context(), keycrm.BuyerQuery{Phones: []string{"380000000001"}})
	if err != nil || len(found) != 3 {
		t.Errorf("by phone without a plus: %d buyers, %v, want 3", len(found), err)
	}
	if err := s.MergeBuyers(twin, first); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Buyers.Get(t.Context(), twin); !errors.Is(err, keycrm.ErrNotFound) {
		t.Errorf("a merged buyer: got %v, want ErrNotFound", err)
	}
	for _, o := range s.Orders() {
		if o.BuyerID == twin {
			t.Errorf("order %d still belongs to the merged buyer", o.ID)
		}
	}
}

func TestPaymentsMoveThePaymentStatus(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	o := create(t, c, order("A-1", line("", "100", "1")))
	steps := []struct{ pay, want string }{{"40", "part_paid"}, {"60", "paid"}, {"1", "overpaid"}}
	for _, st := range steps {
		p, err := c.Orders.AddPayment(t.Context(), o.ID, keycrm.PaymentCreate{PaymentMethodID: 2, Amount: amount(st.pay)})
		if err != nil || p.Status != keycrm.PaymentPaid || p.ID != 0 {
			t.Fatalf("add %s: %+v, %v", st.pay, p, err)
		}
		if got, _ := s.Order(o.ID); got.PaymentStatus() != st.want {
			t.Errorf("after %s: %s, want %s", st.pay, got.PaymentStatus(), st.want)
		}
	}
	full, err := c.Orders.Get(t.Context(), o.ID, keycrm.OrderPayments)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Orders.UpdatePayment(t.Context(), o.ID, full.Payments[2].ID, keycrm.PaymentUpdate{Status: keycrm.PaymentCanceled})
	if got, _ := s.Order(o.ID); err != nil || got.PaymentStatus() != "paid" {
		t.Errorf("after cancelling: %s, %v", got.PaymentStatus(), err)
	}
}

func TestTrackingNumberCannotBeGivenTwice(t *testing.T) {
	t.Parallel()
	_, c, _ := account(t)
	o := create(t, c, order("A-1", line("", "1", "1")))
	up := keycrm.OrderUpdate{Shipping: &keycrm.ShippingCreate{TrackingCode: "2045"}}
	if _, err := c.Orders.Update(t.Context(), o.ID, up); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Orders.Update(t.Context(), o.ID, up); !errors.Is(err, keycrm.ErrRefused) {
		t.Errorf("the same number again: got %v, want ErrRefused", err)
	}
}

func TestNewOrdersTakeAWhileToBeListed(t *testing.T) {
	t.Parallel()
	_, c, clk := account(t, keycrmtest.WithVisibilityDelay(30*time.Second))
	o := create(t, c, order("A-1", line("", "1", "1")))
	listed := func() int {
		rows, _, err := c.Orders.List(t.Context(), keycrm.OrderQuery{SourceUUIDs: []string{"A-1"}})
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	if n := listed(); n != 0 {
		t.Errorf("at once: %d rows, want 0", n)
	}
	if _, err := c.Orders.Get(t.Context(), o.ID); err != nil {
		t.Errorf("by id at once: %v", err)
	}
	clk.move(30 * time.Second)
	if n := listed(); n != 1 {
		t.Errorf("after 30 s: %d rows, want 1", n)
	}
}

func TestOrderFilters(t *testing.T) {
	t.Parallel()
	s, c, clk := account(t)
	in := order("A-1", line("", "1", "1"))
	in.OrderedAt = keycrm.NewDateTime(clk.now().Add(-48 * time.Hour))
	a := create(t, c, in)
	clk.move(time.Minute)
	b := create(t, c, order("A-2", line("", "1", "1")))
	clk.move(time.Minute)
	if err := s.SetTracking(a.ID, "2045"); err != nil {
		t.Fatal(err)
	}
	now := clk.now()
	cases := []struct {
		name string
		q    keycrm.OrderQuery
		want []int64
	}{
		{"all, newest first", keycrm.OrderQuery{}, []int64{b.ID, a.ID}},
		{"oldest first", keycrm.OrderQuery{Sort: keycrm.SortID}, []int64{a.ID, b.ID}},
		{"latest changed first", keycrm.OrderQuery{Sort: keycrm.SortUpdatedDesc}, []int64{a.ID, b.ID}},
		{"created_between compares ordered_at", keycrm.OrderQuery{Created: keycrm.Between{From: now.Add(-time.Hour), To: now}}, []int64{b.ID}},
		{"updated_between includes both ends", keycrm.OrderQuery{Updated: keycrm.Between{From: now, To: now}}, []int64{a.ID}},
		{"with a tracking number", keycrm.OrderQuery{HasTrackingCode: keycrm.Yes()}, []int64{a.ID}},
		{"several source uuids", keycrm.OrderQuery{SourceUUIDs: []string{"A-1", "A-2"}}, []int64{b.ID, a.ID}},
		{"another source", keycrm.OrderQuery{SourceIDs: []int64{8}}, nil},
		{"payment status", keycrm.OrderQuery{PaymentStatuses: []string{"paid"}}, nil},
		{"buyer's phone", keycrm.OrderQuery{BuyerPhones: []string{"380000000001"}}, []int64{b.ID, a.ID}},
	}
	for _, tc := range cases {
		rows, _, err := c.Orders.List(t.Context(), tc.q)
		var got []int64
		for _, o := range rows {
			got = append(got, o.ID)
		}
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, %v, want %v", tc.name, got, err, tc.want)
		}
	}
}
