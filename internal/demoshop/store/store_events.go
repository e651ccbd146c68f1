package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// Events is the queue of what the plugin must be told of orders.
type Events struct{ conn }

// QueuedEvent is an event on its way to the plugin.
type QueuedEvent struct {
	ID       int64  `db:"id"`
	Body     []byte `db:"body"`
	Attempts int    `db:"attempts"`
}

// Event reads the event.
func (q QueuedEvent) Event() (domain.Event, error) {
	var e domain.Event
	err := json.Unmarshal(q.Body, &e)
	return e, err
}

// putEvent queues an event in the transaction that caused it. Event times are the database's own
// clock: delivery is about this machine, not about the shop's calendar.
func putEvent(ctx context.Context, tx *sqlx.Tx, e domain.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return dbErr("write event", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO demoshop.events (body, next_at) VALUES ($1, now())`, body)
	return dbErr("queue event", err)
}

// Claim takes the oldest due event for half a minute; false when none is due.
func (s *Events) Claim(ctx context.Context) (QueuedEvent, bool, error) {
	var q QueuedEvent
	err := s.db.GetContext(ctx, &q, `
		UPDATE demoshop.events SET attempts = attempts + 1, next_at = now() + interval '30 seconds'
		WHERE id = (SELECT id FROM demoshop.events WHERE next_at <= now() ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING id, body, attempts`)
	if errors.Is(err, sql.ErrNoRows) {
		return q, false, nil
	}
	return q, err == nil, dbErr("claim event", err)
}

// Drop forgets an event that was taken, or that nobody will ever take.
func (s *Events) Drop(ctx context.Context, id int64) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM demoshop.events WHERE id = $1`, id)
	return dbErr("drop event", err)
}

// Postpone lets an event wait after a failed try.
func (s *Events) Postpone(ctx context.Context, id int64, wait time.Duration) error {
	_, err := s.db.ExecContext(ctx,
		`UPDATE demoshop.events SET next_at = now() + $2 * interval '1 millisecond' WHERE id = $1`, id, wait.Milliseconds())
	return dbErr("postpone event", err)
}
