package engine_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// spread is how many products have how many offers.
type spread map[int]int

// account is an account with products in a category that is chosen and in another one.
func account(t *testing.T, chosen, others spread) (sim *keycrmtest.Server, category string) {
	t.Helper()
	sim, _ = few(t, 0)
	ours, theirs := sim.AddCategory("Вибрана", 0), sim.AddCategory("Інша", 0)
	add := func(what string, category int64, s spread) {
		for _, offers := range slices.Sorted(maps.Keys(s)) {
			for i := range s[offers] {
				name := fmt.Sprintf("%s %d-%d", what, offers, i)
				p := keycrmtest.NewProduct{Product: keycrmtest.Product{Name: name, CategoryID: category}}
				for j := range offers {
					o := keycrmtest.Offer{SKU: fmt.Sprintf("%s-%d-%d-%d", what, offers, i, j), Price: decimal.NewFromInt(100)}
					if offers > 1 {
						o.Properties = []keycrmtest.Property{{Name: "Розмір", Value: strconv.Itoa(j)}}
					}
					p.Offers = append(p.Offers, o)
				}
				sim.AddProduct(p)
			}
		}
	}
	add("O", theirs, others)
	add("C", ours, chosen)
	return sim, strconv.FormatInt(ours, 10)
}

func pagesOf(rows int) int { return max(1, (rows+49)/50) }

func (s spread) offers() (n int) {
	for each, products := range s {
		n += each * products
	}
	return n
}

// packed is how many pages hold the offers of products when each page answers one question and no
// product stands on two, but those with more than a page.
func (s spread) packed() (requests int) {
	var left []int
	for each, products := range s {
		left = append(left, slices.Repeat([]int{each}, products)...)
	}
	slices.SortFunc(left, func(a, b int) int { return cmp.Compare(b, a) })
	type bin struct{ room, slots int }
	var bins []bin
	for _, n := range left {
		i := slices.IndexFunc(bins, func(b bin) bool { return b.room >= n && b.slots > 0 })
		if i < 0 {
			requests += pagesOf(n)
			bins, i = append(bins, bin{pagesOf(n) * 50, 50}), len(bins)
		}
		bins[i].room, bins[i].slots = bins[i].room-n, bins[i].slots-1
	}
	return requests
}

// asked counts the requests for a list.
func asked(sim *keycrmtest.Server, path string) (n int) {
	for _, r := range sim.Requests() {
		if r.Path == path {
			n++
		}
	}
	return n
}

func TestChosenCategoriesAskForFewOffers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		chosen, others spread
	}{
		{"few of many", spread{1: 20}, spread{1: 900}},
		{"most", spread{1: 600}, spread{1: 30}},
		{"with a few offers each, of many", spread{2: 40, 3: 40, 5: 20}, spread{1: 200, 30: 60}},
		{"with forty each, of many", spread{40: 12}, spread{1: 1600}},
		{"with forty each, most", spread{40: 20}, spread{1: 60}},
		{"plain ones and many with two", spread{1: 150, 2: 150}, spread{1: 900}},
		{"skewed", spread{1: 120, 2: 40, 9: 10, 45: 3, 130: 1}, spread{1: 700, 12: 30}},
		{"one large product", spread{170: 1}, spread{1: 300}},
		{"none at all", spread{}, spread{1: 60}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sim, category := account(t, tt.chosen, tt.others)
			w := newWorld(t, sim, func(c *settings.Catalog) {
				c.New, c.Missing, c.Chosen = settings.NewPublish, settings.MissingHide, []string{category}
			})
			all, products := len(sim.OfferIDs()), 0
			for _, n := range tt.chosen {
				products += n
			}
			cheaper := pagesOf(all)
			if products > 0 {
				cheaper = min(cheaper, tt.chosen.packed())
			} else {
				cheaper = 0
			}
			rest := pagesOf(len(sim.Categories())) + pagesOf(products)
			first := w.full()
			if got := asked(sim, "/v1/offers"); got*100 > cheaper*115+200 || first.Counters.Created != products || sim.RequestCount() != got+rest {
				t.Errorf("the first run sent %d requests for offers, the cheaper way is %d; %+v", got, cheaper, first.Counters)
			}
			sim.Reset()
			w.shop.writes.Store(0)
			next := w.full()
			if got := asked(sim, "/v1/offers"); got != cheaper || w.shop.writes.Load() != 0 || next.Counters.Unchanged != products || sim.RequestCount() != got+rest {
				t.Errorf("the next run sent %d requests for offers, planned are %d; %d writes, %+v", got, cheaper, w.shop.writes.Load(), next.Counters)
			}
			sim.Reset()
			w.prices()
			if products == 0 {
				if n := sim.RequestCount(); n != 0 {
					t.Errorf("without links a price run sends %d requests", n)
				}
				return
			}
			for i := range 2 {
				want := min(pagesOf(all), pagesOf(tt.chosen.offers()))
				got := asked(sim, "/v1/offers/stocks")
				if i == 0 && (got-want > 1 || got < want) || i == 1 && got != want || sim.RequestCount() != got+1 {
					t.Errorf("price run %d sent %d requests for stocks of %d, want %d", i, got, sim.RequestCount(), want)
				}
				sim.Reset()
				w.prices()
			}
		})
	}
}

