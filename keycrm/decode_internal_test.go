package keycrm

import (
	"bytes"
	gocmp "cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
)

// The oracles below read with encoding/json alone, one level at a time: what lies inside a value comes to it through
// the UnmarshalJSON of its type, and each of those types has an oracle of its own.

// oracleRow reads in into a struct with the members of t and none of its methods, and keeps the text where t does.
func oracleRow(t reflect.Type, in []byte) (any, error) {
	in = bytes.TrimSpace(in)
	v := reflect.New(t)
	if forgiving(t) && emptyList(in) {
		return v.Interface(), nil
	}
	plain := reflect.New(withoutMethods(t))
	if err := json.Unmarshal(in, plain.Interface()); err != nil {
		return nil, err
	}
	v.Elem().Set(plain.Elem().Convert(t))
	if raw := v.Elem().FieldByName("Raw"); raw.IsValid() && string(in) != "null" {
		raw.SetBytes(in)
	}
	return v.Interface(), nil
}

func withoutMethods(t reflect.Type) reflect.Type {
	return reflect.StructOf(slices.Collect(t.Fields()))
}

// forgiving are the types for which PHP's [] is nothing.
func forgiving(t reflect.Type) bool {
	return slices.Contains([]reflect.Type{
		reflect.TypeFor[AddressPayload](), reflect.TypeFor[Buyer](), reflect.TypeFor[Contact](), reflect.TypeFor[Marketing](),
		reflect.TypeFor[OrderStatus](), reflect.TypeFor[Shipping](), reflect.TypeFor[User](), reflect.TypeFor[cardEnvelope](),
		reflect.TypeFor[pipelineStatus](),
	}, t)
}

func emptyList(in []byte) bool {
	var none []json.RawMessage
	return json.Unmarshal(in, &none) == nil && none != nil && len(none) == 0
}

func oracleDecimal(in []byte) (any, error) {
	var s *string
	if json.Unmarshal(in, &s) != nil {
		s = new(string(bytes.TrimSpace(in)))
	} else if s == nil || strings.TrimSpace(*s) == "" {
		return &Decimal{}, nil
	}
	v, err := parseNumber(strings.TrimSpace(*s))
	return &Decimal{v, true}, err
}

func oracleTime(in []byte) (any, error) {
	var s *string
	if err := json.Unmarshal(in, &s); err != nil || s == nil || *s == "" || strings.HasPrefix(*s, "0000-00-00") || strings.HasPrefix(*s, "-") {
		return &Time{}, err
	}
	var first error
	for _, layout := range []string{time.RFC3339Nano, secondsLayout, "2006-01-02T15:04:05", dayLayout} {
		v, err := time.ParseInLocation(layout, *s, time.UTC)
		if err == nil {
			return &Time{v.UTC()}, nil
		}
		first = err
	}
	return nil, first
}

func oracleList[T any](in []byte) (any, error) {
	l := new(List[T])
	if in = bytes.TrimSpace(in); in[0] != '{' {
		return l, json.Unmarshal(in, (*[]T)(l))
	}
	var m map[string]T
	err := json.Unmarshal(in, &m)
	for _, k := range sortedKeys(m) {
		*l = append(*l, m[k])
	}
	return l, err
}

func oracleStrings(in []byte) (any, error) {
	l := new(Strings)
	v, err := oracleList[json.RawMessage](in)
	items, _ := v.(*List[json.RawMessage])
	if err != nil {
		*items = List[json.RawMessage]{bytes.TrimSpace(in)}
	}
	for _, item := range *items {
		if s := oracleText(item); s != nil {
			*l = append(*l, *s)
		}
	}
	return l, nil
}

// oracleText is the text of a text, number or bool; nil for anything else.
func oracleText(raw json.RawMessage) *string {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	switch v := v.(type) {
	case string:
		return &v
	case json.Number, bool:
		return new(string(raw))
	}
	return nil
}

