package demoshop

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// orderListRow is an order in the admin's list.
type orderListRow struct {
	ID             int64           `db:"id"`
	Number         string          `db:"number"`
	PlacedAt       time.Time       `db:"placed_at"`
	Status         string          `db:"status"`
	BuyerName      string          `db:"buyer_name"`
	Total          decimal.Decimal `db:"total"`
	DeliveryMethod string          `db:"delivery_method"`
	CRMOrderID     *string         `db:"crm_order_id"`
	CRMURL         *string         `db:"crm_url"`
	Paid           bool            `db:"paid"`
	Found          int             `db:"found"` // how many there are on all pages
}

// orderList answers one page, newest first. An empty status means all; q finds a number, a buyer's
// name or a CRM id.
func (s *store) orderList(ctx context.Context, status, q string, page, size int) ([]orderListRow, error) {
	var rows []orderListRow
	err := s.db.SelectContext(ctx, &rows, `
		SELECT o.id, o.number, o.placed_at, o.status, o.buyer_name, o.total, o.delivery_method, o.crm_order_id, o.crm_url,
			EXISTS (SELECT 1 FROM demoshop.order_payments p WHERE p.order_id = o.id)
				AND NOT EXISTS (SELECT 1 FROM demoshop.order_payments p WHERE p.order_id = o.id AND p.state <> 'paid') AS paid,
			count(*) OVER () AS found
		FROM demoshop.orders o
		WHERE ($1 = '' OR o.status = $1)
			AND ($2 = '' OR o.number = $2 OR o.crm_order_id = $2 OR strpos(o.buyer_name, $2) > 0)
		ORDER BY o.placed_at DESC, o.id DESC LIMIT $3 OFFSET $4`, status, q, size, (page-1)*size)
	return rows, dbErr("list orders", err)
}

// statusCounts answers how many orders stand at each status.
func (s *store) statusCounts(ctx context.Context) (map[string]int, error) {
	var rows []struct {
		Status string `db:"status"`
		N      int    `db:"n"`
	}
	if err := s.db.SelectContext(ctx, &rows, `SELECT status, count(*) AS n FROM demoshop.orders GROUP BY status`); err != nil {
		return nil, dbErr("count orders", err)
	}
	out := map[string]int{}
	for _, r := range rows {
		out[r.Status] = r.N
	}
	return out, nil
}

// markPaid marks a pending payment as paid; one that is paid already changes nothing.
// Errors: plugin.ErrNotFound; plugin.ErrRefused when it was cancelled.
func (s *store) markPaid(ctx context.Context, order, payment int64, note string, by actor, event bool) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := lockOrder(ctx, tx, order); err != nil {
			return err
		}
		var state string
		err := tx.GetContext(ctx, &state,
			`SELECT state FROM demoshop.order_payments WHERE id = $1 AND order_id = $2`, payment, order)
		switch {
		case err != nil:
			return dbErr("read payment", err)
		case state == string(plugin.PaymentPaid):
			return nil
		case state == string(plugin.PaymentCanceled):
			return plugin.Refuse("Цю оплату скасовано разом із замовленням, позначити її сплаченою не можна.")
		}
		now := s.now()
		_, err = tx.ExecContext(ctx,
			`UPDATE demoshop.order_payments SET state = 'paid', paid_at = $2, note = $3 WHERE id = $1`, payment, now, note)
		if err != nil {
			return dbErr("mark payment", err)
		}
		return s.touched(ctx, tx, order, plugin.PaymentChanged, by, "Оплату отримано. "+note, event)
	})
}

// touched raises the order's version, leaves a line in its history and queues the event.
func (s *store) touched(ctx context.Context, tx *sqlx.Tx, order int64, kind plugin.EventKind, by actor, line string, event bool) error {
	now := s.now()
	if _, err := tx.ExecContext(ctx, `UPDATE demoshop.orders SET version = version + 1 WHERE id = $1`, order); err != nil {
		return dbErr("raise version", err)
	}
	if err := addHistory(ctx, tx, order, historyRow{At: now, Actor: by.Name, Line: line}); err != nil {
		return err
	}
	if !event {
		return nil
	}
	return putEvent(ctx, tx, plugin.Event{
		Kind: kind, Shop: ShopID, Order: formatID[plugin.OrderID](order), Actor: by.Actor, Origin: by.Origin, At: now,
	})
}

// orderEdit is what staff may correct in an order that has not left yet.
type orderEdit struct {
	BuyerName, BuyerPhone, BuyerEmail  string
	RecipientName, RecipientPhone      string
	City, PostCode, Street, SecondLine string
	Comment                            string
}

// editOrder corrects an order; an edit that changes nothing leaves no trace.
// Errors: plugin.ErrNotFound; plugin.ErrRefused once the parcel has left.
func (s *store) editOrder(ctx context.Context, id int64, ed orderEdit, by actor, event bool) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		o, err := lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		if o.Status != statusNew && o.Status != statusConfirmed && o.Status != statusPacking {
			return plugin.Refuse("Замовлення вже відправлено або закрито, тому змінити дані не можна.")
		}
		old := o
		o.BuyerName, o.BuyerPhone, o.BuyerEmail = ed.BuyerName, ed.BuyerPhone, ed.BuyerEmail
		o.RecipientName, o.RecipientPhone = ed.RecipientName, ed.RecipientPhone
		o.City, o.PostCode, o.Street, o.SecondLine, o.Comment = ed.City, ed.PostCode, ed.Street, ed.SecondLine, ed.Comment
		if o.sameContacts(old) {
			return nil
		}
		_, err = tx.NamedExecContext(ctx, `
			UPDATE demoshop.orders SET buyer_name = :buyer_name, buyer_phone = :buyer_phone, buyer_email = :buyer_email,
				recipient_name = :recipient_name, recipient_phone = :recipient_phone, city = :city, post_code = :post_code,
				street = :street, second_line = :second_line, comment = :comment
			WHERE id = :id`, o)
		if err != nil {
			return dbErr("edit order", err)
		}
		return s.touched(ctx, tx, id, plugin.OrderEdited, by, "Змінено контакти або адресу", event)
	})
}

