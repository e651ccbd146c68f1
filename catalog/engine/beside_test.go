package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// later lets a moment pass, so that what is read from now on is newer.
func (w *world) later() { w.clock.Advance(time.Minute) }

// pricesToo makes a price run, later than what was before it, that must end well.
func (w *world) pricesToo() catalog.Run {
	w.t.Helper()
	w.later()
	run := w.finish(w.begin(catalog.Prices))
	if run.State != catalog.Done {
		w.t.Fatalf("the price run is %s in %s: %s %v %v", run.State, run.Phase, run.Code, run.Params, run.Guards)
	}
	return run
}

// previewed makes a full run that waits for a person.
func (w *world) previewed() int64 {
	w.t.Helper()
	id, err := w.engine.Preview(w.t.Context(), w.conn, catalog.Full, "1")
	must(w.t, err)
	if run := w.finish(id); run.State != catalog.Approval {
		w.t.Fatalf("the preview is %s", run.State)
	}
	return id
}

// approve lets a waiting run go on, to its end.
func (w *world) approve(id int64) catalog.Run {
	w.t.Helper()
	w.later()
	must(w.t, w.engine.Approve(w.t.Context(), id, "7"))
	run := w.finish(id)
	if run.State != catalog.Done {
		w.t.Fatalf("the approved run is %s in %s: %s %v", run.State, run.Phase, run.Code, run.Params)
	}
	return run
}

func (w *world) state(id int64) catalog.State {
	w.t.Helper()
	run, err := w.engine.Run(w.t.Context(), id)
	must(w.t, err)
	return run.State
}

func rename(t *testing.T, sim *keycrmtest.Server, id int64, name string) {
	t.Helper()
	must(t, sim.EditProduct(id, func(p *keycrmtest.Product) { p.Name = name }))
}

func setPrice(t *testing.T, sim *keycrmtest.Server, offer, price int64) {
	t.Helper()
	must(t, sim.SetPrice(offer, decimal.NewFromInt(price)))
}

// sells fails unless a product has a name, a price and a stock.
func (w *world) sells(sku, name, price, stock string) {
	w.t.Helper()
	p := w.product(sku)
	if v := p.Variants[0]; p.Name != name || !v.Price.Equal(plugin.NewMoney(price, "UAH")) || v.Stock.String() != stock {
		w.t.Errorf("%s is %q at %v with %s, want %q at %s with %s", sku, p.Name, v.Price, v.Stock, name, price, stock)
	}
}

// held is a world of 15 products of which a guard has stopped a full run, because nine are gone.
// Products 9 to 14 are left, with the offers of the same number.
func held(t *testing.T, edit func(sim *keycrmtest.Server, ids, offers []int64)) (w *world, sim *keycrmtest.Server, offers []int64, run catalog.Run) {
	t.Helper()
	sim, ids := few(t, 15)
	eachOffer(t, sim, ids, func(o int64) { offers = append(offers, o) })
	w = newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
	w.full()
	for _, id := range ids[:9] {
		must(t, sim.DeleteProduct(id))
	}
	edit(sim, ids, offers)
	w.later()
	run = w.stopped(catalog.Full, catalog.GuardMissing)
	return w, sim, offers, run
}

