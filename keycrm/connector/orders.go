package connector

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/orders"
)

var _ orders.Sink = (*Connector)(nil)

// CreateOrder implements orders.Sink.
func (c *Connector) CreateOrder(ctx context.Context, target settings.Target, body []byte) (orders.Receipt, error) {
	if target == settings.TargetCards {
		card, err := c.crm.Cards.CreateRaw(ctx, body)
		if err != nil {
			return orders.Receipt{}, translate(err)
		}
		return cardReceipt(card), nil
	}
	o, err := c.crm.Orders.CreateRaw(ctx, body)
	if err != nil {
		return orders.Receipt{}, translate(err)
	}
	return orderReceipt(o), nil
}

// Neither answer of KeyCRM tells the account's own address, so there is no link to the order.
func orderReceipt(o *keycrm.Order) orders.Receipt {
	return orders.Receipt{
		ID: code(o.ID), Total: o.GrandTotal.Decimal, Status: code(o.StatusID), StatusAt: o.StatusChangedAt.Time,
		Moved: orders.Moved(o.StatusChangedAt.Time, o.CreatedAt.Time),
	}
}

func cardReceipt(card *keycrm.Card) orders.Receipt {
	return orders.Receipt{
		ID: code(card.ID), Total: card.ProductsTotal.Decimal, Status: cardStatus(card), StatusAt: card.StatusChangedAt.Time,
		Moved: orders.Moved(card.StatusChangedAt.Time, card.CreatedAt.Time),
	}
}

func cardStatus(card *keycrm.Card) string { return code(card.PipelineID) + "/" + code(card.StatusID) }

// SetOrderStatus implements orders.Sink.
func (c *Connector) SetOrderStatus(ctx context.Context, target settings.Target, id, status string) (orders.StatusSet, error) {
	object, err := parseCode("order", id)
	if err != nil {
		return orders.StatusSet{}, err
	}
	if target == settings.TargetCards {
		_, status, _ = strings.Cut(status, "/") // the status alone names its pipeline
	}
	wanted, err := parseCode("status", status)
	if err != nil {
		return orders.StatusSet{}, err
	}
	if target == settings.TargetCards { // answered before it takes effect, and without a time
		return orders.StatusSet{}, translate(c.crm.Cards.Update(ctx, object, keycrm.CardUpdate{StatusID: wanted}))
	}
	o, err := c.crm.Orders.Update(ctx, object, keycrm.OrderUpdate{StatusID: wanted})
	if err != nil {
		return orders.StatusSet{}, translate(err)
	}
	if o.StatusID != wanted {
		return orders.StatusSet{}, nil
	}
	return orders.StatusSet{At: o.StatusChangedAt.Time}, nil
}

// OrderState implements orders.Sink; it serves hooks too.
func (c *Connector) OrderState(ctx context.Context, target settings.Target, id string) (orders.State, error) {
	if target == settings.TargetCards {
		return c.cardState(ctx, id)
	}
	n, err := parseCode("order", id)
	if err != nil {
		return orders.State{}, fmt.Errorf("%w: %w", crm.ErrNotFound, err)
	}
	o, err := c.crm.Orders.Get(ctx, n, keycrm.OrderShipping)
	if err != nil {
		return orders.State{}, translate(err)
	}
	s := orders.State{
		ID: id, Key: o.SourceUUID, Source: code(o.SourceID), Status: code(o.StatusID), StatusAt: o.StatusChangedAt.Time,
		UpdatedAt: o.UpdatedAt.Time, CreatedAt: o.CreatedAt.Time, Payment: inWords(o.PaymentStatus), Total: o.GrandTotal.Decimal,
	}
	if o.Shipping != nil {
		s.Tracking, s.Shipping = o.Shipping.TrackingCode, inWords(o.Shipping.ShippingStatus)
	}
	return s, nil
}

// inWords says a state of a payment or a parcel as KeyCRM's own pages do; a later one stays as it is.
// Source: KeyCRM OpenAPI v1, payment_status and shipping_status of GET /order, which documents "invoice"
// alone of the latter.
func inWords(state string) string {
	switch state {
	case keycrm.OrderNotPaid:
		return "не оплачено"
	case keycrm.OrderPartPaid:
		return "оплачено частково"
	case keycrm.OrderPaid:
		return "оплачено"
	case keycrm.OrderOverpaid:
		return "переплачено"
	case "invoice":
		return "накладну створено"
	}
	return state
}

func (c *Connector) cardState(ctx context.Context, id string) (orders.State, error) {
	n, err := parseCode("card", id)
	if err != nil {
		return orders.State{}, fmt.Errorf("%w: %w", crm.ErrNotFound, err)
	}
	card, err := c.crm.Cards.Get(ctx, n)
	if err != nil {
		return orders.State{}, translate(err)
	}
	s := orders.State{
		ID: id, Source: code(card.SourceID), Status: cardStatus(card), StatusAt: card.StatusChangedAt.Time,
		UpdatedAt: card.UpdatedAt.Time, CreatedAt: card.CreatedAt.Time, Total: card.ProductsTotal.Decimal, OrderID: becameOf(card),
	}
	return s, nil
}

// becameOf is the order that a card was converted to; empty when it was not.
func becameOf(card *keycrm.Card) string {
	if card.TargetType == keycrm.TargetOrder && card.TargetID != 0 {
		return code(card.TargetID)
	}
	return ""
}

