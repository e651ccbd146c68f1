package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// spelling is a plan as facts.
type spelling []string

func (s *spelling) say(is bool, format string, args ...any) {
	if is {
		*s = append(*s, strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}

// spell renders all that a plan would write, count and remember, so that tables compare whole plans.
func spell(d Plan) []string {
	var s spelling
	s.say(true, "%s %s", d.Action, d.Product)
	s.say(d.Name != "", "named %s", d.Name)
	s.say(d.Joins, "joins")
	s.say(d.From != "", "from %s", d.From)
	s.say(d.Missing != "", "missing: %s", d.Missing)
	s.say(d.Open, "looks again")
	for _, offer := range slices.Sorted(maps.Keys(d.Pairs)) {
		s.say(true, "%s is %s", offer, d.Pairs[offer])
	}
	s.say(len(d.Adds) > 0, "adds %s", strings.Join(d.Adds, ", "))
	for _, offer := range slices.Sorted(maps.Keys(d.Gone)) {
		s.say(true, "%s is gone: %s", offer, d.Gone[offer])
	}
	s.spellWrites(d)
	s.say(d.PriceMoves > 0, "%d prices move", d.PriceMoves)
	s.say(d.FreshlyGone > 0, "%d freshly gone", d.FreshlyGone)
	s.say(d.Replaced, "something else")
	s.say(d.Foreign, "not ours")
	for _, o := range d.SoldOut {
		s.say(true, "sold out %s, %s, %s: %q → %s", o.Offer, o.Variant, o.SKU, o.Old, o.Says)
	}
	s.say(!d.ReadAt.IsZero(), "read at %s", d.ReadAt.Format("15:04"))
	for _, q := range d.Quoted {
		s.say(true, "remembers %s, %s of %s: %s", q.Offer, q.Variant, q.ReadAt.Format("15:04"), q.Hash)
	}
	s.spellItems(d)
	return s
}

func (s *spelling) spellItems(d Plan) {
	for _, it := range d.Items {
		about := string(it.Product)
		if it.Product == d.Product {
			about = ""
		}
		s.say(true, "%s", strings.Join(sliceutil.Unique([]string{string(it.Kind), string(it.Reason), about, it.CRMID, it.Name, strings.TrimPrefix(string(JSON(it.Params)), "null")}), " "))
	}
}

func (s *spelling) spellWrites(d Plan) {
	if p := d.New; p != nil {
		s.say(true, "new in %s for %s: %q text=%q in=%q unit=%q attributes=%q published=%v orderable=%v",
			p.Lang, p.ExternalID, p.Name, p.Description, p.CategoryID, p.Unit, listText(p.Attributes), p.Published, p.Orderable)
		for _, v := range p.Variants {
			s.say(true, "+ %s orderable=%v", tellVariant(v), v.Orderable)
		}
	}
	s.say(d.Category != "", "into category %s", d.Category)
	if p := d.Patch; p != nil {
		s.say(p.ID != d.Product || p.Expect != d.Seen, "A PATCH OF %s AT %s", p.ID, p.Expect)
		s.say(true, "in %q writes%s", p.Lang, spellFields(p))
		for _, v := range p.Variants {
			s.say(true, "%s:%s", v.ID, spellVariantFields(v))
		}
		for _, v := range p.AddVariants {
			s.say(true, "+ %s orderable=%v", tellVariant(v), v.Orderable)
		}
		s.say(len(p.RemoveVariants) > 0, "REMOVES %v", p.RemoveVariants)
	}
	for _, c := range d.Changes {
		over := ""
		if c.Overwrote {
			over = " over an edit"
		}
		about := ""
		if c.Product != d.Product {
			about = " of " + string(c.Product)
		}
		s.say(true, "%s%s%s%s: %q → %q%s", c.Variant, strings.Repeat(" ", min(1, len(c.Variant))), c.Field, about, c.Old, c.New, over)
	}
	s.say(d.Images != nil, "pictures %s", strings.Join(d.Images, ", "))
}

func spellFields(p *plugin.ProductPatch) string {
	var b strings.Builder
	spellField(&b, "name", p.Name, sameText)
	spellField(&b, "text", p.Description, sameText)
	spellField(&b, "in", p.CategoryID, func(id plugin.CategoryID) string { return string(id) })
	spellField(&b, "published", p.Published, boolText)
	spellField(&b, "orderable", p.Orderable, boolText)
	spellField(&b, "unit", p.Unit, sameText)
	spellField(&b, "external", p.ExternalID, sameText)
	spellField(&b, "attributes", p.Attributes, listText)
	return b.String()
}

func spellVariantFields(p plugin.VariantPatch) string {
	var b strings.Builder
	spellField(&b, "sku", p.SKU, sameText)
	spellField(&b, "barcode", p.Barcode, sameText)
	spellField(&b, "price", p.Price, plugin.Money.String)
	spellField(&b, "old price", p.OldPrice, plugin.Money.String)
	spellField(&b, "stock", p.Stock, decimal.Decimal.String)
	spellField(&b, "orderable", p.Orderable, boolText)
	spellField(&b, "published", p.Published, boolText)
	spellField(&b, "size", p.Size, sizeText)
	spellField(&b, "options", p.Options, listText)
	return b.String()
}

func sameText(s string) string { return s }

func spellField[T any](b *strings.Builder, name string, v *T, text func(T) string) {
	if v != nil {
		fmt.Fprintf(b, " %s=%q", name, text(*v))
	}
}

// pairOf is a product of the CRM and the one of the shop that it is linked to; they say the same of everything.
type pairOf struct {
	r    Rules
	g    CRMProduct
	f    ProductInputs
	l    Link
	shop plugin.Product
}

func list(pairs ...string) (out []plugin.Attribute) {
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		out = append(out, plugin.Attribute{Name: name, Value: value})
	}
	return out
}

func num(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func units(s string) *decimal.Decimal {
	d := num(s)
	return &d
}

func asked(s string) decimal.NullDecimal { return decimal.NewNullDecimal(num(s)) }

func uah(s string) plugin.Money { return plugin.Money{Amount: num(s), Currency: "UAH"} }

// offered and sold are the same goods: as the CRM offers them, and as the shop sells them.
func offered(id, sku string) catalog.Offer {
	return catalog.Offer{
		ID: id, ProductID: "501", SKU: sku, Barcode: "b" + sku, Price: asked("100"), Available: num("5"),
		Size: plugin.Size{Weight: num("1"), Length: num("2"), Width: num("3"), Height: num("4")}, Options: list("Колір=" + sku),
	}
}

func sold(id plugin.VariantID, sku string) plugin.Variant {
	o := offered("", sku)
	return plugin.Variant{
		ID: id, SKU: sku, Barcode: o.Barcode, Price: uah("100"), Stock: &o.Available, Orderable: true, Published: true, Size: o.Size, Options: o.Options,
	}
}

// alikePair is a product with the offer o1, which is the variant v1. More rows of both come from more: "o2 B v2".
func alikePair(more ...string) *pairOf {
	w := &pairOf{
		r: NewRules(settings.Default().Catalog, "uk", "UAH", plugin.Capabilities{
			plugin.CapCategories, plugin.CapVariants, plugin.CapStock, plugin.CapImages, plugin.CapAttributes,
		}),
		g: CRMProduct{
			Product: catalog.Product{
				ID: "501", Name: "Футболка", CategoryID: "11", Currency: "UAH", Unit: "шт",
				Pictures: []string{"a.jpg"}, Attributes: list("Бренд=А"),
			},
			Description: "текст",
		},
		f: ProductInputs{
			Names: map[plugin.CategoryID]string{"4": "Одяг", "5": "Взуття", "9": "Інше"}, Category: Target{ID: "4", Name: "Одяг"},
		},
		l: Link{Variants: map[string]VariantLink{}},
		shop: plugin.Product{
			ID: "7", Version: "3", Name: "Футболка", Description: "текст", CategoryID: "4", Published: true, Orderable: true, Unit: "шт",
			Images: []plugin.Image{{SourceURL: "a.jpg"}}, Attributes: list("Бренд=А"),
		},
	}
	for _, row := range append([]string{"o1 A v1"}, more...) {
		f := strings.Fields(row)
		w.g.Offers = append(w.g.Offers, offered(f[0], f[1]))
		w.shop.Variants = append(w.shop.Variants, sold(plugin.VariantID(f[2]), f[1]))
		w.l.Variants[f[0]] = VariantLink{Variant: plugin.VariantID(f[2])}
	}
	return w
}

// plan is that of a linked product.
func (w *pairOf) plan() Plan {
	w.f.Link, w.f.Shop = &w.l, &w.shop
	return Decide(w.r, w.g, w.f)
}

// beside renders a plan but for the facts that were to be expected.
func beside(d Plan, usual ...string) string {
	facts := slices.DeleteFunc(spell(d), func(fact string) bool { return slices.Contains(usual, fact) })
	return cmp.Or(strings.Join(facts, "; "), "nothing")
}

func wantFacts(t *testing.T, d Plan, want ...string) {
	t.Helper()
	if got := spell(d); !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// addressesOf lists pictures as a shop keeps them.
func addressesOf(list ...string) []plugin.Image {
	return sliceutil.Map(list, func(a string) plugin.Image { return plugin.Image{SourceURL: a} })
}
