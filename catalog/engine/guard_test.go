package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// stopped makes a run that guards must stop, for exactly these reasons.
func (w *world) stopped(kind catalog.Kind, want ...catalog.GuardCode) catalog.Run {
	w.t.Helper()
	run := w.finish(w.begin(kind))
	var got []catalog.GuardCode
	for _, g := range run.Guards {
		got = append(got, g.Code)
	}
	if run.State != catalog.Approval || !slices.Equal(got, want) {
		w.t.Fatalf("the run is %s in %s for %v, want it stopped for %v", run.State, run.Phase, run.Guards, want)
	}
	return run
}

// approved makes a run that guards stop for these reasons and that a person lets go on.
func (w *world) approved(kind catalog.Kind, want ...catalog.GuardCode) catalog.Run {
	w.t.Helper()
	run := w.stopped(kind, want...)
	must(w.t, w.engine.Approve(w.t.Context(), run.ID, "7"))
	run = w.finish(run.ID)
	if run.State != catalog.Done || run.ApprovedBy != "7" || run.ApprovedAt == nil {
		w.t.Fatalf("the approved run ended %s in %s: %s %v", run.State, run.Phase, run.Code, run.Params)
	}
	return run
}

// few is an account with n products of one offer each.
func few(t *testing.T, n int) (*keycrmtest.Server, []int64) {
	t.Helper()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(0, 0))
	for _, id := range sim.ProductIDs() {
		must(t, sim.DeleteProduct(id))
	}
	var ids []int64
	for i := range n {
		ids = append(ids, sim.AddProduct(goods(fmt.Sprintf("Товар %d", i), fmt.Sprintf("SKU-%d", i), 0)))
	}
	return sim, ids
}

func eachOffer(t *testing.T, sim *keycrmtest.Server, ids []int64, f func(offer int64)) {
	t.Helper()
	for _, id := range ids {
		p, ok := sim.Product(id)
		if !ok {
			t.Fatalf("no product %d", id)
		}
		f(p.OfferIDs[0])
	}
}

// What a CRM can suddenly answer changes nothing in the shop without approval, in a small shop too.
func TestASuddenlyDifferentCRMChangesNothingWithoutApproval(t *testing.T) {
	t.Parallel()
	for _, size := range []int{15, 130} {
		for _, tt := range []struct {
			name    string
			missing settings.MissingPolicy
			kind    catalog.Kind
			change  func(t *testing.T, sim *keycrmtest.Server, ids []int64)
			guards  []catalog.GuardCode // none: the run may end, and must leave the shop as it was
		}{
			{"empty lists", settings.MissingHide, catalog.Full, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				for _, id := range ids {
					must(t, sim.DeleteProduct(id))
				}
			}, []catalog.GuardCode{catalog.GuardEmpty, catalog.GuardMissing}},
			{"empty lists while nothing is done about missing ones", settings.MissingNothing, catalog.Full, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				for _, id := range ids {
					must(t, sim.DeleteProduct(id))
				}
			}, []catalog.GuardCode{catalog.GuardEmpty}},
			{"an empty list of prices", settings.MissingNothing, catalog.Prices, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				for _, id := range ids {
					must(t, sim.DeleteProduct(id))
				}
			}, []catalog.GuardCode{catalog.GuardEmpty}},
			{"less than half the catalog", settings.MissingUnavailable, catalog.Full, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				for _, id := range ids[:len(ids)/2+1] {
					must(t, sim.DeleteProduct(id))
				}
			}, []catalog.GuardCode{catalog.GuardMissing}},
			{"prices of nothing", settings.MissingHide, catalog.Full, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				eachOffer(t, sim, ids, func(o int64) { must(t, sim.SetPrice(o, decimal.Zero)) })
			}, nil},
			{"another currency", settings.MissingHide, catalog.Full, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				for _, id := range ids {
					must(t, sim.EditProduct(id, func(p *keycrmtest.Product) { p.CurrencyCode = "USD" }))
				}
				eachOffer(t, sim, ids, func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(6))) })
			}, nil},
			{"prices that jump", settings.MissingHide, catalog.Full, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				eachOffer(t, sim, ids, func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(376))) })
			}, []catalog.GuardCode{catalog.GuardPrices}},
			{"prices that jump, in a price run", settings.MissingHide, catalog.Prices, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				eachOffer(t, sim, ids, func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(124))) })
			}, []catalog.GuardCode{catalog.GuardPrices}},
			{"another account with ids of its own", settings.MissingNothing, catalog.Full, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				for i, id := range ids {
					must(t, sim.DeleteProduct(id))
					sim.AddProduct(goods(fmt.Sprintf("Чужий %d", i), fmt.Sprintf("ALIEN-%d", i), 0))
				}
			}, []catalog.GuardCode{catalog.GuardUnseen}},
			{"another account whose ids are ours", settings.MissingNothing, catalog.Full, func(t *testing.T, sim *keycrmtest.Server, ids []int64) {
				t.Helper()
				for i, id := range ids {
					must(t, sim.EditProduct(id, func(p *keycrmtest.Product) { p.Name = fmt.Sprintf("Чужий %d", i) }))
				}
				eachOffer(t, sim, ids, func(o int64) {
					must(t, sim.EditOffer(o, func(o *keycrmtest.Offer) { o.SKU = "ALIEN-" + o.SKU }))
				})
			}, []catalog.GuardCode{catalog.GuardReplaced}},
		} {
			t.Run(fmt.Sprintf("%s, %d products", tt.name, size), func(t *testing.T) {
				t.Parallel()
				sim, ids := few(t, size)
				w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, tt.missing })
				w.full() // into an empty shop: nobody is asked
				before := w.snapshot()
				w.shop.writes.Store(0)
				tt.change(t, sim, ids)
				if tt.guards == nil {
					w.finish(w.begin(tt.kind))
				} else {
					run := w.stopped(tt.kind, tt.guards...)
					must(t, w.engine.Cancel(t.Context(), run.ID))
				}
				if got := w.snapshot(); !slices.Equal(got, before) || w.shop.writes.Load() != 0 {
					t.Errorf("%d writes; the shop differs: %s", w.shop.writes.Load(), firstDifference(got, before))
				}
			})
		}
	}
}

