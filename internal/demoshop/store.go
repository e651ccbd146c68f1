package demoshop

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/keybridge/keybridge/plugin"
)

// schemaLock is the advisory lock of our migrations, apart from anybody else's in the database.
const schemaLock = 7_305_112_001

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrate brings the schema "demoshop" up to date. Concurrent callers wait for one another.
func migrate(ctx context.Context, db *sql.DB) error {
	if err := createSchema(ctx, db); err != nil {
		return fmt.Errorf("demo shop: create schema: %w", err)
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return fmt.Errorf("demo shop: read migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(schemaLock), lock.WithLockTimeout(1, 120))
	if err != nil {
		return fmt.Errorf("demo shop: make migration lock: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker),
		goose.WithTableName("demoshop.goose_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("demo shop: read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("demo shop: migrate: %w", err)
	}
	return nil
}

// createSchema runs under a lock of its own: CREATE SCHEMA IF NOT EXISTS still races.
func createSchema(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, schemaLock+1); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS demoshop`); err != nil {
		return err
	}
	return tx.Commit()
}

// store is all SQL of the shop.
type store struct {
	db    *sqlx.DB
	clock plugin.Clock
}

// now is cut to microseconds, because Postgres keeps no more and cursors compare exactly.
func (s *store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }

// inTx runs f in one transaction. An error of f rolls it back and is answered as it is.
func (s *store) inTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return dbErr("begin", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	return dbErr("commit", tx.Commit())
}

// dbErr wraps what the database answered into the contract's words. Errors that carry one of the
// sentinels already pass unchanged.
func dbErr(what string, err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{plugin.ErrNotFound, plugin.ErrInvalid, plugin.ErrConflict, plugin.ErrRefused, plugin.ErrUnsupported, plugin.ErrTemporary} {
		if errors.Is(err, known) {
			return err
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", what, plugin.ErrNotFound)
	}
	if pqErr, ok := errors.AsType[*pq.Error](err); ok && neverAccepted(pqErr) {
		// The message may hold the value; the code says enough.
		return fmt.Errorf("%s: database refuses the value (%s): %w", what, pqErr.Code, plugin.ErrInvalid)
	}
	return fmt.Errorf("%s: %w: %w", what, err, plugin.ErrTemporary)
}

// neverAccepted: data exceptions (22) and integrity violations (23) do not mend by themselves.
func neverAccepted(err *pq.Error) bool {
	class := err.Code.Class()
	return class == "22" || class == "23"
}

// parseID reads an id of ours; false when it cannot be one.
func parseID[T ~string](id T) (int64, bool) {
	n, err := strconv.ParseInt(string(id), 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == string(id)
}

// parseIDs leaves out what cannot be an id.
func parseIDs[T ~string](ids []T) []int64 {
	out := make([]int64, 0, len(ids))
	for _, id := range ids {
		if n, ok := parseID(id); ok {
			out = append(out, n)
		}
	}
	return out
}

// formatID writes an id for the contract; zero is the empty id.
func formatID[T ~string](id int64) T {
	if id == 0 {
		return ""
	}
	return T(strconv.FormatInt(id, 10))
}

// version writes a row's counter for the contract.
func version(n int64) plugin.Version { return plugin.Version(strconv.FormatInt(n, 10)) }
