package demoshop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

func TestBatchIsAnsweredItemByItem(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	bad := simple("Погана", "10", "1")
	bad.Variants[0].Stock = dec("-1")
	lost := simple("Загублена", "10", "1")
	lost.CategoryID = "999"
	dollars := simple("Доларова", "10", "1")
	dollars.Variants[0].Price = plugin.NewMoney("10", "USD")
	nul := simple("Назва\x00", "10", "")
	english := simple("English", "10", "")
	english.Lang = "en"
	batch := []plugin.NewProduct{
		simple("Добра", "10.50", "3"), bad, lost, dollars, nul, english, simple(" ", "1", ""), {Name: "Без варіантів"}, simple("Остання", "5", ""),
	}
	results, err := s.shop.catalog.CreateProducts(t.Context(), by(), batch)
	if err != nil || len(results) != len(batch) {
		t.Fatalf("CreateProducts answered %d results, %v", len(results), err)
	}
	for i, r := range results {
		good := i == 0 || i == len(batch)-1
		switch {
		case good && (r.Err != nil || !r.Changed || r.ID == "" || len(r.Added) != 1):
			t.Errorf("item %d: %+v, want it created", i, r)
		case !good && (!errors.Is(r.Err, plugin.ErrInvalid) || r.ID != "" || r.Changed):
			t.Errorf("item %d: %+v, want ErrInvalid alone", i, r)
		}
	}
	got := s.product(t, results[0].ID)
	want := plugin.Product{
		ID: results[0].ID, Version: results[0].Version, Name: "Добра", Published: true, Orderable: true,
		Variants: []plugin.Variant{{
			ID: results[0].Added[0], SKU: "SKU-Добра", Price: plugin.NewMoney("10.5", Currency), Stock: dec("3"), Orderable: true, Published: true,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("product (-want +got):\n%s", diff)
	}
}

func TestBatchSizes(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	if r, err := s.shop.catalog.CreateProducts(t.Context(), by(), nil); err != nil || len(r) != 0 {
		t.Errorf("empty batch: %v, %v", r, err)
	}
	if _, err := s.shop.catalog.UpdateVariants(t.Context(), by(), make([]plugin.VariantPatch, plugin.MaxBatch+1)); !errors.Is(err, plugin.ErrInvalid) {
		t.Errorf("a batch over the limit: %v, want ErrInvalid", err)
	}
	batch := make([]plugin.NewProduct, plugin.MaxBatch)
	for i := range batch {
		batch[i] = simple(fmt.Sprintf("Товар %d", i), "10", "1")
		batch[i].Variants = append(batch[i].Variants, plugin.NewVariant{SKU: "second", Options: []plugin.Attribute{{Name: "Розмір", Value: "M"}}})
	}
	results := s.create(t, batch...)
	ids := make([]plugin.ProductID, len(results))
	for i, r := range results {
		ids[i] = r.ID
	}
	products, err := s.shop.catalog.Products(t.Context(), Locale, ids)
	if err != nil || len(products) != plugin.MaxBatch {
		t.Fatalf("read %d products, %v", len(products), err)
	}
	for i, p := range products {
		if p.Name != batch[i].Name || p.Variants[0].ID != results[i].Added[0] || p.Variants[1].ID != results[i].Added[1] {
			t.Fatalf("product %d is %+v, not what its item said", i, p)
		}
	}
}

func TestEqualWriteChangesNothing(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	np := simple("Чашка", "120.50", "7")
	np.Attributes = []plugin.Attribute{{Name: "Колір", Value: "синій"}}
	made := s.create(t, np)[0]
	patch := plugin.ProductPatch{
		ID: made.ID, Lang: Locale, Name: ptr("Чашка"), Published: ptr(true), Attributes: &np.Attributes, CategoryID: ptr(plugin.CategoryID("")),
		Variants: []plugin.VariantPatch{{ID: made.Added[0], Price: ptr(plugin.NewMoney("120.5", Currency)), Stock: dec("7.0")}},
	}
	r, err := s.shop.catalog.UpdateProducts(t.Context(), by(), []plugin.ProductPatch{patch})
	if err != nil || r[0].Err != nil || r[0].Changed || r[0].Version != made.Version {
		t.Fatalf("equal write: %+v, %v; want no change at version %s", r, err, made.Version)
	}
	v, err := s.shop.catalog.UpdateVariants(t.Context(), by(), []plugin.VariantPatch{{ID: made.Added[0], Stock: dec("7")}})
	if err != nil || v[0].Err != nil || v[0].Changed || v[0].Version != made.Version || v[0].ProductID != made.ID {
		t.Fatalf("equal stock: %+v, %v", v, err)
	}
	versions, err := s.shop.catalog.Versions(t.Context(), []plugin.ProductID{made.ID, "424242", "x"})
	if err != nil || len(versions) != 1 || versions[made.ID] != made.Version {
		t.Fatalf("versions: %v, %v", versions, err)
	}
}

func TestOneBatchIsOneVersionOfAProduct(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	np := simple("Светр", "100", "1")
	np.Variants = append(np.Variants, plugin.NewVariant{SKU: "L", Options: []plugin.Attribute{{Name: "Розмір", Value: "L"}}})
	made := s.create(t, np)[0]
	r, err := s.shop.catalog.UpdateVariants(t.Context(), by(), []plugin.VariantPatch{
		{ID: made.Added[0], Stock: dec("5")}, {ID: "99999"}, {ID: made.Added[1], Price: ptr(plugin.NewMoney("110", Currency))}, {ID: made.Added[0], Stock: dec("-2")},
	})
	if err != nil {
		t.Fatal(err)
	}
	now := s.product(t, made.ID)
	if r[0].Version != now.Version || r[2].Version != now.Version || now.Version == made.Version {
		t.Errorf("answered %s and %s, stored %s", r[0].Version, r[2].Version, now.Version)
	}
	if !errors.Is(r[1].Err, plugin.ErrNotFound) || !errors.Is(r[3].Err, plugin.ErrInvalid) {
		t.Errorf("bad items answered %v and %v", r[1].Err, r[3].Err)
	}
	if !now.Variants[0].Stock.Equal(decimal.NewFromInt(5)) || !now.Variants[1].Price.Equal(plugin.NewMoney("110", Currency)) {
		t.Errorf("stored %+v", now.Variants)
	}
}

func TestPatchOfOtherVersionIsConflict(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	made := s.create(t, simple("Лампа", "900", ""))[0]
	r, err := s.shop.catalog.UpdateProducts(t.Context(), by(), []plugin.ProductPatch{
		{ID: made.ID, Expect: made.Version, Lang: Locale, Name: ptr("Лампа настільна")},
		{ID: made.ID, Expect: made.Version, Lang: Locale, Name: ptr("Інша назва")},
	})
	if err != nil || r[0].Err != nil || !errors.Is(r[1].Err, plugin.ErrConflict) {
		t.Fatalf("results %+v, %v; want the second refused", r, err)
	}
	if got := s.product(t, made.ID).Name; got != "Лампа настільна" {
		t.Errorf("name is %q", got)
	}
}

func TestVariantsAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	made := s.create(t, simple("Плед", "500", "1"))[0]
	size := []plugin.Attribute{{Name: "Розмір", Value: "L"}}
	r, err := s.shop.catalog.UpdateProducts(t.Context(), by(), []plugin.ProductPatch{{
		ID: made.ID, AddVariants: []plugin.NewVariant{{SKU: "L", Options: size, Published: true}}, RemoveVariants: made.Added,
	}})
	if err != nil || r[0].Err != nil || len(r[0].Added) != 1 {
		t.Fatalf("swap variants: %+v, %v", r, err)
	}
	got := s.product(t, made.ID).Variants
	if len(got) != 1 || got[0].ID != r[0].Added[0] || !slices.Equal(got[0].Options, size) {
		t.Errorf("variants are %+v", got)
	}
	r, err = s.shop.catalog.UpdateProducts(t.Context(), by(), []plugin.ProductPatch{{ID: made.ID, RemoveVariants: r[0].Added}})
	if err != nil || !errors.Is(r[0].Err, plugin.ErrInvalid) || len(s.product(t, made.ID).Variants) != 1 {
		t.Errorf("removing the last variant: %+v, %v", r, err)
	}
}

func TestFindByKeyAnswersEveryMatch(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	a, b := simple("Їжачок ЛІСОВИЙ", "1", ""), simple("  їжачок лісовий ", "2", "")
	a.ExternalID, b.ExternalID = "77", "77"
	a.Variants[0].SKU, b.Variants[0].SKU = "Same", "Same"
	a.Variants[0].Barcode = "482000"
	made := s.create(t, a, b)
	find := func(key plugin.ProductKey, values ...string) [][]plugin.KeyHit {
		hits, err := s.shop.catalog.ProductsByKey(t.Context(), key, values)
		if err != nil {
			t.Fatalf("ProductsByKey(%s): %v", key, err)
		}
		return hits
	}
	both := []plugin.KeyHit{{ProductID: made[0].ID}, {ProductID: made[1].ID}}
	variants := []plugin.KeyHit{{ProductID: made[0].ID, VariantID: made[0].Added[0]}, {ProductID: made[1].ID, VariantID: made[1].Added[0]}}
	cases := []struct {
		key    plugin.ProductKey
		values []string
		want   [][]plugin.KeyHit
	}{
		{plugin.KeyName, []string{" ЇЖАЧОК лісовий", "немає"}, [][]plugin.KeyHit{both, nil}},
		{plugin.KeyExternalID, []string{"", "77"}, [][]plugin.KeyHit{nil, both}},
		{plugin.KeySKU, []string{"Same", "same", ""}, [][]plugin.KeyHit{variants, nil, nil}},
		{plugin.KeyBarcode, []string{"482000"}, [][]plugin.KeyHit{variants[:1]}},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, find(c.key, c.values...)); diff != "" {
			t.Errorf("find by %s (-want +got):\n%s", c.key, diff)
		}
	}
	if _, err := s.shop.catalog.ProductsByKey(t.Context(), "colour", []string{"x"}); !errors.Is(err, plugin.ErrInvalid) {
		t.Errorf("unknown key: %v", err)
	}
}

