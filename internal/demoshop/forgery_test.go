package demoshop_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/internal/demoshop/bridge"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/shoptest"
	"github.com/keybridge/keybridge/plugin"
)

// formRoutes lists every registered route that takes forms, but for what the CRM calls.
func formRoutes(t *testing.T, s *shoptest.Shop) []string {
	t.Helper()
	routes, ok := s.Handler().(chi.Routes)
	if !ok {
		t.Fatal("the shop's routes cannot be listed")
	}
	var out []string
	err := chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method != http.MethodPost || strings.HasPrefix(route, bridge.HookPath) || strings.HasPrefix(route, "/static") {
			return nil
		}
		out = append(out, strings.NewReplacer("{id}", "1", "{number}", "1001", "/*", "/c/1/runs").Replace(route))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sendFrom posts a form as a browser does that says where it comes from.
func sendFrom(t *testing.T, b *shoptest.Browser, address string, header http.Header, form url.Values) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.Send(req).Status
}

// TestEveryRegisteredFormRefusesForgeries asks the router itself, so that a new route is not forgotten.
func TestEveryRegisteredFormRefusesForgeries(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	reached := ""
	p := shoptest.NewPlugin()
	p.Pages = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s.VerifyCSRF(r) == nil { // what the plugin must ask before it writes
			reached = r.URL.Path
		}
	})
	s.Use(p)
	o := s.Order(t, s.Browser(t).Buy(s.Create(t, shoptest.Simple("Чай", "80", "2"))[0].Added))
	b := s.Browser(t)
	token := b.SignIn("admin", "owner-secret")
	stranger := s.Browser(t)
	other := s.Browser(t).SignIn("manager", "manager-secret")

	routes := formRoutes(t, s)
	if len(routes) < 20 {
		t.Fatalf("only %d routes are found: %v", len(routes), routes)
	}
	fields := url.Values{"to": {domain.StatusConfirmed}, "name": {"Чай"}, "lang": {"en"}, "phone_region": {"PL"}, "login": {"admin"}, "password": {"owner-secret"}}
	with := func(token string) url.Values {
		out := url.Values{plugin.CSRFField: {token}}
		for k, v := range fields {
			out[k] = v
		}
		return out
	}
	foreign := []http.Header{
		{"Origin": {"https://elsewhere.example"}},
		{"Origin": {"null"}},
		{"Origin": {s.URL + ".elsewhere.example"}},
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
	}
	for _, route := range routes {
		for _, from := range foreign {
			if status := sendFrom(t, b, s.URL+route, from, with(token)); status != http.StatusForbidden {
				t.Errorf("POST %s with %v: %d, want 403", route, from, status)
			}
		}
		if !strings.HasPrefix(route, "/admin/") || route == "/admin/login" {
			continue // no session protects these: the origin does
		}
		if status := sendFrom(t, stranger, s.URL+route, http.Header{}, with(token)); status != http.StatusSeeOther {
			t.Errorf("POST %s signed out: %d, want the sign-in page", route, status)
		}
		for name, form := range map[string]url.Values{"no token": fields, "another's token": with(other), "a guess": with("x")} {
			status := sendFrom(t, b, s.URL+route, http.Header{}, form)
			if status != http.StatusForbidden && !strings.HasPrefix(route, bridge.AdminPath) {
				t.Errorf("POST %s with %s: %d, want 403", route, name, status)
			}
		}
	}
	if reached != "" {
		t.Errorf("the plugin took a forged form at %s", reached)
	}
	if sendFrom(t, b, s.URL+bridge.AdminPath+"/c/1/runs", http.Header{"Origin": {s.URL}}, with(token)); reached == "" {
		t.Error("the plugin did not take the operator's own form either")
	}
	if got := s.Order(t, o.Number); got.Status != o.Status {
		t.Errorf("the order is now %q", got.Status)
	}
	if set, err := s.Store.Office.Settings(t.Context()); err != nil || set.PhoneRegion != "UA" {
		t.Errorf("settings %+v, %v", set, err)
	}
}