// deleteOrder removes a cancelled order for good. Errors: plugin.ErrNotFound, plugin.ErrRefused.
func (s *store) deleteOrder(ctx context.Context, id int64, by actor, event bool) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		o, err := lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		if o.Status != statusCanceled {
			return plugin.Refuse("Видалити можна лише скасоване замовлення. Спершу скасуйте його.")
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM demoshop.orders WHERE id = $1`, id); err != nil {
			return dbErr("delete order", err)
		}
		if !event {
			return nil
		}
		return putEvent(ctx, tx, plugin.Event{
			Kind: plugin.OrderDeleted, Shop: ShopID, Order: formatID[plugin.OrderID](id), Actor: by.Actor, At: s.now(),
		})
	})
}

// productListRow is a product in the admin's list.
type productListRow struct {
	ID         int64               `db:"id"`
	Name       string              `db:"name"`
	Published  bool                `db:"published"`
	Orderable  bool                `db:"orderable"`
	Featured   bool                `db:"featured"`
	ExternalID string              `db:"external_id"`
	MinPrice   decimal.NullDecimal `db:"min_price"`
	ImageID    *int64              `db:"main_image_id"`
	Category   *string             `db:"category"`
	Variants   int                 `db:"variants"`
	SKU        string              `db:"sku"`
	Stock      decimal.NullDecimal `db:"stock"`
	Unit       string              `db:"unit"`
	Found      int                 `db:"found"`
}

// productFilter selects products of the admin's list.
type productFilter struct {
	Query     string // in the name, or a whole SKU, barcode or external id
	Published string // "", "yes" or "no"
	Category  int64  // 0: all
}

// productList answers one page, newest first, with what its variants hold together.
func (s *store) productList(ctx context.Context, f productFilter, page, size int) ([]productListRow, error) {
	var rows []productListRow
	err := s.db.SelectContext(ctx, &rows, `
		WITH found AS (
			SELECT p.*, count(*) OVER () AS found FROM demoshop.products p
			WHERE ($1 = '' OR p.name_key LIKE '%' || $2 || '%' OR p.external_id = $1
					OR p.id IN (SELECT product_id FROM demoshop.variants WHERE sku <> '' AND sku = $1)
					OR p.id IN (SELECT product_id FROM demoshop.variants WHERE barcode <> '' AND barcode = $1))
				AND ($3 = '' OR p.published = ($3 = 'yes'))
				AND ($4 = 0 OR p.category_id = $4)
			ORDER BY p.id DESC LIMIT $5 OFFSET $6)
		SELECT f.id, f.name, f.published, f.orderable, f.featured, f.external_id, f.min_price, f.main_image_id, f.unit, f.found,
			c.name AS category, v.variants, v.sku, v.stock
		FROM found f LEFT JOIN demoshop.categories c ON c.id = f.category_id
		CROSS JOIN LATERAL (SELECT count(*) AS variants, COALESCE(min(sku), '') AS sku, sum(stock) AS stock
			FROM demoshop.variants WHERE product_id = f.id) v
		ORDER BY f.id DESC`, f.Query, likeText(nameKey(f.Query)), f.Published, f.Category, size, (page-1)*size)
	return rows, dbErr("list products", err)
}

// publish shows or hides products.
func (s *store) publish(ctx context.Context, ids []int64, published bool) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		var locked []int64
		err := tx.SelectContext(ctx, &locked, `
			SELECT id FROM demoshop.products WHERE id = ANY($1) AND published <> $2 ORDER BY id FOR NO KEY UPDATE`,
			pq.Array(ids), published)
		if err != nil {
			return dbErr("lock products", err)
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE demoshop.products SET published = $2, version = version + 1, updated_at = $3 WHERE id = ANY($1)`,
			pq.Array(locked), published, s.now())
		return dbErr("publish products", err)
	})
}

// setFeatured puts a product on the home page. It raises no version: plugins do not see it.
func (s *store) setFeatured(ctx context.Context, id int64, featured bool) error {
	_, err := s.db.ExecContext(ctx, `UPDATE demoshop.products SET featured = $2 WHERE id = $1`, id, featured)
	return dbErr("feature product", err)
}

// categoryCounts answers how many products lie in each category, all and shown ones.
func (s *store) categoryCounts(ctx context.Context) (map[int64][2]int, error) {
	var rows []struct {
		ID    int64 `db:"id"`
		All   int   `db:"all"`
		Shown int   `db:"shown"`
	}
	err := s.db.SelectContext(ctx, &rows, `
		SELECT COALESCE(category_id, 0) AS id, count(*) AS "all", count(*) FILTER (WHERE published) AS shown
		FROM demoshop.products GROUP BY 1`)
	if err != nil {
		return nil, dbErr("count products", err)
	}
	out := map[int64][2]int{}
	for _, r := range rows {
		out[r.ID] = [2]int{r.All, r.Shown}
	}
	return out, nil
}
