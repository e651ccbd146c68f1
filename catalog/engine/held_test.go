package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// heldStock is what is held back now.
func (w *world) heldStock() catalog.HeldStock {
	w.t.Helper()
	held, err := w.engine.Held(w.t.Context(), w.conn)
	must(w.t, err)
	return held
}

// stocks tells how many products of the shop have which stock: "4: 2, 0: 101".
func (w *world) stocks() string {
	w.t.Helper()
	var rows []struct {
		Stock string `db:"stock"`
		N     int    `db:"n"`
	}
	must(w.t, w.db.SelectContext(w.t.Context(), &rows, `SELECT stock::numeric::float::text AS stock, count(*) AS n FROM demoshop.variants GROUP BY 1 ORDER BY 2, 1`))
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%s: %d", r.Stock, r.N))
	}
	return strings.Join(out, ", ")
}

// run makes a run that must end well and holds the stock of some variants back, with what it says of them.
func (w *world) holding(kind catalog.Kind, held int) catalog.Run {
	w.t.Helper()
	run := w.finish(w.begin(kind))
	if run.State != catalog.Done || run.Counters.Held != held {
		w.t.Fatalf("the run ended %s in %s (%s), %d held back, want %d; guards %v", run.State, run.Phase, run.Code, run.Counters.Held, held, run.Guards)
	}
	return run
}

// tell lets the merchant be told and answers how often they were, in all.
func (w *world) tell() int {
	w.t.Helper()
	must(w.t, w.engine.TellHeld(w.t.Context()))
	return len(w.held)
}

// emptied is a world of variants that have stock in the shop, and of which some have none in the CRM any more.
func emptied(t *testing.T, variants, gone int) (w *world, sim *keycrmtest.Server, offers []int64) {
	t.Helper()
	w, sim, offers = stocked(t, variants)
	for _, o := range offers[:gone] {
		setStock(t, sim, o, 0)
	}
	return w, sim, offers
}

// TestTheStockOfAWholeShopGoingToNoneInOneRunIsHeld: below zero or none in the CRM, a failed import. Only
// those variants wait; everything else is written, or the shop would sell all weekend what is gone.
func TestTheStockOfAWholeShopGoingToNoneInOneRunIsHeld(t *testing.T) {
	t.Parallel()
	for _, kind := range []catalog.Kind{catalog.Prices, catalog.Full} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w, sim, offers := stocked(t, 103)
			w.prices()
			for i, o := range offers[:101] {
				setStock(t, sim, o, int64(-i%3))
			}
			setStock(t, sim, offers[101], 1) // other variants sell on
			setStock(t, sim, offers[102], 2)
			must(t, sim.SetPrice(offers[0], decimal.NewFromInt(260)))
			run := w.holding(kind, 101)
			if got := w.stocks(); got != "1: 1, 2: 1, 4: 101" {
				t.Errorf("the shop has %s", got)
			}
			if p := w.product("SKU-0").Variants[0].Price; !p.Equal(plugin.NewMoney("260", "UAH")) {
				t.Errorf("the price of a variant whose stock is held is %v", p)
			}
			held := w.heldStock()
			if held.Count != 101 || !held.Since.Equal(w.clock.Now()) || len(held.Causes) != 1 || held.Causes[0].Run != run.ID || held.Causes[0].Setting != "" {
				t.Errorf("held: %+v", held)
			}
			list, err := w.engine.HeldVariants(t.Context(), w.conn, "", 1000)
			must(t, err)
			i := slices.IndexFunc(list, func(v catalog.HeldVariant) bool { return v.SKU == "SKU-2" })
			if len(list) != 101 || i < 0 || list[i].Old != "4" || list[i].Says != "-2" || list[i].Name != "Товар 2" || list[i].Run != run.ID {
				t.Errorf("%d variants are listed, %+v", len(list), list)
			}
			for after, want := range []int{1, 1, 2, 2} { // at once, once more after an hour, and no more
				if n := w.tell(); n != want || w.held[n-1].Count != 101 || w.held[n-1].Again != (n == 2) {
					t.Errorf("told %d times in step %d, want %d: %+v", n, after, want, w.held)
				}
				w.clock.Advance(40 * time.Minute)
			}
			w.holding(kind, 101) // the CRM says so still
			if got := w.heldStock(); !got.Since.Equal(held.Since) || got.Causes[0].Run != run.ID {
				t.Errorf("held once more: %+v, want it held since %v", got, held.Since)
			}
			for i, o := range offers[:101] { // one of them as it was, the others differ
				setStock(t, sim, o, int64(4+min(i, 1)))
			}
			w.holding(kind, 0)
			if got := w.stocks(); got != "1: 1, 2: 1, 4: 1, 5: 100" || w.heldStock().Count != 0 {
				t.Errorf("once the CRM has stock again the shop has %s, held %+v", got, w.heldStock())
			}
			if n := w.tell(); n != 2 {
				t.Errorf("told %d times, want 2", n)
			}
		})
	}
}

