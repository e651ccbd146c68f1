package calendar_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/calendar"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/migrations"
	"github.com/keybridge/keybridge/plugin"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var errBroken = errors.New("broken")

// world is a database with work that plants need and the calendars of several processes over it.
type world struct {
	t     *testing.T
	db    *sqlx.DB
	clock *clock.Fake
}

const (
	water calendar.Kind = "water"
	feed  calendar.Kind = "feed"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewFake(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))}
	w.db = pgtest.NewMigrated(t, "calendar", func(db *sqlx.DB) error { return migrations.Apply(context.Background(), db) })
	// One piece of work of a plant goes on at a time.
	_, err := w.db.Exec(`
		CREATE TABLE plant (id text PRIMARY KEY, version bigint NOT NULL, grows boolean NOT NULL DEFAULT true, minutes int NOT NULL);
		CREATE TABLE work (id bigserial PRIMARY KEY, plant text NOT NULL, kind text NOT NULL, confirmed boolean NOT NULL DEFAULT false, over boolean NOT NULL DEFAULT false);
		CREATE UNIQUE INDEX ON work (plant) WHERE NOT over`)
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// plant adds plants that are watered each half hour and fed after that.
func (w *world) plant(n int) {
	w.t.Helper()
	_, err := w.db.Exec(`INSERT INTO plant (id, version, minutes) SELECT 'plant-' || i, 1, 30 FROM generate_series(1, $1) i`, n)
	w.must(err)
}

// gardener is a part with kinds of its own, in one process.
type gardener struct {
	db       *sqlx.DB
	calendar *calendar.Calendar
	part     *calendar.Part[garden]
	// asked is called before a plant is looked at, started before the transaction goes on.
	asked   func(calendar.Owner) error
	started func() error
}

type garden struct{ pot string }

func (w *world) gardener() *gardener {
	g := &gardener{db: w.db, calendar: w.calendar()}
	g.part = calendar.Register(g.calendar, map[calendar.Kind]schedule.Pattern{water: {}, feed: {}}, g)
	return g
}

func (w *world) calendar() *calendar.Calendar {
	return calendar.New(calendar.Deps{DB: w.db, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Lease: 30 * time.Second})
}

func (g *gardener) Standing(ctx context.Context, owner calendar.Owner) (calendar.Standing[garden], error) {
	if g.asked != nil {
		if err := g.asked(owner); err != nil {
			return calendar.Standing[garden]{}, err
		}
	}
	var p struct {
		Version int64
		Grows   bool
		Minutes int
	}
	if err := g.db.GetContext(ctx, &p, `SELECT version, grows, minutes FROM plant WHERE id = $1`, owner); err != nil {
		return calendar.Standing[garden]{}, errors.Join(err, plugin.ErrNotFound)
	}
	return calendar.Standing[garden]{Running: p.Grows, Version: p.Version, With: garden{pot: "pot of " + string(owner)}, Rules: map[calendar.Kind]schedule.Rule{
		water: {Mode: schedule.Every, Minutes: p.Minutes}, feed: {Mode: schedule.After, After: string(water)},
	}}, nil
}

func (g *gardener) Start(ctx context.Context, tx *sqlx.Tx, due []calendar.Due[garden], _ time.Time) ([]int64, error) {
	if g.started != nil {
		if err := g.started(); err != nil {
			return nil, err
		}
	}
	ids := make([]int64, len(due))
	for i, d := range due {
		if d.With.pot != "pot of "+string(d.Owner) {
			return nil, fmt.Errorf("%s stands in the %s", d.Owner, d.With.pot)
		}
		var made []int64
		const q = `INSERT INTO work (plant, kind) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id`
		if err := tx.SelectContext(ctx, &made, q, d.Owner, d.Kind); err != nil {
			return nil, err
		}
		if len(made) > 0 {
			ids[i] = made[0]
		}
	}
	return ids, nil
}

func (g *gardener) Confirm(ctx context.Context, tx *sqlx.Tx, kept, lost []int64, _ time.Time) error {
	for _, id := range lost {
		if _, err := tx.ExecContext(ctx, `DELETE FROM work WHERE id = $1`, id); err != nil {
			return err
		}
	}
	for _, id := range kept {
		if _, err := tx.ExecContext(ctx, `UPDATE work SET confirmed = true WHERE id = $1`, id); err != nil {
			return err
		}
	}
	return nil
}

func (g *gardener) Unscheduled(ctx context.Context) (owners []calendar.Owner, err error) {
	const q = `SELECT p.id FROM plant p LEFT JOIN (` + calendar.CurrentRows + `) s ON s.owner = p.id AND s.version = p.version
		WHERE p.grows AND coalesce(s.kinds, 0) < 2`
	err = g.db.SelectContext(ctx, &owners, q, "{water,feed}")
	return owners, err
}

