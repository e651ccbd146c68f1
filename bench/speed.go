package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// course is one way a run can go, with what it is measured against.
type course struct {
	name string
	// before and after note, once, which rows the run writes; nil: nothing is noted.
	before func(ctx context.Context) error
	after  func(ctx context.Context, run catalog.Run) error
	// prepare makes the state the run starts from; it is not measured.
	prepare func(ctx context.Context) error
	// bare writes the rows of the run as plainly as can be and answers how long that took.
	bare func(ctx context.Context) (time.Duration, error)
	// times is how many times of bare a run may take above the loop.
	times float64
	// right checks that the run did what the course is about.
	right func(run catalog.Run) bool

	ratios []float64
}

// measureSpeed measures full runs without a limit against a bare loop over the same pages.
func (b *bench) measureSpeed(ctx context.Context) (err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	shop := newMemoryShop()
	w, err := openWorld(ctx, b.offers, func(context.Context, *sqlx.DB) (plugin.Shop, error) { return shop, nil })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	y, err := newYardstick(ctx, w)
	if err != nil {
		return err
	}
	courses := b.courses(w, shop, y)
	for round := range b.rounds {
		for i := range courses {
			if err := b.once(ctx, w, &courses[i], round); err != nil {
				return fmt.Errorf("%s, round %d: %w", courses[i].name, round+1, err)
			}
		}
	}
	for _, c := range courses {
		slices.Sort(c.ratios)
		b.figure(c.name, c.ratios[len(c.ratios)/2], 1)
	}
	return nil
}

func (b *bench) courses(w *world, shop *memoryShop, y *yardstick) []course {
	return []course{
		{
			name: "all-new", times: 3,
			prepare: func(ctx context.Context) error {
				shop.clear()
				return y.forget(ctx)
			},
			before: y.beforeCreation, after: y.afterCreation,
			bare:  func(ctx context.Context) (time.Duration, error) { return y.copy(ctx, y.created...) },
			right: func(r catalog.Run) bool { return r.Counters.Created > 0 && r.Counters.Unchanged == 0 },
		},
		{
			name: "unchanged", times: 1.5,
			prepare: func(context.Context) error { return nil },
			bare:    func(ctx context.Context) (time.Duration, error) { return y.copy(ctx, y.staged...) },
			right:   func(r catalog.Run) bool { return r.Counters.Unchanged > 0 && r.Counters.Updated == 0 },
		},
		{
			name: "prices-changed", times: 2,
			prepare: func(context.Context) error {
				_, err := w.sim.tell("raise")
				return err
			},
			before: y.beforeUpdate, after: y.afterUpdate,
			bare:  y.write,
			right: func(r catalog.Run) bool { return r.Counters.Updated > 0 && r.Counters.Unchanged == 0 },
		},
	}
}

// once measures both sides of a ratio, one right after the other.
func (b *bench) once(ctx context.Context, w *world, c *course, round int) error {
	if err := c.prepare(ctx); err != nil {
		return err
	}
	if round == 0 && c.before != nil {
		if err := c.before(ctx); err != nil {
			return err
		}
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	loop, requests, err := w.loop(ctx)
	if err != nil {
		return err
	}
	runtime.GC()
	start := w.clock.Now()
	run, err := w.full(ctx, catalog.Full)
	if err != nil {
		return err
	}
	took := w.clock.Now().Sub(start)
	if !c.right(run) || run.Counters.Requests != requests {
		return fmt.Errorf("the run counts %+v after a loop of %d requests", run.Counters, requests)
	}
	if round == 0 && c.after != nil {
		if err := c.after(ctx, run); err != nil {
			return err
		}
	}
	bare, err := c.bare(ctx)
	if err != nil {
		return err
	}
	allowed := loop.Seconds() + c.times*bare.Seconds()
	c.ratios = append(c.ratios, took.Seconds()/allowed)
	b.note("%s round %d: run %.2f s, loop %.2f s, bare %.2f s × %.1f: %.2f of %.2f s", c.name, round+1,
		took.Seconds(), loop.Seconds(), bare.Seconds(), c.times, took.Seconds(), allowed)
	return nil
}
