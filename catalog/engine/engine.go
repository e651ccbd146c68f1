// Package engine is the catalog as others use it: it starts, shows and ends runs, gives them to workers phase by
// phase, and does what people decide about them.
//
// Errors that a caller can do something about are named by each method and matched by errors.Is. All others are the
// database's, or the shop's where it is asked: nothing was done that trying again would do twice.
package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/calendar"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Deps are what an engine works with; see package session.
type Deps = session.Deps

// Config tunes an engine; see package session.
type Config = session.Config

// Engine runs synchronisations. Safe for concurrent use; it holds no state beside its tables.
type Engine struct {
	t     *session.Tools
	steps map[catalog.Phase]session.Step
	// schedules are those of runs in the calendar.
	schedules *calendar.Part[settings.Connection]
}

// New makes an engine; it starts nothing and asks nothing.
func New(d Deps) *Engine {
	e := &Engine{t: session.NewTools(d), steps: steps()}
	e.schedules = calendar.Register(e.t.Calendar, patterns(), dueRuns{e})
	return e
}

// Start asks for a run and answers its id; a worker takes it up. by is an operator's id, "schedule"
// or "cli". A full run that waits for a person does not hold up prices; a price run that does so gives
// way to the next run, with CodeReplaced.
// Errors: catalog.ErrRunning beside the id of the run that is in the way, catalog.ErrOff, plugin.ErrNotFound when the
// connection is.
func (e *Engine) Start(ctx context.Context, id plugin.ConnectionID, kind catalog.Kind, by string) (int64, error) {
	return e.start(ctx, id, store.Request{Kind: kind, By: by})
}

// Preview is a dry run: Start for a run that plans everything and then waits in state Approval. Plan lists what it
// would write, Approve writes exactly that. It gives way to the next run, but for a price run beside a full preview,
// and expires after catalog.PreviewTTL. Errors: as Start's.
func (e *Engine) Preview(ctx context.Context, id plugin.ConnectionID, kind catalog.Kind, by string) (int64, error) {
	return e.start(ctx, id, store.Request{Kind: kind, Preview: true, By: by})
}

func (e *Engine) start(ctx context.Context, id plugin.ConnectionID, ask store.Request) (int64, error) {
	conn, err := e.t.Deps.Connections.Get(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("start run: %w", err)
	}
	if !conn.Enabled || !catalog.Brings(conn.Settings.Catalog, ask.Kind) || !e.t.Active(ctx, conn.Shop) {
		return 0, fmt.Errorf("start run of %s: %w", id, catalog.ErrOff)
	}
	if err := e.t.Store.Links.ReleaseDeleted(ctx, conn.ID, conn.Shop); err != nil {
		return 0, err
	}
	run, started, err := e.t.Store.Runs.Start(ctx, conn, ask, e.t.Now())
	if err != nil {
		return 0, err
	}
	if !started {
		// A preview that nobody applied gives way.
		if gone, err := e.t.Store.Runs.DropPreview(ctx, run, e.t.Now()); err != nil {
			return 0, err
		} else if gone {
			if run, started, err = e.t.Store.Runs.Start(ctx, conn, ask, e.t.Now()); err != nil {
				return 0, err
			}
		}
	}
	if !started {
		return run, fmt.Errorf("start run of %s: %w", id, catalog.ErrRunning)
	}
	return run, nil
}

// Cancel ends a run. What it has written stays. Cancelling a run that is over does nothing.
// Errors: plugin.ErrNotFound.
func (e *Engine) Cancel(ctx context.Context, run int64) error {
	if _, err := e.Run(ctx, run); err != nil {
		return err
	}
	return e.t.Store.Runs.Cancel(ctx, run, e.t.Now())
}

// Run reads one run. Errors: plugin.ErrNotFound.
func (e *Engine) Run(ctx context.Context, id int64) (catalog.Run, error) {
	return e.t.Store.Runs.Run(ctx, id)
}

// Runs lists the latest runs of a connection, newest first.
func (e *Engine) Runs(ctx context.Context, id plugin.ConnectionID, limit int) ([]catalog.Run, error) {
	return e.t.Store.Runs.Runs(ctx, id, limit)
}

// Changes lists what a run wrote, oldest first, from behind the change with the id after (0: from
// the first).
func (e *Engine) Changes(ctx context.Context, run, after int64, limit int) ([]catalog.Change, error) {
	return e.t.Store.Runs.Changes(ctx, run, after, limit)
}

// Items lists what a run left alone or could not do, oldest first, from behind the item with the id after (0: from
// the first).
func (e *Engine) Items(ctx context.Context, run, after int64, limit int) ([]catalog.Item, error) {
	return e.t.Store.Runs.Items(ctx, run, "", after, limit)
}

// ItemsOf is Items of one kind.
func (e *Engine) ItemsOf(ctx context.Context, run int64, kind catalog.ItemKind, after int64, limit int) ([]catalog.Item, error) {
	return e.t.Store.Runs.Items(ctx, run, kind, after, limit)
}

// CountItems counts what a run left alone, by kind.
func (e *Engine) CountItems(ctx context.Context, run int64) (map[catalog.ItemKind]int, error) {
	return e.t.Store.Runs.CountItems(ctx, run)
}

// Purge forgets what runs that ended longer ago than age have changed and left alone.
func (e *Engine) Purge(ctx context.Context, age time.Duration) error {
	return e.t.Store.Runs.Purge(ctx, e.t.Now().Add(-age))
}

// Due implements jobs.Source: runs whose time has come. Before that it lets previews expire, and begins anew runs that
// wait for a person in another layout.
func (e *Engine) Due(ctx context.Context, now time.Time, limit int) ([]jobs.Task, error) {
	if err := e.t.Store.Runs.ExpirePreviews(ctx, now.Add(-catalog.PreviewTTL), now); err != nil {
		return nil, err
	}
	if err := renewOutdated(ctx, e, now); err != nil {
		return nil, err
	}
	return e.t.Store.Runs.Due(ctx, now, now.Add(e.t.Deps.Config.HandOver), limit)
}

var _ jobs.Source = (*Engine)(nil)

// renewOutdated makes plans anew that wait for a person and that this version cannot read.
func renewOutdated(ctx context.Context, e *Engine, now time.Time) error {
	ids, err := e.t.Store.Runs.Outdated(ctx, 100)
	if err != nil {
		return err
	}
	for _, id := range ids {
		run, err := e.Run(ctx, id)
		if err == nil {
			err = e.t.Store.Runs.RenewOutdated(ctx, run, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
