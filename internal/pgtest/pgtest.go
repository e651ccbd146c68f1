// Package pgtest gives every test a PostgreSQL database of its own.
//
// One server serves all tests of a test binary. It starts when the first test asks, in about half
// a second, and ends with the binary; if DATABASE_URL is set the databases are made in that
// server instead. A machine without PostgreSQL fails the tests: none is skipped.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/localpg"
)

// maxServers is how many test binaries may run servers at once on one machine.
const maxServers = 64

// running is the server of this test binary. A test binary is one process with many tests that
// know nothing of each other, so this is the one place for it.
var running shared

type shared struct {
	mu        sync.Mutex
	server    *localpg.Server
	err       error                // why the server did not start: told to every test
	templates map[string]*template // by the name given to NewMigrated
}

type template struct {
	once sync.Once
	name string // of the database
	err  error
}

// New returns a fresh, empty database, which is closed and dropped when the test ends.
func New(t testing.TB) *sqlx.DB {
	t.Helper()
	return connect(t, DSN(t))
}

// NewMigrated returns a fresh database on which migrate has been run. The work is done once per
// test binary for each name and copied from then on, so one name must always mean the same
// migrations.
func NewMigrated(t testing.TB, name string, migrate func(*sqlx.DB) error) *sqlx.DB {
	t.Helper()
	return connect(t, MigratedDSN(t, name, migrate))
}

// DSN is the postgres:// URL of a fresh, empty database, for what opens its own connections: a
// listener, another process. The database is dropped when the test ends.
func DSN(t testing.TB) string {
	t.Helper()
	return running.create(t, "")
}

// MigratedDSN is to NewMigrated what DSN is to New.
func MigratedDSN(t testing.TB, name string, migrate func(*sqlx.DB) error) string {
	t.Helper()
	tpl := running.template(name)
	tpl.once.Do(func() { tpl.name, tpl.err = running.migrated(migrate) })
	if tpl.err != nil {
		t.Fatalf("prepare the database %q: %v", name, tpl.err)
	}
	return running.create(t, tpl.name)
}

// Main runs the tests and then stops the server in good order. Its use is optional on Linux,
// where the server ends with the test binary anyway, and on other systems keeps servers from
// being left behind:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	if err := running.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return max(code, 1)
	}
	return code
}

// connect opens the database for as long as the test runs.
func connect(t testing.TB, dsn string) *sqlx.DB {
	t.Helper()
	db, err := sqlx.Connect("postgres", dsn)
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return db
}

func (s *shared) create(t testing.TB, from string) string {
	t.Helper()
	admin, name, err := s.next()
	if err != nil {
		t.Fatalf("a database for the test: %v", err)
	}
	ctx := context.WithoutCancel(t.Context())
	if err := createDatabase(ctx, admin, name, from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dropDatabase(ctx, admin, name); err != nil {
			t.Error(err)
		}
	})
	dsn, err := withDatabase(admin, name)
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// template finds or adds the template of that name, not yet made.
func (s *shared) template(name string) *template {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.templates == nil {
		s.templates = make(map[string]*template)
	}
	if s.templates[name] == nil {
		s.templates[name] = new(template)
	}
	return s.templates[name]
}

// migrated makes the database that others are copied from and returns its name. In a server of
// our own it goes with the server; in one that DATABASE_URL names, stop drops it.
func (s *shared) migrated(migrate func(*sqlx.DB) error) (string, error) {
	admin, name, err := s.next()
	if err != nil {
		return "", err
	}
	ctx := context.Background()
	if err := createDatabase(ctx, admin, name, ""); err != nil {
		return "", err
	}
	dsn, err := withDatabase(admin, name)
	if err != nil {
		return "", err
	}
	db, err := sqlx.Connect("postgres", dsn)
	if err != nil {
		return "", fmt.Errorf("open the template: %w", err)
	}
	// A database with an open connection cannot be copied, hence the close before it is used.
	return name, errors.Join(migrate(db), db.Close())
}

// next starts the server if need be and gives the URL to administer it and a name not yet used.
func (s *shared) next() (admin, name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil && s.err == nil {
		s.server, s.err = startServer()
	}
	if s.err != nil {
		return "", "", s.err
	}
	return s.server.DSN(), "kb_test_" + strings.ToLower(rand.Text()[:12]), nil
}

// startServer takes the first folder that no other test binary uses. The folders have fixed
// names so that what a killed binary left behind is cleared by the next one, not piled up.
func startServer() (*localpg.Server, error) {
	for i := range maxServers {
		s, err := localpg.Start(context.Background(), localpg.Config{
			Dir:            filepath.Join(os.TempDir(), fmt.Sprintf("keybridge-pgtest-%d-%d", os.Geteuid(), i)),
			MaxConnections: 300,
			Throwaway:      true,
		})
		if !errors.Is(err, localpg.ErrInUse) {
			return s, err
		}
	}
	return nil, fmt.Errorf("%d test binaries already run a server each: %w", maxServers, localpg.ErrInUse)
}

func (s *shared) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		return nil
	}
	var err error
	if s.server.External() {
		for _, tpl := range s.templates {
			if tpl.name != "" {
				err = errors.Join(err, dropDatabase(context.Background(), s.server.DSN(), tpl.name))
			}
		}
	}
	return errors.Join(err, s.server.Stop(context.Background()))
}

// withDatabase is dsn with another database in it.
func withDatabase(dsn, name string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" { // the URL may hold a password: it is not repeated
		return "", errors.New("DATABASE_URL must be a URL such as postgres://user:password@localhost:5432/name")
	}
	u.Path = "/" + name
	return u.String(), nil
}
