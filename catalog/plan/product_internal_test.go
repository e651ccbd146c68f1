package plan

import (
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// TestProductsThatTheShopLacks: what is made of a product, and why of another none is.
func TestProductsThatTheShopLacks(t *testing.T) {
	t.Parallel()
	const (
		head = `new in uk for 501: "Футболка" text="текст" in="" unit="шт" attributes="Бренд: А" published=false orderable=true`
		made = `+ sku="A" barcode="bA" price=100 UAH stock=5 published=true options="Колір: A" size="1 kg; 2 × 3 × 4 cm" orderable=true`
		at   = "into category 11"
		told = `created: "" → "Футболка"`
		seen = "pictures a.jpg"
	)
	second := func(w *pairOf) { w.g.Offers = append(w.g.Offers, offered("o2", "B")) }
	as := func(facts ...string) string { return strings.Join(append([]string{"create"}, facts...), "; ") }
	shown := strings.ReplaceAll(head, "published=false", "published=true")
	for _, tt := range []struct {
		name string
		edit func(w *pairOf)
		want string
	}{
		{"hidden, until somebody has looked at it", func(*pairOf) {}, as("adds o1", head, made, at, told, seen)},
		{"or shown at once", func(w *pairOf) { w.r.New = settings.NewPublish }, as("adds o1", shown, made, at, told, seen)},
		{
			"but not what cannot be sold for want of a price",
			func(w *pairOf) { w.r.New, w.g.Offers[0].Price.Valid = settings.NewPublish, false },
			as("looks again", "adds o1", head, strings.ReplaceAll(made, "100 UAH", "-"), at, told, seen, `note no_price {"sku":"A"}`),
		},
		{
			"one variant with a price will do",
			func(w *pairOf) { second(w); w.r.New, w.g.Offers[1].Price.Valid = settings.NewPublish, false },
			as("looks again", "adds o1, o2", shown, made, strings.NewReplacer(`"A"`, `"B"`, ": A", ": B", "bA", "bB", "100 UAH", "-").Replace(made), at, told, seen, `note no_price {"sku":"B"}`),
		},
		{"none, when none is wanted", func(w *pairOf) { w.r.New = settings.NewSkip }, "none; skip not_created"},
		{"none without a name", func(w *pairOf) { w.g.Product.Name = "" }, "none; error no_name"},
		{"none when every offer is archived", func(w *pairOf) { w.g.Offers = nil }, "none; skip no_offers"},
		{"none of several variants, of which the shop keeps none", func(w *pairOf) { second(w); w.r.Can.Variants = false }, `none; error variants_unknown {"count":"2"}`},
		{"one of a single variant in such a shop", func(w *pairOf) { w.r.Can.Variants = false }, as("adds o1", head, made, at, told, seen)},

		{
			"without attributes, of which the shop keeps none", func(w *pairOf) { w.r.Can.Attributes = false },
			as("adds o1", strings.ReplaceAll(head, "Бренд: А", ""), made, at, told, seen),
		},
		{"without pictures, of which the shop keeps none", func(w *pairOf) { w.r.Can.Images = false }, as("adds o1", head, made, at, told)},
		{
			"without a text that is too long, which is told", func(w *pairOf) { w.g.TooLong, w.g.Description = true, "" },
			as("adds o1", strings.ReplaceAll(head, "текст", ""), made, at, told, seen, "note description_long"),
		},
		{
			"without stock, which the shop does not keep", func(w *pairOf) { w.r.Can.Stock = false },
			as("adds o1", head, strings.ReplaceAll(made, "stock=5", "stock="), at, told, seen),
		},
		{
			"with none in stock as long as the CRM does not tell", func(w *pairOf) { w.g.Offers[0].StockUnknown = true },
			as("looks again", "adds o1", head, strings.ReplaceAll(made, "stock=5", "stock=0"), at, told, seen),
		},
		{
			"with none in stock as long as a warehouse is gone", func(w *pairOf) { w.r.Frozen = true },
			as("looks again", "adds o1", head, strings.ReplaceAll(made, "stock=5", "stock=0"), at, told, seen),
		},
		{
			"with the product's own size, where an offer has none",
			func(w *pairOf) {
				w.g.Offers[0].Size, w.g.Product.Own.Size.Weight = plugin.Size{Width: num("3"), Height: num("-4")}, num("7")
				w.g.Product.Own.Size.Height = num("-2")
			},
			as("adds o1", head, strings.ReplaceAll(made, "1 kg; 2 × 3 × 4 cm", "7 kg; 0 × 3 × 0 cm"), at, told, seen),
		},

		{
			"in a category that is to be linked", func(w *pairOf) { w.f.Category = Target{Pending: true, Name: "Нова"} },
			as("adds o1", head, made, at, told, seen),
		},
		{
			"not in one that is linked to nothing", func(w *pairOf) { w.f.Category = Target{} },
			as("adds o1", head, made, told, seen),
		},
		{
			"but in the one for what has none", func(w *pairOf) { w.f.Category, w.r.Default = Target{}, "9" },
			as("adds o1", strings.ReplaceAll(head, `in=""`, `in="9"`), made, told, seen),
		},
		{
			"in one that was linked while the tree was still brought", func(w *pairOf) { w.r.Can.Categories, w.r.Default = false, "9" },
			as("adds o1", head, made, at, told, seen),
		},
		{
			"not in one that never will be", func(w *pairOf) {
				w.r.Can.Categories, w.r.Default, w.f.Category = false, "9", Target{Pending: true, Name: "Нова"}
			},
			as("adds o1", strings.ReplaceAll(head, `in=""`, `in="9"`), made, told, seen),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := alikePair()
			w.r.New = settings.NewHide
			tt.edit(w)
			if got := beside(Decide(w.r, w.g, w.f)); got != tt.want {
				t.Errorf("got\n  %s\nwant\n  %s", got, tt.want)
			}
		})
	}
	t.Run("links in question are no question of what has none", func(t *testing.T) {
		t.Parallel()
		w := alikePair()
		w.f.Rematch, w.r.New = true, settings.NewHide
		wantFacts(t, Decide(w.r, w.g, w.f), "create", "adds o1", head, made, at, told, seen)
	})
}

