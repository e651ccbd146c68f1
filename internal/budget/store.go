package budget

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Store is the Memory in Postgres: one row per account, written once a minute while it is used.
type Store struct {
	db *sqlx.DB
}

// NewStore asks nothing yet.
func NewStore(db *sqlx.DB) *Store { return &Store{db: db} }

var _ Memory = (*Store)(nil)

// Record implements Memory. The row's lock orders processes that record an account at once. Errors: those of Postgres.
func (s *Store) Record(ctx context.Context, a Account, until time.Time) (time.Time, error) {
	const q = `
		INSERT INTO keybridge.budget_use (account, used_until) VALUES ($1, $2)
		ON CONFLICT (account) DO UPDATE
		SET used_before = budget_use.used_until, used_until = greatest(budget_use.used_until, excluded.used_until)
		RETURNING used_before`
	var before sql.NullTime
	if err := s.db.GetContext(ctx, &before, q, string(a), until); err != nil {
		return time.Time{}, fmt.Errorf("record account: %w", err)
	}
	return before.Time.UTC(), nil
}

// Purge forgets accounts that were last used before then. Errors: those of Postgres.
func (s *Store) Purge(ctx context.Context, before time.Time) error {
	const q = `DELETE FROM keybridge.budget_use WHERE used_until < $1`
	if _, err := s.db.ExecContext(ctx, q, before); err != nil {
		return fmt.Errorf("purge accounts: %w", err)
	}
	return nil
}
