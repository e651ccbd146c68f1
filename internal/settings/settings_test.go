package settings_test

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/secret"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/migrations"
	"github.com/keybridge/keybridge/plugin"

	"github.com/jmoiron/sqlx"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const apiKey = "0123456789-the-api-key"

type fixture struct {
	*settings.Store
	db    *sqlx.DB
	clock *clock.Fake
}

func open(t *testing.T) fixture {
	t.Helper()
	db := pgtest.NewMigrated(t, "keybridge", func(db *sqlx.DB) error { return migrations.Apply(t.Context(), db) })
	box, err := secret.NewBox(plugin.KeyRing{Current: "k", Keys: map[string][]byte{"k": bytes.Repeat([]byte{7}, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	return fixture{settings.NewStore(db, box, c), db, c}
}

func (f fixture) connection(t *testing.T) settings.Connection {
	t.Helper()
	c, err := f.Create(t.Context(), "demo", "keycrm", "KeyCRM", apiKey, "account-1")
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return c
}

func TestNewConnectionIsOffWithSafeDefaults(t *testing.T) {
	t.Parallel()
	f := open(t)
	c := f.connection(t)
	if c.Enabled || c.Running() || c.OrdersSince != nil {
		t.Errorf("a new connection works already: %+v", c)
	}
	if s := c.Settings; s.Catalog.Match != settings.MatchSKU || s.Catalog.New != settings.NewHide ||
		s.Catalog.Missing != settings.MissingNothing || s.Orders.Target != settings.TargetOff {
		t.Errorf("defaults = %+v", s)
	}
	if c.KeyHint != "-key" {
		t.Errorf("hint = %q, want the last four characters", c.KeyHint)
	}
	if key, err := f.Key(t.Context(), c.ID); err != nil || key != apiKey {
		t.Errorf("Key = %q, %v", key, err)
	}
}

func TestKeyLiesSealedInTheDatabase(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.connection(t)
	var dump string
	if err := f.db.Get(&dump, `SELECT string_agg(c::text, ' ') FROM keybridge.connection c`); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains([]byte(dump), []byte(apiKey)) {
		t.Error("the API key stands readable in its table")
	}
}

func TestStaleSaveIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	c := f.connection(t)
	first, second := c.Settings, c.Settings
	first.Catalog.New = settings.NewPublish
	second.Catalog.New = settings.NewSkip
	if _, err := f.Save(t.Context(), c.ID, c.Version, first, false, plugin.Operator{ID: "anna"}); err != nil {
		t.Fatalf("first save: %v", err)
	}
	if _, err := f.Save(t.Context(), c.ID, c.Version, second, false, plugin.Operator{ID: "borys"}); !errors.Is(err, settings.ErrStale) {
		t.Errorf("second save from the same version: %v, want ErrStale", err)
	}
	now, err := f.Get(t.Context(), c.ID)
	if err != nil || now.Settings.Catalog.New != settings.NewPublish || now.Version != 1 {
		t.Errorf("stored = %+v (version %d), %v", now.Settings.Catalog, now.Version, err)
	}
	var who []string
	if err := f.db.Select(&who, `SELECT operator_id FROM keybridge.settings_audit`); err != nil || len(who) != 1 || who[0] != "anna" {
		t.Errorf("audit = %v, %v", who, err)
	}
}

func TestOrdersPlacedBeforeSwitchingOnStayHistory(t *testing.T) {
	t.Parallel()
	f := open(t)
	c := f.connection(t)
	set := c.Settings
	set.Orders.Target = settings.TargetOrders

	c = f.save(t, c, set, false)
	if c.OrdersSince != nil {
		t.Error("orders are sent although readiness did not pass")
	}
	f.clock.Advance(time.Hour)
	c = f.save(t, c, set, true)
	since := f.clock.Now()
	if c.OrdersSince == nil || !c.OrdersSince.Equal(since) {
		t.Errorf("orders since %v, want %v", c.OrdersSince, since)
	}
	f.clock.Advance(time.Hour)
	if c = f.save(t, c, set, true); !c.OrdersSince.Equal(since) {
		t.Error("a later save forgot orders placed since the first")
	}
	set.Orders.Target = settings.TargetOff
	if c = f.save(t, c, set, true); c.OrdersSince != nil {
		t.Error("orders are still sent with the target off")
	}
	f.clock.Advance(time.Hour)
	set.Orders.Target = settings.TargetOrders
	if c = f.save(t, c, set, true); !c.OrdersSince.Equal(f.clock.Now()) {
		t.Error("switching on again would send the orders placed while it was off")
	}
}

func (f fixture) save(t *testing.T, c settings.Connection, set settings.Settings, ready bool) settings.Connection {
	t.Helper()
	saved, err := f.Save(t.Context(), c.ID, c.Version, set, ready, plugin.Operator{ID: "anna"})
	if err != nil {
		t.Fatalf("Save: %v", err)
	}
	return saved
}

func TestSwitchingTheConnectionOnAgainLeavesThePauseBehind(t *testing.T) {
	t.Parallel()
	f := open(t)
	c := f.connection(t)
	set := c.Settings
	set.Orders.Target = settings.TargetOrders
	f.switchTo(t, c.ID, true)
	c = f.save(t, c, set, true)
	f.switchTo(t, c.ID, false)
	f.clock.Advance(24 * time.Hour)
	f.switchTo(t, c.ID, true)
	got, err := f.Get(t.Context(), c.ID)
	if err != nil || !got.OrdersSince.Equal(f.clock.Now()) {
		t.Errorf("orders since %v, %v; want the moment it was switched on", got.OrdersSince, err)
	}
}

func (f fixture) switchTo(t *testing.T, id plugin.ConnectionID, on bool) {
	t.Helper()
	if err := f.SetEnabled(t.Context(), id, on); err != nil {
		t.Fatalf("SetEnabled(%v): %v", on, err)
	}
}

func TestLinkIsMadeOnceAndFoundByItsTokenOnly(t *testing.T) {
	t.Parallel()
	f := open(t)
	c := f.connection(t)
	links := make([]settings.Link, 8)
	var wg sync.WaitGroup
	for i := range links {
		wg.Go(func() {
			var err error
			if links[i], err = f.EnsureLink(t.Context(), c.ID, settings.ObjectOrder); err != nil {
				t.Errorf("EnsureLink: %v", err)
			}
		})
	}
	wg.Wait()
	for _, l := range links {
		if l.Token == "" || l.Token != links[0].Token {
			t.Fatalf("calls at once made different links: %v", links)
		}
	}
	found, err := f.FindLink(t.Context(), settings.ObjectOrder, links[0].Token)
	if err != nil || found.Connection != c.ID {
		t.Errorf("FindLink = %+v, %v", found, err)
	}
	for name, look := range map[string]struct {
		object settings.Object
		token  string
	}{"forged": {settings.ObjectOrder, secret.NewToken()}, "other object": {settings.ObjectCard, links[0].Token}, "empty": {settings.ObjectOrder, ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := f.FindLink(t.Context(), look.object, look.token); !errors.Is(err, plugin.ErrNotFound) {
				t.Errorf("%v, want ErrNotFound", err)
			}
		})
	}
}

func TestDeletedConnectionKeepsNoSecret(t *testing.T) {
	t.Parallel()
	f := open(t)
	c := f.connection(t)
	link, err := f.EnsureLink(t.Context(), c.ID, settings.ObjectOrder)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Delete(t.Context(), c.ID); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	if _, err := f.Key(t.Context(), c.ID); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("Key of a deleted connection: %v", err)
	}
	if _, err := f.FindLink(t.Context(), settings.ObjectOrder, link.Token); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("link of a deleted connection: %v", err)
	}
	var secrets int
	if err := f.db.Get(&secrets, `SELECT count(key_sealed) FROM keybridge.connection`); err != nil || secrets != 0 {
		t.Errorf("%d sealed keys left, %v", secrets, err)
	}
}

