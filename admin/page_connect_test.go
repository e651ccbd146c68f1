package admin_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func TestKeyThenSwitchOpensTheSettings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if path, _ := r.get("").leads(); path != "/connect" {
		t.Fatalf("without a connection the page leads to %q", path)
	}
	page := r.get("/connect").want(http.StatusOK).says("Ключ API").says("Підключення активне")
	key := page.Find(`input[name="key"]`)
	if key.AttrOr("autocomplete", "") != "off" || key.AttrOr("type", "") != "password" {
		t.Error("the browser may remember the key")
	}

	path, done := r.post("/connect", url.Values{"key": {"  " + r.crm.Key() + "\n"}}).leads()
	if done != "connected" {
		t.Fatalf("done %q", done)
	}
	page = r.get(path + "?done=connected").want(http.StatusOK).says("Обліковий запис підключено")
	if page.Find("fieldset[data-block]").Length() != 0 {
		t.Error("the blocks stand there before the switch is on")
	}
	if _, done := r.post(path+"/switch", url.Values{"on": {"1"}}).leads(); done != "switched_on" {
		t.Fatalf("done %q", done)
	}
	if n := r.get(path).want(http.StatusOK).Find("fieldset[data-block]").Length(); n != 7 {
		t.Errorf("%d blocks once the switch is on, want 7", n)
	}
	if home, _ := r.get("/").leads(); home != path {
		t.Errorf("with one connection the page leads to %q", home)
	}
	if c := r.conn(path); !c.Enabled || c.Running() || c.Account == "" {
		t.Errorf("connection = %+v", c)
	}
}

func TestKeyThatDoesNotWorkIsRefusedInWords(t *testing.T) {
	t.Parallel()
	const secretKey = "0123456789-somebody-elses-key"
	for name, c := range map[string]struct {
		key    string
		break_ func(*rig)
		status int
		says   string
	}{
		"empty":       {"  ", nil, 422, "Вставте ключ API."},
		"malformed":   {"ключ з пробілами", nil, 422, "не схоже на ключ API"},
		"unknown":     {secretKey, nil, 422, "KeyCRM не прийняв цей ключ"},
		"unreachable": {secretKey, func(r *rig) { r.crmURL = "http://127.0.0.1:1/v1" }, 503, "KeyCRM зараз не відповідає"},
		"hanging":     {secretKey, (*rig).hang, 503, "KeyCRM зараз не відповідає"},
		"limited":     {secretKey, func(r *rig) { r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultLimited}) }, 503, "KeyCRM просить зачекати"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if c.break_ != nil {
				c.break_(r)
			}
			page := r.post("/connect", url.Values{"key": {c.key}}).want(c.status).says(c.says)
			if page.Find(`input[name="key"][aria-invalid="true"]`).Length() != 1 || page.Find("#kb-key-problem").Length() != 1 {
				t.Error("the message does not stand beside the field")
			}
			if strings.Contains(page.raw, secretKey) {
				t.Error("the key came back in the page")
			}
			conns, err := r.store.List(t.Context(), shopID)
			if err != nil || len(conns) != 0 {
				t.Errorf("connections = %v, %v", conns, err)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if strings.Contains(r.log.String(), secretKey) {
				t.Error("the key is in the log")
			}
		})
	}
}

// otherAccount is the simulator as another account would answer: everything was made at other times.
func (r *rig) otherAccount() string {
	target, err := url.Parse(strings.TrimSuffix(r.crm.BaseURL(), "/v1"))
	if err != nil {
		r.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) },
		ModifyResponse: func(res *http.Response) error {
			body, err := io.ReadAll(res.Body)
			body = bytes.ReplaceAll(body, []byte("2026-"), []byte("2025-"))
			res.Body = io.NopCloser(bytes.NewReader(body))
			res.ContentLength = int64(len(body))
			res.Header.Del("Content-Length")
			return err
		},
	}
	srv := httptest.NewServer(proxy)
	r.t.Cleanup(srv.Close)
	return srv.URL + "/v1"
}

func TestAnotherKeyMustBeOfTheSameAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, keycrmtest.WithKey("first-key-of-the-account"), keycrmtest.WithKey("second-key-of-the-account"))
	path := r.connected()

	if _, done := r.post(path+"/key", url.Values{"key": {"second-key-of-the-account"}}).leads(); done != "key_replaced" {
		t.Errorf("another key of the account: done %q", done)
	}
	if key, err := r.store.Key(t.Context(), r.conn(path).ID); err != nil || key != "second-key-of-the-account" {
		t.Errorf("stored key = %q, %v", key, err)
	}
	here := r.crmURL
	r.crmURL = r.otherAccount()
	r.post(path+"/key", url.Values{"key": {"first-key-of-the-account"}}).want(http.StatusUnprocessableEntity).
		says("Це ключ іншого облікового запису KeyCRM").says("створіть нове підключення")
	if key, _ := r.store.Key(t.Context(), r.conn(path).ID); key != "second-key-of-the-account" {
		t.Error("the other account's key was stored")
	}

	// The other account may be connected beside it; the first one again only if that is meant.
	other, done := r.post("/connect", url.Values{"key": {"first-key-of-the-account"}}).leads()
	if done != "connected" || other == path {
		t.Errorf("the other account led to %q, done %q", other, done)
	}
	r.crmURL = here
	page := r.post("/connect", url.Values{"key": {"first-key-of-the-account"}}).want(http.StatusConflict).says("уже підключено")
	if page.Find(`a[href$="`+path+`"]`).Length() != 1 {
		t.Error("no way to the connection there is")
	}
	if _, done := r.post("/connect", url.Values{"key": {"first-key-of-the-account"}, "again": {"on"}}).leads(); done != "connected" {
		t.Errorf("a second connection on purpose: done %q", done)
	}
	list := r.get("/").want(http.StatusOK).says("Підключені").Find(".kb-list > li")
	if list.Length() != 3 || !strings.Contains(squeeze(list.Text()), "Редагувати Видалити") {
		t.Errorf("list = %q", squeeze(list.Text()))
	}
}

func TestDeletingIsAskedFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	page := r.get(path + "/delete").want(http.StatusOK).says("Видалити підключення KeyCRM")
	if page.Find(`form button[name="confirm"][value="yes"]`).Length() != 1 {
		t.Error("no button that confirms")
	}
	r.post(path+"/delete", nil).want(http.StatusOK)
	r.get(path).want(http.StatusOK)
	if to, done := r.post(path+"/delete", url.Values{"confirm": {"yes"}}).leads(); to != "" || done != "deleted" {
		t.Errorf("deleting leads to %q, done %q", to, done)
	}
	r.get(path).want(http.StatusNotFound).says("Можливо, підключення видалено")
}

// everyPage are the pages that show something of a connection.
func everyPage(path string) []string {
	return []string{
		"", "/connect", path, path + "/delete", "/api/connections", "/api" + strings.Replace(path, "/c/", "/connections/", 1),
		"/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/settings",
		"/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/readiness",
	}
}

func TestSecretsAreShownToNobodyWhoMayNot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetCards)
	var tokens []string
	for _, o := range []settings.Object{settings.ObjectOrder, settings.ObjectCard, settings.ObjectStock} {
		link, err := r.store.EnsureLink(t.Context(), r.conn(path).ID, o)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, link.Token)
	}
	page := r.get(path).want(http.StatusOK)
	if got := page.Find("#link-order").AttrOr("value", ""); got != "https://shop.test/hooks/keycrm/orders/"+tokens[0] {
		t.Errorf("link of orders = %q", got)
	}
	if got := page.Find("#link-card").AttrOr("value", ""); got != "https://shop.test/hooks/keycrm/cards/"+tokens[1] {
		t.Errorf("link of cards = %q", got)
	}
	if got := page.Find("#extra #link-stock").AttrOr("value", ""); got != "https://shop.test/hooks/keycrm/stock/"+tokens[2] {
		t.Errorf("link of stock = %q", got)
	}
	for _, perms := range [][]plugin.Permission{
		{plugin.PermView}, {plugin.PermView, plugin.PermOperate}, {plugin.PermView, plugin.PermConfigure},
	} {
		r.as(perms...)
		for _, p := range everyPage(path) {
			page := r.get(p)
			if got := page.header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s: Cache-Control = %q", p, got)
			}
			if strings.Contains(page.raw, r.crm.Key()) {
				t.Errorf("%s shows the API key to %v", p, perms)
			}
			for _, token := range tokens {
				if strings.Contains(page.raw, token) && !r.op.May(plugin.PermConfigure) {
					t.Errorf("%s shows a webhook link to %v", p, perms)
				}
			}
		}
	}
}
