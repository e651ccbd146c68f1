package keybridge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// inStock is how many units of each product there are, and attempts how often one buyer tries.
const (
	inStock  = 25
	buyers   = 6
	attempts = 12
)

// TestNothingIsSoldTwice lets many buyers order from the real shop while orders and stock calls are on
// their way and full runs, price runs and stock calls write to the same products. In every snapshot
// of the shop its stock is at most what the CRM has less what was sold.
func TestNothingIsSoldTwice(t *testing.T) {
	t.Parallel()
	for _, target := range []settings.Target{settings.TargetOrders, settings.TargetCards} {
		t.Run(string(target), func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, target)
			ctx, stop := context.WithCancel(t.Context())
			var working, buying sync.WaitGroup
			for _, kind := range []string{orders.TaskKind, orders.TaskKind, hooks.TaskKind, catalog.StockTaskKind, catalog.StockTaskKind} {
				work := m.Worker(kind)
				working.Go(func() {
					m.until(ctx, func() error {
						_, err := work(t.Context())
						return err
					})
				})
			}
			working.Go(func() { m.until(ctx, m.run) })
			working.Go(func() { m.until(ctx, m.check) })
			for n := range buyers {
				buying.Go(func() { m.buy(n) })
			}
			buying.Wait()
			m.settleDown(ctx)
			stop()
			working.Wait()
			m.atTheEnd(target)
		})
	}
}

// market is a shop that sells two products of a CRM.
type market struct {
	*rig
	t        *testing.T
	url      string
	conn     plugin.ConnectionID
	offers   []int64
	variants []string
	runs     atomic.Int32
}

func newMarket(t *testing.T, target settings.Target) *market {
	t.Helper()
	m := &market{t: t, rig: &rig{db: pgtest.New(t), sim: keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(0, 0))}}
	for _, id := range m.sim.ProductIDs() {
		m.must(m.sim.DeleteProduct(id))
	}
	for i := range 2 {
		id := m.sim.AddProduct(keycrmtest.NewProduct{
			Product: keycrmtest.Product{Name: fmt.Sprintf("Товар %d", i)},
			Offers: []keycrmtest.Offer{{
				SKU: fmt.Sprintf("SKU-%d", i), Price: decimal.NewFromInt(250),
				Stock: map[int64]decimal.Decimal{keycrmtest.WarehouseKyiv: decimal.NewFromInt(inStock)},
			}},
		})
		p, _ := m.sim.Product(id)
		m.offers = append(m.offers, p.OfferIDs[0])
	}
	m.open()
	m.connectTo(target)
	id, err := m.Catalog().Start(t.Context(), m.conn, catalog.Full, "1")
	m.must(err)
	m.finish(id)
	m.must(m.db.SelectContext(t.Context(), &m.variants, `SELECT id::text FROM demoshop.variants WHERE sku LIKE 'SKU-%' ORDER BY sku`))
	if len(m.variants) != 2 {
		t.Fatalf("the shop has the variants %v", m.variants)
	}
	m.troubles()
	return m
}

// open starts the shop and the plugin in it. Work is done by the test alone.
func (m *market) open() {
	m.t.Helper()
	redis, err := asynq.ParseRedisURI(localredis.New(m.t).URL())
	m.must(err)
	web := httptest.NewUnstartedServer(nil)
	m.url = "http://" + web.Listener.Addr().String()
	at, err := url.Parse(m.url)
	m.must(err)
	m.engine, err = demoshop.Open(m.t.Context(), demoshop.Config{
		DB: m.db, Redis: redis, Logger: slog.New(slog.DiscardHandler), PublicURL: at,
		Secrets: plugin.KeyRing{Current: "1", Keys: map[string][]byte{"1": bytes.Repeat([]byte{9}, 32)}},
	})
	m.must(err)
	m.t.Cleanup(func() { _ = m.engine.Close() })
	m.Keybridge, err = keybridge.New(m.engine, keybridge.WithCRM(m.sim.BaseURL()), keybridge.WithBudget(100_000),
		keybridge.WithColdStart(time.Millisecond), keybridge.WithTimings(keybridge.Timings{ResendAfter: time.Second, LookupGap: time.Second}))
	m.must(err)
	m.engine.Use(m.Keybridge)
	m.attach(m.t, plugin.RoleWeb)
	m.activate(m.t)
	web.Config.Handler = m.engine.Handler()
	web.Start()
	m.t.Cleanup(web.Close)
}

