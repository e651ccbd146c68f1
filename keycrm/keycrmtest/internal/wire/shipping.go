package wire

import (
	"slices"
	"strings"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

func fullAddress(sh *entity.Shipping) *string {
	var out []string
	for _, v := range []string{sh.City, sh.ReceivePoint, sh.SecondaryLine} {
		if v != "" {
			out = append(out, v)
		}
	}
	return orNull(strings.Join(out, ", "))
}

type shippingJSON struct {
	DeliveryServiceID     *int64    `json:"delivery_service_id"`
	AddressID             *int64    `json:"address_id"`
	LastHistoryID         *int64    `json:"last_history_id"`
	TrackingCode          *string   `json:"tracking_code"`
	ReturnTrackingCode    *string   `json:"return_tracking_code"`
	TrackingCodeSendAt    *string   `json:"tracking_code_send_at"`
	ShippingStatus        *string   `json:"shipping_status"`
	ShipmentPayload       emptyList `json:"shipment_payload"`
	AddressPayload        any       `json:"address_payload"` // an object or []
	IsWarehouse           bool      `json:"is_warehouse"`
	PreferredMethod       *string   `json:"shipping_preferred_method"`
	Address               *string   `json:"shipping_address"`
	RecipientPhone        *string   `json:"recipient_phone"`
	RecipientFullName     *string   `json:"recipient_full_name"`
	Country               *string   `json:"shipping_address_country"`
	CountryCode           *string   `json:"shipping_address_country_code"`
	Region                *string   `json:"shipping_address_region"`
	City                  *string   `json:"shipping_address_city"`
	Zip                   *string   `json:"shipping_address_zip"`
	ReceivePoint          *string   `json:"shipping_receive_point"`
	SecondaryLine         *string   `json:"shipping_secondary_line"`
	ShippingDate          *string   `json:"shipping_date"`
	ShippingDateActual    *string   `json:"shipping_date_actual"`
	ActualHasOwner        bool      `json:"shipping_date_actual_has_owner"`
	ShippingPrice         priceText `json:"shipping_price"`
	WasShipped            bool      `json:"was_shipped"`
	CreatedAt             isoTime   `json:"created_at"`
	UpdatedAt             isoTime   `json:"updated_at"`
	DeletedAt             *string   `json:"deleted_at"`
	FullAddress           *string   `json:"full_address"`
	DeliveryServiceObject part      `json:"delivery_service,omitzero"`
}

type addressJSON struct {
	CityRef       string `json:"city_ref"`
	AreaDesc      string `json:"area_desc"`
	CityDesc      string `json:"city_desc"`
	WarehouseRef  string `json:"warehouse_ref"`
	WarehouseDesc string `json:"warehouse_desc"`
}

func (s *Renderer) shipping(o *entity.Order, service bool) *shippingJSON {
	sh := o.Shipping
	if sh == nil {
		return nil
	}
	out := &shippingJSON{
		DeliveryServiceID: idOrNull(sh.DeliveryServiceID), AddressID: &o.ID, TrackingCode: orNull(sh.TrackingCode),
		AddressPayload: emptyList{}, IsWarehouse: sh.WarehouseRef != "", RecipientPhone: orNull(sh.RecipientPhone),
		RecipientFullName: orNull(sh.RecipientFullName), Country: orNull(sh.Country), CountryCode: countryCode(sh.Country), Region: orNull(sh.Region),
		City: orNull(sh.City), Zip: orNull(sh.Zip), ReceivePoint: orNull(sh.ReceivePoint),
		SecondaryLine: orNull(sh.SecondaryLine), ShippingDate: orNull(sh.ShippingDate),
		CreatedAt: isoTime(sh.CreatedAt), UpdatedAt: isoTime(sh.UpdatedAt), FullAddress: fullAddress(sh),
	}
	if sh.WarehouseRef != "" {
		out.AddressPayload = addressJSON{
			"11111111-1111-4111-8111-111111111111", sh.Region, sh.City, sh.WarehouseRef, sh.ReceivePoint,
		}
	}
	if d := s.DB.DeliveryServices.Get(sh.DeliveryServiceID); service && d != nil {
		out.DeliveryServiceObject = with(true, NewDeliveryService(d))
	}
	return out
}

// countryCode is known of the country that an invented shop sends to.
func countryCode(country string) *string {
	if slices.Contains([]string{"Ukraine", "Україна", "UA"}, country) {
		return orNull("UA")
	}
	return nil
}