// finish ends what goes on.
func (w *world) finish(well bool) {
	w.t.Helper()
	var open []int64
	w.must(w.db.Select(&open, `SELECT id FROM work WHERE NOT over`))
	for _, id := range open {
		const q = `WITH finished AS (UPDATE work SET over = true WHERE id = $2 RETURNING plant AS owner, kind, $3::boolean AS well)` + calendar.WakeEnded
		res, err := w.db.Exec(q, w.clock.Now(), id, well)
		w.must(err)
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			w.t.Fatalf("%d pieces of work ended, %v", n, err)
		}
	}
}

// tick lets some time pass, and the process tick.
func (w *world) tick(g *gardener, after time.Duration) {
	w.t.Helper()
	w.clock.Advance(after)
	w.must(g.calendar.Tick(w.t.Context()))
}

// wantWork compares what was started in all, in order, with what should have been.
func (w *world) wantWork(why string, want ...calendar.Kind) {
	w.t.Helper()
	var got []calendar.Kind
	w.must(w.db.Select(&got, `SELECT kind FROM work WHERE confirmed ORDER BY id`))
	if !slices.Equal(got, want) {
		w.t.Fatalf("%s: started %v, want %v", why, got, want)
	}
}

func (w *world) count(q string) (n int) {
	w.t.Helper()
	w.must(w.db.Get(&n, q))
	return n
}

func TestWorkOfAnyOwnerIsStartedWhenItIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plant(1)
	g := w.gardener()
	w.tick(g, 0)
	w.tick(g, 30*time.Minute-time.Second)
	w.wantWork("before it is due")
	w.tick(g, time.Second)
	w.wantWork("when it is due", water)
	w.finish(false)
	w.tick(g, 0)
	w.wantWork("after work that went badly", water)
	w.tick(g, 30*time.Minute)
	w.finish(true)
	w.tick(g, 0)
	w.wantWork("after work that went well", water, water, feed)
	w.tick(g, 30*time.Minute)
	w.wantWork("while other work goes on", water, water, feed)
	w.finish(true)
	w.tick(g, 0)
	w.wantWork("once that is over", water, water, feed, water)

	entries, err := g.part.Entries(t.Context(), "plant-1")
	w.must(err)
	now := w.clock.Now()
	if len(entries) != 2 || entries[0].Kind != feed || entries[0].At != nil || entries[1].At == nil ||
		!entries[1].At.Equal(now.Add(30*time.Minute)) || entries[1].LastStarted == nil || !entries[1].LastStarted.Equal(now) {
		t.Errorf("entries %+v", entries)
	}
}

func TestWorkThatWasMissedIsStartedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plant(1)
	g := w.gardener()
	w.tick(g, 0)
	w.tick(g, 72*time.Hour+10*time.Minute)
	w.finish(false)
	w.tick(g, 0)
	w.wantWork("after three days without a tick", water)
	w.tick(g, 20*time.Minute)
	w.wantWork("on its beat again", water, water)
}

func TestWorkOfAnOwnerThatPausesIsMadeUpForOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plant(1)
	g := w.gardener()
	w.tick(g, 0)
	_, err := w.db.Exec(`UPDATE plant SET grows = false`)
	w.must(err)
	for range 5 {
		w.tick(g, 30*time.Minute)
	}
	w.wantWork("in winter")
	_, err = w.db.Exec(`UPDATE plant SET grows = true`)
	w.must(err)
	w.tick(g, time.Minute)
	w.tick(g, 0)
	w.wantWork("in spring", water)
	_, err = w.db.Exec(`DELETE FROM plant`)
	w.must(err)
	w.finish(false)
	w.tick(g, time.Hour)
	w.wantWork("of a plant that is gone", water)
}

func TestANewRuleStartsFromNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plant(1)
	g := w.gardener()
	w.tick(g, 0)
	w.clock.Advance(10 * time.Minute)
	_, err := w.db.Exec(`UPDATE plant SET version = 2`)
	w.must(err)
	w.must(g.part.Reschedule(t.Context(), "plant-1"))
	w.tick(g, 20*time.Minute)
	w.wantWork("due by a rule that has stayed", water)
	w.finish(false)
	w.clock.Advance(25 * time.Minute)
	_, err = w.db.Exec(`UPDATE plant SET version = 3, minutes = 20`)
	w.must(err)
	w.tick(g, 10*time.Minute)
	w.wantWork("due by the rule before alone", water)
	w.tick(g, 15*time.Minute)
	w.wantWork("before it is due by the new rule", water)
	w.tick(g, 5*time.Minute)
	w.wantWork("due by the new rule", water, water)
	if entries, err := g.part.Entries(t.Context(), "plant-1"); err != nil || !entries[1].At.Equal(w.clock.Now().Add(20*time.Minute)) {
		t.Errorf("entries %+v, %v", entries, err)
	}
	if err := g.part.Reschedule(t.Context(), "nobody's"); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("an unknown owner: %v", err)
	}
}

