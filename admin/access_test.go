package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/plugin"
)

func TestEachActionNeedsItsPermission(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	api := "/api" + strings.Replace(path, "/c/", "/connections/", 1)
	for _, c := range []struct {
		method, path string
		need         plugin.Permission
	}{
		{"GET", path, plugin.PermView},
		{"GET", path + "/progress", plugin.PermView},
		{"GET", api, plugin.PermView},
		{"GET", api + "/settings", plugin.PermView},
		{"GET", api + "/readiness", plugin.PermView},
		{"GET", api + "/runs", plugin.PermView},
		{"GET", api + "/journal", plugin.PermView},
		{"GET", api + "/stock", plugin.PermView},
		{"POST", path + "/runs", plugin.PermOperate},
		{"POST", path + "/runs/1/cancel", plugin.PermOperate},
		{"POST", path + "/runs/1/approve", plugin.PermOperate},
		{"GET", path + "/runs/1/plan", plugin.PermView},
		{"GET", api + "/runs/1", plugin.PermView},
		{"GET", api + "/runs/1/plan", plugin.PermView},
		{"POST", api + "/runs/1/approve", plugin.PermOperate},
		{"POST", api + "/runs/1/cancel", plugin.PermOperate},
		{"GET", path + "/journal", plugin.PermView},
		{"POST", path + "/journal/retry", plugin.PermOperate},
		{"POST", path + "/journal/1/retry", plugin.PermOperate},
		{"POST", path + "/journal/1/ignore", plugin.PermOperate},
		{"POST", api + "/runs", plugin.PermOperate},
		{"GET", path + "/runs/1/changes", plugin.PermView},
		{"GET", api + "/runs/1/changes", plugin.PermView},
		{"GET", path + "/runs/1/items", plugin.PermView},
		{"GET", api + "/runs/1/items", plugin.PermView},
		{"GET", path + "/pins", plugin.PermView},
		{"GET", api + "/pins", plugin.PermView},
		{"POST", path + "/pins", plugin.PermOperate},
		{"POST", path + "/pins/remove", plugin.PermOperate},
		{"POST", api + "/pins", plugin.PermOperate},
		{"POST", api + "/pins/remove", plugin.PermOperate},
		{"GET", path + "/hidden", plugin.PermView},
		{"POST", path + "/hidden", plugin.PermOperate},
		{"GET", api + "/hidden", plugin.PermView},
		{"POST", api + "/hidden", plugin.PermOperate},
		{"GET", path + "/held", plugin.PermView},
		{"POST", path + "/held", plugin.PermOperate},
		{"GET", api + "/held", plugin.PermView},
		{"POST", api + "/held", plugin.PermOperate},
		{"GET", "/connect", plugin.PermConfigure},
		{"POST", "/connect", plugin.PermConfigure},
		{"POST", path, plugin.PermConfigure},
		{"POST", path + "/key", plugin.PermConfigure},
		{"POST", path + "/switch", plugin.PermConfigure},
		{"POST", path + "/refresh", plugin.PermConfigure},
		{"GET", path + "/delete", plugin.PermConfigure},
		{"POST", path + "/delete", plugin.PermConfigure},
		{"PUT", api + "/settings", plugin.PermConfigure},
	} {
		var others []plugin.Permission
		for _, p := range []plugin.Permission{plugin.PermView, plugin.PermOperate, plugin.PermConfigure} {
			if p != c.need {
				others = append(others, p)
			}
		}
		r.as(others...)
		body := url.Values{plugin.CSRFField: {token}, "confirm": {"yes"}, "on": {"0"}, "key": {r.crm.Key()}}.Encode()
		got := r.do(c.method, c.path, "application/x-www-form-urlencoded", strings.NewReader(body), nil)
		if got.status != http.StatusForbidden {
			t.Errorf("%s %s without %s: %d, want 403", c.method, c.path, c.need, got.status)
		}
	}
	if c := r.conn(path); !c.Enabled {
		t.Error("something was done all the same")
	}
}

func TestWhoMayOnlyLookIsOfferedNothingElse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	r.as(plugin.PermView)
	page := r.get(path).want(http.StatusOK).says("Посилання бачать лише ті, хто має право змінювати налаштування")
	if n := page.Find(`.kb button:not([disabled]), .kb input[name="key"]`).Not("fieldset[disabled] button").Length(); n != 0 {
		t.Errorf("%d buttons are offered to somebody who may only look", n)
	}
	if page.Find("form.kb-settings > fieldset[disabled]").Length() != 1 {
		t.Error("the settings can be edited")
	}
}

func TestWritesFromElsewhereChangeNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	form := r.get(path).form()
	form.Set("new", "publish")
	for name, forged := range map[string]string{"without a token": "", "with another's": "guessed"} {
		form.Set(plugin.CSRFField, forged)
		r.post(path, form).want(http.StatusForbidden).says("Нічого не змінено")
		for _, p := range []string{"/key", "/switch", "/delete", "/runs", "/refresh", "/journal/1/retry"} {
			r.post(path+p, url.Values{plugin.CSRFField: {forged}, "on": {"0"}, "confirm": {"yes"}}).want(http.StatusForbidden)
		}
		api := "/api" + strings.Replace(path, "/c/", "/connections/", 1)
		header := http.Header{plugin.CSRFHeader: {forged}}
		r.do(http.MethodPut, api+"/settings", "application/json", strings.NewReader(`{}`), header).want(http.StatusForbidden)
		r.do(http.MethodPost, api+"/runs", "application/json", strings.NewReader(`{"kind":"full"}`), header).want(http.StatusForbidden)
		if c := r.conn(path); !c.Enabled || c.Version != 0 {
			t.Errorf("%s something was changed: %+v", name, c)
		}
	}
}

func TestPagesOfAnotherOrInactiveShopDoNotExist(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	foreign, err := r.store.Create(t.Context(), "another-shop", "keycrm", "KeyCRM", "key-of-another-shop", "")
	if err != nil {
		t.Fatal(err)
	}
	r.get("/c/" + string(foreign.ID)).want(http.StatusNotFound)
	r.post("/c/"+string(foreign.ID)+"/switch", url.Values{"on": {"1"}}).want(http.StatusNotFound)
	r.get("/api/connections/" + string(foreign.ID)).want(http.StatusNotFound)
	r.get("/no/such/page").want(http.StatusNotFound).says("Поверніться до списку підключених")

	r.mu.Lock()
	r.inactive = true
	r.mu.Unlock()
	r.get(path).want(http.StatusNotFound)
	r.get("").want(http.StatusNotFound)

	r.mu.Lock()
	r.inactive, r.signedIn = false, false
	r.mu.Unlock()
	r.get(path).want(http.StatusUnauthorized)
}

func TestLargeFormIsRefusedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	r.post(path, url.Values{"chosen": {strings.Repeat("x", 2<<20)}}).want(http.StatusRequestEntityTooLarge)
}

func TestPageSpeaksTheOperatorsLanguage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	r.speaks("en-GB")
	page := r.get(path).want(http.StatusOK).says("Synchronisation settings").doesNotSay("Налаштування синхронізації")
	if got := page.Find(".kb").AttrOr("lang", ""); got != "en" {
		t.Errorf("the page says it is in %q", got)
	}
	r.speaks("")
	r.get(path).says("Налаштування синхронізації")
}

func TestStylesAndScriptsAreServedByUsAndKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	page := r.get("/connect").want(http.StatusOK)
	files := page.Find(`head link[rel="stylesheet"], head script`)
	if files.Length() != 4 {
		t.Fatalf("%d files in the head, want 4", files.Length())
	}
	for i := range files.Nodes {
		f := files.Eq(i)
		address := f.AttrOr("href", f.AttrOr("src", ""))
		if !strings.HasPrefix(address, mount+"/static/") {
			t.Errorf("%q is not served by us", address)
			continue
		}
		got := r.get(strings.TrimPrefix(address, mount)).want(http.StatusOK)
		if c := got.header.Get("Cache-Control"); !strings.Contains(c, "immutable") {
			t.Errorf("%s: Cache-Control %q", address, c)
		}
		etag := http.Header{"If-None-Match": {got.header.Get("Etag")}}
		r.do(http.MethodGet, strings.TrimPrefix(address, mount), "", nil, etag).want(http.StatusNotModified)
	}
	r.get("/static/no-such.css").want(http.StatusNotFound)
	if page.Find(".kb script, .kb style, .kb [style], .kb [onclick]").Length() != 0 {
		t.Error("the page has inline scripts or styles, which a strict policy forbids")
	}
}
