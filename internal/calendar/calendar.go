// Package calendar starts recurring work when it is due.
//
// A row says when one kind of work of one owner is due next, by which schedule.Rule, and from which version
// of the owner's settings the rule was taken. The parts of the program register their kinds with a Handler;
// a tick in each working process claims due rows, lets the handler start them and stores their next moments
// in the same transaction. Once a minute one process compares the rows with what they are made from.
package calendar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/plugin"
)

const (
	// dueBatch is how many due rows are started at a time.
	dueBatch = 200
	// recheckAfter is when a row that could not start is tried again although nothing has woken it: what
	// ends the work in its way does, so this only repairs.
	recheckAfter = 10 * time.Minute
	// reconcileEvery is how often rows are compared with what they are made from.
	reconcileEvery = time.Minute
	// reconcileBatch is how many owners of a part one comparison repairs; the rest follow at the next tick.
	reconcileBatch = 200
)

// Owner is the id of whose work is due: of a connection, say.
type Owner string

// Kind names what is due. A kind belongs to one part of the program, which knows what its owners are.
type Kind string

// Standing is how an owner stands now, as its part knows.
type Standing[T any] struct {
	// Running: what is due starts. Otherwise the owner's rows stay due and are looked at no more until
	// they are rescheduled; what was due meanwhile then starts once.
	Running bool
	// Version counts the changes of what the rules are taken from.
	Version int64
	// Zone is whose days the rules mean; nil: UTC.
	Zone *time.Location
	// Rules holds one for each kind of the part.
	Rules map[Kind]schedule.Rule
	// With is handed on to Start.
	With T
}

// Due is work to be started.
type Due[T any] struct {
	Owner Owner
	Kind  Kind
	With  T
}

// Handler is how a part knows its owners and starts its work. Ticks of several processes call it at once.
type Handler[T any] interface {
	// Standing answers how an owner stands. Errors: plugin.ErrNotFound, which counts as not running; after
	// another the row is tried again once its lease is over.
	Standing(ctx context.Context, owner Owner) (Standing[T], error)
	// Start starts what is due, longest due first, and answers the ids of what it started in that order;
	// 0: other work is in the way, and the row stays due until that ends. The transaction is the one that
	// stores the next moments; rows of the calendar are not locked yet, because who ends work locks
	// that before them (see WakeEnded).
	Start(ctx context.Context, tx *sqlx.Tx, due []Due[T], now time.Time) ([]int64, error)
	// Confirm ends that transaction: lost are ids whose rows were claimed or changed by somebody else
	// meanwhile, which are to be taken back, kept are the others.
	Confirm(ctx context.Context, tx *sqlx.Tx, kept, lost []int64, now time.Time) error
	// Unscheduled lists the running owners that have not every kind among their CurrentRows, in any order.
	Unscheduled(ctx context.Context) ([]Owner, error)
}

// Deps are what a Calendar works with; all are needed.
type Deps struct {
	DB    *sqlx.DB
	Clock plugin.Clock
	Log   *slog.Logger
	// Lease is how long a tick that fell silent keeps the rows it has claimed.
	Lease time.Duration
}

// Calendar starts what is due. Safe for concurrent use once all parts are registered.
type Calendar struct {
	deps  Deps
	store store
	parts []part
	owned map[Kind]part
}

// part is a Part of any type of owner.
type part interface {
	dispatch(ctx context.Context, rows []row, now time.Time) error
	reconcile(ctx context.Context) (more bool, err error)
}

// New asks nothing.
func New(d Deps) *Calendar {
	return &Calendar{deps: d, store: store{db: d.DB, idle: d.Lease}, owned: map[Kind]part{}}
}

// Register adds a part with its kinds and what schedule.Usual means for each. It is called before the first
// Tick, and panics for a kind that another part has.
func Register[T any](c *Calendar, kinds map[Kind]schedule.Pattern, h Handler[T]) *Part[T] {
	p := &Part[T]{calendar: c, kinds: kinds, handler: h}
	for kind := range kinds {
		if c.owned[kind] != nil {
			panic(fmt.Sprintf("calendar: the kind %q is registered twice", kind))
		}
		c.owned[kind] = p
	}
	c.parts = append(c.parts, p)
	return p
}

// Tick starts what is due. Any number of processes may call it at once, every few seconds: each due row
// is started by one of them. What was due several times while nobody ticked is started once. A part that
// fails does not keep the others from starting; its errors come back joined.
func (c *Calendar) Tick(ctx context.Context) error {
	var errs []error
	for {
		n, err := c.startDue(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("start due work: %w", err))
		}
		if n < dueBatch {
			break
		}
	}
	return errors.Join(append(errs, c.reconcile(ctx))...)
}

// startDue claims a batch of due rows and answers how many there were.
func (c *Calendar) startDue(ctx context.Context) (int, error) {
	now := c.now()
	rows, err := c.store.claim(ctx, c.owned, now, now.Add(c.deps.Lease), dueBatch)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	of := make(map[part][]row, len(c.parts))
	for _, r := range rows {
		of[c.owned[r.Kind]] = append(of[c.owned[r.Kind]], r)
	}
	var errs []error
	for _, p := range c.parts {
		if len(of[p]) > 0 {
			errs = append(errs, p.dispatch(ctx, of[p], now))
		}
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return len(rows), errors.Join(errs...)
}

// reconcile compares the rows of all parts with what they are made from. One process does it for all.
func (c *Calendar) reconcile(ctx context.Context) error {
	now := c.now()
	mine, err := c.store.claimReconcile(ctx, now, now.Add(-reconcileEvery))
	if err != nil || !mine {
		return err
	}
	var errs []error
	unfinished := false
	for _, p := range c.parts {
		more, err := p.reconcile(ctx)
		unfinished, errs = unfinished || more, append(errs, err)
	}
	if unfinished {
		errs = append(errs, c.store.requestReconcile(ctx))
	}
	return errors.Join(errs...)
}

// Wake lets the next tick try again what was due and had to wait for other work of the owner.
func (c *Calendar) Wake(ctx context.Context, owner Owner) error {
	return c.store.wake(ctx, owner, c.now())
}

func (c *Calendar) now() time.Time { return c.deps.Clock.Now().UTC() }
