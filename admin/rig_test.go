package admin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/admin"
	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/testbed"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/connector"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	shopID = plugin.ShopID("demo")
	mount  = "/admin/integrations/keycrm"
	token  = "csrf-of-this-session"
)

// rig is the page as an engine mounts it, over a real database, the real engines, and a simulated
// KeyCRM account behind real HTTP.
type rig struct {
	t      *testing.T
	url    string
	crm    *keycrmtest.Server
	crmURL string // where the page believes KeyCRM to be
	store  *settings.Store
	runs   *engine.Engine
	db     *sqlx.DB
	outbox *orders.Exporter
	clock  *clock.Fake
	shop   *orderstest.Shop
	// with adds to the shop what a test needs of it; nil: nothing.
	with   func(plugin.Shop) plugin.Shop
	client *http.Client
	log    *strings.Builder
	page   *admin.Admin

	mu       sync.Mutex
	op       plugin.Operator
	signedIn bool
	inactive bool
	health   plugin.Health
	stock    service.StockSeen
	seen     map[settings.Object]service.WebhookSeen
	usage    budget.Usage
	queues   []service.Queue
	redisErr error // of usage and queues
}

func newRig(t *testing.T, opts ...keycrmtest.Option) *rig {
	t.Helper()
	r := &rig{
		t: t, clock: clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC)), log: &strings.Builder{},
		shop: orderstest.New(shopID), signedIn: true,
		op: plugin.Operator{
			ID: "anna", Shop: shopID, CSRFToken: token,
			Permissions: []plugin.Permission{plugin.PermView, plugin.PermOperate, plugin.PermConfigure},
		},
		health: plugin.Health{Database: true, Redis: true, Workers: true},
		seen:   map[settings.Object]service.WebhookSeen{},
		usage:  budget.Usage{Used: 12, Limit: 55},
		queues: []service.Queue{{Name: "interactive"}, {Name: "background"}},
	}
	bed := testbed.New(t, r.clock, append([]keycrmtest.Option{keycrmtest.WithCatalog(20, 30)}, opts...)...)
	r.crm, r.crmURL, r.db, r.store = bed.CRM, bed.CRM.BaseURL(), bed.DB, bed.Settings
	r.engines(r.db)
	r.serve()
	return r
}

func (r *rig) engines(db *sqlx.DB) {
	open := func(ctx context.Context, id plugin.ConnectionID) (*connector.Connector, error) {
		key, err := r.store.Key(ctx, id)
		if err != nil {
			return nil, err
		}
		return r.connector(key)
	}
	r.runs = engine.New(engine.Deps{
		DB: db, Clock: r.clock, Log: slog.New(slog.DiscardHandler), Connections: r.store, Shop: r.shop.Open,
		CRM: func(ctx context.Context, id plugin.ConnectionID) (catalog.CRM, error) { return open(ctx, id) },
	})
	r.outbox = orders.New(orders.Deps{
		DB: db, Clock: r.clock, Log: slog.New(slog.DiscardHandler), Connections: r.store, Shop: r.shop.Open,
		Sink: func(ctx context.Context, id plugin.ConnectionID) (orders.Sink, error) { return open(ctx, id) },
	})
}

func (r *rig) connector(key string) (*connector.Connector, error) {
	client, err := keycrm.New(r.crmURL, key)
	if err != nil {
		return nil, err
	}
	return connector.New(client), nil
}

func (r *rig) serve() {
	page, err := admin.New(admin.Deps{
		Host: host{r}, Settings: r.store, CRM: "keycrm", Name: "KeyCRM",
		Active: func(plugin.ShopID) bool { r.mu.Lock(); defer r.mu.Unlock(); return !r.inactive },
		Open: func(ctx context.Context, id plugin.ConnectionID) (service.Directory, error) {
			key, err := r.store.Key(ctx, id)
			if err != nil {
				return nil, err
			}
			return r.connector(key)
		},
		OpenKey: func(key string) (service.Directory, error) { return r.connector(key) },
		Runs:    r.runs, Products: r.runs, Journal: r.outbox, Webhooks: hooksSeen{r},
		Health: func(context.Context) plugin.Health { r.mu.Lock(); defer r.mu.Unlock(); return r.health },
		Usage: func(context.Context, plugin.ConnectionID) (budget.Usage, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.usage, r.redisErr
		},
		Queues: func(context.Context) ([]service.Queue, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.queues, r.redisErr
		},
		Reach: time.Minute, // a busy machine is no CRM that hangs; see hang
	})
	if err != nil {
		r.t.Fatal(err)
	}
	mux := http.NewServeMux()
	r.page = page
	mux.Handle(mount+"/", http.StripPrefix(mount, page.Handler()))
	mux.Handle(mount, http.StripPrefix(mount, page.Handler()))
	srv := httptest.NewServer(mux)
	r.t.Cleanup(srv.Close)
	r.url = srv.URL
	r.client = srv.Client()
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// hang lets the CRM answer nothing any more, and the page wait for it only shortly.
func (r *rig) hang() {
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultHang})
	r.page.SetReach(500 * time.Millisecond)
}

// as changes who is signed in.
func (r *rig) as(perms ...plugin.Permission) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.op.Permissions = perms
}

func (r *rig) speaks(lang string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.op.Lang = lang
}

// host is the engine around the page: a frame, one session, one shop.
type host struct{ r *rig }

func (h host) URLs() plugin.URLs {
	return plugin.URLs{
		Admin:  &url.URL{Scheme: "https", Host: "shop.test", Path: mount},
		Public: &url.URL{Scheme: "https", Host: "shop.test", Path: "/hooks/keycrm"},
	}
}
func (h host) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(lockedWriter(h), nil)) }
func (h host) Clock() plugin.Clock  { return h.r.clock }

