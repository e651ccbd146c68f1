package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// Written is what a write left of an order: its version, and whether anything changed.
type Written struct {
	Version int64
	Changed bool
}

// MoveStatus moves an order by the shop's rules. A cancelled order gives its stock back and expects
// no more payments. Errors: ErrNotFound, ErrRefused, ErrConflict.
func (s *Orders) MoveStatus(ctx context.Context, id int64, c domain.StatusChange) (Written, error) {
	var res Written
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		o, err := lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		if res.Version = o.Version; o.Status == c.To {
			return nil
		}
		if c.Expect != "" && c.Expect != o.Status {
			return domain.StatusMoved(o, c)
		}
		if err := domain.CheckMove(o.Status, c.To); err != nil {
			return err
		}
		res = Written{o.Version + 1, true}
		return s.applyMove(ctx, tx, o, c)
	})
	return res, err
}

func (s *Orders) applyMove(ctx context.Context, tx *sqlx.Tx, o domain.Order, c domain.StatusChange) error {
	now := s.now()
	_, err := tx.ExecContext(ctx, `UPDATE demoshop.orders SET status = $2, version = version + 1 WHERE id = $1`, o.ID, c.To)
	if err != nil {
		return dbErr("move status", err)
	}
	if c.To == domain.StatusCanceled {
		if err := s.undoSale(ctx, tx, o.ID); err != nil {
			return err
		}
	}
	for _, line := range c.History(o) {
		if err := addHistory(ctx, tx, o.ID, domain.HistoryLine{At: now, Actor: c.By.Name, Line: line}); err != nil {
			return err
		}
	}
	if !c.Event {
		return nil
	}
	e := domain.NewEvent(domain.StatusChanged, o.ID, c.By, now)
	e.From, e.To = o.Status, c.To
	return putEvent(ctx, tx, e)
}

// undoSale gives back the stock an order took and cancels what was not paid.
func (s *Orders) undoSale(ctx context.Context, tx *sqlx.Tx, id int64) error {
	var products []int64
	err := tx.SelectContext(ctx, &products, `
		SELECT p.id FROM demoshop.products p
		WHERE p.id IN (SELECT product_id FROM demoshop.order_lines WHERE order_id = $1 AND took_stock)
		ORDER BY p.id FOR NO KEY UPDATE`, id)
	if err != nil {
		return dbErr("lock products of order", err)
	}
	for _, q := range []string{
		`UPDATE demoshop.variants v SET stock = v.stock + l.quantity
		FROM (SELECT variant_id, sum(quantity) AS quantity FROM demoshop.order_lines
			WHERE order_id = $1 AND took_stock GROUP BY variant_id) l
		WHERE v.id = l.variant_id AND v.stock IS NOT NULL`,
		`UPDATE demoshop.products SET version = version + 1
		WHERE id IN (SELECT v.product_id FROM demoshop.variants v
			JOIN demoshop.order_lines l ON l.variant_id = v.id AND l.took_stock
			WHERE l.order_id = $1 AND v.stock IS NOT NULL)`,
		`UPDATE demoshop.order_lines SET took_stock = false WHERE order_id = $1`,
		`UPDATE demoshop.order_payments SET state = 'canceled' WHERE order_id = $1 AND state = 'pending'`,
	} {
		if _, err := tx.ExecContext(ctx, q, id); err != nil {
			return dbErr("undo sale", err)
		}
	}
	return nil
}

// lockOrder reads an order's row and holds it. Errors: ErrNotFound.
func lockOrder(ctx context.Context, tx *sqlx.Tx, id int64) (domain.Order, error) {
	var o domain.Order
	err := tx.GetContext(ctx, &o, `SELECT * FROM demoshop.orders WHERE id = $1 FOR NO KEY UPDATE`, id)
	return o, dbErr("lock order", err)
}

func addHistory(ctx context.Context, tx *sqlx.Tx, id int64, h domain.HistoryLine) error {
	_, err := tx.ExecContext(ctx,
		`INSERT INTO demoshop.order_history (order_id, at, actor, line) VALUES ($1, $2, $3, $4)`, id, h.At, h.Actor, h.Line)
	return dbErr("write history", err)
}