func TestPricesGoOnWhileAFullRunWaitsForAPerson(t *testing.T) {
	t.Parallel()
	w, sim, offers, run := held(t, func(sim *keycrmtest.Server, ids, offers []int64) {
		rename(t, sim, ids[10], "Нова назва")
		setStock(t, sim, offers[10], 40)
		setPrice(t, sim, offers[11], 300)
		rename(t, sim, ids[12], "Інша назва")
		rename(t, sim, ids[13], "Ще інша")
		setPrice(t, sim, offers[13], 270)
	})
	// The weekend: most is sold in KeyCRM, and a price changes back.
	setStock(t, sim, offers[9], 1)
	setStock(t, sim, offers[10], 2)
	setPrice(t, sim, offers[11], 250)
	setPrice(t, sim, offers[13], 280)
	if again, err := w.engine.Start(t.Context(), w.conn, catalog.Full, "1"); again != run.ID || !errors.Is(err, catalog.ErrRunning) {
		t.Errorf("a full run beside it: %d, %v", again, err)
	}
	w.pricesToo()
	w.sells("SKU-9", "Товар 9", "250", "1")
	w.sells("SKU-10", "Товар 10", "250", "2")
	w.sells("SKU-13", "Товар 13", "280", "4")
	if !w.product("SKU-0").Published || w.state(run.ID) != catalog.Approval {
		t.Errorf("what nobody approved was written, or the run is %s", w.state(run.ID))
	}
	setStock(t, sim, offers[9], 7) // and once more
	setPrice(t, sim, offers[13], 270)
	w.pricesToo()

	end := w.approve(run.ID)
	if w.product("SKU-0").Published || end.Counters.Missing != 9 {
		t.Errorf("what was approved was not written: %+v", end.Counters)
	}
	w.sells("SKU-9", "Товар 9", "250", "7")
	w.sells("SKU-10", "Нова назва", "250", "2")
	w.sells("SKU-11", "Товар 11", "250", "4")
	w.sells("SKU-12", "Інша назва", "250", "4")
	w.sells("SKU-13", "Ще інша", "270", "4")
	if items := w.items(run.ID); len(items) != 0 { // what price runs have brought is no news
		t.Errorf("left alone: %+v", items)
	}
	before := w.snapshot()
	w.shop.writes.Store(0)
	w.full()
	w.pricesToo()
	if n := w.shop.writes.Load(); n != 0 {
		t.Errorf("the runs after it made %d writes: %s", n, firstDifference(w.snapshot(), before))
	}
}

func TestWhatOthersMovedIsStillLeftAlone(t *testing.T) {
	t.Parallel()
	var fresh int64
	w, sim, offers, run := held(t, func(sim *keycrmtest.Server, ids, offers []int64) {
		for _, i := range []int{9, 10, 11, 12, 13} {
			rename(t, sim, ids[i], fmt.Sprintf("Назва %d", i))
		}
		setStock(t, sim, offers[12], 9)
		setStock(t, sim, offers[13], 9)
		fresh = sim.AddProduct(goods("Новий", "NEW", 0))
	})
	edit := func(sku string) {
		w.patch(plugin.ProductPatch{ID: w.product(sku).ID, Description: ptr("<p>щойно</p>")})
	}
	for _, o := range offers[9:12] {
		setStock(t, sim, o, 2)
	}
	edit("SKU-9") // before the price run
	w.pricesToo()
	edit("SKU-10") // after it
	setStock(t, sim, offers[12], 3)
	setStock(t, sim, w.offers(fresh)[0], 1)
	end := w.approve(run.ID)
	w.sells("SKU-9", "Товар 9", "250", "2")
	w.sells("SKU-10", "Товар 10", "250", "2")
	w.sells("SKU-11", "Назва 11", "250", "2")
	w.sells("SKU-12", "Назва 12", "250", "9") // a price run has brought that; the newer stock is to come
	w.sells("SKU-13", "Назва 13", "250", "9")
	listed := map[string]string{}
	for _, it := range w.items(run.ID) {
		listed[it.Name] = string(it.Reason) + " " + it.Params["side"]
	}
	want := map[string]string{"Назва 9": "moved_since shop", "Назва 10": "moved_since shop", "Новий": "moved_since crm"}
	if fmt.Sprint(listed) != fmt.Sprint(want) || end.Counters.Created != 0 {
		t.Errorf("listed %v, want %v; %+v", listed, want, end.Counters)
	}
	w.full()
	w.sells("SKU-9", "Назва 9", "250", "2")
	w.sells("SKU-12", "Назва 12", "250", "3")
	w.sells("NEW", "Новий", "250", "1")
}

