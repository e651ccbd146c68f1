package keybridge

import (
	"context"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// What tests compare with plugin.yaml and the schema.

// JobKinds are the kinds of jobs that workers have handlers for.
func (k *Keybridge) JobKinds() []string {
	var kinds []string
	for kind := range k.handlers() {
		kinds = append(kinds, kind)
	}
	return kinds
}

// KeepDays is how long bodies of orders and webhooks are kept.
func KeepDays() (bodies, inbox int) { return int(keepBodies.Hours() / 24), int(keepInbox.Hours() / 24) }

// Active asks what hooks inside a checkout ask.
func (k *Keybridge) Active(shop plugin.ShopID) bool { return k.installs.Active(shop) }

// Settings are the connections, to be made without the page.
func (k *Keybridge) Settings() *settings.Store { return k.settings }

// StartFull starts a run as the page does.
func (k *Keybridge) StartFull(ctx context.Context, id plugin.ConnectionID) error {
	_, err := k.catalog.Start(ctx, id, catalog.Full, "1")
	return err
}

// Scan looks for orders that were not noted when they were placed.
func (k *Keybridge) Scan(ctx context.Context) error { return k.exporter.Scan(ctx) }

// TellTroubles leaves the messages that are due.
func (k *Keybridge) TellTroubles(ctx context.Context) error { return k.tellTroubles(ctx) }

// Driven is the plugin's work in one goroutine: each step hands over what is due and does it.
func (k *Keybridge) Driven() func(ctx context.Context) error {
	queue := &jobs.Inline{Handlers: k.handlers()}
	relay := k.relay(queue)
	return func(ctx context.Context) error {
		relay.Step(ctx)
		_, err := queue.Run(ctx)
		return err
	}
}

// Relay feeds a queue from the tables, and Handlers do what lies in it.
func (k *Keybridge) Relay(queue jobs.Enqueuer) *jobs.Relay { return k.relay(queue) }

// Handlers do the work of each kind of job.
func (k *Keybridge) Handlers() map[string]jobs.Handler { return k.handlers() }

// Catalog starts and drives runs.
func (k *Keybridge) Catalog() *engine.Engine { return k.catalog }

// Worker does what is due of one kind of job, and answers how many tasks that were. Several may work
// at once, as in several processes.
func (k *Keybridge) Worker(kind string) func(ctx context.Context) (int, error) {
	source, handle := k.relay(nil).Sources[kind], k.handlers()[kind]
	return func(ctx context.Context) (int, error) {
		tasks, err := source.Due(ctx, k.host.Clock().Now(), 10)
		if err != nil {
			return 0, err
		}
		for _, t := range tasks {
			if err := handle(ctx, t.Row); err != nil {
				return 0, err
			}
		}
		return len(tasks), nil
	}
}