func (h host) Operator(*http.Request) (plugin.Operator, bool) {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	return h.r.op, h.r.signedIn
}

func (h host) VerifyCSRF(r *http.Request) error {
	got := r.Header.Get(plugin.CSRFHeader)
	if got == "" {
		got = r.PostFormValue(plugin.CSRFField)
	}
	if got != token {
		return fmt.Errorf("forged: %w", plugin.ErrInvalid)
	}
	return nil
}

func (h host) RenderPage(w http.ResponseWriter, _ *http.Request, p plugin.Page) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if p.Status != 0 {
		w.WriteHeader(p.Status)
	}
	_, err := fmt.Fprintf(w, `<!doctype html><html lang="uk"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
		`<title>%s</title>%s</head><body><header class="engine"><h1>%s</h1></header>%s</body></html>`, p.Title, p.Head, p.Title, p.Body)
	return err
}

func (h host) Shop(ctx context.Context, id plugin.ShopID) (plugin.Shop, error) {
	shop, err := h.r.shop.Open(ctx, id)
	if err != nil || h.r.with == nil {
		return shop, err
	}
	return h.r.with(shop), nil
}

type lockedWriter struct{ r *rig }

func (w lockedWriter) Write(b []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	return w.r.log.Write(b)
}

type hooksSeen struct{ r *rig }

func (s hooksSeen) Seen(_ context.Context, _ plugin.ConnectionID, o settings.Object) (service.WebhookSeen, error) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	return s.r.seen[o], nil
}

func (s hooksSeen) StockSeen(context.Context, plugin.ConnectionID) (service.StockSeen, error) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	return s.r.stock, nil
}

// answer is what a request got.
type answer struct {
	*goquery.Document
	t      *testing.T
	status int
	header http.Header
	raw    string
}

func (r *rig) do(method, path, contentType string, body io.Reader, header http.Header) *answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+mount+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := r.client.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(raw)))
	if err != nil {
		r.t.Fatal(err)
	}
	return &answer{doc, r.t, res.StatusCode, res.Header, string(raw)}
}

func (r *rig) get(path string) *answer {
	r.t.Helper()
	return r.do(http.MethodGet, path, "", nil, nil)
}

// post sends a form with the session's token.
func (r *rig) post(path string, form url.Values) *answer {
	r.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	if !form.Has(plugin.CSRFField) {
		form.Set(plugin.CSRFField, token)
	}
	return r.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), nil)
}

// want checks the status and shows the page when it differs.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status = %d, want %d; page says: %s", a.status, status, squeeze(a.Find("body").Text()))
	}
	return a
}

// leads answers where a redirect goes, relative to the mount, without what was done.
func (a *answer) leads() (path, done string) {
	a.t.Helper()
	a.want(http.StatusSeeOther)
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		a.t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, mount), u.Query().Get("done")
}

func (a *answer) says(words string) *answer {
	a.t.Helper()
	if !strings.Contains(squeeze(a.Find(".kb").Text()), words) {
		a.t.Errorf("page does not say %q but: %s", words, squeeze(a.Find(".kb").Text()))
	}
	return a
}

func (a *answer) doesNotSay(words string) *answer {
	a.t.Helper()
	if strings.Contains(squeeze(a.Find(".kb").Text()), words) {
		a.t.Errorf("page says %q", words)
	}
	return a
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// form reads the settings form as a browser would post it.
func (a *answer) form() url.Values {
	a.t.Helper()
	out := url.Values{}
	form := a.Find("form.kb-settings")
	if form.Length() != 1 {
		a.t.Fatalf("%d settings forms on the page: %s", form.Length(), squeeze(a.Find("body").Text()))
	}
	form.Find("input[name]").Each(func(_ int, in *goquery.Selection) {
		name, value := in.AttrOr("name", ""), in.AttrOr("value", "on")
		if _, checked := in.Attr("checked"); in.AttrOr("type", "") != "checkbox" || checked {
			out.Add(name, value)
		}
	})
	form.Find("select[name]").Each(func(_ int, sel *goquery.Selection) {
		chosen := sel.Find("option[selected]").First()
		if chosen.Length() == 0 {
			chosen = sel.Find("option").First()
		}
		out.Set(sel.AttrOr("name", ""), chosen.AttrOr("value", ""))
	})
	return out
}

// connected makes a connection through the page, switched on, and answers its path.
func (r *rig) connected() string {
	r.t.Helper()
	path, done := r.post("/connect", url.Values{"key": {r.crm.Key()}}).leads()
	if done != "connected" {
		r.t.Fatalf("connecting led to %s, done %q", path, done)
	}
	if _, done = r.post(path+"/switch", url.Values{"on": {"1"}}).leads(); done != "switched_on" {
		r.t.Fatalf("switching on: done %q", done)
	}
	return path
}

func (r *rig) conn(path string) settings.Connection {
	r.t.Helper()
	c, err := r.store.Get(r.t.Context(), plugin.ConnectionID(strings.TrimPrefix(path, "/c/")))
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// running makes a connection whose orders go to KeyCRM, as if its first synchronisation had never been.
func (r *rig) running(target settings.Target) string {
	r.t.Helper()
	path := r.connected()
	form := r.get(path).want(http.StatusOK).form()
	form.Set("products", "on")
	form.Set("target", string(target))
	form.Set("source", "7")
	form.Set("pipeline", "1")
	form.Set("add_ons.nocall", "skip")
	form.Set("add_ons_card.nocall", "skip")
	if _, done := r.post(path, form).leads(); done != "saved" {
		r.t.Fatalf("saving: done %q", done)
	}
	r.db.MustExec(`DELETE FROM keybridge.run`)
	return path
}
