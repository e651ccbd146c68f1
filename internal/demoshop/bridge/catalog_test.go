package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/demoshop/shoptest"
	"github.com/keybridge/keybridge/plugin"
)

func TestBatchIsAnsweredItemByItem(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	bad := shoptest.Simple("Погана", "10", "1")
	bad.Variants[0].Stock = shoptest.Dec("-1")
	lost := shoptest.Simple("Загублена", "10", "1")
	lost.CategoryID = "999"
	dollars := shoptest.Simple("Доларова", "10", "1")
	dollars.Variants[0].Price = plugin.NewMoney("10", "USD")
	nul := shoptest.Simple("Назва\x00", "10", "")
	english := shoptest.Simple("English", "10", "")
	english.Lang = "en"
	batch := []plugin.NewProduct{
		shoptest.Simple("Добра", "10.50", "3"), bad, lost, dollars, nul, english, shoptest.Simple(" ", "1", ""), {Name: "Без варіантів"}, shoptest.Simple("Остання", "5", ""),
	}
	results, err := s.Only(t).Catalog().CreateProducts(t.Context(), shoptest.By(), batch)
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
	got := s.Product(t, results[0].ID)
	want := plugin.Product{
		ID: results[0].ID, Version: results[0].Version, Name: "Добра", Published: true, Orderable: true,
		Variants: []plugin.Variant{{
			ID: results[0].Added[0], SKU: "SKU-Добра", Price: plugin.NewMoney("10.5", demoshop.Currency), Stock: shoptest.Dec("3"), Orderable: true, Published: true,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("product (-want +got):\n%s", diff)
	}
}

func TestBatchSizes(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	if r, err := s.Only(t).Catalog().CreateProducts(t.Context(), shoptest.By(), nil); err != nil || len(r) != 0 {
		t.Errorf("empty batch: %v, %v", r, err)
	}
	if _, err := s.Only(t).Catalog().UpdateVariants(t.Context(), shoptest.By(), make([]plugin.VariantPatch, plugin.MaxBatch+1)); !errors.Is(err, plugin.ErrInvalid) {
		t.Errorf("a batch over the limit: %v, want ErrInvalid", err)
	}
	batch := make([]plugin.NewProduct, plugin.MaxBatch)
	for i := range batch {
		batch[i] = shoptest.Simple(fmt.Sprintf("Товар %d", i), "10", "1")
		batch[i].Variants = append(batch[i].Variants, plugin.NewVariant{SKU: "second", Options: []plugin.Attribute{{Name: "Розмір", Value: "M"}}})
	}
	results := s.Create(t, batch...)
	ids := make([]plugin.ProductID, len(results))
	for i, r := range results {
		ids[i] = r.ID
	}
	products, err := s.Only(t).Catalog().Products(t.Context(), demoshop.Locale, ids)
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
	s := shoptest.New(t)
	np := shoptest.Simple("Чашка", "120.50", "7")
	np.Attributes = []plugin.Attribute{{Name: "Колір", Value: "синій"}}
	made := s.Create(t, np)[0]
	patch := plugin.ProductPatch{
		ID: made.ID, Lang: demoshop.Locale, Name: shoptest.Ptr("Чашка"), Published: shoptest.Ptr(true), Attributes: &np.Attributes, CategoryID: shoptest.Ptr(plugin.CategoryID("")),
		Variants: []plugin.VariantPatch{{ID: made.Added[0], Price: shoptest.Ptr(plugin.NewMoney("120.5", demoshop.Currency)), Stock: shoptest.Dec("7.0")}},
	}
	r, err := s.Only(t).Catalog().UpdateProducts(t.Context(), shoptest.By(), []plugin.ProductPatch{patch})
	if err != nil || r[0].Err != nil || r[0].Changed || r[0].Version != made.Version {
		t.Fatalf("equal write: %+v, %v; want no change at version %s", r, err, made.Version)
	}
	v, err := s.Only(t).Catalog().UpdateVariants(t.Context(), shoptest.By(), []plugin.VariantPatch{{ID: made.Added[0], Stock: shoptest.Dec("7")}})
	if err != nil || v[0].Err != nil || v[0].Changed || v[0].Version != made.Version || v[0].ProductID != made.ID {
		t.Fatalf("equal stock: %+v, %v", v, err)
	}
	versions, err := s.Only(t).Catalog().Versions(t.Context(), []plugin.ProductID{made.ID, "424242", "x"})
	if err != nil || len(versions) != 1 || versions[made.ID] != made.Version {
		t.Fatalf("versions: %v, %v", versions, err)
	}
}

func TestOneBatchIsOneVersionOfAProduct(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	np := shoptest.Simple("Светр", "100", "1")
	np.Variants = append(np.Variants, plugin.NewVariant{SKU: "L", Options: []plugin.Attribute{{Name: "Розмір", Value: "L"}}})
	made := s.Create(t, np)[0]
	r, err := s.Only(t).Catalog().UpdateVariants(t.Context(), shoptest.By(), []plugin.VariantPatch{
		{ID: made.Added[0], Stock: shoptest.Dec("5")}, {ID: "99999"}, {ID: made.Added[1], Price: shoptest.Ptr(plugin.NewMoney("110", demoshop.Currency))}, {ID: made.Added[0], Stock: shoptest.Dec("-2")},
	})
	if err != nil {
		t.Fatal(err)
	}
	now := s.Product(t, made.ID)
	if r[0].Version != now.Version || r[2].Version != now.Version || now.Version == made.Version {
		t.Errorf("answered %s and %s, stored %s", r[0].Version, r[2].Version, now.Version)
	}
	if !errors.Is(r[1].Err, plugin.ErrNotFound) || !errors.Is(r[3].Err, plugin.ErrInvalid) {
		t.Errorf("bad items answered %v and %v", r[1].Err, r[3].Err)
	}
	if !now.Variants[0].Stock.Equal(decimal.NewFromInt(5)) || !now.Variants[1].Price.Equal(plugin.NewMoney("110", demoshop.Currency)) {
		t.Errorf("stored %+v", now.Variants)
	}
}

func TestPatchOfOtherVersionIsConflict(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	made := s.Create(t, shoptest.Simple("Лампа", "900", ""))[0]
	r, err := s.Only(t).Catalog().UpdateProducts(t.Context(), shoptest.By(), []plugin.ProductPatch{
		{ID: made.ID, Expect: made.Version, Lang: demoshop.Locale, Name: shoptest.Ptr("Лампа настільна")},
		{ID: made.ID, Expect: made.Version, Lang: demoshop.Locale, Name: shoptest.Ptr("Інша назва")},
	})
	if err != nil || r[0].Err != nil || !errors.Is(r[1].Err, plugin.ErrConflict) {
		t.Fatalf("results %+v, %v; want the second refused", r, err)
	}
	if got := s.Product(t, made.ID).Name; got != "Лампа настільна" {
		t.Errorf("name is %q", got)
	}
}

func TestVariantsAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	made := s.Create(t, shoptest.Simple("Плед", "500", "1"))[0]
	size := []plugin.Attribute{{Name: "Розмір", Value: "L"}}
	r, err := s.Only(t).Catalog().UpdateProducts(t.Context(), shoptest.By(), []plugin.ProductPatch{{
		ID: made.ID, AddVariants: []plugin.NewVariant{{SKU: "L", Options: size, Published: true}}, RemoveVariants: made.Added,
	}})
	if err != nil || r[0].Err != nil || len(r[0].Added) != 1 {
		t.Fatalf("swap variants: %+v, %v", r, err)
	}
	got := s.Product(t, made.ID).Variants
	if len(got) != 1 || got[0].ID != r[0].Added[0] || !slices.Equal(got[0].Options, size) {
		t.Errorf("variants are %+v", got)
	}
	r, err = s.Only(t).Catalog().UpdateProducts(t.Context(), shoptest.By(), []plugin.ProductPatch{{ID: made.ID, RemoveVariants: r[0].Added}})
	if err != nil || !errors.Is(r[0].Err, plugin.ErrInvalid) || len(s.Product(t, made.ID).Variants) != 1 {
		t.Errorf("removing the last variant: %+v, %v", r, err)
	}
}

func TestFindByKeyAnswersEveryMatch(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	a, b := shoptest.Simple("Їжачок ЛІСОВИЙ", "1", ""), shoptest.Simple("  їжачок лісовий ", "2", "")
	a.ExternalID, b.ExternalID = "77", "77"
	a.Variants[0].SKU, b.Variants[0].SKU = "Same", "Same"
	a.Variants[0].Barcode = "482000"
	made := s.Create(t, a, b)
	find := func(key plugin.ProductKey, values ...string) [][]plugin.KeyHit {
		hits, err := s.Only(t).Catalog().ProductsByKey(t.Context(), key, values)
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
	if _, err := s.Only(t).Catalog().ProductsByKey(t.Context(), "colour", []string{"x"}); !errors.Is(err, plugin.ErrInvalid) {
		t.Errorf("unknown key: %v", err)
	}
}

func TestCategoriesMakeNoCycle(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	c := s.Only(t).Catalog()
	root, err := c.CreateCategories(t.Context(), shoptest.By(), []plugin.NewCategory{{Name: "Одяг"}, {Name: ""}, {Name: "Сирота", ParentID: "12345"}})
	if err != nil || root[0].Err != nil || !errors.Is(root[1].Err, plugin.ErrInvalid) || !errors.Is(root[2].Err, plugin.ErrInvalid) {
		t.Fatalf("create: %+v, %v", root, err)
	}
	child, err := c.CreateCategories(t.Context(), shoptest.By(), []plugin.NewCategory{{Name: "Светри", ParentID: root[0].ID}})
	if err != nil || child[0].Err != nil {
		t.Fatalf("create child: %+v, %v", child, err)
	}
	r, err := c.UpdateCategories(t.Context(), shoptest.By(), []plugin.CategoryPatch{
		{ID: root[0].ID, ParentID: &child[0].ID},
		{ID: root[0].ID, Name: shoptest.Ptr("Одяг")},
		{ID: child[0].ID, Name: shoptest.Ptr("Теплі светри"), ParentID: shoptest.Ptr(plugin.CategoryID(""))},
		{ID: "777", Name: shoptest.Ptr("Ніхто")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(r[0].Err, plugin.ErrInvalid) || r[1].Changed || r[1].Version != root[0].Version || !r[2].Changed || !errors.Is(r[3].Err, plugin.ErrNotFound) {
		t.Errorf("update: %+v", r)
	}
	all, err := c.Categories(t.Context(), demoshop.Locale)
	want := []plugin.Category{{ID: root[0].ID, Name: "Одяг", Version: "1"}, {ID: child[0].ID, Name: "Теплі светри", Version: "2"}}
	if diff := cmp.Diff(want, all); err != nil || diff != "" {
		t.Errorf("tree, %v (-want +got):\n%s", err, diff)
	}
}

func TestImagesAreExactlyTheList(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	id := s.Create(t, shoptest.Simple("Книга", "300", ""))[0].ID
	pic := func(body string) plugin.ImageRef {
		return plugin.ImageRef{Content: &plugin.ImageContent{SourceURL: "https://cdn.example/" + body, ContentType: "image/png", Bytes: []byte(body)}}
	}
	set := func(refs ...plugin.ImageRef) plugin.ProductResult {
		t.Helper()
		r, err := s.Only(t).Catalog().SetImages(t.Context(), shoptest.By(), []plugin.ImageSet{{ProductID: id, Images: refs}})
		if err != nil {
			t.Fatal(err)
		}
		return r[0]
	}
	if r := set(pic("one"), pic("two")); r.Err != nil || !r.Changed {
		t.Fatalf("first write: %+v", r)
	}
	stored := s.Product(t, id)
	if r := set(pic("one"), pic("two")); r.Err != nil || r.Changed || r.Version != stored.Version {
		t.Errorf("the same list again: %+v", r)
	}
	if r := set(plugin.ImageRef{ID: stored.Images[1].ID}, pic("three"), plugin.ImageRef{ID: stored.Images[0].ID}); r.Err != nil || !r.Changed {
		t.Errorf("reorder: %+v", r)
	}
	now := s.Product(t, id)
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
	served := s.Browser(t).Get("/img/" + string(now.Images[1].ID))
	if served.Status != 200 || served.Body != "three" || served.Header.Get("Content-Type") != "image/png" || served.Header.Get("ETag") == "" {
		t.Errorf("served %d %q %v", served.Status, served.Body, served.Header)
	}
}

func TestWritersOfTheSameProductsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	var made []plugin.ProductResult
	for i := range 20 {
		made = append(made, s.Create(t, shoptest.Simple(fmt.Sprintf("Товар %d", i), "10", "5"))...)
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
				batch = append(batch, plugin.VariantPatch{ID: made[at].Added[0], Stock: shoptest.Dec(fmt.Sprint(w))})
			}
			_, err := s.Only(t).Catalog().UpdateVariants(context.Background(), shoptest.By(), batch)
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	want := s.Product(t, made[0].ID).Variants[0].Stock
	for _, m := range made {
		if got := s.Product(t, m.ID).Variants[0].Stock; !got.Equal(*want) {
			t.Errorf("stock of %s is %s, of the first %s: batches mixed", m.ID, got, want)
		}
	}
}
