package account

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/internal/crmsim/webhook"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Hooks are the webhooks that an account causes: those of its triggers and that of its stock.
type Hooks struct {
	*core
	order func(*entity.Order) any // as triggers send it; see Outside
	card  func(*entity.Card) any
}

// stockNotice is one row of the stock webhook's body.
type stockNotice struct {
	OfferID   int64       `json:"offer_id"`
	SKU       *string     `json:"sku"`
	InStock   json.Number `json:"in_stock"`
	InReserve json.Number `json:"in_reserve"`
}

// stockChanged tells the stock webhook.
func (s *Hooks) stockChanged(o *entity.Offer) {
	hook := s.Settings().StockHook
	if hook.URL == "" {
		return
	}
	var sum decimal.Decimal
	for id, q := range o.Stock {
		if len(hook.WarehouseIDs) == 0 || slices.Contains(hook.WarehouseIDs, id) {
			sum = sum.Add(q)
		}
	}
	notice := stockNotice{OfferID: o.ID, InStock: json.Number(sum.String()), InReserve: json.Number(o.Reserve.String())}
	if o.SKU != "" {
		notice.SKU = &o.SKU
	}
	body, err := json.Marshal([]stockNotice{notice})
	if err != nil {
		return // plain numbers and text: cannot happen
	}
	s.queue(0, "stock", hook.URL, "POST", body)
}

// hookBody is what a trigger sends.
type hookBody struct {
	Event   string `json:"event"`
	Context any    `json:"context"`
}

// fire queues a webhook for every trigger that waits for this. A trigger of new cards sends the same event as one of
// moved cards.
func (s *Hooks) fire(kind, value string, sourceID int64, context any, id int64) {
	event := kind
	if kind == entity.EventCardCreated {
		event = entity.EventCardStatus
	}
	for _, t := range s.DB.Triggers.Sorted() {
		if !t.Active || t.Event != kind || !t.Wants(value, sourceID) {
			continue
		}
		body, err := json.Marshal(hookBody{event, context})
		if err != nil {
			continue // rows of ours always encode
		}
		if t.Method == http.MethodGet {
			s.queue(t.ID, event, withQuery(t.URL, event, id), "GET", nil)
			continue
		}
		s.queue(t.ID, event, t.URL, "POST", body)
	}
}

// withQuery puts the little a GET can carry into the address; KeyCRM does not describe its own form.
func withQuery(raw, event string, id int64) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	q := u.Query()
	q.Set("event", event)
	q.Set("id", strconv.FormatInt(id, 10))
	u.RawQuery = q.Encode()
	return u.String()
}

func (s *Hooks) queue(trigger int64, event, url, method string, body []byte) {
	webhook.Queue(s.DB.Deliveries, webhook.Delivery{
		TriggerID: trigger, Event: event, Method: method, URL: url, Body: body, CreatedAt: s.Now(), NextAt: s.Now(),
	})
}

// AddTrigger adds a trigger, or replaces the one with its ID, and returns the id.
func (s *Hooks) AddTrigger(t entity.Trigger) int64 {
	if t.Method == "" {
		t.Method = http.MethodPost
	}
	if t.ID == 0 {
		t.ID = s.DB.Triggers.Next()
	}
	row := table.Clone(&t)
	s.DB.Triggers.Put(t.ID, &row)
	return t.ID
}
