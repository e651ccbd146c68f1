package engine_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/testbed"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/migrations"
	"github.com/keybridge/keybridge/plugin"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// world is a CRM account, a shop and the engine between them. The clock stands still until a test
// moves it.
type world struct {
	t      *testing.T
	bed    *testbed.Bed
	db     *sqlx.DB
	clock  *clock.Fake
	sim    *keycrmtest.Server
	shop   *tap
	set    *settings.Store
	conn   plugin.ConnectionID
	config engine.Config
	unsent catalog.Uncounted
	active func(plugin.ShopID) bool
	// crm wraps the connector when a test wants to stand in between.
	crm    func(catalog.CRM) catalog.CRM
	engine *engine.Engine
	off    atomic.Bool // the plugin is switched off in the shop
	told   []catalog.ApprovalRequest
	held   []catalog.HeldNotice // what a merchant was told of held stock
	deaf   func() error         // what the host says to such a message instead of taking it; nil: it takes it
	log    slog.Handler         // nil: nobody reads it
}

type change func(*settings.Catalog)

// newWorld joins a fresh shop to a simulator; the shop takes no pictures unless a test allows it.
func newWorld(t *testing.T, sim *keycrmtest.Server, edits ...change) *world {
	t.Helper()
	return newWorldOn(t, pgtest.NewMigrated(t, "catalog", migrate), sim, edits...)
}

// migrate makes our tables and those of the shop.
func migrate(db *sqlx.DB) error {
	if err := migrations.Apply(context.Background(), db); err != nil {
		return err
	}
	shop, err := openShop(db, clock.System())
	if err != nil {
		return err
	}
	return errors.Join(shop.Close(), keepToDrawing(db))
}

// newWorldOn is newWorld in a migrated database of the test's own.
func newWorldOn(t *testing.T, db *sqlx.DB, sim *keycrmtest.Server, edits ...change) *world {
	t.Helper()
	w := &world{t: t, db: db, clock: clock.NewFake(start), sim: sim}
	host, err := openShop(w.db, w.clock)
	must(t, err)
	t.Cleanup(func() { must(t, host.Close()) })
	inner, err := host.Shop(t.Context(), demoshop.ShopID)
	must(t, err)
	w.shop = &tap{Shop: inner, drop: map[plugin.Capability]bool{plugin.CapImages: true}}
	w.bed = testbed.On(t, db, sim, w.clock)
	w.set = w.bed.Settings
	w.conn = w.connect("KeyCRM", edits...)
	w.engine = w.newEngine()
	return w
}

func openShop(db *sqlx.DB, c plugin.Clock) (*demoshop.Engine, error) {
	return demoshop.Open(context.Background(), demoshop.Config{
		DB: db, Clock: c, PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"},
	})
}

// connect adds a connection that brings categories and products, as the edits say.
func (w *world) connect(name string, edits ...change) plugin.ConnectionID {
	w.t.Helper()
	both := func(s *settings.Catalog) { s.Products, s.Categories = true, true }
	return w.bed.Connect(demoshop.ShopID, name, name, catalogs(append([]change{both}, edits...))).ID
}

func (w *world) edit(id plugin.ConnectionID, edits ...change) {
	w.t.Helper()
	c, err := w.set.Get(w.t.Context(), id)
	must(w.t, err)
	w.bed.Save(c, catalogs(edits))
}

func catalogs(edits []change) testbed.Edit {
	return func(s *settings.Settings) {
		for _, edit := range edits {
			edit(&s.Catalog)
		}
	}
}

// newEngine is another process on the same tables.
func (w *world) newEngine() *engine.Engine {
	log := w.log
	if log == nil {
		log = slog.DiscardHandler
	}
	return engine.New(engine.Deps{
		DB: w.db, Clock: w.clock, Log: slog.New(log), Connections: w.set, Uncounted: w.unsent, Active: w.isActive, PluginID: "crm",
		Shop: func(context.Context, plugin.ShopID) (plugin.Shop, error) { return w.shop, nil },
		CRM: func(ctx context.Context, id plugin.ConnectionID) (catalog.CRM, error) {
			crm, err := w.bed.Open(ctx, id, keycrm.WithTransport(http.DefaultTransport))
			if err != nil || w.crm == nil {
				return crm, err
			}
			return w.crm(crm), nil
		},
		Notify:     func(_ context.Context, n catalog.ApprovalRequest) error { w.told = append(w.told, n); return nil },
		NotifyHeld: w.notifyHeld,
		Config:     w.config,
	})
}

