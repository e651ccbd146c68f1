package demoshop

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
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
		if got := strings.ReplaceAll(formatPrice(decimal.RequireFromString(c.amount), c.kopecks), nbsp, " "); got != c.want {
			t.Errorf("formatPrice(%s, %v) = %q, want %q", c.amount, c.kopecks, got, c.want)
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Світшот «Зоряна ніч», M": "svitshot-zoriana-nich-m", "Щастя": "shchastia", "!!!": "", "Їжа & напої": "izha-napoi",
	} {
		if got := slug(name); got != want {
			t.Errorf("slug(%q) = %q, want %q", name, got, want)
		}
	}
	if id, ok := leadingID("12-svitshot-3"); id != 12 || !ok {
		t.Errorf("leadingID answers %d, %v", id, ok)
	}
}

func TestUkrainianOrder(t *testing.T) {
	t.Parallel()
	want := []string{"гай", "ґанок", "Дім", "еко", "Єнот", "жук", "їжак", "йод", "ящик"}
	got := slices.Clone(want)
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(ukrainianOrder(b), ukrainianOrder(a)) })
	slices.Reverse(got)
	if !slices.Equal(got, want) {
		t.Errorf("sorted %v, want %v", got, want)
	}
	if ukrainianOrder("ирис") > ukrainianOrder("іній") || ukrainianOrder("іній") > ukrainianOrder("їжак") {
		t.Error("и, і, ї are out of order")
	}
}

func TestSumsNeverGoBelowZero(t *testing.T) {
	t.Parallel()
	p, ok := promoOf("друзі100")
	if !ok {
		t.Fatal("the code is unknown")
	}
	lines := []pricedLine{{goods: goods{Price: decimal.NewNullDecimal(decimal.NewFromInt(30))}, Quantity: decimal.NewFromInt(2)}}
	sum := sumUp(lines, p, nil, decimal.NewFromInt(80))
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
		if q, ok := readQuantity(c.text, c.unit); ok != c.ok {
			t.Errorf("readQuantity(%q, %q) = %s, %v", c.text, c.unit, q, ok)
		}
	}
}

func TestPagerKeepsTheFilter(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/catalog?sort=price&page=5&utm_source=x&done=saved", nil)
	p := newPager(r, 5, 24, 24*20)
	if got := p.Href(6); got != "/catalog?page=6&sort=price" {
		t.Errorf("Href = %q", got)
	}
	if got := p.Near(); !slices.Equal(got, []int{1, 0, 3, 4, 5, 6, 7, 0, 20}) {
		t.Errorf("Near = %v", got)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(orderCursor{opened(), 7}.String())
	f.Add("")
	f.Add("AAAA")
	f.Add("LTkyMjMzNzIwMzY4NTQ3NzU4MDguMQ")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		switch {
		case err != nil:
			if !errors.Is(err, plugin.ErrInvalid) {
				t.Errorf("error %v is not ErrInvalid", err)
			}
		case c != nil:
			again, err := parseCursor(c.String())
			if err != nil || !again.at.Equal(c.at) || again.id != c.id {
				t.Errorf("%q reads as %+v, written and read again as %+v, %v", text, c, again, err)
			}
		}
	})
}

func FuzzReadDecimal(f *testing.F) {
	for _, s := range []string{"1 299,50", "1e9", "-0.01", "..", "", "٣", "1\u00a0000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := readDecimal(text)
		if ok && (len(d.String()) > 25 || d.Exponent() > 0) {
			t.Errorf("%q reads as %s", text, d)
		}
	})
}

func FuzzCheckoutForm(f *testing.F) {
	f.Add("name=Олена&phone=0501234567&delivery=pickup&payment=cash&token=x")
	f.Add("delivery=np_courier&date=2026-99-99&promo=\x00")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/checkout", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form := readCheckoutForm(r)
		bad := form.check(opened())
		if len(bad) > 0 {
			return
		}
		var o orderRow
		form.fill(&o)
		if o.BuyerName == "" || o.BuyerPhone == "" || o.DeliveryMethod == "" {
			t.Errorf("%q was accepted as %+v", body, o)
		}
		for _, text := range []string{o.BuyerName, o.Comment, o.City, o.Street} {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				t.Errorf("%q left a text that cannot be stored: %q", body, text)
			}
		}
	})
}

func FuzzUTM(f *testing.F) {
	f.Add("utm_source=google&utm_medium=cpc")
	f.Add("utm_source=%ff%00")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		u := utmOf(q)
		if back := utmOf(utmQuery(u)); back != u {
			t.Errorf("%+v comes back as %+v", u, back)
		}
	})
}

func TestDayWithin(t *testing.T) {
	t.Parallel()
	kyiv, err := time.LoadLocation(zoneName)
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
