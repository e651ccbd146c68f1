// Package testbed is what the tests of several parts stand on: our tables in a Postgres of the test's own, settings
// over them, a simulated KeyCRM behind real HTTP, and a clock that stands. What a part adds to that is its own tests'.
package testbed

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/secret"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/connector"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/migrations"
	"github.com/keybridge/keybridge/plugin"
)

// Bed is one test's database, settings and account. All of it ends with the test.
type Bed struct {
	t        testing.TB
	DB       *sqlx.DB
	Settings *settings.Store
	CRM      *keycrmtest.Server
}

// New makes a bed whose settings go by the clock. The simulator has no limit of requests unless an option sets one; its
// own clock is the machine's unless an option says otherwise.
func New(t testing.TB, clock *clock.Fake, opts ...keycrmtest.Option) *Bed {
	t.Helper()
	db := pgtest.NewMigrated(t, "keybridge", func(db *sqlx.DB) error { return migrations.Apply(context.Background(), db) })
	return &Bed{
		t: t, DB: db, Settings: Settings(t, db, clock),
		CRM: keycrmtest.Start(t, append([]keycrmtest.Option{keycrmtest.WithLimit(0)}, opts...)...),
	}
}

// Settings are those of the database as another process sees them, under the same key ring.
func Settings(t testing.TB, db *sqlx.DB, clock plugin.Clock) *settings.Store {
	t.Helper()
	box, err := secret.NewBox(plugin.KeyRing{Current: "k", Keys: map[string][]byte{"k": make([]byte, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	return settings.NewStore(db, box, clock)
}

// Connect makes a connection of the shop and the simulated account, switched on, with these settings of orders.
func (b *Bed) Connect(shop plugin.ShopID, set settings.Orders) settings.Connection {
	b.t.Helper()
	c, err := b.Settings.Create(b.t.Context(), shop, "keycrm", "KeyCRM", b.CRM.Key(), "")
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Save(c, set)
}

// Save stores settings of orders, switches the connection on, and answers it as it is then.
func (b *Bed) Save(c settings.Connection, set settings.Orders) settings.Connection {
	b.t.Helper()
	ctx, all := b.t.Context(), c.Settings
	all.Orders = set
	if _, err := b.Settings.Save(ctx, c.ID, c.Version, all, true, plugin.Operator{ID: "op"}); err != nil {
		b.t.Fatal(err)
	}
	if err := b.Settings.SetEnabled(ctx, c.ID, true); err != nil {
		b.t.Fatal(err)
	}
	c, err := b.Settings.Get(ctx, c.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// Open answers a connector to the account of a connection, by the key that is stored.
func (b *Bed) Open(ctx context.Context, id plugin.ConnectionID, opts ...keycrm.Option) (*connector.Connector, error) {
	key, err := b.Settings.Key(ctx, id)
	if err != nil {
		return nil, err
	}
	client, err := keycrm.New(b.CRM.BaseURL(), key, opts...)
	if err != nil {
		return nil, err
	}
	return connector.New(client), nil
}