// TestAMessageThatWasNotTakenComesAgain a minute later, the first one and the second, whether the host refused
// it or the process died over it; and from one process only.
func TestAMessageThatWasNotTakenComesAgain(t *testing.T) {
	t.Parallel()
	w, _, _ := emptied(t, 60, 60)
	w.holding(catalog.Prices, 60)
	for nth, fails := range []func() error{
		func() error { return errors.New("no bell") },
		func() error { panic("killed") },
	} {
		w.deaf = fails
		if err := w.tellDespite(); err == nil {
			t.Error("a message that was not taken is no error")
		}
		w.deaf = nil
		if n := w.tell(); n != nth { // another process, while nobody knows what becomes of the first
			t.Errorf("told %d times at once after message %d was not taken", n, nth+1)
		}
		w.clock.Advance(time.Minute)
		if n := w.tell(); n != nth+1 || w.held[nth].Count != 60 || w.held[nth].Again != (nth == 1) {
			t.Errorf("told %d times a minute after message %d was not taken: %+v", n, nth+1, w.held)
		}
		w.clock.Advance(time.Hour)
	}
	if n := w.tell(); n != 2 {
		t.Errorf("told %d times, want 2", n)
	}
}

// tellDespite is tell by a process that does not outlive a panic.
func (w *world) tellDespite() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return w.engine.TellHeld(w.t.Context())
}

// TestAMerchantWhoCannotBeToldHoldsUpNoOther of another connection.
func TestAMerchantWhoCannotBeToldHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w, _, _ := emptied(t, 60, 60)
	w.holding(catalog.Prices, 60)
	other := w.connect("other")
	for _, q := range []string{
		`INSERT INTO keybridge.link_variant (connection_id, shop_id, crm_id, crm_product_id, variant_id, product_id)
			VALUES ($1, 'demo', 'o', 'p', 'v', 'p')`,
		`INSERT INTO keybridge.stock_held (connection_id, offer_id, product_id, variant_id, name, sku, old, says, since, read_at)
			VALUES ($1, 'o', 'p', 'v', '', '', '1', '0', now(), now())`,
	} {
		w.exec(q, other)
	}
	asked := 0
	w.deaf = func() error { asked++; return errors.New("no bell") }
	if err := w.engine.TellHeld(t.Context()); err == nil || asked != 2 {
		t.Errorf("%d were tried to be told, %v; want both", asked, err)
	}
}

// TestWhatAPersonConfirmsIsWritten, at once or by the next run.
func TestWhatAPersonConfirmsIsWritten(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(w *world){
		"at once":         func(w *world) { w.answerCalls() },
		"by a price run":  func(w *world) { w.holding(catalog.Prices, 0) },
		"by a full run":   func(w *world) { w.holding(catalog.Full, 0) },
		"with a run that": func(w *world) { w.holding(catalog.Prices, 0); w.answerCalls() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, sim, offers := emptied(t, 60, 50)
			w.holding(catalog.Prices, 50)
			seen := w.heldStock()
			w.clock.Advance(time.Minute)
			setStock(t, sim, offers[50], 0) // held after the person has looked
			w.holding(catalog.Prices, 51)
			n, err := w.engine.ConfirmHeld(t.Context(), w.conn, seen.Until, "7")
			if err != nil || n != 50 {
				t.Fatalf("ConfirmHeld = %d, %v; want 50", n, err)
			}
			if got := w.heldStock(); got.Count != 1 || got.Confirmed != 50 {
				t.Errorf("held: %+v", got)
			}
			setStock(t, sim, offers[0], 3) // of this one there are some by now
			then(w)
			if got := w.stocks(); got != "3: 1, 4: 9, 0: 50" && got != "3: 1, 4: 10, 0: 49" {
				t.Errorf("the shop has %s", got)
			}
			if got := w.heldStock(); got.Confirmed != 0 {
				t.Errorf("held: %+v", got)
			}
			var by []string
			must(t, w.db.SelectContext(t.Context(), &by, `SELECT DISTINCT operator_id FROM keybridge.catalog_audit WHERE action = 'sold_out'`))
			if !slices.Equal(by, []string{"7"}) {
				t.Errorf("noted for %q", by)
			}
			w.clock.Advance(time.Minute)
			setStock(t, sim, offers[51], 0) // what a person said counts for nothing else
			w.holding(catalog.Prices, 0)
		})
	}
}

