package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

type journalRow struct {
	ID         int64               `db:"id"`
	Shop       plugin.ShopID       `db:"shop_id"`
	Order      plugin.OrderID      `db:"order_id"`
	Number     string              `db:"number"`
	Connection sql.NullString      `db:"connection_id"`
	Target     settings.Target     `db:"target"`
	State      EntryState          `db:"state"`
	Reason     Reason              `db:"reason"`
	Params     Params              `db:"reason_params"`
	Attempts   int                 `db:"attempts"`
	PlacedAt   time.Time           `db:"placed_at"`
	NextAt     sql.NullTime        `db:"next_at"`
	Currency   string              `db:"currency"`
	Total      decimal.NullDecimal `db:"total"`
	CRMID      sql.NullString      `db:"crm_id"`
	CRMURL     string              `db:"crm_url"`
	CRMTotal   decimal.NullDecimal `db:"crm_total"`
	DeletedAt  sql.NullTime        `db:"crm_deleted_at"`
}

const journalColumns = `o.id, o.shop_id, o.order_id, o.number, o.connection_id, o.target, o.state, o.reason,
	o.reason_params, (SELECT count(*) FROM keybridge.outbox_attempt a WHERE a.outbox_id = o.id) AS attempts,
	o.placed_at, o.next_at, o.currency, o.total, o.crm_id, o.crm_url, o.crm_total, o.crm_deleted_at`

func (r journalRow) row() Row {
	row := Row{
		ID: r.ID, Shop: r.Shop, Order: r.Order, Number: r.Number, Connection: plugin.ConnectionID(r.Connection.String),
		Target: r.Target, State: r.State, Reason: r.Reason, Params: r.Params, Attempts: r.Attempts,
		PlacedAt: r.PlacedAt.UTC(), Currency: r.Currency, Total: r.Total.Decimal, CRMID: r.CRMID.String,
		CRMURL: r.CRMURL, CRMTotal: r.CRMTotal.Decimal,
	}
	if r.NextAt.Valid {
		row.NextAt = r.NextAt.Time.UTC()
	}
	if r.DeletedAt.Valid {
		row.CRMDeletedAt = r.DeletedAt.Time.UTC()
	}
	return row
}

// Waiting is the condition of Row.Waits, in SQL about a row o of the outbox; an index holds it.
const Waiting = `(o.state IN ('blocked', 'dead') OR o.state = 'checking' AND o.reason = 'still_looking')`

// narrowed is the condition of a Filter, over $1 to $7.
func (f Filter) narrowed() string {
	q := `($1 = '' OR o.shop_id = $1) AND ($2 = '' OR o.connection_id = $2 OR $5 AND o.connection_id IS NULL)
		AND (cardinality($3::text[]) = 0 OR o.state = ANY ($3)) AND ($4 = '' OR o.number = $4 OR o.crm_id = $4)
		AND ($6 = '' OR o.reason = $6) AND ($7::jsonb IS NULL OR o.reason_params = $7)`
	if f.Waiting {
		q += ` AND ` + Waiting
	}
	if f.Calm {
		q += ` AND NOT ` + Waiting
	}
	return q
}

func (f Filter) args(more ...any) []any {
	states := make([]string, len(f.States))
	for i, s := range f.States {
		states[i] = string(s)
	}
	var params any // nil: any will do
	if f.Params != nil {
		params = f.Params
	}
	return append([]any{string(f.Shop), string(f.Connection), pq.Array(states), f.Number, f.Unrouted, string(f.Reason), params}, more...)
}

func (s store) list(ctx context.Context, f Filter, limit int) ([]journalRow, error) {
	q := `SELECT ` + journalColumns + ` FROM keybridge.outbox o
		WHERE ` + f.narrowed() + ` AND ($8::timestamptz IS NULL OR (o.placed_at, o.id) < ($8, $9))
		ORDER BY o.placed_at DESC, o.id DESC LIMIT $10`
	var at *time.Time
	var id int64
	if f.Before != nil {
		at, id = &f.Before.PlacedAt, f.Before.ID
	}
	var rows []journalRow
	if err := s.db.SelectContext(ctx, &rows, q, f.args(at, id, limit)...); err != nil {
		return nil, fmt.Errorf("list orders journal: %w", err)
	}
	return rows, nil
}

