package hooks

import (
	"testing"
	"unicode/utf8"
)

func FuzzDecodeHint(f *testing.F) {
	for _, seed := range []string{
		`{"event":"order.change_order_status","context":{"id":1045,"status_id":12}}`,
		`{"event":"lead.change_lead_status","context":{"id":"7"}}`,
		`event=order.change_order_status&context[id]=1045&context[status_id]=12`,
		`event=x&context=%7B%22id%22%3A7%7D`,
		`{"event":null,"context":null}`, `[]`, `{"context":[]}`, `%zz`, `{"event":"\ud800","context":{"id":1e3}}`, "event=\x00\xff&context[id]=5",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		h, err := decodeHint(body)
		if err != nil {
			return
		}
		if !objectID.MatchString(h.ID) {
			t.Errorf("id %q was let through", h.ID)
		}
		if len(h.Event) > maxEvent || !utf8.ValidString(h.Event) {
			t.Errorf("event %q cannot be kept", h.Event)
		}
	})
}
