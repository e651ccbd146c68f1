package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/lib/pq"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// Shelf is the catalog as buyers see it: what is published, in lists.
type Shelf struct{ conn }

// ShelfCategory is a category as buyers may see it.
type ShelfCategory struct {
	domain.Category
	Stocked bool   `db:"stocked"` // holds a published product itself
	ImageID *int64 `db:"image_id"`
}

// Categories answers the tree with a picture of each category, in one pass over small indexes.
func (s *Shelf) Categories(ctx context.Context) ([]ShelfCategory, error) {
	var rows []ShelfCategory
	err := s.db.SelectContext(ctx, &rows, `
		SELECT c.id, COALESCE(c.parent_id, 0) AS parent_id, c.name, c.version,
			-- Not EXISTS: the planner then reads the whole table when most of it is published.
			(SELECT p.id FROM demoshop.products p WHERE p.category_id = c.id AND p.published ORDER BY p.id LIMIT 1)
				IS NOT NULL AS stocked,
			(SELECT p.main_image_id FROM demoshop.products p
				WHERE p.category_id = c.id AND p.published AND p.main_image_id IS NOT NULL ORDER BY p.id LIMIT 1) AS image_id
		FROM demoshop.categories c ORDER BY c.id`)
	return rows, dbErr("read categories", err)
}

// Card is a product in a list of the storefront.
type Card struct {
	ID        int64               `db:"id"`
	Name      string              `db:"name"`
	ImageID   *int64              `db:"main_image_id"`
	Price     decimal.NullDecimal `db:"min_price"`
	MaxPrice  decimal.NullDecimal `db:"max_price"`
	OldPrice  decimal.NullDecimal `db:"old_price"` // of the cheapest variant
	Available bool                `db:"available"`
}

// From reports whether the variants have different prices.
func (c Card) From() bool {
	return c.Price.Valid && c.MaxPrice.Valid && c.MaxPrice.Decimal.GreaterThan(c.Price.Decimal)
}

// Off is the discount in whole percent; zero when there is none.
func (c Card) Off() int64 { return domain.PercentOff(c.Price, c.OldPrice) }

// ShelfQuery selects published products.
type ShelfQuery struct {
	Categories []int64 // nil: all
	Words      string  // every word must be in the name, or the whole be a SKU; empty: all
	Featured   bool    // only those of the home page
	Except     int64   // a product left out; 0: none
	Sort       string  // "", "price", "-price" or "name"
	Limit      int
	Offset     int
}

// maxWords bounds a search.
const maxWords = 8

// where names only the conditions there are, so that each kind of list is planned by itself.
func (q ShelfQuery) where() (string, []any) {
	conds := []string{`p.published`}
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	if q.Featured {
		conds = append(conds, `p.featured`)
	}
	switch len(q.Categories) {
	case 0:
	case 1: // the indexes by category give their order too
		conds = append(conds, `p.category_id = `+arg(q.Categories[0]))
	default:
		conds = append(conds, `p.category_id = ANY(`+arg(pq.Array(q.Categories))+`)`)
	}
	if q.Except != 0 {
		conds = append(conds, `p.id <> `+arg(q.Except))
	}
	if patterns := q.patterns(); len(patterns) > 0 {
		conds = append(conds, `(p.name_key LIKE ALL(`+arg(pq.Array(patterns))+`::text[])
			OR p.id IN (SELECT v.product_id FROM demoshop.variants v WHERE v.sku <> '' AND v.sku = `+arg(strings.TrimSpace(q.Words))+`))`)
	}
	return strings.Join(conds, " AND "), args
}

func (q ShelfQuery) patterns() []string {
	var out []string
	for _, w := range strings.Fields(domain.NameKey(q.Words)) {
		if len(out) == maxWords {
			break
		}
		out = append(out, "%"+likeText(w)+"%")
	}
	return out
}

// order ends with the id, so that pages never repeat a product.
func (q ShelfQuery) order() string {
	switch q.Sort {
	case "price":
		return `min_price NULLS LAST, id DESC`
	case "-price":
		return `min_price DESC NULLS LAST, id DESC`
	case "name":
		return `name_sort, id`
	}
	return `id DESC`
}

// Cards answers one page of cards; what the cards show of variants is read for the page alone.
func (s *Shelf) Cards(ctx context.Context, q ShelfQuery) ([]Card, error) {
	where, args := q.where()
	limit, offset := "$"+strconv.Itoa(len(args)+1), "$"+strconv.Itoa(len(args)+2)
	var rows []Card
	err := s.db.SelectContext(ctx, &rows, `
		WITH page AS (
			SELECT p.id, p.name, p.name_sort, p.main_image_id, p.min_price, p.orderable FROM demoshop.products p
			WHERE `+where+` ORDER BY `+q.order()+` LIMIT `+limit+` OFFSET `+offset+`)
		SELECT page.id, page.name, page.main_image_id, page.min_price, v.max_price, v.old_price,
			page.orderable AND COALESCE(v.available, false) AS available
		FROM page CROSS JOIN LATERAL (
			SELECT max(price) AS max_price, (array_agg(old_price ORDER BY price))[1] AS old_price,
				bool_or(orderable AND price IS NOT NULL AND (stock IS NULL OR stock > 0)) AS available
			FROM demoshop.variants WHERE product_id = page.id AND published) v
		ORDER BY `+q.order(), append(args, q.Limit, q.Offset)...)
	return rows, dbErr("read shelf", err)
}

// Count answers how many products a query selects.
func (s *Shelf) Count(ctx context.Context, q ShelfQuery) (int, error) {
	where, args := q.where()
	var n int
	err := s.db.GetContext(ctx, &n, `SELECT count(*) FROM demoshop.products p WHERE `+where, args...)
	return n, dbErr("count shelf", err)
}

// likeText keeps %, _ and \ of a search from meaning more than themselves.
func likeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
