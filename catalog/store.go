package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// store is all SQL of the engine; its methods lie in the store_*.go files. Those that take a
// transaction belong to a step, which commits them together with the run's checkpoint.
type store struct {
	db *sqlx.DB
	// idle is how long a transaction may be left alone in the middle before Postgres ends it.
	idle time.Duration
}

// inTx runs f in one transaction. Should the process be frozen in the middle, Postgres ends it as soon
// as the lease is over as well: neither who takes over nor a merchant who stops the run waits for its
// rows any longer.
func (s *store) inTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`SET LOCAL idle_in_transaction_session_timeout = %d`, s.idle.Milliseconds())); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// inAsyncTx is inTx for a transaction whose loss in a crash of the database does no harm, because all
// before it is kept and all after it is lost as well.
func (s *store) inAsyncTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		return f(tx)
	})
}

// toJSON marshals our own types, which cannot fail.
func toJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("catalog: marshal %T: %v", v, err))
	}
	return b
}
