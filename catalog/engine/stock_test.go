package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// call notes a stock call that names offers.
func (w *world) call(offers ...int64) {
	w.t.Helper()
	ids := make([]string, len(offers))
	for i, o := range offers {
		ids[i] = code(o)
	}
	must(w.t, w.engine.StockCalls().Note(w.t.Context(), w.conn, ids))
}

// answerCalls works on stock calls until nothing is due at this moment.
func (w *world) answerCalls() {
	w.t.Helper()
	calls := w.engine.StockCalls()
	for range 1000 {
		tasks, err := calls.Due(w.t.Context(), w.clock.Now(), 10)
		must(w.t, err)
		if len(tasks) == 0 {
			return
		}
		for _, task := range tasks {
			ctx, _ := mortal(w.t.Context())
			must(w.t, calls.Handle(ctx, task.Row))
		}
	}
	w.t.Fatal("stock calls do not end")
}

// gathered answers calls once they were gathered.
func (w *world) gathered() {
	w.t.Helper()
	w.clock.Advance(3 * time.Second)
	w.answerCalls()
}

func (w *world) stock() catalog.StockStatus {
	w.t.Helper()
	s, err := w.engine.StockCalls().Status(w.t.Context(), w.conn)
	must(w.t, err)
	return s
}

func (w *world) stockOf(sku string) string { return w.product(sku).Variants[0].Stock.String() }

func setStock(t *testing.T, sim *keycrmtest.Server, offer, units int64) {
	t.Helper()
	must(t, sim.SetStock(offer, keycrmtest.WarehouseKyiv, decimal.NewFromInt(units)))
}

// stocked is a world with n products that a full run has brought, and their offers.
func stocked(t *testing.T, n int, edits ...change) (*world, *keycrmtest.Server, []int64) {
	t.Helper()
	sim, ids := few(t, n)
	w := newWorld(t, sim, edits...)
	w.full()
	var offers []int64
	eachOffer(t, sim, ids, func(o int64) { offers = append(offers, o) })
	return w, sim, offers
}

func TestAStockCallWritesWhatTheCRMSaysNow(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 3)
	setStock(t, sim, offers[0], 9)
	must(t, sim.SetPrice(offers[0], decimal.NewFromInt(260)))
	sim.Reset()
	w.call(offers[0])
	w.call(offers[0], offers[1])
	w.call(offers[0], 999_999)
	w.answerCalls()
	if n := sim.RequestCount(); n != 0 {
		t.Errorf("%d requests before calls were gathered, want none", n)
	}
	w.gathered()
	if n := sim.RequestCount(); n != 1 {
		t.Errorf("%d requests for four calls, want 1", n)
	}
	if v := w.product("SKU-0").Variants[0]; v.Stock.String() != "9" || !v.Price.Equal(plugin.NewMoney("260", "UAH")) {
		t.Errorf("stock %s at %v, want 9 at 260", v.Stock, v.Price)
	}
	got := w.stock()
	want := catalog.StockStatus{
		Calls: 3, ReceivedAt: start, Written: 1, AppliedAt: w.clock.Now(), Unknown: 1, UnknownOffers: []string{"999999"},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Status = %+v, want %+v", got, want)
	}
	changes, err := w.engine.StockCalls().Changes(t.Context(), w.conn, 10)
	must(t, err)
	if len(changes) != 2 || changes[0].Field != catalog.FieldStock || changes[0].Old != "4" || changes[0].New != "9" || changes[0].Name != "Товар 0" {
		t.Errorf("Changes = %+v, want price and stock of «Товар 0»", changes)
	}
	writes := w.shop.writes.Load()
	w.call(offers...)
	w.gathered()
	if n := w.shop.writes.Load() - writes; n != 0 {
		t.Errorf("%d writes while nothing had changed, want none", n)
	}
	w.full()
	if w.stockOf("SKU-0") != "9" {
		t.Error("the next full run brought the old stock back")
	}
}

