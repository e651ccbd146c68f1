// Package migrations holds the tables of Keybridge, as SQL files that goose applies in order.
// Migrations expand first and contract a version later, so that two versions of the engine may run
// side by side during a roll-out.
//
// Numbers only give the order. Those that are missing (4, 8, 13 to 15, 22, 24) were set aside for changes that went on
// side by side and needed no tables in the end. None was taken back. They stay unused: goose refuses a number below those
// that a database has already.
package migrations

import (
	"context"
	"embed"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// Schema is the Postgres schema that holds everything of ours.
const Schema = "keybridge"

// Apply brings the tables up to date. Any number of processes may call it at once: one applies, the
// others wait for it.
func Apply(ctx context.Context, db *sqlx.DB) error {
	if err := createSchema(ctx, db); err != nil {
		return err
	}
	store, err := database.NewStore(database.DialectPostgres, Schema+".goose_version")
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	provider, err := goose.NewProvider("", db.DB, files,
		goose.WithStore(store), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("apply migrations: %w", err)
	}
	return nil
}
