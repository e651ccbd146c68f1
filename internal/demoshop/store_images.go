package demoshop

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// saveImages makes the product's pictures exactly the plan and answers the product's new version.
func (s *store) saveImages(ctx context.Context, tx *sqlx.Tx, product int64, plan imagePlan) (int64, error) {
	_, err := tx.ExecContext(ctx, `DELETE FROM demoshop.images WHERE product_id = $1 AND id <> ALL($2)`,
		product, pq.Array(plan.kept()))
	if err != nil {
		return 0, dbErr("remove images", err)
	}
	var main int64
	for pos, item := range plan {
		id, err := saveImage(ctx, tx, product, pos, item)
		if err != nil {
			return 0, err
		}
		if pos == 0 {
			main = id
		}
	}
	var v int64
	err = tx.GetContext(ctx, &v, `
		UPDATE demoshop.products SET main_image_id = $2, version = version + 1, updated_at = $3
		WHERE id = $1 RETURNING version`, product, noneIsNull(main), s.now())
	return v, dbErr("set main image", err)
}

func saveImage(ctx context.Context, tx *sqlx.Tx, product int64, pos int, item plannedImage) (int64, error) {
	if item.id != 0 {
		_, err := tx.ExecContext(ctx, `UPDATE demoshop.images SET position = $2 WHERE id = $1`, item.id, pos)
		return item.id, dbErr("move image", err)
	}
	var id int64
	err := tx.GetContext(ctx, &id, `
		INSERT INTO demoshop.images (product_id, position, source_url, sha256, content_type, bytes)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		product, pos, item.content.SourceURL, item.content.SHA256, item.content.ContentType, item.content.Bytes)
	return id, dbErr("store image", err)
}

// imageFile is a picture as it is served.
type imageFile struct {
	SHA256      string `db:"sha256"`
	ContentType string `db:"content_type"`
	Bytes       []byte `db:"bytes"`
}

// image reads one picture. Errors: plugin.ErrNotFound.
func (s *store) image(ctx context.Context, id int64) (imageFile, error) {
	var f imageFile
	err := s.db.GetContext(ctx, &f, `SELECT sha256, content_type, bytes FROM demoshop.images WHERE id = $1`, id)
	return f, dbErr("read image", err)
}