func (w *world) notifyHeld(_ context.Context, n catalog.HeldNotice) error {
	if w.deaf != nil {
		return w.deaf()
	}
	w.held = append(w.held, n)
	return nil
}

func (w *world) isActive(_ context.Context, id plugin.ShopID) bool {
	return !w.off.Load() && (w.active == nil || w.active(id))
}

// begin starts a full run.
func (w *world) begin(kind catalog.Kind) int64 {
	w.t.Helper()
	id, err := w.engine.Start(w.t.Context(), w.conn, kind, "1")
	must(w.t, err)
	return id
}

// finish lets workers go on until the run is over, moving the clock when it waits.
func (w *world) finish(id int64) catalog.Run {
	w.t.Helper()
	for range 10_000 {
		must(w.t, w.engine.Handle(w.t.Context(), id))
		run, err := w.engine.Run(w.t.Context(), id)
		must(w.t, err)
		if !run.State.Active() || run.State == catalog.Approval {
			return run
		}
		if d := run.NextAt.Sub(w.clock.Now()); d > 0 {
			w.clock.Advance(d)
		}
	}
	w.t.Fatalf("run %d does not end", id)
	return catalog.Run{}
}

// full makes a full run that must end well.
func (w *world) full() catalog.Run {
	w.t.Helper()
	run := w.finish(w.begin(catalog.Full))
	if run.State != catalog.Done {
		w.t.Fatalf("run ended %s in %s: %s %v", run.State, run.Phase, run.Code, run.Params)
	}
	return run
}

func (w *world) items(id int64) []catalog.Item {
	w.t.Helper()
	items, err := w.engine.Items(w.t.Context(), id, 0, 100_000)
	must(w.t, err)
	return items
}

func (w *world) changes(id int64) []catalog.Change {
	w.t.Helper()
	changes, err := w.engine.Changes(w.t.Context(), id, 0, 100_000)
	must(w.t, err)
	return changes
}

// product finds the one product of the shop with a SKU.
func (w *world) product(sku string) plugin.Product {
	w.t.Helper()
	hits, err := w.shop.Shop.Catalog().ProductsByKey(w.t.Context(), plugin.KeySKU, []string{sku})
	must(w.t, err)
	if len(hits[0]) != 1 {
		w.t.Fatalf("%d products have the SKU %q", len(hits[0]), sku)
	}
	return w.read(hits[0][0].ProductID)
}

// variantOf finds a variant by its SKU; false: the shop has none, or several.
func (w *world) variantOf(sku string) (plugin.Product, plugin.Variant, bool) {
	w.t.Helper()
	hits, err := w.shop.Shop.Catalog().ProductsByKey(w.t.Context(), plugin.KeySKU, []string{sku})
	must(w.t, err)
	if len(hits[0]) != 1 {
		return plugin.Product{}, plugin.Variant{}, false
	}
	p := w.read(hits[0][0].ProductID)
	for _, v := range p.Variants {
		if v.SKU == sku {
			return p, v, true
		}
	}
	return p, plugin.Variant{}, false
}

func (w *world) read(id plugin.ProductID) plugin.Product {
	w.t.Helper()
	list, err := w.shop.Shop.Catalog().Products(w.t.Context(), demoshop.Locale, []plugin.ProductID{id})
	must(w.t, err)
	if len(list) != 1 {
		w.t.Fatalf("product %q: got %d", id, len(list))
	}
	return list[0]
}

