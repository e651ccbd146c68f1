package localpg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"
)

// duplicateDatabase is SQLSTATE 42P04.
const duplicateDatabase = "42P04"

// ping opens one connection and closes it again.
func ping(ctx context.Context, dsn string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return errors.Join(db.PingContext(ctx), db.Close())
}

// ensureDatabase creates the database unless it is there. adminDSN names another database of the
// same server.
func ensureDatabase(ctx context.Context, adminDSN, name string) error {
	db, err := sql.Open("postgres", adminDSN)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	_, err = db.ExecContext(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(name))
	var answer *pq.Error
	if errors.As(err, &answer) && answer.Code == duplicateDatabase {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("create database %q: %w", name, err)
	}
	return errors.Join(err, db.Close())
}
