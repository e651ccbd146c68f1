package store

import (
	"context"
	"errors"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/secrets"
)

// Draft is an order about to be placed.
type Draft struct {
	BasketHash   []byte
	CheckoutHash []byte // of basket and form token
	Form         domain.CheckoutForm
	Storefront   string
	Domain       string
	UTM          domain.UTM
	Durable      bool // queue an OrderPlaced event
	// InTx is called last in the transaction; it may be nil. An error undoes what it did, nothing more.
	InTx func(tx sqlx.ExecerContext, p domain.Placement) error
}

// Placed is what became of a draft.
type Placed struct {
	Number    string
	AccessKey string
	Placement domain.Placement
	Again     bool // the form had been sent before: this is the order it made
}

// What can be in the way of a checkout; the basket page explains it.
var (
	ErrEmptyBasket  = errors.New("basket is empty")
	ErrBasketStale  = errors.New("basket holds what cannot be bought")
	ErrPriceChanged = errors.New("prices changed since the form was shown")
)

// Checkout places an order in one transaction: stock is taken, the order written, the basket
// emptied, the plugin's note made. Errors: the three above, or the database's.
func (s *Sales) Checkout(ctx context.Context, d Draft) (Placed, error) {
	var out Placed
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		var err error
		out, err = s.checkoutTx(ctx, tx, d)
		return err
	})
	return out, err
}

func (s *Sales) checkoutTx(ctx context.Context, tx *sqlx.Tx, d Draft) (Placed, error) {
	// The basket's row serialises two sendings of one form.
	b, found, err := readBasket(ctx, tx, `SELECT lines, promo FROM demoshop.baskets WHERE token_hash = $1 FOR UPDATE`, d.BasketHash)
	if err != nil {
		return Placed{}, err
	}
	if again, ok, err := orderOfForm(ctx, tx, d.CheckoutHash); ok || err != nil {
		return again, err
	}
	if !found || len(b.Lines) == 0 {
		return Placed{}, ErrEmptyBasket
	}
	lines, err := takeGoods(ctx, tx, b)
	if err != nil {
		return Placed{}, err
	}
	full, err := s.newOrder(ctx, tx, d, lines)
	if err != nil {
		return Placed{}, err
	}
	if err := insertOrder(ctx, tx, &full); err != nil {
		return Placed{}, err
	}
	if err := saveBasket(ctx, tx, d.BasketHash, domain.Basket{}, full.PlacedAt); err != nil {
		return Placed{}, err
	}
	p := full.Placement()
	if d.Durable {
		e := domain.NewEvent(domain.OrderPlaced, p.Order, domain.BuyerActor(), p.PlacedAt)
		e.Placement = &p
		if err := putEvent(ctx, tx, e); err != nil {
			return Placed{}, err
		}
	}
	if d.InTx != nil {
		if err := hookUnderSavepoint(ctx, tx, d, p); err != nil {
			return Placed{}, err
		}
	}
	return Placed{Number: full.Number, AccessKey: full.AccessKey, Placement: p}, nil
}

