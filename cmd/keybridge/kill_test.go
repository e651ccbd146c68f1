package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/cmd/keybridge/internal/visit"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// mortal is a demo that a test kills and starts again. Postgres and the CRM live on outside of it;
// its Redis dies with it.
type mortal struct {
	t    *testing.T
	dsn  string
	db   *sqlx.DB
	sim  *keycrmtest.Server
	dir  string
	port int
	env  []string // of the process
	args []string // more of them

	mu      sync.Mutex // held while the process starts, so that it is killed only once its pages answer
	process *child
	kills   atomic.Int32
}

func newMortal(t *testing.T, opts ...keycrmtest.Option) *mortal {
	t.Helper()
	m := &mortal{
		t: t, dsn: pgtest.DSN(t), dir: t.TempDir(), port: freePort(t),
		sim: keycrmtest.Start(t, append([]keycrmtest.Option{keycrmtest.WithLimit(0), keycrmtest.WithPictureSize(48)}, opts...)...),
	}
	var err error
	if m.db, err = sqlx.Connect("postgres", m.dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.db.Close() })
	m.env = []string{"DATABASE_URL=" + m.dsn, "REDIS_URL="}
	return m
}

func (m *mortal) shopURL() string { return fmt.Sprintf("http://127.0.0.1:%d", m.port) }

// start starts the demo and returns once its pages answer.
func (m *mortal) start() {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.process = startChild(m.t, m.env, append([]string{
		"demo", "--blank", "--dir", m.dir, "--keycrm-key", m.sim.Key(), "--keycrm-url", m.sim.BaseURL(),
		"--quick-checks", "--shop-port", fmt.Sprint(m.port),
	}, m.args...)...)
	m.process.waitFor("Ctrl-C stops everything")
}

// kill sends SIGKILL to the running demo and returns once it is gone.
func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.process.kill()
	m.kills.Add(1)
}

// connect sets the integration up as a merchant does.
func (m *mortal) connect(ctx context.Context) *visit.Merchant {
	m.t.Helper()
	merchant := m.merchant(ctx)
	if err := merchant.Connect(ctx, m.sim.Key()); err != nil {
		m.t.Fatalf("connect: %v", err)
	}
	if err := merchant.Save(ctx, visit.Wishes{
		ByHand: true, Target: "Створювати в замовленнях", NewProducts: "Опублікувати", Source: "Мій магазин",
		AddOns: map[string]string{"Не дзвоніть мені": "Без дзвінка", "Листівка з вашим текстом": "Не передавати"},
	}); err != nil {
		m.t.Fatalf("save: %v", err)
	}
	return merchant
}

func (m *mortal) merchant(ctx context.Context) *visit.Merchant {
	m.t.Helper()
	staff, err := visit.SignIn(ctx, m.shopURL(), "admin", "demo")
	if err != nil {
		m.t.Fatalf("sign in: %v", err)
	}
	merchant := visit.NewMerchant(staff)
	if err := merchant.Open(ctx); err != nil && !errors.Is(err, visit.ErrNotConnected) {
		m.t.Fatalf("open the integration: %v", err)
	}
	return merchant
}

