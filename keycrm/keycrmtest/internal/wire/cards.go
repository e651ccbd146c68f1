package wire

import (
	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Card is a lead.
type Card struct {
	ID              int64   `json:"id"`
	Title           string  `json:"title"`
	SourceID        *int64  `json:"source_id"`
	ManagerID       *int64  `json:"manager_id"`
	StatusID        int64   `json:"status_id"`
	PipelineID      int64   `json:"pipeline_id"`
	ContactID       int64   `json:"contact_id"`
	TargetID        *int64  `json:"target_id"`
	TargetType      *string `json:"target_type"`
	SourceUUID      *string `json:"source_uuid"`
	ManagerComment  *string `json:"manager_comment"`
	CommunicateAt   isoTime `json:"communicate_at"`
	UTMSource       *string `json:"utm_source"`
	UTMMedium       *string `json:"utm_medium"`
	UTMCampaign     *string `json:"utm_campaign"`
	UTMTerm         *string `json:"utm_term"`
	UTMContent      *string `json:"utm_content"`
	IsFinished      bool    `json:"is_finished"`
	StatusChangedAt isoTime `json:"status_changed_at"`
	ClosedFrom      *int64  `json:"closed_from"`
	CurrencyCode    string  `json:"currency_code"`
	PaymentsTotal   number  `json:"payments_total"`
	ProductsTotal   number  `json:"products_total"`
	CreatedAt       isoTime `json:"created_at"`
	UpdatedAt       isoTime `json:"updated_at"`
	Contact         part    `json:"contact,omitzero"`
	Products        part    `json:"products,omitzero"`
	Manager         part    `json:"manager,omitzero"`
	Status          part    `json:"status,omitzero"`
	Payments        part    `json:"payments,omitzero"`
	CustomFields    part    `json:"custom_fields,omitzero"`
}

type contactJSON struct {
	ID                int64   `json:"id"`
	FullName          *string `json:"full_name"`
	Email             *string `json:"email"`
	Phone             *string `json:"phone"`
	SocialName        *string `json:"social_name"`
	SocialID          *string `json:"social_id"`
	Picture           *string `json:"picture"`
	AdditionalDetails *string `json:"additional_details"`
	ClientID          *int64  `json:"client_id"`
	DeletedAt         *string `json:"deleted_at"`
	CreatedAt         isoTime `json:"created_at"`
	UpdatedAt         isoTime `json:"updated_at"`
	Client            part    `json:"client,omitzero"`
}

type cardLineJSON struct {
	ID              int64   `json:"id"`
	OfferID         *int64  `json:"offer_id"`
	Name            string  `json:"name"`
	Price           number  `json:"price"`
	Quantity        number  `json:"quantity"`
	UnitType        *string `json:"unit_type"`
	Picture         any     `json:"picture"` // {"thumbnail":…} or []
	DestinationID   int64   `json:"destination_id"`
	DestinationType string  `json:"destination_type"`
	Offer           part    `json:"offer,omitzero"`
}

type cardStatusJSON struct {
	ID         int64  `json:"id"`
	PipelineID int64  `json:"pipeline_id"`
	Name       string `json:"name"`
	Alias      string `json:"alias"`
	Color      string `json:"color"`
	IsFinal    bool   `json:"is_final"`
}

// Card writes a lead with the parts that in names.
func (s *Renderer) Card(c *entity.Card, in map[string]bool) Card {
	p, st := s.Dictionaries.PipelineStatus(c.StatusID)
	m := c.Marketing
	out := Card{
		ID: c.ID, Title: c.Title, SourceID: idOrNull(c.SourceID), ManagerID: idOrNull(c.ManagerID), StatusID: c.StatusID,
		PipelineID: c.PipelineID, ContactID: c.Contact.ID, TargetID: idOrNull(c.TargetID),
		TargetType: orNull(c.TargetType), ManagerComment: orNull(c.ManagerComment),
		CommunicateAt: isoTime(c.CommunicateAt), UTMSource: orNull(m.Source), UTMMedium: orNull(m.Medium),
		UTMCampaign: orNull(m.Campaign), UTMTerm: orNull(m.Term), UTMContent: orNull(m.Content),
		IsFinished: st.Final || c.TargetID != 0, StatusChangedAt: isoTime(c.StatusChangedAt),
		CurrencyCode: s.Dictionaries.CurrencyOf(c.SourceID), PaymentsTotal: number(c.PaymentsTotal()),
		ProductsTotal: number(c.ProductsTotal()), CreatedAt: isoTime(c.CreatedAt), UpdatedAt: isoTime(c.UpdatedAt),
	}
	out.Contact = with(in["contact"], s.contact(c, in["contact.client"]))
	out.Products = with(in["products"], s.cardLines(c, in["products.offer"]))
	out.Manager = with(in["manager"], s.manager(c.ManagerID))
	out.Status = with(in["status"], cardStatusJSON{st.ID, p.ID, st.Title, st.Alias, st.Color, st.Final})
	out.Payments = with(in["payments"], s.payments(c.Payments, c.ID, c.SourceID))
	out.CustomFields = with(in["custom_fields"], s.fields(c.CustomFields))
	return out
}

func (s *Renderer) contact(c *entity.Card, client bool) contactJSON {
	return contactJSON{
		ID: c.Contact.ID, FullName: orNull(c.Contact.FullName), Email: orNull(c.Contact.Email),
		Phone: orNull(c.Contact.Phone), ClientID: idOrNull(c.Contact.ClientID), CreatedAt: isoTime(c.CreatedAt),
		UpdatedAt: isoTime(c.CreatedAt), Client: with(client, s.orderBuyer(c.Contact.ClientID, 0)),
	}
}

func (s *Renderer) cardLines(c *entity.Card, withOffer bool) []cardLineJSON {
	return crmsim.Map(c.Lines, func(l *entity.Line) cardLineJSON {
		out := cardLineJSON{
			ID: l.ID, OfferID: idOrNull(l.OfferID), Name: l.Name, Price: number(l.Price), Quantity: number(l.Quantity),
			UnitType: orNull(l.UnitType), Picture: s.picture(l.Picture), DestinationID: c.ID, DestinationType: "lead",
		}
		if withOffer {
			out.Offer = with(true, s.offerOrNull(l.OfferID))
		}
		return out
	})
}

// HookCard writes a card as a trigger sends it.
func (s *Renderer) HookCard(c *entity.Card) any { return s.Card(c, nil) }