func TestAFloodOfStockCallsIsReadInGroups(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 120)
	sim.Reset()
	var wg sync.WaitGroup
	for from := range 8 {
		wg.Go(func() {
			for i := from; i < 1000; i += 8 {
				// Two in an order of their own each: whoever notes calls must not wait for another for ever.
				ids := []string{code(offers[i%120]), code(offers[(i*7)%120])}
				if err := w.engine.StockCalls().Note(t.Context(), w.conn, ids); err != nil {
					t.Errorf("Note: %v", err)
				}
			}
		})
	}
	wg.Wait()
	w.gathered()
	if n := sim.RequestCount(); n != 3 {
		t.Errorf("%d requests for 1000 calls about 120 offers, want 3", n)
	}
	if s := w.stock(); s.Calls != 1000 || s.Waiting != 0 {
		t.Errorf("Status = %+v", s)
	}
}

// TestAStockCallDuringARunIsNotWrittenOver: the CRM's stock changes and is called about after a run
// has read it and before it writes.
func TestAStockCallDuringARunIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	for kind, path := range map[catalog.Kind]string{catalog.Full: "/v1/offers", catalog.Prices: "/v1/offers/stocks"} {
		for _, now := range []int64{4, 2} { // what the shop has already, and something new
			t.Run(fmt.Sprintf("%s, %d", kind, now), func(t *testing.T) {
				t.Parallel()
				w, sim, offers := stocked(t, 3)
				w.clock.Advance(time.Minute)
				setStock(t, sim, offers[0], 7)
				must(t, sim.SetPrice(offers[1], decimal.NewFromInt(260))) // something else to write
				sim.After(func(r keycrmtest.Request) {
					if r.Path != path {
						return
					}
					sim.After(nil)
					setStock(t, sim, offers[0], now)
					w.call(offers[0])
					w.gathered()
				})
				if run := w.finish(w.begin(kind)); run.State != catalog.Done {
					t.Fatalf("the run ended %s: %s", run.State, run.Code)
				}
				if got := w.stockOf("SKU-0"); got != strconv.FormatInt(now, 10) {
					t.Errorf("stock %s, want %d", got, now)
				}
				if p := w.product("SKU-1").Variants[0].Price; !p.Equal(plugin.NewMoney("260", "UAH")) {
					t.Errorf("the run left the price %v", p)
				}
			})
		}
	}
}

// slowStock lets things happen between an answer of the CRM and whoever asked.
type slowStock struct {
	catalog.CRM
	meanwhile func(ctx context.Context)
}

func (c slowStock) StockPage(ctx context.Context, q catalog.StockQuery, cursor string) (catalog.Page[catalog.Stock], error) {
	page, err := c.CRM.StockPage(ctx, q, cursor)
	if f := c.meanwhile; f != nil && q.Offers != nil {
		f(ctx)
		err = errors.Join(err, living(ctx))
	}
	return page, err
}

// TestALateStockCallDoesNotWriteOverARun: what a call has read is older than what a price run has
// read and written meanwhile, or found in order.
func TestALateStockCallDoesNotWriteOverARun(t *testing.T) {
	t.Parallel()
	for _, later := range []int64{4, 2} {
		t.Run(strconv.FormatInt(later, 10), func(t *testing.T) {
			t.Parallel()
			w, sim, offers := stocked(t, 3)
			w.prices()
			setStock(t, sim, offers[0], 7)
			w.call(offers[0])
			once := sync.OnceFunc(func() {
				w.clock.Advance(time.Second)
				setStock(t, sim, offers[0], later)
				w.prices()
			})
			w.crm = func(c catalog.CRM) catalog.CRM { return slowStock{CRM: c, meanwhile: func(context.Context) { once() }} }
			w.engine = w.newEngine()
			w.shop.stopAt(func(context.Context, string) {
				if got := w.stockOf("SKU-0"); got == "7" {
					t.Error("what was read first was written last")
				}
			})
			w.gathered()
			w.clock.Advance(time.Minute)
			w.answerCalls()
			if got := w.stockOf("SKU-0"); got != strconv.FormatInt(later, 10) {
				t.Errorf("stock %s, want %d", got, later)
			}
			if s := w.stock(); s.Waiting != 0 {
				t.Errorf("Status = %+v, want nothing waiting", s)
			}
		})
	}
}

