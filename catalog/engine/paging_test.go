package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// busy is an account in which people work while it is read.
type busy struct {
	t        *testing.T
	sim      *keycrmtest.Server
	category int64
	mu       sync.Mutex
	r        *rand.Rand
	n        int
	// gone are products and offers that were away at some moment, by id.
	goneProducts, goneOffers map[int64]bool
}

func newBusy(t *testing.T, sim *keycrmtest.Server, category int64, seed uint64) *busy {
	t.Helper()
	return &busy{
		t: t, sim: sim, category: category, r: rand.New(rand.NewPCG(seed, 7)),
		goneProducts: map[int64]bool{}, goneOffers: map[int64]bool{},
	}
}

// after edits something now and then once a page was answered.
func (b *busy) after(r keycrmtest.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Method == http.MethodGet && b.r.IntN(3) > 0 {
		for range 1 + b.r.IntN(2) {
			b.edit()
		}
	}
}

func (b *busy) edit() {
	b.n++
	ids := b.sim.ProductIDs()
	id := ids[b.r.IntN(len(ids))]
	p, _ := b.sim.Product(id)
	switch b.r.IntN(8) {
	case 0:
		must(b.t, b.sim.DeleteProduct(id))
		b.goneProducts[id] = true
	case 1:
		must(b.t, b.sim.ArchiveProduct(id, !p.Archived))
		b.goneProducts[id] = true
	case 2, 3:
		b.sim.AddProduct(b.product(fmt.Sprintf("N%d", b.n), 1+b.r.IntN(3)))
	case 4:
		must(b.t, b.sim.EditProduct(id, func(p *keycrmtest.Product) { p.Name = fmt.Sprintf("Назва %d", b.n) }))
	case 5, 6:
		must(b.t, b.sim.SetPrice(p.OfferIDs[b.r.IntN(len(p.OfferIDs))], decimal.NewFromInt(int64(80+b.n%40))))
	case 7:
		if offer := p.OfferIDs[b.r.IntN(len(p.OfferIDs))]; len(p.OfferIDs) > 2 {
			must(b.t, b.sim.EditOffer(offer, func(o *keycrmtest.Offer) { o.Archived = true }))
			b.goneOffers[offer] = true
		}
	}
}

func (b *busy) product(name string, offers int) keycrmtest.NewProduct {
	p := keycrmtest.NewProduct{Product: keycrmtest.Product{Name: "Товар " + name, CategoryID: b.category}}
	for i := range offers {
		o := keycrmtest.Offer{SKU: fmt.Sprintf("%s-%d", name, i), Price: decimal.NewFromInt(100)}
		if offers > 1 {
			o.Properties = []keycrmtest.Property{{Name: "Розмір", Value: strconv.Itoa(i)}}
		}
		p.Offers = append(p.Offers, o)
	}
	return p
}

// noWrongMissing checks that nothing is hidden of what was never away.
func (b *busy) noWrongMissing(w *world) {
	b.t.Helper()
	for _, id := range b.sim.ProductIDs() {
		p, _ := b.sim.Product(id)
		for _, oid := range p.OfferIDs {
			o, _ := b.sim.Offer(oid)
			shop, v, ok := w.variantOf(o.SKU)
			if ok && (!shop.Published && !b.goneProducts[id] || !v.Published && !b.goneOffers[oid] && !b.goneProducts[id]) {
				b.t.Errorf("%q %s is hidden: product %v, variant %v", shop.Name, o.SKU, shop.Published, v.Published)
			}
		}
	}
}

// asTheCRMSays checks that the shop is what the account is.
func (b *busy) asTheCRMSays(w *world) {
	b.t.Helper()
	for _, id := range b.sim.ProductIDs() {
		p, _ := b.sim.Product(id)
		for _, oid := range p.OfferIDs {
			o, _ := b.sim.Offer(oid)
			shop, v, ok := w.variantOf(o.SKU)
			sold := !p.Archived && !o.Archived
			if !ok && sold {
				b.t.Errorf("%q %s is not in the shop", p.Name, o.SKU)
			}
			if !ok {
				continue
			}
			if got := shop.Published && v.Published; got != sold || sold && (shop.Name != p.Name || !v.Price.Amount.Equal(o.Price)) {
				b.t.Errorf("%q %s for %v: sold %v; in the shop %q for %v: sold %v", p.Name, o.SKU, o.Price, sold, shop.Name, v.Price, got)
			}
		}
	}
}

// turningCRM answers lists in an order that changes from page to page: rows come twice, others never.
type turningCRM struct {
	catalog.CRM
	r *rand.Rand
}

func turned[T any](r *rand.Rand, cursor string, page func(cursor string) (catalog.Page[T], error)) (catalog.Page[T], error) {
	var rows []T
	for at := ""; ; {
		p, err := page(at)
		if err != nil {
			return p, err
		}
		rows = append(rows, p.Rows...)
		if at = p.Next; at == "" {
			break
		}
	}
	if len(rows) == 0 {
		return catalog.Page[T]{}, nil
	}
	by := r.IntN(min(3, len(rows)))
	rows = slices.Concat(rows[by:], rows[:by])
	n, _ := strconv.Atoi(cursor)
	from := min(n*50, len(rows))
	out := catalog.Page[T]{Rows: rows[from:min(from+50, len(rows))], Total: len(rows)}
	if from+50 < len(rows) {
		out.Next = strconv.Itoa(n + 1)
	}
	return out, nil
}

func (c turningCRM) ProductPage(ctx context.Context, q catalog.ProductQuery, cursor string) (catalog.Page[catalog.Product], error) {
	return turned(c.r, cursor, func(at string) (catalog.Page[catalog.Product], error) { return c.CRM.ProductPage(ctx, q, at) })
}

