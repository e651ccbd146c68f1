package keycrm_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm"
)

func TestDecimalReadsEveryForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`12.50`: "12.5", `"0.00"`: "0", `"-1.000"`: "-1", `1e3`: "1000", `" 7 "`: "7", `null`: "", `""`: "",
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			var d keycrm.Decimal
			if err := json.Unmarshal([]byte(in), &d); err != nil {
				t.Errorf("%v", err)
				return
			}
			if d.Valid != (want != "") || d.Valid && d.String() != want {
				t.Errorf("got %v (valid %v), want %q", d.Decimal, d.Valid, want)
			}
		})
	}
	for _, in := range []string{`"x"`, `true`, `[]`, `1e999999999`, `"` + strings.Repeat("9", 70) + `"`} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			var d keycrm.Decimal
			if err := json.Unmarshal([]byte(in), &d); err == nil {
				t.Errorf("read as %v, want an error", d)
			}
		})
	}
}

func TestAmountIsABareNumber(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"12.50": "12.50", "0.10": "0.10", "-3": "-3", "1e3": "1000"} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			b, err := json.Marshal(keycrm.NewAmount(decimal.RequireFromString(in)))
			if err != nil || !json.Valid(b) {
				t.Fatalf("%s, %v", b, err)
			}
			var n json.Number
			if err := json.Unmarshal(b, &n); err != nil || strings.ContainsAny(string(b), `"eE`) {
				t.Errorf("got %s, want a plain number", b)
			}
			if got := decimal.RequireFromString(string(b)); !got.Equal(decimal.RequireFromString(want)) {
				t.Errorf("got %s, want %s", b, want)
			}
		})
	}
}

func TestTimeReadsBothForms(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 8, 1, 11, 39, 24, 0, time.UTC)
	for _, in := range []string{
		`"2026-08-01T11:39:24.000000Z"`, `"2026-08-01 11:39:24"`, `"2026-08-01T14:39:24+03:00"`, `"2026-08-01T11:39:24"`,
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			var got keycrm.Time
			if err := json.Unmarshal([]byte(in), &got); err != nil || !got.Equal(want) || got.Location() != time.UTC {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	for _, in := range []string{`null`, `""`, `"0000-00-00 00:00:00"`, `"-000001-11-30T00:00:00.000000Z"`} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			got := keycrm.Time{Time: want}
			if err := json.Unmarshal([]byte(in), &got); err != nil || !got.IsZero() {
				t.Errorf("got %v, %v, want zero", got, err)
			}
		})
	}
	var got keycrm.Time
	if err := json.Unmarshal([]byte(`"yesterday"`), &got); err == nil {
		t.Error("«yesterday» was read as a time")
	}
}

