package demoshop

import (
	"context"
	"database/sql"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// treeLock is the advisory lock of whoever moves categories.
const treeLock = 7_305_112_003

func lockTree(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, treeLock)
	return dbErr("lock category tree", err)
}

// categories answers the whole tree, by id.
func (s *store) categories(ctx context.Context, q sqlx.QueryerContext) ([]categoryRow, error) {
	var rows []categoryRow
	err := sqlx.SelectContext(ctx, q, &rows,
		`SELECT id, COALESCE(parent_id, 0) AS parent_id, name, version FROM demoshop.categories ORDER BY id`)
	return rows, dbErr("read categories", err)
}

func categoryArgs(rows []categoryRow) []any {
	var ids, versions []int64
	var parents []sql.NullInt64
	var names []string
	for _, r := range rows {
		ids, versions = append(ids, r.ID), append(versions, r.Version)
		parents, names = append(parents, noneIsNull(r.ParentID)), append(names, r.Name)
	}
	return []any{pq.Array(ids), pq.Array(parents), pq.Array(names), pq.Array(versions)}
}

const categoryUnnest = `unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) AS n (id, parent_id, name, version)`

func insertCategories(ctx context.Context, tx *sqlx.Tx, rows []categoryRow) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO demoshop.categories (id, parent_id, name, version)
		SELECT n.id, n.parent_id, n.name, n.version FROM `+categoryUnnest, categoryArgs(rows)...)
	return dbErr("insert categories", err)
}

func updateCategories(ctx context.Context, tx *sqlx.Tx, rows []categoryRow) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE demoshop.categories c SET parent_id = n.parent_id, name = n.name, version = n.version
		FROM `+categoryUnnest+` WHERE c.id = n.id`, categoryArgs(rows)...)
	return dbErr("update categories", err)
}
