package hooks

import (
	"encoding/binary"
	"slices"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func FuzzDecodeStock(f *testing.F) {
	for _, seed := range []string{
		`[{"offer_id":130827,"sku":"A-1","in_stock":16,"in_reserve":3}]`, `[{"offer_id":"7"},{"offer_id":7}]`, `[]`, `{}`, `null`,
		`[{"offer_id":null}]`, `[{"offer_id":{"x":1}}]`, `[1]`, `[{"offer_id":1e9},{"offer_id":5}]`, "[{\"offer_id\":\"\x00\"}]", ``,
	} {
		for _, body := range encodings(seed) {
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		offers, err := decodeStock(body)
		if err != nil && offers != nil {
			t.Errorf("offers %v beside an error", offers)
		}
		for _, id := range offers {
			if !objectID.MatchString(id) {
				t.Errorf("offer %q was let through", id)
			}
		}
	})
}

func TestDecodeStock(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`[{"offer_id":130827,"sku":"A-1","in_stock":16,"in_reserve":3}]`:    {"130827"},
		`[{"offer_id":1,"in_stock":"-1.000"},{"sku":"x"},{"offer_id":"2"}]`: {"1", "2"},
		`[]`: nil, `null`: nil,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			if got, err := decodeStock([]byte(body)); err != nil || !slices.Equal(got, want) {
				t.Errorf("decodeStock(%s) = %v, %v, want %v", body, got, err, want)
			}
		})
	}
	for _, body := range []string{``, `{}`, `{"event":"order.change_order_status"}`, `[1]`, `[{"sku":"x"}]`, `<html>`} {
		if got, err := decodeStock([]byte(body)); err == nil {
			t.Errorf("decodeStock(%s) = %v, want it refused", body, got)
		}
	}
}

func FuzzDecodeHint(f *testing.F) {
	for _, seed := range []string{
		`{"event":"order.change_order_status","context":{"id":1045,"status_id":12}}`,
		`{"event":"lead.change_lead_status","context":{"id":"7"}}`,
		`event=order.change_order_status&context[id]=1045&context[status_id]=12`,
		`event=x&context=%7B%22id%22%3A7%7D`,
		`{"event":null,"context":null}`, `[]`, `{"context":[]}`, `%zz`, `{"event":"\ud800","context":{"id":1e3}}`, "event=\x00\xff&context[id]=5",
	} {
		for _, body := range encodings(seed) {
			f.Add(body)
		}
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

// encodings are the forms in which a text may come: plain, with a byte order mark, and in UTF-16.
func encodings(text string) [][]byte {
	little, big := []byte{0xFF, 0xFE}, []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(text)) {
		little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
	}
	return [][]byte{[]byte(text), append([]byte{0xEF, 0xBB, 0xBF}, text...), little, big}
}

func TestAByteOrderMarkLosesNoEvent(t *testing.T) {
	t.Parallel()
	for _, body := range encodings(`{"event":"order.change_order_status","context":{"id":1045,"name":"Їжак 🦔"}}`) {
		if h, err := decodeHint(body); err != nil || h.ID != "1045" || h.Event != "order.change_order_status" {
			t.Errorf("decodeHint(%q) = %+v, %v", body, h, err)
		}
	}
	for _, body := range encodings(`event=lead.change_lead_status&context[id]=7`) {
		if h, err := decodeHint(body); err != nil || h.ID != "7" || h.Event != "lead.change_lead_status" {
			t.Errorf("decodeHint(%q) = %+v, %v", body, h, err)
		}
	}
	for _, body := range encodings(`[{"offer_id":5},{"offer_id":"6"}]`) {
		if offers, err := decodeStock(body); err != nil || !slices.Equal(offers, []string{"5", "6"}) {
			t.Errorf("decodeStock(%q) = %v, %v", body, offers, err)
		}
	}
	for _, body := range [][]byte{nil, {0xEF, 0xBB, 0xBF}, {0xFF, 0xFE}, {0xFE, 0xFF, 0x00}, {0xFF, 0xFE, 0x00, 0xD8}} {
		if h, err := decodeHint(body); err == nil {
			t.Errorf("decodeHint(%q) = %+v, want it refused", body, h)
		}
	}
}
