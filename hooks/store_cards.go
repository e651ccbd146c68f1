package hooks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"github.com/keybridge/keybridge/plugin"
)

// claimCards answers how far a connection's cards were read; not ok when somebody has asked for them within
// the pause.
func (s store) claimCards(ctx context.Context, conn plugin.ConnectionID, now time.Time, pause time.Duration) (cardWalk, bool, error) {
	const q = `
		INSERT INTO keybridge.card_reading AS c (connection_id, asked_at) VALUES ($1, $2)
		ON CONFLICT (connection_id) DO UPDATE SET asked_at = $2 WHERE c.asked_at <= $3
		RETURNING read_from, read_until, walk_from, walk_at, walk_page`
	var row struct {
		ReadFrom  sql.NullTime `db:"read_from"`
		ReadUntil sql.NullTime `db:"read_until"`
		From      sql.NullTime `db:"walk_from"`
		At        sql.NullTime `db:"walk_at"`
		Page      int          `db:"walk_page"`
	}
	err := s.db.GetContext(ctx, &row, q, conn, now, now.Add(-pause))
	if errors.Is(err, sql.ErrNoRows) {
		return cardWalk{}, false, nil
	}
	if err != nil {
		return cardWalk{}, false, fmt.Errorf("read cards of connection %s: %w", conn, err)
	}
	return cardWalk{
		ReadFrom: row.ReadFrom.Time.UTC(), ReadUntil: row.ReadUntil.Time.UTC(), From: row.From.Time.UTC(), At: row.At.Time.UTC(),
		Page: row.Page,
	}, true, nil
}

func (s store) saveCards(ctx context.Context, conn plugin.ConnectionID, c cardWalk) error {
	const q = `UPDATE keybridge.card_reading SET read_from = $2, read_until = $3, walk_from = $4, walk_at = $5, walk_page = $6
		WHERE connection_id = $1`
	at := func(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }
	if _, err := s.db.ExecContext(ctx, q, conn, at(c.ReadFrom), at(c.ReadUntil), at(c.From), at(c.At), c.Page); err != nil {
		return fmt.Errorf("cards read of connection %s: %w", conn, err)
	}
	return nil
}

// oldestUnconverted answers when the oldest order was made that waits for its card; zero: none waits.
func (s store) oldestUnconverted(ctx context.Context, conn plugin.ConnectionID) (time.Time, error) {
	const q = `SELECT min(coalesce(made_at, first_at)) FROM keybridge.inbox
		WHERE connection_id = $1 AND outcome = 'waiting' AND reason = 'unconverted' AND next_at IS NOT NULL`
	var at sql.NullTime
	if err := s.db.GetContext(ctx, &at, q, conn); err != nil {
		return time.Time{}, fmt.Errorf("orders that wait for cards of connection %s: %w", conn, err)
	}
	return at.Time.UTC(), nil
}

// wakeUnconverted lets orders go on at once that waited for their cards.
func (s store) wakeUnconverted(ctx context.Context, conn plugin.ConnectionID, orders []string, now time.Time) error {
	const q = `UPDATE keybridge.inbox SET next_at = $3, queued_until = NULL
		WHERE connection_id = $1 AND object = 'order' AND object_id = ANY ($2) AND outcome = 'waiting' AND reason = 'unconverted'
			AND next_at > $3`
	if _, err := s.db.ExecContext(ctx, q, conn, pq.Array(orders), now); err != nil {
		return fmt.Errorf("wake orders that wait for cards of connection %s: %w", conn, err)
	}
	return nil
}

// cardWalk is how far a connection's cards were read. Zero: not at all.
type cardWalk struct {
	// Cards changed from ReadFrom to ReadUntil were all read; ReadFrom is zero while it is not known since when.
	ReadFrom, ReadUntil time.Time
	// From is since when the cards were changed that are being read, At when that was begun, Page the next
	// page; zero: nothing is being read.
	From, At time.Time
	Page     int
}
