package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"
)

// createDatabase makes the database, as a copy of another one unless from is empty.
func createDatabase(ctx context.Context, admin, name, from string) error {
	q := "CREATE DATABASE " + pq.QuoteIdentifier(name)
	if from != "" {
		q += " TEMPLATE " + pq.QuoteIdentifier(from)
	}
	if err := execute(ctx, admin, q); err != nil {
		return fmt.Errorf("create test database %s: %w", name, err)
	}
	return nil
}

// dropDatabase removes the database, cutting whatever connections a test has left open.
func dropDatabase(ctx context.Context, admin, name string) error {
	if err := execute(ctx, admin, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop test database %s: %w", name, err)
	}
	return nil
}

func execute(ctx context.Context, dsn, q string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	_, err = db.ExecContext(ctx, q)
	return errors.Join(err, db.Close())
}