// TestATrickleOfStockCallsIsHeldLikeARun: each call empties one variant, so no call alone is suspicious.
func TestATrickleOfStockCallsIsHeldLikeARun(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 103)
	for i, o := range offers[:101] {
		setStock(t, sim, o, 0)
		setStock(t, sim, offers[102], int64(200-i))
		w.call(o, offers[102])
		w.gathered()
	}
	// Thirty of a hundred and three are thirty percent at most; the one that goes on selling is written.
	if got := w.stocks(); got != "100: 1, 0: 30, 4: 72" || w.heldStock().Count != 71 || w.heldStock().Causes[0].Run != 0 {
		t.Errorf("the shop has %s, held %+v", got, w.heldStock())
	}
	if w.tell() != 1 || w.held[0].Count != 71 {
		t.Errorf("told %+v", w.held)
	}
	w.clock.Advance(2 * time.Hour)
	w.call(offers[100]) // none still, and too many
	w.gathered()
	if got := w.heldStock().Count; got != 71 {
		t.Errorf("%d are held after two hours, want 71", got)
	}
	for _, o := range offers[30:60] { // some come back: so few are left that nobody doubts them
		setStock(t, sim, o, 6)
	}
	w.call(offers[30:59]...)
	w.gathered()
	if got := w.heldStock().Count; got != 42 {
		t.Errorf("%d are held, want 42", got)
	}
	for _, o := range offers[60:90] {
		setStock(t, sim, o, 6)
	}
	w.call(offers[59:90]...)
	w.gathered()
	if got := w.stocks(); got != "100: 1, 4: 1, 0: 41, 6: 60" || w.heldStock().Count != 0 {
		t.Errorf("the shop has %s, held %+v", got, w.heldStock())
	}
}

// TestOneCallAboutAWholeShopIsHeld: an import names everything in one call.
func TestOneCallAboutAWholeShopIsHeld(t *testing.T) {
	t.Parallel()
	w, sim, offers := emptied(t, 60, 55)
	setStock(t, sim, offers[55], 3)
	w.call(offers...)
	w.gathered()
	if got := w.stocks(); !strings.Contains(got, "3: 1") || w.heldStock().Count < 30 {
		t.Errorf("the shop has %s, held %+v", got, w.heldStock())
	}
	n, err := w.engine.ConfirmHeld(t.Context(), w.conn, w.clock.Now(), "1")
	must(t, err)
	w.answerCalls()
	if got := w.stocks(); got != "3: 1, 4: 4, 0: 55" || n < 30 || w.heldStock().Count != 0 || w.stock().Calls != 1 {
		t.Errorf("%d were confirmed, the shop has %s, held %+v, %+v", n, got, w.heldStock(), w.stock())
	}
}

func TestFewVariantsThatGoToNoneAreWritten(t *testing.T) {
	t.Parallel()
	w, sim, offers := emptied(t, 60, 20)
	w.holding(catalog.Prices, 0)
	if got := w.stocks(); got != "0: 20, 4: 40" || w.tell() != 0 {
		t.Errorf("the shop has %s, told %+v", got, w.held)
	}
	setStock(t, sim, offers[20], 0) // the twenty-first within an hour
	w.holding(catalog.Prices, 1)
	w.clock.Advance(time.Hour)
	w.holding(catalog.Prices, 0)
	if got := w.stocks(); got != "0: 21, 4: 39" {
		t.Errorf("the shop has %s", got)
	}
}

