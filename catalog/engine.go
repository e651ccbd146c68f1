package catalog

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog/pictures"
	"github.com/keybridge/keybridge/internal/calendar"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// TaskKind is the kind of our tasks; see jobs.Task.
const TaskKind = "run"

var (
	// ErrRunning: another run of the connection is in the way: one at work in that of every other, a full
	// one that waits for a person in that of a full one. Start answers its id beside it.
	ErrRunning = fmt.Errorf("a run of the connection is not over: %w", plugin.ErrConflict)
	// ErrOff: the connection, or what the run would bring, is switched off.
	ErrOff = fmt.Errorf("switched off: %w", plugin.ErrRefused)
)

// Connections reads connections; *settings.Store does. Errors: plugin.ErrNotFound.
type Connections interface {
	Get(ctx context.Context, id plugin.ConnectionID) (settings.Connection, error)
}

// Deps are what the engine works with. All are needed but Urgent, Active, Unsent, Notify and NotifyHeld.
type Deps struct {
	DB          *sqlx.DB
	Clock       plugin.Clock
	Log         *slog.Logger
	Connections Connections
	// Shop opens a shop. Errors: plugin.ErrNotFound.
	Shop func(ctx context.Context, id plugin.ShopID) (plugin.Shop, error)
	// CRM opens the CRM account of a connection, in the background lane of its budget.
	CRM func(ctx context.Context, id plugin.ConnectionID) (CRM, error)
	// Urgent opens it in a lane that does not wait for runs, for what the CRM itself has called about.
	// nil: CRM does.
	Urgent func(ctx context.Context, id plugin.ConnectionID) (CRM, error)
	// PluginID signs our writes to the shop; see plugin.Origin.
	PluginID string
	// Active reports whether the plugin is active in a shop: elsewhere no run starts or goes on. nil:
	// it is everywhere.
	Active func(ctx context.Context, shop plugin.ShopID) bool
	// Unsent is subtracted from stock; nil: nothing is.
	Unsent Unsent
	// Notify tells the merchant that a run waits for approval, NotifyHeld that stock is held back; nil:
	// nobody is told.
	Notify     func(ctx context.Context, n Waits) error
	NotifyHeld func(ctx context.Context, n HeldNotice) error
	Config     Config
}

// Config tunes the engine. Zero values take the defaults.
type Config struct {
	// Lease is how long a worker that fell silent keeps its run. Default 30 s.
	Lease time.Duration
	// HandOver is how long a run handed to the queue is left to it. Default 30 s.
	HandOver time.Duration
	// Slice is how long one Handle works before it lets others have the worker. Default 30 s.
	Slice time.Duration
	// WriteBatch is how many products one call to the shop writes. Default 500, at most plugin.MaxBatch.
	WriteBatch int
	// PlanBatch is how many products are planned at a time. Default 1000, at most plugin.MaxBatch.
	PlanBatch int
	// Gather is how long a stock call waits for others to be read together with it. Default 2 s.
	Gather time.Duration
	// Pictures tunes how pictures are fetched.
	Pictures pictures.Config
}

func (c Config) withDefaults() Config {
	c.Lease = orDefault(c.Lease, 30*time.Second)
	c.HandOver = orDefault(c.HandOver, 30*time.Second)
	c.Slice = orDefault(c.Slice, 30*time.Second)
	c.Gather = orDefault(c.Gather, 2*time.Second)
	c.WriteBatch = min(orDefault(c.WriteBatch, 500), plugin.MaxBatch)
	c.PlanBatch = min(orDefault(c.PlanBatch, plugin.MaxBatch), plugin.MaxBatch)
	c.Pictures = c.Pictures.WithDefaults()
	return c
}

func orDefault[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}

// Engine runs synchronisations. Safe for concurrent use; it holds no state beside its tables.
type Engine struct {
	deps     Deps
	store    *store
	texts    *safehtml.Policy
	pictures *pictures.Fetcher
	writers  writers
	calendar *calendar.Calendar
	// schedules are those of runs in the calendar.
	schedules *calendar.Part[settings.Connection]
}

// New starts nothing and asks nothing.
func New(d Deps) *Engine {
	d.Config = d.Config.withDefaults()
	e := &Engine{
		deps: d, store: &store{db: d.DB, idle: d.Config.Lease}, texts: safehtml.New(), pictures: pictures.New(d.Config.Pictures),
		writers:  newWriters(d.DB.Stats().MaxOpenConnections),
		calendar: calendar.New(calendar.Deps{DB: d.DB, Clock: d.Clock, Log: d.Log, Lease: d.Config.Lease}),
	}
	e.schedules = calendar.Register(e.calendar, patterns(), dueRuns{e})
	return e
}

// Start asks for a run and answers its id; a worker takes it up. by is an operator's id, "schedule"
// or "cli". A full run that waits for a person does not hold up prices; a price run that does so gives
// way to the next run, with CodeReplaced.
// Errors: ErrRunning, ErrOff, plugin.ErrNotFound.
func (e *Engine) Start(ctx context.Context, id plugin.ConnectionID, kind Kind, by string) (int64, error) {
	return e.start(ctx, id, request{kind: kind, by: by})
}

// Preview is Start for a run that plans everything and then waits in state Approval: Plan lists what
// it would write, Approve writes exactly that. It gives way to the next run, but for a price run beside
// a full preview, and lapses after PreviewKept.
func (e *Engine) Preview(ctx context.Context, id plugin.ConnectionID, kind Kind, by string) (int64, error) {
	return e.start(ctx, id, request{kind: kind, preview: true, by: by})
}

// request is what a run is asked for with.
type request struct {
	kind             Kind
	preview, rematch bool
	by               string
}

func (e *Engine) start(ctx context.Context, id plugin.ConnectionID, ask request) (int64, error) {
	conn, err := e.deps.Connections.Get(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("start run: %w", err)
	}
	if !conn.Enabled || !wanted(conn.Settings.Catalog, ask.kind) || !e.active(ctx, conn.Shop) {
		return 0, fmt.Errorf("start run of %s: %w", id, ErrOff)
	}
	if err := releaseDeleted(ctx, e.deps.DB, conn.ID, conn.Shop); err != nil {
		return 0, err
	}
	run, started, err := e.store.start(ctx, conn, ask, e.now())
	if err != nil {
		return 0, err
	}
	if !started {
		// A preview that nobody applied gives way.
		if gone, err := e.store.dropPreview(ctx, run, e.now()); err != nil {
			return 0, err
		} else if gone {
			if run, started, err = e.store.start(ctx, conn, ask, e.now()); err != nil {
				return 0, err
			}
		}
	}
	if !started {
		return run, fmt.Errorf("start run of %s: %w", id, ErrRunning)
	}
	return run, nil
}

func firstPhase(kind Kind) Phase {
	if kind == Prices {
		return CheckCurrency
	}
	return ReadCategories
}

// Cancel ends a run. What it has written stays. Cancelling a run that is over does nothing.
// Errors: plugin.ErrNotFound.
func (e *Engine) Cancel(ctx context.Context, run int64) error {
	if _, err := e.Run(ctx, run); err != nil {
		return err
	}
	return e.store.cancel(ctx, run, e.now())
}

// Run reads one run. Errors: plugin.ErrNotFound.
func (e *Engine) Run(ctx context.Context, id int64) (Run, error) { return e.store.run(ctx, id) }

// Runs lists the latest runs of a connection, newest first.
func (e *Engine) Runs(ctx context.Context, id plugin.ConnectionID, limit int) ([]Run, error) {
	return e.store.runs(ctx, id, limit)
}

// Changes lists what a run wrote, oldest first, from behind the change with the id after (0: from
// the first).
func (e *Engine) Changes(ctx context.Context, run, after int64, limit int) ([]Change, error) {
	return e.store.changes(ctx, run, after, limit)
}

// Items lists what a run left alone, oldest first, from behind the item with the id after (0: from
// the first).
func (e *Engine) Items(ctx context.Context, run, after int64, limit int) ([]Item, error) {
	return e.store.items(ctx, run, "", after, limit)
}

// ItemsOf is Items for one kind.
func (e *Engine) ItemsOf(ctx context.Context, run int64, kind ItemKind, after int64, limit int) ([]Item, error) {
	return e.store.items(ctx, run, kind, after, limit)
}

// CountItems counts what a run left alone, by kind.
func (e *Engine) CountItems(ctx context.Context, run int64) (map[ItemKind]int, error) {
	return e.store.countItems(ctx, run)
}

// Purge forgets what runs that ended longer ago than age have changed and left alone.
func (e *Engine) Purge(ctx context.Context, age time.Duration) error {
	return e.store.purgeRuns(ctx, e.now().Add(-age))
}

// Due implements jobs.Source.
func (e *Engine) Due(ctx context.Context, now time.Time, limit int) ([]jobs.Task, error) {
	if err := e.store.lapse(ctx, now.Add(-PreviewKept), now); err != nil {
		return nil, err
	}
	return e.store.due(ctx, now, now.Add(e.deps.Config.HandOver), limit)
}

func (e *Engine) now() time.Time { return e.deps.Clock.Now().UTC() }

var _ jobs.Source = (*Engine)(nil)
