package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// Clock tells the time.
type Clock interface{ Now() time.Time }

// conn is what every part works with.
type conn struct {
	db    *sqlx.DB
	clock Clock
}

// now is cut to microseconds, because Postgres keeps no more and cursors compare exactly.
func (s conn) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }

// inTx runs f in one transaction. An error of f rolls it back and is answered as it is.
func (s conn) inTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
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

// dbErr wraps what the database answered into the shop's words. Errors that carry one of the
// sentinels already, and refusals, pass unchanged.
func dbErr(what string, err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{domain.ErrNotFound, domain.ErrInvalid, domain.ErrConflict, domain.ErrTemporary} {
		if errors.Is(err, known) {
			return err
		}
	}
	if _, refused := errors.AsType[*domain.Refusal](err); refused {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", what, domain.ErrNotFound)
	}
	if pqErr, ok := errors.AsType[*pq.Error](err); ok && neverAccepted(pqErr) {
		// The message may hold the value; the code says enough.
		return fmt.Errorf("%s: database refuses the value (%s): %w", what, pqErr.Code, domain.ErrInvalid)
	}
	return fmt.Errorf("%s: %w: %w", what, err, domain.ErrTemporary)
}

// neverAccepted: data exceptions (22) and integrity violations (23) do not mend by themselves.
func neverAccepted(err *pq.Error) bool {
	class := err.Code.Class()
	return class == "22" || class == "23"
}