// Nobody has read the newer price yet: the rest is written all the same, and it is said.
func TestAPriceThatMovedInTheCRMDoesNotHoldUpTheRest(t *testing.T) {
	t.Parallel()
	w, sim, offers, run := held(t, func(sim *keycrmtest.Server, ids, offers []int64) {
		rename(t, sim, ids[10], "Нова назва")
		setPrice(t, sim, offers[10], 300)
		setStock(t, sim, offers[10], 8)
	})
	setPrice(t, sim, offers[10], 310)
	end := w.approve(run.ID)
	w.sells("SKU-10", "Нова назва", "250", "4")
	items := w.items(run.ID)
	if len(items) != 1 || items[0].Reason != catalog.ReasonQuoteMoved || items[0].Kind != catalog.ItemNote || end.Counters.Notes != 1 {
		t.Errorf("listed %+v", items)
	}
	w.pricesToo()
	w.sells("SKU-10", "Нова назва", "310", "8")
}

// What was approved is written although a stock call came between, which leaves such prices to a run.
func TestAnApprovedPriceSurvivesAStockCall(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 10, func(c *settings.Catalog) { c.New = settings.NewPublish })
	for _, o := range offers {
		setPrice(t, sim, o, 999)
	}
	run := w.stopped(catalog.Full, catalog.GuardPrices)
	setStock(t, sim, offers[0], 1)
	w.call(offers...)
	w.gathered()
	w.sells("SKU-0", "Товар 0", "250", "1")
	setStock(t, sim, offers[0], 4)
	setStock(t, sim, offers[1], 3)
	w.call(offers[0], offers[1])
	w.gathered()
	end := w.approve(run.ID)
	w.sells("SKU-0", "Товар 0", "999", "4")
	w.sells("SKU-1", "Товар 1", "250", "3") // otherwise than it was shown
	w.sells("SKU-2", "Товар 2", "999", "4")
	if end.Counters.Updated != 9 {
		t.Errorf("counters %+v, %v", end.Counters, w.items(run.ID))
	}
}

func TestAHeldPriceRunGivesWayToTheNextRun(t *testing.T) {
	t.Parallel()
	jump := func(w *world, offers []int64, price int64) {
		for _, o := range offers {
			setPrice(w.t, w.sim, o, price)
		}
	}
	for name, next := range map[string]func(w *world) int64{
		"prices by hand": func(w *world) int64 { return w.begin(catalog.Prices) },
		"a full run":     func(w *world) int64 { return w.begin(catalog.Full) },
		"prices by schedule": func(w *world) int64 {
			w.plan(off(), Map(30))
			w.pass(30 * time.Minute)
			runs := w.started()
			return runs[len(runs)-1].ID
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _, offers := stocked(t, 10)
			jump(w, offers, 999)
			first := w.stopped(catalog.Prices, catalog.GuardPrices)
			id := next(w)
			run, err := w.engine.Run(t.Context(), first.ID)
			must(t, err)
			if id == first.ID || run.State != catalog.Cancelled || run.Code != catalog.CodeReplaced || run.FinishedAt == nil {
				t.Fatalf("beside run %d the held one is %s: %s", id, run.State, run.Code)
			}
			if err := w.engine.Approve(t.Context(), first.ID, "7"); !errors.Is(err, catalog.ErrNotWaiting) {
				t.Errorf("approved once it was replaced: %v", err)
			}
			jump(w, offers, 260) // it was a slip
			if run := w.finish(id); run.State != catalog.Done {
				t.Errorf("the next run is %s for %v", run.State, run.Guards)
			}
			w.sells("SKU-3", "Товар 3", "260", "4")
		})
	}
}