func TestAKilledStockCallIsAnsweredByTheNextWorker(t *testing.T) {
	t.Parallel()
	for offset := range int64(4) {
		t.Run(fmt.Sprint(offset), func(t *testing.T) {
			t.Parallel()
			w, sim, offers := stocked(t, 60)
			for i, o := range offers {
				setStock(t, sim, o, int64(i+10))
			}
			w.call(offers...)
			g := &gate{every: 4, offset: offset}
			w.crm = func(c catalog.CRM) catalog.CRM {
				return slowStock{CRM: c, meanwhile: func(ctx context.Context) { g.pass(ctx, "") }}
			}
			w.engine = w.newEngine()
			w.shop.stopAt(g.pass)
			w.clock.Advance(3 * time.Second)
			for range 40 {
				w.answerCalls()
				w.clock.Advance(31 * time.Second) // the lease of the dead worker
			}
			if s := w.stock(); s.Waiting != 0 || g.deaths.Load() == 0 {
				t.Errorf("%d deaths, Status = %+v", g.deaths.Load(), s)
			}
			for i := range offers {
				if got := w.stockOf(fmt.Sprintf("SKU-%d", i)); got != strconv.Itoa(i+10) {
					t.Errorf("stock of %d is %s, want %d", i, got, i+10)
				}
			}
		})
	}
}

// TestAnOfferOfAProductInTheMakingIsNotForgotten: the call comes before the run has linked it.
func TestAnOfferOfAProductInTheMakingIsNotForgotten(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 1)
	w := newWorld(t, sim)
	p, _ := sim.Product(ids[0])
	sim.After(func(r keycrmtest.Request) {
		if r.Path == "/v1/offers" {
			sim.After(nil)
			setStock(t, sim, p.OfferIDs[0], 2)
			w.call(p.OfferIDs[0])
			w.gathered()
		}
	})
	w.full()
	if got := w.stockOf("SKU-0"); got != "4" {
		t.Errorf("the run wrote %s, not what it had read", got)
	}
	w.clock.Advance(time.Minute)
	w.answerCalls()
	if got := w.stockOf("SKU-0"); got != "2" {
		t.Errorf("stock %s, want 2", got)
	}
}

func TestStockCallsRespectTheSettings(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]change{
		"existing goods are not updated": func(c *settings.Catalog) { c.Existing = settings.ExistingSkip },
		"only new goods are made":        func(c *settings.Catalog) { c.Match = settings.MatchNever },
		"goods are switched off":         func(c *settings.Catalog) { c.Products = false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, sim, offers := stocked(t, 1)
			w.edit(w.conn, edit)
			setStock(t, sim, offers[0], 9)
			sim.Reset()
			w.call(offers[0])
			w.gathered()
			s := w.stock()
			if w.stockOf("SKU-0") != "4" || sim.RequestCount() != 0 || s.Reason != string(catalog.StockReasonOff) || s.Waiting != 0 {
				t.Errorf("stock %s after %d requests, Status = %+v", w.stockOf("SKU-0"), sim.RequestCount(), s)
			}
		})
	}
}

func TestAPriceThatMovesFarIsLeftToARunThatAsks(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 1)
	setStock(t, sim, offers[0], 9)
	must(t, sim.SetPrice(offers[0], decimal.NewFromInt(25)))
	w.call(offers[0])
	w.gathered()
	v := w.product("SKU-0").Variants[0]
	if v.Stock.String() != "9" || !v.Price.Equal(plugin.NewMoney("250", "UAH")) || w.stock().Reason != string(catalog.StockReasonMovesMuch) {
		t.Errorf("stock %s at %v, %+v", v.Stock, v.Price, w.stock())
	}
	w.prices()
	if v := w.product("SKU-0").Variants[0]; !v.Price.Equal(plugin.NewMoney("25", "UAH")) || w.stock().Reason != "" {
		t.Errorf("the price run left %v, %+v", v.Price, w.stock())
	}
}

func TestStockCallsWaitForACRMThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 1)
	setStock(t, sim, offers[0], 9)
	w.call(offers[0])
	sim.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultCutBefore, Path: "/v1/offers/stocks", Times: 2})
	w.gathered()
	if s := w.stock(); s.Reason != string(catalog.CodeUnavailable) || s.Waiting != 1 {
		t.Errorf("Status = %+v, want it to wait", s)
	}
	for range 3 {
		w.clock.Advance(15 * time.Second)
		w.answerCalls()
	}
	if s := w.stock(); w.stockOf("SKU-0") != "9" || s.Reason != "" || s.Waiting != 0 {
		t.Errorf("stock %s, Status = %+v", w.stockOf("SKU-0"), s)
	}
}

// TestStockCallsAndRunsTogetherNeverGoBack: the CRM's stock only falls, so whatever the shop is
// written at any moment must never rise, whoever writes.
func TestStockCallsAndRunsTogetherNeverGoBack(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 4)
	for _, o := range offers {
		setStock(t, sim, o, 1000)
	}
	w.prices()
	seen := make([]decimal.Decimal, len(offers))
	for i := range seen {
		seen[i] = decimal.NewFromInt(1000)
	}
	var mu sync.Mutex
	w.shop.stopAt(func(_ context.Context, call string) {
		mu.Lock()
		defer mu.Unlock()
		for i := range offers {
			now := *w.product(fmt.Sprintf("SKU-%d", i)).Variants[0].Stock
			if now.GreaterThan(seen[i]) {
				t.Errorf("%s: stock of %d rose from %s to %s", call, i, seen[i], now)
			}
			seen[i] = now
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer stop()
		for left := int64(999); left >= 970; left-- {
			for _, o := range offers {
				if err := sim.SetStock(o, keycrmtest.WarehouseKyiv, decimal.NewFromInt(left)); err != nil {
					t.Error(err)
				}
				if err := w.engine.StockCalls().Note(t.Context(), w.conn, []string{code(o)}); err != nil {
					t.Error(err)
				}
			}
			w.clock.Advance(time.Second)
		}
	})
	for range 2 {
		wg.Go(func() { w.callsUntil(ctx) })
	}
	wg.Go(func() {
		kinds := []catalog.Kind{catalog.Full, catalog.Prices}
		for i := 0; ctx.Err() == nil; i++ {
			id, err := w.engine.Start(t.Context(), w.conn, kinds[i%2], "1")
			if err != nil && !errors.Is(err, catalog.ErrRunning) {
				t.Error(err)
				return
			}
			if err := w.engine.Handle(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	for range 10 {
		w.gathered()
	}
	for i := range offers {
		if got := w.stockOf(fmt.Sprintf("SKU-%d", i)); got != "970" {
			t.Errorf("stock of %d ended at %s, want 970; %+v", i, got, w.stock())
		}
	}
}

// callsUntil answers calls as they come due.
func (w *world) callsUntil(ctx context.Context) {
	calls := w.engine.StockCalls()
	for ctx.Err() == nil {
		tasks, err := calls.Due(w.t.Context(), w.clock.Now(), 10)
		if err != nil {
			w.t.Error(err)
			return
		}
		for _, task := range tasks {
			if err := calls.Handle(w.t.Context(), task.Row); err != nil {
				w.t.Error(err)
			}
		}
	}
}

func TestStockReasonsAreDistinct(t *testing.T) {
	t.Parallel()
	all := catalog.StockReasons()
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 3 {
		t.Errorf("%d reasons, want 3", n)
	}
}