// TestProductsThatTheKeyFinds: 7 of the shop bears the key of 501 and was never linked.
func TestProductsThatTheKeyFinds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(w *pairOf)
		want []string
	}{
		{"is linked as it is", func(*pairOf) {}, []string{"update 7", "joins", "o1 is v1"}},
		{
			"is linked and brought up to date; what it comes to have none of was never ours, so it is not told as sold out",
			func(w *pairOf) { w.g.Offers[0].Available = num("0") },
			[]string{"update 7", "joins", "o1 is v1", `in "uk" writes`, `v1: stock="0"`, `v1 stock: "5" → "0"`},
		},
		{
			"is not linked when it cannot take the variants",
			func(w *pairOf) { w.g.Offers, w.r.Can.Variants = append(w.g.Offers, offered("o2", "B")), false },
			[]string{"none 7", "error variants_unknown"},
		},
		{
			"is linked and left as it is",
			func(w *pairOf) {
				w.r.Existing, w.g.Product.Unit, w.g.Offers = settings.ExistingSkip, "кг", append(w.g.Offers, offered("o2", "B"))
			},
			[]string{"link 7", "joins", "o1 is v1", "skip not_updated"},
		},
		{
			"is another's", func(w *pairOf) { w.f.Hits[0].Owner = "600" },
			[]string{"none 7", `conflict linked_elsewhere {"crm":"600","product":"7"}`},
		},
		{
			"is another connection's", func(w *pairOf) { w.f.Hits[0].Owner, w.f.Hits[0].Connection = "600", "c2" },
			[]string{"none 7", `conflict other_connection {"connection":"c2","product":"7"}`},
		},
		{
			"is one of two", func(w *pairOf) { w.f.Hits = append(w.f.Hits, w.f.Hits[0]) },
			[]string{"none", `conflict several_in_shop {"count":"2"}`},
		},
		{"could be that of another, too", func(w *pairOf) { w.f.SeveralInCRM = true }, []string{"none", "conflict several_in_crm"}},
		{
			"bears the SKU of what is never matched", func(w *pairOf) { w.r.Match = settings.MatchNever },
			[]string{"none 7", `skip sku_taken {"product":"7"}`},
		},
		{
			"bears the SKU, whatever its name", func(w *pairOf) { w.r.Match, w.f.Hits[0].Product.Name = settings.MatchSKU, "Моя" },
			[]string{"update 7", "joins", "o1 is v1", `in "uk" writes name="Футболка"`, `name: "Моя" → "Футболка"`},
		},
		{
			"bears a barcode, and nothing else agrees",
			func(w *pairOf) {
				w.r.Match, w.r.Owners.Name, w.r.Owners.SKU = settings.MatchBarcode, Owner(settings.OwnerShop), Owner(settings.OwnerShop)
				w.f.Hits[0].Product.Name, w.f.Hits[0].Product.Variants[0].SKU = "Моя", "X"
			},
			[]string{"update 7", "joins", "o1 is v1"},
		},
		{
			"has the id by accident",
			func(w *pairOf) {
				w.r.Match, w.f.Hits[0].Product.Name, w.f.Hits[0].Product.Variants[0].SKU = settings.MatchID, "Моя", "X"
			},
			[]string{"none 7", `conflict id_differs {"product":"7"}`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := alikePair()
			w.f.Hits = []keyMatch{{Product: w.shop}}
			tt.edit(w)
			wantFacts(t, Decide(w.r, w.g, w.f), tt.want...)
		})
	}
}

