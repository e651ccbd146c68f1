package wire

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// Product is a card of goods, alone or in an offer.
type Product struct {
	ID             int64      `json:"id"`
	Name           string     `json:"name"`
	Description    *string    `json:"description"`
	ThumbnailURL   *string    `json:"thumbnail_url"`
	Attachments    []string   `json:"attachments_data"`
	Quantity       number     `json:"quantity"`
	InReserve      number     `json:"in_reserve"`
	UnitType       *string    `json:"unit_type"`
	CurrencyCode   string     `json:"currency_code"`
	SKU            *string    `json:"sku"`
	Barcode        *string    `json:"barcode"`
	Price          nullNumber `json:"price"`
	PurchasedPrice nullNumber `json:"purchased_price"`
	MinPrice       number     `json:"min_price"`
	MaxPrice       number     `json:"max_price"`
	Weight         number     `json:"weight"`
	Length         nullNumber `json:"length"`
	Width          nullNumber `json:"width"`
	Height         nullNumber `json:"height"`
	HasOffers      bool       `json:"has_offers"`
	IsArchived     bool       `json:"is_archived"`
	CategoryID     *int64     `json:"category_id"`
	CreatedAt      isoTime    `json:"created_at"`
	UpdatedAt      isoTime    `json:"updated_at"`
	CustomFields   part       `json:"custom_fields,omitzero"`
	PropertiesAgg  part       `json:"properties_agg,omitzero"`
	Sources        part       `json:"sources,omitzero"`
}

// Product writes a card of goods; in an offer it has other parts than alone.
func (s *Renderer) Product(p *entity.Product, customFields, inOffer bool) Product {
	offers := s.Catalog.OffersOf(p)
	out := Product{
		ID: p.ID, Name: p.Name, Description: orNull(p.Description), Attachments: s.absolute(p.Pictures),
		UnitType: orNull(p.UnitType), CurrencyCode: p.CurrencyCode, Weight: number(p.Weight),
		HasOffers: len(offers) > 1 || len(offers) == 1 && len(offers[0].Properties) > 0, IsArchived: p.Archived,
		CategoryID: idOrNull(p.CategoryID), CreatedAt: isoTime(p.CreatedAt), UpdatedAt: isoTime(p.UpdatedAt),
	}
	out.Length, out.Width, out.Height = nullNumber(p.Size.Length), nullNumber(p.Size.Width), nullNumber(p.Size.Height)
	if len(out.Attachments) > 0 {
		out.ThumbnailURL = &out.Attachments[0]
	}
	var quantity, reserve, low, high decimal.Decimal
	for i, o := range offers {
		quantity, reserve = quantity.Add(o.Quantity()), reserve.Add(o.Reserve)
		if i == 0 || o.Price.LessThan(low) {
			low = o.Price
		}
		high = decimal.Max(high, o.Price)
	}
	out.Quantity, out.InReserve, out.MinPrice, out.MaxPrice = number(quantity), number(reserve), number(low), number(high)
	if !out.HasOffers && len(offers) == 1 {
		o := offers[0]
		out.SKU, out.Barcode = orNull(o.SKU), orNull(o.Barcode)
		out.Price = nullNumber(decimal.NewNullDecimal(o.Price))
		out.PurchasedPrice = nullNumber(decimal.NewNullDecimal(o.PurchasedPrice))
	}
	out.CustomFields = with(customFields, s.fields(p.CustomFields))
	out.PropertiesAgg, out.Sources = with(inOffer, aggregate(offers)), with(inOffer, []int{})
	return out
}

// aggregate maps each property to its values; without any it is PHP's empty list.
func aggregate(offers []*entity.Offer) any {
	out := map[string][]string{}
	for _, o := range offers {
		for _, p := range o.Properties {
			if !slices.Contains(out[p.Name], p.Value) {
				out[p.Name] = append(out[p.Name], p.Value)
			}
		}
	}
	if len(out) == 0 {
		return emptyList{}
	}
	return out
}

// Category is a node of the category tree.
type Category struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	ParentID *int64 `json:"parent_id"`
}

