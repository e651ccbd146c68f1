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

	"github.com/google/go-cmp/cmp"

	"github.com/keybridge/keybridge/plugin"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	b := s.browser(t)
	if a := b.get("/admin/orders?status=new"); a.Status != http.StatusSeeOther || a.Location != "/admin/login?next=%2Fadmin%2Forders%3Fstatus%3Dnew" {
		t.Fatalf("a stranger got %d to %q", a.Status, a.Location)
	}
	for _, c := range [][2]string{{"admin", "wrong"}, {"nobody", "owner-secret"}, {"admin", ""}} {
		if a := b.post("/admin/login", url.Values{"login": {c[0]}, "password": {c[1]}}); a.Status != http.StatusUnauthorized {
			t.Errorf("sign in as %s with %q: %d", c[0], c[1], a.Status)
		}
	}
	a := b.post("/admin/login", url.Values{"login": {"admin"}, "password": {"owner-secret"}, "next": {"//evil.example/admin/"}})
	if a.Status != http.StatusSeeOther || a.Location != "/admin/orders" {
		t.Fatalf("sign in: %d to %q", a.Status, a.Location)
	}
	cookie := a.Header.Get("Set-Cookie")
	if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("cookie is %q", cookie)
	}
	token, _, _ := strings.Cut(strings.TrimPrefix(cookie, sessionCookie+"="), ";")
	var stored int
	if err := s.db.Get(&stored, `SELECT count(*) FROM demoshop.sessions WHERE position($1::bytea in token_hash) > 0`, token); err != nil || stored != 0 {
		t.Errorf("the token itself is stored %d times, %v", stored, err)
	}
	if a := b.get("/admin/orders"); a.Status != http.StatusOK {
		t.Errorf("signed in: %d", a.Status)
	}
	s.clock.Advance(sessionLife + time.Second)
	if a := b.get("/admin/orders"); a.Status != http.StatusSeeOther {
		t.Errorf("a session past its life: %d", a.Status)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	b := s.browser(t)
	try := func(password string) int {
		return b.post("/admin/login", url.Values{"login": {"admin"}, "password": {password}}).Status
	}
	for range 10 {
		if got := try("wrong"); got != http.StatusUnauthorized {
			t.Fatalf("a wrong password: %d", got)
		}
	}
	if got := try("owner-secret"); got != http.StatusTooManyRequests {
		t.Errorf("after ten wrong ones: %d", got)
	}
	if a := b.post("/admin/login", url.Values{"login": {"manager"}, "password": {"manager-secret"}}); a.Status != http.StatusSeeOther {
		t.Errorf("another login: %d", a.Status)
	}
	s.clock.Advance(time.Minute)
	if got := try("owner-secret"); got != http.StatusSeeOther {
		t.Errorf("a minute later: %d", got)
	}
}

func TestLogoutAndChangedPasswordEndTheSession(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	b := s.browser(t)
	csrf := b.signIn("admin", "owner-secret")
	s.cfg.AdminPassword = "another"
	if a := b.get("/admin/orders"); a.Status != http.StatusSeeOther {
		t.Errorf("with the password changed: %d", a.Status)
	}
	s.cfg.AdminPassword = "owner-secret"
	if a := b.post("/admin/logout", url.Values{plugin.CSRFField: {csrf}}); a.Status != http.StatusSeeOther {
		t.Errorf("sign out: %d", a.Status)
	}
	if a := b.get("/admin/orders"); a.Status != http.StatusSeeOther {
		t.Errorf("signed out: %d", a.Status)
	}
}

func TestRolesAndFormTokens(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	s.Use(newFakePlugin())
	o := s.order(t, s.browser(t).buy(s.create(t, simple("Чай", "80", "2"))[0].Added, "email", "olena@example.com"))
	status := url.Values{"to": {statusConfirmed}}
	settings := url.Values{"collect_utm": {"1"}, "phone_region": {"UA"}}
	cases := []struct {
		login, password  string
		status, settings int
	}{
		{"viewer", "viewer-secret", http.StatusForbidden, http.StatusForbidden},
		{"manager", "manager-secret", http.StatusSeeOther, http.StatusForbidden},
		{"admin", "owner-secret", http.StatusSeeOther, http.StatusSeeOther},
	}
	for _, c := range cases {
		b := s.browser(t)
		token := b.signIn(c.login, c.password)
		for _, form := range []url.Values{status, settings} {
			form.Set(plugin.CSRFField, "forged")
		}
		if a := b.post("/admin/orders/"+string(o.ID)+"/status", status); a.Status != http.StatusForbidden {
			t.Errorf("%s with a forged token: %d", c.login, a.Status)
		}
		status.Set(plugin.CSRFField, token)
		settings.Set(plugin.CSRFField, token)
		if a := b.post("/admin/orders/"+string(o.ID)+"/status", status); a.Status != c.status {
			t.Errorf("%s moves a status: %d, want %d", c.login, a.Status, c.status)
		}
		if a := b.post("/admin/settings", settings); a.Status != c.settings {
			t.Errorf("%s saves settings: %d, want %d", c.login, a.Status, c.settings)
		}
		masked := !strings.Contains(b.get("/admin/orders/"+string(o.ID)).Body, "olena@example.com")
		if masked != (c.login == "viewer") {
			t.Errorf("%s sees the buyer masked: %v", c.login, masked)
		}
	}
}