func (c turningCRM) OfferPage(ctx context.Context, q catalog.OfferQuery, cursor string) (catalog.Page[catalog.Offer], error) {
	return turned(c.r, cursor, func(at string) (catalog.Page[catalog.Offer], error) { return c.CRM.OfferPage(ctx, q, at) })
}

func (c turningCRM) StockPage(ctx context.Context, q catalog.StockQuery, cursor string) (catalog.Page[catalog.Stock], error) {
	return turned(c.r, cursor, func(at string) (catalog.Page[catalog.Stock], error) { return c.CRM.StockPage(ctx, q, at) })
}

// Rows that are added, removed and moved while lists are read lead to nothing wrongly missing, and
// what a run did not see the next one brings.
func TestWhatMovesWhileListsAreReadIsNeitherLostNorMissing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		chosen bool
		turns  bool
		seed   uint64
	}{
		{"all", false, false, 1},
		{"chosen categories", true, false, 3},
		{"rows in turning order", false, true, 5},
		{"chosen categories in turning order", true, true, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sim, _ := few(t, 0)
			category, other := sim.AddCategory("Вибрана", 0), sim.AddCategory("Інша", 0)
			b := newBusy(t, sim, category, tt.seed)
			for i := range 70 {
				sim.AddProduct(b.product(fmt.Sprintf("P%d", i), 1+i%3))
			}
			if tt.chosen { // so many that groups are cheaper
				elsewhere := newBusy(t, sim, other, 0)
				for i := range 90 {
					sim.AddProduct(elsewhere.product(fmt.Sprintf("E%d", i), 3))
				}
			}
			w := newWorld(t, sim, func(c *settings.Catalog) {
				if c.New, c.Missing = settings.NewPublish, settings.MissingHide; tt.chosen {
					c.Chosen = []string{strconv.FormatInt(category, 10)}
				}
			})
			if tt.turns {
				r := rand.New(rand.NewPCG(tt.seed, 9))
				w.crm = func(c catalog.CRM) catalog.CRM { return turningCRM{c, r} }
				w.engine = w.newEngine()
			}
			settle := func(kind catalog.Kind) {
				run := w.finish(w.begin(kind))
				if run.State == catalog.Approval { // it asks first: that is no harm
					must(t, w.engine.Cancel(t.Context(), run.ID))
				} else if run.State != catalog.Done {
					t.Fatalf("a run ended %s in %s: %s %v", run.State, run.Phase, run.Code, run.Params)
				}
			}
			settle(catalog.Full)
			for range 3 {
				sim.After(b.after)
				settle(catalog.Full)
				b.noWrongMissing(w)
				settle(catalog.Prices)
				b.noWrongMissing(w)
				sim.After(nil)
			}
			calm := w.crm
			w.crm = nil
			w.engine = w.newEngine()
			if run := w.finish(w.begin(catalog.Full)); run.State == catalog.Approval { // for what days have brought together
				must(t, w.engine.Approve(t.Context(), run.ID, "7"))
				w.finish(run.ID)
			}
			b.noWrongMissing(w)
			if w.crm = calm; tt.chosen {
				for _, id := range sim.ProductIDs() { // what is not chosen is nobody's business here
					if p, _ := sim.Product(id); p.CategoryID != category || strings.HasPrefix(p.Name, "Товар E") {
						must(t, sim.DeleteProduct(id))
					}
				}
			}
			b.asTheCRMSays(w)
			if b.n < 30 {
				t.Errorf("only %d edits", b.n)
			}
		})
	}
}

// The simulator's own fault: a product appears behind every page.
func TestNewRowsBehindEveryPage(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 130)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
	w.full()
	for _, path := range []string{"/v1/products", "/v1/offers", "/v1/offers/stocks"} {
		kind := catalog.Full
		if path == "/v1/offers/stocks" {
			kind = catalog.Prices
		}
		sim.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultMovingRows, Path: path, Times: 3})
		if run := w.finish(w.begin(kind)); run.State != catalog.Done || run.Counters.Missing != 0 {
			t.Errorf("%s: the run ended %s: %+v %v", path, run.State, run.Counters, run.Guards)
		}
		sim.ClearFaults()
	}
	w.full()
	newBusy(t, sim, 0, 0).asTheCRMSays(w)
}

// A product deleted while offers are read moves the rows behind it up: three offers slip through
// between two pages. Their variants are not missing, and asking for them costs one request.
func TestOffersThatSlipThroughAreAskedForAgain(t *testing.T) {
	t.Parallel()
	for _, missing := range []settings.MissingPolicy{settings.MissingHide, settings.MissingUnavailable, settings.MissingNothing} {
		t.Run(string(missing), func(t *testing.T) {
			t.Parallel()
			sim, _ := few(t, 0)
			b := newBusy(t, sim, 0, 0)
			for i := range 120 {
				sim.AddProduct(b.product(fmt.Sprintf("P%d", i), 3))
			}
			w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, missing })
			w.full()
			before := w.snapshot()
			newest := sim.ProductIDs()[0]
			sim.Reset()
			sim.After(func(r keycrmtest.Request) {
				if _, there := sim.Product(newest); there && r.Path == "/v1/offers" {
					must(t, sim.DeleteProduct(newest))
				}
			})
			w.shop.writes.Store(0)
			run := w.full()
			sim.After(nil)
			want := pagesOf(360)
			if missing != settings.MissingNothing {
				want++
			}
			if got := w.snapshot(); !slices.Equal(got, before) || w.shop.writes.Load() != 0 || asked(sim, "/v1/offers") != want {
				t.Errorf("%d writes with %d requests for offers, %+v; %s", w.shop.writes.Load(), asked(sim, "/v1/offers"), run.Counters, firstDifference(got, before))
			}
		})
	}
}