func TestWithoutAFilterPricesOfFewLinkedAreAskedForByID(t *testing.T) {
	t.Parallel()
	sim, _ := account(t, spread{1: 10}, spread{1: 390})
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewSkip })
	for i := range 10 {
		w.createInShop(fmt.Sprintf("C 1-%d", i), fmt.Sprintf("C-1-%d-0", i))
	}
	w.approved(catalog.Full, catalog.GuardForeign)
	sim.Reset()
	if w.prices(); sim.RequestCount() != 2 {
		t.Errorf("a price run for 10 of 400 sends %d requests", sim.RequestCount())
	}
}

// A group that has grown since it was packed is read to its end.
func TestAGroupWithMoreThanAPageIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	sim, category := account(t, spread{5: 20}, spread{1: 700})
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Chosen = settings.NewPublish, []string{category} })
	w.full()
	for _, id := range sim.ProductIDs()[:20] { // newest first
		p, _ := sim.Product(id)
		if !strings.HasPrefix(p.Name, "C ") {
			t.Fatalf("%q is not of the chosen", p.Name)
		}
		must(t, sim.EditProduct(id, func(p *keycrmtest.Product) { p.Name += " нова" }))
	}
	sim.Reset()
	w.addOffers(sim.ProductIDs()[:20], 3)
	run := w.full()
	// Two groups of 10 products had 50 offers each, and have 80 now.
	if got := asked(sim, "/v1/offers"); got != 4 || run.Counters.Updated != 20 || len(w.product("C-5-0-0").Variants) != 8 {
		t.Errorf("%d requests, %+v", got, run.Counters)
	}
	sim.Reset()
	if w.full(); asked(sim, "/v1/offers") != 4 { // 8 offers each: 6 products on a page
		t.Errorf("%d requests", asked(sim, "/v1/offers"))
	}
}

// A CRM that does not heed a filter would answer the whole list for every group.
func TestAnAnswerToAnotherQuestionStopsTheRun(t *testing.T) {
	t.Parallel()
	sim, category := account(t, spread{1: 20}, spread{1: 200})
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Chosen = settings.NewPublish, []string{category} })
	w.crm = func(c catalog.CRM) catalog.CRM { return deafCRM{c} }
	w.engine = w.newEngine()
	if run := w.finish(w.begin(catalog.Full)); run.State != catalog.Failed || run.Code != catalog.CodeIncomplete || w.shop.writes.Load() != 0 {
		t.Errorf("the run ended %s: %s %v", run.State, run.Code, run.Params)
	}
}

// Every group is asked for once, and no question names more ids than it may.
func TestGroupsAreAskedForOnce(t *testing.T) {
	t.Parallel()
	sim, category := account(t, spread{1: 180, 3: 60}, spread{1: 900})
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Chosen = settings.NewPublish, []string{category} })
	w.full()
	sim.Reset()
	w.full()
	seen := map[string]bool{}
	for _, r := range sim.Requests() {
		q, err := url.ParseQuery(r.Query)
		must(t, err)
		if r.Path != "/v1/offers" {
			continue
		}
		ids := strings.Split(q.Get("filter[product_id]"), ",")
		for _, id := range ids {
			if seen[id] || id == "" || len(ids) > catalog.GroupSize {
				t.Fatalf("asked for %q again or with too many: %s", id, r.Query)
			}
			seen[id] = true
		}
	}
	if len(seen) != 240 {
		t.Errorf("asked for %d products", len(seen))
	}
}

