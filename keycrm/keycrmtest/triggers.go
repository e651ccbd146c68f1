package keycrmtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// hookBody is what a trigger sends.
type hookBody struct {
	Event   string `json:"event"`
	Context any    `json:"context"`
}

// fire queues a webhook for every trigger that waits for this. A trigger of new cards sends the same event as one of
// moved cards.
func (s *Server) fire(kind, value string, sourceID int64, context any, id int64) {
	event := kind
	if kind == EventCardCreated {
		event = EventCardStatus
	}
	ids := s.db.triggers.ids()
	slices.Reverse(ids)
	for _, tid := range ids {
		t := s.db.triggers.rows[tid]
		if !t.Active || t.Event != kind || !t.wants(value, sourceID) {
			continue
		}
		body, err := json.Marshal(hookBody{event, context})
		if err != nil {
			continue // rows of ours always encode
		}
		if t.Method == http.MethodGet {
			s.queueDelivery(t.ID, event, withQuery(t.URL, event, id), "GET", nil)
			continue
		}
		s.queueDelivery(t.ID, event, t.URL, "POST", body)
	}
}

func (t *Trigger) wants(value string, sourceID int64) bool {
	return (len(t.Values) == 0 || slices.Contains(t.Values, value)) &&
		(len(t.SourceIDs) == 0 || slices.Contains(t.SourceIDs, sourceID))
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

// keptDeliveries is how many finished deliveries are kept for the page.
const keptDeliveries = 300

func (s *Server) queueDelivery(trigger int64, event, url, method string, body []byte) {
	d := &Delivery{
		TriggerID: trigger, Event: event, Method: method, URL: url, Body: body, CreatedAt: s.now(), NextAt: s.now(),
	}
	d.ID = s.db.deliveries.next()
	s.db.deliveries.put(d.ID, d)
	ids := s.db.deliveries.ids()
	for _, id := range ids[min(len(ids), keptDeliveries):] {
		if s.db.deliveries.rows[id].Done {
			s.db.deliveries.drop(id)
		}
	}
}
