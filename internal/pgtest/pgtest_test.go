package pgtest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/localpg"
	"github.com/keybridge/keybridge/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	a, b := pgtest.New(t), pgtest.New(t)
	a.MustExecContext(t.Context(), "CREATE TABLE only_here (n int)")
	var found bool
	if err := b.GetContext(t.Context(), &found, "SELECT to_regclass('only_here') IS NOT NULL"); err != nil {
		t.Fatal(err)
	}
	if found {
		t.Error("a table made in one test's database shows in another's")
	}
}

func TestDatabasesAreDroppedAfterTheTest(t *testing.T) {
	t.Parallel()
	var name string
	db := pgtest.New(t)
	if ok := t.Run("inner", func(t *testing.T) { // not parallel: it must be over before the look below
		if err := pgtest.New(t).Get(&name, "SELECT current_database()"); err != nil {
			t.Fatal(err)
		}
	}); !ok {
		return
	}
	var there bool
	if err := db.Get(&there, "SELECT count(*) > 0 FROM pg_database WHERE datname = $1", name); err != nil {
		t.Fatal(err)
	}
	if there || name == "" {
		t.Errorf("the database %q is still there", name)
	}
}

func TestMigrationsRunOnceAndAreCopied(t *testing.T) {
	t.Parallel()
	name := rand.Text() // under -count the same binary runs this test again
	var runs atomic.Int32
	migrate := func(db *sqlx.DB) error {
		runs.Add(1)
		_, err := db.ExecContext(t.Context(), "CREATE TABLE goods (n int); INSERT INTO goods VALUES (7)")
		return err
	}
	for range 3 {
		db := pgtest.NewMigrated(t, name, migrate)
		var sum int
		if err := db.GetContext(t.Context(), &sum, "UPDATE goods SET n = n + 1 RETURNING n"); err != nil {
			t.Fatal(err)
		}
		if sum != 8 {
			t.Errorf("the copy holds %d, want a fresh 7 + 1", sum)
		}
	}
	if got := runs.Load(); got != 1 {
		t.Errorf("the migrations ran %d times, want 1", got)
	}
}

func TestDSNOpensTheDatabaseFromElsewhere(t *testing.T) {
	t.Parallel()
	dsn := pgtest.MigratedDSN(t, "empty", func(*sqlx.DB) error { return nil })
	one, err := sqlx.Connect("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	two, err := sqlx.Connect("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	one.MustExecContext(t.Context(), "CREATE TABLE seen (n int)")
	if _, err := two.ExecContext(t.Context(), "INSERT INTO seen VALUES (1)"); err != nil {
		t.Errorf("two connections to one DSN see different databases: %v", err)
	}
	if err := errors.Join(one.Close(), two.Close()); err != nil {
		t.Error(err)
	}
}

func TestDatabaseURLIsUsedAndLeftClean(t *testing.T) {
	t.Parallel()
	theirs, err := localpg.Start(t.Context(), localpg.Config{Throwaway: true, Getenv: func(name string) string {
		return map[string]string{"PATH": os.Getenv("PATH")}[name]
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := theirs.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if out, err := runWith(t, theirs.DSN()); err != nil || !strings.Contains(out, "--- PASS") {
		t.Fatalf("the tests in another's server: %v\n%s", err, out)
	}
	const dead = "postgres://127.0.0.1:1/none?sslmode=disable"
	if out, err := runWith(t, dead); err == nil || !strings.Contains(out, "DATABASE_URL") {
		t.Errorf("with a dead DATABASE_URL the tests did not fail for it: %v\n%s", err, out)
	}
	db, err := sqlx.Connect("postgres", theirs.DSN())
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	err = db.SelectContext(t.Context(), &left, "SELECT datname FROM pg_database WHERE datname LIKE 'kb_test_%'")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("left behind in a server that is not ours: %q", left)
	}
}

// runWith runs one of these tests in a process of its own, in the server that url names.
func runWith(t *testing.T, url string) (output string, err error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestMigrationsRunOnceAndAreCopied$", "-test.v")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func BenchmarkNewMigrated(b *testing.B) {
	for b.Loop() {
		pgtest.NewMigrated(b, "bench", func(db *sqlx.DB) error {
			_, err := db.Exec("CREATE TABLE goods (n int)")
			return err
		})
	}
}
