package admin_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// stocked gives the page a real shop with a catalog, synchronised once.
func stocked(t *testing.T, opts ...keycrmtest.Option) (r *rig, path string, shop plugin.Shop) {
	t.Helper()
	r = newRig(t, opts...)
	demo, err := demoshop.Open(t.Context(), demoshop.Config{
		DB: r.db, Clock: r.clock, PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = demo.Close() })
	if shop, err = demo.Shop(t.Context(), demoshop.ShopID); err != nil {
		t.Fatal(err)
	}
	r.with = func(s plugin.Shop) plugin.Shop { return withCatalog{s, shop} }
	r.runs = engine.New(engine.Deps{
		DB: r.db, Clock: r.clock, Log: slog.New(slog.DiscardHandler), Connections: r.store, PluginID: "crm",
		Shop: func(ctx context.Context, id plugin.ShopID) (plugin.Shop, error) { return host{r}.Shop(ctx, id) },
		CRM:  func(context.Context, plugin.ConnectionID) (catalog.CRM, error) { return r.connector(r.crm.Key()) },
	})
	r.serve()
	path = r.running(settings.TargetOrders)
	r.full(catalog.Full)
	return r, path, shop
}

// withCatalog is the small shop of orders with the catalog of the reference shop.
type withCatalog struct {
	plugin.Shop
	goods plugin.Shop
}

func (s withCatalog) Catalog() plugin.Catalog { return s.goods.Catalog() }

func (s withCatalog) Capabilities() plugin.Capabilities {
	return append(s.Shop.Capabilities(), plugin.CapCategories, plugin.CapVariants, plugin.CapStock, plugin.CapAttributes)
}

// full makes a run and lets it end or wait.
func (r *rig) full(kind catalog.Kind) catalog.Run {
	r.t.Helper()
	id, err := r.runs.Start(r.t.Context(), r.only(), kind, "anna")
	if err != nil {
		r.t.Fatal(err)
	}
	return r.finish(id)
}

func (r *rig) finish(id int64) catalog.Run {
	r.t.Helper()
	for range 100 {
		if err := r.runs.Handle(r.t.Context(), id); err != nil {
			r.t.Fatal(err)
		}
		run, err := r.runs.Run(r.t.Context(), id)
		if err != nil {
			r.t.Fatal(err)
		}
		if !run.State.Active() || run.State == catalog.Approval {
			return run
		}
		r.clock.Advance(max(run.NextAt.Sub(r.clock.Now()), 0))
	}
	r.t.Fatalf("run %d does not end", id)
	return catalog.Run{}
}

func TestHiddenProductsArePublishedOneByOneAndAllAtOnce(t *testing.T) {
	t.Parallel()
	r, path, shop := stocked(t)
	r.get(path).says("Приховані, чекають перевірки")
	page := r.get(path + "/hidden").want(http.StatusOK)
	rows := page.Find("tbody tr").Length()
	if rows < 10 {
		t.Fatalf("%d products wait: %s", rows, squeeze(page.Find(".kb").Text()))
	}
	id := page.Find("button[name=product]").First().AttrOr("value", "")
	if to, done := r.post(path+"/hidden", url.Values{"product": {id}}).leads(); to != path+"/hidden" || done != "now_published" {
		t.Errorf("publishing leads to %q, done %q", to, done)
	}
	got, err := shop.Catalog().Products(t.Context(), "uk", []plugin.ProductID{plugin.ProductID(id)})
	if err != nil || len(got) != 1 || !got[0].Published {
		t.Errorf("the product is %+v, %v", got, err)
	}
	page = r.get(path + "/hidden")
	if n := page.Find("tbody tr").Length(); n != rows-1 {
		t.Errorf("%d products wait after one was published, want %d", n, rows-1)
	}
	if _, done := r.post(path+"/hidden", url.Values{"product": {id}}).leads(); done != "now_published_none" {
		t.Errorf("publishing it again: done %q", done)
	}
	api := "/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/hidden"
	second := page.Find("button[name=product]").First().AttrOr("value", "")
	if list := r.get(api).want(http.StatusOK); !strings.Contains(list.raw, `"product":"`+second+`"`) {
		t.Errorf("the API lists %s", list.raw)
	}
	header := http.Header{plugin.CSRFHeader: {token}}
	answer := r.do(http.MethodPost, api, "application/json", strings.NewReader(`{"products":["`+second+`","4711"]}`), header).want(http.StatusOK)
	if !strings.Contains(answer.raw, `"published":1`) {
		t.Errorf("the API answers %s", answer.raw)
	}
	form := url.Values{}
	r.get(path + "/hidden").Find("input[name=shown]").Each(func(_ int, in *goquery.Selection) { form.Add("shown", in.AttrOr("value", "")) })
	if _, done := r.post(path+"/hidden", form).leads(); done != "now_published" {
		t.Errorf("publishing all: done %q", done)
	}
	r.get(path + "/hidden").says("Нічого не чекає перевірки")
	r.as(plugin.PermView)
	r.post(path+"/hidden", form).want(http.StatusForbidden)
}