func TestFewChangesNeedNobody(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 15)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
	w.full()
	for _, id := range ids[:6] {
		must(t, sim.DeleteProduct(id))
	}
	eachOffer(t, sim, ids[6:11], func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(9000))) })
	if run := w.full(); run.Counters.Missing != 6 || run.Counters.Updated != 5 {
		t.Errorf("counters %+v", run.Counters)
	}
}

func TestAnApprovedRunWritesItsPlanAndTellsTheMerchant(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 15)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
	w.full()
	for _, id := range ids[:9] {
		must(t, sim.DeleteProduct(id))
	}
	run := w.stopped(catalog.Full, catalog.GuardMissing)
	if len(w.told) != 1 || w.told[0].Run != run.ID || w.told[0].Guards[0].Params["count"] != "9" || w.told[0].Guards[0].Params["of"] != "15" {
		t.Errorf("told %+v", w.told)
	}
	if tasks, err := w.engine.Due(t.Context(), w.clock.Now().Add(1000*catalog.PreviewTTL), 10); err != nil || len(tasks) != 0 {
		t.Errorf("a run that waits for a person is handed over: %v, %v", tasks, err)
	}
	must(t, w.engine.Approve(t.Context(), run.ID, "7"))
	if err := w.engine.Approve(t.Context(), run.ID, "7"); !errors.Is(err, catalog.ErrNotWaiting) {
		t.Errorf("the second approval: %v", err)
	}
	if end := w.finish(run.ID); end.State != catalog.Done || end.Counters.Missing != 9 || w.product("SKU-0").Published {
		t.Errorf("the run ended %s: %+v", end.State, end.Counters)
	}
	w.full() // what is known to be gone asks nobody again
}

func TestWhatMovedSinceIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, kind := range []catalog.Kind{catalog.Full, catalog.Prices} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			sim, ids := few(t, 10)
			w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
			w.full()
			eachOffer(t, sim, ids, func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(999))) })
			run := w.stopped(kind, catalog.GuardPrices)
			// One is edited in the shop and one in the CRM while the merchant thinks.
			inShop := w.product("SKU-1")
			w.patch(plugin.ProductPatch{ID: inShop.ID, Description: ptr("<p>щойно</p>")})
			eachOffer(t, sim, ids[2:3], func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(555))) })
			must(t, w.engine.Approve(t.Context(), run.ID, "7"))
			end := w.finish(run.ID)
			if end.State != catalog.Done || end.Counters.Updated != 8 || end.Counters.Skipped[catalog.ReasonMoved] != 2 {
				t.Errorf("the run ended %s: %+v", end.State, end.Counters)
			}
			sides := map[string]string{}
			for _, it := range w.items(run.ID) {
				if it.Reason == catalog.ReasonMoved {
					sides[it.Name] = it.Params["side"]
				}
			}
			if sides["Товар 1"] != "shop" || sides["Товар 2"] != "crm" {
				t.Errorf("listed %v", sides)
			}
			for sku, want := range map[string]string{"SKU-0": "999", "SKU-1": "250", "SKU-2": "250"} {
				if got := w.product(sku).Variants[0].Price; !got.Equal(plugin.NewMoney(want, "UAH")) {
					t.Errorf("%s costs %v, want %s", sku, got, want)
				}
			}
		})
	}
}

func TestApprovalIsRefusedOnceTheSettingsChanged(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 10)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	w.full()
	eachOffer(t, sim, ids, func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(999))) })
	run := w.stopped(catalog.Full, catalog.GuardPrices)
	w.edit(w.conn, func(c *settings.Catalog) { c.Missing = settings.MissingHide })
	if err := w.engine.Approve(t.Context(), run.ID, "7"); !errors.Is(err, catalog.ErrMoved) {
		t.Errorf("Approve: %v", err)
	}
	if got, err := w.engine.Run(t.Context(), run.ID); err != nil || got.State != catalog.Approval {
		t.Errorf("the run is %+v, %v", got, err)
	}
}

