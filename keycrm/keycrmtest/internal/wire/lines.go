package wire

import (
	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

type lineJSON struct {
	ID                    int64             `json:"id"`
	SKU                   *string           `json:"sku"`
	VariationID           *int64            `json:"variation_id"`
	PublicationSourceUUID *string           `json:"publication_source_uuid"`
	Name                  string            `json:"name"`
	Upsale                bool              `json:"upsale"`
	Price                 number            `json:"price"`
	DiscountAmount        number            `json:"discount_amount"`
	DiscountPercent       number            `json:"discount_percent"`
	IndividualDiscount    int               `json:"individual_discount"`
	LoyaltyDiscount       int               `json:"loyalty_discount"`
	TotalDiscount         number            `json:"total_discount"`
	PurchasedPrice        number            `json:"purchased_price"`
	PriceSold             number            `json:"price_sold"`
	Quantity              number            `json:"quantity"`
	UnitType              *string           `json:"unit_type"`
	StockStatus           *string           `json:"stock_status"`
	Picture               any               `json:"picture"` // {"thumbnail":…} or []
	Comment               *string           `json:"comment"`
	Properties            []entity.Property `json:"properties"`
	ProductStatusID       *int64            `json:"product_status_id"`
	CreatedAt             isoTime           `json:"created_at"`
	UpdatedAt             isoTime           `json:"updated_at"`
	ShipmentType          string            `json:"shipment_type"`
	Warehouse             warehouseJSON     `json:"warehouse"`
	Offer                 part              `json:"offer,omitzero"`
}

type warehouseJSON struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	IsActive    bool    `json:"is_active"`
	IsDefault   bool    `json:"is_default"`
	AddressID   int64   `json:"address_id"`
	CreatedAt   isoTime `json:"created_at"`
	UpdatedAt   isoTime `json:"updated_at"`
	DeletedAt   *string `json:"deleted_at"`
}

func mainWarehouse() warehouseJSON {
	w := account.Warehouses()[0]
	return warehouseJSON{w.ID, w.Name, "", true, true, 1, isoTime(account.Epoch()), isoTime(account.Epoch()), nil}
}

type thumbnailJSON struct {
	Thumbnail string `json:"thumbnail"`
}

// picture gives a picture of the catalog, kept as a path, the address under which it is served now.
func (s *Renderer) picture(path string) any {
	if path == "" {
		return emptyList{}
	}
	return thumbnailJSON{s.absoluteURL(path)}
}

func (s *Renderer) lines(o *entity.Order, withOffer bool) []lineJSON {
	return crmsim.Map(o.Lines, func(l *entity.Line) lineJSON {
		out := lineJSON{
			ID: l.ID, SKU: orNull(l.SKU), Name: l.Name, Price: number(l.Price), DiscountAmount: number(l.DiscountAmount),
			DiscountPercent: number(l.DiscountPercent), TotalDiscount: number(l.TotalDiscount()),
			PurchasedPrice: number(l.PurchasedPrice), PriceSold: number(l.PriceSold()), Quantity: number(l.Quantity),
			UnitType: orNull(l.UnitType), StockStatus: orNull(l.StockStatus), Picture: s.picture(l.Picture),
			Comment: orNull(l.Comment), Properties: l.Properties, ProductStatusID: idOrNull(l.ProductStatusID), CreatedAt: isoTime(l.CreatedAt),
			UpdatedAt: isoTime(l.UpdatedAt), ShipmentType: "warehouse",
			Warehouse: mainWarehouse(),
		}
		if out.Properties == nil {
			out.Properties = []entity.Property{}
		}
		if withOffer {
			out.Offer = with(true, s.offerOrNull(l.OfferID))
		}
		return out
	})
}

func (s *Renderer) offerOrNull(id int64) *Offer {
	o := s.Catalog.Offer(id)
	if o == nil {
		return nil
	}
	out := s.Offer(o, false)
	return &out
}
