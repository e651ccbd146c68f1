package demoshop

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/plugin"
)

func TestStaffChooseTheLanguageOfTheAdmin(t *testing.T) {
	t.Parallel()
	for configured, other := range map[string]string{"uk": "en", "en": "uk"} {
		s := newTestShop(t, func(c *Config) { c.AdminLang = configured })
		words := map[string]string{"uk": "Інтеграції", "en": "Integrations"}
		b := s.browser(t)
		token := b.signIn("viewer", "viewer-secret")
		if h := b.get("/admin/integrations").doc(t).Find("h1").Text(); h != words[configured] {
			t.Errorf("configured %q: the heading is %q", configured, h)
		}
		choose := url.Values{plugin.CSRFField: {token}, "lang": {other}, "back": {"/admin/orders?status=new"}}
		if a := b.post("/admin/language", choose); a.Status != http.StatusSeeOther || a.Location != "/admin/orders?status=new" {
			t.Errorf("choosing %q: %d to %q", other, a.Status, a.Location)
		}
		if h := b.get("/admin/integrations").doc(t).Find("h1").Text(); h != words[other] {
			t.Errorf("after choosing %q the heading is %q", other, h)
		}
		choose.Set("lang", "xx")
		if a := b.post("/admin/language", choose); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("an unknown language: %d", a.Status)
		}
		choose.Set("lang", configured)
		choose.Set("back", "//elsewhere.example/admin/orders")
		if a := b.post("/admin/language", choose); a.Location != "/admin/orders" {
			t.Errorf("a foreign address to come back to: %q", a.Location)
		}
	}
}

func TestPluginLearnsTheOperatorsLanguageAndItsNoticesAreItsOwn(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	b := s.browser(t)
	token := b.signIn("admin", "owner-secret")
	p := newFakePlugin()
	var seen []string
	p.admin = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op, _ := s.Operator(r)
		seen = append(seen, op.Lang)
		if err := s.RenderPage(w, r, plugin.Page{Title: "KeyCRM", Body: "<p>page</p>"}); err != nil {
			t.Error(err)
		}
	})
	s.Use(p)
	page := b.get("/admin/integrations/keycrm/c/x?done=saved&run=7").doc(t)
	if n := page.Find(".engine-notice").Length(); n != 0 {
		t.Errorf("the engine speaks %d notices on a page of the plugin", n)
	}
	if back := page.Find(".engine-langs [name=back]").AttrOr("value", ""); back != "/admin/integrations/keycrm/c/x?run=7" {
		t.Errorf("the language switch comes back to %q", back)
	}
	b.post("/admin/language", url.Values{plugin.CSRFField: {token}, "lang": {"en"}})
	b.get("/admin/integrations/keycrm/")
	if got := strings.Join(seen, " "); got != "uk en" {
		t.Errorf("the plugin was told of the languages %q", got)
	}
}

func twoLanguages(c *Config) {
	c.Languages = []plugin.Language{{Code: "uk", Name: "Українська"}, {Code: "en", Name: "English"}}
}

func TestTextsOfEachLanguageAreKeptApart(t *testing.T) {
	t.Parallel()
	s := newTestShop(t, twoLanguages)
	made := s.create(t, simple("Чай", "80", "2"))[0]
	read := func(lang string) plugin.Product {
		list, err := s.shop.catalog.Products(t.Context(), lang, []plugin.ProductID{made.ID})
		if err != nil || len(list) != 1 {
			t.Fatalf("read in %q: %d products, %v", lang, len(list), err)
		}
		return list[0]
	}
	if name := read("en").Name; name != "Чай" {
		t.Errorf("a product without English texts is called %q", name)
	}
	tea, same := "Tea", "Чай"
	patch := func(lang string, name *string) plugin.ProductResult {
		res, err := s.shop.catalog.UpdateProducts(t.Context(), by(), []plugin.ProductPatch{{ID: made.ID, Lang: lang, Name: name}})
		if err != nil || res[0].Err != nil {
			t.Fatalf("patch in %q: %v, %v", lang, err, res[0].Err)
		}
		return res[0]
	}
	if r := patch("en", &same); r.Changed {
		t.Error("writing what is shown already counts as a change")
	}
	if r := patch("en", &tea); !r.Changed {
		t.Error("an English name counts as no change")
	}
	if r := patch("en-GB", &tea); r.Changed {
		t.Error("the same name twice counts as a change")
	}
	if uk, en := read("uk").Name, read("en").Name; uk != "Чай" || en != "Tea" {
		t.Errorf("names %q and %q", uk, en)
	}
	b := s.browser(t)
	b.signIn("admin", "owner-secret")
	if text := b.get("/admin/products/" + string(made.ID)).doc(t).Find(`[data-lang="en"]`).Text(); !strings.Contains(text, "Tea") {
		t.Errorf("the product's page shows %q in English", text)
	}
	res, err := s.shop.catalog.UpdateProducts(t.Context(), by(), []plugin.ProductPatch{{ID: made.ID, Lang: "pl", Name: &tea}})
	if err != nil || res[0].Err == nil {
		t.Errorf("a language the shop does not keep: %v, %v", err, res[0].Err)
	}
}

func TestNamesOfCategoriesAreKeptByLanguage(t *testing.T) {
	t.Parallel()
	s := newTestShop(t, twoLanguages)
	made, err := s.shop.catalog.CreateCategories(t.Context(), by(), []plugin.NewCategory{{Lang: "en", Name: "Drinks"}})
	if err != nil || made[0].Err != nil {
		t.Fatal(err, made[0].Err)
	}
	name := "Напої"
	if res, err := s.shop.catalog.UpdateCategories(t.Context(), by(), []plugin.CategoryPatch{{ID: made[0].ID, Lang: "uk", Name: &name}}); err != nil || !res[0].Changed {
		t.Fatalf("rename: %v, %+v", err, res)
	}
	for lang, want := range map[string]string{"uk": "Напої", "en": "Drinks", "": "Напої", "pl": "Напої"} {
		list, err := s.shop.catalog.Categories(t.Context(), lang)
		if err != nil || list[0].Name != want {
			t.Errorf("in %q: %v, %v", lang, list, err)
		}
	}
}
