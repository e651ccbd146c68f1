package demoshop_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/demoshop/shoptest"
	"github.com/keybridge/keybridge/plugin"
)

func TestEveryPageOpens(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	s.Use(shoptest.NewPlugin())
	b := s.Browser(t)
	empty := b.Get("/").Doc(t).Find("main").Text()
	if !strings.Contains(empty, "Каталог уже в дорозі") {
		t.Error("an empty shop does not say so")
	}
	root, err := s.Only(t).Catalog().CreateCategories(t.Context(), shoptest.By(), []plugin.NewCategory{{Name: "Напої"}})
	if err != nil {
		t.Fatal(err)
	}
	np := shoptest.Simple("Чай «Ранок»", "80", "2")
	np.CategoryID = root[0].ID
	np.Description = `<p>Смачний</p><script>alert(1)</script>`
	made := s.Create(t, np)[0]
	b.Buy(made.Added)
	b.SignIn("admin", "owner-secret")
	for path, want := range map[string]int{
		"/": 200, "/catalog?sort=name&page=1": 200, "/category/" + string(root[0].ID): 200, "/category/1-napoi?sort=-price": 200,
		"/search?q=ранок": 200, "/search?q=%25": 200, "/search": 200, "/product/" + string(made.ID): 200, "/basket": 200, "/delivery": 200,
		"/checkout": 303, "/product/999": 404, "/category/x": 404, "/no/such": 404, "/order/1001": 404, "/img/77": 404, "/static/": 404,
		"/static/shop.css": 200, "/admin/": 303, "/admin/orders?q=1001": 200, "/admin/orders/1": 200, "/admin/orders/77": 404,
		"/admin/products?q=чай&published=yes": 200, "/admin/products/1": 200, "/admin/categories": 200, "/admin/integrations": 200,
		"/admin/messages": 200, "/admin/settings": 200, "/admin/nowhere": 404, "/hooks/keycrm/x": 404, "/catalog?page=99999999999": 200,
	} {
		a := b.Get(path)
		if a.Status != want {
			t.Errorf("GET %s: %d, want %d", path, a.Status, want)
		}
		if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "ZgotmplZ") {
			t.Errorf("GET %s holds a script or a spoilt value", path)
		}
	}
	if strings.Contains(s.Logs.String(), "ERROR") {
		t.Errorf("log: %s", s.Logs)
	}
	if n := b.Get("/search?q=" + url.QueryEscape("ранок  ЧАЙ")).Doc(t).Find("a[data-product]").Length(); n != 1 {
		t.Errorf("search found %d products", n)
	}
	if n := b.Get("/search?q=SKU-" + url.QueryEscape("Чай «Ранок»")).Doc(t).Find("a[data-product]").Length(); n != 1 {
		t.Errorf("search by SKU found %d products", n)
	}
}

func TestEngineWithoutDatabaseSaysSo(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	_ = s.Pool.Close() // closed again by the cleanup
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	if rec.Code != http.StatusInternalServerError || !strings.Contains(rec.Body.String(), "Тимчасово не працює") {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
}

func TestForeignSitesCannotSendForms(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	made := s.Create(t, shoptest.Simple("Чай", "80", "2"))[0]
	b := s.Browser(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/basket/add", strings.NewReader("variant="+string(made.Added[0])))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := b.Send(req); a.Status != http.StatusForbidden {
		t.Errorf("a form of another site: %d", a.Status)
	}
}
