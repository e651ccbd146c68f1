package keybridge_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/hibiken/asynq"
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

// TestADayPassesWithoutSleeping runs the whole plugin, the shop and the CRM on one clock in one
// goroutine. The CRM counts requests by the same clock; none may be too many.
func TestADayPassesWithoutSleeping(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := clock.NewAlone(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	sim := keycrmtest.New(keycrmtest.WithCatalog(120, 150), keycrmtest.WithClock(c.Now), keycrmtest.WithManualWebhooks(), keycrmtest.WithLimit(12))
	redis, err := asynq.ParseRedisURI(localredis.New(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.New(t)
	engine, err := demoshop.Open(ctx, demoshop.Config{
		DB: db, Redis: redis, Logger: slog.New(slog.DiscardHandler), Clock: c,
		PublicURL: &url.URL{Scheme: "https", Host: "shop.example"},
		Secrets:   plugin.KeyRing{Current: "1", Keys: map[string][]byte{"1": bytes.Repeat([]byte{9}, 32)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	k, err := keybridge.New(engine, keybridge.WithTransport(sim.Transport()), keybridge.WithBudget(10))
	if err != nil {
		t.Fatal(err)
	}
	engine.Use(k)
	r := &rig{Keybridge: k, engine: engine, db: db, sim: sim}
	r.attach(t, plugin.RoleWeb)
	r.activate(t)
	r.bringCatalog(t)

	step, offer := k.Driven(), int64(0)
	for end := c.Now().Add(25 * time.Hour); c.Now().Before(end); c.Advance(time.Minute) {
		if err := step(ctx); err != nil {
			t.Fatalf("at %s: %v", c.Now(), err)
		}
		if offer == 0 && r.runs(t, "full") > 0 {
			p, _ := sim.Product(sim.ProductIDs()[0])
			offer = p.OfferIDs[0]
			if err := sim.SetPrice(offer, decimal.NewFromInt(4321)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if full, prices := r.runs(t, "full"), r.runs(t, "prices"); full < 1 || prices < 5 {
		t.Errorf("a day brought %d full runs and %d of prices, want 1 and 5 at least", full, prices)
	}
	var arrived int
	if err := db.Get(&arrived, `SELECT count(*) FROM keybridge.run_change WHERE new LIKE '4321%'`); err != nil || arrived != 1 {
		t.Errorf("the new price arrived %d times, %v", arrived, err)
	}
	for _, q := range sim.Requests() {
		if q.Status == http.StatusTooManyRequests {
			t.Fatalf("at %s the CRM found too many requests", q.At)
		}
	}
}

func (r *rig) runs(t *testing.T, kind string) int {
	t.Helper()
	var n int
	if err := r.db.Get(&n, `SELECT count(*) FROM keybridge.run WHERE kind = $1 AND state = 'done'`, kind); err != nil {
		t.Fatal(err)
	}
	return n
}

// bringCatalog connects the simulator's account and switches its catalog on.
func (r *rig) bringCatalog(t *testing.T) {
	t.Helper()
	conn, err := r.Settings().Create(t.Context(), demoshop.ShopID, "keycrm", "KeyCRM", r.sim.Key(), "account")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Settings().SetEnabled(t.Context(), conn.ID, true); err != nil {
		t.Fatal(err)
	}
	conn, err = r.Settings().Get(t.Context(), conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	set := conn.Settings
	set.Catalog = settings.Catalog{
		Products: true, Categories: true, Match: settings.MatchSKU, New: settings.NewPublish,
		Existing: settings.ExistingUpdate, Missing: settings.MissingNothing,
	}
	if _, err := r.Settings().Save(t.Context(), conn.ID, conn.Version, set, true, plugin.Operator{ID: "1"}); err != nil {
		t.Fatal(err)
	}
}
