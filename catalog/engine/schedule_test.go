package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// plan sets when the catalog comes by itself.
func (w *world) plan(full, prices schedule.Rule) {
	w.t.Helper()
	c, err := w.set.Get(w.t.Context(), w.conn)
	must(w.t, err)
	c.Settings.Schedules = settings.Schedules{Full: full, Prices: prices}
	_, err = w.set.Save(w.t.Context(), w.conn, c.Version, c.Settings, true, plugin.Operator{ID: "1"})
	must(w.t, err)
	must(w.t, w.engine.Reschedule(w.t.Context(), w.conn))
}

// pass lets time go by with a tick every ten minutes.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
		w.clock.Advance(min(10*time.Minute, end.Sub(w.clock.Now())))
		must(w.t, w.engine.Tick(w.t.Context()))
	}
}

// started lists what was started, oldest first.
func (w *world) started() []catalog.Run {
	w.t.Helper()
	runs, err := w.engine.Runs(w.t.Context(), w.conn, 1000)
	must(w.t, err)
	var out []catalog.Run
	for i := len(runs) - 1; i >= 0; i-- {
		out = append(out, runs[i])
	}
	return out
}

// due answers when a kind is due next; zero: not by the clock.
func (w *world) due(kind catalog.Kind) time.Time {
	w.t.Helper()
	list, err := w.engine.NextRuns(w.t.Context(), w.conn)
	must(w.t, err)
	for _, n := range list {
		if n.Kind == kind && n.At != nil {
			return *n.At
		}
	}
	return time.Time{}
}

func (w *world) wantStarted(n int, why string) []catalog.Run {
	w.t.Helper()
	got := w.started()
	if len(got) != n {
		w.t.Fatalf("%s: %d runs were started, want %d: %+v", why, len(got), n, got)
	}
	return got
}

func off() schedule.Rule { return schedule.Rule{Mode: schedule.Off} }

func Map(minutes int) schedule.Rule {
	return schedule.Rule{Mode: schedule.Every, Minutes: minutes}
}

func after(kind catalog.Kind) schedule.Rule {
	return schedule.Rule{Mode: schedule.After, After: string(kind)}
}

func TestTheCatalogComesByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	must(t, w.engine.Tick(t.Context())) // nobody has made a schedule
	profile, err := w.shop.Profile(t.Context())
	must(t, err)
	full, prices := w.due(catalog.Full), w.due(catalog.Prices)
	if h := full.In(profile.Zone).Hour(); h < 1 || h >= 6 || full.Sub(start) > 24*time.Hour {
		t.Errorf("the full run is due at %s", full.In(profile.Zone))
	}
	if wait := prices.Sub(start); wait <= 0 || wait > 4*time.Hour {
		t.Errorf("prices are due after %s", wait)
	}
	w.clock.Advance(full.Sub(start) - time.Second)
	must(t, w.engine.Tick(t.Context()))
	run := w.wantStarted(1, "before the full run is due")[0]
	if run.Kind != catalog.Prices || run.StartedBy != catalog.ByScheduleID {
		t.Errorf("started %+v", run)
	}
	if run = w.finish(run.ID); run.State != catalog.Done {
		t.Errorf("the price run ended %s", run.State)
	}
	w.clock.Advance(time.Second)
	must(t, w.engine.Tick(t.Context()))
	run = w.wantStarted(2, "once it is due")[1]
	if run.Kind != catalog.Full || w.finish(run.ID).State != catalog.Done {
		t.Errorf("started %+v", run)
	}
	if gap := w.due(catalog.Full).Sub(full); gap != 24*time.Hour {
		t.Errorf("the next full run is due after %s", gap)
	}
}

func TestARuleThatStaysKeepsItsMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	profile, err := w.shop.Profile(t.Context())
	must(t, err)
	at := func(d time.Duration) schedule.Rule {
		return schedule.Rule{Mode: schedule.Times, Times: []string{w.clock.Now().Add(d).In(profile.Zone).Format("15:04")}}
	}
	w.plan(at(3*time.Minute), off())
	if got := w.due(catalog.Full).Sub(start); got != 24*time.Hour+3*time.Minute {
		t.Errorf("a time three minutes away is due after %s", got)
	}
	w.plan(at(6*time.Minute), Map(30))
	if got := w.due(catalog.Full).Sub(start); got != 6*time.Minute {
		t.Errorf("a time six minutes away is due after %s", got)
	}
	rule := at(6 * time.Minute)
	w.clock.Advance(2 * time.Minute)
	w.plan(rule, Map(30))
	w.edit(w.conn, func(s *settings.Catalog) { s.New = settings.NewSkip })
	must(t, w.engine.Reschedule(t.Context(), w.conn))
	if full, prices := w.due(catalog.Full).Sub(start), w.due(catalog.Prices).Sub(start); full != 6*time.Minute || prices != 30*time.Minute {
		t.Errorf("after two more saves they are due after %s and %s", full, prices)
	}
	w.plan(off(), Map(20))
	if full, prices := w.due(catalog.Full), w.due(catalog.Prices).Sub(start); !full.IsZero() || prices != 22*time.Minute {
		t.Errorf("after another rule they are due at %s and after %s", full, prices)
	}
}

func TestWhatWasMissedHappensOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.plan(off(), Map(30))
	w.clock.Advance(72*time.Hour + 10*time.Minute) // no process was up
	for range 3 {
		must(t, w.engine.Tick(t.Context()))
	}
	w.finish(w.wantStarted(1, "after three days without a tick")[0].ID)
	must(t, w.engine.Tick(t.Context()))
	w.wantStarted(1, "right after it")
	w.pass(20 * time.Minute)
	w.finish(w.wantStarted(2, "at its next moment")[1].ID)
	if at := w.due(catalog.Prices).Sub(start); at != 73*time.Hour {
		t.Errorf("due after %s: the beat of the interval is lost", at)
	}
}

