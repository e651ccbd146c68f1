package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/calendar"
	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// ByScheduleID stands in a run for the operator when the run was due.
const ByScheduleID = "schedule"

// Kinds lists the kinds of runs that have schedules.
func Kinds() []Kind { return []Kind{Full, Prices} }

// patterns is what the merchant has who set nothing: everything once a night, prices every four hours.
func patterns() map[calendar.Kind]schedule.Pattern {
	return map[calendar.Kind]schedule.Pattern{
		calendar.Kind(Full):   {From: time.Hour, Length: 5 * time.Hour},
		calendar.Kind(Prices): {Every: 4 * time.Hour},
	}
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
	entries, err := e.schedules.Entries(ctx, calendar.Owner(id))
	out := make([]NextRun, len(entries))
	for i, n := range entries {
		out[i] = NextRun{Kind: Kind(n.Kind), Rule: n.Rule, At: n.At, LastStarted: n.LastStarted}
	}
	return out, err
}

// Reschedule makes the schedule of a connection follow its settings. A rule that is what it was keeps
// its moment; a new one starts from now. It is called when settings are saved or the connection is
// switched on; without that the tick does it within a minute. A connection that does not run is left
// alone. Errors: plugin.ErrNotFound.
func (e *Engine) Reschedule(ctx context.Context, id plugin.ConnectionID) error {
	return e.schedules.Reschedule(ctx, calendar.Owner(id))
}

// Tick starts what is due; see calendar.Calendar.
func (e *Engine) Tick(ctx context.Context) error { return e.calendar.Tick(ctx) }

// wakeDue lets the next tick start what had to wait for a run that waits for a person now.
func (e *Engine) wakeDue(ctx context.Context, id plugin.ConnectionID) error {
	return e.calendar.Wake(ctx, calendar.Owner(id))
}

func (e *Engine) active(ctx context.Context, shop plugin.ShopID) bool {
	return e.deps.Active == nil || e.deps.Active(ctx, shop)
}

// dueRuns starts runs for the calendar, whose owners are connections.
type dueRuns struct{ e *Engine }

var _ calendar.Handler[settings.Connection] = dueRuns{}

func (d dueRuns) Standing(ctx context.Context, owner calendar.Owner) (calendar.Standing[settings.Connection], error) {
	conn, err := d.e.deps.Connections.Get(ctx, plugin.ConnectionID(owner))
	if err != nil || !conn.Running() || !d.e.active(ctx, conn.Shop) {
		return calendar.Standing[settings.Connection]{}, err
	}
	zone, err := d.e.zone(ctx, conn.Shop)
	if err != nil {
		return calendar.Standing[settings.Connection]{}, err
	}
	rules := map[calendar.Kind]schedule.Rule{}
	for _, kind := range Kinds() {
		rules[calendar.Kind(kind)] = ruleOf(conn.Settings, kind)
	}
	return calendar.Standing[settings.Connection]{Running: true, Version: conn.Version, Zone: zone, Rules: rules, With: conn}, nil
}

func (e *Engine) zone(ctx context.Context, id plugin.ShopID) (*time.Location, error) {
	shop, err := e.deps.Shop(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("time zone of shop %q: %w", id, err)
	}
	profile, err := shop.Profile(ctx)
	if err != nil {
		return nil, fmt.Errorf("time zone of shop %q: %w", id, err)
	}
	return profile.Zone, nil
}

func (d dueRuns) Start(ctx context.Context, tx *sqlx.Tx, due []calendar.Due[settings.Connection], now time.Time) ([]int64, error) {
	return d.e.store.startDue(ctx, tx, due, now)
}

func (d dueRuns) Confirm(ctx context.Context, tx *sqlx.Tx, kept, lost []int64, now time.Time) error {
	if err := d.e.store.unstart(ctx, tx, lost); err != nil {
		return err
	}
	return d.e.store.replacePrices(ctx, tx, kept, false, now)
}

func (d dueRuns) Unscheduled(ctx context.Context) ([]calendar.Owner, error) {
	found, err := d.e.store.unscheduled(ctx)
	if err != nil {
		return nil, err
	}
	var out []calendar.Owner
	for _, c := range found {
		if d.e.active(ctx, c.Shop) {
			out = append(out, calendar.Owner(c.ID))
		}
	}
	return out, nil
}
