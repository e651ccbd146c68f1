package catalog

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// store is all SQL of the engine; its methods lie in the store_*.go files. Those that take a
// transaction belong to a step, which commits them together with the run's checkpoint.
type store struct {
	db *sqlx.DB
}

// inTx runs f in one transaction. Should the process be frozen in the middle, Postgres ends it after a
// minute, so that a worker that takes over does not wait for rows it holds.
func (s *store) inTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = '60s'`); err != nil {
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

// inLazyTx is inTx for a transaction whose loss in a crash of the database does no harm, because all
// before it is kept and all after it is lost as well.
func (s *store) inLazyTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
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
