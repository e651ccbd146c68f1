package backoffice_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/session"
	"github.com/keybridge/keybridge/internal/demoshop/shoptest"
	"github.com/keybridge/keybridge/plugin"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	b := s.Browser(t)
	if a := b.Get("/admin/orders?status=new"); a.Status != http.StatusSeeOther || a.Location != "/admin/login?next=%2Fadmin%2Forders%3Fstatus%3Dnew" {
		t.Fatalf("a stranger got %d to %q", a.Status, a.Location)
	}
	for _, c := range [][2]string{{"admin", "wrong"}, {"nobody", "owner-secret"}, {"admin", ""}} {
		if a := b.Post("/admin/login", url.Values{"login": {c[0]}, "password": {c[1]}}); a.Status != http.StatusUnauthorized {
			t.Errorf("sign in as %s with %q: %d", c[0], c[1], a.Status)
		}
	}
	a := b.Post("/admin/login", url.Values{"login": {"admin"}, "password": {"owner-secret"}, "next": {"//evil.example/admin/"}})
	if a.Status != http.StatusSeeOther || a.Location != "/admin/orders" {
		t.Fatalf("sign in: %d to %q", a.Status, a.Location)
	}
	cookie := a.Header.Get("Set-Cookie")
	if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("cookie is %q", cookie)
	}
	token, _, _ := strings.Cut(strings.TrimPrefix(cookie, "demoshop_session"+"="), ";")
	var stored int
	if err := s.Pool.Get(&stored, `SELECT count(*) FROM demoshop.sessions WHERE position($1::bytea in token_hash) > 0`, token); err != nil || stored != 0 {
		t.Errorf("the token itself is stored %d times, %v", stored, err)
	}
	if a := b.Get("/admin/orders"); a.Status != http.StatusOK {
		t.Errorf("signed in: %d", a.Status)
	}
	s.Time.Advance(session.SessionLife + time.Second)
	if a := b.Get("/admin/orders"); a.Status != http.StatusSeeOther {
		t.Errorf("a session past its life: %d", a.Status)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	b := s.Browser(t)
	try := func(password string) int {
		return b.Post("/admin/login", url.Values{"login": {"admin"}, "password": {password}}).Status
	}
	for range 10 {
		if got := try("wrong"); got != http.StatusUnauthorized {
			t.Fatalf("a wrong password: %d", got)
		}
	}
	if got := try("owner-secret"); got != http.StatusTooManyRequests {
		t.Errorf("after ten wrong ones: %d", got)
	}
	if a := b.Post("/admin/login", url.Values{"login": {"manager"}, "password": {"manager-secret"}}); a.Status != http.StatusSeeOther {
		t.Errorf("another login: %d", a.Status)
	}
	s.Time.Advance(time.Minute)
	if got := try("owner-secret"); got != http.StatusSeeOther {
		t.Errorf("a minute later: %d", got)
	}
}

func TestLogoutAndChangedPasswordEndTheSession(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	b := s.Browser(t)
	csrf := b.SignIn("admin", "owner-secret")
	changed := shoptest.Over(t, s.Pool, func(c *demoshop.Config) { c.AdminPassword = "another" })
	if a := b.At(changed).Get("/admin/orders"); a.Status != http.StatusSeeOther {
		t.Errorf("with the password changed: %d", a.Status)
	}
	if a := b.Get("/admin/orders"); a.Status != http.StatusOK {
		t.Errorf("with the password as it was: %d", a.Status)
	}
	if a := b.Post("/admin/logout", url.Values{plugin.CSRFField: {csrf}}); a.Status != http.StatusSeeOther {
		t.Errorf("sign out: %d", a.Status)
	}
	if a := b.Get("/admin/orders"); a.Status != http.StatusSeeOther {
		t.Errorf("signed out: %d", a.Status)
	}
}

func TestRolesAndFormTokens(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	s.Use(shoptest.NewPlugin())
	o := s.Order(t, s.Browser(t).Buy(s.Create(t, shoptest.Simple("Чай", "80", "2"))[0].Added, "email", "olena@example.com"))
	status := url.Values{"to": {domain.StatusConfirmed}}
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
		b := s.Browser(t)
		token := b.SignIn(c.login, c.password)
		for _, form := range []url.Values{status, settings} {
			form.Set(plugin.CSRFField, "forged")
		}
		if a := b.Post("/admin/orders/"+string(o.ID)+"/status", status); a.Status != http.StatusForbidden {
			t.Errorf("%s with a forged token: %d", c.login, a.Status)
		}
		status.Set(plugin.CSRFField, token)
		settings.Set(plugin.CSRFField, token)
		if a := b.Post("/admin/orders/"+string(o.ID)+"/status", status); a.Status != c.status {
			t.Errorf("%s moves a status: %d, want %d", c.login, a.Status, c.status)
		}
		if a := b.Post("/admin/settings", settings); a.Status != c.settings {
			t.Errorf("%s saves settings: %d, want %d", c.login, a.Status, c.settings)
		}
		masked := !strings.Contains(b.Get("/admin/orders/"+string(o.ID)).Body, "olena@example.com")
		if masked != (c.login == "viewer") {
			t.Errorf("%s sees the buyer masked: %v", c.login, masked)
		}
	}
}

