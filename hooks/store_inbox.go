package hooks

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// params are what a reason speaks of; never personal data.
type params map[string]string

// Value implements driver.Valuer.
func (p params) Value() (driver.Value, error) {
	if p == nil {
		return "{}", nil
	}
	b, err := json.Marshal(p)
	return string(b), err
}

// Scan implements sql.Scanner.
func (p *params) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("params: %T is not jsonb: %w", src, plugin.ErrInvalid)
	}
	return json.Unmarshal(b, p)
}

// event is a line of the journal of what came in.
type event struct {
	Connection plugin.ConnectionID `db:"connection_id"`
	Object     settings.Object     `db:"object"`
	ObjectID   string              `db:"object_id"`
	Order      plugin.OrderID      `db:"order_id"`
	At         time.Time           `db:"at"`
	Outcome    Outcome             `db:"outcome"`
	Reason     Reason              `db:"reason"`
	Params     params              `db:"reason_params"`
	CRMStatus  string              `db:"crm_status"`
	ShopStatus string              `db:"shop_status"`
}

const insertEvent = `
	INSERT INTO keybridge.inbox_event (connection_id, object, object_id, order_id, at, outcome, reason, reason_params,
		crm_status, shop_status)
	VALUES (:connection_id, :object, :object_id, :order_id, :at, :outcome, :reason, :reason_params, :crm_status,
		:shop_status)`

func (s store) addEvent(ctx context.Context, e event) error {
	if _, err := sqlx.NamedExecContext(ctx, s.db, insertEvent, e); err != nil {
		return fmt.Errorf("list %s webhook of connection %s: %w", e.Object, e.Connection, err)
	}
	return nil
}

// receive stores a hook. Many for one object are one row; one that waits for its retry keeps waiting.
func (s store) receive(ctx context.Context, conn plugin.ConnectionID, o settings.Object, h hint, now time.Time) error {
	const q = `
		INSERT INTO keybridge.inbox AS i (connection_id, object, object_id, event, first_at, received_at, next_at)
		VALUES ($1, $2, $3, $4, $5, $5, $5)
		ON CONFLICT (connection_id, object, object_id) DO UPDATE SET hooks = i.hooks + 1, event = $4, received_at = $5,
			first_at = CASE WHEN i.handled = i.hooks THEN $5 ELSE i.first_at END, next_at = coalesce(i.next_at, $5)`
	if _, err := s.db.ExecContext(ctx, q, conn, o, h.ID, h.Event, now); err != nil {
		return fmt.Errorf("store %s webhook of connection %s: %w", o, conn, err)
	}
	return nil
}

// behind puts a row at the end of those of its connection that wait for the budget, so that each comes up about
// when a request is granted instead of all at once.
func behind(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, now, next time.Time, every time.Duration) (time.Time, error) {
	const q = `SELECT max(next_at) FROM keybridge.inbox WHERE connection_id = $1 AND reason = 'waiting_budget' AND next_at > $2`
	var last sql.NullTime
	if err := tx.GetContext(ctx, &last, q, conn, now); err != nil {
		return next, fmt.Errorf("inbox queue of connection %s: %w", conn, err)
	}
	if at := last.Time.UTC().Add(every); last.Valid && at.After(next) {
		return at, nil
	}
	return next, nil
}

// look makes an object due as a hook would; it counts as none. A worker that is reading the object right now sees by
// the number of looks that it may have read too early.
func (s store) look(ctx context.Context, conn plugin.ConnectionID, o settings.Object, id string, now time.Time) error {
	const q = `
		INSERT INTO keybridge.inbox AS i (connection_id, object, object_id, hooks, looks, first_at, received_at, next_at)
		VALUES ($1, $2, $3, 0, 1, $4, $4, $4)
		ON CONFLICT (connection_id, object, object_id) DO UPDATE SET looks = i.looks + 1, next_at = coalesce(i.next_at, $4)`
	if _, err := s.db.ExecContext(ctx, q, conn, o, id, now); err != nil {
		return fmt.Errorf("look at %s %q of connection %s: %w", o, id, conn, err)
	}
	return nil
}

