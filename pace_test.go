package keybridge_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// lockstep is a clock for a world of several workers: it moves on when all of them sleep, to the
// moment at which the first wakes. Work takes no time on it.
type lockstep struct {
	*clock.Fake
	mu       sync.Mutex
	busy     int // workers that do not sleep
	sleepers []sleeper
}

type sleeper struct {
	at   time.Time
	wake chan struct{}
}

func newLockstep(start time.Time) *lockstep { return &lockstep{Fake: clock.NewFake(start)} }

// Sleep implements clock.Clock.
func (l *lockstep) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	s := sleeper{at: l.Now().Add(d), wake: make(chan struct{})}
	l.mu.Lock()
	l.sleepers = append(l.sleepers, s)
	l.busy--
	l.move()
	l.mu.Unlock()
	<-s.wake // whoever ends the context waits for its end too, so the clock may go on till then
	return ctx.Err()
}

// move wakes who sleeps the shortest when nobody works.
func (l *lockstep) move() {
	if l.busy > 0 || len(l.sleepers) == 0 {
		return
	}
	first := 0
	for i, s := range l.sleepers {
		if s.at.Before(l.sleepers[first].at) {
			first = i
		}
	}
	s := l.sleepers[first]
	l.sleepers = slices.Delete(l.sleepers, first, first+1)
	l.busy++
	l.Advance(max(0, s.at.Sub(l.Now())))
	close(s.wake)
}

// work runs f as one of the workers.
func (l *lockstep) work(wg *sync.WaitGroup, f func()) {
	l.mu.Lock()
	l.busy++
	l.mu.Unlock()
	wg.Go(func() {
		defer func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.busy--
			l.move()
		}()
		f()
	})
}

// paceSize is the catalog of the pace tests: small ones for every day, those of `make bench` when it
// asks.
func paceSize() (products, offers int) {
	if os.Getenv("KEYBRIDGE_PACE") == "" {
		return 1000, 1200
	}
	return 10_000, 12_000
}

// TestPaceAtTheLimit makes two runs at the CRM's limit of 60 requests a minute, the first alone and the
// second while buyers buy: they take as long as their requests must, none is refused, and orders
// hardly wait.
func TestPaceAtTheLimit(t *testing.T) {
	t.Parallel()
	p := newPace(t)
	p.connect(t)
	for _, tt := range []struct {
		name      string
		perMinute float64 // orders
		used      float64 // the part of the limit that shall be used
	}{{"alone", 0, 1}, {"with-orders", 10, 0.98}} {
		if tt.perMinute > 0 {
			p.firstOrder()
		}
		p.through(tt.perMinute)
		const n = float64(budget.DefaultPerMinute)
		took, asked, refused := p.measure()
		p.figure("pace-"+tt.name, took.Minutes()*n*tt.used/float64(asked), 1.02)
		p.figure("pace-"+tt.name+"-429", float64(refused), 0)
		t.Logf("%s: %d requests in %s", tt.name, asked, took)
	}
	waits := p.waits()
	p.figure("pace-order-p99-seconds", waits[int(math.Ceil(float64(len(waits))*0.99))-1].Seconds(), 2.5)
	t.Logf("%d orders, median %s, longest %s", len(waits), waits[len(waits)/2], waits[len(waits)-1])
}

type pace struct {
	*day
	t          *testing.T
	clock      *lockstep
	placed     []time.Time
	start, end time.Time
}