func TestProductForm(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	np := shoptest.Simple("Чай", "80", "2")
	np.Description = "<p onclick=\"x()\">Смачний</p>"
	np.Published = false
	made := s.Create(t, np)[0]
	b := s.Browser(t)
	id := string(made.Added[0])
	form := url.Values{
		plugin.CSRFField: {b.SignIn("manager", "manager-secret")}, "version": {string(made.Version)}, "name": {"Чай карпатський"},
		"description": {np.Description}, "published": {"1"}, "orderable": {"1"}, "featured": {"1"},
		"price_" + id: {"1 299,50"}, "old_price_" + id: {"1500"}, "stock_" + id: {"7"},
	}
	address := "/admin/products/" + string(made.ID)
	if a := b.Post(address, form); a.Status != http.StatusSeeOther {
		t.Fatalf("save: %d %s", a.Status, a.Doc(t).Find("main").Text())
	}
	p := s.Product(t, made.ID)
	if p.Name != "Чай карпатський" || !p.Published || p.Description != np.Description || !p.Variants[0].Price.Equal(plugin.NewMoney("1299.5", demoshop.Currency)) || p.Variants[0].Stock.String() != "7" {
		t.Errorf("saved %+v", p)
	}
	if a := b.Post(address, form); a.Status != http.StatusConflict {
		t.Errorf("a stale form: %d", a.Status)
	}
	form.Set("version", string(p.Version))
	form.Set("description", `<p>Новий</p><script>alert(1)</script>`)
	if a := b.Post(address, form); a.Status != http.StatusSeeOther || s.Product(t, made.ID).Description != "<p>Новий</p>" {
		t.Errorf("description with a script: %d, stored %q", a.Status, s.Product(t, made.ID).Description)
	}
	form.Set("price_"+id, "-5")
	if a := b.Post(address, form); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a negative price: %d", a.Status)
	}
	hide := url.Values{plugin.CSRFField: form[plugin.CSRFField], "id": {string(made.ID), "x", "999"}, "published": {"no"}, "back": {"q=чай"}}
	if a := b.Post("/admin/products/publish", hide); a.Status != http.StatusSeeOther || s.Product(t, made.ID).Published {
		t.Errorf("bulk hide: %d", a.Status)
	}
}

func TestProductPageTellsWhoKeepsTheProduct(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	f := shoptest.NewPlugin()
	made := s.Create(t, shoptest.Simple("Чай", "80", "2"), shoptest.Simple("Кава", "120", "2"))
	f.Owned = made[0].ID
	s.Use(f)
	b := s.Browser(t)
	b.SignIn("manager", "manager-secret")
	for i, want := range []int{1, 0} {
		if got := b.Get("/admin/products/" + string(made[i].ID)).Doc(t).Find("#kept-by").Length(); got != want {
			t.Errorf("product %s: %d notes that it is kept elsewhere, want %d", made[i].ID, got, want)
		}
	}
}

func TestStaffChooseTheLanguageOfTheAdmin(t *testing.T) {
	t.Parallel()
	for configured, other := range map[string]string{"uk": "en", "en": "uk"} {
		s := shoptest.New(t, func(c *demoshop.Config) { c.AdminLang = configured })
		words := map[string]string{"uk": "Інтеграції", "en": "Integrations"}
		b := s.Browser(t)
		token := b.SignIn("viewer", "viewer-secret")
		if h := b.Get("/admin/integrations").Doc(t).Find("h1").Text(); h != words[configured] {
			t.Errorf("configured %q: the heading is %q", configured, h)
		}
		choose := url.Values{plugin.CSRFField: {token}, "lang": {other}, "back": {"/admin/orders?status=new"}}
		if a := b.Post("/admin/language", choose); a.Status != http.StatusSeeOther || a.Location != "/admin/orders?status=new" {
			t.Errorf("choosing %q: %d to %q", other, a.Status, a.Location)
		}
		if h := b.Get("/admin/integrations").Doc(t).Find("h1").Text(); h != words[other] {
			t.Errorf("after choosing %q the heading is %q", other, h)
		}
		choose.Set("lang", "xx")
		if a := b.Post("/admin/language", choose); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("an unknown language: %d", a.Status)
		}
		choose.Set("lang", configured)
		choose.Set("back", "//elsewhere.example/admin/orders")
		if a := b.Post("/admin/language", choose); a.Location != "/admin/orders" {
			t.Errorf("a foreign address to come back to: %q", a.Location)
		}
	}
}
