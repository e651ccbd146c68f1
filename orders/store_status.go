package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

type linkRow struct {
	Entry        int64               `db:"id"`
	Shop         plugin.ShopID       `db:"shop_id"`
	Order        plugin.OrderID      `db:"order_id"`
	Number       string              `db:"number"`
	Connection   plugin.ConnectionID `db:"connection_id"`
	Target       settings.Target     `db:"target"`
	CRMID        sql.NullString      `db:"crm_id"`
	Source       string              `db:"source"`
	Currency     string              `db:"currency"`
	Total        decimal.NullDecimal `db:"total"`
	Applied      string              `db:"applied_status"`
	AppliedAt    sql.NullTime        `db:"applied_at"`
	Own          string              `db:"own_status"`
	OwnAt        sql.NullTime        `db:"own_status_at"`
	ShopStatusAt sql.NullTime        `db:"shop_status_at"`
	MovingAt     sql.NullTime        `db:"moving_at"`
}

const linkColumns = `id, shop_id, order_id, number, connection_id, target, crm_id, source, currency, total,
	applied_status, applied_at, own_status, own_status_at, shop_status_at, moving_at`

func (r linkRow) link() Link {
	return Link{
		Entry: r.Entry, Shop: r.Shop, Order: r.Order, Number: r.Number, Connection: r.Connection, Target: r.Target,
		CRMID: r.CRMID.String, Source: r.Source, Currency: r.Currency, Total: r.Total.Decimal,
		Applied: r.Applied, AppliedAt: instant(r.AppliedAt), Own: r.Own, OwnAt: instant(r.OwnAt),
		ShopStatusAt: instant(r.ShopStatusAt), MovingAt: instant(r.MovingAt),
	}
}

// instant is the zero time for null.
func instant(t sql.NullTime) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}

func (s store) byCRM(ctx context.Context, conn plugin.ConnectionID, target settings.Target, id string) (Link, error) {
	const q = `SELECT ` + linkColumns + ` FROM keybridge.outbox WHERE connection_id = $1 AND target = $2 AND crm_id = $3`
	return s.link(ctx, q, conn, target, id)
}

func (s store) byKey(ctx context.Context, conn plugin.ConnectionID, target settings.Target, key string) (Link, error) {
	const q = `SELECT ` + linkColumns + ` FROM keybridge.outbox
		WHERE connection_id = $1 AND target = $2 AND natural_key = $3 AND natural_key <> '' ORDER BY id LIMIT 1`
	return s.link(ctx, q, conn, target, key)
}

func (s store) byConverted(ctx context.Context, conn plugin.ConnectionID, id string) (Link, error) {
	const q = `SELECT ` + linkColumns + ` FROM keybridge.outbox
		WHERE connection_id = $1 AND target = $2 AND converted_id = $3 AND converted_id <> '' ORDER BY id LIMIT 1`
	return s.link(ctx, q, conn, settings.TargetCards, id)
}

func (s store) markConverted(ctx context.Context, id int64, order string) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE keybridge.outbox SET converted_id = $2 WHERE id = $1`, id, order); err != nil {
		return fmt.Errorf("mark outbox entry %d converted: %w", id, err)
	}
	return nil
}

func (s store) link(ctx context.Context, q string, conn plugin.ConnectionID, target settings.Target, v string) (Link, error) {
	var r linkRow
	err := s.db.GetContext(ctx, &r, q, conn, target, v)
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, fmt.Errorf("outbox entry of %s %q of connection %s: %w", target, v, conn, plugin.ErrNotFound)
	}
	if err != nil {
		return Link{}, fmt.Errorf("outbox entry of %s %q of connection %s: %w", target, v, conn, err)
	}
	return r.link(), nil
}

// beginMove lets decide look at the link while its row is locked, and notes the time it answers.
func (s store) beginMove(ctx context.Context, id int64, decide func(*sqlx.Tx, Link) (time.Time, error)) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		var r linkRow
		if err := tx.GetContext(ctx, &r, `SELECT `+linkColumns+` FROM keybridge.outbox WHERE id = $1 FOR UPDATE`, id); err != nil {
			return fmt.Errorf("lock outbox entry %d: %w", id, err)
		}
		at, err := decide(tx, r.link())
		if err != nil || at.IsZero() {
			return err
		}
		const q = `UPDATE keybridge.outbox SET moving_at = greatest(moving_at, $2) WHERE id = $1`
		if _, err := tx.ExecContext(ctx, q, id, at); err != nil {
			return fmt.Errorf("begin to move outbox entry %d: %w", id, err)
		}
		return nil
	})
}

func (s store) markApplied(ctx context.Context, id int64, status string, at time.Time) error {
	const q = `UPDATE keybridge.outbox SET applied_status = $2, applied_at = $3
		WHERE id = $1 AND (applied_at IS NULL OR applied_at <= $3)`
	if _, err := s.db.ExecContext(ctx, q, id, status, at); err != nil {
		return fmt.Errorf("mark status of outbox entry %d applied: %w", id, err)
	}
	return nil
}

func (s store) markDeleted(ctx context.Context, id int64, now time.Time) error {
	const q = `UPDATE keybridge.outbox SET crm_deleted_at = coalesce(crm_deleted_at, $2) WHERE id = $1`
	if _, err := s.db.ExecContext(ctx, q, id, now); err != nil {
		return fmt.Errorf("mark outbox entry %d deleted in the CRM: %w", id, err)
	}
	return nil
}

// statusChanged asks for the status step anew. A worker that has the entry right now sees by the
// step's number of wishes that its own answer is an old one.
func (s store) statusChanged(ctx context.Context, shop plugin.ShopID, order plugin.OrderID, at, now time.Time) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		var row struct {
			ID    int64          `db:"id"`
			CRMID sql.NullString `db:"crm_id"`
		}
		const note = `UPDATE keybridge.outbox SET shop_status_at = greatest(shop_status_at, $3)
			WHERE shop_id = $1 AND order_id = $2 RETURNING id, crm_id`
		err := tx.GetContext(ctx, &row, note, shop, order, at)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("status of order %q changed: %w", order, err)
		}
		if !row.CRMID.Valid {
			return nil
		}
		const ask = `
			INSERT INTO keybridge.outbox_step AS s (outbox_id, step, state, next_at, changed_at)
			VALUES ($1, 'status', 'pending', $2, $2)
			ON CONFLICT (outbox_id, step) DO UPDATE SET wanted = s.wanted + 1, state = 'pending', tries = 0, next_at = $2,
				changed_at = $2`
		if _, err := tx.ExecContext(ctx, ask, row.ID, now); err != nil {
			return fmt.Errorf("status of order %q changed: %w", order, err)
		}
		return settle(ctx, tx, row.ID, now)
	})
}
