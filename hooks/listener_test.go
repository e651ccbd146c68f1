package hooks_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

// checkout stores an order in the shop's own table and calls the hook at the end of the same
// transaction, which must commit whatever state our tables are in.
func (r *rig) checkout(id plugin.OrderID) {
	r.t.Helper()
	o := orderstest.Order(id, r.clock.Now())
	r.inTx(func(tx *sqlx.Tx) {
		if _, err := tx.ExecContext(r.t.Context(), `INSERT INTO public.shop_order (id) VALUES ($1)`, []byte(id)); err != nil {
			r.t.Fatal(err)
		}
		r.hooks.Listener().PlacedTx(r.t.Context(), tx, orderstest.PlacementOf(shopID, o))
		if _, err := tx.ExecContext(r.t.Context(), `UPDATE public.shop_order SET seen = true WHERE id = $1`, []byte(id)); err != nil {
			r.t.Fatalf("the checkout's next statement: %v", err)
		}
	})
	r.shop.Put(o)
	r.hooks.Listener().Committed(orderstest.PlacementOf(shopID, o))
}

func (r *rig) exec(db sqlx.ExecerContext, q string) {
	r.t.Helper()
	if _, err := db.ExecContext(r.t.Context(), q); err != nil {
		r.t.Fatal(err)
	}
}

// notAtOnce is longer than a checkout takes on the busiest machine; what tests put in its way lasts for
// as long as the test lets it, so that a checkout which waits for it takes longer.
const notAtOnce = 30 * time.Second

func withShopTable(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.exec(r.db, `CREATE TABLE public.shop_order (id bytea PRIMARY KEY, seen boolean)`)
	return r
}

func (r *rig) committed() int {
	r.t.Helper()
	var n int
	if err := r.db.GetContext(r.t.Context(), &n, `SELECT count(*) FROM public.shop_order WHERE seen`); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *rig) wantNoted(id plugin.OrderID, want bool) {
	r.t.Helper()
	_, err := r.x.ByOrder(r.t.Context(), shopID, id)
	if noted := err == nil; noted != want {
		r.t.Errorf("order %q noted: %v (%v), want %v", id, noted, err, want)
	}
}

func TestOrderAndItsNoteCommitTogetherOrVanishTogether(t *testing.T) {
	t.Parallel()
	r := withShopTable(t)
	r.checkout("1")
	r.wantNoted("1", true)
	select {
	case <-r.hooks.Nudged():
	default:
		t.Error("nobody was nudged")
	}
	tx, err := r.db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.hooks.Listener().PlacedTx(t.Context(), tx, orderstest.PlacementOf(shopID, orderstest.Order("2", r.clock.Now())))
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	r.wantNoted("2", false)
}

func TestHookKeepsWhatTheShopSays(t *testing.T) {
	t.Parallel()
	r := withShopTable(t)
	r.checkout("7")
	var got struct {
		Storefront string    `db:"storefront"`
		Domain     string    `db:"domain"`
		PlacedAt   time.Time `db:"placed_at"`
	}
	const q = `SELECT storefront, domain, placed_at FROM keybridge.outbox WHERE order_id = '7'`
	if err := r.db.GetContext(t.Context(), &got, q); err != nil {
		t.Fatal(err)
	}
	if got.Storefront != "main" || got.Domain != "shop.test" || !got.PlacedAt.Equal(r.clock.Now()) {
		t.Errorf("noted %+v", got)
	}
}