// hookUnderSavepoint lets the plugin make its note. The contract says it cannot raise; the savepoint
// is for the day it does, because a lost sale costs more than two round trips.
func hookUnderSavepoint(ctx context.Context, tx *sqlx.Tx, d Draft, p domain.Placement) error {
	if _, err := tx.ExecContext(ctx, `SAVEPOINT placed`); err != nil {
		return dbErr("savepoint", err)
	}
	if d.InTx(tx, p) == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT placed`)
	return dbErr("undo the plugin's note", err)
}

// orderOfForm finds the order a form has already made.
func orderOfForm(ctx context.Context, tx *sqlx.Tx, hash []byte) (Placed, bool, error) {
	var rows []domain.Order
	if err := tx.SelectContext(ctx, &rows, `SELECT * FROM demoshop.orders WHERE checkout_hash = $1`, hash); err != nil {
		return Placed{}, false, dbErr("find order of form", err)
	}
	if len(rows) == 0 {
		return Placed{}, false, nil
	}
	return Placed{Number: rows[0].Number, AccessKey: rows[0].AccessKey, Placement: rows[0].Placement(), Again: true}, true, nil
}

// takeGoods locks the products, checks that everything can be bought and takes the stock.
func takeGoods(ctx context.Context, tx *sqlx.Tx, b domain.Basket) ([]domain.PricedLine, error) {
	holders, err := productsOfVariants(ctx, tx, b.Variants())
	if err != nil {
		return nil, err
	}
	var products []int64
	for _, p := range holders {
		products = append(products, p)
	}
	_, err = tx.ExecContext(ctx,
		`SELECT id FROM demoshop.products WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`, pq.Array(products))
	if err != nil {
		return nil, dbErr("lock products", err)
	}
	known, err := goodsOf(ctx, tx, b.Variants()) // again, now that nobody can change them
	if err != nil {
		return nil, err
	}
	lines, gone := b.Price(known)
	if gone {
		return nil, ErrBasketStale
	}
	var variants []int64
	var quantities []string
	for _, l := range lines {
		if l.Problem != "" {
			return nil, ErrBasketStale
		}
		if l.Stock.Valid {
			variants, quantities = append(variants, l.VariantID), append(quantities, l.Quantity.String())
		}
	}
	return lines, takeStock(ctx, tx, variants, quantities)
}

func takeStock(ctx context.Context, tx *sqlx.Tx, variants []int64, quantities []string) error {
	if len(variants) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE demoshop.variants v SET stock = v.stock - n.quantity::numeric
		FROM unnest($1::bigint[], $2::text[]) AS n (id, quantity) WHERE v.id = n.id`, pq.Array(variants), pq.Array(quantities))
	if err != nil {
		return dbErr("take stock", err)
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE demoshop.products SET version = version + 1
		WHERE id IN (SELECT product_id FROM demoshop.variants WHERE id = ANY($1))`, pq.Array(variants))
	return dbErr("raise versions", err)
}

// newOrder builds the order from the form and the priced lines.
func (s *Sales) newOrder(ctx context.Context, tx *sqlx.Tx, d Draft, lines []domain.PricedLine) (domain.FullOrder, error) {
	var number int64
	if err := tx.GetContext(ctx, &number, `SELECT nextval('demoshop.order_number')`); err != nil {
		return domain.FullOrder{}, dbErr("take order number", err)
	}
	o := domain.FullOrder{AddOns: d.Form.AddOns(), Order: domain.Order{
		Number: strconv.FormatInt(number, 10), AccessKey: secrets.Random(), CheckoutHash: d.CheckoutHash,
		Storefront: d.Storefront, Domain: d.Domain, Version: 1, PlacedAt: s.now(), Status: domain.StatusNew, Currency: domain.Currency,
		UTMSource: d.UTM.Source, UTMMedium: d.UTM.Medium, UTMCampaign: d.UTM.Campaign, UTMTerm: d.UTM.Term, UTMContent: d.UTM.Content,
	}}
	d.Form.Fill(&o.Order)
	p, _ := domain.PromoOf(d.Form.Promo)
	sums := domain.SumUp(lines, p, o.AddOns, o.DeliveryPrice)
	if seen, ok := domain.ReadDecimal(d.Form.SeenGoods); ok && !seen.Equal(sums.Goods) {
		return domain.FullOrder{}, ErrPriceChanged
	}
	o.PromoCode, o.Discount, o.Total = p.Code, sums.Discount, sums.Total
	if p.Percent.IsPositive() {
		o.DiscountPercent = p.Percent
	}
	for _, l := range lines {
		o.Lines = append(o.Lines, domain.OrderLine{
			ProductID: l.ProductID, VariantID: l.VariantID, SKU: l.SKU, Name: l.Name, Options: l.Options, Quantity: l.Quantity,
			Unit: l.Unit, Price: l.Price.Decimal, ImageID: l.ImageID, TookStock: l.Stock.Valid,
		})
	}
	o.Payments = d.Form.Payments(o.Total, o.PlacedAt)
	o.History = []domain.HistoryLine{{At: o.PlacedAt, Actor: domain.BuyerActor().Name, Line: "Замовлення оформлено"}}
	return o, nil
}

// insertOrder writes the order and what hangs on it, and fills in its id.
func insertOrder(ctx context.Context, tx *sqlx.Tx, o *domain.FullOrder) error {
	rows, err := sqlx.NamedQueryContext(ctx, tx, `
		INSERT INTO demoshop.orders (number, access_key, checkout_hash, storefront, domain, version, placed_at, status,
			currency, buyer_name, buyer_phone, buyer_email, recipient_name, recipient_phone, discount, discount_percent,
			promo_code, delivery_method, delivery_price, country, region, city, post_code, street, second_line, branch,
			branch_ref, delivery_date, comment, utm_source, utm_medium, utm_campaign, utm_term, utm_content, total)
		VALUES (:number, :access_key, :checkout_hash, :storefront, :domain, :version, :placed_at, :status,
			:currency, :buyer_name, :buyer_phone, :buyer_email, :recipient_name, :recipient_phone, :discount, :discount_percent,
			:promo_code, :delivery_method, :delivery_price, :country, :region, :city, :post_code, :street, :second_line, :branch,
			:branch_ref, :delivery_date, :comment, :utm_source, :utm_medium, :utm_campaign, :utm_term, :utm_content, :total)
		RETURNING id`, o.Order)
	if err != nil {
		return dbErr("insert order", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(&o.ID); err != nil {
			return dbErr("insert order", err)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return dbErr("insert order", err)
	}
	return insertParts(ctx, tx, *o)
}

func insertParts(ctx context.Context, tx *sqlx.Tx, o domain.FullOrder) error {
	if err := insertLines(ctx, tx, o.ID, o.Lines); err != nil {
		return err
	}
	for _, a := range o.AddOns {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO demoshop.order_add_ons (order_id, code, name, price, quantity, value) VALUES ($1, $2, $3, $4, $5, $6)`,
			o.ID, a.Code, a.Name, a.Price, a.Quantity, a.Value)
		if err != nil {
			return dbErr("insert add-on", err)
		}
	}
	for _, p := range o.Payments {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO demoshop.order_payments (order_id, method, amount, state, paid_at, note) VALUES ($1, $2, $3, $4, $5, $6)`,
			o.ID, p.Method, p.Amount, p.State, p.PaidAt, p.Note)
		if err != nil {
			return dbErr("insert payment", err)
		}
	}
	for _, h := range o.History {
		if err := addHistory(ctx, tx, o.ID, h); err != nil {
			return err
		}
	}
	return nil
}

// insertLines writes all positions with one statement.
func insertLines(ctx context.Context, tx *sqlx.Tx, order int64, lines []domain.OrderLine) error {
	type row struct {
		domain.OrderLine
		OrderID int64 `db:"order_id"`
	}
	rows := make([]row, len(lines))
	for i, l := range lines {
		rows[i] = row{l, order}
	}
	_, err := tx.NamedExecContext(ctx, `
		INSERT INTO demoshop.order_lines (order_id, product_id, variant_id, sku, name, options, quantity, unit, price,
			image_id, took_stock)
		VALUES (:order_id, :product_id, :variant_id, :sku, :name, :options, :quantity, :unit, :price, :image_id, :took_stock)`, rows)
	return dbErr("insert lines", err)
}
