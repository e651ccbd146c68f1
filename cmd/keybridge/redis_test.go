package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// TestRedisEmptiedOrStoppedLosesNothing empties Redis and takes it away at moments when a run, orders
// and webhooks are in the hands of workers.
func TestRedisEmptiedOrStoppedLosesNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	m := newMortal(t, keycrmtest.WithCatalog(160, 240))
	redis := localredis.StartReal(t)
	m.env = []string{"DATABASE_URL=" + m.dsn, "REDIS_URL=" + redis.URL()}
	m.start()
	var once sync.Once
	m.sim.After(func(q keycrmtest.Request) {
		if q.Path == "/v1/offers" {
			once.Do(func() { empty(t, redis) })
		}
	})
	m.connect(ctx)
	until(t, patience, "the shop has goods", func(context.Context) error {
		if m.count(`SELECT count(*) FROM demoshop.images`) == 0 {
			return errors.New("not yet")
		}
		return nil
	})

	redis.Stop(t)
	for i := range 3 {
		if _, err := m.buy(ctx, "Покупець "+strconv.Itoa(i)); err != nil {
			t.Fatalf("a checkout without Redis: %v", err)
		}
	}
	if n := len(m.sim.Orders()); n != 0 {
		t.Errorf("%d orders were sent without Redis", n)
	}
	redis.Start(t)
	back := time.Now()
	m.checkOrders(3)
	t.Logf("3 orders were in the CRM %.1f s after Redis was back", time.Since(back).Seconds())
	m.checkCatalog(ctx)
	t.Logf("the run was over %.1f s after Redis was back", time.Since(back).Seconds())

	once = sync.Once{}
	m.sim.After(func(q keycrmtest.Request) {
		if q.Method == http.MethodPost && q.Path == "/v1/order" {
			once.Do(func() { // an order is in the hands of a worker, so Redis knows as much as it ever does
				wantNoSecrets(t, redis, m.sim.Key(), "67123", "Покупець")
				empty(t, redis)
			})
		}
	})
	for i := range 3 {
		if _, err := m.buy(ctx, "Покупець знову "+strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	m.checkOrders(6)
	m.sim.After(nil)
	m.moveStatuses(ctx, func() { redis.Stop(t); redis.Start(t) })
}

func open(t *testing.T, r *localredis.Real) *redis.Client {
	t.Helper()
	opt, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Error(err)
	}
	return redis.NewClient(opt)
}

// empty takes everything Redis knows.
func empty(t *testing.T, r *localredis.Real) {
	t.Helper()
	client := open(t, r)
	if err := errors.Join(client.FlushAll(t.Context()).Err(), client.Close()); err != nil {
		t.Error(err)
	}
}

// wantNoSecrets looks for words in everything Redis knows.
func wantNoSecrets(t *testing.T, r *localredis.Real, secrets ...string) {
	t.Helper()
	client := open(t, r)
	defer func() { _ = client.Close() }()
	const all = `local out = {}
		local read = {string = {'GET'}, hash = {'HGETALL'}, set = {'SMEMBERS'}, list = {'LRANGE', 0, -1}, zset = {'ZRANGE', 0, -1}}
		for _, k in ipairs(redis.call('KEYS', '*')) do
			local how = read[redis.call('TYPE', k).ok]
			local v = redis.call(how[1], k, unpack(how, 2))
			out[#out + 1] = k .. ' ' .. (type(v) == 'table' and table.concat(v, ' ') or v)
		end
		return out`
	known, err := client.Eval(t.Context(), all, nil).StringSlice()
	if err != nil || !slices.ContainsFunc(known, func(s string) bool { return strings.Contains(s, ":t:") }) {
		t.Errorf("Redis knows no task: %q, %v", known, err)
	}
	for _, secret := range secrets {
		if i := slices.IndexFunc(known, func(s string) bool { return strings.Contains(s, secret) }); i >= 0 {
			t.Errorf("Redis knows a secret or a buyer: %s", known[i])
		}
	}
}
