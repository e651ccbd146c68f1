package hooks_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/hooks"
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

const shopID plugin.ShopID = "s1"

// rig is a shop, a CRM with its triggers set, our tables in a real Postgres, and a clock that stands.
type rig struct {
	t      *testing.T
	bed    *testbed.Bed
	db     *sqlx.DB
	clock  *clock.Fake
	store  *settings.Store
	shop   *orderstest.Shop
	crm    *keycrmtest.Server
	x      *orders.Exporter
	hooks  *hooks.Hooks
	web    *httptest.Server
	conn   settings.Connection
	links  map[settings.Object]string // addresses
	active atomic.Bool
	gates  gates
	// ungranted is what the budget says instead of granting a request; nil: it grants.
	ungranted error
	// reader wraps what reads the CRM; nil: nothing does. config changes the timings.
	reader func(hooks.Reader) hooks.Reader
	config hooks.Config
	// panics: reading does, as a bug would.
	panics bool
	stocks noted
}

func newRig(t *testing.T, opts ...keycrmtest.Option) *rig {
	t.Helper()
	r := &rig{
		t: t, clock: clock.NewFake(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)), shop: orderstest.New(shopID),
		links:  map[settings.Object]string{},
		config: hooks.Config{Answer: time.Minute}, // a busy machine is no database that hangs
	}
	r.active.Store(true)
	r.bed = testbed.New(t, r.clock, append([]keycrmtest.Option{
		keycrmtest.WithClock(r.clock.Now), keycrmtest.WithManualWebhooks(),
	}, opts...)...)
	r.db, r.store, r.crm = r.bed.DB, r.bed.Settings, r.bed.CRM
	r.conn = r.bed.Connect(shopID, "KeyCRM", "", testbed.Orders(orderstest.Settings()))
	r.x = r.exporter(r.shop.Open)
	r.hooks = r.newHooks(r.db, r.store)
	r.web = httptest.NewServer(http.StripPrefix("/hooks", r.hooks.Webhooks()))
	t.Cleanup(r.web.Close)
	r.triggers()
	r.clock.Advance(time.Minute)
	return r
}

func (r *rig) exporter(shop func(context.Context, plugin.ShopID) (plugin.Shop, error)) *orders.Exporter {
	return orders.New(orders.Deps{
		DB: r.db, Clock: r.clock, Log: slog.New(slog.DiscardHandler), Connections: r.store, Shop: shop,
		Sink: func(ctx context.Context, id plugin.ConnectionID) (orders.Sink, error) { return r.open(ctx, id) },
		Noticed: func(ctx context.Context, id plugin.ConnectionID, t settings.Target, crmID string) {
			r.hooks.Inbox().Look(ctx, id, t, crmID)
		},
		PluginID: "keybridge",
	})
}

func (r *rig) newHooks(db *sqlx.DB, store *settings.Store) *hooks.Hooks {
	return hooks.New(hooks.Deps{
		DB: db, Clock: r.clock, Log: slog.New(slog.DiscardHandler), Links: store, Connections: store, Orders: r.x,
		Stocks: &r.stocks, Shop: r.openShop,
		Reader: func(ctx context.Context, id plugin.ConnectionID) (hooks.Reader, error) {
			c, err := r.open(ctx, id)
			if err != nil || r.reader == nil {
				return c, err
			}
			return r.reader(c), nil
		},
		Config:   r.config,
		PluginID: "keybridge", CRMName: "KeyCRM", Active: func(plugin.ShopID) bool { return r.active.Load() },
	})
}

func (r *rig) open(ctx context.Context, id plugin.ConnectionID) (*connector.Connector, error) {
	if r.panics {
		panic("a bug in reading")
	}
	return r.bed.Open(ctx, id, keycrm.WithBudget(func(context.Context, keycrm.Request) error { return r.ungranted }))
}

func (r *rig) save(set settings.Orders) {
	r.t.Helper()
	r.conn = r.bed.Save(r.conn, testbed.Orders(set))
}

// triggers sets the merchant's automation in the CRM: one trigger for orders, one for cards.
func (r *rig) triggers() {
	r.t.Helper()
	for object, trigger := range map[settings.Object]keycrmtest.Trigger{
		settings.ObjectOrder: {Event: keycrmtest.EventOrderStatus, Active: true},
		settings.ObjectCard:  {Event: keycrmtest.EventCardStatus, Active: true},
	} {
		link, err := r.store.EnsureLink(r.t.Context(), r.conn.ID, object)
		if err != nil {
			r.t.Fatal(err)
		}
		r.links[object] = r.web.URL + "/hooks/" + string(object) + "s/" + link.Token
		trigger.URL = r.links[object]
		r.crm.AddTrigger(trigger)
	}
}

