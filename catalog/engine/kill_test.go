package engine_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// lifeKey finds the life of the worker that a context belongs to.
type lifeKey struct{}

// mortal answers a context whose worker kill can end, and whether that has happened.
func mortal(ctx context.Context) (context.Context, func() (killed bool)) {
	dead := new(atomic.Bool)
	return context.WithValue(ctx, lifeKey{}, dead), dead.Load
}

// kill ends the worker that the context belongs to. It comes no further than to the next call of the CRM
// or the shop, and nobody has let its run go then, as after the kill of a process.
func kill(ctx context.Context) {
	if dead, ok := ctx.Value(lifeKey{}).(*atomic.Bool); ok {
		dead.Store(true)
	}
}

// living is the error of every call that a dead worker makes: one on which it writes nothing any more.
func living(ctx context.Context) error {
	if dead, ok := ctx.Value(lifeKey{}).(*atomic.Bool); ok && dead.Load() {
		return fmt.Errorf("the worker was killed: %w", engine.ErrLost)
	}
	return nil
}

// TestAStoppedWorkerLetsItsRunGo: whatever it is about, it is told of the stop and leaves a run that the
// next worker may take up at once.
func TestAStoppedWorkerLetsItsRunGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(60, 60)))
	for range 20 {
		ctx, stop := context.WithCancel(t.Context())
		w.crm = func(c catalog.CRM) catalog.CRM { return stopping{CRM: c, stop: stop} }
		w.engine = w.newEngine()
		id := w.begin(catalog.Full)
		must(t, w.engine.Handle(ctx, id))
		var held bool
		must(t, w.db.Get(&held, `SELECT lease_until IS NOT NULL OR queued_until IS NOT NULL OR next_at > $2
			FROM keybridge.run WHERE id = $1`, id, w.clock.Now()))
		if held {
			t.Fatal("the stopped worker still holds the run")
		}
		must(t, w.engine.Cancel(t.Context(), id))
	}
}

// stopping stops the worker while it waits for a page of products.
type stopping struct {
	catalog.CRM
	stop func()
}

func (c stopping) ProductPage(ctx context.Context, _ catalog.ProductQuery, _ string) (catalog.Page[catalog.Product], error) {
	c.stop()
	<-ctx.Done()
	return catalog.Page[catalog.Product]{}, ctx.Err()
}
