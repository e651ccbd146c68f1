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
	return On(t, db, keycrmtest.Start(t, append([]keycrmtest.Option{keycrmtest.WithLimit(0)}, opts...)...), clock)
}

// On makes a bed of a database that has our tables, and an account, for tests that bring their own.
func On(t testing.TB, db *sqlx.DB, crm *keycrmtest.Server, clock plugin.Clock) *Bed {
	t.Helper()
	return &Bed{t: t, DB: db, Settings: Settings(t, db, clock), CRM: crm}
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

// Edit changes settings before they are stored.
type Edit func(*settings.Settings)

// Orders puts settings of orders in place of those that are there.
func Orders(set settings.Orders) Edit { return func(s *settings.Settings) { s.Orders = set } }

// Connect makes a connection of the shop and the simulated account, switched on, with edited settings. Connections of
// one account name belong to one account; empty: nobody knows which.
func (b *Bed) Connect(shop plugin.ShopID, name, account string, edits ...Edit) settings.Connection {
	b.t.Helper()
	c, err := b.Settings.Create(b.t.Context(), shop, "keycrm", name, b.CRM.Key(), account)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Save(c, edits...)
}

// Save stores edited settings of the connection, switches it on, and answers it as it is then.
func (b *Bed) Save(c settings.Connection, edits ...Edit) settings.Connection {
	b.t.Helper()
	ctx, all := b.t.Context(), c.Settings
	for _, edit := range edits {
		edit(&all)
	}
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
