package keybridge_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// keptIn holds databases and accounts of the simulator as earlier versions have left them, by the latest migration
// of the version; see keep_test.go.
const keptIn = "testdata/kept"

// kept is one of them.
type kept struct {
	Name string
	At   time.Time // on the clock of that world
}

// keptKey is the key of the simulated accounts.
const keptKey = "kept-key-of-a-simulated-account-000000000000000"

// keptAccount is the simulator as those worlds had it; path keeps what happened to it.
func keptAccount(c clock.Alone, path string) *keycrmtest.Server {
	return keycrmtest.New(keycrmtest.WithCatalog(12, 18), keycrmtest.WithPictureSize(16), keycrmtest.WithKey(keptKey), keycrmtest.WithClock(c.Now),
		keycrmtest.WithManualWebhooks(), keycrmtest.WithPersistence(path))
}

// TestKeptDataIsUpgraded opens each of them with this version, an hour after its process died: runs and orders
// end, no order is doubled, and a full run of the unchanged account writes nothing to the shop.
func TestKeptDataIsUpgraded(t *testing.T) {
	t.Parallel()
	versions, err := os.ReadDir(keptIn)
	if err != nil || len(versions) == 0 {
		t.Fatalf("%d versions are kept, %v", len(versions), err)
	}
	for _, dir := range versions {
		version := dir.Name()
		var all []kept
		readKept(t, filepath.Join(version, "index.json"), func(r io.Reader) error { return json.NewDecoder(r).Decode(&all) })
		for _, k := range all {
			t.Run(version+" "+k.Name, func(t *testing.T) {
				t.Parallel()
				d := reopen(t, version, k)
				d.settleDown(t)
				d.decide(t)
				d.settleDown(t)
				d.checkKept(t)
			})
		}
	}
}

