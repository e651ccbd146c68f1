package hooks_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/testbed"
	"github.com/keybridge/keybridge/plugin"
)

// noted remembers the stock calls that were noted.
type noted struct {
	mu    sync.Mutex
	calls []string
}

// Note implements hooks.Stocks.
func (n *noted) Note(_ context.Context, conn plugin.ConnectionID, offers []string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls = append(n.calls, string(conn)+": "+strings.Join(offers, " "))
	return nil
}

const stockBody = `[{"offer_id":130827,"sku":"A-1","in_stock":16,"in_reserve":3},{"offer_id":7,"sku":null,"in_stock":"-1.000","in_reserve":0}]`

func (r *rig) stockLink() string {
	r.t.Helper()
	link, err := r.store.EnsureLink(r.t.Context(), r.conn.ID, settings.ObjectStock)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.web.URL + "/hooks/stock/" + link.Token
}

func TestWhoMayCallTheStockWebhook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	link := r.stockLink()
	//nolint:paralleltest // all have called before what follows
	for name, c := range map[string]struct {
		method, url string
		want        int
	}{
		"the CRM":                       {http.MethodPost, link, http.StatusOK},
		"a GET":                         {http.MethodGet, link, http.StatusMethodNotAllowed},
		"a GET with a wrong token":      {http.MethodGet, r.web.URL + "/hooks/stock/guess", http.StatusMethodNotAllowed},
		"a wrong token":                 {http.MethodPost, r.web.URL + "/hooks/stock/guess", http.StatusNotFound},
		"the token of orders":           {http.MethodPost, strings.Replace(r.links[settings.ObjectOrder], "/orders/", "/stock/", 1), http.StatusNotFound},
		"orders by the token of stocks": {http.MethodPost, strings.Replace(link, "/stock/", "/orders/", 1), http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			if got := r.call(c.method, c.url, asJSON, stockBody); got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
		})
	}
	if want := []string{string(r.conn.ID) + ": 130827 7"}; !slices.Equal(r.stocks.calls, want) {
		t.Errorf("noted %q, want %q", r.stocks.calls, want)
	}
	r.active.Store(false)
	if got := r.call(http.MethodPost, link, asJSON, stockBody); got != http.StatusNotFound {
		t.Errorf("an inactive shop: %d, want 404", got)
	}
}

func TestStockBodiesAreAnsweredOK(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	link := r.stockLink()
	var many []string
	for id := range 20_000 {
		many = append(many, fmt.Sprintf(`{"offer_id":%d,"sku":"SKU-%d","in_stock":1,"in_reserve":0}`, id+1, id))
	}
	//nolint:paralleltest // each looks at the one journal after its own call
	for name, c := range map[string]struct {
		body   string
		offers int // -1: the call is noted as unreadable
		reason hooks.Reason
	}{
		"two offers":          {stockBody, 2, ""},
		"a test call":         {`[]`, 0, ""},
		"an import":           {"[" + strings.Join(many, ",") + "]", 20_000, ""},
		"nothing":             {"", -1, hooks.ReasonBadBody},
		"a status's event":    {statusHook(1), -1, hooks.ReasonBadBody},
		"rows without offers": {`[{"sku":"A"}]`, -1, hooks.ReasonBadBody},
		"too much":            {strings.Repeat(" ", 5<<20) + "[]", -1, hooks.ReasonTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			r.stocks.calls = nil
			if got := r.call(http.MethodPost, link, asJSON, c.body); got != http.StatusOK {
				t.Errorf("status %d, want 200", got)
			}
			if c.offers < 0 {
				last, err := r.hooks.Inbox().LastUnreadable(t.Context(), r.conn.ID, settings.ObjectStock)
				if err != nil || len(r.stocks.calls) != 0 || last.Reason != c.reason {
					t.Errorf("noted %q, journal %+v, %v", r.stocks.calls, last, err)
				}
				if _, err := r.db.Exec(`DELETE FROM keybridge.inbox_event`); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(r.stocks.calls) != 1 || len(strings.Fields(r.stocks.calls[0]))-1 != c.offers {
				t.Errorf("%d calls noted, want one of %d offers", len(r.stocks.calls), c.offers)
			}
		})
	}
}

func TestStockWebhookWithoutDatabaseIsRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	dead := sqlx.MustOpen("postgres", "postgres://nobody@127.0.0.1:1/none?sslmode=disable&connect_timeout=1")
	t.Cleanup(func() { _ = dead.Close() })
	h := r.newHooks(dead, testbed.Settings(t, dead, r.clock))
	w := httptest.NewRecorder()
	h.Webhooks().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/stock/token", strings.NewReader(stockBody)))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", w.Code)
	}
}
