package keycrm

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"testing"
	"time"
)

// pages are ones the simulator gave; the orders are the first twelve of a page, with all parts.
//
//go:embed testdata/pages
var pages embed.FS

// kept is a page of testdata and how both sides decode it.
type kept struct {
	name  string
	ours  func(page []byte) (rows int, err error)
	plain func(page []byte) (rows int, err error)
}

func keptPages() []kept {
	return []kept{keptPage[Offer]("offers"), keptPage[Product]("products"), keptPage[Order]("orders")}
}

func keptPage[T any](name string) kept {
	page := reflect.StructOf([]reflect.StructField{
		{Name: "Data", Type: reflect.SliceOf(plainOf(reflect.TypeFor[T](), "")), Tag: `json:"data"`},
		{Name: "CurrentPage", Type: reflect.TypeFor[int](), Tag: `json:"current_page"`},
		{Name: "LastPage", Type: reflect.TypeFor[int](), Tag: `json:"last_page"`},
		{Name: "Total", Type: reflect.TypeFor[int](), Tag: `json:"total"`},
		{Name: "PerPage", Type: reflect.TypeFor[int](), Tag: `json:"per_page"`},
		{Name: "NextPageURL", Type: reflect.TypeFor[string](), Tag: `json:"next_page_url"`},
	})
	return kept{
		name: name,
		ours: func(data []byte) (int, error) {
			var env envelope[T]
			if err := decode(data, &env); err != nil {
				return 0, err
			}
			return len(*env.Data), nil
		},
		plain: func(data []byte) (int, error) {
			v := reflect.New(page)
			err := json.Unmarshal(data, v.Interface())
			return v.Elem().Field(0).Len(), err
		},
	}
}

// plainOf is t as encoding/json reads it fastest: the same members, with numbers, texts, bools and lists that forgive
// nothing, times left as texts, and no text of the row kept. name is the member it stands in.
func plainOf(t reflect.Type, name string) reflect.Type {
	switch t {
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[AddressPayload]():
		return reflect.TypeFor[json.RawMessage]() // a field's value has any form, an address is an object or []
	case reflect.TypeFor[Decimal]():
		return reflect.TypeFor[json.Number]() // some are texts, which float64 refuses
	case reflect.TypeFor[Time](), reflect.TypeFor[string]():
		return reflect.TypeFor[string]()
	case reflect.TypeFor[Picture]():
		return reflect.TypeFor[struct {
			Thumbnail string `json:"thumbnail"`
		}]()
	case reflect.TypeFor[Bool]():
		if name == "has_duplicates" {
			return reflect.TypeFor[int]()
		}
		return reflect.TypeFor[bool]()
	case reflect.TypeFor[Strings]():
		if name == "attachments_data" {
			return reflect.TypeFor[[]string]()
		}
		return reflect.TypeFor[string]()
	case reflect.TypeFor[PropertiesAgg]():
		return reflect.TypeFor[map[string][]string]()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return reflect.PointerTo(plainOf(t.Elem(), name))
	case reflect.Slice:
		return reflect.SliceOf(plainOf(t.Elem(), name))
	case reflect.Struct:
		var fields []reflect.StructField
		for f := range t.Fields() {
			if tag := f.Tag.Get("json"); tag != "-" {
				fields = append(fields, reflect.StructField{Name: f.Name, Tag: f.Tag, Type: plainOf(f.Type, tag)})
			}
		}
		return reflect.StructOf(fields)
	default:
		return t
	}
}

func pageFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := pages.ReadFile("testdata/pages/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestDecodingCostsHardlyMoreThanPlain compares decoding a page, with all that is forgiven and kept, with encoding/json
// into plain structs. Every day it sees that both read all rows; for `make bench` it takes the time, the best of many
// turns, the two sides one after the other.
func TestDecodingCostsHardlyMoreThanPlain(t *testing.T) { //nolint:paralleltest // takes times
	turns, repeat := 1, 1
	if os.Getenv("KEYBRIDGE_PACE") != "" {
		turns, repeat = 400, 10
	}
	for _, k := range keptPages() {
		data := pageFile(t, k.name)
		best := [2]float64{math.Inf(1), math.Inf(1)}
		var rows [2]int
		for range turns {
			for side, read := range []func([]byte) (int, error){k.ours, k.plain} {
				start := time.Now()
				for range repeat {
					n, err := read(data)
					if err != nil {
						t.Fatalf("%s: %v", k.name, err)
					}
					rows[side] = n
				}
				best[side] = min(best[side], time.Since(start).Seconds()/float64(repeat*rows[side]))
			}
		}
		if rows[0] == 0 || rows[0] != rows[1] {
			t.Errorf("%s: %d rows, %d in plain structs", k.name, rows[0], rows[1])
		}
		t.Logf("%s: %.2f µs a row, plain %.2f µs", k.name, best[0]*1e6, best[1]*1e6)
		if turns > 1 {
			decodeFigure(t, "decode-"+k.name, best[0]/best[1])
		}
	}
}

// decodeFigure prints what was measured and holds it to its goal.
func decodeFigure(t *testing.T, name string, value float64) {
	t.Helper()
	const goal = 1.3
	verdict := "pass"
	if value > goal {
		verdict = "FAIL"
		t.Errorf("%s is %.4g, want at most %g", name, value, goal)
	}
	fmt.Fprintf(os.Stdout, "figure=%s value=%.4g goal=<=%g %s\n", name, value, goal, verdict)
}

func BenchmarkDecode(b *testing.B) {
	for _, k := range keptPages() {
		data := pageFile(b, k.name)
		for side, read := range map[string]func([]byte) (int, error){"ours": k.ours, "plain": k.plain} {
			b.Run(k.name+"/"+side, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := read(data); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
