package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/orders/statuses"
	"github.com/keybridge/keybridge/plugin"
)

// errTwin means that another order of the shop has the CRM's order already.
var errTwin = errors.New("another order has the CRM's order")

type store struct{ db *sqlx.DB }

// outbox is the table whose entries workers claim.
func outbox() lease.Table { return lease.Table{Name: "keybridge.outbox"} }

// put inserts entries; orders that have one already stay as they are. It answers how many are new.
func (s store) put(ctx context.Context, batch []plugin.Placement) (int64, error) {
	n := len(batch)
	shops, ids, fronts, domains := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	placed := make([]time.Time, n)
	for i, p := range batch {
		shops[i], ids[i], fronts[i], domains[i] = string(p.Shop), string(p.Order), string(p.Storefront), p.Domain
		placed[i] = p.PlacedAt
	}
	const q = `
		INSERT INTO keybridge.outbox (shop_id, order_id, storefront, domain, placed_at)
		SELECT p.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
			AS p (shop_id, order_id, storefront, domain, placed_at)
		WHERE NOT EXISTS (SELECT 1 FROM keybridge.outbox o WHERE o.shop_id = p.shop_id AND o.order_id = p.order_id)
		ON CONFLICT (shop_id, order_id) DO NOTHING` // a conflict costs an id of the sequence, so only a race makes one
	res, err := s.db.ExecContext(ctx, q, pq.Array(shops), pq.Array(ids), pq.Array(fronts), pq.Array(domains), pq.Array(placed))
	if err != nil {
		return 0, fmt.Errorf("outbox put %d orders: %w", n, err)
	}
	return res.RowsAffected()
}

// wake makes entries due that are blocked by something the merchant has since saved. What only a
// person may decide stays. Steps that rest beside a blocked one come along: their entry gives the blocked one's
// reason, so rouse does not find it.
func (s store) wake(ctx context.Context, now time.Time) error {
	const q = `
		WITH woken AS (
			UPDATE keybridge.outbox o SET next_at = $1, changed_at = $1
			FROM keybridge.connection c
			WHERE o.state = 'blocked' AND c.id = o.connection_id AND c.updated_at > o.changed_at
				AND ` + lease.Free + ` AND o.reason <> ALL ($2)
			RETURNING o.id)
		UPDATE keybridge.outbox_step s SET next_at = $1
		FROM woken WHERE s.outbox_id = woken.id
			AND (s.state = 'blocked' OR s.next_at IS NULL AND s.reason IN ('connection_off', 'shop_inactive'))`
	if _, err := s.db.ExecContext(ctx, q, now, pq.Array(forPersons())); err != nil {
		return fmt.Errorf("outbox wake: %w", err)
	}
	return nil
}

// resting answers the connections and shops for which entries rest: they are not due before the connection,
// or the plugin in the shop, is switched on again.
func (s store) resting(ctx context.Context) ([]rest, error) {
	const q = `SELECT DISTINCT shop_id, coalesce(connection_id, '') AS connection_id, reason FROM keybridge.outbox
		WHERE next_at IS NULL AND reason IN ('connection_off', 'shop_inactive')`
	var rows []rest
	if err := s.db.SelectContext(ctx, &rows, q); err != nil {
		return nil, fmt.Errorf("outbox resting: %w", err)
	}
	return rows, nil
}

// rest is why some entries rest, and for whom.
type rest struct {
	Shop       plugin.ShopID       `db:"shop_id"`
	Connection plugin.ConnectionID `db:"connection_id"`
	Reason     Reason              `db:"reason"`
}

// rouse makes entries due that rest for this reason.
func (s store) rouse(ctx context.Context, r rest, now time.Time) error {
	const q = `
		WITH woken AS (
			UPDATE keybridge.outbox o SET next_at = $1, changed_at = $1
			WHERE next_at IS NULL AND reason = $2 AND shop_id = $3 AND coalesce(connection_id, '') = $4
				AND reason IN ('connection_off', 'shop_inactive') AND ` + lease.Free + `
			RETURNING o.id)
		UPDATE keybridge.outbox_step s SET next_at = $1
		FROM woken WHERE s.outbox_id = woken.id AND s.reason = $2 AND s.next_at IS NULL`
	if _, err := s.db.ExecContext(ctx, q, now, r.Reason, r.Shop, r.Connection); err != nil {
		return fmt.Errorf("outbox rouse: %w", err)
	}
	return nil
}

// claim takes the lease of a due entry; nil when there is nothing to do or somebody else does it.
func (s store) claim(ctx context.Context, id int64, now, until time.Time) (*entry, error) {
	e := &entry{claimed: now}
	ok, err := outbox().Claim(ctx, s.db, e, entryColumns, id, now, until)
	if err != nil || !ok {
		return nil, err
	}
	if e.steps, err = selectSteps(ctx, s.db, id); err != nil {
		return nil, err
	}
	return e, nil
}

