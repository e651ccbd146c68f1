package admin_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/plugin"
)

// writingRoute is a registered route that is not only for reading.
type writingRoute struct{ method, path string }

// writingRoutes lists every such route of the page, with the connection put in and 1 for all else.
func (r *rig) writingRoutes(connection string) []writingRoute {
	r.t.Helper()
	routes, ok := r.page.Handler().(chi.Routes)
	if !ok {
		r.t.Fatal("the page's routes cannot be listed")
	}
	var out []writingRoute
	err := chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method == http.MethodGet || method == http.MethodHead {
			return nil
		}
		path := strings.NewReplacer("{connection}", connection, "{run}", "1", "{entry}", "1", "/*", "").Replace(route)
		out = append(out, writingRoute{method, strings.TrimSuffix(path, "/")})
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// TestEveryRegisteredWriteNeedsTheToken asks the router itself, so that a new route is not forgotten.
func TestEveryRegisteredWriteNeedsTheToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	routes := r.writingRoutes(strings.TrimPrefix(path, "/c/"))
	if len(routes) < 20 {
		t.Fatalf("only %d routes are found: %v", len(routes), routes)
	}
	before := r.conn(path)
	for _, route := range routes {
		for name, c := range map[string]struct {
			query  string
			fields url.Values
			header http.Header
		}{
			"without a token":            {},
			"with a guessed token":       {fields: url.Values{plugin.CSRFField: {"guessed"}}},
			"with a token cut short":     {fields: url.Values{plugin.CSRFField: {token[:len(token)-1]}}},
			"with the token in the link": {query: "?" + plugin.CSRFField + "=" + token},
			"with a guessed header":      {header: http.Header{plugin.CSRFHeader: {"guessed"}}},
			"with the token in a cookie": {header: http.Header{"Cookie": {plugin.CSRFField + "=" + token}}},
			"with a wrong header over the right field": {
				fields: url.Values{plugin.CSRFField: {token}}, header: http.Header{plugin.CSRFHeader: {"guessed"}},
			},
		} {
			fields := url.Values{"confirm": {"yes"}, "on": {"0"}, "kind": {"full"}, "key": {r.crm.Key()}}
			maps.Copy(fields, c.fields)
			got := r.do(route.method, route.path+c.query, "application/x-www-form-urlencoded", strings.NewReader(fields.Encode()), c.header)
			if got.status != http.StatusForbidden {
				t.Errorf("%s %s %s: %d, want 403", route.method, route.path, name, got.status)
			}
		}
		if got := r.do(route.method, route.path, "application/json", strings.NewReader(`{"kind":"full"}`), nil); got.status != http.StatusForbidden {
			t.Errorf("%s %s with JSON and no token: %d, want 403", route.method, route.path, got.status)
		}
	}
	if after := r.conn(path); after.Version != before.Version || !after.Enabled {
		t.Errorf("something was changed: %+v", after)
	}
	if got := r.get("/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/runs").want(http.StatusOK).raw; strings.Contains(got, `"full"`) {
		t.Errorf("a run was started: %s", got)
	}
}

// TestNoRegisteredRouteReachesAnotherShop: whatever is asked of a connection of another shop, it does not exist.
func TestNoRegisteredRouteReachesAnotherShop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.connected()
	foreign, err := r.store.Create(t.Context(), "another-shop", "keycrm", "KeyCRM", "key-of-another-shop", "")
	if err != nil {
		t.Fatal(err)
	}
	routes, ok := r.page.Handler().(chi.Routes)
	if !ok {
		t.Fatal("the page's routes cannot be listed")
	}
	asked := 0
	err = chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if !strings.Contains(route, "{connection}") {
			return nil
		}
		asked++
		path := strings.TrimSuffix(strings.NewReplacer("{connection}", string(foreign.ID), "{run}", "1", "{entry}", "1").Replace(route), "/")
		body := url.Values{plugin.CSRFField: {token}, "confirm": {"yes"}, "on": {"0"}, "kind": {"full"}, "key": {r.crm.Key()}}.Encode()
		got := r.do(method, path, "application/x-www-form-urlencoded", strings.NewReader(body), nil)
		if got.status != http.StatusNotFound {
			t.Errorf("%s %s: %d, want 404", method, path, got.status)
		}
		return nil
	})
	if err != nil || asked < 30 {
		t.Fatalf("%d routes were asked, %v", asked, err)
	}
	if c, err := r.store.Get(t.Context(), foreign.ID); err != nil || c.Version != foreign.Version || c.Enabled != foreign.Enabled {
		t.Errorf("the connection is now %+v, %v", c, err)
	}
}

// TestNoRegisteredRouteTakesWhatIsNoText: such requests are refused in words, and nobody is woken by the log.
func TestNoRegisteredRouteTakesWhatIsNoText(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	connection := strings.TrimPrefix(r.connected(), "/c/")
	routes, ok := r.page.Handler().(chi.Routes)
	if !ok {
		t.Fatal("the page's routes cannot be listed")
	}
	err := chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasPrefix(route, "/static/") {
			return nil
		}
		path := strings.TrimSuffix(strings.NewReplacer("{connection}", connection, "{run}", "1", "{entry}", "1").Replace(route), "/")
		asked := []string{path + "?after=%00", path + "?done=%ff"}
		if strings.Contains(route, "{connection}") {
			asked = append(asked, strings.Replace(path, connection, "%00", 1), strings.Replace(path, connection, "%ff", 1))
		}
		for _, address := range asked {
			body := url.Values{plugin.CSRFField: {token}}.Encode()
			if got := r.do(method, address, "application/x-www-form-urlencoded", strings.NewReader(body), nil); got.status != http.StatusBadRequest {
				t.Errorf("%s %s: %d, want 400", method, address, got.status)
			}
		}
		if strings.HasPrefix(route, "/api/") && method != http.MethodGet {
			if got := r.call(method, path, `{"product": "1", "kind": "full", "products": ["a\u0000b"]}`); got.status != http.StatusBadRequest {
				t.Errorf("%s %s with JSON: %d, want 400", method, path, got.status)
			}
		}
		if method != http.MethodPost {
			return nil
		}
		body := url.Values{plugin.CSRFField: {token}, "product": {"\x00"}, "shown": {"\x00"}, "key": {"\xff"}, "field": {"name"}}.Encode()
		if got := r.do(method, path, "application/x-www-form-urlencoded", strings.NewReader(body), nil); got.status != http.StatusBadRequest {
			t.Errorf("%s %s with a form: %d, want 400", method, path, got.status)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.log.Len() > 0 {
		t.Errorf("logged: %s", r.log)
	}
}
