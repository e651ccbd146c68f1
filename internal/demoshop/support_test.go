package demoshop

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/plugin"
)

// opened is the instant every test's clock starts at: a Monday noon in Kyiv.
func opened() time.Time { return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) }

// testShop is an engine behind a real HTTP server.
type testShop struct {
	*Engine
	t     *testing.T
	db    *sqlx.DB
	clock *clock.Fake
	url   string
	logs  *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func testDB(t *testing.T) *sqlx.DB {
	t.Helper()
	return pgtest.NewMigrated(t, "demoshop", func(db *sqlx.DB) error { return migrate(context.Background(), db.DB) })
}

func newTestShop(t *testing.T, change ...func(*Config)) *testShop {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	public, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	s := &testShop{t: t, db: testDB(t), clock: clock.NewFake(opened()), url: base, logs: &syncBuffer{}}
	cfg := Config{
		DB: s.db, Clock: s.clock, PublicURL: public, Logger: slog.New(slog.NewTextHandler(s.logs, nil)),
		AdminPassword: "owner-secret", ManagerPassword: "manager-secret", ViewerPassword: "viewer-secret",
	}
	for _, c := range change {
		c(&cfg)
	}
	if s.Engine, err = Open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// browser is one buyer's or one staff member's browser.
type browser struct {
	t      *testing.T
	url    string
	client *http.Client
}

func (s *testShop) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, url: s.url, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response read whole.
type answer struct {
	Status   int
	Location string
	Header   http.Header
	Body     string
}

func (a answer) doc(t *testing.T) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (b *browser) send(req *http.Request) answer {
	b.t.Helper()
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), res.Header, string(body)}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(req)
}

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(req)
}

// signIn signs a staff member in and answers the token of their forms.
func (b *browser) signIn(login, password string) string {
	b.t.Helper()
	a := b.post("/admin/login", url.Values{"login": {login}, "password": {password}})
	if a.Status != http.StatusSeeOther {
		b.t.Fatalf("sign in as %s: status %d", login, a.Status)
	}
	token, _ := b.get("/admin/messages").doc(b.t).Find(`input[name="csrf_token"]`).First().Attr("value")
	if token == "" {
		b.t.Fatal("no form token on an admin page")
	}
	return token
}