func TestDueWhileARunGoesOnStartsRightAfterItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.plan(off(), Map(30))
	id := w.begin(catalog.Full)
	if again, err := w.engine.Start(t.Context(), w.conn, catalog.Prices, "1"); again != id || !errors.Is(err, catalog.ErrRunning) {
		t.Errorf("started by hand while run %d goes on: %d, %v", id, again, err)
	}
	w.pass(2 * time.Hour) // four moments pass
	w.wantStarted(1, "while a run goes on")
	w.finish(id)
	must(t, w.engine.Tick(t.Context()))
	run := w.wantStarted(2, "right after it")[1]
	if run.Kind != catalog.Prices {
		t.Errorf("started %+v", run)
	}
	w.finish(run.ID)
	must(t, w.engine.Tick(t.Context()))
	w.wantStarted(2, "the moments that passed count once")
	w.pass(30 * time.Minute)
	run = w.wantStarted(3, "at its next moment")[2]
	w.pass(time.Hour)
	must(t, w.engine.Cancel(t.Context(), run.ID))
	must(t, w.engine.Tick(t.Context()))
	w.wantStarted(4, "right after one that was cancelled")
}

func TestAfterAnotherRunThatEndedWell(t *testing.T) {
	t.Parallel()
	sim := small(t)
	w := newWorld(t, sim)
	w.plan(off(), after(catalog.Full))
	w.pass(24 * time.Hour)
	w.wantStarted(0, "nothing was started by hand")

	must(t, w.engine.Cancel(t.Context(), w.begin(catalog.Full)))
	must(t, w.engine.Tick(t.Context()))
	w.wantStarted(1, "after one that was cancelled")

	w.edit(w.conn, func(s *settings.Catalog) { s.Chosen = []string{"987654"} }) // gone from the CRM
	must(t, w.engine.Reschedule(t.Context(), w.conn))
	if run := w.finish(w.begin(catalog.Full)); run.State != catalog.Failed {
		t.Fatalf("the run ended %s", run.State)
	}
	must(t, w.engine.Tick(t.Context()))
	w.wantStarted(2, "after one that failed")

	w.edit(w.conn, func(s *settings.Catalog) { s.Chosen = nil })
	must(t, w.engine.Reschedule(t.Context(), w.conn))
	w.full()
	if at := w.due(catalog.Prices); !at.Equal(w.clock.Now()) {
		t.Errorf("with the end of the full run prices are due at %s", at)
	}
	w.engine = w.newEngine() // whoever ended it has died since
	must(t, w.engine.Tick(t.Context()))
	run := w.wantStarted(4, "after one that ended well")[3]
	if run.Kind != catalog.Prices || w.finish(run.ID).State != catalog.Done {
		t.Errorf("started %+v", run)
	}
	w.pass(24 * time.Hour)
	w.wantStarted(4, "each end counts once")
}

func TestAPausedConnectionStartsNothingAndCatchesUpOnce(t *testing.T) {
	t.Parallel()
	active := true
	for name, c := range map[string]struct{ pause, resume func(*world) }{
		"switched off": {
			func(w *world) { must(w.t, w.set.SetEnabled(w.t.Context(), w.conn, false)) },
			func(w *world) { must(w.t, w.set.SetEnabled(w.t.Context(), w.conn, true)) },
		},
		"shop inactive": {func(*world) { active = false }, func(*world) { active = true }},
	} {
		w := newWorld(t, small(t))
		w.active = func(plugin.ShopID) bool { return active }
		w.engine = w.newEngine()
		w.plan(off(), Map(30))
		c.pause(w)
		w.pass(26 * time.Hour)
		w.wantStarted(0, name)
		c.resume(w)
		w.pass(10 * time.Minute)
		must(t, w.engine.Tick(t.Context()))
		w.finish(w.wantStarted(1, name+", and back")[0].ID)
		must(t, w.engine.Tick(t.Context()))
		w.wantStarted(1, name+", and back a while")
	}
}

func TestWhatIsNotWantedIsNotDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t), func(s *settings.Catalog) { s.Products = false })
	w.plan(Map(60), Map(30))
	if !w.due(catalog.Prices).IsZero() || w.due(catalog.Full).IsZero() {
		t.Errorf("without products prices are due at %s, categories at %s", w.due(catalog.Prices), w.due(catalog.Full))
	}
	w.plan(off(), Map(30))
	w.pass(26 * time.Hour)
	w.edit(w.conn, func(s *settings.Catalog) { s.Products = true })
	w.pass(10 * time.Minute)
	w.wantStarted(0, "what was switched off was not missed")
	if got := w.due(catalog.Prices).Sub(start); got != 26*time.Hour+40*time.Minute {
		t.Errorf("prices are due after %s", got)
	}
}

func TestAConnectionThatIsNotReadyHasNoSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	c, err := w.set.Create(t.Context(), demoshop.ShopID, "keycrm", "second", w.sim.Key(), "second")
	must(t, err)
	must(t, w.set.SetEnabled(t.Context(), c.ID, true))
	must(t, w.engine.Reschedule(t.Context(), c.ID))
	w.pass(30 * time.Hour)
	list, err := w.engine.NextRuns(t.Context(), c.ID)
	must(t, err)
	runs, err := w.engine.Runs(t.Context(), c.ID, 10)
	must(t, err)
	if len(list) != 0 || len(runs) != 0 {
		t.Errorf("it has %v and %v", list, runs)
	}
	if err := w.engine.Reschedule(t.Context(), "gone"); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("an unknown connection: %v", err)
	}
}
