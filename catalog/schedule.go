package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// ByScheduleID stands in a run for the operator when the run was due.
const ByScheduleID = "schedule"

const (
	// dueBatch is how many due runs are started at a time.
	dueBatch = 200
	// lookAgain is when a row that waits for the run that goes on is looked at although that run has
	// not ended: its end is what wakes the row, so this only mends.
	lookAgain = 10 * time.Minute
	// checkEvery is how often schedules are compared with connections.
	checkEvery = time.Minute
	// checkBatch is how many connections one comparison mends; the rest follow at the next tick.
	checkBatch = 200
)

// Kinds lists the kinds of runs that have schedules.
func Kinds() []Kind { return []Kind{Full, Prices} }

// pattern is what the merchant has who set nothing: everything once a night, prices every four hours.
func pattern(kind Kind) schedule.Pattern {
	if kind == Prices {
		return schedule.Pattern{Every: 4 * time.Hour}
	}
	return schedule.Pattern{From: time.Hour, Length: 5 * time.Hour}
}

// wanted reports whether a run of that kind would bring anything.
func wanted(set settings.Catalog, kind Kind) bool {
	return set.Products || set.Categories && kind == Full
}

// ruleOf answers the rule a kind follows: what would bring nothing is off.
func ruleOf(set settings.Settings, kind Kind) schedule.Rule {
	if !wanted(set.Catalog, kind) {
		return schedule.Rule{Mode: schedule.Off}
	}
	return set.Schedules.Rules()[string(kind)].Tidy()
}

// NextRun is when a kind of run is due next.
type NextRun struct {
	Kind Kind
	Rule schedule.Rule
	// At is in UTC; nil: not by the clock. One that is past waits for the run that goes on, or for the
	// connection to be switched on.
	At *time.Time
	// LastStarted is when the schedule last started one; nil: never.
	LastStarted *time.Time
}

// NextRuns answers when runs of a connection are due, one of each kind; none while the connection has
// no schedule yet.
func (e *Engine) NextRuns(ctx context.Context, id plugin.ConnectionID) ([]NextRun, error) {
	return e.store.nextRuns(ctx, id)
}

// Reschedule makes the schedule of a connection follow its settings. A rule that is what it was keeps
// its moment; a new one starts from now. It is called when settings are saved or the connection is
// switched on; without that the tick does it within a minute. A connection that does not run is left
// alone. Errors: plugin.ErrNotFound.
func (e *Engine) Reschedule(ctx context.Context, id plugin.ConnectionID) error {
	conn, err := e.deps.Connections.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("reschedule: %w", err)
	}
	if !conn.Running() {
		return nil
	}
	return e.reschedule(ctx, conn, zones{})
}

func (e *Engine) reschedule(ctx context.Context, conn settings.Connection, known zones) error {
	zone, err := e.zone(ctx, conn.Shop, known)
	if err != nil {
		return fmt.Errorf("reschedule %s: %w", conn.ID, err)
	}
	var rows []scheduled
	for _, kind := range Kinds() {
		r := scheduled{Connection: conn.ID, Kind: kind, Rule: ruleOf(conn.Settings, kind), Zone: zone.String(), Version: conn.Version}
		r.DueAt = r.Rule.First(e.now(), place(conn.ID, kind, zone))
		rows = append(rows, r)
	}
	return e.store.reschedule(ctx, rows)
}

func place(id plugin.ConnectionID, kind Kind, zone *time.Location) schedule.Place {
	return schedule.Place{Pattern: pattern(kind), Key: string(id) + "/" + string(kind), Zone: zone}
}

// zones remembers the time zones of shops for as long as one piece of work lasts.
type zones map[plugin.ShopID]*time.Location

