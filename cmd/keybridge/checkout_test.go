package main

import (
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// quick is what a purchase may take on the busiest test machine; every trouble below would hold it up for
// longer if it waited.
const quick = 40 * time.Second

// TestCheckoutNeverWaits buys while the CRM hangs and while our table is locked: the order is placed
// at once and reaches the CRM as soon as it can.
func TestCheckoutNeverWaits(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	m := newMortal(t, keycrmtest.WithCatalog(20, 20))
	m.start()
	merchant := m.connect(ctx)
	if err := merchant.RunNow(ctx); err != nil {
		t.Fatal(err)
	}
	m.checkCatalog(ctx)

	hang := m.sim.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultSlow, Delay: time.Minute})
	m.buyQuickly(t, "while the CRM hangs")
	m.sim.ClearFault(hang)

	tx, err := m.db.BeginTxx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(ctx, `LOCK TABLE keybridge.outbox IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	m.buyQuickly(t, "while our table is locked")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	m.checkOrders(2)
}

func (m *mortal) buyQuickly(t *testing.T, when string) {
	t.Helper()
	begin := time.Now()
	if _, err := m.buy(t.Context(), "Олена Тестенко"); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if took := time.Since(begin); took > quick {
		t.Errorf("%s the purchase took %v", when, took)
	}
}