// TestFirstRunsHoldNothingBack: nothing was available before.
func TestFirstRunsHoldNothingBack(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 60)
	eachOffer(t, sim, ids, func(o int64) { setStock(t, sim, o, 0) })
	w := newWorld(t, sim)
	w.holding(catalog.Full, 0)
	eachOffer(t, sim, ids, func(o int64) { setStock(t, sim, o, 2) })
	w.holding(catalog.Prices, 0)
	if got := w.stocks(); got != "2: 60" {
		t.Errorf("the shop has %s", got)
	}
}

// TestAChangedSettingIsNamed: it is no fault of the CRM's that another warehouse is empty.
func TestAChangedSettingIsNamed(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 60)
	setStock(t, sim, offers[0], 7)
	must(t, sim.SetStock(offers[0], keycrmtest.WarehouseLviv, decimal.NewFromInt(3)))
	w.edit(w.conn, func(c *settings.Catalog) { c.Warehouses = []string{code(keycrmtest.WarehouseLviv)} })
	run := w.holding(catalog.Full, 59)
	if got := w.heldStock(); got.Count != 59 || got.Causes[0] != (catalog.HeldCause{Run: run.ID, Setting: "warehouses", Since: w.clock.Now(), Count: 59}) {
		t.Errorf("held: %+v", got)
	}
	if w.tell() != 1 || w.held[0].Causes[0].Setting != "warehouses" {
		t.Errorf("told %+v", w.held)
	}
}

// TestARunThatWaitsHoldsStockBackOnceItWrites: the guard of prices stops it, that of stock does not.
func TestARunThatWaitsHoldsStockBackOnceItWrites(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 60)
	for _, o := range offers[:50] {
		setStock(t, sim, o, 0)
		must(t, sim.SetPrice(o, decimal.NewFromInt(999)))
	}
	preview, err := w.engine.Preview(t.Context(), w.conn, catalog.Prices, "1")
	must(t, err)
	w.finish(preview)
	run := w.stopped(catalog.Prices, catalog.GuardPrices, catalog.GuardStock)
	plan, err := w.engine.Plan(t.Context(), run.ID, "", 1)
	must(t, err)
	if c := plan[0].Changes; len(c) != 2 || c[0].Held || !c[1].Held || w.heldStock().Count != 0 || w.tell() != 0 {
		t.Errorf("the plan is %+v; held %+v", c, w.heldStock())
	}
	must(t, w.engine.Approve(t.Context(), run.ID, "7"))
	if run = w.finish(run.ID); run.State != catalog.Done || run.Counters.Held != 50 || run.Counters.Updated != 50 {
		t.Errorf("the run ended %s: %+v", run.State, run.Counters)
	}
	if v := w.product("SKU-0").Variants[0]; v.Stock.String() != "4" || !v.Price.Equal(plugin.NewMoney("999", "UAH")) || w.heldStock().Count != 50 {
		t.Errorf("stock %s at %v, held %+v", v.Stock, v.Price, w.heldStock())
	}
}

// TestNobodyIsToldOfAConnectionThatIsOff, and one that is deleted holds up no message of another.
func TestNobodyIsToldOfAConnectionThatIsOff(t *testing.T) {
	t.Parallel()
	w, _, _ := emptied(t, 60, 60)
	w.holding(catalog.Prices, 60)
	must(t, w.set.SetEnabled(t.Context(), w.conn, false))
	if n := w.tell(); n != 0 {
		t.Errorf("told %d times while it is switched off", n)
	}
	must(t, w.set.Delete(t.Context(), w.conn))
	if n := w.tell(); n != 0 {
		t.Errorf("told %d times once it is deleted", n)
	}
}

// TestHeldStockOfWhatIsGoneIsForgotten: nobody can say anything of a variant the CRM no longer has.
func TestHeldStockOfWhatIsGoneIsForgotten(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 60)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.Missing = settings.MissingHide })
	w.full()
	eachOffer(t, sim, ids[:40], func(o int64) { setStock(t, sim, o, 0) })
	w.holding(catalog.Full, 40)
	must(t, sim.DeleteProduct(ids[0]))
	w.deleteProduct(w.product("SKU-1").ID)
	w.finish(w.begin(catalog.Full))
	if got := w.heldStock().Count; got != 38 {
		t.Errorf("%d variants are held, want 38", got)
	}
}
