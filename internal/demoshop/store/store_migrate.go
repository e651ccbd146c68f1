package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// schemaLock is the advisory lock of our migrations, apart from anybody else's in the database.
const schemaLock = 7_305_112_001

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrate brings the schema "demoshop" up to date. Concurrent callers wait for one another.
func Migrate(ctx context.Context, db *sql.DB) error {
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
