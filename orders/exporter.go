package orders

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/cache"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// TaskKind names the outbox among the jobs.
const TaskKind = "outbox"

// Connections answers the shop's connections; *settings.Store does. Errors: plugin.ErrNotFound of Get; those of
// Postgres.
type Connections interface {
	Get(ctx context.Context, id plugin.ConnectionID) (settings.Connection, error)
	List(ctx context.Context, shop plugin.ShopID) ([]settings.Connection, error)
	All(ctx context.Context) ([]settings.Connection, error)
}

// Deps is what an Exporter works with. All but Noticed, Active and Config are needed.
type Deps struct {
	DB          *sqlx.DB
	Clock       plugin.Clock
	Log         *slog.Logger
	Connections Connections
	// Shop opens a shop. Errors: plugin.ErrNotFound.
	Shop func(ctx context.Context, id plugin.ShopID) (plugin.Shop, error)
	// Sink opens the CRM of a connection in the lane of orders.
	Sink func(ctx context.Context, id plugin.ConnectionID) (Sink, error)
	// Noticed is told of an order or card of the CRM whose status is newer than what came of it so far, so that
	// the shop follows although no webhook has spoken of it yet. nil: nobody is.
	Noticed func(ctx context.Context, conn plugin.ConnectionID, target settings.Target, crmID string)
	// PluginID is the manifest's id, the Origin of our writes.
	PluginID string
	// Active reports whether the plugin is active in a shop; nil: always.
	Active func(shop plugin.ShopID) bool
	Config Config
}

// Exporter carries orders to the CRM. Safe for concurrent use, by any number of processes.
type Exporter struct {
	Deps
	store store
	// dictionaries are dropped when something of an account has turned out not to fit.
	dictionaries *cache.Cache[plugin.ConnectionID, Dictionary]
}

// maxDictionaries is of how many connections the dictionary is kept in memory.
const maxDictionaries = 1000

// New starts nothing.
func New(d Deps) *Exporter {
	d.Config = d.Config.withDefaults()
	if d.Active == nil {
		d.Active = func(plugin.ShopID) bool { return true }
	}
	if d.Noticed == nil {
		d.Noticed = func(context.Context, plugin.ConnectionID, settings.Target, string) {}
	}
	return &Exporter{
		Deps: d, store: store{db: d.DB},
		dictionaries: cache.New[plugin.ConnectionID](d.Clock, maxDictionaries, cache.For[Dictionary](d.Config.DictionaryTTL)),
	}
}

var _ jobs.Source = (*Exporter)(nil)

// Put adds placed orders to the outbox; those it has already change nothing. It answers how many are new. The orders
// are not looked at yet. Errors: those of Postgres, and then none was added; put them again, or leave it to Scan.
func (x *Exporter) Put(ctx context.Context, placed ...plugin.Placement) (int64, error) {
	if len(placed) == 0 {
		return 0, nil
	}
	return x.store.put(ctx, placed)
}

// Due implements jobs.Source. Entries that are blocked go on by themselves once their connection was
// saved, those that rest once it runs again. Errors: those of Postgres.
func (x *Exporter) Due(ctx context.Context, now time.Time, limit int) ([]jobs.Task, error) {
	if err := x.store.wake(ctx, now); err != nil {
		return nil, err
	}
	if err := x.rouse(ctx, now); err != nil {
		return nil, err
	}
	rows, err := outbox().Due(ctx, x.DB, now, now.Add(x.Config.RequeueAfter), limit)
	return jobs.Tasks(TaskKind, jobs.Interactive, rows), err
}

// rouse lets entries go on that rest until their connection, or the plugin in their shop, is switched on.
func (x *Exporter) rouse(ctx context.Context, now time.Time) error {
	resting, err := x.store.resting(ctx)
	if err != nil {
		return err
	}
	for _, r := range resting {
		runs := x.Active(r.Shop)
		if r.Reason == ReasonConnectionOff {
			conn, err := x.Connections.Get(ctx, r.Connection)
			if err != nil && !errors.Is(err, plugin.ErrNotFound) {
				return err
			}
			runs = err != nil || exports(conn) // one that was deleted is told as that
		}
		if !runs {
			continue
		}
		if err := x.store.rouse(ctx, r, now); err != nil {
			return err
		}
	}
	return nil
}

// exports reports whether a connection's orders are sent.
func exports(c settings.Connection) bool {
	return c.Running() && c.Settings.Orders.Target != settings.TargetOff
}

// Handle implements jobs.Handler for TaskKind: it does everything that is due for an entry, as long as
// nothing makes it wait. What goes wrong with the order is written into the entry and is no error here. Errors:
// jobs.ErrDead once only a person can help; those of Postgres, and then the task is tried again.
func (x *Exporter) Handle(ctx context.Context, id int64) error {
	now := x.Clock.Now()
	e, err := x.store.claim(ctx, id, now, now.Add(x.Config.Lease))
	if err != nil || e == nil {
		return err
	}
	w := &work{Exporter: x, e: e}
	if err = w.run(ctx); errors.Is(err, lease.ErrLost) {
		x.Log.Warn("order export: the lease ran out, another worker goes on", "entry", id, "order", string(e.Order))
		return nil
	}
	if state, _ := derive(e.steps); err == nil && state == Dead {
		return fmt.Errorf("outbox entry %d: %w", id, jobs.ErrDead)
	}
	return err
}

// Purge drops the bodies of attempts older than the age; what may still be sent again is kept. Errors: those of
// Postgres.
func (x *Exporter) Purge(ctx context.Context, age time.Duration) error {
	return x.store.purge(ctx, x.Clock.Now().Add(-age))
}

// origin marks our writes to a shop.
func (x *Exporter) origin(c plugin.ConnectionID, e *entry) plugin.Origin {
	return plugin.Origin{Plugin: x.PluginID, Connection: c, Ref: "order " + e.Number}
}

// dictionary answers what is known of a connection's account; at most DictionaryTTL old. Of workers that need it at
// the same time one asks and the others wait: each would cost requests that orders need.
func (x *Exporter) dictionary(ctx context.Context, id plugin.ConnectionID, sink Sink) (Dictionary, error) {
	d, err := x.dictionaries.Get(ctx, id, sink.OrderDictionary)
	if err != nil {
		return Dictionary{}, fmt.Errorf("dictionary of %s: %w", id, err)
	}
	return d, nil
}
