package engine

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/calendar"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/migrations"
	"github.com/keybridge/keybridge/plugin"
)

// fleet is many connections and the schedulers over them. Runs are begun and ended by hand, without a
// CRM or a shop behind them.
type fleet struct {
	tb    testing.TB
	db    *sqlx.DB
	clock *clock.Fake
	store *settings.Store
}

func newFleet(tb testing.TB, connections int, set string) *fleet {
	tb.Helper()
	f := &fleet{tb: tb, clock: clock.NewFake(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))}
	f.db = pgtest.NewMigrated(tb, "fleet", func(db *sqlx.DB) error { return migrations.Apply(context.Background(), db) })
	f.store = settings.NewStore(f.db, nil, f.clock)
	_, err := f.db.Exec(`
		INSERT INTO keybridge.connection
			(id, shop_id, crm, position, name, key_hint, account, enabled, ready_at, version, settings, created_at, updated_at)
		SELECT 'connection-' || i, 'shop-' || i, 'keycrm', 1, 'KeyCRM', '', '', true, $2, 1, $3::jsonb, $2, $2
		FROM generate_series(1, $1) i`, connections, f.clock.Now(), set)
	f.must(err)
	_, err = f.db.Exec(`ANALYZE keybridge.connection`)
	f.must(err)
	return f
}

// usual are the settings of a merchant who set no schedule.
const usual = `{"catalog": {"products": true, "categories": true}}`

func (f *fleet) must(err error) {
	f.tb.Helper()
	if err != nil {
		f.tb.Fatal(err)
	}
}

// engine is one more process.
func (f *fleet) engine() *Engine {
	kyiv, err := time.LoadLocation("Europe/Kyiv")
	f.must(err)
	return New(Deps{
		DB: f.db, Clock: f.clock, Log: slog.New(slog.DiscardHandler), Connections: f.store, PluginID: "crm",
		Shop: func(context.Context, plugin.ShopID) (plugin.Shop, error) { return shopIn{zone: kyiv}, nil },
	})
}

// shopIn is a shop of which schedules ask the time zone alone.
type shopIn struct {
	plugin.Shop
	zone *time.Location
}

func (s shopIn) Profile(context.Context) (plugin.Profile, error) {
	return plugin.Profile{Zone: s.zone}, nil
}

// settleAll lets every connection get its schedule.
func (f *fleet) settleAll(e *Engine, connections int) {
	f.tb.Helper()
	n := 0
	for before := -1; n > before; {
		before = n
		f.must(e.Tick(f.tb.Context()))
		f.must(f.db.Get(&n, `SELECT count(*) FROM keybridge.calendar`))
	}
	if n != connections*len(catalog.Kinds()) {
		f.tb.Fatalf("%d schedules of %d connections", n, connections)
	}
	_, err := f.db.Exec(`ANALYZE keybridge.calendar`)
	f.must(err)
}

// end ends a run well, as its worker would.
func (f *fleet) end(e *Engine, id int64) {
	f.tb.Helper()
	run, ok, err := e.t.Store.Runs.Claim(f.tb.Context(), id, f.clock.Now(), f.clock.Now().Add(time.Minute))
	f.must(err)
	if !ok {
		f.tb.Fatalf("run %d is not to be had", id)
	}
	f.must(e.t.Store.Runs.Finish(f.tb.Context(), f.db, run, catalog.Done, store.Outcome{}, f.clock.Now()))
}

// begun lists the runs that were started since.
func (f *fleet) begun(since int64) []catalog.Run {
	f.tb.Helper()
	var out []catalog.Run
	const q = `SELECT id, connection_id AS connection, kind, created_at AS createdat FROM keybridge.run WHERE id > $1 ORDER BY id`
	f.must(f.db.Select(&out, q, since))
	return out
}