// readKept opens a kept file, unpacked if it is packed.
func readKept(t *testing.T, name string, read func(io.Reader) error) {
	t.Helper()
	f, err := os.Open(filepath.Join(keptIn, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := read(r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func reopen(t *testing.T, version string, k kept) *day {
	t.Helper()
	db, account := pgtest.New(t), filepath.Join(t.TempDir(), "account")
	readKept(t, filepath.Join(version, k.Name+".sql.gz"), func(r io.Reader) error {
		script, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		return restore(t.Context(), db, string(script))
	})
	readKept(t, filepath.Join(version, k.Name+".account.gz"), func(r io.Reader) error {
		rows, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		return os.WriteFile(account, rows, 0o600)
	})
	c := clock.NewAlone(k.At.Add(time.Hour))
	sim := keptAccount(c, account)
	t.Cleanup(func() { _ = sim.Close() })
	return newDayOn(t, db, c, sim)
}

// restore runs a script on one connection, which keeps nothing of its settings.
func restore(ctx context.Context, db *sqlx.DB, script string) error {
	conn, err := db.Connx(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, script); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `RESET ALL`)
	return err
}

// settleDown works until nothing goes on by itself.
func (d *day) settleDown(t *testing.T) {
	t.Helper()
	step := d.Driven()
	for quiet, n := 0, 0; quiet < 3; n++ {
		if n > 2000 {
			t.Fatal("it never comes to rest")
		}
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if quiet++; d.open(t) > 0 {
			quiet = 0
		}
		d.clock.Advance(5 * time.Minute)
	}
}

// open counts runs and orders that go on by themselves.
func (d *day) open(t *testing.T) int {
	t.Helper()
	var n int
	const q = `SELECT (SELECT count(*) FROM keybridge.run WHERE state IN ('queued', 'running', 'waiting'))
		+ (SELECT count(*) FROM keybridge.outbox WHERE state IN ('pending', 'sending', 'checking', 'retrying'))
		+ (SELECT count(*) FROM keybridge.inbox WHERE next_at IS NOT NULL)`
	if err := d.db.Get(&n, q); err != nil {
		t.Fatal(err)
	}
	return n
}

// decide approves what waits for a person.
func (d *day) decide(t *testing.T) {
	t.Helper()
	var waiting []int64
	if err := d.db.Select(&waiting, `SELECT id FROM keybridge.run WHERE state = 'approval'`); err != nil {
		t.Fatal(err)
	}
	for _, id := range waiting {
		if err := d.Catalog().Approve(t.Context(), id, "1"); err != nil {
			t.Errorf("approve run %d: %v", id, err)
		}
	}
}

func (d *day) checkKept(t *testing.T) {
	t.Helper()
	var runs []struct {
		ID          int64
		State, Code string
	}
	if err := d.db.Select(&runs, `SELECT id, state, error_code AS code FROM keybridge.run WHERE state NOT IN ('done', 'cancelled')`); err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		t.Errorf("run %d is %s %s", r.ID, r.State, r.Code)
	}
	d.checkKeptOrders(t)
	if d.gaveWay(t) {
		d.fullRun(t)
	}
	before := d.goods(t)
	d.fullRun(t)
	if d.goods(t) != before {
		t.Error("a full run of the unchanged account has changed goods of the shop")
	}
}

// gaveWay reports whether the latest full run was a preview that nobody has approved in time.
func (d *day) gaveWay(t *testing.T) (was bool) {
	t.Helper()
	if err := d.db.Get(&was, `SELECT state = 'cancelled' FROM keybridge.run WHERE kind = 'full' ORDER BY id DESC LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	return was
}

func (d *day) fullRun(t *testing.T) {
	t.Helper()
	id, err := d.Catalog().Start(t.Context(), d.only(t), catalog.Full, "1")
	if err != nil {
		t.Fatal(err)
	}
	d.settleDown(t)
	if run, err := d.Catalog().Run(t.Context(), id); err != nil || run.State != catalog.Done {
		t.Errorf("the full run is %s %s, %v", run.State, run.Code, err)
	}
}

// checkKeptOrders: the CRM has each order once, but for those that wait for a person.
func (d *day) checkKeptOrders(t *testing.T) {
	t.Helper()
	var orders []struct{ Number, State, Reason string }
	const q = `SELECT o.number, coalesce(x.state, 'not noted') AS state, coalesce(x.reason, '') AS reason FROM demoshop.orders o
		LEFT JOIN keybridge.outbox x ON x.order_id = o.id::text`
	if err := d.db.Select(&orders, q); err != nil {
		t.Fatal(err)
	}
	times := d.inCRM()
	for _, o := range orders {
		want := 1
		if o.State == "blocked" && o.Reason == "unmapped_payment" {
			want = 0
		} else if o.State != "done" {
			t.Errorf("order %s is %s %s", o.Number, o.State, o.Reason)
		}
		if times[o.Number] != want {
			t.Errorf("order %s is %d times in the CRM, want %d", o.Number, times[o.Number], want)
		}
	}
}

// only is the one connection.
func (d *day) only(t *testing.T) (id plugin.ConnectionID) {
	t.Helper()
	if err := d.db.Get(&id, `SELECT id FROM keybridge.connection`); err != nil {
		t.Fatal(err)
	}
	return id
}

// goods is what the shop has of the catalog, with the versions of its rows.
func (d *day) goods(t *testing.T) string {
	t.Helper()
	var all string
	const q = `SELECT (SELECT coalesce(md5(string_agg(r::text, ' ' ORDER BY r::text)), '') FROM demoshop.products r) || ' ' ||
		(SELECT coalesce(md5(string_agg(r::text, ' ' ORDER BY r::text)), '') FROM demoshop.variants r) || ' ' ||
		(SELECT coalesce(md5(string_agg(r::text, ' ' ORDER BY r::text)), '') FROM demoshop.categories r) || ' ' ||
		(SELECT coalesce(md5(string_agg(r::text, ' ' ORDER BY r::text)), '') FROM demoshop.images r)`
	if err := d.db.Get(&all, q); err != nil {
		t.Fatal(err)
	}
	return all
}
