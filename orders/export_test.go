package orders_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/orders"
)

func TestPlacedOrderReachesTheCRMAndTheShopLearnsItsNumber(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.place("1042")
	r.work()

	e := r.wantState("1042", orders.Done, "")
	got, ok := r.crm.OrderBySourceUUID("1042")
	if !ok {
		t.Fatal("the CRM does not have the order")
	}
	if total := got.GrandTotal(); !total.Equal(decimal.NewFromInt(1200)) {
		t.Errorf("total in the CRM %s, want 1200", total)
	}
	if got.Shipping == nil || got.Shipping.WarehouseRef == "" || got.Shipping.RecipientPhone != "+380501234567" {
		t.Errorf("shipping %+v, want the branch's reference and the buyer as recipient", got.Shipping)
	}
	if len(got.Payments) != 1 || got.Payments[0].Status != "not_paid" || got.Payments[0].MethodID != 1 {
		t.Errorf("payments %+v, want one, in cash, not paid", got.Payments)
	}
	facts := r.shop.Order("1042").Facts
	if facts.CRMOrderID == nil || *facts.CRMOrderID != e.CRMID || facts.CRMTotal != nil {
		t.Errorf("the shop knows %+v, want the CRM's number %s and no difference", facts, e.CRMID)
	}
	if unknown := r.crm.UnknownFields(); len(unknown) > 0 {
		t.Errorf("fields KeyCRM does not document: %v", unknown)
	}
	if len(e.Attempts) != 1 || e.Attempts[0].Outcome != "created" {
		t.Errorf("attempts %+v, want one that created", e.Attempts)
	}
}

func TestDoneOrderIsNotLookedAtAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.work()
	before := r.crm.RequestCount()
	for range 3 {
		if err := r.x.Handle(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	r.pass(time.Hour)
	if n := r.crm.RequestCount() - before; n != 0 {
		t.Errorf("%d more requests, want none", n)
	}
}
