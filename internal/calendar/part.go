package calendar

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/plugin"
)

// Part is what one part of the program has in the calendar.
type Part[T any] struct {
	calendar *Calendar
	kinds    map[Kind]schedule.Pattern
	handler  Handler[T]
}

// Entry is when a kind of work is due.
type Entry struct {
	Kind Kind
	Rule schedule.Rule
	// At is in UTC; nil: not by the clock. One that is past waits for other work to end, or for the owner to
	// go on.
	At *time.Time
	// LastStarted is when the calendar last started it; nil: never.
	LastStarted *time.Time
}

// Entries answers when an owner's work is due, by kind; none while it was never scheduled.
func (p *Part[T]) Entries(ctx context.Context, owner Owner) ([]Entry, error) {
	return p.calendar.store.entries(ctx, owner, p.kinds)
}

// Reschedule makes the rows of an owner follow its rules. A rule that is what it was keeps its moment; a new
// one starts from now. It is called when the rules have changed or the owner goes on; without that a tick
// does it within a minute. An owner that does not run is left alone. Errors: those of Handler.Standing.
func (p *Part[T]) Reschedule(ctx context.Context, owner Owner) error {
	standing, err := p.handler.Standing(ctx, owner)
	if err != nil {
		return fmt.Errorf("reschedule %s: %w", owner, err)
	}
	if !standing.Running {
		return nil
	}
	return p.put(ctx, owner, standing)
}

func (p *Part[T]) put(ctx context.Context, owner Owner, standing Standing[T]) error {
	var rows []row
	for kind := range p.kinds {
		r := row{Owner: owner, Kind: kind, Rule: standing.Rules[kind], Zone: zoneName(standing.Zone), Version: standing.Version}
		r.DueAt = r.Rule.First(p.calendar.now(), p.place(r, standing.Zone))
		rows = append(rows, r)
	}
	return p.calendar.store.put(ctx, rows)
}

// place has moments that stay the same for ever, since nothing but the row's key goes into them.
func (p *Part[T]) place(r row, zone *time.Location) schedule.Place {
	return schedule.Place{Pattern: p.kinds[r.Kind], Key: string(r.Owner) + "/" + string(r.Kind), Zone: zone}
}

func zoneName(zone *time.Location) string {
	if zone == nil {
		return time.UTC.String()
	}
	return zone.String()
}

// dispatch is what becomes of a claimed row.
type dispatch struct {
	row row
	// park: the owner does not run; the row stays due and is looked at no more until it is rescheduled.
	park bool
	// next is when it is due again once it is started; zero: not by the clock.
	next time.Time
	// started is the id of what was started; 0: nothing was.
	started int64
}

// batch is what becomes of the claimed rows of a part: due stands beside starting.
type batch[T any] struct {
	starting, parked []dispatch
	due              []Due[T]
}

// dispatch starts claimed rows. One whose owner cannot be asked is tried again when its lease is over.
func (p *Part[T]) dispatch(ctx context.Context, rows []row, now time.Time) error {
	var b batch[T]
	known := map[Owner]Standing[T]{} // several kinds of one owner are often due at once
	for _, r := range rows {
		err := p.decide(ctx, &b, r, known)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			p.warn(r.Owner, err)
		}
	}
	return p.settle(ctx, b, now)
}

func (p *Part[T]) decide(ctx context.Context, b *batch[T], r row, known map[Owner]Standing[T]) error {
	standing, ok := known[r.Owner]
	if !ok {
		var err error
		standing, err = p.handler.Standing(ctx, r.Owner)
		if err != nil && !errors.Is(err, plugin.ErrNotFound) {
			return err
		}
		known[r.Owner] = standing
	}
	if !standing.Running {
		b.parked = append(b.parked, dispatch{row: r, park: true})
		return nil
	}
	if standing.Version != r.Version { // changed, and whoever changed it came no further
		return p.put(ctx, r.Owner, standing)
	}
	r.Zone = zoneName(standing.Zone)
	next := r.Rule.Next(r.DueAt, p.calendar.now(), p.place(r, standing.Zone))
	b.starting = append(b.starting, dispatch{row: r, next: next})
	b.due = append(b.due, Due[T]{Owner: r.Owner, Kind: r.Kind, With: standing.With})
	return nil
}

// settle starts what is due and stores when it is due again in one transaction: the work and its row are
// stored together or not at all. Rows that somebody else has claimed or changed meanwhile start nothing.
func (p *Part[T]) settle(ctx context.Context, b batch[T], now time.Time) error {
	if len(b.starting)+len(b.parked) == 0 {
		return nil
	}
	s := p.calendar.store
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		ids, err := p.start(ctx, tx, b.due, now)
		if err != nil {
			return err
		}
		for i, id := range ids {
			b.starting[i].started = id
		}
		kept, err := s.settle(ctx, tx, slices.Concat(b.starting, b.parked), now, now.Add(recheckAfter))
		if err != nil {
			return err
		}
		lost := slices.DeleteFunc(ids, func(id int64) bool { return id == 0 || slices.Contains(kept, id) })
		if len(kept)+len(lost) == 0 {
			return nil
		}
		return p.handler.Confirm(ctx, tx, kept, lost, now)
	})
}

func (p *Part[T]) start(ctx context.Context, tx *sqlx.Tx, due []Due[T], now time.Time) ([]int64, error) {
	if len(due) == 0 {
		return nil, nil
	}
	ids, err := p.handler.Start(ctx, tx, due, now)
	if err == nil && len(ids) != len(due) {
		err = fmt.Errorf("%d of %d were answered for", len(ids), len(due))
	}
	return ids, err
}

// reconcile repairs rows that are missing, older than the owner's settings or parked; more: some are left.
func (p *Part[T]) reconcile(ctx context.Context) (more bool, err error) {
	owners, err := p.handler.Unscheduled(ctx)
	if err != nil {
		return false, err
	}
	// Random order, so failing rows do not starve the rest.
	// #nosec G404 -- spreads load, guards nothing
	rand.Shuffle(len(owners), func(i, j int) { owners[i], owners[j] = owners[j], owners[i] })
	for _, owner := range owners[:min(len(owners), reconcileBatch)] {
		if err := p.Reschedule(ctx, owner); err != nil && !errors.Is(err, plugin.ErrNotFound) {
			p.warn(owner, err)
		}
	}
	return len(owners) > reconcileBatch, ctx.Err()
}

func (p *Part[T]) warn(owner Owner, err error) {
	p.calendar.deps.Log.Warn("calendar", "owner", owner, "error", err.Error())
}