// ConvertedCards implements hooks.Reader. The window has no end, so that cards which are changed while pages
// are read stay in it: they can push rows to a later page, which shows them twice, never to an earlier one.
func (c *Connector) ConvertedCards(ctx context.Context, source string, since time.Time, page int) (map[string]string, bool, error) {
	id, err := parseCode("source", source)
	if err != nil {
		return nil, false, err
	}
	cards, at, err := c.crm.Cards.List(ctx, keycrm.CardQuery{
		Page: page, SourceIDs: []int64{id}, Updated: keycrm.Between{From: since},
	})
	if err != nil {
		return nil, false, translate(err)
	}
	became := map[string]string{}
	for i := range cards {
		if order := becameOf(&cards[i]); order != "" {
			became[code(cards[i].ID)] = order
		}
	}
	return became, at.Next, nil
}

// OrderDictionary implements orders.Sink.
func (c *Connector) OrderDictionary(ctx context.Context) (orders.Dictionary, error) {
	d := orders.Dictionary{Sources: map[string]string{}, Fields: map[string]orders.FieldKind{}, BranchRefs: map[string]bool{}}
	sources, err := keycrm.Collect(ctx, c.crm.Dictionaries.Sources)
	if err != nil {
		return d, translate(err)
	}
	for _, s := range sources {
		d.Sources[code(s.ID)] = s.CurrencyCode
	}
	services, err := keycrm.Collect(ctx, c.crm.Dictionaries.DeliveryServices)
	if err != nil {
		return d, translate(err)
	}
	for _, s := range services {
		d.BranchRefs[code(s.ID)] = s.SourceName == novaPoshta
	}
	fields, err := c.crm.CustomFields.List(ctx, keycrm.CustomFieldQuery{})
	if err != nil {
		return d, translate(err)
	}
	for _, f := range fields {
		if f.Model == keycrm.ModelOrder || f.Model == keycrm.ModelCard {
			d.Fields[f.UUID] = fieldKind(f.Type)
		}
	}
	return d, nil
}

// novaPoshta is the carrier whose branches KeyCRM knows by their reference.
// Source: KeyCRM OpenAPI v1, POST /order, shipping.warehouse_ref.
const novaPoshta = "novaposhta"

func fieldKind(t string) orders.FieldKind {
	switch t {
	case keycrm.FieldSwitcher:
		return orders.FieldSwitch
	case keycrm.FieldNumber, keycrm.FieldFloat:
		return orders.FieldNumber
	case keycrm.FieldSelect:
		return orders.FieldSelect
	case keycrm.FieldDate:
		return orders.FieldDate
	case keycrm.FieldDateTime:
		return orders.FieldDateTime
	}
	return orders.FieldText
}

// FindOrders implements orders.Sink. What a filter answers is checked row by row.
func (c *Connector) FindOrders(ctx context.Context, p orders.Probe) ([]orders.Found, error) {
	if p.Target == settings.TargetCards {
		return c.findCards(ctx, p)
	}
	var found []orders.Found
	for o, err := range c.crm.Orders.All(ctx, keycrm.OrderQuery{SourceUUIDs: []string{p.Key}}) {
		if err != nil {
			return nil, translate(err)
		}
		if o.SourceUUID == p.Key {
			found = append(found, orders.Found{Receipt: orderReceipt(&o), Source: code(o.SourceID)})
		}
	}
	return found, nil
}

// around is how far a card's time of creation may lie from our request.
const around = 10 * time.Minute

// findCards looks for the marker among the source's cards of those minutes, in every pipeline, since
// a card may have been moved already.
func (c *Connector) findCards(ctx context.Context, p orders.Probe) ([]orders.Found, error) {
	source, err := parseCode("source", p.Source)
	if err != nil {
		return nil, err
	}
	q := keycrm.CardQuery{
		SourceIDs: []int64{source}, Created: keycrm.Between{From: p.Since.Add(-around), To: p.Until.Add(around)},
	}
	var titled, noted []orders.Found
	for card, err := range c.crm.Cards.All(ctx, q) {
		if err != nil {
			return nil, translate(err)
		}
		found := orders.Found{Receipt: cardReceipt(&card), Source: code(card.SourceID)}
		switch {
		case strings.Contains(card.Title, p.Key): // a manager or an automation may have added something
			titled = append(titled, found)
		case lineBegins(card.ManagerComment, p.Key):
			noted = append(noted, found)
		}
	}
	if len(titled) > 0 {
		return titled, nil
	}
	return noted, nil
}

// lineBegins reports whether a line of a comment begins with the marker, as we write it. A manager who names an
// order in the comment of another card does so within a line.
func lineBegins(comment, marker string) bool {
	for line := range strings.Lines(comment) {
		if strings.HasPrefix(strings.TrimSpace(line), marker) {
			return true
		}
	}
	return false
}

// parseCode reads back what code wrote. Errors: orders.ErrBadCode.
func parseCode(what, s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%s %q: %w", what, s, orders.ErrBadCode)
	}
	return id, nil
}

// countryName is a country in English, as KeyCRM writes it; a code nobody knows stays.
func countryName(alpha2 string) string {
	region, err := language.ParseRegion(alpha2)
	if err != nil {
		return alpha2
	}
	return display.English.Regions().Name(region)
}