func TestForeignSitesCannotSendForms(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	made := s.create(t, simple("Чай", "80", "2"))[0]
	b := s.browser(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/basket/add", strings.NewReader("variant="+string(made.Added[0])))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := b.send(req); a.Status != http.StatusForbidden {
		t.Errorf("a form of another site: %d", a.Status)
	}
}

func TestHostSpeaksTheContract(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	f := newFakePlugin()
	type seen struct {
		path     string
		operator plugin.Operator
		in       bool
		csrf     [3]error
	}
	got := make(chan seen, 1)
	f.admin = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := seen{path: r.URL.Path}
		v.operator, v.in = s.Operator(r)
		for i, token := range []string{v.operator.CSRFToken, "wrong"} {
			q := r.Clone(r.Context())
			q.Header.Set(plugin.CSRFHeader, token)
			v.csrf[i] = s.VerifyCSRF(q)
		}
		v.csrf[2] = s.VerifyCSRF(r)
		got <- v
		if err := s.RenderPage(w, r, plugin.Page{Title: "Сторінка", Body: "<p id=own>Привіт</p>", Head: `<meta name="own">`, Status: http.StatusTeapot}); err != nil {
			t.Error(err)
		}
	})
	f.hooks = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("hook " + r.URL.Path)) })
	s.Use(f)
	b := s.browser(t)
	if a := b.get(pluginAdminPath + "/runs"); a.Status != http.StatusSeeOther {
		t.Errorf("a stranger on the plugin's page: %d", a.Status)
	}
	if a := b.post(pluginHookPath+"/orders/token", nil); a.Status != http.StatusOK || a.Body != "hook /orders/token" {
		t.Errorf("webhook: %d %q", a.Status, a.Body)
	}
	csrf := b.signIn("manager", "manager-secret")
	page := b.post(pluginAdminPath+"/runs/7", url.Values{plugin.CSRFField: {csrf}})
	v := <-got
	want := plugin.Operator{
		ID: "manager", Name: "Менеджер", Shop: ShopID, Permissions: []plugin.Permission{plugin.PermView, plugin.PermOperate}, Lang: Locale, CSRFToken: csrf,
	}
	if diff := cmp.Diff(want, v.operator); diff != "" || !v.in || v.path != "/runs/7" {
		t.Errorf("the plugin saw %q, signed in %v (-want +got):\n%s", v.path, v.in, diff)
	}
	if v.csrf[0] != nil || !errors.Is(v.csrf[1], plugin.ErrInvalid) || v.csrf[2] != nil {
		t.Errorf("tokens by header, forged, by field: %v", v.csrf)
	}
	doc := page.doc(t)
	if page.Status != http.StatusTeapot || doc.Find("main #own").Text() != "Привіт" || doc.Find(`head meta[name="own"]`).Length() != 1 || doc.Find(".engine-menu a").Length() != 6 {
		t.Errorf("framed page: %d %s", page.Status, page.Body)
	}
	if u := s.URLs(); u.Admin.String() != s.url+pluginAdminPath || u.Public.String() != s.url+pluginHookPath {
		t.Errorf("URLs are %s and %s", u.Admin, u.Public)
	}
	if _, err := s.Shop(t.Context(), "other"); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("another shop: %v", err)
	}
	if ids, err := s.Shops(t.Context()); err != nil || !slices.Equal(ids, []plugin.ShopID{ShopID}) {
		t.Errorf("shops: %v, %v", ids, err)
	}
}