func TestLockedTableCostsTheCheckoutAMomentAndTheScanFindsTheOrder(t *testing.T) {
	t.Parallel()
	r := withShopTable(t)
	lock, err := r.db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.exec(lock, `LOCK TABLE keybridge.outbox IN ACCESS EXCLUSIVE MODE`)
	began := time.Now()
	r.checkout("1")
	if took := time.Since(began); took > notAtOnce {
		t.Errorf("the checkout took %v", took)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	r.wantNoted("1", false)
	if err := r.x.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.work()
	if e := r.entry("1"); e.State != orders.Done {
		t.Errorf("order 1 is %s, %s", e.State, e.Reason)
	}
}

// hurried is a checkout of an engine that gives no statement at its end more than 20 ms.
func (r *rig) hurried() error {
	r.t.Helper()
	tx, err := r.db.BeginTxx(r.t.Context(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	r.exec(tx, `INSERT INTO public.shop_order (id, seen) VALUES ('1', true)`)
	r.exec(tx, `SET LOCAL statement_timeout = '20ms'`)
	r.hooks.Listener().PlacedTx(r.t.Context(), tx, orderstest.PlacementOf(shopID, orderstest.Order("1", r.clock.Now())))
	if _, err := tx.ExecContext(r.t.Context(), `SET LOCAL statement_timeout = 0`); err != nil {
		return err
	}
	return tx.Commit()
}

func TestEngineMayHaveATighterTimeoutThanOurs(t *testing.T) {
	t.Parallel()
	r := withShopTable(t)
	lock, err := r.db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.exec(lock, `LOCK TABLE keybridge.outbox IN ACCESS EXCLUSIVE MODE`)
	// On a busy machine 20 ms may be too short for the engine's own next statement: it tries again, as with
	// any other statement of its own. A transaction that we have broken fails otherwise.
	for range 50 {
		if err = r.hurried(); err == nil || !strings.Contains(err.Error(), "statement timeout") {
			break
		}
	}
	if err != nil {
		t.Errorf("the checkout does not commit: %v", err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if n := r.committed(); n != 1 {
		t.Errorf("%d orders committed, want 1", n)
	}
}

func TestCheckoutSurvivesWhateverIsWrongWithUs(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"the function is gone":        `DROP FUNCTION keybridge.order_placed`,
		"the table is gone":           `DROP TABLE keybridge.outbox CASCADE`,
		"the schema is gone":          `DROP SCHEMA keybridge CASCADE`,
		"the function raises":         `CREATE OR REPLACE FUNCTION keybridge.order_placed(shop text, order_ text, storefront_ text, domain_ text, placed timestamptz) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'`,
		"a column was added we fill ": `ALTER TABLE keybridge.outbox ADD COLUMN more text NOT NULL`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := withShopTable(t)
			r.exec(r.db, spoil)
			r.checkout("1")
			if n := r.committed(); n != 1 {
				t.Errorf("%d orders committed, want 1", n)
			}
		})
	}
}

func TestHostileIDsAreOnlyIDs(t *testing.T) {
	t.Parallel()
	r := withShopTable(t)
	ids := []plugin.OrderID{
		`'); DROP TABLE keybridge.outbox; --`, `$$; DROP SCHEMA keybridge CASCADE; $$`, `\'; SELECT 1; --`, `"x" '' \\ $tag$`,
		"рядок\nдва", "🎁",
	}
	for _, id := range ids {
		r.checkout(id)
		r.wantNoted(id, true)
	}
	for _, id := range []plugin.OrderID{"with\x00nul", "\xff\xfe"} { // no text for Postgres: not noted, and nothing breaks
		r.checkout(id)
		r.wantNoted(plugin.OrderID("?"), false)
	}
	if n := r.committed(); n != len(ids)+2 {
		t.Errorf("%d orders committed, want %d", n, len(ids)+2)
	}
}

func FuzzPlacedTxNeverBreaksTheCheckout(f *testing.F) {
	f.Add("s1", "1", "main", "shop.test")
	f.Add("'", "$$", `\`, "\x00")
	f.Add("\xff", "''); --", "E'", "/*")
	r := newFuzzRig(f)
	f.Fuzz(func(t *testing.T, shop, order, front, domain string) {
		tx, err := r.db.BeginTxx(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		r.listener.PlacedTx(context.Background(), tx, plugin.Placement{
			Shop: plugin.ShopID(shop), Order: plugin.OrderID(order), Storefront: plugin.StorefrontID(front), Domain: domain,
			PlacedAt: time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC),
		})
		var one int
		if err := tx.Get(&one, `SELECT 1`); err != nil {
			t.Fatalf("the transaction is broken: %v", err)
		}
	})
}

func TestContextThatEndedDoesNotEndTheCheckout(t *testing.T) {
	t.Parallel()
	r := withShopTable(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	r.inTx(func(tx *sqlx.Tx) {
		r.hooks.Listener().PlacedTx(over, tx, orderstest.PlacementOf(shopID, orderstest.Order("1", r.clock.Now())))
	})
	r.wantNoted("1", true)
}

// untouchable is a transaction nobody may speak to.
type untouchable struct{ t *testing.T }

func (u untouchable) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	u.t.Error("a statement was sent")
	return nil, errors.New("untouchable")
}

func TestInactiveShopIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.active.Store(false)
	p := orderstest.PlacementOf(shopID, orderstest.Order("1", r.clock.Now()))
	r.hooks.Listener().PlacedTx(t.Context(), untouchable{t}, p)
	r.hooks.Listener().Committed(p)
	if err := r.hooks.Listener().Handle(t.Context(), plugin.Event{Kind: plugin.OrderPlaced, Shop: shopID, Order: "1", Placement: &p}); err != nil {
		t.Fatal(err)
	}
	r.wantNoted("1", false)
	select {
	case <-r.hooks.Nudged():
		t.Error("somebody was nudged")
	default:
	}
}

func TestHangingCRMDoesNotDelayPlacement(t *testing.T) {
	t.Parallel()
	r := withShopTable(t)
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultHang})
	r.checkout("1")
	ctx, stop := context.WithCancel(t.Context())
	worker := make(chan error, 1)
	go func() { worker <- r.x.Handle(ctx, r.entry("1").ID) }()
	for range 5 {
		began := time.Now()
		r.checkout(plugin.OrderID("next " + began.String()))
		if took := time.Since(began); took > notAtOnce {
			t.Errorf("a checkout took %v while the CRM hung", took)
		}
	}
	select {
	case err := <-worker:
		t.Errorf("the worker was done too soon: %v", err)
	default:
	}
	stop()
	<-worker
	if n := r.committed(); n != 6 {
		t.Errorf("%d orders committed, want 6", n)
	}
}

func TestEventsOfADurableQueue(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	o := orderstest.Order("1", r.clock.Now())
	r.shop.Put(o)
	p := orderstest.PlacementOf(shopID, o)
	placed := plugin.Event{Kind: plugin.OrderPlaced, Shop: shopID, Order: "1", At: o.PlacedAt, Placement: &p}
	for range 2 { // at least once
		if err := r.hooks.Listener().Handle(ctx, placed); err != nil {
			t.Fatal(err)
		}
	}
	r.work()
	if e := r.entry("1"); e.State != orders.Done || len(e.Attempts) != 1 {
		t.Fatalf("order 1 is %s after %d attempts", e.State, len(e.Attempts))
	}

	r.clock.Advance(time.Minute)
	r.shop.Edit("1", func(o *plugin.Order) { o.Status = "accepted" })
	change := plugin.Event{Kind: plugin.StatusChanged, Shop: shopID, Order: "1", At: r.clock.Now(), From: "new", To: "accepted"}
	ours := change
	ours.Origin = plugin.Origin{Plugin: "keybridge", Connection: r.conn.ID}
	if err := r.hooks.Listener().Handle(ctx, ours); err != nil {
		t.Fatal(err)
	}
	r.work()
	if got, _ := r.crm.OrderBySourceUUID("1"); got.StatusID != 1 {
		t.Errorf("the CRM was told of our own change: status %d", got.StatusID)
	}
	change.Actor = plugin.Actor{Kind: plugin.ActorStaff, ID: "5"}
	if err := r.hooks.Listener().Handle(ctx, change); err != nil {
		t.Fatal(err)
	}
	r.work()
	if got, _ := r.crm.OrderBySourceUUID("1"); got.StatusID != 3 {
		t.Errorf("status %d in the CRM after a change by staff, want 3", got.StatusID)
	}
	// The CRM's webhook about it finds nothing to do.
	r.wantStatus("1", "accepted")
	if moves := r.shop.Moves(); len(moves) != 0 {
		t.Errorf("our own echo moved the order: %+v", moves)
	}
	for _, kind := range []plugin.EventKind{plugin.PaymentChanged, plugin.OrderEdited, plugin.OrderDeleted} {
		if err := r.hooks.Listener().Handle(ctx, plugin.Event{Kind: kind, Shop: shopID, Order: "1"}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