// TakeFacts stores what the CRM knows; fields not known stay. Errors: ErrNotFound.
func (s *Orders) TakeFacts(ctx context.Context, id int64, by domain.Actor, f domain.Facts) (Written, error) {
	var res Written
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		o, err := lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		lines := o.TakeFacts(f)
		if res.Version = o.Version; len(lines) == 0 {
			return nil
		}
		o.Version++
		res = Written{o.Version, true}
		_, err = tx.NamedExecContext(ctx, `
			UPDATE demoshop.orders SET version = :version, crm_order_id = :crm_order_id, crm_url = :crm_url,
				tracking_number = :tracking_number, shipping_status = :shipping_status, crm_payment = :crm_payment,
				crm_total = :crm_total, crm_currency = :crm_currency
			WHERE id = :id`, o)
		if err != nil {
			return dbErr("store facts", err)
		}
		now := s.now()
		for _, line := range lines {
			if err := addHistory(ctx, tx, id, domain.HistoryLine{At: now, Actor: by.Name, Line: line}); err != nil {
				return err
			}
		}
		return nil
	})
	return res, err
}

// MarkPaid marks a pending payment as paid; one that is paid already changes nothing.
// Errors: ErrNotFound; *Refusal when it was cancelled.
func (s *Orders) MarkPaid(ctx context.Context, order, payment int64, note string, by domain.Actor, event bool) error {
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
		case state == domain.PaymentPaid:
			return nil
		case state == domain.PaymentCanceled:
			return domain.Refuse("Цю оплату скасовано разом із замовленням, позначити її сплаченою не можна.")
		}
		now := s.now()
		_, err = tx.ExecContext(ctx,
			`UPDATE demoshop.order_payments SET state = 'paid', paid_at = $2, note = $3 WHERE id = $1`, payment, now, note)
		if err != nil {
			return dbErr("mark payment", err)
		}
		return s.touched(ctx, tx, order, domain.PaymentChanged, by, "Оплату отримано. "+note, event)
	})
}

// touched raises the order's version, leaves a line in its history and queues the event.
func (s *Orders) touched(ctx context.Context, tx *sqlx.Tx, order int64, kind domain.EventKind, by domain.Actor, line string, event bool) error {
	now := s.now()
	if _, err := tx.ExecContext(ctx, `UPDATE demoshop.orders SET version = version + 1 WHERE id = $1`, order); err != nil {
		return dbErr("raise version", err)
	}
	if err := addHistory(ctx, tx, order, domain.HistoryLine{At: now, Actor: by.Name, Line: line}); err != nil {
		return err
	}
	if !event {
		return nil
	}
	return putEvent(ctx, tx, domain.NewEvent(kind, order, by, now))
}

// Edit corrects an order; an edit that changes nothing leaves no trace.
// Errors: ErrNotFound; *Refusal once the parcel has left.
func (s *Orders) Edit(ctx context.Context, id int64, ed domain.OrderEdit, by domain.Actor, event bool) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		o, err := lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		if !domain.BeforeSending(o.Status) {
			return domain.Refuse("Замовлення вже відправлено або закрито, тому змінити дані не можна.")
		}
		if !o.Edit(ed) {
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
		return s.touched(ctx, tx, id, domain.OrderEdited, by, "Змінено контакти або адресу", event)
	})
}

// Delete removes a cancelled order for good. Errors: ErrNotFound, *Refusal.
func (s *Orders) Delete(ctx context.Context, id int64, by domain.Actor, event bool) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		o, err := lockOrder(ctx, tx, id)
		if err != nil {
			return err
		}
		if o.Status != domain.StatusCanceled {
			return domain.Refuse("Видалити можна лише скасоване замовлення. Спершу скасуйте його.")
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM demoshop.orders WHERE id = $1`, id); err != nil {
			return dbErr("delete order", err)
		}
		if !event {
			return nil
		}
		return putEvent(ctx, tx, domain.NewEvent(domain.OrderDeleted, id, by, s.now()))
	})
}
