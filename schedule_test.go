package keybridge_test

import (
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/plugin"
)

// TestWorkersStartWhatIsDue makes a run due while no process is up: one that starts work begins it by
// itself, in an active shop.
func TestWorkersStartWhatIsDue(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.attach(t, plugin.RoleWeb)
	r.activate(t)
	for _, q := range []string{
		`INSERT INTO keybridge.connection (id, shop_id, crm, position, name, key_sealed, key_hint, account, settings,
			enabled, ready_at, version, created_at, updated_at)
		VALUES ('c', '` + string(demoshop.ShopID) + `', 'keycrm', 1, 'KeyCRM', 'sealed', '', '', '{"catalog": {"categories": true}}',
			true, now(), 1, now(), now())`,
		`INSERT INTO keybridge.calendar (owner, kind, rule, zone, version, due_at, look_at)
		VALUES ('c', 'full', '{}', 'Europe/Kyiv', 1, 'epoch', 'epoch')`,
	} {
		if _, err := r.db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Detach(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.attach(t, plugin.RoleAll)
	var by []string
	var kinds int
	for deadline := time.After(2 * time.Minute); len(by) == 0 || kinds < 2; {
		select {
		case <-deadline:
			t.Fatalf("runs were started by %v, %d kinds have a schedule", by, kinds)
		case <-time.After(50 * time.Millisecond):
		}
		if err := r.db.Select(&by, `SELECT started_by FROM keybridge.run`); err != nil {
			t.Fatal(err)
		}
		if err := r.db.Get(&kinds, `SELECT count(*) FROM keybridge.calendar WHERE look_at IS NULL OR look_at > now()`); err != nil {
			t.Fatal(err)
		}
	}
	if len(by) != 1 || by[0] != "schedule" {
		t.Errorf("runs were started by %v", by)
	}
}