// objects is the table whose rows workers claim.
func objects() lease.Table { return lease.Table{Name: "keybridge.inbox"} }

// message is an object, leased by a worker. Hooks and looks that come in meanwhile are not covered by this worker's
// read.
type message struct {
	lease.Row
	Connection plugin.ConnectionID `db:"connection_id"`
	Object     settings.Object     `db:"object"`
	ObjectID   string              `db:"object_id"`
	Hooks      int64               `db:"hooks"`
	Looks      int64               `db:"looks"`
	FirstAt    time.Time           `db:"first_at"`
	Tries      int                 `db:"tries"`
	Outcome    Outcome             `db:"outcome"`
	Reason     Reason              `db:"reason"`
	MadeAt     sql.NullTime        `db:"made_at"`
}

const messageColumns = `id, connection_id, object, object_id, hooks, looks, first_at, tries, outcome, reason, made_at, fence`

// claim takes the lease of a due object; nil when there is nothing to do or somebody else does it.
func (s store) claim(ctx context.Context, id int64, now, until time.Time) (*message, error) {
	m := new(message)
	ok, err := objects().Claim(ctx, s.db, m, messageColumns, id, now, until)
	if err != nil || !ok {
		return nil, err
	}
	return m, nil
}

// finish gives the object back with what the read came to; one that was asked for since then is due again.
// Errors: lease.ErrLost, and then nothing was written: another worker reads for itself.
func (s store) finish(ctx context.Context, m *message, r result) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("inbox finish %d: %w", m.ID, err)
	}
	defer func() { _ = tx.Rollback() }()
	const set = `outcome = $4, reason = $5, made_at = coalesce($6, made_at),
		handled = CASE WHEN $7 THEN handled ELSE $8 END,
		tries = CASE WHEN $9 THEN tries + 1 WHEN $7 THEN tries ELSE 0 END,
		next_at = CASE WHEN $7 THEN $10 WHEN hooks > $8 THEN received_at WHEN looks > $11 THEN $12 END`
	waiting, next := !r.Outcome.final(), r.At.Add(r.retry)
	if r.behind > 0 {
		if next, err = behind(ctx, tx, m.Connection, r.At, next, r.behind); err != nil {
			return err
		}
	}
	made := sql.NullTime{Time: r.made, Valid: !r.made.IsZero()}
	err = objects().Release(ctx, tx, m.Row, set, r.Outcome, r.Reason, made, waiting, m.Hooks, r.failed, next, m.Looks, r.At)
	if err != nil {
		return err
	}
	if !waiting || m.Outcome != r.Outcome || m.Reason != r.Reason { // a long wait is one line, not hundreds
		if _, err := sqlx.NamedExecContext(ctx, tx, insertEvent, r.event); err != nil {
			return fmt.Errorf("inbox finish %d: %w", m.ID, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("inbox finish %d: %w", m.ID, err)
	}
	return nil
}

func (s store) purge(ctx context.Context, before time.Time) error {
	for _, q := range []string{
		`DELETE FROM keybridge.inbox WHERE next_at IS NULL AND received_at < $1`,
		`DELETE FROM keybridge.inbox_event WHERE at < $1`,
	} {
		if _, err := s.db.ExecContext(ctx, q, before); err != nil {
			return fmt.Errorf("purge inbox: %w", err)
		}
	}
	return nil
}

// result is what a read came to.
type result struct {
	event
	// retry is the pause before the next try of what is Waiting.
	retry time.Duration
	// behind: the next try comes so long after that of the last one that waits for the account's budget already;
	// 0: it need not.
	behind time.Duration
	// made is when the CRM made the object; zero: not known.
	made time.Time
	// failed counts the try among those that make the next pause longer.
	failed bool
}
