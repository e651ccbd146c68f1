package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func small(t *testing.T) *keycrmtest.Server {
	t.Helper()
	return keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(60, 100))
}

func TestStartAnswersTheRunThatIsNotOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	first := w.begin(catalog.Full)
	again, err := w.engine.Start(t.Context(), w.conn, catalog.Prices, "schedule")
	if again != first || !errors.Is(err, catalog.ErrRunning) {
		t.Errorf("Start = %d, %v; want %d, ErrRunning", again, err, first)
	}
	must(t, w.engine.Cancel(t.Context(), first))
	if run, err := w.engine.Run(t.Context(), first); err != nil || run.State != catalog.Cancelled || run.FinishedAt == nil {
		t.Errorf("after Cancel the run is %+v, %v", run, err)
	}
	if next := w.begin(catalog.Full); next == first {
		t.Error("the cancelled run was started again")
	}
}

func TestStartRefusesWhatIsSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t), func(c *settings.Catalog) { c.Products = false })
	if _, err := w.engine.Start(t.Context(), w.conn, catalog.Prices, "1"); !errors.Is(err, catalog.ErrOff) {
		t.Errorf("prices without products: %v", err)
	}
	run := w.full() // categories alone
	if run.Counters.Categories == 0 || run.Counters.Created != 0 {
		t.Errorf("categories alone: %+v", run.Counters)
	}
	must(t, w.set.SetEnabled(t.Context(), w.conn, false))
	if _, err := w.engine.Start(t.Context(), w.conn, catalog.Full, "1"); !errors.Is(err, catalog.ErrOff) {
		t.Errorf("switched off: %v", err)
	}
}

func TestOutagesAreWaitedFor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault keycrmtest.Fault
		code  catalog.Code
		pause time.Duration
	}{
		{"an outage waits the first step", keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Status: 502, Times: 1}, catalog.CodeUnavailable, 5 * time.Second},
		{"the CRM's own pause wins", keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: 40 * time.Second, Times: 1}, catalog.CodeLimited, 40 * time.Second},
		{"an answer cut short is read again", keycrmtest.Fault{Kind: keycrmtest.FaultCutBody, Times: 1}, catalog.CodeUnavailable, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, small(t))
			tt.fault.Path, tt.fault.Skip = "/v1/offers", 1
			w.sim.Fault(tt.fault)
			id := w.begin(catalog.Full)
			must(t, w.engine.Handle(t.Context(), id))
			run, err := w.engine.Run(t.Context(), id)
			must(t, err)
			if run.State != catalog.Waiting || run.Code != tt.code || run.NextAt.Sub(w.clock.Now()) != tt.pause {
				t.Errorf("the run is %s for %s, %s more", run.State, run.Code, run.NextAt.Sub(w.clock.Now()))
			}
			if tasks, err := w.engine.Due(t.Context(), w.clock.Now(), 10); err != nil || len(tasks) != 0 {
				t.Errorf("handed over too early: %v, %v", tasks, err)
			}
			w.clock.Advance(tt.pause)
			if tasks, err := w.engine.Due(t.Context(), w.clock.Now(), 10); err != nil || len(tasks) != 1 || tasks[0].Row != id {
				t.Errorf("not handed over: %v, %v", tasks, err)
			}
			if end := w.finish(id); end.State != catalog.Done || end.Code != "" || end.Counters.Created == 0 {
				t.Errorf("the run ended %+v", end)
			}
		})
	}
}

func TestWhatCannotMendFailsTheRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want catalog.Code
	}{
		{"a key that is not accepted", crm.ErrUnauthorised, catalog.CodeUnauthorised},
		{"a feature that is off", crm.ErrFeatureOff, catalog.CodeFeatureOff},
		{"a question the CRM refuses", crm.NewRefusal("no", nil, nil), catalog.CodeRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, small(t))
			w.crm = func(catalog.CRM) catalog.CRM { return brokenCRM{err: tt.err} }
			if run := w.finish(w.begin(catalog.Full)); run.State != catalog.Failed || run.Code != tt.want || run.FinishedAt == nil {
				t.Errorf("the run ended %s: %s", run.State, run.Code)
			}
		})
	}
}

func TestWithoutRedisTheRunSaysSoAndGivesUpAtLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.crm = func(catalog.CRM) catalog.CRM {
		return brokenCRM{err: fmt.Errorf("%w: %w", crm.ErrUnavailable, budget.ErrNoRedis)}
	}
	id := w.begin(catalog.Full)
	must(t, w.engine.Handle(t.Context(), id))
	if run, err := w.engine.Run(t.Context(), id); err != nil || run.State != catalog.Waiting || run.Code != catalog.CodeNoRedis {
		t.Errorf("the run is %+v, %v", run, err)
	}
	if run := w.finish(id); run.State != catalog.Failed || run.Code != catalog.CodeNoRedis {
		t.Errorf("the run ended %s: %s", run.State, run.Code)
	}
	if hours := w.clock.Now().Sub(start).Hours(); hours < 3 || hours > 8 {
		t.Errorf("it was tried for %.1f hours", hours)
	}
}

// brokenCRM answers every question with one error.
type brokenCRM struct {
	catalog.CRM
	err error
}

func (c brokenCRM) CategoryPage(context.Context, string) (catalog.Page[catalog.Category], error) {
	return catalog.Page[catalog.Category]{}, c.err
}

func TestOneWorkerAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	id := w.begin(catalog.Full)
	var wg sync.WaitGroup
	for range 4 {
		engine := w.newEngine()
		wg.Go(func() {
			if err := engine.Handle(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	run := w.finish(id)
	if want := w.sim.RequestCount(); run.State != catalog.Done || run.Counters.Requests != want {
		t.Errorf("%s after %d requests, counted %d", run.State, want, run.Counters.Requests)
	}
	if n := len(w.snapshot()); n < 60 {
		t.Errorf("the shop has %d lines", n)
	}
}

func TestALateWorkerIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	id := w.begin(catalog.Full)
	w.shop.stopAt(func(_ context.Context, call string) {
		if call != "before CreateProducts" {
			return
		}
		w.shop.stopAt(nil)
		// While this worker is about to write, the merchant cancels and starts anew.
		must(t, w.engine.Cancel(t.Context(), id))
		next := w.begin(catalog.Full)
		if run := w.finish(next); run.State != catalog.Done {
			t.Errorf("the second run ended %s: %s", run.State, run.Code)
		}
	})
	must(t, w.engine.Handle(t.Context(), id))
	if run, err := w.engine.Run(t.Context(), id); err != nil || run.State != catalog.Cancelled || run.Counters.Created != 0 {
		t.Errorf("the cancelled run is %+v, %v", run, err)
	}
}

func TestOneBadProductNeverStopsARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	add := func(name string) {
		w.sim.AddProduct(keycrmtest.NewProduct{Product: keycrmtest.Product{Name: name}, Offers: []keycrmtest.Offer{{SKU: name, Price: decimal.NewFromInt(1)}}})
	}
	add("bad")
	add("refused")
	add("shy")
	shy := 0
	w.shop.fail = func(name string) error {
		switch name {
		case "bad":
			return plugin.ErrInvalid
		case "refused":
			return plugin.Refuse("так не можна")
		case "shy":
			if shy++; shy == 1 {
				return plugin.ErrTemporary
			}
		}
		return nil
	}
	run := w.full()
	if c := run.Counters; c.Errors != 2 || c.Created < 50 {
		t.Errorf("counters %+v", c)
	}
	want := map[string]catalog.Reason{"bad": catalog.ReasonShopInvalid, "refused": catalog.ReasonShopRefused}
	for _, it := range w.items(run.ID) {
		if want[it.Name] != it.Reason {
			t.Errorf("listed %+v", it)
		}
		if it.Reason == catalog.ReasonShopRefused && it.Params["message"] != "так не можна" {
			t.Errorf("params %v", it.Params)
		}
		delete(want, it.Name)
	}
	if len(want) != 0 {
		t.Errorf("not listed: %v", want)
	}
	if p := w.product("shy"); p.Name != "shy" || shy != 2 {
		t.Errorf("the shy one was tried %d times: %+v", shy, p)
	}
}

func TestAnEditAtTheSameMomentIsPlannedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.full()
	id := w.sim.ProductIDs()[5]
	p, _ := w.sim.Product(id)
	offer, _ := w.sim.Offer(p.OfferIDs[0])
	must(t, w.sim.EditProduct(id, func(p *keycrmtest.Product) { p.Name = "Назва з CRM" }))
	shop := w.product(offer.SKU)
	var once sync.Once
	w.shop.stopAt(func(_ context.Context, call string) {
		if call == "before UpdateProducts" {
			once.Do(func() {
				w.patch(plugin.ProductPatch{ID: shop.ID, Description: ptr("<p>Щойно написано</p>")})
			})
		}
	})
	run := w.full()
	got := w.read(shop.ID)
	if got.Name != "Назва з CRM" || !strings.Contains(got.Description, "Щойно") || run.Counters.Updated != 1 || run.Counters.Errors != 0 {
		t.Errorf("the product is %q %q, counters %+v", got.Name, got.Description, run.Counters)
	}
}

func TestRowsThatMoveWhileAListIsRead(t *testing.T) {
	t.Parallel()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(160, 160))
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
	w.full()
	ids := sim.ProductIDs()
	pages := 0
	sim.After(func(r keycrmtest.Request) {
		if r.Path != "/v1/products" || r.Method != http.MethodGet || strings.Contains(r.Query, "product_id") {
			return
		}
		switch pages++; pages {
		case 1: // rows move down: the last of the first page comes again
			sim.AddProduct(keycrmtest.NewProduct{Product: keycrmtest.Product{Name: "Посеред читання"}, Offers: []keycrmtest.Offer{{SKU: "MID", Price: decimal.NewFromInt(1)}}})
		case 2: // rows move up: one product slips through unread, and is not missing
			must(t, sim.DeleteProduct(ids[0]))
			must(t, sim.DeleteProduct(ids[1]))
		}
	})
	run := w.full()
	gone := 0
	for _, line := range w.snapshot() {
		if strings.HasPrefix(line, fmt.Sprintf("product %d ", ids[0])) || strings.HasPrefix(line, fmt.Sprintf("product %d ", ids[1])) {
			gone++
		}
	}
	if run.Counters.Missing != 0 || gone != 2 {
		// Both were read before they were deleted; the next run misses them.
		t.Errorf("missing %d, still there %d", run.Counters.Missing, gone)
	}
	sim.After(nil)
	if next := w.full(); next.Counters.Missing != 2 || next.Counters.Created != 1 {
		t.Errorf("the next run counts %+v", next.Counters)
	}
}
