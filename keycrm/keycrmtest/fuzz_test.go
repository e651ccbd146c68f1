package keycrmtest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// FuzzRequests sends anything to the API and to the pages: none may panic, hang or answer 500, and the account must
// work afterwards.
func FuzzRequests(f *testing.F) {
	for _, seed := range []struct{ method, target, body string }{
		{"GET", "/v1/order?limit=50&page=2&include=products.offer,buyer&filter[status_id]=1,x&sort=-updated_at,id", ""},
		{"GET", "/v1/offers?filter[sku]=TEE-00001-BLK-1,&filter[id]=9223372036854775807&page=9223372036854775807", ""},
		{"GET", "/v1/offers/stocks?filter[details]=true&filter[offers_id]=-1", ""},
		{"GET", "/v1/order?filter[created_between]=2026-01-01,,&filter[updated_between][from]=x&filter[]=1&filter[a", ""},
		{"GET", "/v1/pipelines/cards?filter[created_between]=0000-00-00,9999-99-99", ""},
		{"POST", "/v1/order", `{"source_id":7,"source_uuid":"A","buyer":{"full_name":"x"},"products":[{"sku":"TEE-00001","price":1e300,"quantity":-1}],"payments":[{}],"shipping":[],"tags":[1]}`},
		{"POST", "/v1/order", `{"source_id":"7","buyer":{"phone":"1"},"custom_fields":[{"uuid":"OR_1009","value":["Звичайне"]},{"uuid":null}],"ordered_at":"2026-13-01"}`},
		{"PUT", "/v1/order/70001", `{"status_id":12,"products":[{"id":880001,"quantity":0.0000000000000000001}],"shipping":{"tracking_code":""}}`},
		{"POST", "/v1/order/70001/payment", `{"payment_method":"Готівка","amount":"1e5"}`},
		{"DELETE", "/v1/order/70001/tag/4", ""},
		{"POST", "/v1/pipelines/cards", `{"contact":{"client_id":3001},"products":[null,1,[]],"pipeline_id":2}`},
		{"PUT", "/v1/pipelines/cards/4001", `{"products":[{"price":1}],"status_id":201,"communicate_at":"x"}`},
		{"PUT", "/v1/offers", `{"offers":[{"sku":"TEE-00001","price":"7"},{"id":20001,"weight":null}]}`},
		{"PUT", "/v1/offers/stocks", `{"warehouse_id":1,"stocks":[{"offer_id":20001,"quantity":-0.5}]}`},
		{"POST", "/v1/products/1001/offers", `{"offers":[{"properties":[{"name":"a","value":"b"}]}]}`},
		{"POST", "/v1/buyer", `{"full_name":"x","phone":[],"shipping":[{}]}`},
		{"POST", "/v1/order?source_id=7&buyer[full_name]=x", "products[0][name]=a&products[][price]=1&products[x]=2&tags[]=4&a[b=1&[c]=2"},
		{"POST", "/v1/pipelines/cards?contact[phone]=1", "--x\r\nContent-Disposition: form-data; name=\"products[][name]\"\r\n\r\na\r\n--x--"},
		{"GET", "/catalog?page=-1&q=%00&category=x", ""},
		{"GET", "/orders/99999999999999999999", ""},
		{"GET", "/pictures/p1001-1.jpg?x", ""},
		{"POST", "/orders/70001/lines", "sku=TEE-00001&quantity=1,5"},
		{"POST", "/catalog/1001/archive", "archived=1"},
		{"POST", "/triggers", "url=%zz&source=x"},
		{"POST", "/dictionaries/fields", "name=x&model=order&type=select&options=a,,b"},
		{"PATCH", "/v1/", ""},
		{"HEAD", "/v1/users", ""},
	} {
		f.Add(seed.method, seed.target, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, method, target string, body []byte) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" || u.Scheme != "" {
			return
		}
		s := keycrmtest.New(keycrmtest.WithCatalog(12, 30), keycrmtest.WithHistory(3), keycrmtest.WithManualWebhooks(), keycrmtest.WithStrict())
		defer func() { _ = s.Close() }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		kind := "application/x-www-form-urlencoded"
		switch {
		case bytes.HasPrefix(body, []byte("--x")):
			kind = "multipart/form-data; boundary=x"
		case bytes.HasPrefix(body, []byte("{")):
			kind = "application/json"
		}
		req, err := http.NewRequestWithContext(ctx, method, s.URL()+target, bytes.NewReader(body))
		if err != nil {
			return // no method or address that could travel
		}
		req.Header.Set("Authorization", "Bearer "+s.Key())
		req.Header.Set("Content-Type", kind)
		res, err := s.Transport().RoundTrip(req)
		if err != nil {
			t.Fatalf("%s %q: %v", method, target, err)
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode >= http.StatusInternalServerError {
			t.Fatalf("%s %q: %d %.200s (%v)", method, target, res.StatusCode, text, err)
		}
		c, err := keycrm.New(s.BaseURL(), s.Key(), keycrm.WithTransport(s.Transport()))
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range []func() error{
			func() error { _, _, err := c.Orders.List(ctx, keycrm.OrderQuery{}); return err },
			func() error { _, _, err := c.Offers.List(ctx, keycrm.OfferQuery{IncludeProduct: true}); return err },
		} {
			if err := list(); err != nil {
				t.Fatalf("after %s %q %q: %v", method, target, body, err)
			}
		}
	})
}
