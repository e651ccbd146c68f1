package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// CatalogTx is the transaction of a batch of catalog writes. What it locks stays locked until the
// batch ends.
type CatalogTx struct {
	tx  *sqlx.Tx
	now func() time.Time
}

// Batch runs a whole batch in one transaction with few statements. When the database refuses the
// batch although every item passed our checks, it runs item by item under savepoints, so that one
// bad item never undoes another.
//
// run writes the named items and answers item errors by itself; the error it answers concerns the
// statement as a whole. refused records such an error for a single item.
func (s *Products) Batch(ctx context.Context, n int, run func(tx *CatalogTx, items []int) error, refused func(item int, err error)) error {
	if n == 0 {
		return nil
	}
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		err := underSavepoint(ctx, tx, func() error { return run(&CatalogTx{tx, s.now}, all) })
		if !errors.Is(err, domain.ErrInvalid) {
			return err
		}
		for i := range n {
			err := underSavepoint(ctx, tx, func() error { return run(&CatalogTx{tx, s.now}, []int{i}) })
			switch {
			case errors.Is(err, domain.ErrInvalid):
				refused(i, err)
			case err != nil:
				return err
			}
		}
		return nil
	})
}

// underSavepoint undoes what f did in the transaction when f fails.
func underSavepoint(ctx context.Context, tx *sqlx.Tx, f func() error) error {
	if _, err := tx.ExecContext(ctx, `SAVEPOINT item`); err != nil {
		return dbErr("savepoint", err)
	}
	if err := f(); err != nil {
		if _, undo := tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT item`); undo != nil {
			return dbErr("roll back to savepoint", errors.Join(err, undo))
		}
		return err
	}
	_, err := tx.ExecContext(ctx, `RELEASE SAVEPOINT item`)
	return dbErr("release savepoint", err)
}

// NewProductIDs takes n ids from the sequence of the products.
func (t *CatalogTx) NewProductIDs(ctx context.Context, n int) ([]int64, error) {
	return newIDs(ctx, t.tx, "demoshop.products", n)
}

// NewVariantIDs is like NewProductIDs.
func (t *CatalogTx) NewVariantIDs(ctx context.Context, n int) ([]int64, error) {
	return newIDs(ctx, t.tx, "demoshop.variants", n)
}

// NewCategoryIDs is like NewProductIDs.
func (t *CatalogTx) NewCategoryIDs(ctx context.Context, n int) ([]int64, error) {
	return newIDs(ctx, t.tx, "demoshop.categories", n)
}

func newIDs(ctx context.Context, tx *sqlx.Tx, table string, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	var ids []int64
	err := tx.SelectContext(ctx, &ids,
		`SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2)`, table, n)
	return ids, dbErr("take ids of "+table, err)
}

// nullable writes numeric columns for an unnest of text.
func nullable(d decimal.NullDecimal) sql.NullString {
	if !d.Valid {
		return sql.NullString{}
	}
	return sql.NullString{String: d.Decimal.String(), Valid: true}
}

// noneIsNull writes an id column in which zero means none.
func noneIsNull(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }
