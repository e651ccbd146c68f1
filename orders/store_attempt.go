package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// outcome is what became of an attempt.
type outcome string

const (
	outcomeOpen      outcome = ""          // under way, or its worker died
	outcomeCreated   outcome = "created"   // the CRM answered with the order
	outcomeKeyInUse  outcome = "taken"     // the natural key is in use
	outcomeRefused   outcome = "refused"   // a definite no
	outcomeTemporary outcome = "temporary" // nothing happened
	outcomeUnknown   outcome = "unknown"
)

// attempt is one request that creates.
type attempt struct {
	ID        int64     `db:"id"`
	StartedAt time.Time `db:"started_at"`
	Deadline  time.Time `db:"deadline"`
	Outcome   outcome   `db:"outcome"`
	Body      []byte    `db:"body"`
	Masked    string    `db:"masked"`
}

// answer is what the CRM said to an attempt, without personal data.
type answer struct {
	ID      string              `json:"id,omitempty"`
	Total   string              `json:"total,omitempty"`
	Status  string              `json:"status,omitempty"`
	Message string              `json:"message,omitempty"`
	Fields  map[string][]string `json:"fields,omitempty"`
	Pause   string              `json:"pause,omitempty"`
}

func (s store) attempts(ctx context.Context, id int64) ([]attempt, error) {
	return attempts(ctx, s.db, id)
}

// attempts answers all that were made to create, oldest first.
func attempts(ctx context.Context, db sqlx.QueryerContext, id int64) ([]attempt, error) {
	const q = `SELECT id, started_at, deadline, outcome, body, masked FROM keybridge.outbox_attempt
		WHERE outbox_id = $1 AND step = 'create' ORDER BY id`
	var list []attempt
	if err := sqlx.SelectContext(ctx, db, &list, q, id); err != nil {
		return nil, fmt.Errorf("attempts of outbox entry %d: %w", id, err)
	}
	return list, nil
}

// openAttempt freezes the bytes; a's ID is set. Of equal bytes that were sent before, those of the last attempt
// with an unknown outcome are kept, should this one never be sent; in an outage of days there are hundreds.
func openAttempt(ctx context.Context, e *entry, a *attempt) func(*sqlx.Tx) error {
	return func(tx *sqlx.Tx) error {
		const blank = `
			UPDATE keybridge.outbox_attempt SET body = '', masked = '' WHERE outbox_id = $1 AND step = 'create' AND body = $2
				AND id < (SELECT max(id) FROM keybridge.outbox_attempt
					WHERE outbox_id = $1 AND step = 'create' AND outcome IN ('', 'unknown'))`
		if _, err := tx.ExecContext(ctx, blank, e.ID, a.Body); err != nil {
			return fmt.Errorf("open attempt of outbox entry %d: %w", e.ID, err)
		}
		const q = `
			INSERT INTO keybridge.outbox_attempt (outbox_id, step, fence, started_at, deadline, body, masked)
			VALUES ($1, 'create', $2, $3, $4, $5, $6) RETURNING id`
		if err := tx.GetContext(ctx, &a.ID, q, e.ID, e.Fence, a.StartedAt, a.Deadline, a.Body, a.Masked); err != nil {
			return fmt.Errorf("open attempt of outbox entry %d: %w", e.ID, err)
		}
		return nil
	}
}

func closeAttempt(ctx context.Context, id int64, now time.Time, o outcome, said answer) func(*sqlx.Tx) error {
	return func(tx *sqlx.Tx) error {
		body, err := json.Marshal(said)
		if err != nil {
			return fmt.Errorf("close attempt %d: %w", id, err)
		}
		const q = `UPDATE keybridge.outbox_attempt SET finished_at = $2, outcome = $3, answer = $4 WHERE id = $1`
		if _, err := tx.ExecContext(ctx, q, id, now, o, string(body)); err != nil {
			return fmt.Errorf("close attempt %d: %w", id, err)
		}
		return nil
	}
}

// dropAttempt forgets an attempt whose request was never sent.
func dropAttempt(ctx context.Context, id int64) func(*sqlx.Tx) error {
	return func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM keybridge.outbox_attempt WHERE id = $1`, id); err != nil {
			return fmt.Errorf("drop attempt %d: %w", id, err)
		}
		return nil
	}
}

// purge drops bodies of attempts started before a time; the attempts stay. Kept is what pendingPayload would
// answer for an order that the CRM may not have: it may have to be sent again unchanged.
func (s store) purge(ctx context.Context, before time.Time) error {
	const q = `UPDATE keybridge.outbox_attempt a SET body = NULL, masked = '', answer = '{}'
		WHERE a.started_at < $1 AND a.body IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM keybridge.outbox o WHERE o.id = a.outbox_id AND o.crm_id IS NULL
				AND o.state IN ('pending', 'sending', 'checking', 'retrying', 'blocked')
				AND a.outcome IN ('', 'unknown') AND NOT EXISTS (SELECT 1 FROM keybridge.outbox_attempt b
					WHERE b.outbox_id = a.outbox_id AND b.id > a.id AND b.outcome IN ('', 'unknown', 'refused')))`
	if _, err := s.db.ExecContext(ctx, q, before); err != nil {
		return fmt.Errorf("purge attempts: %w", err)
	}
	return nil
}
