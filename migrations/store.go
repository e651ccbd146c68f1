package migrations

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// createSchema makes our schema. Two processes that both create it at once would collide in the
// system catalog even with IF NOT EXISTS, so they queue on an advisory lock first.
func createSchema(ctx context.Context, db *sqlx.DB) error {
	var exists bool
	const look = `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)`
	if err := db.GetContext(ctx, &exists, look, Schema); err != nil {
		return fmt.Errorf("look for schema %s: %w", Schema, err)
	}
	if exists { // creating it, even IF NOT EXISTS, takes a right on the database that we need not have
		return nil
	}
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("create schema %s: %w", Schema, err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, q := range []string{
		`SELECT pg_advisory_xact_lock(hashtext('keybridge.schema'))`,
		`CREATE SCHEMA IF NOT EXISTS ` + Schema,
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("create schema %s: %w", Schema, err)
		}
	}
	return tx.Commit()
}