// NewCategory writes a node of the category tree.
func NewCategory(c *entity.Category) Category {
	return Category{c.ID, c.Name, idOrNull(c.ParentID)}
}

// Offer is a variant, alone or in a line of an order.
type Offer struct {
	ID             int64             `json:"id"`
	ProductID      int64             `json:"product_id"`
	SKU            *string           `json:"sku"`
	Barcode        *string           `json:"barcode"`
	ThumbnailURL   *string           `json:"thumbnail_url"`
	Price          number            `json:"price"`
	PurchasedPrice number            `json:"purchased_price"`
	Quantity       stockNumber       `json:"quantity"`
	InReserve      number            `json:"in_reserve"`
	Weight         number            `json:"weight"`
	Length         nullNumber        `json:"length"`
	Width          nullNumber        `json:"width"`
	Height         nullNumber        `json:"height"`
	Properties     []entity.Property `json:"properties"`
	IsDefault      bool              `json:"is_default"`
	IsArchived     bool              `json:"is_archived"`
	CreatedAt      isoTime           `json:"created_at"`
	UpdatedAt      isoTime           `json:"updated_at"`
	Product        part              `json:"product,omitzero"`
}

// Offer writes a variant, with its product if that is asked for.
func (s *Renderer) Offer(o *entity.Offer, withProduct bool) Offer {
	p := s.Catalog.Product(o.ProductID)
	out := Offer{
		ID: o.ID, ProductID: o.ProductID, SKU: orNull(o.SKU), Barcode: orNull(o.Barcode),
		ThumbnailURL: orNull(s.absoluteURL(o.Picture)), Price: number(o.Price), PurchasedPrice: number(o.PurchasedPrice),
		Quantity: s.stockNumber(o.Quantity()), InReserve: number(o.Reserve), Weight: number(p.Weight),
		Properties: o.Properties, IsDefault: len(o.Properties) == 0, IsArchived: o.Archived || p.Archived,
		CreatedAt: isoTime(o.CreatedAt), UpdatedAt: isoTime(o.UpdatedAt),
	}
	size := p.Size
	if o.Size != (entity.Size{}) {
		size = o.Size
	}
	out.Length, out.Width, out.Height = nullNumber(size.Length), nullNumber(size.Width), nullNumber(size.Height)
	if o.Weight.Valid {
		out.Weight = number(o.Weight.Decimal)
	}
	if out.Properties == nil {
		out.Properties = []entity.Property{}
	}
	if withProduct {
		out.Product = with(true, s.Product(p, false, true))
	}
	return out
}

// Stock is the stock of an offer.
type Stock struct {
	ID             int64       `json:"id"`
	SKU            *string     `json:"sku"`
	Price          number      `json:"price"`
	PurchasedPrice number      `json:"purchased_price"`
	Quantity       stockNumber `json:"quantity"`
	Reserve        number      `json:"reserve"`
	Warehouse      part        `json:"warehouse,omitzero"`
}

type warehouseStockJSON struct {
	ID       int64       `json:"id"`
	Name     string      `json:"name"`
	Quantity stockNumber `json:"quantity"`
	Reserve  number      `json:"reserve"`
}

// Stock writes the stock of an offer, with that of each warehouse if details are asked for.
func (s *Renderer) Stock(o *entity.Offer, details bool) Stock {
	return Stock{
		o.ID, orNull(o.SKU), number(o.Price), number(o.PurchasedPrice), s.stockNumber(o.Quantity()), number(o.Reserve),
		with(details, s.warehouses(o)),
	}
}

func (s *Renderer) warehouses(o *entity.Offer) []warehouseStockJSON {
	var out []warehouseStockJSON
	closed := s.Settings().Closed
	for _, w := range account.Warehouses() {
		if slices.Contains(closed, w.ID) {
			continue
		}
		reserve := decimal.Zero
		if w.ID == entity.WarehouseKyiv {
			reserve = o.Reserve
		}
		out = append(out, warehouseStockJSON{w.ID, w.Name, s.stockNumber(o.Stock[w.ID]), number(reserve)})
	}
	return out
}