func TestPreviewsAndPricesStandBesideEachOther(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 4)
	w := newWorld(t, sim)
	w.full()
	offers := w.offers(ids[0])
	rename(t, sim, ids[0], "Нова назва")
	id := w.previewed()
	setStock(t, sim, offers[0], 9)
	w.pricesToo()
	w.sells("SKU-0", "Товар 0", "250", "9")
	prices, err := w.engine.Preview(t.Context(), w.conn, catalog.Prices, "1")
	must(t, err)
	w.finish(prices)
	if w.state(id) != catalog.Approval || w.state(prices) != catalog.Approval {
		t.Errorf("the previews are %s and %s", w.state(id), w.state(prices))
	}
	w.pricesToo()
	if w.state(prices) != catalog.Cancelled {
		t.Errorf("the preview of prices is %s", w.state(prices))
	}
	w.approve(id)
	w.sells("SKU-0", "Нова назва", "250", "9")
}

func TestAnApprovedRunAndPricesTakeTurns(t *testing.T) {
	t.Parallel()
	w, sim, offers, run := held(t, func(sim *keycrmtest.Server, ids, _ []int64) { rename(t, sim, ids[10], "Нова назва") })
	due := func() (rows []int64) {
		w.clock.Advance(31 * time.Second) // what was handed over is left to the queue for a while
		tasks, err := w.engine.Due(t.Context(), w.clock.Now(), 10)
		must(t, err)
		for _, task := range tasks {
			rows = append(rows, task.Row)
		}
		return rows
	}
	setStock(t, sim, offers[10], 9)
	prices := w.begin(catalog.Prices)
	must(t, w.engine.Approve(t.Context(), run.ID, "7"))
	for range 2 {
		must(t, w.newEngine().Handle(t.Context(), run.ID))
	}
	if got := due(); w.state(run.ID) != catalog.Queued || !slices.Equal(got, []int64{prices}) {
		t.Errorf("beside a price run the approved one is %s; handed over %v", w.state(run.ID), got)
	}
	w.finish(prices)
	if got := due(); !slices.Equal(got, []int64{run.ID}) {
		t.Errorf("after the price run %v are handed over", got)
	}
	w.plan(off(), Map(30))
	w.shop.stopAt(func(_ context.Context, call string) { // in the middle of its writing
		if call != "before UpdateProducts" {
			return
		}
		w.shop.stopAt(nil)
		if again, err := w.engine.Start(t.Context(), w.conn, catalog.Prices, "1"); again != run.ID || !errors.Is(err, catalog.ErrRunning) {
			t.Errorf("prices beside the writing: %d, %v", again, err)
		}
		w.pass(30 * time.Minute)
	})
	started := len(w.started())
	w.finish(run.ID)
	w.wantStarted(started, "while the approved run was written")
	must(t, w.engine.Tick(t.Context()))
	w.finish(w.wantStarted(started+1, "right after it")[started].ID)
	w.sells("SKU-10", "Нова назва", "250", "9")
}

func TestSchedulesGoOnBesideARunThatWaits(t *testing.T) {
	t.Parallel()
	w, sim, offers, first := held(t, func(*keycrmtest.Server, []int64, []int64) {})
	must(t, w.engine.Cancel(t.Context(), first.ID))
	w.plan(Map(60), Map(30))
	run := w.begin(catalog.Full)
	w.clock.Advance(30 * time.Minute) // prices come due while it plans
	must(t, w.engine.Tick(t.Context()))
	before := len(w.started())
	if w.finish(run).State != catalog.Approval {
		t.Fatalf("the run is %s", w.state(run))
	}
	setStock(t, sim, offers[10], 9)
	must(t, w.engine.Tick(t.Context()))
	prices := w.wantStarted(before+1, "once the full run waits")[before]
	if prices.Kind != catalog.Prices || w.finish(prices.ID).State != catalog.Done {
		t.Errorf("started %+v", prices)
	}
	w.sells("SKU-10", "Товар 10", "250", "9")
	n := before + 1
	for range 4 {
		w.pass(30 * time.Minute)
		got := w.wantStarted(n+1, "each half an hour")[n]
		if got.Kind != catalog.Prices {
			t.Errorf("started %+v while a full run waits", got)
		}
		w.finish(got.ID)
		n++
	}
	w.approve(run)
	must(t, w.engine.Tick(t.Context()))
	if got := w.wantStarted(n+1, "once it is decided")[n]; got.Kind != catalog.Full {
		t.Errorf("started %+v", got)
	}
}