func selectSteps(ctx context.Context, db sqlx.QueryerContext, id int64) ([]*step, error) {
	const q = `
		SELECT step, state, tries, rounds, negatives, looked_at, taken, wanted, reason, reason_params, next_at, changed_at
		FROM keybridge.outbox_step WHERE outbox_id = $1 ORDER BY step`
	var steps []*step
	if err := sqlx.SelectContext(ctx, db, &steps, q, id); err != nil {
		return nil, fmt.Errorf("steps of outbox entry %d: %w", id, err)
	}
	for _, s := range steps {
		s.stored = s.State
	}
	return steps, nil
}

// save writes the entry and its steps, and what also does, in one transaction. leaseUntil nil gives the entry back.
// Errors: lease.ErrLost and errTwin, and then nothing was written.
func (s store) save(ctx context.Context, e *entry, now time.Time, leaseUntil *time.Time, also ...func(*sqlx.Tx) error) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := updateEntry(ctx, tx, e, leaseUntil); err != nil {
			return err
		}
		for _, st := range e.steps {
			if err := upsertStep(ctx, tx, e.ID, st, now); err != nil {
				return err
			}
		}
		for _, do := range also {
			if err := do(tx); err != nil {
				return err
			}
		}
		return writeState(ctx, tx, e.ID, e.claimed)
	})
}

func updateEntry(ctx context.Context, tx *sqlx.Tx, e *entry, leaseUntil *time.Time) error {
	const set = `connection_id = $4, target = $5, number = $6, natural_key = $7, source = $8, currency = $9, total = $10,
		branch_as_text = $11, crm_id = $12, crm_url = $13, crm_total = $14,
		applied_status = CASE WHEN applied_status = '' THEN $15 ELSE applied_status END, applied_at = coalesce(applied_at, $16)`
	var begun statuses.Seen
	if e.begun != nil {
		begun = *e.begun
	}
	args := []any{
		e.Connection, e.Target, e.Number, e.Key, e.Source, e.Currency, e.Total, e.BranchAsText, e.CRMID, e.CRMURL,
		e.CRMTotal, begun.Status, nullTime(begun.At),
	}
	var err error
	if leaseUntil != nil {
		err = outbox().Keep(ctx, tx, e.Row, *leaseUntil, set, args...)
	} else {
		err = outbox().Release(ctx, tx, e.Row, set, args...)
	}
	if broken := (*pq.Error)(nil); errors.As(err, &broken) && broken.Constraint == "outbox_crm" {
		return fmt.Errorf("outbox save %d: %w", e.ID, errTwin)
	}
	return err
}

// upsertStep writes a step. One that was asked for anew since it was read stays due.
func upsertStep(ctx context.Context, tx *sqlx.Tx, id int64, st *step, now time.Time) error {
	const q = `
		INSERT INTO keybridge.outbox_step AS s (outbox_id, step, state, tries, rounds, negatives, looked_at, taken,
			wanted, reason, reason_params, next_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (outbox_id, step) DO UPDATE SET
			state = CASE WHEN s.wanted = $9 THEN $3 ELSE 'pending' END,
			next_at = CASE WHEN s.wanted = $9 THEN $12 ELSE $13 END,
			tries = $4, rounds = $5, negatives = $6, looked_at = $7, taken = $8, reason = $10, reason_params = $11,
			changed_at = $13`
	_, err := tx.ExecContext(ctx, q, id, st.Name, st.State, st.Tries, st.Resends, st.MissedLookups, st.LookedAt, st.KeyInUse,
		st.Wanted, st.Reason, st.Params, st.NextAt, now)
	if err != nil {
		return fmt.Errorf("outbox save %d step %s: %w", id, st.Name, err)
	}
	return nil
}

// writeState writes the state that follows from the steps. looked is when they were looked at.
func writeState(ctx context.Context, tx *sqlx.Tx, id int64, looked time.Time) error {
	steps, err := selectSteps(ctx, tx, id)
	if err != nil {
		return err
	}
	state, why := derive(steps)
	const q = `UPDATE keybridge.outbox SET state = $2, reason = $3, reason_params = $4, next_at = $5, changed_at = $6
		WHERE id = $1`
	if _, err := tx.ExecContext(ctx, q, id, state, why.Reason, why.Params, why.NextAt, looked); err != nil {
		return fmt.Errorf("outbox state of %d: %w", id, err)
	}
	return nil
}

func (s store) inTx(ctx context.Context, do func(*sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

// nullTime is null for the zero time.
func nullTime(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }

// forPersons are the reasons that only a person may resolve: a saved setting does not.
func forPersons() []string {
	return []string{
		string(ReasonUnknownOutcome), string(ReasonTakenByOther), string(ReasonTakenByOrder), string(ReasonSeveralInCRM),
		string(ReasonTakenNotFound),
	}
}
