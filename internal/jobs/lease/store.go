// Package lease says who may work on a row, and until when. A worker claims a due row for a while and is its only
// writer for as long as nobody has claimed it since: each claim raises the row's fence, and every write names the
// fence it was made under, so that a worker that stalled beyond its lease changes nothing any more.
//
// The relay hands due rows over to a queue (Table.Due), a worker claims one (Claim), writes and goes on (Keep) or
// gives it back (Release). Keeper renews beside work that is slow.
package lease

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/jobs"
)

// ErrLost means that the row is not this worker's any more: its lease ran out and another has claimed it, or it was
// ended or deleted. Nothing was written; whoever has the row finds out for himself what is left to do.
var ErrLost = errors.New("the lease is lost: another worker has the row, or it is over")

// Table is a table of rows that are worked on one at a time. It has the columns
//
//	id            bigint       which row
//	next_at       timestamptz  when it is due; null: never
//	queued_until  timestamptz  handed over, and left to the queue until then
//	seq           bigint       raised at each hand-over, so that a task lost in Redis never blocks its successor
//	lease_until   timestamptz  one worker's until then; null: nobody's
//	fence         bigint       raised at each claim
//
// The conditions are SQL of the caller's own, never anything from outside. Safe for concurrent use.
type Table struct {
	// Name of the table, with its schema.
	Name string
	// Ready tells rows that there is something to do about at the moment $1; empty: next_at <= $1.
	Ready string
	// Turn tells, of ready rows (alias r), those that may be handed over now; empty: all of them.
	Turn string
	// OnClaim is what else a claim at the moment $1 sets, as "state = 'running'"; may be empty.
	OnClaim string
	// Held tells rows that can be written at all under a lease, as "state = 'running'"; empty: all of them.
	Held string
}

// Row is a claimed row: its id and the fence of the claim. Embedded, it is read by Claim with the rest.
type Row struct {
	ID    int64 `db:"id"`
	Fence int64 `db:"fence"`
}

// Free is the condition of rows that no worker has at the moment $1, for statements that change rows without a lease
// of their own.
const Free = `(lease_until IS NULL OR lease_until <= $1)`

func (t Table) ready() string {
	if t.Ready == "" {
		return `next_at <= $1`
	}
	return t.Ready
}

// and adds a condition, if there is one.
func and(condition string) string {
	if condition == "" {
		return ""
	}
	return ` AND (` + condition + `)`
}

// with adds an assignment, if there is one.
func with(set string) string {
	if set == "" {
		return ""
	}
	return `, ` + set
}

// Due answers ready rows that no worker has, the longest due first and at most limit, and leaves them to the queue
// until then. Several processes may ask at once: each row goes to one of them. Errors:
// those of Postgres, and then none was marked.
func (t Table) Due(ctx context.Context, db sqlx.QueryerContext, now, until time.Time, limit int) ([]jobs.DueRow, error) {
	q := `UPDATE ` + t.Name + ` SET seq = seq + 1, queued_until = $2
		WHERE id IN (
			SELECT id FROM ` + t.Name + ` r
			WHERE ` + t.ready() + ` AND (queued_until IS NULL OR queued_until <= $1) AND ` + Free + and(t.Turn) + `
			ORDER BY next_at, id FOR UPDATE SKIP LOCKED LIMIT $3)
		RETURNING id, seq`
	var rows []jobs.DueRow
	if err := sqlx.SelectContext(ctx, db, &rows, q, now, until, limit); err != nil {
		return nil, fmt.Errorf("due rows of %s: %w", t.Name, err)
	}
	return rows, nil
}

// Claim takes the lease of a ready row and reads its columns into dest, as sqlx does; "id" and "fence" should be
// among them. ok is false when there is nothing to do, or another worker does it. Errors: those of Postgres.
func (t Table) Claim(ctx context.Context, db sqlx.QueryerContext, dest any, columns string, id int64, now, until time.Time) (ok bool, err error) {
	q := `UPDATE ` + t.Name + ` SET fence = fence + 1, lease_until = $2` + with(t.OnClaim) + `
		WHERE id = $3 AND ` + t.ready() + ` AND ` + Free + ` RETURNING ` + columns
	err = sqlx.GetContext(ctx, db, dest, q, now, until, id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("claim row %d of %s: %w", id, t.Name, err)
	}
	return true, nil
}

// Keep writes and keeps the row until then. set is a list of assignments whose arguments begin at $4; empty: only the
// lease is renewed. Errors: ErrLost.
func (t Table) Keep(ctx context.Context, db sqlx.ExecerContext, r Row, until time.Time, set string, args ...any) error {
	return t.write(ctx, db, r, sql.NullTime{Time: until, Valid: true}, set, args)
}

// Release writes, as Keep does, and gives the row back: it is due at its next_at, which set should say. Errors: ErrLost.
func (t Table) Release(ctx context.Context, db sqlx.ExecerContext, r Row, set string, args ...any) error {
	return t.write(ctx, db, r, sql.NullTime{}, set, args)
}

func (t Table) write(ctx context.Context, db sqlx.ExecerContext, r Row, until sql.NullTime, set string, args []any) error {
	q := `UPDATE ` + t.Name + ` SET lease_until = $3, queued_until = CASE WHEN $3::timestamptz IS NOT NULL THEN queued_until END` +
		with(set) + ` WHERE id = $1 AND fence = $2` + and(t.Held)
	res, err := db.ExecContext(ctx, q, append([]any{r.ID, r.Fence, until}, args...)...)
	if err != nil {
		return fmt.Errorf("write row %d of %s: %w", r.ID, t.Name, err)
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return fmt.Errorf("write row %d of %s: %w", r.ID, t.Name, ErrLost)
}

// Check locks the row against other claims until the transaction ends, for a worker that is about to write
// elsewhere. Errors: ErrLost.
func (t Table) Check(ctx context.Context, tx sqlx.QueryerContext, r Row) error {
	var found int64
	q := `SELECT id FROM ` + t.Name + ` WHERE id = $1 AND fence = $2` + and(t.Held) + ` FOR SHARE`
	err := sqlx.GetContext(ctx, tx, &found, q, r.ID, r.Fence)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("row %d of %s: %w", r.ID, t.Name, ErrLost)
	}
	if err != nil {
		return fmt.Errorf("row %d of %s: %w", r.ID, t.Name, err)
	}
	return nil
}
