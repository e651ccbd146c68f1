package keybridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/migrations"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// process is what Attach started in this process.
type process struct {
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	shared  *shared
	workers *jobs.Workers // nil in a process that only serves pages
}

// Attach implements plugin.Plugin. Redis need not answer: work waits until it does. After Detach it
// begins anew.
func (k *Keybridge) Attach(ctx context.Context, role plugin.Role) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.process != nil {
		return errors.New("attach: attached already")
	}
	if err := probe(ctx, k.host.DB()); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	if err := migrations.Apply(ctx, k.host.DB()); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	if err := k.settings.EnsureLinks(ctx); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	if err := k.installs.refresh(ctx); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	s, err := k.openShared()
	if err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	// The goroutines outlive ctx, which bounds the start only; Detach ends them.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &process{cancel: cancel, shared: s}
	k.shared.Store(s)
	if role != plugin.RoleWeb {
		if err := k.startWork(base, p); err != nil {
			cancel()
			k.closeShared(s)
			return fmt.Errorf("attach: %w", err)
		}
	}
	k.goContained(p, "installations", func() { k.watchInstallations(base) })
	k.process = p
	return nil
}

// startWork starts the workers and the relay that feeds them.
func (k *Keybridge) startWork(ctx context.Context, p *process) error {
	p.workers = jobs.NewWorkers(ctx, p.shared.link, k.handlers(), k.log, jobs.Sizes{})
	if err := p.workers.Start(); err != nil {
		return err
	}
	relay := k.relay(p.shared.queue)
	relay.Away = p.shared.link.Away
	k.goContained(p, "relay", func() { relay.Run(ctx) })
	return nil
}

// relay feeds a queue from the tables. Few runs lie in it at a time, so that the one that is due
// longest comes next.
func (k *Keybridge) relay(queue jobs.Enqueuer) *jobs.Relay {
	return &jobs.Relay{
		Sources: map[string]jobs.Source{
			catalog.TaskKind: k.catalog, orders.TaskKind: k.exporter, hooks.TaskKind: k.hooks.Inbox(),
			catalog.StockTaskKind: k.catalog.StockCalls(),
		},
		Limits: map[string]jobs.Limit{
			catalog.TaskKind: {Lane: jobs.Background, Tasks: 32},
			orders.TaskKind:  {Lane: jobs.Interactive, Tasks: 1000},
			hooks.TaskKind:   {Lane: jobs.Interactive, Tasks: 2000},
			// A row stands for all calls of a connection, so few are due at a time.
			catalog.StockTaskKind: {Lane: jobs.Interactive, Tasks: 2000},
		},
		Periodic: k.periodicJobs(),
		Queue:    queue,
		Nudge:    k.hooks.Nudged(),
		Clock:    waiting(k.host.Clock()),
		Log:      k.log,
	}
}

// handlers do the work of each kind of job.
func (k *Keybridge) handlers() map[string]jobs.Handler {
	return map[string]jobs.Handler{
		catalog.TaskKind:      k.catalog.Handle,
		orders.TaskKind:       k.exporter.Handle,
		hooks.TaskKind:        k.hooks.Inbox().Handle,
		catalog.StockTaskKind: k.catalog.StockCalls().Handle,
	}
}

// periodicJobs are what working processes do every so often.
func (k *Keybridge) periodicJobs() []jobs.PeriodicJob {
	id := jobs.WorkerID()
	return []jobs.PeriodicJob{
		{Name: "heartbeat", Every: 10 * time.Second, Do: func(ctx context.Context) error {
			return beat(ctx, k.host.DB(), id, k.host.Clock().Now())
		}},
		{Name: "schedules", Every: tickEvery, Do: k.catalog.Tick},
		{Name: "held stock", Every: tickEvery, Do: k.catalog.TellHeld},
		{Name: "scan", Every: k.timings.Scan, Do: k.exporter.Scan},
		{Name: "messages", Every: tellEvery, Do: k.tellTroubles},
		{Name: "purge", Every: time.Hour, Do: k.purge},
	}
}

// tickEvery is how late a scheduled run may start.
const tickEvery = 5 * time.Second

// How long personal data and what the CRM told us are kept; plugin.yaml says the same.
const (
	keepBodies = 30 * 24 * time.Hour
	keepInbox  = 14 * 24 * time.Hour
	// keepChanges is how long a merchant can see what was written, old and new.
	keepChanges = 30 * 24 * time.Hour
)

func (k *Keybridge) purge(ctx context.Context) error {
	yesterday := k.host.Clock().Now().Add(-24 * time.Hour)
	return errors.Join(k.exporter.Purge(ctx, keepBodies), k.hooks.Inbox().Purge(ctx, keepInbox),
		k.catalog.Purge(ctx, keepChanges), k.catalog.StockCalls().Purge(ctx, keepChanges), k.uses.Purge(ctx, yesterday))
}

func (k *Keybridge) watchInstallations(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := k.installs.refresh(ctx); err != nil && ctx.Err() == nil {
				k.log.Warn("installations", "error", err.Error())
			}
		}
	}
}

// goContained runs f in a goroutine that Detach joins and whose panic does not end the shop.
func (k *Keybridge) goContained(p *process, name string, f func()) {
	p.wg.Go(func() {
		err := contain.Do(func() error {
			f()
			return nil
		})
		contain.Log(k.log, err, "goroutine panicked", "name", name)
	})
}

// Detach implements plugin.Plugin. Pages and webhooks answer on: work stands still, and what comes in is
// stored.
func (k *Keybridge) Detach(ctx context.Context) error {
	k.mu.Lock()
	p := k.process
	k.process = nil
	k.mu.Unlock()
	if p == nil {
		return nil
	}
	defer k.closeShared(p.shared)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if p.workers != nil {
			p.workers.Stop() // first, so that an order under way can still be written down
		}
		p.cancel()
		p.wg.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("detach: work still runs: %w", ctx.Err())
	}
}