func TestTicksAtOnceStartWorkOnce(t *testing.T) {
	t.Parallel()
	const plants, processes = 300, 4
	w := newWorld(t)
	w.plant(plants)
	var all []*gardener
	for range processes {
		all = append(all, w.gardener())
	}
	w.tick(all[0], 0)
	w.tick(all[0], 0) // the second batch
	if n := w.count(`SELECT count(*) FROM keybridge.calendar`); n != 2*plants {
		t.Fatalf("%d rows", n)
	}
	for moment := 1; moment <= 3; moment++ {
		w.clock.Advance(30 * time.Minute)
		var wg sync.WaitGroup
		for _, g := range all {
			wg.Go(func() {
				if err := g.calendar.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.count(`SELECT count(*) FROM work WHERE confirmed`); n != moment*plants {
			t.Fatalf("%d pieces of work, want %d", n, moment*plants)
		}
		w.finish(false)
	}
}

// TestALateTickStartsNothing lets a tick stand still longer than its lease, before and in the midst of starting.
func TestALateTickStartsNothing(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(g *gardener, f func() error){
		"before": func(g *gardener, f func() error) { g.asked = func(calendar.Owner) error { return f() } },
		"amid":   func(g *gardener, f func() error) { g.started = f },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.plant(1)
			slow, quick := w.gardener(), w.gardener()
			w.tick(slow, 0)
			held := 0
			hold(slow, func() error {
				held++
				w.tick(quick, 0)
				w.wantWork("while the row is claimed")
				w.tick(quick, 31*time.Second)
				w.wantWork("by whoever is quicker", water)
				w.finish(false)
				return nil
			})
			w.tick(slow, 30*time.Minute)
			w.wantWork("late", water)
			if n := w.count(`SELECT count(*) FROM work`); n != 1 || held != 1 {
				t.Errorf("%d pieces of work are left, held %d times", n, held)
			}
		})
	}
}

func TestAPartThatFailsDoesNotStarveOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plant(1)
	g := w.gardener()
	bad := &broken{n: 700}
	part := calendar.Register(g.calendar, map[calendar.Kind]schedule.Pattern{"prune": {}}, bad)
	w.must(g.calendar.Tick(t.Context()))
	for i := range bad.n {
		w.must(part.Reschedule(t.Context(), bad.owner(i)))
	}
	bad.fails = true
	w.clock.Advance(30 * time.Minute) // those have been due longer, and fill several batches
	if err := g.calendar.Tick(t.Context()); !errors.Is(err, errBroken) {
		t.Errorf("the tick answers %v", err)
	}
	w.wantWork("beside a part that fails", water)
}

// broken is a part whose owners cannot be started, nor listed.
type broken struct {
	n     int
	fails bool
}

func (b *broken) owner(i int) calendar.Owner { return calendar.Owner(fmt.Sprintf("hedge-%d", i)) }

func (b *broken) Standing(context.Context, calendar.Owner) (calendar.Standing[int], error) {
	return calendar.Standing[int]{Running: true, Rules: map[calendar.Kind]schedule.Rule{"prune": {Mode: schedule.Every, Minutes: 5}}}, nil
}

func (b *broken) Start(context.Context, *sqlx.Tx, []calendar.Due[int], time.Time) ([]int64, error) {
	return nil, errBroken
}

func (b *broken) Confirm(context.Context, *sqlx.Tx, []int64, []int64, time.Time) error {
	return errBroken
}

func (b *broken) Unscheduled(context.Context) ([]calendar.Owner, error) {
	if b.fails {
		return nil, errBroken
	}
	return nil, nil
}

// TestRowsThatFailDoNotStarveTheRest gives one comparison more owners that cannot be asked than it repairs.
func TestRowsThatFailDoNotStarveTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plant(500)
	_, err := w.db.Exec(`UPDATE plant SET id = 'withered ' || id`)
	w.must(err)
	w.plant(50)
	g := w.gardener()
	g.asked = func(owner calendar.Owner) error {
		if strings.HasPrefix(string(owner), "withered") {
			return errBroken
		}
		return nil
	}
	for range 50 {
		w.tick(g, 0)
	}
	if n := w.count(`SELECT count(DISTINCT owner) FROM keybridge.calendar`); n != 50 {
		t.Errorf("%d of 50 have rows", n)
	}
}

func TestAKindThatNobodyHereKnowsIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.gardener()
	_, err := w.db.Exec(`INSERT INTO keybridge.calendar (owner, kind, rule, zone, version, due_at, look_at) VALUES ('o', 'later', '{}', 'UTC', 1, 'epoch', 'epoch')`)
	w.must(err)
	w.tick(g, time.Minute)
	if n := w.count(`SELECT count(*) FROM keybridge.calendar WHERE look_at = 'epoch' AND fence = 0`); n != 1 {
		t.Error("it was claimed")
	}
	defer func() {
		if recover() == nil {
			t.Error("a kind was registered twice")
		}
	}()
	calendar.Register(g.calendar, map[calendar.Kind]schedule.Pattern{water: {}}, &broken{})
}