func TestAPreviewShowsWhatWouldBeAndWritesExactlyThat(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 6)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	w.full()
	before := w.snapshot()
	w.shop.writes.Store(0)
	must(t, sim.EditProduct(ids[0], func(p *keycrmtest.Product) { p.Name = "Нова назва" }))
	sim.AddProduct(goods("Новий", "NEW", 0))
	id, err := w.engine.Preview(t.Context(), w.conn, catalog.Full, "1")
	must(t, err)
	run := w.finish(id)
	counts, err := w.engine.PlanCounts(t.Context(), id)
	must(t, err)
	if run.State != catalog.Approval || !run.Preview || len(run.Guards) != 0 || counts != (catalog.PlanCounts{Create: 1, Update: 1}) {
		t.Errorf("the preview is %s: %+v %+v", run.State, run.Guards, counts)
	}
	var told []string
	for after := ""; ; {
		page, err := w.engine.Plan(t.Context(), id, after, 1)
		must(t, err)
		if len(page) == 0 {
			break
		}
		for _, c := range page[0].Changes {
			told = append(told, fmt.Sprintf("%s %s: %s → %s", page[0].Action, c.Field, c.Old, c.New))
		}
		after = page[0].CRMID
	}
	if got := strings.Join(told, "\n"); got != "update name: Товар 0 → Нова назва\ncreate created:  → Новий" {
		t.Errorf("the plan is\n%s", got)
	}
	if !slices.Equal(w.snapshot(), before) || w.shop.writes.Load() != 0 || len(w.told) != 0 {
		t.Errorf("the preview made %d writes and sent %d messages", w.shop.writes.Load(), len(w.told))
	}
	must(t, w.engine.Approve(t.Context(), id, "7"))
	if run = w.finish(id); run.State != catalog.Done || run.Counters.Created != 1 || run.Counters.Updated != 1 || w.product("SKU-0").Name != "Нова назва" {
		t.Errorf("the applied preview ended %s: %+v", run.State, run.Counters)
	}
	w.shop.writes.Store(0)
	if w.full(); w.shop.writes.Load() != 0 {
		t.Error("the run after it writes")
	}
}

func TestAPreviewNobodyAppliesStandsInNoWay(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 3)
	w := newWorld(t, sim)
	preview := func() catalog.Run {
		id, err := w.engine.Preview(t.Context(), w.conn, catalog.Full, "1")
		must(t, err)
		return w.finish(id)
	}
	first := preview()
	if run := w.full(); run.ID == first.ID || run.Counters.Created != 3 {
		t.Errorf("the run after the preview is %+v", run)
	}
	if run, err := w.engine.Run(t.Context(), first.ID); err != nil || run.State != catalog.Cancelled {
		t.Errorf("the preview is %+v, %v", run, err)
	}
	second := preview()
	w.clock.Advance(2 * catalog.PreviewTTL)
	if _, err := w.engine.Due(t.Context(), w.clock.Now(), 10); err != nil {
		t.Error(err)
	}
	if run, err := w.engine.Run(t.Context(), second.ID); err != nil || run.State != catalog.Cancelled {
		t.Errorf("the forgotten preview is %+v, %v", run, err)
	}
}

func TestAnIncompleteListAsksFirst(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 130)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
	w.full()
	w.crm = func(c catalog.CRM) catalog.CRM { return shortCRM{c} }
	w.engine = w.newEngine()
	w.shop.writes.Store(0)
	run := w.stopped(catalog.Full, catalog.GuardIncomplete)
	if p := run.Guards[0].Params; p["list"] != "offers" || p["read"] != "50" || p["total"] != "130" || w.shop.writes.Load() != 0 {
		t.Errorf("guards %v, %d writes", run.Guards, w.shop.writes.Load())
	}
}

func TestARunInASwitchedOffShopWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	id := w.begin(catalog.Full)
	w.off.Store(true)
	must(t, w.engine.Handle(t.Context(), id))
	if run, err := w.engine.Run(t.Context(), id); err != nil || run.State != catalog.Waiting || run.Code != catalog.CodeShopInactive || w.sim.RequestCount()+int(w.shop.writes.Load()) != 0 {
		t.Errorf("the run is %+v, %v", run, err)
	}
	if _, err := w.engine.Start(t.Context(), w.conn, catalog.Full, "1"); !errors.Is(err, catalog.ErrOff) {
		t.Errorf("Start: %v", err)
	}
	w.off.Store(false)
	if run := w.finish(id); run.State != catalog.Done || run.Counters.Created == 0 {
		t.Errorf("switched on again, the run ended %s: %s", run.State, run.Code)
	}
}

// shortCRM breaks the list of offers off after its first page.
type shortCRM struct{ catalog.CRM }

func (c shortCRM) OfferPage(ctx context.Context, q catalog.OfferQuery, cursor string) (catalog.Page[catalog.Offer], error) {
	page, err := c.CRM.OfferPage(ctx, q, cursor)
	page.Next = ""
	return page, err
}