func oracleProperty(in []byte) (any, error) {
	var raw struct{ Name, Value json.RawMessage }
	err := json.Unmarshal(in, &raw)
	p := new(Property)
	if s := oracleText(raw.Name); s != nil {
		p.Name = *s
	}
	if s := oracleText(raw.Value); s != nil {
		p.Value = *s
	}
	return p, err
}

func oraclePipelineStatus(in []byte) (any, error) {
	if emptyList(in) {
		return new(PipelineStatus), nil
	}
	v, err := oracleRow(reflect.TypeFor[pipelineStatus](), in)
	if err != nil {
		return nil, err
	}
	row := v.(*pipelineStatus)
	return &PipelineStatus{row.ID, row.PipelineID, gocmp.Or(row.Title, row.Name), row.Alias, row.Color, bool(row.IsFinal)}, nil
}

func oracleProperties(in []byte) (any, error) {
	p := new(PropertiesAgg)
	if emptyList(in) {
		return p, nil
	}
	return p, json.Unmarshal(in, (*map[string]Strings)(p))
}

func oraclePicture(in []byte) (any, error) {
	p := new(Picture)
	var o struct{ Thumbnail, Original, URL string }
	switch {
	case json.Unmarshal(in, (*string)(p)) == nil:
	case json.Unmarshal(in, &o) == nil:
		for _, address := range []string{o.URL, o.Original, o.Thumbnail} {
			if address != "" {
				*p = Picture(address)
			}
		}
	}
	return p, nil
}

func oraclePage(in []byte) (any, error) {
	env := new(envelope[Category])
	type plain envelope[Category]
	type tagged struct {
		Data        *List[Category] `json:"data"`
		CurrentPage lenientInt      `json:"current_page"`
		LastPage    lenientInt      `json:"last_page"`
		Total       lenientInt      `json:"total"`
		PerPage     lenientInt      `json:"per_page"`
		NextPageURL json.RawMessage `json:"next_page_url"`
	}
	var t tagged
	err := json.Unmarshal(in, &t)
	*env = envelope[Category](plain(t))
	return env, err
}

// rowTypes are the structs that answers are made of, and those inside them.
func rowTypes() map[reflect.Type]bool {
	found := make(map[reflect.Type]bool)
	for _, row := range []any{
		new(Buyer), new(Card), new(Category), new(CustomField), new(DeliveryService), new(Offer), new(Order), new(OrderStatus),
		new(Payment), new(PaymentMethod), new(Pipeline), new(Product), new(Source), new(Stock), new(Tag), new(User),
		new(cardEnvelope), new(pipelineStatus), new(pictureForms),
	} {
		addTypes(found, reflect.TypeOf(row))
	}
	return found
}

func addTypes(found map[reflect.Type]bool, t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || found[t] || len(names(t)) == 0 {
		return
	}
	found[t] = true
	for f := range t.Fields() {
		addTypes(found, f.Type)
	}
}

// names are those in the json tags of a struct's fields.
func names(t reflect.Type) []string {
	var all []string
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			all = append(all, name)
		}
	}
	return all
}

// Such a struct would be read by encoding/json: to the same end, in three times the time.
func TestEveryRowReadsItself(t *testing.T) {
	t.Parallel()
	for row := range rowTypes() {
		if !reflect.PointerTo(row).Implements(reflect.TypeFor[reader]()) {
			t.Errorf("%s has no members of its own", row)
		}
	}
}

// foreign is a struct of another package: lists take any, with all that a tag may say.
type foreign = struct {
	ID    int64 `json:"id,string"`
	Other string
}