// patch edits a product as the merchant would.
func (w *world) patch(p plugin.ProductPatch) {
	w.t.Helper()
	p.Lang = demoshop.Locale
	res, err := w.shop.Shop.Catalog().UpdateProducts(w.t.Context(), plugin.Origin{}, []plugin.ProductPatch{p})
	must(w.t, err)
	must(w.t, res[0].Err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

// tap is the shop with a counter of writes, and a place to stop a worker in.
type tap struct {
	plugin.Shop
	drop map[plugin.Capability]bool
	// writes counts batch calls that write, items those in them.
	writes, items atomic.Int64
	// at is called before and after every call to the catalog that matters to a crash.
	mu sync.Mutex
	at func(ctx context.Context, call string)
	// fail answers errors by item name instead of creating; nil: never.
	fail func(name string) error
	// products and results change what the shop answers, as a bad adapter would; nil: nothing is changed.
	products func([]plugin.Product)
	results  func([]plugin.ProductResult) []plugin.ProductResult
}

func (s *tap) Capabilities() plugin.Capabilities {
	var out plugin.Capabilities
	for _, c := range s.Shop.Capabilities() {
		if !s.drop[c] {
			out = append(out, c)
		}
	}
	return out
}

func (s *tap) Catalog() plugin.Catalog { return &tapped{Catalog: s.Shop.Catalog(), s: s} }

func (s *tap) stopAt(f func(ctx context.Context, call string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = f
}

func (s *tap) point(ctx context.Context, call string) {
	s.mu.Lock()
	f := s.at
	s.mu.Unlock()
	if f != nil {
		f(ctx, call)
	}
}

type tapped struct {
	plugin.Catalog
	s *tap
}

func around[R any](ctx context.Context, s *tap, call string, items int, f func() (R, error)) (R, error) {
	s.writes.Add(1)
	s.items.Add(int64(items))
	return passing(ctx, s.point, call, f)
}

func (c *tapped) Products(ctx context.Context, lang string, ids []plugin.ProductID) ([]plugin.Product, error) {
	out, err := c.Catalog.Products(ctx, lang, ids)
	if c.s.products != nil {
		c.s.products(out)
	}
	return out, err
}

// mangled is what an adapter makes of an answer.
func (s *tap) mangled(res []plugin.ProductResult, err error) ([]plugin.ProductResult, error) {
	if s.results != nil && err == nil {
		res = s.results(res)
	}
	return res, err
}

func (c *tapped) CreateCategories(ctx context.Context, by plugin.Origin, b []plugin.NewCategory) ([]plugin.CategoryResult, error) {
	return around(ctx, c.s, "CreateCategories", len(b), func() ([]plugin.CategoryResult, error) { return c.Catalog.CreateCategories(ctx, by, b) })
}

func (c *tapped) UpdateCategories(ctx context.Context, by plugin.Origin, b []plugin.CategoryPatch) ([]plugin.CategoryResult, error) {
	return around(ctx, c.s, "UpdateCategories", len(b), func() ([]plugin.CategoryResult, error) { return c.Catalog.UpdateCategories(ctx, by, b) })
}

func (c *tapped) CreateProducts(ctx context.Context, by plugin.Origin, b []plugin.NewProduct) ([]plugin.ProductResult, error) {
	return around(ctx, c.s, "CreateProducts", len(b), func() ([]plugin.ProductResult, error) {
		if c.s.fail == nil {
			return c.s.mangled(c.Catalog.CreateProducts(ctx, by, b))
		}
		out := make([]plugin.ProductResult, len(b))
		for i, p := range b {
			if out[i].Err = c.s.fail(p.Name); out[i].Err != nil {
				continue
			}
			res, err := c.Catalog.CreateProducts(ctx, by, b[i:i+1])
			if err != nil {
				return nil, err
			}
			out[i] = res[0]
		}
		return out, nil
	})
}

func (c *tapped) UpdateProducts(ctx context.Context, by plugin.Origin, b []plugin.ProductPatch) ([]plugin.ProductResult, error) {
	return around(ctx, c.s, "UpdateProducts", len(b), func() ([]plugin.ProductResult, error) {
		return c.s.mangled(c.Catalog.UpdateProducts(ctx, by, b))
	})
}

func (c *tapped) UpdateVariants(ctx context.Context, by plugin.Origin, b []plugin.VariantPatch) ([]plugin.VariantResult, error) {
	return around(ctx, c.s, "UpdateVariants", len(b), func() ([]plugin.VariantResult, error) { return c.Catalog.UpdateVariants(ctx, by, b) })
}

func (c *tapped) SetImages(ctx context.Context, by plugin.Origin, b []plugin.ImageSet) ([]plugin.ProductResult, error) {
	return around(ctx, c.s, "SetImages", len(b), func() ([]plugin.ProductResult, error) { return c.Catalog.SetImages(ctx, by, b) })
}

func onePixel(t testing.TB) []byte {
	t.Helper()
	const gif = "R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs="
	b, err := base64.StdEncoding.DecodeString(gif)
	must(t, err)
	return b
}