func newPace(t *testing.T) *pace {
	t.Helper()
	p := &pace{t: t, clock: newLockstep(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))}
	products, offers := paceSize()
	sim := keycrmtest.New(keycrmtest.WithCatalog(products, offers), keycrmtest.WithClock(p.clock.Now), keycrmtest.WithManualWebhooks())
	redis, err := asynq.ParseRedisURI(localredis.New(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(nil)
	public := &url.URL{Scheme: "http", Host: srv.Listener.Addr().String()}
	db := pgtest.New(t)
	engine, err := demoshop.Open(t.Context(), demoshop.Config{
		DB: db, Redis: redis, Logger: slog.New(slog.DiscardHandler), Clock: p.clock, PublicURL: public,
		Secrets: plugin.KeyRing{Current: "1", Keys: map[string][]byte{"1": bytes.Repeat([]byte{9}, 32)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	k, err := keybridge.New(pictureless{engine}, keybridge.WithTransport(sim.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	engine.Use(k)
	p.day = &day{rig: &rig{Keybridge: k, engine: engine, db: db, sim: sim}, url: public.String()}
	p.attach(t, plugin.RoleWeb)
	p.activate(t)
	srv.Config.Handler = engine.Handler()
	srv.Start()
	t.Cleanup(srv.Close)
	return p
}

// pictureless is a host whose shops take no pictures.
type pictureless struct{ *demoshop.Engine }

func (h pictureless) Shop(ctx context.Context, id plugin.ShopID) (plugin.Shop, error) {
	shop, err := h.Engine.Shop(ctx, id)
	return picturelessShop{shop}, err
}

type picturelessShop struct{ plugin.Shop }

func (s picturelessShop) Capabilities() plugin.Capabilities {
	return slices.DeleteFunc(slices.Clone(s.Shop.Capabilities()), func(c plugin.Capability) bool { return c == plugin.CapImages })
}

// through lets a run pass while orders are placed at random, so many a minute.
func (p *pace) through(perMinute float64) {
	p.t.Helper()
	before := p.fullRuns(p.t)
	if before > 0 {
		if err := p.StartFull(p.t.Context(), p.conn.ID); err != nil {
			p.t.Fatal(err)
		}
	}
	p.start = p.clock.Now()
	ctx, stop := context.WithCancel(p.t.Context())
	defer stop()
	var wg sync.WaitGroup
	p.clock.work(&wg, func() {
		defer stop()
		p.worker(ctx, catalog.TaskKind, func() bool { return p.fullRuns(p.t) > before })
		p.end = p.clock.Now()
	})
	if perMinute > 0 {
		never := func() bool { return false }
		p.clock.work(&wg, func() { p.worker(ctx, orders.TaskKind, never) })
		p.clock.work(&wg, func() { p.buyers(ctx, &wg, perMinute) })
	}
	wg.Wait()
}

// firstOrder is placed and sent before: what orders need to know of the account, three more requests,
// is read with it and believed for ten minutes.
func (p *pace) firstOrder() {
	p.buy(p.t)
	var wg sync.WaitGroup
	p.clock.work(&wg, func() {
		p.worker(p.t.Context(), orders.TaskKind, func() bool { return len(p.sim.Orders()) > 0 })
	})
	wg.Wait()
}

// worker does one kind of work, for which it looks once a second as the relay does.
func (p *pace) worker(ctx context.Context, kind string, over func() bool) {
	work := p.Worker(kind)
	for ctx.Err() == nil && !over() {
		n, err := work(p.t.Context())
		if err != nil {
			p.t.Error(err)
			return
		}
		if n == 0 && p.clock.Sleep(ctx, time.Second) != nil {
			return
		}
	}
}

// buyers place orders, each of which wakes a worker as the shop's word to the plugin does.
func (p *pace) buyers(ctx context.Context, wg *sync.WaitGroup, perMinute float64) {
	random := rand.New(rand.NewPCG(1, 2)) // the same buyers each time
	work := p.Worker(orders.TaskKind)
	for {
		d := time.Duration(random.ExpFloat64() / perMinute * float64(time.Minute))
		if p.clock.Sleep(ctx, d) != nil {
			return
		}
		p.placed = append(p.placed, p.clock.Now())
		p.buy(p.t)
		p.clock.work(wg, func() {
			if _, err := work(p.t.Context()); err != nil {
				p.t.Error(err)
			}
		})
	}
}

// measure answers how long the run took and how many requests arrived meanwhile.
func (p *pace) measure() (took time.Duration, asked, refused int) {
	for _, r := range p.sim.Requests() {
		if !strings.HasPrefix(r.Path, "/v1/") || r.At.Before(p.start) || r.At.After(p.end) {
			continue
		}
		asked++
		if r.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	return p.end.Sub(p.start), asked, refused
}

// waits answers how long orders were on their way, the shortest first.
func (p *pace) waits() []time.Duration {
	p.t.Helper()
	var arrived []time.Time
	for _, r := range p.sim.Requests() {
		if r.Method == http.MethodPost && r.Path == "/v1/order" && r.Status == http.StatusCreated && r.At.After(p.start) {
			arrived = append(arrived, r.At)
		}
	}
	if len(arrived) < len(p.placed)-2 || len(arrived) == 0 {
		p.t.Fatalf("%d orders were placed and %d arrived", len(p.placed), len(arrived))
	}
	var out []time.Duration
	for i, at := range arrived {
		out = append(out, at.Sub(p.placed[i]))
	}
	slices.Sort(out)
	return out
}

// figure prints what was measured and holds it to its goal.
func (p *pace) figure(name string, value, goal float64) {
	p.t.Helper()
	verdict := "pass"
	if value > goal {
		verdict = "FAIL"
		p.t.Errorf("%s is %.4g, want at most %g", name, value, goal)
	}
	fmt.Fprintf(os.Stdout, "figure=%s value=%.4g goal=<=%g %s\n", name, value, goal, verdict)
}
