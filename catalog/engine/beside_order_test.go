package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// drama is a small account and what happens in it, made from a seed.
type drama struct {
	rng    *rand.Rand
	sim    *keycrmtest.Server
	ids    []int64
	offers []int64
}

func newDrama(t *testing.T, seed uint64) *drama {
	t.Helper()
	sim, ids := few(t, 10)
	for i := range 3 {
		p := goods(fmt.Sprintf("Пара %d", i), fmt.Sprintf("PAIR-%d-A", i), 0)
		p.Offers[0].Properties = []keycrmtest.Property{{Name: "Розмір", Value: "A"}}
		second := p.Offers[0]
		second.SKU, second.Properties = fmt.Sprintf("PAIR-%d-B", i), []keycrmtest.Property{{Name: "Розмір", Value: "B"}}
		p.Offers = append(p.Offers, second)
		ids = append(ids, sim.AddProduct(p))
	}
	d := &drama{rng: rand.New(rand.NewPCG(seed, 19)), sim: sim, ids: ids}
	for _, id := range ids {
		p, _ := sim.Product(id)
		d.offers = append(d.offers, p.OfferIDs...)
	}
	return d
}

// cards changes what only a full run brings.
func (d *drama) cards(t *testing.T) {
	t.Helper()
	for _, id := range d.ids[2:] {
		if d.rng.IntN(2) == 0 {
			rename(t, d.sim, id, fmt.Sprintf("Назва %d", d.rng.IntN(100)))
		}
	}
	if d.rng.IntN(2) == 0 {
		must(t, d.sim.DeleteProduct(d.ids[0]))
	}
	for i := range d.rng.IntN(3) {
		d.sim.AddProduct(goods(fmt.Sprintf("Новий %d", i), fmt.Sprintf("NEW-%d", i), 0))
	}
}

// quotes changes prices and stock, few values, so that they also change back; no price moves by more
// than half.
func (d *drama) quotes(t *testing.T) {
	t.Helper()
	for _, o := range d.offers[1:] {
		switch d.rng.IntN(4) {
		case 0:
			must(t, d.sim.SetPrice(o, decimal.NewFromInt(int64(240+10*d.rng.IntN(3)))))
		case 1:
			setStock(t, d.sim, o, int64(3+d.rng.IntN(3)))
		}
	}
}

// An approved plan ends in the same shop whether prices came before it was approved or after.
func TestAnApprovedPlanCommutesWithPrices(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			play := func(approveFirst bool, g *gate) (written, settled []string) {
				d := newDrama(t, seed)
				w := newWorld(t, d.sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
				w.full()
				d.cards(t)
				d.quotes(t)
				w.later()
				plan := w.previewed()
				w.disturb(g)
				if approveFirst {
					w.until(plan, w.mayWrite)
				}
				for range 1 + d.rng.IntN(2) {
					d.quotes(t)
					w.later()
					w.until(w.begin(catalog.Prices), func(int64) {})
				}
				if !approveFirst {
					w.until(plan, w.mayWrite)
				}
				w.disturb(&gate{})
				for _, line := range w.snapshot() {
					if !strings.Contains(line, "[NEW-") {
						written = append(written, line)
					}
				}
				w.later()
				w.full()
				w.quiet()
				return written, w.snapshot()
			}
			want, all := play(true, &gate{})
			if got, settled := play(false, &gate{}); !slices.Equal(got, want) || !slices.Equal(settled, all) {
				t.Errorf("prices before the approval: %s; settled: %s", firstDifference(got, want), firstDifference(settled, all))
			}
			// A write that nobody saw end may be taken for somebody else's: then the product waits for the
			// next run, but nothing older is ever left.
			for offset := range int64(3) {
				g := &gate{every: 7, offset: 2 * offset}
				if _, settled := play(false, g); !slices.Equal(settled, all) || g.deaths.Load() == 0 {
					t.Errorf("with %d killed workers: %s", g.deaths.Load(), firstDifference(settled, all))
				}
			}
		})
	}
}

func (w *world) mayWrite(id int64) {
	w.t.Helper()
	w.later()
	must(w.t, w.engine.Approve(w.t.Context(), id, "7"))
}

// disturb makes workers die as the gate says.
func (w *world) disturb(g *gate) {
	w.crm = func(c catalog.CRM) catalog.CRM { return gatedCRM{CRM: c, gate: g} }
	w.engine = w.newEngine()
	w.shop.stopAt(g.pass)
}

// until lets workers live and die until a run has ended well.
func (w *world) until(id int64, first func(int64)) {
	w.t.Helper()
	first(id)
	for !w.survives(id) {
		w.clock.Advance(31 * time.Second) // the lease of the dead worker
		w.engine = w.newEngine()
	}
	if run := w.finish(id); run.State != catalog.Done {
		w.t.Fatalf("run %d ended %s: %s %v %v", id, run.State, run.Code, run.Params, run.Guards)
	}
}

func TestARunThatWaitsIsAmongTheLatestHoweverOld(t *testing.T) {
	t.Parallel()
	w, _, _, run := held(t, func(*keycrmtest.Server, []int64, []int64) {})
	var last int64
	for range 4 {
		last = w.pricesToo().ID
	}
	runs, err := w.engine.Runs(t.Context(), w.conn, 2)
	must(t, err)
	if len(runs) != 3 || runs[0].ID != last || runs[2].ID != run.ID {
		t.Errorf("listed %+v", runs)
	}
}
