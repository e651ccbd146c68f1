package hooks

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/keybridge/keybridge/internal/settings"
)

// hint is all that is believed of a webhook: that something about this object may have changed.
type hint struct {
	Event string
	ID    string
}

// errBody is a body in neither of the known forms.
var errBody = errors.New("neither an event in JSON nor a form")

// objectID is what an object of a CRM may be called: enough for any, and nothing to worry about.
var objectID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

const maxEvent = 100

// decodeText answers the body in UTF-8 without a byte order mark. One in UTF-16 is told by its mark;
// anything else is left as it is. What no character stands for becomes the replacement character.
func decodeText(body []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(body, []byte{0xEF, 0xBB, 0xBF}):
		return body[3:]
	case bytes.HasPrefix(body, []byte{0xFF, 0xFE}):
		order = binary.LittleEndian
	case bytes.HasPrefix(body, []byte{0xFE, 0xFF}):
		order = binary.BigEndian
	default:
		return body
	}
	var units []uint16
	for rest := body[2:]; len(rest) >= 2; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return []byte(string(utf16.Decode(units)))
}

// decodeHint reads the body of KeyCRM's trigger action, {"event":…,"context":{"id":…}}, as JSON or as
// a form (context[id]=…, or JSON in context). What kind it is, the body itself tells best.
// Source: help page «Налаштування Webhook в KeyCRM».
func decodeHint(body []byte) (hint, error) {
	body = decodeText(body)
	h, err := decodeJSON(body)
	if err != nil {
		h, err = decodeForm(body)
	}
	if err != nil || !objectID.MatchString(h.ID) {
		return hint{}, errBody
	}
	if len(h.Event) > maxEvent {
		h.Event = strings.ToValidUTF8(h.Event[:maxEvent], "")
	}
	h.Event = strings.ReplaceAll(h.Event, "\x00", "") // Postgres keeps no such text
	return h, nil
}

// decodeStock reads the body of KeyCRM's stock webhook, [{"offer_id":…,"sku":…,"in_stock":…}], and
// answers the offers it names; a test call names none. The numbers are not believed.
// Source: help page "Transferring Balance Changes via Webhook".
func decodeStock(body []byte) ([]string, error) {
	var rows []struct {
		Offer json.RawMessage `json:"offer_id"`
	}
	if err := json.Unmarshal(decodeText(body), &rows); err != nil {
		return nil, errBody
	}
	var offers []string
	for _, r := range rows {
		if id := string(bytes.Trim(r.Offer, `"`)); objectID.MatchString(id) {
			offers = append(offers, id)
		}
	}
	if len(offers) == 0 && len(rows) > 0 {
		return nil, errBody
	}
	return offers, nil
}

func decodeJSON(body []byte) (hint, error) {
	var b struct {
		Event   string          `json:"event"`
		Context json.RawMessage `json:"context"`
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return hint{}, err
	}
	id, err := contextID(b.Context)
	return hint{Event: b.Event, ID: id}, err
}

func contextID(raw []byte) (string, error) {
	var c struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return "", err
	}
	return string(bytes.Trim(c.ID, `"`)), nil
}

func decodeForm(body []byte) (hint, error) {
	form, err := url.ParseQuery(strings.TrimSpace(string(body)))
	if err != nil {
		return hint{}, err
	}
	h := hint{Event: strings.ToValidUTF8(form.Get("event"), ""), ID: form.Get("context[id]")}
	if h.ID == "" {
		h.ID, err = contextID([]byte(form.Get("context")))
	}
	return h, err
}

// belongs reports whether an event is about the link's object. Events nobody knows yet belong.
func (h hint) belongs(object settings.Object) bool {
	kind, _, _ := strings.Cut(h.Event, ".")
	switch kind {
	case "order":
		return object == settings.ObjectOrder
	case "lead":
		return object == settings.ObjectCard
	}
	return true
}