// deafCRM answers all offers whatever it is asked for.
type deafCRM struct{ catalog.CRM }

func (c deafCRM) OfferPage(ctx context.Context, _ catalog.OfferQuery, cursor string) (catalog.Page[catalog.Offer], error) {
	return c.CRM.OfferPage(ctx, catalog.OfferQuery{}, cursor)
}

// createInShop makes a product as the merchant would.
func (w *world) createInShop(name, sku string) {
	w.t.Helper()
	res, err := w.shop.Shop.Catalog().CreateProducts(w.t.Context(), plugin.Origin{}, []plugin.NewProduct{{
		Lang: demoshop.Locale, Name: name, Published: true, Orderable: true,
		Variants: []plugin.NewVariant{{SKU: sku, Price: plugin.NewMoney("100", "UAH"), Published: true, Orderable: true}},
	}})
	must(w.t, err)
	must(w.t, res[0].Err)
}

// addOffers gives products so many more offers each.
func (w *world) addOffers(products []int64, n int) {
	w.t.Helper()
	for _, id := range products {
		var offers []string
		for i := range n {
			offers = append(offers, fmt.Sprintf(`{"sku":"MORE-%d-%d","price":5,"properties":[{"name":"Розмір","value":"більший %d"}]}`, id, i, i))
		}
		body := strings.NewReader(`{"offers":[` + strings.Join(offers, ",") + `]}`)
		req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, fmt.Sprintf("%s/products/%d/offers", w.sim.BaseURL(), id), body)
		must(w.t, err)
		req.Header.Set("Authorization", "Bearer "+w.sim.Key())
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		must(w.t, err)
		must(w.t, res.Body.Close())
		if res.StatusCode != http.StatusCreated {
			w.t.Fatalf("offers of product %d: %s", id, res.Status)
		}
	}
	w.sim.Reset()
}

// Whoever goes on after a crash asks for the same groups as the one who died.
func TestKilledWorkersLeaveTheGroupsAsTheyWere(t *testing.T) {
	t.Parallel()
	shops := map[int64][]string{}
	for _, every := range []int64{0, 3} {
		sim, category := account(t, spread{1: 60, 3: 30, 60: 1}, spread{1: 500})
		w := newWorld(t, sim, func(c *settings.Catalog) {
			c.New, c.Missing, c.Chosen = settings.NewPublish, settings.MissingHide, []string{category}
		})
		g := &gate{every: every}
		w.crm = func(c catalog.CRM) catalog.CRM { return gatedCRM{CRM: c, gate: g} }
		w.engine = w.newEngine()
		for range 2 {
			sim.Reset()
			id := w.begin(catalog.Full)
			for !w.survives(id) {
				w.clock.Advance(31 * time.Second) // the lease of the dead worker
				w.engine = w.newEngine()
			}
			if run := w.finish(id); run.State != catalog.Done {
				t.Fatalf("the run ended %s: %s %v", run.State, run.Code, run.Params)
			}
			of := map[string]string{}
			for _, r := range sim.Requests() {
				q, err := url.ParseQuery(r.Query)
				must(t, err)
				group := q.Get("filter[product_id]")
				if r.Path != "/v1/offers" || group == "" {
					continue
				}
				for _, id := range strings.Split(group, ",") {
					if was, asked := of[id]; asked && was != group {
						t.Fatalf("product %s was asked for in two groups", id)
					}
					of[id] = group
				}
			}
			if len(of) != 91 {
				t.Errorf("%d products were asked for", len(of))
			}
		}
		if shops[every] = w.snapshot(); every > 0 && g.deaths.Load() < 5 {
			t.Errorf("only %d deaths", g.deaths.Load())
		}
	}
	if !slices.Equal(shops[0], shops[3]) {
		t.Errorf("the shop differs: %s", firstDifference(shops[3], shops[0]))
	}
}
