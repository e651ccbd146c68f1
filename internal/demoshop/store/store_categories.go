package store

import (
	"context"
	"database/sql"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// treeLock is the advisory lock of whoever moves categories.
const treeLock = 7_305_112_003

// LockTree lets one writer at a time move categories: two moves at once could make a cycle that
// neither makes alone.
func (t *CatalogTx) LockTree(ctx context.Context) error {
	_, err := t.tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, treeLock)
	return dbErr("lock category tree", err)
}

// Categories answers the whole tree, by id.
func (s *Products) Categories(ctx context.Context) ([]domain.Category, error) {
	return categories(ctx, s.db)
}

// Categories is Products.Categories within the batch.
func (t *CatalogTx) Categories(ctx context.Context) ([]domain.Category, error) {
	return categories(ctx, t.tx)
}

func categories(ctx context.Context, q sqlx.QueryerContext) ([]domain.Category, error) {
	var rows []domain.Category
	err := sqlx.SelectContext(ctx, q, &rows,
		`SELECT id, COALESCE(parent_id, 0) AS parent_id, name, version, texts FROM demoshop.categories ORDER BY id`)
	return rows, dbErr("read categories", err)
}

func categoryArgs(rows []domain.Category) ([]any, error) {
	var ids, versions []int64
	var parents []sql.NullInt64
	var names, texts []string
	for _, r := range rows {
		t, err := r.Texts.JSON()
		if err != nil {
			return nil, domain.Invalidf("names of category %d", r.ID)
		}
		texts = append(texts, t)
		ids, versions = append(ids, r.ID), append(versions, r.Version)
		parents, names = append(parents, noneIsNull(r.ParentID)), append(names, r.Name)
	}
	return []any{pq.Array(ids), pq.Array(parents), pq.Array(names), pq.Array(versions), pq.Array(texts)}, nil
}

const categoryUnnest = `unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[]) AS n (id, parent_id, name, version, texts)`

// InsertCategories writes new categories.
func (t *CatalogTx) InsertCategories(ctx context.Context, rows []domain.Category) error {
	if len(rows) == 0 {
		return nil
	}
	args, err := categoryArgs(rows)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		INSERT INTO demoshop.categories (id, parent_id, name, version, texts)
		SELECT n.id, n.parent_id, n.name, n.version, n.texts::jsonb FROM `+categoryUnnest, args...)
	return dbErr("insert categories", err)
}

// UpdateCategories writes changed categories.
func (t *CatalogTx) UpdateCategories(ctx context.Context, rows []domain.Category) error {
	if len(rows) == 0 {
		return nil
	}
	args, err := categoryArgs(rows)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		UPDATE demoshop.categories c SET parent_id = n.parent_id, name = n.name, version = n.version, texts = n.texts::jsonb
		FROM `+categoryUnnest+` WHERE c.id = n.id`, args...)
	return dbErr("update categories", err)
}
