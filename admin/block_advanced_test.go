package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// polyglot is a shop with two languages and a tree of three categories.
type polyglot struct{ plugin.Shop }

type bothLanguages struct{ plugin.Dictionaries }

type smallTree struct{ plugin.Catalog }

func (p polyglot) Catalog() plugin.Catalog           { return smallTree{} }
func (p polyglot) Dictionaries() plugin.Dictionaries { return bothLanguages{p.Shop.Dictionaries()} }

func (bothLanguages) Languages(context.Context) ([]plugin.Language, error) {
	return []plugin.Language{{Code: "uk", Name: "Українська"}, {Code: "en", Name: "English"}}, nil
}

func (smallTree) Categories(context.Context, string) ([]plugin.Category, error) {
	return []plugin.Category{{ID: "3", ParentID: "2", Name: "Чашки"}, {ID: "2", Name: "Посуд"}, {ID: "1", Name: "Нові надходження"}}, nil
}

func TestOwnersAndLimitsAreSavedAndShownAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	if c := r.conn(path).Settings.Catalog; c.Owners != nil || c.Limits != (settings.Limits{}) {
		t.Errorf("a save that touched nothing stored %+v, %+v", c.Owners, c.Limits)
	}
	page := r.get(path)
	for field, want := range map[string]string{"owner_name": "crm", "owner_description": "fill", "owner_images": "fill", "owner_price": "crm"} {
		if got := page.form().Get(field); got != want {
			t.Errorf("%s shows %q, want %q", field, got, want)
		}
	}
	form := page.form()
	form.Set("owner_name", "shop")
	form.Set("owner_description", "crm")
	form.Set("limit_missing_count", "3")
	form.Set("limit_price_move", "80")
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Fatalf("saving: done %q", done)
	}
	c := r.conn(path).Settings.Catalog
	if len(c.Owners) != 2 || c.Owners.Of(settings.FieldName) != settings.OwnerShop || c.Owners.Of(settings.FieldDescription) != settings.OwnerCRM {
		t.Errorf("owners = %v", c.Owners)
	}
	if l := c.Limits; l != (settings.Limits{MissingCount: 3, PriceMove: 80}) {
		t.Errorf("limits = %+v", l)
	}
	form = r.get(path).form()
	if form.Get("owner_name") != "shop" || form.Get("limit_missing_count") != "3" || form.Get("limit_missing_percent") != "10" {
		t.Errorf("the form shows %v", form)
	}
	form.Set("owner_name", "crm")
	form.Set("limit_missing_count", "")
	r.post(path, form).leads()
	if c := r.conn(path).Settings.Catalog; len(c.Owners) != 1 || c.Limits != (settings.Limits{PriceMove: 80}) {
		t.Errorf("back to what is usual, stored are %v and %+v", c.Owners, c.Limits)
	}
}

func TestSafetyStockIsSavedAndShownAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	form := r.get(path).form()
	if got := form.Get("safety_stock"); got != "0" {
		t.Fatalf("the field shows %q", got)
	}
	for typed, want := range map[string]int{"5": 5, "0": 0, "": 0, "10000": settings.MostSafetyStock} {
		form.Set("safety_stock", typed)
		if _, done := r.post(path, form).leads(); done != "saved" || r.conn(path).Settings.Catalog.SafetyStock != want {
			t.Errorf("%q: done %q, stored %d", typed, done, r.conn(path).Settings.Catalog.SafetyStock)
		}
		form = r.get(path).form()
	}
	for _, typed := range []string{"-1", "10001", "1.5", "багато"} {
		form.Set("safety_stock", typed)
		r.post(path, form).want(http.StatusUnprocessableEntity).says("Введіть ціле число від 0 до 10000.")
	}
	if got := r.conn(path).Settings.Catalog.SafetyStock; got > settings.MostSafetyStock || got < 0 {
		t.Errorf("stored is %d", got)
	}
}

func TestHostileOwnersAndLimitsAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	before := r.conn(path)
	for field, value := range map[string]string{
		"owner_name": "everyone", "limit_missing_count": "100000", "limit_missing_percent": "51", "limit_price_count": "-5",
		"limit_price_percent": "many", "limit_stock_count": "0", "limit_stock_percent": "91", "limit_price_move": "99999999999999999999", "language": "xx", "default_category": "4711",
	} {
		form := r.get(path).form()
		form.Set(field, value)
		page := r.post(path, form).want(http.StatusUnprocessableEntity).says("Нічого не збережено")
		if strings.HasPrefix(field, "owner") || strings.HasPrefix(field, "limit") {
			if page.Find(`details.kb-more[open] [name="`+field+`"]`).Closest(".kb-field").Find(".kb-problem").Length() != 1 {
				t.Errorf("%s: no message beside the field, or it is folded away", field)
			}
		}
	}
	api := "/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/settings"
	for name, edit := range map[string]func(*settings.Catalog){
		"an unknown field":    func(c *settings.Catalog) { c.Owners = settings.Owners{"purchase_price": settings.OwnerCRM} },
		"an unknown owner":    func(c *settings.Catalog) { c.Owners = settings.Owners{settings.FieldName: "nobody"} },
		"a guard that is off": func(c *settings.Catalog) { c.Limits.MissingPercent = 100 },
		"a negative number":   func(c *settings.Catalog) { c.Limits.PriceMove = -1 },
		"a language":          func(c *settings.Catalog) { c.Language = "xx" },
		"a category":          func(c *settings.Catalog) { c.DefaultCategory = "4711" },
	} {
		set := r.conn(path).Settings
		edit(&set.Catalog)
		body, err := json.Marshal(map[string]any{"version": before.Version, "settings": set})
		if err != nil {
			t.Fatal(err)
		}
		got := r.do(http.MethodPut, api, "application/json", strings.NewReader(string(body)), http.Header{plugin.CSRFHeader: {token}})
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	if after := r.conn(path); after.Version != before.Version {
		t.Error("something was saved")
	}
}

func TestLanguageAndDefaultCategoryAreOfferedOnlyWhereThereIsAChoice(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	if n := r.get(path).Find(`select[name="language"], select[name="default_category"]`).Length(); n != 0 {
		t.Errorf("a shop with one language and no categories is offered %d menus", n)
	}
	r.with = func(s plugin.Shop) plugin.Shop { return polyglot{s} }
	page := r.get(path)
	if got := squeeze(page.Find(`select[name="default_category"]`).Text()); got != "Без категорії Нові надходження Посуд Посуд → Чашки" {
		t.Errorf("categories: %q", got)
	}
	form := page.form()
	if form.Get("language") != "" || page.Find(`select[name="language"] option`).Length() != 2 {
		t.Errorf("languages: %q", page.Find(`select[name="language"]`).Text())
	}
	form.Set("language", "en")
	form.Set("default_category", "3")
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Fatalf("done %q", done)
	}
	if c := r.conn(path).Settings.Catalog; c.Language != "en" || c.DefaultCategory != "3" {
		t.Errorf("stored %q, %q", c.Language, c.DefaultCategory)
	}
	// What the shop has lost meanwhile shows as such and does not forbid saving something else.
	r.with = nil
	form = r.get(path).says("код en — більше немає в магазині").says("код 3 — більше немає в магазині").form()
	form.Set("missing", "hide")
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Errorf("done %q", done)
	}
	if c := r.conn(path).Settings.Catalog; c.Language != "en" || c.DefaultCategory != "3" {
		t.Errorf("stored %q, %q", c.Language, c.DefaultCategory)
	}
}