// form are the values of a plain order by an honest buyer, ready to be changed.
func (b *browser) form(changes ...string) url.Values {
	b.t.Helper()
	page := b.get("/checkout")
	token, _ := page.doc(b.t).Find(`#checkout input[name="token"]`).Attr("value")
	v := url.Values{
		"token": {token}, "name": {"Олена Коваль"}, "phone": {"050 123 45 67"}, "delivery": {deliverPickup}, "payment": {payCash},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return v
}

// buy puts the variants into the basket and places the order; it answers the order's number.
func (b *browser) buy(variants []plugin.VariantID, changes ...string) string {
	b.t.Helper()
	for _, v := range variants {
		if a := b.post("/basket/add", url.Values{"variant": {string(v)}, "qty": {"1"}}); a.Status != http.StatusSeeOther {
			b.t.Fatalf("add variant %s: status %d", v, a.Status)
		}
	}
	a := b.post("/checkout", b.form(changes...))
	if a.Status != http.StatusSeeOther {
		b.t.Fatalf("checkout: status %d, %s", a.Status, a.doc(b.t).Find(".bad, .problem").Text())
	}
	return orderNumber(b.t, a.Location)
}

func orderNumber(t *testing.T, location string) string {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(u.Path, "/order/") {
		t.Fatalf("location %q is no order", location)
	}
	return strings.TrimPrefix(u.Path, "/order/")
}

// order reads an order by its number through the contract.
func (s *testShop) order(t *testing.T, number string) plugin.Order {
	t.Helper()
	full, err := s.store.orderByNumber(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.shop.orders.Get(t.Context(), formatID[plugin.OrderID](full.ID))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// by is the origin of writes in tests.
func by() plugin.Origin { return plugin.Origin{Plugin: "fake", Connection: "c1", Ref: "test"} }

func dec(s string) *decimal.Decimal {
	d := decimal.RequireFromString(s)
	return &d
}

func ptr[T any](v T) *T { return &v }

// simple is a published product with one variant for sale.
func simple(name, price, stock string) plugin.NewProduct {
	v := plugin.NewVariant{SKU: "SKU-" + name, Price: plugin.NewMoney(price, Currency), Orderable: true, Published: true}
	if stock != "" {
		v.Stock = dec(stock)
	}
	return plugin.NewProduct{Lang: Locale, Name: name, Published: true, Orderable: true, Variants: []plugin.NewVariant{v}}
}

// create creates products that must all be accepted.
func (s *testShop) create(t *testing.T, products ...plugin.NewProduct) []plugin.ProductResult {
	t.Helper()
	results, err := s.shop.catalog.CreateProducts(t.Context(), by(), products)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Fatalf("create product %d: %v", i, r.Err)
		}
	}
	return results
}

func (s *testShop) product(t *testing.T, id plugin.ProductID) plugin.Product {
	t.Helper()
	ps, err := s.shop.catalog.Products(t.Context(), Locale, []plugin.ProductID{id})
	if err != nil || len(ps) != 1 {
		t.Fatalf("read product %s: %d found, %v", id, len(ps), err)
	}
	return ps[0]
}

// fakePlugin is a plugin that records what the engine tells it.
type fakePlugin struct {
	mu        sync.Mutex
	placedTx  []plugin.Placement
	committed []plugin.Placement
	calls     []string // lifecycle
	events    chan plugin.Event

	inTx   func(ctx context.Context, tx plugin.Execer, p plugin.Placement)
	handle func(e plugin.Event) error
	admin  http.Handler
	hooks  http.Handler
	fail   map[string]error // lifecycle call → error
	owned  plugin.ProductID
}

var _ plugin.Plugin = (*fakePlugin)(nil)

func newFakePlugin() *fakePlugin {
	return &fakePlugin{events: make(chan plugin.Event, 100), fail: map[string]error{}, admin: http.NotFoundHandler(), hooks: http.NotFoundHandler()}
}

func (f *fakePlugin) call(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	return f.fail[name]
}

func (f *fakePlugin) Manifest() plugin.Manifest {
	return plugin.Manifest{ID: "fake", Name: "KeyCRM", Version: "1.2.3"}
}
func (f *fakePlugin) Attach(context.Context, plugin.Role) error { return nil }
func (f *fakePlugin) OwnerOf(_ context.Context, _ plugin.ShopID, p plugin.ProductID) (plugin.ConnectionID, error) {
	if p == f.owned {
		return "c1", nil
	}
	return "", plugin.ErrNotFound
}
func (f *fakePlugin) Detach(context.Context) error                    { return nil }
func (f *fakePlugin) Install(context.Context, plugin.ShopID) error    { return f.call("install") }
func (f *fakePlugin) Activate(context.Context, plugin.ShopID) error   { return f.call("activate") }
func (f *fakePlugin) Deactivate(context.Context, plugin.ShopID) error { return f.call("deactivate") }
func (f *fakePlugin) Upgrade(context.Context, plugin.ShopID) error    { return f.call("upgrade") }
func (f *fakePlugin) AdminHandler() http.Handler                      { return f.admin }
func (f *fakePlugin) WebhookHandler() http.Handler                    { return f.hooks }
func (f *fakePlugin) Orders() plugin.OrderListener                    { return f }
func (f *fakePlugin) Health(context.Context) plugin.Health            { return plugin.Health{} }
func (f *fakePlugin) Uninstall(_ context.Context, _ plugin.ShopID, data plugin.DataPolicy) error {
	return f.call("uninstall " + string(data))
}

func (f *fakePlugin) PlacedTx(ctx context.Context, tx plugin.Execer, p plugin.Placement) {
	f.mu.Lock()
	f.placedTx = append(f.placedTx, p)
	f.mu.Unlock()
	if f.inTx != nil {
		f.inTx(ctx, tx, p)
	}
}

func (f *fakePlugin) Committed(p plugin.Placement) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.committed = append(f.committed, p)
}

func (f *fakePlugin) Handle(_ context.Context, e plugin.Event) error {
	if f.handle != nil {
		if err := f.handle(e); err != nil {
			return err
		}
	}
	f.events <- e
	return nil
}

// event waits for the next event the engine delivers.
func (f *fakePlugin) event(t *testing.T) plugin.Event {
	t.Helper()
	select {
	case e := <-f.events:
		return e
	case <-time.After(2 * time.Minute):
		t.Fatal("no event came within two minutes")
		return plugin.Event{}
	}
}

// pgtestEmpty is a database without the shop's tables.
func pgtestEmpty(t *testing.T) *sqlx.DB {
	t.Helper()
	return pgtest.New(t)
}