func TestTimesGoOutInUTC(t *testing.T) {
	t.Parallel()
	kyiv := time.FixedZone("EET", 2*3600)
	at := time.Date(2026, 1, 2, 1, 30, 0, 0, kyiv)
	b, err := json.Marshal(struct {
		A keycrm.DateTime `json:"a"`
		B keycrm.Date     `json:"b"`
		C keycrm.DateTime `json:"c,omitzero"`
	}{A: keycrm.NewDateTime(at), B: keycrm.Date{Time: at}})
	if want := `{"a":"2026-01-01 23:30:00","b":"2026-01-02"}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
}

// TestOddFormsAreRead decodes what PHP makes of empty maps, lists with gaps and pictures.
func TestOddFormsAreRead(t *testing.T) {
	t.Parallel()
	const in = `{
		"id": 5, "source_uuid": null, "grand_total": "10.50", "shipping_price": null, "is_gift": 1, "unheard_of": {"a": 1},
		"payment_status": "some_later_state", "closed_at": "2026-07-30 08:00:00", "buyer": [], "status": [],
		"products": {"0": {"id": 1, "picture": {"thumbnail": "t.jpg"}, "properties": []},
		             "10": {"id": 3, "picture": "p.jpg"}, "2": {"id": 2, "picture": []}},
		"shipping": {"tracking_code": null, "address_payload": []}, "marketing": null, "payments": null, "tags": [],
		"custom_fields": [{"uuid": "OR_1", "value": ["a", "b"]}, {"uuid": "OR_2", "value": "1"}]
	}`
	var o keycrm.Order
	if err := json.Unmarshal([]byte(in), &o); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	var pictures []keycrm.Picture
	for _, l := range o.Products {
		ids, pictures = append(ids, l.ID), append(pictures, l.Picture)
	}
	if !reflect.DeepEqual(ids, []int64{1, 2, 3}) || !reflect.DeepEqual(pictures, []keycrm.Picture{"t.jpg", "", "p.jpg"}) {
		t.Errorf("lines: %v %v", ids, pictures)
	}
	if o.GrandTotal.String() != "10.5" || o.ShippingPrice.Valid || !bool(o.IsGift) || o.PaymentStatus != "some_later_state" {
		t.Errorf("order: %+v", o)
	}
	if o.Shipping == nil || o.Marketing != nil || o.Payments != nil || o.ClosedAt.IsZero() {
		t.Errorf("parts: %+v", o)
	}
	if got := o.CustomFields[0].Texts(); !reflect.DeepEqual(got, []string{"a", "b"}) || !o.CustomFields[1].On() {
		t.Errorf("custom fields: %v", o.CustomFields)
	}
}

func TestContactsAreTextsOrLists(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		`{"phone": "+380000000001"}`: {"+380000000001"}, `{"phone": ["a", "b"]}`: {"a", "b"}, `{"phone": null}`: nil,
		`{"phone": []}`: nil, `{"phone": 380}`: {"380"}, `{"phone": [null, "x", {"y": 1}]}`: {"x"},
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			var b keycrm.Buyer
			if err := json.Unmarshal([]byte(in), &b); err != nil || !reflect.DeepEqual([]string(b.Phones), want) {
				t.Errorf("got %v, %v, want %v", b.Phones, err, want)
			}
		})
	}
}

func TestFieldValuesGoOutByType(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 22, 5, 6, 0, time.UTC)
	b, err := json.Marshal([]keycrm.FieldValue{
		keycrm.TextValue("A", `"x"`), keycrm.SelectValue("B", "one"), keycrm.NumberValue("C", decimal.New(15, -1)),
		keycrm.SwitchValue("D", true), keycrm.DateValue("E", at), keycrm.DateTimeValue("F", at), keycrm.SelectValue("G"),
	})
	const want = `[{"uuid":"A","value":"\"x\""},{"uuid":"B","value":["one"]},{"uuid":"C","value":1.5},` +
		`{"uuid":"D","value":true},{"uuid":"E","value":"2026-03-04"},{"uuid":"F","value":"2026-03-04 22:05:06"},` +
		`{"uuid":"G","value":[]}]`
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v\nwant %s", b, err, want)
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{
		`1`, `"1.5"`, `null`, `[]`, `{}`, `{"a":[1,"2",null]}`, `"2026-08-01 11:39:24"`, `{"thumbnail":"x"}`, `1e400`,
		`[{"name":"Колір","value":7}]`, `true`, `""`, `{"10":{},"9":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if !json.Valid(in) {
			return
		}
		var d keycrm.Decimal
		if json.Unmarshal(in, &d) == nil {
			again(t, &d, &keycrm.Decimal{}, func(a, b *keycrm.Decimal) bool { return a.Valid == b.Valid && a.Equal(b.Decimal) })
		}
		var at keycrm.Time
		if json.Unmarshal(in, &at) == nil && at.Year() > 0 && at.Year() < 9999 {
			again(t, &at, &keycrm.Time{}, func(a, b *keycrm.Time) bool { return a.Truncate(time.Microsecond).Equal(b.Time) })
		}
		for _, v := range []any{new(keycrm.Strings), new(keycrm.Picture), new(keycrm.Bool)} {
			if err := json.Unmarshal(in, v); err != nil {
				t.Errorf("%T refuses %s: %v", v, in, err)
			}
		}
		for _, v := range []any{
			new(keycrm.List[keycrm.Property]), new(keycrm.PropertiesAgg), new(keycrm.Shipping), new(keycrm.FieldValue),
		} {
			_ = json.Unmarshal(in, v) // may refuse, must not panic
		}
	})
}

// again wants a value that was read to be the same after it is written and read once more.
func again[T any](t *testing.T, v, back *T, same func(a, b *T) bool) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("marshal %+v: %v", v, err)
	}
	if err := json.Unmarshal(b, back); err != nil || !same(v, back) {
		t.Errorf("%+v became %s and then %+v (%v)", v, b, back, err)
	}
}

func FuzzRows(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"products":[{"id":2,"price":"1"}],"buyer":{"phone":"x"},"shipping":[]}`, `{"id":"1"}`, `[]`, `null`,
		`{"id":4001,"contact":{"email":["a"]},"status":{"title":"x"}}`, `{"properties_agg":{"Колір":["a"]}}`,
		`{"warehouse":[{"quantity":"-1.000"}]}`, `{"options":{"0":{"id":1}}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, in []byte) {
		for _, v := range []any{
			new(keycrm.Order), new(keycrm.Card), new(keycrm.Product), new(keycrm.Offer), new(keycrm.Stock),
			new(keycrm.Category), new(keycrm.Buyer), new(keycrm.CustomField), new(keycrm.PipelineStatus),
			new(keycrm.OrderStatus), new(keycrm.Payment),
		} {
			_ = json.Unmarshal(in, v) // may refuse, must not panic
		}
	})
}

func TestUnknownMembersAreKept(t *testing.T) {
	t.Parallel()
	var o keycrm.Order
	in := `{"id":7,"payment_status":"half","expenses":[{"id":1}],"buyer":{"id":3,"loyalty":[]},"products":[{"offer":{"id":5,"shelf":"A"}}]}`
	if err := json.Unmarshal([]byte(in), &o); err != nil {
		t.Fatal(err)
	}
	if string(o.Raw) != in || o.PaymentStatus != "half" || string(o.Buyer.Raw) != `{"id":3,"loyalty":[]}` ||
		string(o.Products[0].Offer.Raw) != `{"id":5,"shelf":"A"}` {
		t.Errorf("%s, %s", o.Raw, o.Buyer.Raw)
	}
	var c keycrm.Card
	var p keycrm.Product
	for raw, v := range map[*json.RawMessage]any{&c.Raw: &c, &p.Raw: &p} {
		if err := json.Unmarshal([]byte(`{"id":1,"new":true}`), v); err != nil || string(*raw) != `{"id":1,"new":true}` {
			t.Errorf("%T: %s, %v", v, *raw, err)
		}
	}
	var none keycrm.Buyer
	if err := json.Unmarshal([]byte(`[]`), &none); err != nil || none.Raw != nil {
		t.Errorf("%s, %v", none.Raw, err)
	}
}
