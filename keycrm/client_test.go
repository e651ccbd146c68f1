package keycrm_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
)

func TestNewChecksItsInput(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, base, key string
		ok              bool
	}{
		{"the live service", keycrm.BaseURL, testKey, true},
		{"a slash at the end and spaces around the key", "https://openapi.keycrm.app/v1/", " " + testKey + "\n", true},
		{"a simulator on loopback", "http://127.0.0.1:8080/v1", testKey, true},
		{"plain http elsewhere", "http://crm.example.com/v1", testKey, false},
		{"a password in the address", "https://user:secret@crm.example.com/v1", testKey, false},
		{"a query", "https://crm.example.com/v1?x=1", testKey, false},
		{"another scheme", "ftp://crm.example.com/v1", testKey, false},
		{"no address", "", testKey, false},
		{"no key", keycrm.BaseURL, " ", false},
		{"a key with a line break", keycrm.BaseURL, "abc\r\nX-Evil: 1", false},
		{"a key in Cyrillic", keycrm.BaseURL, "ключ", false},
	}
	for _, tc := range cases {
		_, err := keycrm.New(tc.base, tc.key)
		if (err == nil) != tc.ok {
			t.Errorf("%s: New(%q, …) = %v", tc.name, tc.base, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows a secret: %v", tc.name, err)
		}
	}
	if _, err := keycrm.New("http://crm.internal/v1", testKey, keycrm.WithPlainHTTP()); err != nil {
		t.Errorf("WithPlainHTTP: %v", err)
	}
}

func TestKeyIsInNoDump(t *testing.T) {
	t.Parallel()
	c := dial(t, keycrm.BaseURL)
	type holder struct{ c *keycrm.Client }
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		for _, v := range []any{c, *c, holder{c}, []*keycrm.Client{c}, c.Orders, *c.Orders} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, testKey) {
				t.Errorf("Sprintf(%s, %T) shows the key", verb, v)
			}
		}
	}
}

func TestRequestCarriesWhatKeyCRMWants(t *testing.T) {
	t.Parallel()
	var got *http.Request
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"message":"Not found"}`))
	})
	shared := &http.Client{}
	c := dial(t, base+"/v1", keycrm.WithUserAgent("keybridge/1.2"), keycrm.WithHTTPClient(shared))
	_, err := c.Orders.Update(t.Context(), 7, keycrm.OrderUpdate{StatusID: 3})
	if !errors.Is(err, keycrm.ErrNotFound) {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer " + testKey, "Accept": "application/json", "Content-Type": "application/json",
		"User-Agent": "keybridge/1.2",
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s: got %q, want %q", name, v, want)
		}
	}
	if got.Method != http.MethodPut || got.URL.Path != "/v1/order/7" {
		t.Errorf("sent %s %s", got.Method, got.URL.Path)
	}
	if shared.CheckRedirect != nil || shared.Transport != nil {
		t.Error("the caller's http.Client was changed")
	}
}

func TestStrangersCertificateIsRefused(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, err := dial(t, s.URL).Orders.Create(t.Context(), keycrm.OrderCreate{})
	if !errors.Is(err, keycrm.ErrUnavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want a refused certificate and nothing sent", err)
	}
}
