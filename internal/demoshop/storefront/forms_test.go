package storefront

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

func FuzzCheckoutForm(f *testing.F) {
	f.Add("name=Олена&phone=0501234567&delivery=pickup&payment=cash&token=x")
	f.Add("delivery=np_courier&date=2026-99-99&promo=\x00")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/checkout", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form := readCheckoutForm(r)
		bad := form.Check(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
		if len(bad) > 0 {
			return
		}
		var o domain.Order
		form.Fill(&o)
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

func TestStorefrontIsChosenByKnownHost(t *testing.T) {
	t.Parallel()
	s := &Front{fronts: []domain.Storefront{{ID: "ua", Domains: []string{"shop.example"}}, {ID: "kids", Domains: []string{"kids.example"}}}}
	for host, want := range map[string][2]string{
		"kids.example:8080": {"kids", "kids.example"}, "SHOP.example": {"ua", "shop.example"}, "evil.example": {"ua", "shop.example"},
	} {
		r := &http.Request{Host: host}
		if front, name := s.frontOf(r); front != want[0] || name != want[1] {
			t.Errorf("host %s: %s on %s, want %v", host, front, name, want)
		}
	}
}