func (s store) ids(ctx context.Context, f Filter, limit int) ([]int64, error) {
	q := `SELECT o.id FROM keybridge.outbox o WHERE ` + f.narrowed() + ` ORDER BY o.placed_at, o.id LIMIT $8`
	var ids []int64
	if err := s.db.SelectContext(ctx, &ids, q, f.args(limit)...); err != nil {
		return nil, fmt.Errorf("list orders journal: %w", err)
	}
	return ids, nil
}

func (s store) groups(ctx context.Context, f Filter, limit int) ([]Group, error) {
	q := `SELECT o.state, o.reason, o.reason_params, count(*) AS n FROM keybridge.outbox o WHERE ` + f.narrowed() + `
		GROUP BY o.state, o.reason, o.reason_params ORDER BY n DESC, min(o.placed_at), min(o.id) LIMIT $8`
	var rows []Group
	if err := s.db.SelectContext(ctx, &rows, q, f.args(limit)...); err != nil {
		return nil, fmt.Errorf("group orders journal: %w", err)
	}
	return rows, nil
}

func (s store) row(ctx context.Context, id int64) (journalRow, error) {
	var r journalRow
	err := s.db.GetContext(ctx, &r, `SELECT `+journalColumns+` FROM keybridge.outbox o WHERE o.id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("outbox entry %d: %w", id, plugin.ErrNotFound)
	}
	if err != nil {
		return r, fmt.Errorf("outbox entry %d: %w", id, err)
	}
	return r, nil
}

func (s store) idOf(ctx context.Context, shop plugin.ShopID, order plugin.OrderID) (int64, error) {
	var id int64
	const q = `SELECT id FROM keybridge.outbox WHERE shop_id = $1 AND order_id = $2`
	err := s.db.GetContext(ctx, &id, q, shop, order)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("outbox entry of order %q: %w", order, plugin.ErrNotFound)
	}
	if err != nil {
		return 0, fmt.Errorf("outbox entry of order %q: %w", order, err)
	}
	return id, nil
}

type attemptRow struct {
	attempt
	FinishedAt sql.NullTime `db:"finished_at"`
	Answer     []byte       `db:"answer"`
}

func (s store) attemptRows(ctx context.Context, id int64) ([]attemptRow, error) {
	const q = `SELECT id, started_at, deadline, finished_at, outcome, masked, answer FROM keybridge.outbox_attempt
		WHERE outbox_id = $1 ORDER BY id`
	var rows []attemptRow
	if err := s.db.SelectContext(ctx, &rows, q, id); err != nil {
		return nil, fmt.Errorf("attempts of outbox entry %d: %w", id, err)
	}
	return rows, nil
}

func (s store) counts(ctx context.Context, f Filter) (map[EntryState]int, error) {
	q := `SELECT o.state, count(*) AS n FROM keybridge.outbox o WHERE ` + f.narrowed() + ` GROUP BY o.state`
	var rows []struct {
		State EntryState `db:"state"`
		N     int        `db:"n"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, f.args()...); err != nil {
		return nil, fmt.Errorf("count orders journal: %w", err)
	}
	counts := make(map[EntryState]int, len(rows))
	for _, r := range rows {
		counts[r.State] = r.N
	}
	return counts, nil
}

func (s store) oldestPending(ctx context.Context, shop plugin.ShopID) (time.Time, error) {
	const q = `SELECT min(placed_at) FROM keybridge.outbox
		WHERE next_at IS NOT NULL AND crm_id IS NULL AND ($1 = '' OR shop_id = $1)`
	var at sql.NullTime
	if err := s.db.GetContext(ctx, &at, q, string(shop)); err != nil {
		return time.Time{}, fmt.Errorf("oldest pending order: %w", err)
	}
	if !at.Valid {
		return time.Time{}, nil
	}
	return at.Time.UTC(), nil
}

