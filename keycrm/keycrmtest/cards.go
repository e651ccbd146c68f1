package keycrmtest

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"
)

type cardJSON struct {
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

func (s *Server) renderCard(c *Card, in map[string]bool) cardJSON {
	p, st := s.pipelineStatus(c.StatusID)
	m := c.Marketing
	out := cardJSON{
		ID: c.ID, Title: c.Title, SourceID: idOrNull(c.SourceID), ManagerID: idOrNull(c.ManagerID), StatusID: c.StatusID,
		PipelineID: c.PipelineID, ContactID: c.Contact.ID, TargetID: idOrNull(c.TargetID),
		TargetType: orNull(c.TargetType), ManagerComment: orNull(c.ManagerComment),
		CommunicateAt: isoTime(c.CommunicateAt), UTMSource: orNull(m.Source), UTMMedium: orNull(m.Medium),
		UTMCampaign: orNull(m.Campaign), UTMTerm: orNull(m.Term), UTMContent: orNull(m.Content),
		IsFinished: st.Final || c.TargetID != 0, StatusChangedAt: isoTime(c.StatusChangedAt),
		CurrencyCode: s.currencyOf(c.SourceID), PaymentsTotal: number(paidTotal(c.Payments)),
		ProductsTotal: number(c.ProductsTotal()), CreatedAt: isoTime(c.CreatedAt), UpdatedAt: isoTime(c.UpdatedAt),
	}
	out.Contact = with(in["contact"], s.renderContact(c, in["contact.client"]))
	out.Products = with(in["products"], s.renderCardLines(c, in["products.offer"]))
	out.Manager = with(in["manager"], s.renderManager(c.ManagerID))
	out.Status = with(in["status"], cardStatusJSON{st.ID, p.ID, st.Title, st.Alias, st.Color, st.Final})
	out.Payments = with(in["payments"], s.renderPayments(c.Payments, c.ID, c.SourceID))
	out.CustomFields = with(in["custom_fields"], s.renderFields(c.CustomFields))
	return out
}

func (s *Server) renderContact(c *Card, client bool) contactJSON {
	return contactJSON{
		ID: c.Contact.ID, FullName: orNull(c.Contact.FullName), Email: orNull(c.Contact.Email),
		Phone: orNull(c.Contact.Phone), ClientID: idOrNull(c.Contact.ClientID), CreatedAt: isoTime(c.CreatedAt),
		UpdatedAt: isoTime(c.CreatedAt), Client: with(client, s.renderOrderBuyer(c.Contact.ClientID, 0)),
	}
}

func (s *Server) renderCardLines(c *Card, withOffer bool) []cardLineJSON {
	return list(c.Lines, func(l *Line) cardLineJSON {
		out := cardLineJSON{
			ID: l.ID, OfferID: idOrNull(l.OfferID), Name: l.Name, Price: number(l.Price), Quantity: number(l.Quantity),
			UnitType: orNull(l.UnitType), Picture: s.renderPicture(l.Picture), DestinationID: c.ID, DestinationType: "lead",
		}
		if withOffer {
			out.Offer = with(true, s.offerOrNull(l.OfferID))
		}
		return out
	})
}

func cardRules() rules {
	return rules{
		filters: []string{"pipeline_id", "status_id", "source_id", "created_between", "updated_between"},
		includes: []string{
			"contact", "contact.client", "products", "products.offer", "manager", "status", "payments", "customFields",
		},
	}
}

func (s *Server) listCards(c *call) *answer {
	if s.settings().PipelinesOff {
		return leadsOff(400)
	}
	l, bad := c.list(cardRules())
	if bad != nil {
		return bad
	}
	var found []*Card
	for _, id := range s.db.cards.ids() {
		row := s.db.cards.rows[id]
		if !s.now().Before(row.VisibleAt) && l.has("pipeline_id", row.PipelineID) && l.has("status_id", row.StatusID) &&
			l.has("source_id", row.SourceID) && l.between("created_between", row.CreatedAt) &&
			l.between("updated_between", row.UpdatedAt) {
			found = append(found, row)
		}
	}
	rows := list(cut(found, l.window()), func(c **Card) cardJSON { return s.renderCard(*c, l.includes) })
	return page(s, l, rows, len(found))
}

func (s *Server) getCard(c *call) *answer {
	if s.settings().PipelinesOff {
		return leadsOff(400)
	}
	includes, bad := readIncludes(c.q, cardRules())
	if bad != nil {
		return bad
	}
	row := s.db.cards.rows[c.id("id")]
	if row == nil {
		return notFound()
	}
	return &answer{status: 200, body: s.renderCard(row, includes)}
}

// postCard makes a card; nothing recognises that it was sent before.
func (s *Server) postCard(c *call) *answer {
	if s.settings().PipelinesOff {
		return leadsOff(403)
	}
	f := s.readForm(c.body)
	card := &Card{CreatedAt: s.stamp(), UpdatedAt: s.stamp(), VisibleAt: s.now().Add(s.cfg.visibilityDelay)}
	s.readCard(f, card)
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	card.ID, card.Contact.ID = s.db.cards.next(), s.nextID(idContact)
	card.StatusID, card.StatusChangedAt = s.pipeline(card.PipelineID).Statuses[0].ID, s.stamp()
	if card.Title == "" {
		card.Title = fmt.Sprint(card.ID)
	}
	s.dropOffBlocks(card)
	s.numberRows(card.Lines, card.Payments)
	s.db.cards.put(card.ID, card)
	s.fire(EventCardCreated, strconv.FormatInt(card.StatusID, 10), card.SourceID, s.renderCard(card, nil), card.ID)
	return &answer{status: 201, body: s.renderCard(card, parts("contact", "products", "payments"))}
}

func (s *Server) readCard(f *form, card *Card) {
	f.require("contact")
	if ct := f.object("contact"); ct != nil {
		card.Contact = Contact{FullName: ct.text("full_name"), Email: ct.text("email"), Phone: s.phoneOf(ct.text("phone"))}
		card.Contact.ClientID = ct.known("client_id", s.buyerTaken)
		if b := s.db.buyers.rows[card.Contact.ClientID]; b != nil {
			card.Contact.FullName = b.FullName
			card.Contact.Email, card.Contact.Phone = first(b.Emails), first(b.Phones)
		}
	}
	card.Title = f.text("title")
	card.SourceID = f.known("source_id", s.sourceTaken)
	card.ManagerID = f.known("manager_id", s.userTaken)
	card.ManagerComment = f.text("manager_comment")
	card.PipelineID = f.known("pipeline_id", s.pipelineTaken)
	if card.PipelineID == 0 {
		card.PipelineID = s.firstPipeline()
	}
	card.CommunicateAt = f.moment("communicate_at")
	card.Marketing = Marketing{
		f.text("utm_source"), f.text("utm_medium"), f.text("utm_campaign"), f.text("utm_term"), f.text("utm_content"),
	}
	for _, row := range f.list("products") {
		card.Lines = append(card.Lines, s.readCardLine(row))
	}
	for _, row := range f.list("payments") {
		card.Payments = append(card.Payments, s.readPayment(row, "not_paid"))
	}
	card.CustomFields = s.readFields(f, "lead")
}

// readCardLine reads what a card's line has: no discounts, no comment, no properties.
func (s *Server) readCardLine(f *form) Line {
	l := Line{
		SKU: f.text("sku"), Name: f.text("name"), UnitType: f.text("unit_type"),
		Picture: f.text("picture"), Quantity: decimal.NewFromInt(1), CreatedAt: s.stamp(), UpdatedAt: s.stamp(),
	}
	if q := f.amount("quantity"); q.Valid {
		l.Quantity = q.Decimal
	}
	s.tieNew(f, &l)
	return l
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// dropOffBlocks loses the lines and payments where the pipeline has those blocks switched off.
func (s *Server) dropOffBlocks(card *Card) {
	if slices.Contains(s.settings().ProductsOff, card.PipelineID) {
		card.Lines = nil
	}
	if !s.pipeline(card.PipelineID).UsePayments || slices.Contains(s.settings().PaymentsOff, card.PipelineID) {
		card.Payments = nil
	}
}

// putCard checks a change and lets it take effect later. manager_comment is not among what it knows.
func (s *Server) putCard(c *call) *answer {
	if s.settings().PipelinesOff {
		return leadsOff(400)
	}
	row := s.db.cards.rows[c.id("id")]
	if row == nil {
		return notFound()
	}
	f := s.readForm(c.body)
	copied := clone(row)
	s.readCardChange(f, &copied)
	return s.accept(f, writeCard, row.ID, c)
}

func (s *Server) readCardChange(f *form, card *Card) {
	f.setText("title", &card.Title)
	f.setText("note", &card.Note)
	if id := f.known("status_id", s.cardStatusTaken); id != 0 {
		p, _ := s.pipelineStatus(id)
		card.StatusID, card.PipelineID = id, p.ID
	}
	if id := f.known("source_id", s.sourceTaken); id != 0 {
		card.SourceID = id
	}
	if id := f.known("client_id", s.buyerTaken); id != 0 {
		card.Contact.ClientID = id
	}
	if id := f.known("manager_id", s.userTaken); id != 0 {
		card.ManagerID = id
	}
	if f.sent("communicate_at") {
		card.CommunicateAt = f.moment("communicate_at")
	}
	for _, row := range f.list("products") {
		card.Lines = append(card.Lines, s.readCardLine(row)) // always added, never replaced
	}
	card.CustomFields = merge(card.CustomFields, s.readFields(f, "lead"))
}

func (s *Server) applyCard(id int64, f *form) {
	if row := s.db.cards.rows[id]; row != nil {
		s.changeCard(row, func(c *Card) { s.readCardChange(f, c) })
	}
}

// changeCard stores a changed copy and fires what the change caused.
func (s *Server) changeCard(row *Card, edit func(*Card)) *Card {
	c := clone(row)
	edit(&c)
	s.dropOffBlocks(&c)
	s.numberRows(c.Lines, c.Payments)
	c.UpdatedAt = s.stamp()
	if c.StatusID != row.StatusID {
		c.StatusChangedAt = s.stamp()
	}
	s.db.cards.put(c.ID, &c)
	if c.StatusID != row.StatusID {
		s.fire(EventCardStatus, strconv.FormatInt(c.StatusID, 10), c.SourceID, s.renderCard(&c, nil), c.ID)
	}
	return &c
}

func (s *Server) postCardPayment(c *call) *answer {
	row, bad := s.cardOf(c)
	if bad != nil {
		return bad
	}
	f := s.readForm(c.body)
	p := s.readPayment(f, "paid")
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	s.changeCard(row, func(c *Card) { c.Payments = append(c.Payments, p) })
	return &answer{status: 201, body: s.renderOnePayment(&p)}
}

func (s *Server) cardOf(c *call) (*Card, *answer) {
	if s.settings().PipelinesOff {
		return nil, leadsOff(400)
	}
	row := s.db.cards.rows[c.id("id")]
	if row == nil {
		return nil, notFound()
	}
	return row, nil
}

func (s *Server) putCardPayment(c *call) *answer {
	row, bad := s.cardOf(c)
	if bad != nil {
		return bad
	}
	f := s.readForm(c.body)
	copied := clone(row)
	p := s.changePayment(f, copied.Payments, c.id("p"))
	if p == nil {
		return notFound()
	}
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	s.changeCard(row, func(c *Card) { c.Payments = copied.Payments })
	return &answer{status: 202, body: s.renderOnePayment(p)}
}