func TestSchedulersAtOnceStartEachRunOnce(t *testing.T) {
	t.Parallel()
	const connections, moments = 60, 12
	f := newFleet(t, connections, `{"catalog": {"products": true}, "schedules": {"full": {"mode": "off"}, "prices": {"mode": "every", "minutes": 30}}}`)
	engines := []*Engine{f.engine(), f.engine(), f.engine()}
	f.settleAll(engines[0], connections)
	last := int64(0)
	for range moments {
		f.clock.Advance(30 * time.Minute)
		var wg sync.WaitGroup
		for _, e := range engines {
			for range 2 {
				wg.Go(func() {
					if err := e.Tick(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		runs := f.begun(last)
		if len(runs) != connections {
			t.Fatalf("%d runs were started for %d connections", len(runs), connections)
		}
		// Their ends and more ticks at once: nothing is due again, whoever asks.
		for i, r := range runs {
			last = max(last, r.ID)
			wg.Go(func() { f.end(engines[i%len(engines)], r.ID) })
		}
		for _, e := range engines {
			wg.Go(func() {
				if err := e.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

// TestSchedulersMeetTheEndsOfRuns lets runs become due, wait and end all at once: between a
// connection's runs there is no overlap, and none that had to wait is forgotten.
func TestSchedulersMeetTheEndsOfRuns(t *testing.T) {
	t.Parallel()
	const connections = 40
	f := newFleet(t, connections, `{"catalog": {"products": true}, "schedules": {"full": {"mode": "every", "minutes": 30}, "prices": {"mode": "every", "minutes": 30}}}`)
	engines := []*Engine{f.engine(), f.engine()}
	f.settleAll(engines[0], connections)
	last := int64(0)
	for range 6 {
		f.clock.Advance(30 * time.Minute)
		begun := map[plugin.ConnectionID]map[catalog.Kind]int{}
		for count := 0; count < 2*connections; {
			runs := f.begun(last)
			var wg sync.WaitGroup
			for _, r := range runs {
				last = max(last, r.ID)
				if begun[r.Connection] == nil {
					begun[r.Connection] = map[catalog.Kind]int{}
				}
				begun[r.Connection][r.Kind]++
				wg.Go(func() { f.end(engines[0], r.ID) })
			}
			for _, e := range engines {
				wg.Go(func() {
					if err := e.Tick(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if count += len(runs); t.Failed() {
				return
			}
		}
		for id, kinds := range begun {
			if kinds[catalog.Full] != 1 || kinds[catalog.Prices] != 1 {
				t.Fatalf("%s: %v", id, kinds)
			}
		}
	}
}

// TestALateSchedulerStartsNothing lets a tick stand still between claiming its rows and starting their runs.
func TestALateSchedulerStartsNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2, usual)
	slow, quick := f.engine(), f.engine()
	f.settleAll(slow, 2)
	ctx := t.Context()
	f.clock.Advance(24 * time.Hour)
	var once sync.Once
	shop := slow.t.Deps.Shop
	slow.t.Deps.Shop = func(ctx context.Context, id plugin.ShopID) (plugin.Shop, error) {
		once.Do(func() {
			f.must(quick.Tick(ctx))
			if runs := f.begun(0); len(runs) != 0 {
				t.Fatalf("%d runs of rows that are claimed were started", len(runs))
			}
			f.clock.Advance(2 * time.Minute) // longer than the lease
			f.must(quick.Tick(ctx))
			runs := f.begun(0)
			if len(runs) != 2 {
				t.Fatalf("%d runs were started in time", len(runs))
			}
			for _, r := range runs {
				f.end(quick, r.ID)
			}
		})
		return shop(ctx, id)
	}
	f.must(slow.Tick(ctx))
	if n := len(f.begun(0)); n != 2 {
		t.Errorf("late, %d more were", n-2)
	}
	f.must(quick.Tick(ctx))
	if n := len(f.begun(0)); n != 4 {
		t.Errorf("the runs that waited: %d in all, want 4", n)
	}
}

// day is what a simulated day came to.
type day struct {
	runs, waited int // waited for the connection's own run
	// waits of due runs for the tick that started them, in order; of those that had to wait for the
	// connection's own run, from its end.
	waits []time.Duration
	ticks map[int]time.Duration // by the minute of the day
	early uint64                // bytes in use after the first hour
	late  uint64                // and after the last
}

// dueKey names a schedule.
type dueKey struct {
	connection plugin.ConnectionID
	kind       catalog.Kind
}

// place is where the calendar has it.
func place(id plugin.ConnectionID, kind catalog.Kind, zone *time.Location) schedule.Place {
	return schedule.Place{Pattern: patterns()[calendar.Kind(kind)], Key: string(id) + "/" + string(kind), Zone: zone}
}

// live lets a day go by with a tick every so often. A full run takes two minutes, one of prices half
// a minute.
func (f *fleet) live(e *Engine, connections int, gap time.Duration) day {
	f.tb.Helper()
	kyiv, err := time.LoadLocation("Europe/Kyiv")
	f.must(err)
	start := f.clock.Now()
	due, free := map[dueKey]time.Time{}, map[plugin.ConnectionID]time.Time{}
	for i := range connections {
		id := plugin.ConnectionID(fmt.Sprintf("connection-%d", i+1))
		free[id] = start
		for _, kind := range catalog.Kinds() {
			due[dueKey{id, kind}] = schedule.Rule{}.First(start, place(id, kind, kyiv))
		}
	}
	// Our own notes are made room for now, so that what the memory grows by is the engine's.
	out := day{ticks: map[int]time.Duration{}, waits: make([]time.Duration, 0, connections*8)}
	ends, last := map[time.Time][]int64{}, int64(0)
	for f.clock.Now().Before(start.Add(24 * time.Hour)) {
		f.clock.Advance(gap)
		now := f.clock.Now()
		for _, id := range ends[now] {
			f.end(e, id)
		}
		delete(ends, now)
		before := time.Now()
		f.must(e.Tick(f.tb.Context()))
		out.ticks[int(now.Sub(start)/time.Minute)] += time.Since(before)
		for _, r := range f.begun(last) {
			last = r.ID
			key := dueKey{r.Connection, r.Kind}
			from := due[key]
			if free[r.Connection].After(from) {
				from = free[r.Connection]
				out.waited++
			}
			out.runs, out.waits = out.runs+1, append(out.waits, now.Sub(from))
			due[key] = schedule.Rule{}.Next(due[key], now, place(r.Connection, r.Kind, kyiv))
			takes := max(30*time.Second, gap)
			if r.Kind == catalog.Full {
				takes = 2 * time.Minute
			}
			free[r.Connection] = now.Add(takes)
			ends[now.Add(takes)] = append(ends[now.Add(takes)], r.ID)
		}
		switch now.Sub(start) {
		case time.Hour:
			out.early = inUse()
		case 24 * time.Hour:
			out.late = inUse()
		}
	}
	for key, at := range due {
		if late := f.clock.Now().Sub(at); late >= gap && !free[key.connection].After(at) {
			f.tb.Errorf("%v was due %s ago and not started", key, late)
		}
	}
	slices.Sort(out.waits)
	return out
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (d day) median() time.Duration { return d.waits[len(d.waits)/2] }

func (d day) longest() time.Duration { return d.waits[len(d.waits)-1] }

func TestADayOfManyConnections(t *testing.T) {
	t.Parallel()
	const connections, gap = 100, 2 * time.Minute
	f := newFleet(t, connections, usual)
	e := f.engine()
	f.settleAll(e, connections)
	d := f.live(e, connections, gap)
	if want := connections * 7; d.runs < want-2*connections/10 || d.runs > want {
		t.Errorf("%d runs in a day of %d connections, want about %d", d.runs, connections, want)
	}
	if d.longest() >= gap {
		t.Errorf("a due run waited %s for its turn, the ticks are %s apart", d.longest(), gap)
	}
}

// watchStatements counts the time of statements from now on, if the server was started so that it
// can (shared_preload_libraries = pg_stat_statements).
func (f *fleet) watchStatements() bool {
	f.tb.Helper()
	if _, err := f.db.Exec(`CREATE EXTENSION pg_stat_statements`); err != nil {
		return false
	}
	_, err := f.db.Exec(`SELECT pg_stat_statements_reset()`)
	return err == nil
}

// ticking answers what the server has spent on the statements of ticks, in milliseconds.
func (f *fleet) ticking() (ms float64) {
	f.tb.Helper()
	f.must(f.db.Get(&ms, `
		SELECT coalesce(sum(total_plan_time + total_exec_time), 0) FROM pg_stat_statements
		WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query LIKE ANY (ARRAY[
			'%UPDATE keybridge.calendar s SET look_at%', '%INSERT INTO keybridge.run %', '%WITH mine AS%',
			'%UPDATE keybridge.calendar_reconcile%', '%LEFT JOIN%FROM keybridge.calendar%', 'SELECT id, shop_id, crm, position%',
			'BEGIN%', 'COMMIT%'])`))
	return ms
}

// BenchmarkDayOf10000Connections is one day of a large host; see docs/performance.md.
func BenchmarkDayOf10000Connections(b *testing.B) {
	const connections = 10_000
	for b.Loop() {
		b.StopTimer()
		f := newFleet(b, connections, usual)
		e := f.engine()
		f.settleAll(e, connections)
		watched := f.watchStatements()
		b.StartTimer()
		d := f.live(e, connections, 5*time.Second)
		minutes := slices.Sorted(maps.Values(d.ticks))
		var sum time.Duration
		for _, m := range minutes {
			sum += m
		}
		ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
		if watched {
			b.ReportMetric(f.ticking()/float64(len(minutes)), "ms-of-database/minute")
		}
		b.ReportMetric(float64(d.runs), "runs")
		b.ReportMetric(float64(d.waited), "runs-behind-own-run")
		b.ReportMetric(ms(sum)/float64(len(minutes)), "ms-by-the-clock/minute")
		b.ReportMetric(ms(minutes[len(minutes)*99/100]), "ms-by-the-clock/p99-minute")
		b.ReportMetric(d.median().Seconds(), "s-wait-median")
		b.ReportMetric(d.longest().Seconds(), "s-wait-longest")
		b.ReportMetric(float64(d.early)/(1<<20), "MB-after-1h")
		b.ReportMetric(float64(d.late)/(1<<20), "MB-after-24h")
	}
}
