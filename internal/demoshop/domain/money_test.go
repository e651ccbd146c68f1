package domain

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

func TestFormatPrice(t *testing.T) {
	t.Parallel()
	cases := []struct {
		amount  string
		kopecks bool
		want    string
	}{
		{"1299", false, "1 299 ₴"},
		{"1299", true, "1 299,00 ₴"},
		{"99.5", false, "99,50 ₴"},
		{"0", false, "0 ₴"},
		{"1234567.891", false, "1 234 567,89 ₴"},
		{"-50", false, "−50 ₴"},
		{"999.999", false, "1 000 ₴"},
	}
	for _, c := range cases {
		if got := strings.ReplaceAll(FormatPrice(decimal.RequireFromString(c.amount), c.kopecks), nbsp, " "); got != c.want {
			t.Errorf("FormatPrice(%s, %v) = %q, want %q", c.amount, c.kopecks, got, c.want)
		}
	}
}

func TestUkrainianOrder(t *testing.T) {
	t.Parallel()
	want := []string{"гай", "ґанок", "Дім", "еко", "Єнот", "жук", "їжак", "йод", "ящик"}
	got := slices.Clone(want)
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(UkrainianOrder(b), UkrainianOrder(a)) })
	slices.Reverse(got)
	if !slices.Equal(got, want) {
		t.Errorf("sorted %v, want %v", got, want)
	}
	if UkrainianOrder("ирис") > UkrainianOrder("іній") || UkrainianOrder("іній") > UkrainianOrder("їжак") {
		t.Error("и, і, ї are out of order")
	}
}

func TestSumsNeverGoBelowZero(t *testing.T) {
	t.Parallel()
	p, ok := PromoOf("друзі100")
	if !ok {
		t.Fatal("the code is unknown")
	}
	lines := []PricedLine{{Goods: Goods{Price: decimal.NewNullDecimal(decimal.NewFromInt(30))}, Quantity: decimal.NewFromInt(2)}}
	sum := SumUp(lines, p, nil, decimal.NewFromInt(80))
	if !sum.Discount.Equal(decimal.NewFromInt(60)) || !sum.Total.Equal(decimal.NewFromInt(80)) {
		t.Errorf("sums are %+v", sum)
	}
}

func TestQuantitiesFollowTheUnit(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text, unit string
		ok         bool
	}{
		{"2", "", true},
		{"1.5", "", false},
		{"1,5", "м", true},
		{"0,0001", "кг", false},
		{"0", "", false},
		{"-1", "", false},
		{"1000", "", false},
		{"1e2", "", false},
		{"", "", false},
		{"2", "шт.", true},
	}
	for _, c := range cases {
		if q, ok := ReadQuantity(c.text, c.unit); ok != c.ok {
			t.Errorf("ReadQuantity(%q, %q) = %s, %v", c.text, c.unit, q, ok)
		}
	}
}

func FuzzReadDecimal(f *testing.F) {
	for _, s := range []string{"1 299,50", "1e9", "-0.01", "..", "", "٣", "1\u00a0000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := ReadDecimal(text)
		if ok && (len(d.String()) > 25 || d.Exponent() > 0) {
			t.Errorf("%q reads as %s", text, d)
		}
	})
}

func TestDayWithin(t *testing.T) {
	t.Parallel()
	kyiv, err := time.LoadLocation(ZoneName)
	if err != nil {
		t.Fatal(err)
	}
	late := time.Date(2026, 3, 2, 22, 30, 0, 0, time.UTC).In(kyiv) // already the third in Kyiv
	for day, want := range map[string]bool{"2026-03-03": false, "2026-03-04": true, "2026-04-02": true, "2026-04-03": false, "soon": false} {
		if got := dayWithin(day, late, 30); got != want {
			t.Errorf("dayWithin(%s) = %v", day, got)
		}
	}
}