// place puts an order through the checkout's hook and exports it; it answers the CRM's id.
func (r *rig) place(id plugin.OrderID) int64 {
	r.t.Helper()
	o := orderstest.Order(id, r.clock.Now())
	r.shop.Put(o)
	r.inTx(func(tx *sqlx.Tx) { r.hooks.Listener().PlacedTx(r.t.Context(), tx, orderstest.PlacementOf(shopID, o)) })
	r.work()
	e := r.entry(id)
	crmID, err := strconv.ParseInt(e.CRMID, 10, 64)
	if err != nil {
		r.t.Fatalf("order %s is %s, %s %v; want it in the CRM", id, e.State, e.Reason, e.Params)
	}
	return crmID
}

func (r *rig) entry(id plugin.OrderID) orders.Entry {
	r.t.Helper()
	e, err := r.x.ByOrder(r.t.Context(), shopID, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

func (r *rig) inTx(do func(*sqlx.Tx)) {
	r.t.Helper()
	tx, err := r.db.BeginTxx(r.t.Context(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	do(tx)
	if err := tx.Commit(); err != nil {
		r.t.Fatalf("the checkout does not commit: %v", err)
	}
}

// work delivers the CRM's webhooks and does everything that is due, until nothing is.
func (r *rig) work() {
	r.t.Helper()
	ctx := r.t.Context()
	for range 50 {
		if err := r.crm.DeliverWebhooks(ctx); err != nil {
			r.t.Fatal(err)
		}
		exports, err := r.x.Due(ctx, r.clock.Now(), 100)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, task := range exports {
			if err := r.x.Handle(ctx, task.Row); err != nil {
				r.t.Fatal(err)
			}
		}
		if n := r.workInbox(); n+len(exports) == 0 {
			return
		}
	}
	r.t.Fatal("work is due for ever")
}

func (r *rig) workInbox() int {
	r.t.Helper()
	ctx := r.t.Context()
	tasks, err := r.hooks.Inbox().Due(ctx, r.clock.Now(), 100)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, task := range tasks {
		if err := r.hooks.Inbox().Handle(ctx, task.Row); err != nil {
			r.t.Fatal(err)
		}
	}
	return len(tasks)
}

// inShop moves an order in the shop, which tells us.
func (r *rig) inShop(id plugin.OrderID, status string) {
	r.t.Helper()
	r.shop.Edit(id, func(o *plugin.Order) { o.Status = status })
	if err := r.x.StatusChanged(r.t.Context(), shopID, id, r.clock.Now()); err != nil {
		r.t.Error(err)
	}
}

// manager moves an order in the CRM, a little later than what was before.
func (r *rig) manager(crmID, status int64) {
	r.t.Helper()
	r.clock.Advance(10 * time.Second)
	if err := r.crm.SetOrderStatus(crmID, status); err != nil {
		r.t.Fatal(err)
	}
}

// last is the newest line of the webhook journal.
func (r *rig) last() hooks.EventView {
	r.t.Helper()
	events, err := r.hooks.Inbox().Events(r.t.Context(), r.conn.ID, "", 1)
	if err != nil {
		r.t.Fatal(err)
	}
	if len(events) == 0 {
		r.t.Fatal("the webhook journal is empty")
	}
	return events[0]
}

func (r *rig) wantLast(outcome hooks.Outcome, why hooks.Reason) hooks.EventView {
	r.t.Helper()
	got := r.last()
	if got.Outcome != outcome || got.Reason != why {
		r.t.Fatalf("outcome %s, reason %q %v; want %s, %q", got.Outcome, got.Reason, got.Params, outcome, why)
	}
	return got
}

func (r *rig) wantStatus(id plugin.OrderID, want string) {
	r.t.Helper()
	if got := r.shop.Order(id).Status; got != want {
		r.t.Fatalf("order %s is %q in the shop, want %q", id, got, want)
	}
}

// call sends a request to the webhook address and answers the status.
func (r *rig) call(method, url, contentType, body string) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// reads counts the orders read from the CRM one by one.
func (r *rig) reads() int {
	n := 0
	for _, q := range r.crm.Requests() {
		if q.Method == http.MethodGet && strings.HasPrefix(q.Path, "/v1/order/") && !strings.HasSuffix(q.Path, "/source") &&
			!strings.HasSuffix(q.Path, "/delivery-service") {
			n++
		}
	}
	return n
}
