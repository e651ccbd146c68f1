package keybridge

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// installations remembers which shops are active. The answer is kept in memory, because the hook
// inside a checkout asks it and must not wait; other processes see a change within refreshEvery.
type installations struct {
	db     *sqlx.DB
	mu     sync.RWMutex
	active map[plugin.ShopID]bool
}

// refreshEvery is how often a process looks whether shops were switched on or off elsewhere.
const refreshEvery = 2 * time.Second

// Active reports whether the shop is switched on; it never waits for the database.
func (i *installations) Active(shop plugin.ShopID) bool {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.active[shop]
}

// Runs is Active for work that may wait for the database: what memory says no to is looked up, since the
// shop may have been switched on elsewhere a moment ago.
func (i *installations) Runs(ctx context.Context, shop plugin.ShopID) bool {
	if i.Active(shop) {
		return true
	}
	state, err := i.state(ctx, shop)
	return err == nil && state == stateActive
}

func (i *installations) refresh(ctx context.Context) error {
	var shops []plugin.ShopID
	const q = `SELECT shop_id FROM keybridge.installation WHERE state = 'active'`
	if err := i.db.SelectContext(ctx, &shops, q); err != nil {
		return fmt.Errorf("read active shops: %w", err)
	}
	active := make(map[plugin.ShopID]bool, len(shops))
	for _, s := range shops {
		active[s] = true
	}
	i.mu.Lock()
	i.active = active
	i.mu.Unlock()
	return nil
}

// set records a state; writing it twice is no error.
func (i *installations) set(ctx context.Context, shop plugin.ShopID, state, version string, now time.Time) error {
	const q = `
		INSERT INTO keybridge.installation (shop_id, state, version, changed_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (shop_id) DO UPDATE SET state = $2, version = $3, changed_at = $4
		WHERE installation.state <> $2 OR installation.version <> $3`
	if _, err := i.db.ExecContext(ctx, q, shop, state, version, now); err != nil {
		return fmt.Errorf("record shop %q as %s: %w", shop, state, err)
	}
	return i.refresh(ctx)
}

// state answers the recorded state; empty when the shop was never installed.
func (i *installations) state(ctx context.Context, shop plugin.ShopID) (string, error) {
	var states []string
	const q = `SELECT state FROM keybridge.installation WHERE shop_id = $1`
	if err := i.db.SelectContext(ctx, &states, q, shop); err != nil {
		return "", fmt.Errorf("read state of shop %q: %w", shop, err)
	}
	if len(states) == 0 {
		return "", nil
	}
	return states[0], nil
}

// dropShop deletes everything of a shop that Uninstall may delete, children before parents; what
// hangs on a run or an outbox entry goes with it. A test holds the list equal to the schema.
func dropShop(ctx context.Context, db *sqlx.DB, shop plugin.ShopID) error {
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("drop data of shop %q: %w", shop, err)
	}
	defer func() { _ = tx.Rollback() }()
	const ofShop = ` WHERE connection_id IN (SELECT id FROM keybridge.connection WHERE shop_id = $1)`
	const ofOwner = ` WHERE owner IN (SELECT id FROM keybridge.connection WHERE shop_id = $1)`
	for _, from := range []string{
		"inbox_event" + ofShop, "inbox" + ofShop, "webhook" + ofShop, "settings_audit" + ofShop,
		"stock_held" + ofShop, "stock_change" + ofShop, "stock_notice" + ofShop, "stock_body" + ofShop, "stock_call" + ofShop, "warehouse" + ofShop, "known_offers" + ofShop, "known_list" + ofShop,
		"pin" + ofShop, "catalog_audit" + ofShop, "notice" + ofShop, "card_reading" + ofShop,
		"run" + ofShop, "calendar" + ofOwner, "link_variant" + ofShop, "link_product" + ofShop, "link_category" + ofShop,
		"outbox WHERE shop_id = $1", "order_scan WHERE shop_id = $1", "connection WHERE shop_id = $1",
	} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM keybridge."+from, shop); err != nil {
			return fmt.Errorf("drop data of shop %q: %w", shop, err)
		}
	}
	return tx.Commit()
}

// beat records that a working process is alive.
func beat(ctx context.Context, db *sqlx.DB, id string, now time.Time) error {
	const q = `INSERT INTO keybridge.worker (id, seen_at) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET seen_at = $2`
	if _, err := db.ExecContext(ctx, q, id, now); err != nil {
		return fmt.Errorf("worker heartbeat: %w", err)
	}
	_, err := db.ExecContext(ctx, `DELETE FROM keybridge.worker WHERE seen_at < $1`, now.Add(-24*time.Hour))
	if err != nil {
		return fmt.Errorf("worker heartbeat: %w", err)
	}
	return nil
}

// workerSeen reports whether any working process beat since then.
func workerSeen(ctx context.Context, db *sqlx.DB, since time.Time) (bool, error) {
	var alive bool
	const q = `SELECT EXISTS (SELECT 1 FROM keybridge.worker WHERE seen_at > $1)`
	if err := db.GetContext(ctx, &alive, q, since); err != nil {
		return false, fmt.Errorf("read workers: %w", err)
	}
	return alive, nil
}

// probe checks that the pool is what the contract asks for: lib/pq on Postgres 14 or newer, with at
// least two connections.
func probe(ctx context.Context, db *sqlx.DB) error {
	if name := fmt.Sprintf("%T", db.Driver()); name != "*pq.Driver" && name != "pq.Driver" {
		return fmt.Errorf("the host's database pool uses driver %s; github.com/lib/pq is needed: %w", name, plugin.ErrUnsupported)
	}
	// Whoever writes to the shop holds one connection for its locks while the shop needs another.
	if db.Stats().MaxOpenConnections == 1 {
		return fmt.Errorf("the host's database pool opens one connection only; at least 2 are needed: %w", plugin.ErrUnsupported)
	}
	var version int
	if err := db.GetContext(ctx, &version, `SELECT current_setting('server_version_num')::int`); err != nil {
		return fmt.Errorf("reach Postgres: %w", err)
	}
	if version < 140000 {
		return fmt.Errorf("the host's Postgres %d is too old; 14 or newer is needed: %w", version/10000, plugin.ErrUnsupported)
	}
	return nil
}

// hasTables reports whether our tables have been made in this database.
func hasTables(ctx context.Context, db *sqlx.DB) (bool, error) {
	var there bool
	if err := db.GetContext(ctx, &there, `SELECT to_regclass('keybridge.run') IS NOT NULL`); err != nil {
		return false, fmt.Errorf("look for our tables: %w", err)
	}
	return there, nil
}