func TestNewestMessageOfAKeyStays(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	s.Use(newFakePlugin())
	for _, m := range []plugin.Message{
		{Shop: ShopID, Key: "blocked", Title: "1 замовлення чекає", At: opened(), Severity: plugin.Problem},
		{Shop: ShopID, Key: "blocked", Title: "3 замовлення чекають", At: opened().Add(time.Minute), Severity: plugin.Problem, Path: "/orders"},
		{Shop: ShopID, Key: "blocked", Title: "запізніле", At: opened().Add(time.Second), Severity: plugin.Problem},
		{Shop: ShopID, Title: "<b>Інше</b>", Text: "текст", Severity: plugin.Info},
	} {
		if err := s.Notify(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Notify(t.Context(), plugin.Message{Shop: "other"}); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("another shop's message: %v", err)
	}
	b := s.browser(t)
	csrf := b.signIn("viewer", "viewer-secret")
	doc := b.get("/admin/messages").doc(t)
	if n := doc.Find(".message").Length(); n != 2 || !strings.Contains(doc.Find(".message").First().Text(), "3 замовлення чекають") {
		t.Errorf("%d messages: %s", n, doc.Find("main").Text())
	}
	if href := doc.Find(".message a").AttrOr("href", ""); href != pluginAdminPath+"/orders" {
		t.Errorf("link is %q", href)
	}
	if got := doc.Find(".engine-bell .engine-badge").Text(); got != "2" {
		t.Errorf("bell shows %q", got)
	}
	up, _ := doc.Find(`input[name="up_to"]`).Attr("value")
	b.post("/admin/messages/read", url.Values{plugin.CSRFField: {csrf}, "up_to": {up}})
	if n := b.get("/admin/messages").doc(t).Find(".engine-bell .engine-badge").Length(); n != 0 {
		t.Error("still unread")
	}
}

func TestConnectAndRemove(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	f := newFakePlugin()
	f.fail["activate"] = plugin.ErrTemporary
	s.Use(f)
	b := s.browser(t)
	form := url.Values{plugin.CSRFField: {b.signIn("admin", "owner-secret")}}
	blocks := func() (connected, available int) {
		doc := b.get("/admin/integrations").doc(t)
		return doc.Find("section[aria-labelledby=connected] .integration").Length(), doc.Find("section[aria-labelledby=available] .integration").Length()
	}
	if c, a := blocks(); c != 0 || a != 1 {
		t.Errorf("at first: %d connected, %d available", c, a)
	}
	if a := b.post("/admin/integrations/connect", form); a.Status != http.StatusBadGateway {
		t.Errorf("a failing start: %d", a.Status)
	}
	if c, a := blocks(); c != 0 || a != 1 {
		t.Errorf("after a failed start: %d connected, %d available", c, a)
	}
	delete(f.fail, "activate")
	if a := b.post("/admin/integrations/connect", form); a.Status != http.StatusSeeOther || a.Location != pluginAdminPath+"/" {
		t.Errorf("connect: %d to %q", a.Status, a.Location)
	}
	if c, a := blocks(); c != 1 || a != 0 {
		t.Errorf("connected: %d connected, %d available", c, a)
	}
	if err := s.UpgradePlugin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec(`UPDATE demoshop.integrations SET version = '1.0.0'`); err != nil {
		t.Fatal(err)
	}
	if a := b.post("/admin/integrations/upgrade", form); a.Status != http.StatusSeeOther {
		t.Errorf("upgrade: %d", a.Status)
	}
	if a := b.get("/admin/integrations/remove"); a.Status != http.StatusOK || a.doc(t).Find(`input[name="data"]`).Length() != 2 {
		t.Errorf("the question before removing: %d", a.Status)
	}
	form.Set("data", string(plugin.DropData))
	if a := b.post("/admin/integrations/remove", form); a.Status != http.StatusSeeOther {
		t.Errorf("remove: %d", a.Status)
	}
	if c, a := blocks(); c != 0 || a != 1 {
		t.Errorf("removed: %d connected, %d available", c, a)
	}
	want := []string{"install", "activate", "install", "activate", "upgrade", "deactivate", "uninstall drop"}
	if !slices.Equal(f.calls, want) {
		t.Errorf("the plugin was called %v, want %v", f.calls, want)
	}
}

func TestProductForm(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	np := simple("Чай", "80", "2")
	np.Description = "<p onclick=\"x()\">Смачний</p>"
	np.Published = false
	made := s.create(t, np)[0]
	b := s.browser(t)
	id := string(made.Added[0])
	form := url.Values{
		plugin.CSRFField: {b.signIn("manager", "manager-secret")}, "version": {string(made.Version)}, "name": {"Чай карпатський"},
		"description": {np.Description}, "published": {"1"}, "orderable": {"1"}, "featured": {"1"},
		"price_" + id: {"1 299,50"}, "old_price_" + id: {"1500"}, "stock_" + id: {"7"},
	}
	address := "/admin/products/" + string(made.ID)
	if a := b.post(address, form); a.Status != http.StatusSeeOther {
		t.Fatalf("save: %d %s", a.Status, a.doc(t).Find("main").Text())
	}
	p := s.product(t, made.ID)
	if p.Name != "Чай карпатський" || !p.Published || p.Description != np.Description || !p.Variants[0].Price.Equal(plugin.NewMoney("1299.5", Currency)) || p.Variants[0].Stock.String() != "7" {
		t.Errorf("saved %+v", p)
	}
	if a := b.post(address, form); a.Status != http.StatusConflict {
		t.Errorf("a stale form: %d", a.Status)
	}
	form.Set("version", string(p.Version))
	form.Set("description", `<p>Новий</p><script>alert(1)</script>`)
	if a := b.post(address, form); a.Status != http.StatusSeeOther || s.product(t, made.ID).Description != "<p>Новий</p>" {
		t.Errorf("description with a script: %d, stored %q", a.Status, s.product(t, made.ID).Description)
	}
	form.Set("price_"+id, "-5")
	if a := b.post(address, form); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a negative price: %d", a.Status)
	}
	hide := url.Values{plugin.CSRFField: form[plugin.CSRFField], "id": {string(made.ID), "x", "999"}, "published": {"no"}, "back": {"q=чай"}}
	if a := b.post("/admin/products/publish", hide); a.Status != http.StatusSeeOther || s.product(t, made.ID).Published {
		t.Errorf("bulk hide: %d", a.Status)
	}
}

