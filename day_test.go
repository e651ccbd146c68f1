package keybridge_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// day is the whole plugin, the shop and the CRM on one clock in one goroutine. The CRM counts
// requests by the same clock.
type day struct {
	*rig
	clock clock.Alone
	url   string // of the shop
	conn  settings.Connection
}

func newDay(t *testing.T, start time.Time) *day {
	t.Helper()
	c := clock.NewAlone(start)
	sim := keycrmtest.New(keycrmtest.WithCatalog(120, 150), keycrmtest.WithClock(c.Now), keycrmtest.WithManualWebhooks(), keycrmtest.WithLimit(12))
	d := newDayOn(t, pgtest.New(t), c, sim, keybridge.WithBudget(10))
	d.activate(t)
	d.connect(t)
	return d
}

// newDayOn is a day in a database that may have seen days before.
func newDayOn(t *testing.T, db *sqlx.DB, c clock.Alone, sim *keycrmtest.Server, opts ...keybridge.Option) *day {
	t.Helper()
	d := &day{clock: c}
	redis, err := asynq.ParseRedisURI(localredis.New(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(nil)
	d.url = "http://" + srv.Listener.Addr().String()
	public, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := demoshop.Open(t.Context(), demoshop.Config{
		DB: db, Redis: redis, Logger: slog.New(slog.DiscardHandler), Clock: d.clock, PublicURL: public,
		Secrets: plugin.KeyRing{Current: "1", Keys: map[string][]byte{"1": bytes.Repeat([]byte{9}, 32)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	k, err := keybridge.New(engine, append(opts, keybridge.WithTransport(sim.Transport()))...)
	if err != nil {
		t.Fatal(err)
	}
	engine.Use(k)
	d.rig = &rig{Keybridge: k, engine: engine, db: db, sim: sim}
	d.attach(t, plugin.RoleWeb)
	srv.Config.Handler = engine.Handler()
	srv.Start()
	t.Cleanup(srv.Close)
	return d
}

// connect joins the simulator's account with everything switched on, and starts the first run as the
// page does.
func (d *day) connect(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	conn, err := d.Settings().Create(ctx, demoshop.ShopID, "keycrm", "KeyCRM", d.sim.Key(), "account")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Settings().SetEnabled(ctx, conn.ID, true); err != nil {
		t.Fatal(err)
	}
	if conn, err = d.Settings().Get(ctx, conn.ID); err != nil {
		t.Fatal(err)
	}
	set := conn.Settings
	set.Catalog.Products, set.Catalog.Categories, set.Catalog.Match = true, true, settings.MatchSKU
	set.Catalog.New, set.Catalog.Existing, set.Catalog.Missing = settings.NewPublish, settings.ExistingUpdate, settings.MissingNothing
	set.Orders.Target, set.Orders.Source = settings.TargetOrders, "7"
	set.Orders.OrderStatus = map[string]settings.Choice{"1": {Code: "new"}, "3": {Code: "confirmed"}}
	set.Orders.StatusOut = map[string]settings.Choice{"new": {Skip: true}, "confirmed": {Code: "3"}}
	set.Orders.Payments = map[string]settings.Choice{"cash": {Code: "1"}}
	set.Orders.Deliveries = map[string]settings.Choice{"pickup": {Code: "3"}}
	if d.conn, err = d.Settings().Save(ctx, conn.ID, conn.Version, set, true, plugin.Operator{ID: "1"}); err != nil {
		t.Fatal(err)
	}
	link, err := d.Settings().EnsureLink(ctx, conn.ID, settings.ObjectOrder)
	if err != nil {
		t.Fatal(err)
	}
	d.sim.AddTrigger(keycrmtest.Trigger{
		Name: "t", Event: keycrmtest.EventOrderStatus, URL: d.url + "/hooks/keycrm/orders/" + link.Token, Method: http.MethodPost, Active: true,
	})
	if err := d.StartFull(ctx, conn.ID); err != nil {
		t.Fatal(err)
	}
}

// buy places an order of whatever there is most of.
func (d *day) buy(t *testing.T) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	buyer := &http.Client{Jar: jar}
	var variant string
	if err := d.db.Get(&variant, `SELECT id FROM demoshop.variants WHERE orderable AND published ORDER BY stock DESC, id LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	send := func(path string, form url.Values) *goquery.Document {
		t.Helper()
		res, err := buyer.PostForm(d.url+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		page, err := goquery.NewDocumentFromReader(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", path, res.Status, err)
		}
		return page
	}
	send("/basket/add", url.Values{"variant": {variant}, "qty": {"1"}})
	res, err := buyer.Get(d.url + "/checkout")
	if err != nil {
		t.Fatal(err)
	}
	page, err := goquery.NewDocumentFromReader(res.Body)
	_ = res.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	page = send("/checkout", url.Values{
		"token": {page.Find(`#checkout input[name="token"]`).AttrOr("value", "")}, "name": {"Олена Коваль"},
		"phone": {"050 123 45 67"}, "delivery": {"pickup"}, "payment": {"cash"},
	})
	if page.Find("#order-number").Length() == 0 {
		t.Fatalf("the checkout shows no order: %s", page.Find(".bad, .problem").Text())
	}
}

// TestADayPassesWithoutSleeping: goods come, buyers buy all day long, a manager takes each order up
// half an hour later, and a price changes. None of the CRM's minutes sees too many requests.
func TestADayPassesWithoutSleeping(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := newDay(t, time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	step, offer, taken := d.Driven(), int64(0), map[int64]bool{}
	end := d.clock.Now().Add(25 * time.Hour)
	for n := 0; d.clock.Now().Before(end.Add(time.Hour)); n++ {
		if err := step(ctx); err != nil {
			t.Fatalf("at %s: %v", d.clock.Now(), err)
		}
		if offer == 0 && d.fullRuns(t) > 0 {
			p, _ := d.sim.Product(d.sim.ProductIDs()[0])
			offer = p.OfferIDs[0]
			if err := d.sim.SetPrice(offer, decimal.NewFromInt(4321)); err != nil {
				t.Fatal(err)
			}
		}
		if offer != 0 && n%23 == 0 && d.clock.Now().Before(end) {
			d.buy(t)
		}
		d.takeUp(t, taken)
		if err := d.sim.DeliverWebhooks(ctx); err != nil {
			t.Fatal(err)
		}
		d.clock.Advance(2 * time.Minute)
	}
	var arrived int
	if err := d.db.Get(&arrived, `SELECT count(*) FROM keybridge.run_change WHERE new LIKE '4321%'`); err != nil || arrived != 1 {
		t.Errorf("the new price arrived %d times, %v", arrived, err)
	}
	for _, q := range d.sim.Requests() {
		if q.Status == http.StatusTooManyRequests {
			t.Fatalf("at %s the CRM found too many requests", q.At)
		}
	}
	d.checkRuns(t)
	d.checkOrders(t)
}

// takeUp is the manager, who accepts orders half an hour after they have come.
func (d *day) takeUp(t *testing.T, taken map[int64]bool) {
	t.Helper()
	for _, o := range d.sim.Orders() {
		if !taken[o.ID] && d.clock.Now().Sub(o.CreatedAt) > 30*time.Minute {
			taken[o.ID] = true
			if err := d.sim.SetOrderStatus(o.ID, 3); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// checkRuns: the night brought one full run, and prices came every four hours, or right after a full run
// that went on at their moment, which differs from one connection to another.
func (d *day) checkRuns(t *testing.T) {
	t.Helper()
	var at []time.Time
	const q = `SELECT created_at FROM keybridge.run WHERE kind = $1 AND state = 'done' AND started_by = 'schedule' ORDER BY id`
	if err := d.db.Select(&at, q, "full"); err != nil {
		t.Fatal(err)
	}
	kyiv, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	if len(at) != 1 || at[0].In(kyiv).Hour() < 1 || at[0].In(kyiv).Hour() > 6 {
		t.Errorf("full runs at %v, want one between 1:00 and 6:00 in Kyiv", at)
	}
	at = nil
	if err := d.db.Select(&at, q, "prices"); err != nil {
		t.Fatal(err)
	}
	if len(at) != 6 && len(at) != 7 {
		t.Errorf("prices came %d times in 26 hours", len(at))
	}
	var longest float64 // seconds
	if err := d.db.Get(&longest, `SELECT max(extract(epoch FROM finished_at - created_at)) FROM keybridge.run WHERE kind = 'full'`); err != nil {
		t.Fatal(err)
	}
	late := 5*time.Minute + time.Duration(longest)*time.Second
	if late > time.Hour {
		t.Errorf("a full run went on for %s", late)
	}
	for i := 1; i < len(at); i++ {
		if pause := at[i].Sub(at[i-1]); pause < 4*time.Hour-late || pause > 4*time.Hour+late {
			t.Errorf("prices came at %s and at %s, want four hours between", at[i-1], at[i])
		}
	}
}

// checkOrders: the CRM has each order once, and the shop each status.
func (d *day) checkOrders(t *testing.T) {
	t.Helper()
	var orders []struct{ Number, Status string }
	if err := d.db.Select(&orders, `SELECT number, status FROM demoshop.orders`); err != nil || len(orders) < 25 {
		t.Fatalf("%d orders were placed, %v", len(orders), err)
	}
	times := d.inCRM()
	for _, o := range orders {
		if times[o.Number] != 1 || o.Status != "confirmed" {
			t.Errorf("order %s is %d times in the CRM and %q in the shop", o.Number, times[o.Number], o.Status)
		}
	}
	if len(times) != len(orders) {
		t.Errorf("the CRM has %d orders, the shop %d", len(times), len(orders))
	}
}

// inCRM counts the orders of the CRM by the shop's number.
func (d *day) inCRM() map[string]int {
	times := map[string]int{}
	for _, o := range d.sim.Orders() {
		times[o.SourceUUID]++
	}
	return times
}

// fullRuns counts the full runs that are done.
func (r *rig) fullRuns(t *testing.T) int {
	t.Helper()
	var n int
	if err := r.db.Get(&n, `SELECT count(*) FROM keybridge.run WHERE kind = 'full' AND state = 'done'`); err != nil {
		t.Fatal(err)
	}
	return n
}