// connectTo makes a connection that brings goods and sends orders, and tells the CRM its links.
func (m *market) connectTo(target settings.Target) {
	m.t.Helper()
	ctx := m.t.Context()
	c, err := m.Settings().Create(ctx, demoshop.ShopID, "keycrm", "KeyCRM", m.sim.Key(), "account")
	m.must(err)
	m.must(m.Settings().SetEnabled(ctx, c.ID, true))
	c, err = m.Settings().Get(ctx, c.ID)
	m.must(err)
	m.conn = c.ID
	set := c.Settings
	set.Catalog.Products, set.Catalog.New = true, settings.NewPublish
	set.Orders.Target, set.Orders.Pipeline = target, strconv.FormatInt(m.sim.Pipelines()[0].ID, 10)
	for _, s := range m.sim.Sources() {
		if s.Currency == demoshop.Currency {
			set.Orders.Source = strconv.FormatInt(s.ID, 10)
			break
		}
	}
	skip := settings.Choice{Skip: true}
	set.Orders.Payments = map[string]settings.Choice{"cash": skip}
	set.Orders.Deliveries = map[string]settings.Choice{"pickup": skip}
	_, err = m.Settings().Save(ctx, c.ID, c.Version, set, true, plugin.Operator{ID: "1"})
	m.must(err)
	link, err := m.Settings().EnsureLink(ctx, c.ID, settings.ObjectStock)
	m.must(err)
	m.sim.SetStockHook(keycrmtest.StockHook{URL: m.url + "/hooks/keycrm/stock/" + link.Token})
}

// troubles make the CRM slow and its calls untidy.
func (m *market) troubles() {
	for _, path := range []string{"/v1/order", "/v1/pipelines/cards"} {
		m.sim.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultSlow, Method: http.MethodPost, Path: path, Times: 1000, Delay: 50 * time.Millisecond})
		m.sim.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultCutAfter, Method: http.MethodPost, Path: path, Times: 2})
	}
	m.sim.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultHookTwice, Times: 5})
	m.sim.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultHookReorder, Times: 5})
}

func (m *market) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// until repeats f until ctx ends or the test fails.
func (m *market) until(ctx context.Context, f func() error) {
	for ctx.Err() == nil && !m.t.Failed() {
		if err := f(); err != nil {
			m.t.Error(err)
		}
	}
}

// run makes a run, each kind in its turn, after a price that gives it something to write.
func (m *market) run() error {
	n := int64(m.runs.Add(1))
	for _, o := range m.offers {
		if err := m.sim.SetPrice(o, decimal.NewFromInt(250+n%2)); err != nil {
			return err
		}
	}
	kind := catalog.Full
	if n%2 == 0 {
		kind = catalog.Prices
	}
	id, err := m.Catalog().Start(m.t.Context(), m.conn, kind, "1")
	if err != nil {
		return err
	}
	m.finish(id)
	return nil
}

func (m *market) finish(id int64) {
	for !m.t.Failed() {
		if err := m.Catalog().Handle(m.t.Context(), id); err != nil {
			m.t.Error(err)
			return
		}
		run, err := m.Catalog().Run(m.t.Context(), id)
		switch {
		case err != nil:
			m.t.Error(err)
			return
		case run.State == catalog.Done:
			return
		case run.State == catalog.Failed || run.State == catalog.Approval:
			m.t.Errorf("run %d is %s: %s %v %v", id, run.State, run.Code, run.Params, run.Guards)
			return
		}
	}
}

// check compares, in one snapshot of the shop, what it would still sell with what is left.
func (m *market) check() error {
	var rows []struct {
		SKU   string          `db:"sku"`
		Stock decimal.Decimal `db:"stock"`
		Sold  decimal.Decimal `db:"sold"`
	}
	err := m.db.SelectContext(m.t.Context(), &rows, `SELECT v.sku, v.stock,
			(SELECT coalesce(sum(l.quantity), 0) FROM demoshop.order_lines l WHERE l.variant_id = v.id) AS sold
		FROM demoshop.variants v WHERE v.sku LIKE 'SKU-%'`)
	for _, r := range rows {
		if left := decimal.NewFromInt(inStock).Sub(r.Sold); r.Stock.GreaterThan(left) {
			m.t.Errorf("%s: the shop would sell %s, but %s were sold of %d", r.SKU, r.Stock, r.Sold, inStock)
		}
	}
	return err
}

