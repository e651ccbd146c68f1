package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/calendar"
	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// patterns is what the merchant has who set nothing: everything once a night, prices every four hours.
func patterns() map[calendar.Kind]schedule.Pattern {
	return map[calendar.Kind]schedule.Pattern{
		calendar.Kind(catalog.Full):   {From: time.Hour, Length: 5 * time.Hour},
		calendar.Kind(catalog.Prices): {Every: 4 * time.Hour},
	}
}

// ruleOf answers the rule a kind follows: what would bring nothing is off.
func ruleOf(set settings.Settings, kind catalog.Kind) schedule.Rule {
	if !catalog.Brings(set.Catalog, kind) {
		return schedule.Rule{Mode: schedule.Off}
	}
	return set.Schedules.Rules()[string(kind)].Tidy()
}

// NextRuns answers when runs of a connection are due, one of each kind; none while the connection has
// no schedule yet.
func (e *Engine) NextRuns(ctx context.Context, id plugin.ConnectionID) ([]catalog.NextRun, error) {
	entries, err := e.schedules.Entries(ctx, calendar.Owner(id))
	out := make([]catalog.NextRun, len(entries))
	for i, n := range entries {
		out[i] = catalog.NextRun{Kind: catalog.Kind(n.Kind), Rule: n.Rule, At: n.At, LastStarted: n.LastStarted}
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

// Tick starts the runs that are due by the clock; see calendar.Calendar. Several processes may do so at once.
func (e *Engine) Tick(ctx context.Context) error { return e.t.Calendar.Tick(ctx) }

// dueRuns starts runs for the calendar, whose owners are connections.
type dueRuns struct{ e *Engine }

var _ calendar.Handler[settings.Connection] = dueRuns{}

func (d dueRuns) Standing(ctx context.Context, owner calendar.Owner) (calendar.Standing[settings.Connection], error) {
	conn, err := d.e.t.Deps.Connections.Get(ctx, plugin.ConnectionID(owner))
	if err != nil || !conn.Running() || !d.e.t.Active(ctx, conn.Shop) {
		return calendar.Standing[settings.Connection]{}, err
	}
	zone, err := d.e.zone(ctx, conn.Shop)
	if err != nil {
		return calendar.Standing[settings.Connection]{}, err
	}
	rules := map[calendar.Kind]schedule.Rule{}
	for _, kind := range catalog.Kinds() {
		rules[calendar.Kind(kind)] = ruleOf(conn.Settings, kind)
	}
	return calendar.Standing[settings.Connection]{Running: true, Version: conn.Version, Zone: zone, Rules: rules, With: conn}, nil
}

func (e *Engine) zone(ctx context.Context, id plugin.ShopID) (*time.Location, error) {
	shop, err := e.t.Deps.Shop(ctx, id)
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
	return d.e.t.Store.Runs.StartDue(ctx, tx, due, now)
}

func (d dueRuns) Confirm(ctx context.Context, tx *sqlx.Tx, kept, lost []int64, now time.Time) error {
	if err := d.e.t.Store.Runs.Unstart(ctx, tx, lost); err != nil {
		return err
	}
	return d.e.t.Store.Runs.ReplacePrices(ctx, tx, kept, false, now)
}

func (d dueRuns) Unscheduled(ctx context.Context) ([]calendar.Owner, error) {
	found, err := d.e.t.Store.Runs.Unscheduled(ctx)
	if err != nil {
		return nil, err
	}
	var out []calendar.Owner
	for _, c := range found {
		if d.e.t.Active(ctx, c.Shop) {
			out = append(out, calendar.Owner(c.ID))
		}
	}
	return out, nil
}