func TestConnectingTheSameAccountAgainRevivesTheConnection(t *testing.T) {
	t.Parallel()
	f := open(t)
	c := f.connection(t)
	set := c.Settings
	set.Orders.Target, set.Orders.Prefix = settings.TargetOrders, "A-"
	f.save(t, c, set, true)
	if err := f.Delete(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	other, err := f.Create(t.Context(), "demo", "keycrm", "KeyCRM", apiKey, "account-2")
	if err != nil || other.ID == c.ID {
		t.Errorf("another account revived connection %s: %v", other.ID, err)
	}
	again, err := f.Create(t.Context(), "demo", "keycrm", "KeyCRM", apiKey+"-new", "account-1")
	if err != nil || again.ID != c.ID {
		t.Fatalf("connection %s, %v; want %s back", again.ID, err, c.ID)
	}
	if again.Settings.Orders.Prefix != "A-" || again.Running() || again.OrdersSince != nil {
		t.Errorf("revived = %+v; want its settings kept and nothing at work", again)
	}
	if key, err := f.Key(t.Context(), c.ID); err != nil || key != apiKey+"-new" {
		t.Errorf("Key = %q, %v", key, err)
	}
}

func TestLostRingCostsOnlyWhatItSealed(t *testing.T) {
	t.Parallel()
	f := open(t)
	c := f.connection(t)
	before, err := f.EnsureLink(t.Context(), c.ID, settings.ObjectOrder)
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.NewBox(plugin.KeyRing{Current: "new", Keys: map[string][]byte{"new": bytes.Repeat([]byte{8}, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	after := settings.NewStore(f.db, box, f.clock)
	if _, err := after.Key(t.Context(), c.ID); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("Key under a foreign ring: %v, want ErrSealed", err)
	}
	link, err := after.EnsureLink(t.Context(), c.ID, settings.ObjectOrder)
	if err != nil || link.Token == before.Token {
		t.Fatalf("EnsureLink under a foreign ring = %v; want a new link", err)
	}
	if again, err := after.EnsureLink(t.Context(), c.ID, settings.ObjectOrder); err != nil || again.Token != link.Token {
		t.Errorf("the new link does not stay: %v", err)
	}
	if found, err := after.FindLink(t.Context(), settings.ObjectOrder, link.Token); err != nil || found.Connection != c.ID {
		t.Errorf("FindLink = %+v, %v", found, err)
	}
}

func TestLinksComeWithTheConnectionAndReadingMakesNone(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	c := f.connection(t)
	made, err := f.Links(ctx, c.ID)
	if err != nil || len(made) != 3 {
		t.Fatalf("a new connection has links %v, %v", made, err)
	}
	for object, link := range made {
		if found, err := f.FindLink(ctx, object, link.Token); err != nil || found.Connection != c.ID {
			t.Errorf("FindLink of %s = %+v, %v", object, found, err)
		}
	}
	// What a connection of an earlier version lacks comes at Attach; what is there stays.
	if _, err := f.db.Exec(`DELETE FROM keybridge.webhook WHERE object = 'card'`); err != nil {
		t.Fatal(err)
	}
	if links, err := f.Links(ctx, c.ID); err != nil || len(links) != 2 {
		t.Errorf("reading made links: %v, %v", links, err)
	}
	if err := f.EnsureLinks(ctx); err != nil {
		t.Fatal(err)
	}
	after, err := f.Links(ctx, c.ID)
	if err != nil || len(after) != 3 || after[settings.ObjectOrder] != made[settings.ObjectOrder] || after[settings.ObjectCard].Token == made[settings.ObjectCard].Token {
		t.Errorf("after Attach: %v, %v", after, err)
	}
	if err := f.Delete(ctx, c.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.EnsureLinks(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Create(ctx, "demo", "keycrm", "KeyCRM", apiKey, "account-1"); err != nil {
		t.Fatal(err)
	}
	if links, err := f.Links(ctx, c.ID); err != nil || len(links) != 3 || links[settings.ObjectOrder].Token == after[settings.ObjectOrder].Token {
		t.Errorf("a revived connection has links %v, %v; want three new ones", links, err)
	}
}

// TestAProcessWithTheWrongKeysReplacesNoLinks at its start; a merchant who saves gets others.
func TestAProcessWithTheWrongKeysReplacesNoLinks(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	c := f.connection(t)
	made, err := f.Links(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.NewBox(plugin.KeyRing{Current: "new", Keys: map[string][]byte{"new": bytes.Repeat([]byte{8}, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	wrong := settings.NewStore(f.db, box, f.clock)
	if err := wrong.EnsureLinks(ctx); err != nil {
		t.Fatal(err)
	}
	if links, err := wrong.Links(ctx, c.ID); err != nil || len(links) != 0 {
		t.Errorf("links under foreign keys = %v, %v", links, err)
	}
	if links, err := f.Links(ctx, c.ID); err != nil || len(links) != 3 || links[settings.ObjectStock] != made[settings.ObjectStock] {
		t.Errorf("the links were replaced: %v, %v", links, err)
	}
	if _, err := wrong.Save(ctx, c.ID, c.Version, c.Settings, false, plugin.Operator{ID: "op"}); err != nil {
		t.Fatal(err)
	}
	if links, err := wrong.Links(ctx, c.ID); err != nil || len(links) != 3 {
		t.Errorf("links after a save = %v, %v", links, err)
	}
}