func TestEveryPageOpens(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	s.Use(newFakePlugin())
	b := s.browser(t)
	empty := b.get("/").doc(t).Find("main").Text()
	if !strings.Contains(empty, "Каталог уже в дорозі") {
		t.Error("an empty shop does not say so")
	}
	root, err := s.shop.catalog.CreateCategories(t.Context(), by(), []plugin.NewCategory{{Name: "Напої"}})
	if err != nil {
		t.Fatal(err)
	}
	np := simple("Чай «Ранок»", "80", "2")
	np.CategoryID = root[0].ID
	np.Description = `<p>Смачний</p><script>alert(1)</script>`
	made := s.create(t, np)[0]
	b.buy(made.Added)
	b.signIn("admin", "owner-secret")
	for path, want := range map[string]int{
		"/": 200, "/catalog?sort=name&page=1": 200, "/category/" + string(root[0].ID): 200, "/category/1-napoi?sort=-price": 200,
		"/search?q=ранок": 200, "/search?q=%25": 200, "/search": 200, "/product/" + string(made.ID): 200, "/basket": 200, "/delivery": 200,
		"/checkout": 303, "/product/999": 404, "/category/x": 404, "/no/such": 404, "/order/1001": 404, "/img/77": 404, "/static/": 404,
		"/static/shop.css": 200, "/admin/": 303, "/admin/orders?q=1001": 200, "/admin/orders/1": 200, "/admin/orders/77": 404,
		"/admin/products?q=чай&published=yes": 200, "/admin/products/1": 200, "/admin/categories": 200, "/admin/integrations": 200,
		"/admin/messages": 200, "/admin/settings": 200, "/admin/nowhere": 404, "/hooks/keycrm/x": 404, "/catalog?page=99999999999": 200,
	} {
		a := b.get(path)
		if a.Status != want {
			t.Errorf("GET %s: %d, want %d", path, a.Status, want)
		}
		if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "ZgotmplZ") {
			t.Errorf("GET %s holds a script or a spoilt value", path)
		}
	}
	if strings.Contains(s.logs.String(), "ERROR") {
		t.Errorf("log: %s", s.logs)
	}
	if n := b.get("/search?q=" + url.QueryEscape("ранок  ЧАЙ")).doc(t).Find("a[data-product]").Length(); n != 1 {
		t.Errorf("search found %d products", n)
	}
	if n := b.get("/search?q=SKU-" + url.QueryEscape("Чай «Ранок»")).doc(t).Find("a[data-product]").Length(); n != 1 {
		t.Errorf("search by SKU found %d products", n)
	}
}

func TestEngineWithoutDatabaseSaysSo(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	_ = s.Engine.store.db.Close() // closed again by the cleanup
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	if rec.Code != http.StatusInternalServerError || !strings.Contains(rec.Body.String(), "Тимчасово не працює") {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
}

func TestProductPageTellsWhoKeepsTheProduct(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	f := newFakePlugin()
	made := s.create(t, simple("Чай", "80", "2"), simple("Кава", "120", "2"))
	f.owned = made[0].ID
	s.Use(f)
	b := s.browser(t)
	b.signIn("manager", "manager-secret")
	for i, want := range []int{1, 0} {
		if got := b.get("/admin/products/" + string(made[i].ID)).doc(t).Find("#kept-by").Length(); got != want {
			t.Errorf("product %s: %d notes that it is kept elsewhere, want %d", made[i].ID, got, want)
		}
	}
}
