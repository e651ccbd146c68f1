// Package store is all SQL of the catalog, by table: small types, one for each kind of rows, each in files of
// its own.
//
// Errors are the database's, with what was asked of it, unless a method names others: whoever gets one tries the step
// again. lease.ErrLost means that the row is another worker's by now, so nothing was stored. Lists of pages answer what
// comes behind the given id, in the order of ids; a list that is empty is the end.
package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// Outcome says why a run waits or fails; see session.OutcomeOf.
type Outcome struct {
	Code   catalog.Code
	Params catalog.Params
	// Final: trying again cannot help.
	Final bool
	// After is the pause asked for; 0: none was.
	After time.Duration
}

// Store is all SQL of the engine, by table. Methods that take a transaction belong to a step, which commits
// them together with the run's checkpoint.
type Store struct {
	base
	Runs       Runs
	Staging    Staging
	Batches    Batches
	Plans      Plans
	Links      Links
	Quotes     Quotes
	Review     Review
	Warehouses Warehouses
	StockCalls StockCalls
	Held       Held
}

// New opens the store; idle is how long a transaction may be left alone in the middle before Postgres ends it.
func New(db *sqlx.DB, idle time.Duration) *Store {
	b := base{db: db, idle: idle}
	return &Store{
		base: b, Runs: Runs{b}, Staging: Staging{b}, Batches: Batches{b}, Plans: Plans{b}, Links: Links{b}, Quotes: Quotes{b},
		Review: Review{b}, Warehouses: Warehouses{b}, StockCalls: StockCalls{b}, Held: Held{b},
	}
}

// Runs are runs, what they changed and what they left alone.
type Runs struct{ base }

// Staging is what a run has read of the CRM.
type Staging struct{ base }

// Batches are the groups in which a list is asked for, and what is known of how long lists are.
type Batches struct{ base }

// Plans are what runs mean to do.
type Plans struct{ base }

// Links join products, variants and categories of the two sides.
type Links struct{ base }

// Quotes are price and stock of linked variants.
type Quotes struct{ base }

// Review is what people decide about: pins, and what waits to be published.
type Review struct{ base }

// Warehouses are those of the CRM, as its answers have named them.
type Warehouses struct{ base }

// StockCalls are the CRM's calls about stock.
type StockCalls struct{ base }

// Held is stock that is held back.
type Held struct{ base }

// base is what all types of the store have.
type base struct {
	db   *sqlx.DB
	idle time.Duration
}

// InTx runs f in one transaction, and rolls it back when f answers an error, which it then answers. Should the process
// be frozen in the middle, Postgres ends it as soon as the lease is over as well: neither who takes over nor a merchant
// who stops the run waits for its rows any longer.
func (s *base) InTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`SET LOCAL idle_in_transaction_session_timeout = %d`, s.idle.Milliseconds())); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// InAsyncTx is InTx without waiting for the disk (synchronous_commit = off): for a transaction whose loss in a crash of
// the database does no harm, because all before it is kept and all after it is lost as well.
func (s *base) InAsyncTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	return s.InTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		return f(tx)
	})
}

func (s *base) bodies(ctx context.Context, q string, read func(id string, body []byte) error, args ...any) error {
	rows, err := s.db.QueryxContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		if err := read(id, body); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	return rows.Err()
}

func (s *base) selectChanges(ctx context.Context, q string, args ...any) ([]catalog.Change, error) {
	var rows []struct {
		ID        int64     `db:"id"`
		CRMID     string    `db:"crm_id"`
		Product   string    `db:"product_id"`
		Variant   string    `db:"variant_id"`
		Name      string    `db:"name"`
		Field     string    `db:"field"`
		Old       string    `db:"old"`
		New       string    `db:"new"`
		Overwrote bool      `db:"overwrote"`
		At        time.Time `db:"at"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, args...); err != nil {
		return nil, err
	}
	out := make([]catalog.Change, len(rows))
	for i, r := range rows {
		out[i] = catalog.Change{
			ID: r.ID, CRMID: r.CRMID, Product: plugin.ProductID(r.Product), Variant: plugin.VariantID(r.Variant),
			Name: r.Name, Field: catalog.Field(r.Field), Old: r.Old, New: r.New, Overwrote: r.Overwrote, At: r.At.UTC(),
		}
	}
	return out, nil
}
