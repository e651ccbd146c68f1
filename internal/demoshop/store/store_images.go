package store

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// SaveImages makes the product's pictures exactly the plan and answers the product's new version.
func (t *CatalogTx) SaveImages(ctx context.Context, product int64, plan domain.ImagePlan) (int64, error) {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM demoshop.images WHERE product_id = $1 AND id <> ALL($2)`,
		product, pq.Array(plan.Kept()))
	if err != nil {
		return 0, dbErr("remove images", err)
	}
	var main int64
	for pos, item := range plan {
		id, err := saveImage(ctx, t.tx, product, pos, item)
		if err != nil {
			return 0, err
		}
		if pos == 0 {
			main = id
		}
	}
	var v int64
	err = t.tx.GetContext(ctx, &v, `
		UPDATE demoshop.products SET main_image_id = $2, version = version + 1, updated_at = $3
		WHERE id = $1 RETURNING version`, product, noneIsNull(main), t.now())
	return v, dbErr("set main image", err)
}

func saveImage(ctx context.Context, tx *sqlx.Tx, product int64, pos int, item domain.PlannedImage) (int64, error) {
	if item.ID != 0 {
		_, err := tx.ExecContext(ctx, `UPDATE demoshop.images SET position = $2 WHERE id = $1`, item.ID, pos)
		return item.ID, dbErr("move image", err)
	}
	var id int64
	err := tx.GetContext(ctx, &id, `
		INSERT INTO demoshop.images (product_id, position, source_url, sha256, content_type, bytes)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		product, pos, item.SourceURL, item.SHA256, item.ContentType, item.Bytes)
	return id, dbErr("store image", err)
}

// Images is Products.Images within the batch.
func (t *CatalogTx) Images(ctx context.Context, products []int64) ([]domain.Image, error) {
	return imagesOf(ctx, t.tx, products)
}

// ImageFile is a picture as it is served.
type ImageFile struct {
	SHA256      string `db:"sha256"`
	ContentType string `db:"content_type"`
	Bytes       []byte `db:"bytes"`
}

// Image reads one picture. Errors: ErrNotFound.
func (s *Products) Image(ctx context.Context, id int64) (ImageFile, error) {
	var f ImageFile
	err := s.db.GetContext(ctx, &f, `SELECT sha256, content_type, bytes FROM demoshop.images WHERE id = $1`, id)
	return f, dbErr("read image", err)
}