func oracles() map[reflect.Type]func([]byte) (any, error) {
	all := map[reflect.Type]func([]byte) (any, error){
		reflect.TypeFor[Decimal]():            oracleDecimal,
		reflect.TypeFor[Time]():               oracleTime,
		reflect.TypeFor[Strings]():            oracleStrings,
		reflect.TypeFor[Picture]():            oraclePicture,
		reflect.TypeFor[PropertiesAgg]():      oracleProperties,
		reflect.TypeFor[List[int64]]():        oracleList[int64],
		reflect.TypeFor[List[*Tag]]():         oracleList[*Tag],
		reflect.TypeFor[List[Offer]]():        oracleList[Offer],
		reflect.TypeFor[List[any]]():          oracleList[any],
		reflect.TypeFor[List[foreign]]():      oracleList[foreign],
		reflect.TypeFor[envelope[Category]](): oraclePage,
	}
	for t := range rowTypes() {
		all[t] = func(in []byte) (any, error) { return oracleRow(t, in) }
	}
	all[reflect.TypeFor[Property]()] = oracleProperty
	all[reflect.TypeFor[PipelineStatus]()] = oraclePipelineStatus
	return all
}

// foldedName reports whether a text of in is a member's name but for the case of its letters: encoding/json takes it
// for that member, we do not.
func foldedName(in []byte, names map[string]bool) bool {
	for d := json.NewDecoder(bytes.NewReader(in)); ; {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && !names[s] && names[strings.ToLower(strings.ToUpper(s))] {
			return true
		}
	}
}

func knownNames() map[string]bool {
	known := make(map[string]bool)
	for _, name := range []string{"data", "current_page", "last_page", "total", "per_page", "next_page_url", "value"} {
		known[name] = true
	}
	for t := range rowTypes() {
		for _, name := range names(t) {
			known[name] = true
		}
	}
	return known
}

// FuzzDecode wants every type to take what encoding/json takes, and to make the same of it.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"data":{"0":{"id":1},"3":{"id":2}},"current_page":"1","last_page":2.0,"next_page_url":null}`, `{"data":[[],"x",null]}`, `null`, `[]`,
		`{"id":1,"products":[{"id":2,"price":"1","picture":{"original":"p"}}],"buyer":{"phone":"x"},"shipping":[],"status":null}`, `[[]]`,
		`{"id":1,"id":null,"sku":"a","sku":null,"product":{"id":1,"name":"x"},"product":{"id":2},"price":1,"price":null}`, `{"id":1.0}`,
		`{"contact":{"email":["a",1]},"status":{"title":"x"}}`, `{"properties_agg":{"Колір":["a"],"\u041a":"b"}}`, `{"id":9223372036854775808}`,
		`{"warehouse":[{"quantity":"-1.000"}]}`, `"2026-08-01 11:39:24"`, `"2026-08-01T11:39:24.000000Z"`, `"0000-00-00"`, `1e400`, `" 7 "`, `{"name":7,"value":null}`,
		`{"thumbnail":"","url":"u"}`, `{"10":1,"9":null,"a":3}`, "\"\xff\\ud800\"", `{"id":1} x`, `{"id":"1"}`, `[{"id":"1","Other":"a"}]`, ` { "name" : "a" } `,
	} {
		f.Add([]byte(s))
	}
	all, names := oracles(), knownNames()
	same := cmp.Options{
		cmp.Comparer(func(a, b decimal.Decimal) bool {
			return a.Exponent() == b.Exponent() && a.Coefficient().Cmp(b.Coefficient()) == 0
		}),
		cmpopts.EquateComparable(time.Time{}),
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if foldedName(in, names) {
			return
		}
		for typ, oracle := range all {
			v := reflect.New(typ)
			err := decode(in, v.Interface())
			if !json.Valid(in) {
				if err == nil {
					t.Errorf("%s: %q was read, and is no JSON", typ, in)
				}
				continue
			}
			want, wantErr := oracle(in)
			if (err == nil) != (wantErr == nil) {
				t.Errorf("%s: %q: %v, want %v", typ, in, err, wantErr)
			} else if err == nil && !cmp.Equal(want, v.Interface(), same) {
				t.Errorf("%s: %q:\n%s", typ, in, cmp.Diff(want, v.Interface(), same))
			}
		}
	})
}