// buy tries to buy one unit after another.
func (m *market) buy(n int) {
	for i := range attempts {
		jar, err := cookiejar.New(nil)
		if err != nil {
			m.t.Error(err)
			return
		}
		client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		post := func(path string, form url.Values) int {
			res, err := client.PostForm(m.url+path, form)
			if err != nil {
				m.t.Error(err)
				return 0
			}
			defer func() { _ = res.Body.Close() }()
			return res.StatusCode
		}
		if post("/basket/add", url.Values{"variant": {m.variants[(n+i)%2]}, "qty": {"1"}}) != http.StatusSeeOther {
			continue // sold out
		}
		res, err := client.Get(m.url + "/checkout")
		if err != nil {
			m.t.Error(err)
			return
		}
		page, err := goquery.NewDocumentFromReader(res.Body)
		_ = res.Body.Close()
		if err != nil {
			m.t.Error(err)
			return
		}
		token, _ := page.Find(`#checkout input[name="token"]`).Attr("value")
		post("/checkout", url.Values{
			"token": {token}, "name": {"Олена Коваль"}, "phone": {"050 123 45 67"}, "delivery": {"pickup"}, "payment": {"cash"},
		})
	}
}

// settleDown waits until every order has arrived, no stock call waits and a few runs were made.
func (m *market) settleDown(ctx context.Context) {
	m.t.Helper()
	deadline, tick := time.After(4*time.Minute), time.NewTicker(100*time.Millisecond)
	defer tick.Stop()
	for !m.t.Failed() {
		// Who places an order does not wait long for our table, as it may be locked: the scan finds the rest.
		m.must(m.Scan(ctx))
		var open int
		err := m.db.GetContext(ctx, &open, `SELECT (SELECT count(*) FROM keybridge.outbox WHERE state <> 'done')
			+ (SELECT count(*) FROM keybridge.stock_notice WHERE next_at IS NOT NULL)`)
		m.must(err)
		if open == 0 && m.runs.Load() > 2 { // the last of them has begun
			return
		}
		select {
		case <-deadline:
			m.t.Fatalf("%d orders and stock calls are still open after %d runs", open, m.runs.Load())
		case <-tick.C:
		}
	}
}

// atTheEnd holds shop and CRM against each other.
func (m *market) atTheEnd(target settings.Target) {
	m.t.Helper()
	m.must(m.run())
	m.must(m.check())
	var placed int
	m.must(m.db.Get(&placed, `SELECT count(*) FROM demoshop.orders`))
	arrived := len(m.sim.Orders())
	if target == settings.TargetCards {
		arrived = len(m.sim.Cards())
	}
	if placed != arrived || placed == 0 || placed > 2*inStock {
		m.t.Errorf("%d orders were placed and %d arrived, of %d units", placed, arrived, 2*inStock)
	}
	for i, id := range m.offers {
		var stock, sold decimal.Decimal
		m.must(m.db.QueryRowx(`SELECT v.stock, (SELECT coalesce(sum(l.quantity), 0) FROM demoshop.order_lines l WHERE l.variant_id = v.id)
			FROM demoshop.variants v WHERE v.id = $1::bigint`, m.variants[i]).Scan(&stock, &sold))
		o, _ := m.sim.Offer(id)
		if target == settings.TargetOrders && !o.Reserve.Equal(sold) {
			m.t.Errorf("offer %d: %s are reserved in the CRM, %s were sold", id, o.Reserve, sold)
		}
		if want := decimal.NewFromInt(inStock).Sub(sold); !stock.Equal(want) {
			m.t.Errorf("offer %d: the shop ends with %s, want %s", id, stock, want)
		}
	}
	if err := m.deadlocks(); err != nil {
		m.t.Error(err)
	}
}

// deadlocks asks Postgres whether writers waited for each other.
func (m *market) deadlocks() error {
	var n int
	if err := sqlx.Get(m.db, &n, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); err != nil {
		return err
	}
	if n > 0 {
		return errors.New(strconv.Itoa(n) + " deadlocks")
	}
	return nil
}
