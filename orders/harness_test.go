package orders_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/testbed"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const shopID plugin.ShopID = "s1"

// rig is a shop, a CRM behind real HTTP, our tables in a real Postgres, and a clock that stands.
type rig struct {
	t     *testing.T
	bed   *testbed.Bed
	db    *sqlx.DB
	clock *clock.Fake
	store *settings.Store
	shop  *orderstest.Shop
	crm   *keycrmtest.Server
	x     *orders.Exporter
	conn  settings.Connection
	dead  int // how often a task was left for a person
	// active tells whether the plugin is; nil: always.
	active func(plugin.ShopID) bool

	mu   sync.Mutex
	wrap func(orders.Sink) orders.Sink // what stands between exporter and CRM; nil: nothing
}

func newRig(t *testing.T, opts ...keycrmtest.Option) *rig {
	t.Helper()
	r := &rig{
		t: t, clock: clock.NewFake(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)), shop: orderstest.New(shopID),
	}
	r.bed = testbed.New(t, r.clock, append([]keycrmtest.Option{
		keycrmtest.WithClock(r.clock.Now), keycrmtest.WithManualWebhooks(), keycrmtest.WithStrict(),
	}, opts...)...)
	r.db, r.store, r.crm = r.bed.DB, r.bed.Settings, r.bed.CRM
	r.conn = r.connect(orderstest.Settings())
	r.x = r.exporter(orders.Config{Request: 2 * time.Second})
	r.clock.Advance(time.Minute)
	return r
}

// connect makes a running connection with these settings.
func (r *rig) connect(set settings.Orders) settings.Connection {
	r.t.Helper()
	return r.bed.Connect(shopID, "KeyCRM", "", testbed.Orders(set))
}

func (r *rig) save(c settings.Connection, set settings.Orders) settings.Connection {
	r.t.Helper()
	return r.bed.Save(c, testbed.Orders(set))
}

// exporter is one process's exporter; several may work on one rig.
func (r *rig) exporter(cfg orders.Config) *orders.Exporter {
	return orders.New(orders.Deps{
		DB: r.db, Clock: r.clock, Log: slog.New(declaredMoves{slog.DiscardHandler, r.t}), Connections: r.store, Shop: r.shop.Open,
		Sink: r.sink, PluginID: "keybridge", Active: r.active, Config: cfg,
	})
}

// declaredMoves fails a test in which a step goes a way that nobody has drawn.
type declaredMoves struct {
	slog.Handler
	t *testing.T
}

func (h declaredMoves) Enabled(_ context.Context, l slog.Level) bool { return l == slog.LevelError }

func (h declaredMoves) Handle(_ context.Context, rec slog.Record) error {
	if strings.Contains(rec.Message, "undeclared move") {
		rec.Attrs(func(a slog.Attr) bool {
			h.t.Errorf("%s: %s", rec.Message, a)
			return true
		})
	}
	return nil
}

func (r *rig) sink(ctx context.Context, id plugin.ConnectionID) (orders.Sink, error) {
	open, err := r.bed.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wrap != nil {
		return r.wrap(open), nil
	}
	return open, nil
}

func (r *rig) wrapSink(wrap func(orders.Sink) orders.Sink) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrap = wrap
}

// place stores an order in the shop and notes it, as a hook does.
func (r *rig) place(id plugin.OrderID, change ...func(*plugin.Order)) int64 {
	r.t.Helper()
	o := orderstest.Order(id, r.clock.Now())
	for _, c := range change {
		c(&o)
	}
	r.shop.Put(o)
	if _, err := r.x.Put(r.t.Context(), orderstest.PlacementOf(shopID, o)); err != nil {
		r.t.Fatal(err)
	}
	return r.entry(id).ID
}

// work does everything that is due now, as relay and workers do.
func (r *rig) work() {
	r.t.Helper()
	ctx := r.t.Context()
	for range 50 {
		tasks, err := r.x.Due(ctx, r.clock.Now(), 100)
		if err != nil {
			r.t.Fatal(err)
		}
		if len(tasks) == 0 {
			return
		}
		for _, task := range tasks {
			switch err := r.x.Handle(ctx, task.Row); {
			case errors.Is(err, jobs.ErrDead):
				r.dead++
			case err != nil:
				r.t.Fatal(err)
			}
		}
	}
	r.t.Fatal("work is due for ever")
}

// pass lets time go by in small steps, working at each.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	const tick = 10 * time.Second
	for ; d > 0; d -= tick {
		r.clock.Advance(min(tick, d))
		r.work()
	}
}

func (r *rig) entry(id plugin.OrderID) orders.Entry {
	r.t.Helper()
	e, err := r.x.ByOrder(r.t.Context(), shopID, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

func (r *rig) wantState(id plugin.OrderID, want orders.EntryState, why orders.Reason) orders.Entry {
	r.t.Helper()
	e := r.entry(id)
	if e.State != want || e.Reason != why {
		r.t.Fatalf("order %s: state %s, reason %q %v, want %s, %q\nsteps %+v", id, e.State, e.Reason, e.Params, want, why, e.Steps)
	}
	return e
}

// wantOrders checks how many orders the CRM has of a number.
func (r *rig) wantOrders(uuid string, want int) {
	r.t.Helper()
	n := 0
	for _, o := range r.crm.Orders() {
		if o.SourceUUID == uuid {
			n++
		}
	}
	if n != want {
		r.t.Fatalf("the CRM has %d orders %s, want %d", n, uuid, want)
	}
}

// posts counts requests that create an order, answered or not.
func (r *rig) posts() int {
	n := 0
	for _, q := range r.crm.Requests() {
		if q.Method == http.MethodPost && q.Path == "/v1/order" {
			n++
		}
	}
	return n
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func parse(t *testing.T, id string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