func (e *Engine) zone(ctx context.Context, id plugin.ShopID, known zones) (*time.Location, error) {
	if z := known[id]; z != nil {
		return z, nil
	}
	shop, err := e.deps.Shop(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("time zone of shop %q: %w", id, err)
	}
	profile, err := shop.Profile(ctx)
	if err != nil {
		return nil, fmt.Errorf("time zone of shop %q: %w", id, err)
	}
	known[id] = profile.Zone
	if profile.Zone == nil {
		known[id] = time.UTC
	}
	return known[id], nil
}

// Tick starts what is due. Any number of processes may call it at once, every few seconds: each due
// run is started by one of them. What was due several times while nobody ticked is started once.
func (e *Engine) Tick(ctx context.Context) error {
	for {
		n, err := e.startDue(ctx)
		if err != nil {
			return fmt.Errorf("start due runs: %w", err)
		}
		if n < dueBatch {
			break
		}
	}
	return e.checkSchedules(ctx)
}

// startDue takes up a batch of due rows and answers how many there were.
func (e *Engine) startDue(ctx context.Context) (int, error) {
	now := e.now()
	rows, err := e.store.claimDue(ctx, now, now.Add(e.deps.Config.Lease), dueBatch)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	known := zones{}
	var turns []turn
	for _, row := range rows {
		t, err := e.dispatchOf(ctx, row, known)
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case err != nil: // the row is taken up again when its lease is over
			e.deps.Log.Warn("schedule", "connection", row.Connection, "kind", row.Kind, "error", err.Error())
		case t.judged:
			turns = append(turns, t)
		}
	}
	return len(rows), e.store.settleDue(ctx, turns, now, now.Add(lookAgain))
}

// turn is what becomes of a due row.
type turn struct {
	row scheduled
	// judged is false for a row that needs nothing more.
	judged bool
	// park: the connection is paused; the row stays due and nobody looks at it until it goes on.
	park bool
	conn settings.Connection
	// next is when it is due again once it is started; zero: not by the clock.
	next time.Time
}

func (e *Engine) dispatchOf(ctx context.Context, row scheduled, known zones) (turn, error) {
	conn, err := e.deps.Connections.Get(ctx, row.Connection)
	if errors.Is(err, plugin.ErrNotFound) {
		return turn{row: row, judged: true, park: true}, nil
	}
	if err != nil {
		return turn{}, err
	}
	if !conn.Running() || !e.active(ctx, conn.Shop) {
		return turn{row: row, judged: true, park: true}, nil
	}
	if conn.Version != row.Version { // saved, and whoever saved it came no further
		return turn{}, e.reschedule(ctx, conn, known)
	}
	zone, err := e.zone(ctx, conn.Shop, known)
	if err != nil {
		return turn{}, err
	}
	row.Zone = zone.String()
	next := row.Rule.Next(row.DueAt, e.now(), place(conn.ID, row.Kind, zone))
	return turn{row: row, judged: true, conn: conn, next: next}, nil
}

func (e *Engine) active(ctx context.Context, shop plugin.ShopID) bool {
	return e.deps.Active == nil || e.deps.Active(ctx, shop)
}

// checkSchedules finds running connections whose schedule is missing, older than their settings or
// parked, and mends it. One process does it for all, once a minute.
func (e *Engine) checkSchedules(ctx context.Context) error {
	mine, err := e.store.takeCheck(ctx, e.now(), e.now().Add(-checkEvery))
	if err != nil || !mine {
		return err
	}
	found, err := e.store.unscheduled(ctx)
	if err != nil {
		return err
	}
	tried, known := 0, zones{}
	for _, c := range found {
		if !e.active(ctx, c.Shop) {
			continue
		}
		if tried++; tried > checkBatch {
			return e.store.askCheck(ctx)
		}
		conn, err := e.deps.Connections.Get(ctx, c.ID)
		if err == nil && conn.Running() {
			err = e.reschedule(ctx, conn, known)
		}
		if err != nil && !errors.Is(err, plugin.ErrNotFound) {
			e.deps.Log.Warn("schedule", "connection", c.ID, "error", err.Error())
		}
	}
	return nil
}