func (m *mortal) count(query string, args ...any) int {
	m.t.Helper()
	var n int
	if err := m.db.Get(&n, query, args...); err != nil {
		m.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// TestKilledCatalogRunEndsWhole kills the process after single requests of a run, amid its writes and
// amid its pictures. Started again each time, it ends with the whole catalog and nothing twice.
func TestKilledCatalogRunEndsWhole(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	m := newMortal(t, keycrmtest.WithCatalog(160, 240))
	m.start()

	dead, saved := make(chan struct{}, 1), make(chan struct{})
	killAfter := func(requests int32, counts func(keycrmtest.Request) bool) {
		var seen atomic.Int32
		m.sim.After(func(q keycrmtest.Request) {
			if counts(q) && seen.Add(1) == requests {
				m.kill()
				dead <- struct{}{}
			}
		})
	}
	// The first save starts the run. Only a run asks for products, and it gets none before the merchant
	// has seen that the settings are saved.
	killAfter(1, func(q keycrmtest.Request) bool {
		if q.Path != "/v1/products" {
			return false
		}
		select {
		case <-saved:
			return true
		case <-ctx.Done():
			return false
		}
	})
	m.connect(ctx)
	close(saved)
	for _, requests := range []int32{1, 2, 3, 5, 1} {
		m.awaitDeath(dead)
		killAfter(requests, func(keycrmtest.Request) bool { return true })
		m.start()
	}
	m.awaitDeath(dead)
	m.sim.After(nil)
	for _, moment := range []string{
		`SELECT count(*) >= 1 FROM demoshop.products`,
		`SELECT count(*) >= 100 FROM demoshop.products`,
		`SELECT count(*) >= 10 FROM demoshop.images`,
		`SELECT count(*) >= 100 FROM demoshop.images`,
	} {
		m.start()
		until(t, patience, moment, func(context.Context) error {
			var reached bool
			if err := m.db.Get(&reached, moment); err != nil || !reached {
				return errors.Join(err, errors.New("not reached"))
			}
			return nil
		})
		m.kill()
	}
	m.start()
	m.checkCatalog(ctx)
}

// awaitDeath waits until the process was killed by a request of its own.
func (m *mortal) awaitDeath(dead <-chan struct{}) {
	m.t.Helper()
	select {
	case <-dead:
	case <-time.After(patience):
		m.t.Fatalf("within %v the process has not sent the request at which it is killed (after %d kills)", patience, m.kills.Load())
	}
}

func (m *mortal) checkCatalog(ctx context.Context) {
	t := m.t
	t.Helper()
	until(t, patience, "the run ends", func(ctx context.Context) error {
		var stands string
		err := m.db.GetContext(ctx, &stands, `SELECT state || ' in ' || phase || ' at ' || phase_done || ' of ' || phase_total
			FROM keybridge.run ORDER BY id DESC LIMIT 1`)
		if err == nil && !strings.HasPrefix(stands, "done") {
			err = fmt.Errorf("the run is %s", stands)
		}
		return err
	})
	if runs, err := m.merchant(ctx).Runs(ctx); err != nil || runs[0].State != "done" {
		t.Errorf("the page shows %+v, %v, want the run done", runs, err)
	}
	products, offers, pictures := 0, 0, 0
	for _, id := range m.sim.ProductIDs() {
		if p, ok := m.sim.Product(id); ok && !p.Archived {
			products++
			pictures += len(p.Pictures)
			for _, o := range p.OfferIDs {
				if offer, ok := m.sim.Offer(o); ok && !offer.Archived {
					offers++
				}
			}
		}
	}
	for query, want := range map[string]int{
		`SELECT count(*) FROM demoshop.products`:                                                    products,
		`SELECT count(DISTINCT external_id) FROM demoshop.products`:                                 products,
		`SELECT count(*) FROM demoshop.variants`:                                                    offers,
		`SELECT count(*) FROM demoshop.images`:                                                      pictures,
		`SELECT count(*) FROM demoshop.categories`:                                                  len(m.sim.Categories()),
		`SELECT count(*) FROM keybridge.link_product WHERE product_id IS NOT NULL`:                  products,
		`SELECT count(*) FROM keybridge.link_product WHERE product_id IS NULL`:                      0,
		`SELECT count(*) FROM keybridge.link_variant`:                                               offers,
		`SELECT count(*) FROM keybridge.run_item WHERE kind = 'error'`:                              0,
		`SELECT count(*) FROM (SELECT 1 FROM demoshop.variants GROUP BY sku HAVING count(*) > 1) s`: 0,
	} {
		if got := m.count(query); got != want {
			t.Errorf("%s = %d, want %d (after %d kills)", query, got, want, m.kills.Load())
		}
	}
}

// TestKilledProcessLosesAndDoublesNoOrder kills the process right when the CRM has an order, before
// the answer is read, and at odd moments around checkouts. In the end every order of the shop is in
// the CRM once.
func TestKilledProcessLosesAndDoublesNoOrder(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	m := newMortal(t, keycrmtest.WithCatalog(30, 40))
	m.start()
	merchant := m.connect(ctx)
	if err := merchant.RunNow(ctx); err != nil {
		t.Fatal(err)
	}
	m.checkCatalog(ctx)

	placed := 0
	for round := range 6 {
		dead := make(chan struct{}, 1)
		var once sync.Once
		m.sim.After(func(q keycrmtest.Request) {
			if q.Method == http.MethodPost && q.Path == "/v1/order" {
				once.Do(func() { m.kill(); dead <- struct{}{} })
			}
		})
		for i := range 3 {
			// The process may be killed while a buyer is at the checkout: the buyer tries again, and the
			// same form places one order.
			if _, err := m.buy(ctx, fmt.Sprintf("Покупець %d-%d", round, i)); err == nil {
				placed++
			}
		}
		m.awaitDeath(dead)
		m.sim.After(nil)
		m.start()
	}
	m.checkOrders(placed)
	m.moveStatuses(ctx, func() { m.kill(); m.start() })
}

func (m *mortal) buy(ctx context.Context, name string) (visit.Bought, error) {
	buyer, err := visit.NewBuyer(m.shopURL())
	if err != nil {
		return visit.Bought{}, err
	}
	return buyer.Buy(ctx, visit.Purchase{
		Landing: "/?utm_source=kill", Search: "а", Fields: url.Values{
			"name": {name}, "phone": {"067 123 45 67"}, "delivery": {"pickup"}, "payment": {"cash"},
		},
	})
}

// checkOrders waits until the CRM has each order of the shop once.
func (m *mortal) checkOrders(placed int) {
	t := m.t
	t.Helper()
	if got := m.count(`SELECT count(*) FROM demoshop.orders`); got < placed || got == 0 {
		t.Fatalf("the shop has %d orders, buyers saw %d confirmed", got, placed)
	}
	until(t, patience, "every order is in the CRM", func(context.Context) error {
		var left []string
		err := m.db.Select(&left, `SELECT o.number || ' ' || coalesce(b.state, 'not noted') || ' ' || coalesce(b.reason, '')
			FROM demoshop.orders o LEFT JOIN keybridge.outbox b ON b.order_id = o.id::text
			WHERE b.state IS DISTINCT FROM 'done'`)
		if err != nil || len(left) > 0 {
			return errors.Join(err, fmt.Errorf("waiting: %v", left))
		}
		return nil
	})
	var numbers []string
	if err := m.db.Select(&numbers, `SELECT number FROM demoshop.orders ORDER BY number`); err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, o := range m.sim.Orders() {
		times[o.SourceUUID]++
	}
	for _, n := range numbers {
		if times[n] != 1 {
			t.Errorf("order %s is %d times in the CRM, want once (after %d kills)", n, times[n], m.kills.Load())
		}
	}
	if len(times) != len(numbers) {
		t.Errorf("the CRM has %d orders, the shop %d", len(times), len(numbers))
	}
}

// moveStatuses moves every order in the CRM and disturbs the process as soon as its webhooks were
// answered: what was answered with 200 is not lost.
func (m *mortal) moveStatuses(ctx context.Context, disturb func()) {
	t := m.t
	t.Helper()
	link, _, err := m.merchant(ctx).WebhookLink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m.sim.AddTrigger(keycrmtest.Trigger{Name: "t", Event: keycrmtest.EventOrderStatus, URL: link, Method: "POST", Active: true})
	for _, o := range m.sim.Orders() {
		if err := m.sim.SetOrderStatus(o.ID, 3); err != nil {
			t.Fatal(err)
		}
	}
	until(t, patience, "webhooks are answered", func(context.Context) error {
		for _, d := range m.sim.Deliveries() {
			if !d.Delivered() {
				return fmt.Errorf("delivery %d waits", d.ID)
			}
		}
		return nil
	})
	disturb()
	until(t, patience, "every order has moved in the shop", func(context.Context) error {
		if n := m.count(`SELECT count(*) FROM demoshop.orders WHERE status <> 'confirmed'`); n > 0 {
			return fmt.Errorf("%d orders have not moved", n)
		}
		return nil
	})
}
