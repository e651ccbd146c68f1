package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// yardstick writes the rows that runs write, as plainly as can be, into tables of the same shape
// with the same indexes.
type yardstick struct {
	w *world
	// The rows of runs, kept by name.
	staged, created, updated []rowSet
}

// rowSet are rows of one table of the engine, kept in a table of ours.
type rowSet struct {
	table string // of the engine
	kept  string // the table of ours that keeps the rows
	// update names the columns that the run updates instead of inserting the row; key tells which.
	key, update []string
}

func newYardstick(ctx context.Context, w *world) (*yardstick, error) {
	_, err := w.db.ExecContext(ctx, `CREATE SCHEMA bench`)
	return &yardstick{w: w}, err
}

// keep puts rows of the engine aside, once.
func (y *yardstick) keep(ctx context.Context, table, name, where string, args ...any) (rowSet, error) {
	r := rowSet{table: table, kept: "bench.kept_" + name}
	q := `CREATE UNLOGGED TABLE ` + r.kept + ` AS SELECT * FROM keybridge.` + table + ` WHERE ` + where
	// A statement that makes a table takes no parameters.
	for i, a := range args {
		q = strings.ReplaceAll(q, fmt.Sprintf("$%d", i+1), pq.QuoteLiteral(fmt.Sprint(a)))
	}
	if _, err := y.w.db.ExecContext(ctx, q); err != nil {
		return r, fmt.Errorf("keep rows of %s: %w", table, err)
	}
	return r, nil
}

// keepPlan makes a preview and keeps what it has staged and planned.
func (y *yardstick) keepPlan(ctx context.Context, name string) ([]rowSet, error) {
	run, err := y.w.preview(ctx)
	if err != nil {
		return nil, err
	}
	var kept []rowSet
	for _, table := range []string{"stage_category", "stage_product", "stage_offer", "run_plan"} {
		r, err := y.keep(ctx, table, name+"_"+table, `run_id = $1`, run.ID)
		if err != nil {
			return nil, err
		}
		kept = append(kept, r)
	}
	if err := y.w.engine.Cancel(ctx, run.ID); err != nil {
		return nil, err
	}
	_, err = y.w.db.ExecContext(ctx, `TRUNCATE keybridge.stage_category, keybridge.stage_product, keybridge.stage_offer, keybridge.run_plan`)
	return kept, err
}

// keepWritten keeps what a run that is over has left.
func (y *yardstick) keepWritten(ctx context.Context, name string, run int64) ([]rowSet, error) {
	changes, err := y.keep(ctx, "run_change", name+"_change", `run_id = $1`, run)
	if err != nil {
		return nil, err
	}
	products, err := y.keep(ctx, "link_product", name+"_link_product", `connection_id = $1`, y.w.conn)
	if err != nil {
		return nil, err
	}
	variants, err := y.keep(ctx, "link_variant", name+"_link_variant", `connection_id = $1`, y.w.conn)
	return []rowSet{changes, products, variants}, err
}

// The following say what the rows of a run are; they are called once for each course.

func (y *yardstick) beforeCreation(ctx context.Context) (err error) {
	if y.created, err = y.keepPlan(ctx, "new"); err != nil {
		return err
	}
	y.staged = slices.Clone(y.created[:3])
	return nil
}

func (y *yardstick) afterCreation(ctx context.Context, run catalog.Run) error {
	left, err := y.keepWritten(ctx, "new", run.ID)
	y.created = append(y.created, left...)
	return err
}

func (y *yardstick) beforeUpdate(ctx context.Context) (err error) {
	y.updated, err = y.keepPlan(ctx, "changed")
	return err
}

func (y *yardstick) afterUpdate(ctx context.Context, run catalog.Run) error {
	left, err := y.keepWritten(ctx, "changed", run.ID)
	if err != nil {
		return err
	}
	key := []string{"connection_id", "crm_id"}
	left[1].key, left[1].update = key, []string{"crm_hash", "settings_hash", "shop_version", "updated_at"}
	left[2].key, left[2].update = key, []string{"read_at"}
	y.updated = append(y.updated, left...)
	return nil
}

// forget takes away all that runs have left, as before the first.
func (y *yardstick) forget(ctx context.Context) error {
	_, err := y.w.db.ExecContext(ctx, `TRUNCATE keybridge.run, keybridge.run_change, keybridge.run_item, keybridge.run_plan,
		keybridge.link_category, keybridge.link_product, keybridge.link_variant, keybridge.stage_category,
		keybridge.stage_product, keybridge.stage_offer CASCADE`)
	return err
}