// TestWhatConfirmsAnEqualID: ids of two systems are equal by accident, so a name or a SKU has to be, too.
func TestWhatConfirmsAnEqualID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		crm, shop  string   // names
		told, ours []string // SKUs
		want       bool
	}{
		{"nothing", "A", "B", []string{"1"}, []string{"2"}, false},
		{"the name, in any case", " Футболка", "ФУТБОЛКА ", []string{"1"}, []string{"2"}, true},
		{"not two names of nothing", "", " ", []string{"1"}, []string{"2"}, false},
		{"a SKU", "A", "B", []string{"1", "2"}, []string{"3", "2"}, true},
		{"a SKU in spaces", "A", "B", []string{"2"}, []string{" 2 "}, true},
		{"not two SKUs of nothing", "A", "B", []string{""}, []string{" "}, false},
		{"not an offer without a SKU", "A", "B", []string{"", "1"}, []string{"2"}, false},
		{"a name without any offer", "A", "A", nil, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, p := CRMProduct{Product: catalog.Product{Name: tt.crm}}, plugin.Product{Name: tt.shop}
			for _, sku := range tt.told {
				g.Offers = append(g.Offers, catalog.Offer{SKU: sku})
			}
			for _, sku := range tt.ours {
				p.Variants = append(p.Variants, plugin.Variant{SKU: sku})
			}
			if got := Agrees(g, p); got != tt.want {
				t.Errorf("agrees = %v", got)
			}
		})
	}
}

// TestKeys: by what a product is looked up in the shop, and in which of its fields.
func TestKeys(t *testing.T) {
	t.Parallel()
	g := CRMProduct{
		Product: catalog.Product{ID: "501", Name: " Футболка "},
		Offers:  []catalog.Offer{{SKU: "A", Barcode: "1"}, {SKU: "", Barcode: "2"}, {SKU: "A", Barcode: ""}, {SKU: "B", Barcode: "1"}},
	}
	for _, tt := range []struct {
		key    settings.MatchKey
		values string
		field  plugin.ProductKey
		has    bool
	}{
		{settings.MatchID, "501", "", false},
		{settings.MatchExternalID, "501", plugin.KeyExternalID, true},
		{settings.MatchName, "Футболка", plugin.KeyName, true},
		{settings.MatchSKU, "A B", plugin.KeySKU, true},
		{settings.MatchBarcode, "1 2", plugin.KeyBarcode, true},
		{settings.MatchNever, "A B", plugin.KeySKU, true},
		{"", "", "", false},
	} {
		t.Run("a product is looked up by "+string(tt.key), func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(KeysOf(tt.key, g), " "); got != tt.values {
				t.Errorf("looked up by %q, want %q", got, tt.values)
			}
			if field, has := ShopKey(tt.key); field != tt.field || has != tt.has {
				t.Errorf("in %q, %v, want %q, %v", field, has, tt.field, tt.has)
			}
		})
	}
}