// byHand changes an entry that no worker has, in one transaction.
func (s store) byHand(ctx context.Context, id int64, now time.Time, do func(*sqlx.Tx, *entry) error) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		// The fence is raised too: a worker whose lease ran out must not undo what a person decides.
		const q = `UPDATE keybridge.outbox SET fence = fence + 1, queued_until = NULL
			WHERE id = $2 AND ` + lease.Free + ` RETURNING ` + entryColumns
		e := &entry{claimed: now}
		err := tx.GetContext(ctx, e, q, now, id)
		if errors.Is(err, sql.ErrNoRows) {
			return s.busyOrGone(ctx, tx, id)
		}
		if err != nil {
			return fmt.Errorf("outbox entry %d: %w", id, err)
		}
		if e.steps, err = selectSteps(ctx, tx, id); err != nil {
			return err
		}
		return do(tx, e)
	})
}

func (s store) busyOrGone(ctx context.Context, tx *sqlx.Tx, id int64) error {
	var n int
	if err := tx.GetContext(ctx, &n, `SELECT count(*) FROM keybridge.outbox WHERE id = $1`, id); err != nil {
		return fmt.Errorf("outbox entry %d: %w", id, err)
	}
	if n == 0 {
		return fmt.Errorf("outbox entry %d: %w", id, plugin.ErrNotFound)
	}
	return fmt.Errorf("outbox entry %d: %w", id, ErrBusy)
}

// retry prepares an entry for another try; conn takes it when no connection has.
func (s store) retry(ctx context.Context, id int64, conn plugin.ConnectionID, now time.Time) error {
	return s.byHand(ctx, id, now, func(tx *sqlx.Tx, e *entry) error {
		past, err := attempts(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, st := range e.again(past, now) {
			if err := upsertStep(ctx, tx, id, st, now); err != nil {
				return err
			}
		}
		if !e.Connection.Valid && conn != "" {
			e.Connection = sql.NullString{String: string(conn), Valid: true}
		}
		const q = `UPDATE keybridge.outbox SET forced = $2, connection_id = $3 WHERE id = $1`
		if _, err := tx.ExecContext(ctx, q, id, e.Forced, e.Connection); err != nil {
			return fmt.Errorf("retry outbox entry %d: %w", id, err)
		}
		return writeState(ctx, tx, id, now)
	})
}

// again prepares the steps for a person's retry. What the CRM has, or may have, is looked up before
// anything is sent: a card has no number by which the CRM itself would refuse a second one.
func (e *entry) again(past []attempt, now time.Time) []*step {
	create := e.step(StepCreate)
	if create.State == StepDone {
		for _, s := range e.steps {
			if s.Name != StepCreate && s.State != StepDone {
				s.Tries = 0
				s.to(StepPending, &now, "", nil)
			}
		}
		return e.steps
	}
	if create.State == StepIgnored {
		e.Forced = true
	}
	if create.Reason == ReasonConnectionGone {
		e.Connection = sql.NullString{}
	}
	create.Tries = 0
	switch {
	case create.State == StepSending: // its worker died: the next one finds out what became of it
		create.to(StepSending, &now, "", nil)
	case create.State == StepChecking && create.Reason != ReasonStillLooking:
		create.to(StepChecking, &now, "", nil)
	case create.State == StepChecking, slices.Contains(forPersons(), string(create.Reason)), ambiguous(past), keyInUse(past):
		create.Resends, create.MissedLookups, create.LookedAt, create.KeyInUse = 0, 0, sql.NullTime{}, false
		create.to(StepChecking, &now, "", nil)
	default:
		create.KeyInUse = false
		create.to(StepPending, &now, "", nil)
	}
	return e.steps
}

func (s store) ignore(ctx context.Context, id int64, now time.Time) error {
	return s.byHand(ctx, id, now, func(tx *sqlx.Tx, e *entry) error {
		create := e.step(StepCreate)
		looking := create.State == StepChecking && create.Reason != ReasonStillLooking
		if create.State == StepDone || create.State == StepSending || looking {
			return fmt.Errorf("ignore outbox entry %d: it is, or may be, in the CRM: %w", id, plugin.ErrConflict)
		}
		create.finish(StepIgnored, ReasonByHand, nil)
		if err := upsertStep(ctx, tx, id, create, now); err != nil {
			return err
		}
		return writeState(ctx, tx, id, now)
	})
}