func TestCategoriesMakeNoCycle(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	c := s.shop.catalog
	root, err := c.CreateCategories(t.Context(), by(), []plugin.NewCategory{{Name: "Одяг"}, {Name: ""}, {Name: "Сирота", ParentID: "12345"}})
	if err != nil || root[0].Err != nil || !errors.Is(root[1].Err, plugin.ErrInvalid) || !errors.Is(root[2].Err, plugin.ErrInvalid) {
		t.Fatalf("create: %+v, %v", root, err)
	}
	child, err := c.CreateCategories(t.Context(), by(), []plugin.NewCategory{{Name: "Светри", ParentID: root[0].ID}})
	if err != nil || child[0].Err != nil {
		t.Fatalf("create child: %+v, %v", child, err)
	}
	r, err := c.UpdateCategories(t.Context(), by(), []plugin.CategoryPatch{
		{ID: root[0].ID, ParentID: &child[0].ID},
		{ID: root[0].ID, Name: ptr("Одяг")},
		{ID: child[0].ID, Name: ptr("Теплі светри"), ParentID: ptr(plugin.CategoryID(""))},
		{ID: "777", Name: ptr("Ніхто")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(r[0].Err, plugin.ErrInvalid) || r[1].Changed || r[1].Version != root[0].Version || !r[2].Changed || !errors.Is(r[3].Err, plugin.ErrNotFound) {
		t.Errorf("update: %+v", r)
	}
	all, err := c.Categories(t.Context(), Locale)
	want := []plugin.Category{{ID: root[0].ID, Name: "Одяг", Version: "1"}, {ID: child[0].ID, Name: "Теплі светри", Version: "2"}}
	if diff := cmp.Diff(want, all); err != nil || diff != "" {
		t.Errorf("tree, %v (-want +got):\n%s", err, diff)
	}
}

func TestImagesAreExactlyTheList(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	id := s.create(t, simple("Книга", "300", ""))[0].ID
	pic := func(body string) plugin.ImageRef {
		return plugin.ImageRef{Content: &plugin.ImageContent{SourceURL: "https://cdn.example/" + body, ContentType: "image/png", Bytes: []byte(body)}}
	}
	set := func(refs ...plugin.ImageRef) plugin.ProductResult {
		t.Helper()
		r, err := s.shop.catalog.SetImages(t.Context(), by(), []plugin.ImageSet{{ProductID: id, Images: refs}})
		if err != nil {
			t.Fatal(err)
		}
		return r[0]
	}
	if r := set(pic("one"), pic("two")); r.Err != nil || !r.Changed {
		t.Fatalf("first write: %+v", r)
	}
	stored := s.product(t, id)
	if r := set(pic("one"), pic("two")); r.Err != nil || r.Changed || r.Version != stored.Version {
		t.Errorf("the same list again: %+v", r)
	}
	if r := set(plugin.ImageRef{ID: stored.Images[1].ID}, pic("three"), plugin.ImageRef{ID: stored.Images[0].ID}); r.Err != nil || !r.Changed {
		t.Errorf("reorder: %+v", r)
	}
	now := s.product(t, id)
	if len(now.Images) != 3 || now.Images[0].ID != stored.Images[1].ID || now.Images[2].ID != stored.Images[0].ID || now.Images[1].SourceURL != "https://cdn.example/three" {
		t.Errorf("images are %+v", now.Images)
	}
	wrong := pic("x")
	wrong.Content.ContentType = "image/svg+xml"
	hash := pic("y")
	hash.Content.SHA256 = "00"
	for name, refs := range map[string][]plugin.ImageRef{
		"svg": {wrong}, "wrong hash": {hash}, "empty": {{}}, "twice": {{ID: now.Images[0].ID}, {ID: now.Images[0].ID}},
	} {
		if r := set(refs...); !errors.Is(r.Err, plugin.ErrInvalid) {
			t.Errorf("%s: %+v, want ErrInvalid", name, r)
		}
	}
	if r := set(plugin.ImageRef{ID: "999"}); !errors.Is(r.Err, plugin.ErrNotFound) {
		t.Errorf("unknown picture: %+v", r)
	}
	served := s.browser(t).get("/img/" + string(now.Images[1].ID))
	if served.Status != 200 || served.Body != "three" || served.Header.Get("Content-Type") != "image/png" || served.Header.Get("ETag") == "" {
		t.Errorf("served %d %q %v", served.Status, served.Body, served.Header)
	}
}

func TestWritersOfTheSameProductsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	var made []plugin.ProductResult
	for i := range 20 {
		made = append(made, s.create(t, simple(fmt.Sprintf("Товар %d", i), "10", "5"))...)
	}
	errs := make(chan error, 8)
	for w := range 8 {
		go func() {
			var batch []plugin.VariantPatch
			for i := range made {
				at := i
				if w%2 == 1 {
					at = len(made) - 1 - i
				}
				batch = append(batch, plugin.VariantPatch{ID: made[at].Added[0], Stock: dec(fmt.Sprint(w))})
			}
			_, err := s.shop.catalog.UpdateVariants(context.Background(), by(), batch)
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	want := s.product(t, made[0].ID).Variants[0].Stock
	for _, m := range made {
		if got := s.product(t, m.ID).Variants[0].Stock; !got.Equal(*want) {
			t.Errorf("stock of %s is %s, of the first %s: batches mixed", m.ID, got, want)
		}
	}
}

func TestTwoProcessesMayOpenAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtestEmpty(t)
	errs := make(chan error, 3)
	for range 3 {
		go func() { errs <- migrate(context.Background(), db.DB) }()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
