package bridge_test

import (
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/demoshop/shoptest"
	"github.com/keybridge/keybridge/plugin"
)

func TestTextsOfEachLanguageAreKeptApart(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t, shoptest.TwoLanguages)
	made := s.Create(t, shoptest.Simple("Чай", "80", "2"))[0]
	read := func(lang string) plugin.Product {
		list, err := s.Only(t).Catalog().Products(t.Context(), lang, []plugin.ProductID{made.ID})
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
		res, err := s.Only(t).Catalog().UpdateProducts(t.Context(), shoptest.By(), []plugin.ProductPatch{{ID: made.ID, Lang: lang, Name: name}})
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
	b := s.Browser(t)
	b.SignIn("admin", "owner-secret")
	if text := b.Get("/admin/products/" + string(made.ID)).Doc(t).Find(`[data-lang="en"]`).Text(); !strings.Contains(text, "Tea") {
		t.Errorf("the product's page shows %q in English", text)
	}
	res, err := s.Only(t).Catalog().UpdateProducts(t.Context(), shoptest.By(), []plugin.ProductPatch{{ID: made.ID, Lang: "pl", Name: &tea}})
	if err != nil || res[0].Err == nil {
		t.Errorf("a language the shop does not keep: %v, %v", err, res[0].Err)
	}
}

func TestNamesOfCategoriesAreKeptByLanguage(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t, shoptest.TwoLanguages)
	made, err := s.Only(t).Catalog().CreateCategories(t.Context(), shoptest.By(), []plugin.NewCategory{{Lang: "en", Name: "Drinks"}})
	if err != nil || made[0].Err != nil {
		t.Fatal(err, made[0].Err)
	}
	name := "Напої"
	if res, err := s.Only(t).Catalog().UpdateCategories(t.Context(), shoptest.By(), []plugin.CategoryPatch{{ID: made[0].ID, Lang: "uk", Name: &name}}); err != nil || !res[0].Changed {
		t.Fatalf("rename: %v, %+v", err, res)
	}
	for lang, want := range map[string]string{"uk": "Напої", "en": "Drinks", "": "Напої", "pl": "Напої"} {
		list, err := s.Only(t).Catalog().Categories(t.Context(), lang)
		if err != nil || list[0].Name != want {
			t.Errorf("in %q: %v, %v", lang, list, err)
		}
	}
}
