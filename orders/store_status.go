package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders/statuses"
	"github.com/keybridge/keybridge/plugin"
)

type linkRow struct {
	Entry         int64               `db:"id"`
	Shop          plugin.ShopID       `db:"shop_id"`
	Order         plugin.OrderID      `db:"order_id"`
	Number        string              `db:"number"`
	Connection    plugin.ConnectionID `db:"connection_id"`
	Target        settings.Target     `db:"target"`
	CRMID         sql.NullString      `db:"crm_id"`
	ConvertedID   string              `db:"converted_id"`
	Source        string              `db:"source"`
	Currency      string              `db:"currency"`
	Total         decimal.NullDecimal `db:"total"`
	Applied       string              `db:"applied_status"`
	AppliedAt     sql.NullTime        `db:"applied_at"`
	Moving        string              `db:"moving_status"`
	MovingAt      sql.NullTime        `db:"moving_at"`
	OrderStatus   string              `db:"order_status"`
	OrderStatusAt sql.NullTime        `db:"order_status_at"`
	OrderMoving   string              `db:"order_moving"`
	OrderMovingAt sql.NullTime        `db:"order_moving_at"`
	Own           string              `db:"own_status"`
	OwnAt         sql.NullTime        `db:"own_status_at"`
	OwnShopAt     sql.NullTime        `db:"own_shop_at"`
	ShopStatusAt  sql.NullTime        `db:"shop_status_at"`
	ToldAt        sql.NullTime        `db:"told_at"`
}

const linkColumns = `id, shop_id, order_id, number, connection_id, target, crm_id, converted_id, source, currency, total,
	applied_status, applied_at, moving_status, moving_at, order_status, order_status_at, order_moving, order_moving_at,
	own_status, own_status_at, own_shop_at, shop_status_at, told_at`

// link answers the row as it looks from the object that was sent, or from the order that this became.
func (r linkRow) link(converted bool) Link {
	l := Link{
		Entry: r.Entry, Shop: r.Shop, Order: r.Order, Number: r.Number, Connection: r.Connection, Target: r.Target,
		CRMID: r.CRMID.String, Source: r.Source, Currency: r.Currency, Total: r.Total.Decimal,
		Converted: converted, ConvertedID: r.ConvertedID,
	}
	l.Memory = statuses.Memory{ShopAt: instant(r.ShopStatusAt), ToldAt: instant(r.ToldAt)}
	if converted {
		l.Memory.Known = statuses.Seen{Status: r.OrderStatus, At: instant(r.OrderStatusAt)}
		l.Memory.Moving = statuses.Seen{Status: r.OrderMoving, At: instant(r.OrderMovingAt)}
		return l
	}
	l.Memory.Known = statuses.Seen{Status: r.Applied, At: instant(r.AppliedAt)}
	l.Memory.Moving = statuses.Seen{Status: r.Moving, At: instant(r.MovingAt)}
	l.Memory.Own = statuses.Own{Status: r.Own, At: instant(r.OwnAt), ShopAt: instant(r.OwnShopAt)}
	l.Memory.Succeeded = r.OrderStatus != "" || r.OrderMovingAt.Valid
	return l
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
	r, err := s.linkRow(ctx, q, conn, settings.TargetCards, id)
	return r.link(true), err
}

func (s store) hasCards(ctx context.Context, conn plugin.ConnectionID, since time.Time) (bool, error) {
	const q = `SELECT EXISTS (SELECT 1 FROM keybridge.outbox
		WHERE connection_id = $1 AND target = 'cards' AND crm_id IS NOT NULL AND converted_id = '' AND changed_at >= $2)`
	var has bool
	if err := s.db.GetContext(ctx, &has, q, conn, since); err != nil {
		return false, fmt.Errorf("cards of connection %s: %w", conn, err)
	}
	return has, nil
}

