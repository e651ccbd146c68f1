package hooks

import (
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
)

func TestDecodeHint(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("e", maxEvent)
	for name, c := range map[string]struct {
		body string
		want hint // zero: refused
	}{
		"a number":                         {`{"event":"order.x","context":{"id":7}}`, hint{"order.x", "7"}},
		"JSON in a form":                   {`event=x&context=%7B%22id%22%3A7%7D`, hint{"x", "7"}},
		"an event of the longest kind":     {`event=` + long + `&context[id]=7`, hint{long, "7"}},
		"a longer one is cut":              {`event=` + long + `e&context[id]=7`, hint{long, "7"}},
		"between letters":                  {`event=` + long[1:] + `ї&context[id]=7`, hint{long[1:], "7"}},
		"what Postgres keeps no text with": {`{"event":"a\u0000b","context":{"id":7}}`, hint{"ab", "7"}},
		"an event that is no text":         {`{"event":5,"context":{"id":7}}`, hint{}},
		"a broken form with JSON in it":    {`event=%zz&context=%7B%22id%22%3A7%7D`, hint{}},
		"a form that is broken":            {`event=%zz&context[id]=7`, hint{}},
		"an id that could be anything":     {`{"event":"x","context":{"id":"7/../8"}}`, hint{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeHint([]byte(c.body))
			if got != c.want || (err != nil) != (c.want == hint{}) {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestWhichLinkAnEventBelongsTo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event        string
		order, cards bool
	}{
		{"order.change_order_status", true, false},
		{"lead.change_lead_status", false, true},
		{"something.new", true, true},
		{"", true, true},
	} {
		t.Run(c.event, func(t *testing.T) {
			t.Parallel()
			h := hint{Event: c.event}
			if order, cards := h.belongs(settings.ObjectOrder), h.belongs(settings.ObjectCard); order != c.order || cards != c.cards {
				t.Errorf("of orders: %v, of cards: %v", order, cards)
			}
		})
	}
}