// settle lets the database finish what it has put off, so that nobody pays for what came before.
func (w *world) settle(ctx context.Context) error {
	for _, q := range []string{`VACUUM ANALYZE`, `CHECKPOINT`} {
		if _, err := w.db.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// column is a column of a table, and how its text is read back.
type column struct {
	Name string `db:"name"`
	Type string `db:"type"`
}

// target makes an empty table like the engine's and answers its columns.
func (y *yardstick) target(ctx context.Context, r rowSet) (name string, cols []column, err error) {
	name = "bench.target"
	for _, q := range []string{
		`DROP TABLE IF EXISTS ` + name,
		`CREATE TABLE ` + name + ` (LIKE keybridge.` + r.table + ` INCLUDING ALL)`,
	} {
		if _, err := y.w.db.ExecContext(ctx, q); err != nil {
			return "", nil, err
		}
	}
	const q = `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
		WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`
	err = y.w.db.SelectContext(ctx, &cols, q, "keybridge."+r.table)
	return name, cols, err
}

// texts reads kept rows into memory, column by column, as text.
func (y *yardstick) texts(ctx context.Context, r rowSet, cols []column) ([][]sql.NullString, error) {
	var list []string
	for _, c := range cols {
		list = append(list, pq.QuoteIdentifier(c.Name)+"::text")
	}
	rows, err := y.w.db.QueryContext(ctx, `SELECT `+strings.Join(list, ", ")+` FROM `+r.kept)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := make([][]sql.NullString, len(cols))
	row := make([]sql.NullString, len(cols))
	to := make([]any, len(cols))
	for i := range row {
		to[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		for i, v := range row {
			out[i] = append(out[i], v)
		}
	}
	return out, rows.Err()
}

// copy copies row sets with COPY, each in one transaction, and answers how long that took.
func (y *yardstick) copy(ctx context.Context, sets ...rowSet) (time.Duration, error) {
	var total time.Duration
	for _, r := range sets {
		name, cols, err := y.target(ctx, r)
		if err != nil {
			return 0, err
		}
		data, err := y.texts(ctx, r, cols)
		if err != nil {
			return 0, err
		}
		start := y.w.clock.Now()
		if err := y.copyInto(ctx, name, cols, data); err != nil {
			return 0, fmt.Errorf("copy %s: %w", r.kept, err)
		}
		total += y.w.clock.Now().Sub(start)
	}
	return total, nil
}

func (y *yardstick) copyInto(ctx context.Context, name string, cols []column, data [][]sql.NullString) error {
	tx, err := y.w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var names []string
	for _, c := range cols {
		names = append(names, pq.QuoteIdentifier(c.Name))
	}
	in, err := tx.PrepareContext(ctx, `COPY `+name+` (`+strings.Join(names, ", ")+`) FROM STDIN`)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	row := make([]any, len(cols))
	for n := range data[0] {
		for i := range cols {
			row[i] = data[i][n]
		}
		if _, err := in.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	if _, err := in.ExecContext(ctx); err != nil {
		return err
	}
	return tx.Commit()
}

// write writes what a run inserts and updates, with one statement and one transaction a batch of the
// contract's size, and answers how long that took.
func (y *yardstick) write(ctx context.Context) (time.Duration, error) {
	var total time.Duration
	for _, r := range y.updated {
		name, cols, err := y.target(ctx, r)
		if err != nil {
			return 0, err
		}
		data, err := y.texts(ctx, r, cols)
		if err != nil {
			return 0, err
		}
		q := insertion(name, cols)
		if r.update != nil {
			q = updating(name, cols, r)
			if err := y.fill(ctx, name, r); err != nil {
				return 0, err
			}
		}
		start := y.w.clock.Now()
		for from := 0; from < len(data[0]); from += plugin.MaxBatch {
			args := make([]any, len(cols))
			for i := range cols {
				args[i] = pq.Array(data[i][from:min(from+plugin.MaxBatch, len(data[i]))])
			}
			if _, err := y.w.db.ExecContext(ctx, q, args...); err != nil {
				return 0, fmt.Errorf("write %s: %w", r.kept, err)
			}
		}
		total += y.w.clock.Now().Sub(start)
	}
	return total, nil
}

// fill puts the rows that are to be updated into the target.
func (y *yardstick) fill(ctx context.Context, name string, r rowSet) error {
	for _, q := range []string{`INSERT INTO ` + name + ` SELECT * FROM ` + r.kept, `VACUUM ANALYZE ` + name, `CHECKPOINT`} {
		if _, err := y.w.db.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func unnested(cols []column) string {
	var params, names []string
	for i, c := range cols {
		params = append(params, fmt.Sprintf("$%d::text[]", i+1))
		names = append(names, pq.QuoteIdentifier(c.Name))
	}
	return `unnest(` + strings.Join(params, ", ") + `) AS t (` + strings.Join(names, ", ") + `)`
}

func insertion(name string, cols []column) string {
	var values []string
	for _, c := range cols {
		values = append(values, "t."+pq.QuoteIdentifier(c.Name)+"::"+c.Type)
	}
	return `INSERT INTO ` + name + ` SELECT ` + strings.Join(values, ", ") + ` FROM ` + unnested(cols)
}

func updating(name string, cols []column, r rowSet) string {
	types := map[string]string{}
	for _, c := range cols {
		types[c.Name] = c.Type
	}
	var set, where []string
	for _, c := range r.update {
		set = append(set, c+" = t."+c+"::"+types[c])
	}
	for _, c := range r.key {
		where = append(where, "l."+c+" = t."+c)
	}
	return `UPDATE ` + name + ` l SET ` + strings.Join(set, ", ") + ` FROM ` + unnested(cols) + ` WHERE ` + strings.Join(where, " AND ")
}
