// Package session is one worker's hold on one connection and one run: the opened shop and CRM, the rules it goes by,
// the lease, the checkpoints, the prefetcher, and what a batch of writes came to. The rooms of the phases (stage,
// propose, apply, quotes) stand on it.
//
// Errors of its methods, and of the steps that the phases are made of, are for OutcomeOf, which says whether the run is
// retried or fails and with which code: *Stop, the shop's (FromShop), the CRM's (those of internal/crm), or else our
// database's. lease.ErrLost is none of them: the run is another worker's by now, and whoever gets it has nothing left
// to do. Each step ends with a checkpoint in the transaction of its writes, so that trying again is idempotent.
package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/jobs/lease"
)

// IgnoreLost turns lease.ErrLost into nil: a worker whose row is another's by now has nothing to tell.
func IgnoreLost(err error) error {
	if errors.Is(err, lease.ErrLost) {
		return nil
	}
	return err
}

// Session works on one run for one slice.
type Session struct {
	Connection
	Run catalog.Run
	// prefetch fetches pages while those before them are stored; nil: nothing is being fetched.
	prefetch *prefetcher
	until    time.Time // when the slice is used up
}

// Step does one piece of work of a phase and commits it with its checkpoint.
type Step func(ctx context.Context, w *Session) error

// New is a session of a run that was claimed. It opens nothing yet; Slice does.
func New(t *Tools, run catalog.Run) *Session {
	return &Session{Run: run, Connection: Connection{
		Tools: t, ID: run.Connection, ShopID: run.Shop, Settings: run.Settings, Ref: "run " + strconv.FormatInt(run.ID, 10),
	}}
}

// open reads what the slice works with. A preview remembers for itself alone which warehouses it has seen.
func (w *Session) open(ctx context.Context) error {
	if _, err := w.Connection.Open(ctx); err != nil {
		return err
	}
	chosen := w.Warehouses()
	if chosen == nil || !w.Run.Preview {
		return nil
	}
	gone, err := w.Store.Staging.UnseenWarehouses(ctx, w.Run, chosen)
	if err != nil {
		return err
	}
	w.Freeze(len(gone) > 0)
	return nil
}

// Freeze keeps stock from being written, or lets it be written again; the rules and their hash follow.
func (w *Session) Freeze(frozen bool) {
	w.Rules.Frozen = frozen
	w.RulesHash = w.Rules.Hash()
}

// Slice opens the connection and makes steps until the run is over, the slice is used up, or something goes wrong. The
// lease is renewed for four leases more than a slice takes and then given up, because a worker that hangs must lose the
// run. A panic of a step is an error. Errors: those of the package, lease.ErrLost among them.
func (w *Session) Slice(ctx context.Context, steps map[catalog.Phase]Step) error {
	c, run := w.Deps.Config, w.Run
	ctx, release := lease.Keeper{
		Lease: c.Lease, AtMost: c.Slice + 4*c.Lease, Clock: w.Deps.Clock,
		Renew: func(ctx context.Context, until time.Time) error { return w.Store.Runs.Renew(ctx, run, until) },
	}.Keep(ctx)
	defer release()
	err := contain.Do(func() error { return w.slice(ctx, steps) })
	if contain.Log(w.Deps.Log, err, "run panicked", "run", w.Run.ID) {
		err = fmt.Errorf("run %d in phase %s: %w", w.Run.ID, w.Run.Phase, err)
	}
	return lease.Cause(ctx, err)
}

func (w *Session) slice(ctx context.Context, steps map[catalog.Phase]Step) error {
	if err := w.open(ctx); err != nil {
		return err
	}
	defer w.stopPrefetch()
	if w.Run.Layout != catalog.Layout {
		if err := w.beginAnew(ctx); err != nil {
			return err
		}
	}
	w.until = w.Now().Add(w.Deps.Config.Slice)
	for w.Run.State == catalog.Running && (w.Now().Before(w.until) || w.hasPrefetched()) {
		next, known := steps[w.Run.Phase]
		if !known {
			return &Stop{Code: catalog.CodeInternal}
		}
		if err := next(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// beginAnew lets a run start from its first phase whose cursor and plans another version has stored. Nothing is
// lost by that: what was written to the shop is found there, and what was to be written is planned again.
func (w *Session) beginAnew(ctx context.Context) error {
	for left := int64(1); left > 0; {
		err := w.Store.InTx(ctx, func(tx *sqlx.Tx) (err error) {
			if err := w.Store.Runs.Check(ctx, tx, w.Run); err != nil { // nobody else has begun it anew
				return err
			}
			left, err = w.Store.Staging.Tidy(ctx, tx, w.Run.Connection, w.Run.ID)
			return err
		})
		if err != nil {
			return err
		}
	}
	run := w.Next()
	run.Enter(catalog.FirstPhase(run.Kind))
	run.Guards, run.ApprovedBy, run.ApprovedAt, run.Layout = nil, "", nil, catalog.Layout
	run.Counters = run.Counters.Written()
	said := []catalog.Item{{Kind: catalog.ItemNote, Reason: catalog.ReasonPlanRenewed}}
	run.Counters.Count(said)
	err := w.Store.InTx(ctx, func(tx *sqlx.Tx) error {
		if err := w.Store.Runs.BeginAnew(ctx, tx, *run, w.Now(), w.Now().Add(w.Deps.Config.Lease)); err != nil {
			return err
		}
		return w.Store.Runs.AddItems(ctx, tx, run.ID, said, w.Now())
	})
	if err == nil {
		w.Run = *run
	}
	return err
}

// Next is the run as it will stand after a step; its counters are safe to change.
func (w *Session) Next() *catalog.Run {
	run := w.Run
	run.Counters.Skipped = maps.Clone(run.Counters.Skipped)
	run.Guards = slices.Clone(run.Guards)
	return &run
}

// Commit stores what a step did and its checkpoint, where the run stands then, in one transaction. f may be nil, and
// may still change run. Once it is stored w.Run is run. Errors: what f answers, lease.ErrLost; nothing is stored then.
func (w *Session) Commit(ctx context.Context, run *catalog.Run, f func(tx *sqlx.Tx) error) error {
	return w.commitBy(ctx, run, w.Store.InTx, f)
}

// CommitAsync is Commit for a step that has only read and planned: it does not wait for the disk.
// Should the database crash in the next moment, the step is forgotten together with its checkpoint
// and made again.
func (w *Session) CommitAsync(ctx context.Context, run *catalog.Run, f func(tx *sqlx.Tx) error) error {
	return w.commitBy(ctx, run, w.Store.InAsyncTx, f)
}

func (w *Session) commitBy(ctx context.Context, run *catalog.Run, inTx func(context.Context, func(*sqlx.Tx) error) error, f func(tx *sqlx.Tx) error) error {
	err := inTx(ctx, func(tx *sqlx.Tx) error {
		if f != nil {
			if err := f(tx); err != nil {
				return err
			}
		}
		return w.Store.Runs.Checkpoint(ctx, tx, w.Run, *run, w.Now().Add(w.Deps.Config.Lease))
	})
	if err == nil {
		run.Attempts = 0
		w.Run = *run
	}
	return err
}
