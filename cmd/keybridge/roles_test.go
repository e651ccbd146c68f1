package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// TestWebAndWorkerShareTheJob runs pages and work in two processes, on real Postgres and real Redis.
func TestWebAndWorkerShareTheJob(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	m := newMortal(t, keycrmtest.WithCatalog(40, 60))
	m.env = []string{"DATABASE_URL=" + m.dsn, "REDIS_URL=" + localredis.StartReal(t).URL()}
	m.args = []string{"--role", "web"}
	m.start()
	worker := startChild(t, m.env, "demo", "--role", "worker", "--dir", m.dir, "--quick-checks",
		"--keycrm-key", m.sim.Key(), "--keycrm-url", m.sim.BaseURL())
	worker.waitFor("Working for " + m.shopURL())

	merchant := m.connect(ctx)
	if err := merchant.RunNow(ctx); err != nil {
		t.Fatal(err)
	}
	m.checkCatalog(ctx)
	bought, err := m.buy(ctx, "Олена Тестенко")
	if err != nil {
		t.Fatalf("buy: %v", err)
	}
	m.checkOrders(1)
	m.moveStatuses(ctx, func() { // hand the worker's place to a new one
		worker.interrupt()
		if err := worker.wait(); err != nil {
			t.Errorf("the worker ended with %v after Ctrl-C:\n%s", err, worker.out)
		}
		startChild(t, m.env, "demo", "--role", "worker", "--dir", m.dir, "--quick-checks",
			"--keycrm-key", m.sim.Key(), "--keycrm-url", m.sim.BaseURL())
	})
	until(t, patience, "the admin shows the CRM's number", func(ctx context.Context) error {
		o, err := merchant.Order(ctx, bought.Number)
		if err == nil && o.CRMID == "" {
			err = fmt.Errorf("order %s has none", bought.Number)
		}
		return err
	})
}