func (s store) markConverted(ctx context.Context, conn plugin.ConnectionID, became map[string]string) error {
	var cards, orders []string
	for card, order := range became {
		cards, orders = append(cards, card), append(orders, order)
	}
	const q = `UPDATE keybridge.outbox o SET converted_id = c.order_id
		FROM unnest($2::text[], $3::text[]) AS c (card_id, order_id)
		WHERE o.connection_id = $1 AND o.target = 'cards' AND o.crm_id = c.card_id AND o.converted_id <> c.order_id`
	if _, err := s.db.ExecContext(ctx, q, conn, pq.Array(cards), pq.Array(orders)); err != nil {
		return fmt.Errorf("mark cards of connection %s converted: %w", conn, err)
	}
	return nil
}

func (s store) link(ctx context.Context, q string, conn plugin.ConnectionID, target settings.Target, v string) (Link, error) {
	r, err := s.linkRow(ctx, q, conn, target, v)
	return r.link(false), err
}

func (s store) linkRow(ctx context.Context, q string, conn plugin.ConnectionID, target settings.Target, v string) (linkRow, error) {
	var r linkRow
	err := s.db.GetContext(ctx, &r, q, conn, target, v)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("outbox entry of %s %q of connection %s: %w", target, v, conn, plugin.ErrNotFound)
	}
	if err != nil {
		return r, fmt.Errorf("outbox entry of %s %q of connection %s: %w", target, v, conn, err)
	}
	return r, nil
}

func (s store) memory(ctx context.Context, entry int64) (statuses.Memory, error) {
	var r linkRow
	if err := s.db.GetContext(ctx, &r, `SELECT `+linkColumns+` FROM keybridge.outbox WHERE id = $1`, entry); err != nil {
		return statuses.Memory{}, fmt.Errorf("statuses of outbox entry %d: %w", entry, err)
	}
	return r.link(false).Memory, nil
}

// changeMemory writes what change makes of the entry as it is now, while nobody else may change it.
func changeMemory(ctx context.Context, tx *sqlx.Tx, entry int64, converted bool, change func(Link) (statuses.Memory, error)) error {
	var r linkRow
	if err := tx.GetContext(ctx, &r, `SELECT `+linkColumns+` FROM keybridge.outbox WHERE id = $1 FOR UPDATE`, entry); err != nil {
		return fmt.Errorf("lock outbox entry %d: %w", entry, err)
	}
	was := r.link(converted)
	m, err := change(was)
	if err != nil || m == was.Memory {
		return err
	}
	q := `UPDATE keybridge.outbox SET applied_status = $2, applied_at = $3, moving_status = $4, moving_at = $5, own_status = $6,
		own_status_at = $7, own_shop_at = $8, told_at = $9 WHERE id = $1`
	args := []any{
		entry, m.Known.Status, nullTime(m.Known.At), m.Moving.Status, nullTime(m.Moving.At), m.Own.Status,
		nullTime(m.Own.At), nullTime(m.Own.ShopAt), nullTime(m.ToldAt),
	}
	if converted {
		q = `UPDATE keybridge.outbox SET order_status = $2, order_status_at = $3, order_moving = $4, order_moving_at = $5 WHERE id = $1`
		args = args[:5]
	}
	if _, err := tx.ExecContext(ctx, q, args...); err != nil {
		return fmt.Errorf("statuses of outbox entry %d: %w", entry, err)
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
		const mark = `UPDATE keybridge.outbox SET shop_status_at = greatest(shop_status_at, $3)
			WHERE shop_id = $1 AND order_id = $2 RETURNING id, crm_id`
		err := tx.GetContext(ctx, &row, mark, shop, order, at)
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
		return writeState(ctx, tx, row.ID, now)
	})
}

// Link is what joins an order of the CRM to one of the shop, for statuses on their way back.
type Link struct {
	Entry      int64
	Shop       plugin.ShopID
	Order      plugin.OrderID
	Number     string
	Connection plugin.ConnectionID
	Target     settings.Target
	CRMID      string // empty: the creation is not confirmed yet
	Source     string
	Currency   string
	Total      decimal.Decimal // the shop's
	// Converted: the link was found by the order that our card became, and Memory is of that order.
	Converted bool
	// ConvertedID is the CRM's order that our card became; empty: it did not.
	ConvertedID string
	// Memory is what is known of the object by which the link was found.
	Memory statuses.Memory
}