func TestAShopOfSingleVariantsKeepsPricesApartToo(t *testing.T) {
	t.Parallel()
	w, plain, shirts := wardrobe(t)
	w.full()
	rename(t, w.sim, shirts, "Сорочка")
	rename(t, w.sim, plain, "Нова назва")
	offers := w.offers(shirts)
	setPrice(t, w.sim, offers[0], 110)
	id := w.previewed()
	setPrice(t, w.sim, offers[0], 120)
	setPrice(t, w.sim, offers[1], 130)
	setStock(t, w.sim, w.offers(plain)[0], 9)
	w.pricesToo()
	setPrice(t, w.sim, offers[2], 140)
	w.approve(id)
	w.sells("T-S", "Сорочка (S)", "120", "0")
	w.sells("T-M", "Сорочка (M)", "130", "0")
	w.sells("T-L", "Сорочка (L)", "100", "0")
	w.sells("SKU-0", "Нова назва", "250", "9")
	w.full()
	w.sells("T-L", "Сорочка (L)", "140", "0")
	w.quiet()
}

// Two workers, a relay and a merchant's hand at once: never do two runs write together.
func TestRunsOfAConnectionNeverWriteTogether(t *testing.T) {
	t.Parallel()
	w, sim, offers, run := held(t, func(sim *keycrmtest.Server, ids, _ []int64) {
		for i, id := range ids[9:] {
			rename(t, sim, id, fmt.Sprintf("Назва %d", i+9))
		}
	})
	// The clock is not to outrun a worker: a write whose lease ran out counts as somebody else's.
	w.config = engine.Config{Lease: time.Hour, HandOver: time.Second}
	w.engine = w.newEngine()
	var writing, most atomic.Int64
	w.shop.stopAt(func(_ context.Context, call string) {
		if call == "before UpdateProducts" {
			most.Store(max(most.Load(), writing.Add(1)))
		} else {
			writing.Add(-1)
		}
	})
	var wg sync.WaitGroup
	over := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for e := w.newEngine(); ; {
				select {
				case <-over:
					return
				default:
				}
				tasks, err := e.Due(t.Context(), w.clock.Now(), 1)
				for _, task := range tasks {
					err = errors.Join(err, e.Handle(t.Context(), task.Row))
				}
				if err != nil {
					t.Error(err)
				}
				w.clock.Advance(time.Second)
			}
		})
	}
	wg.Go(func() {
		defer close(over)
		for i := int64(20); i < 32; i++ {
			for _, o := range offers[9:] {
				if err := sim.SetStock(o, keycrmtest.WarehouseKyiv, decimal.NewFromInt(i)); err != nil {
					t.Error(err)
				}
			}
			for {
				_, err := w.engine.Start(t.Context(), w.conn, catalog.Prices, "1")
				if err == nil {
					break
				}
				if !errors.Is(err, catalog.ErrRunning) {
					t.Error(err)
					return
				}
			}
			if i == 26 {
				if err := w.engine.Approve(t.Context(), run.ID, "7"); err != nil {
					t.Error(err)
				}
			}
		}
	})
	wg.Wait()
	w.shop.stopAt(nil)
	for _, r := range w.started() {
		if r.State.Active() {
			w.finish(r.ID)
		}
	}
	if most.Load() != 1 || w.state(run.ID) != catalog.Done {
		t.Errorf("%d runs wrote at once; the approved one is %s", most.Load(), w.state(run.ID))
	}
	w.pricesToo()
	for i := 9; i < 15; i++ {
		w.sells(fmt.Sprintf("SKU-%d", i), fmt.Sprintf("Назва %d", i), "250", "31")
	}
	if n := len(w.items(run.ID)); n != 0 {
		t.Errorf("%d products were left alone: %+v", n, w.items(run.ID))
	}
}
