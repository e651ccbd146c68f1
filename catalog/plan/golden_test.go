package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/golden"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// planCase is one file of testdata/plan: a product of the CRM, a shop, and what joins them.
type planCase struct {
	About string `json:"about"`
	Rules struct {
		Match    settings.MatchKey       `json:"match"`
		New      settings.NewPolicy      `json:"new"`
		Existing settings.ExistingPolicy `json:"existing"`
		Missing  settings.MissingPolicy  `json:"missing"`
		Cannot   []string                `json:"cannot"`
	} `json:"rules"`
	CRM *CRMProduct `json:"crm"` // null: the CRM no longer has it
	// Shop is everything the shop has; Link names the linked one.
	Shop         []plugin.Product                     `json:"shop"`
	Linked       plugin.ProductID                     `json:"linked"`
	Link         Link                                 `json:"link"`
	Owners       map[plugin.ProductID]keyMatch        `json:"owners"`
	Category     Target                               `json:"category"`
	SeveralInCRM bool                                 `json:"several_in_crm"`
	Unsent       map[plugin.VariantID]decimal.Decimal `json:"unsent"`
}

func (c planCase) rules() Rules {
	set := settings.Default().Catalog
	r := NewRules(set, "uk", "UAH", plugin.Capabilities{
		plugin.CapCategories, plugin.CapVariants, plugin.CapStock, plugin.CapImages, plugin.CapAttributes,
	})
	r.Match, r.New = cmp.Or(c.Rules.Match, r.Match), cmp.Or(c.Rules.New, r.New)
	r.Existing, r.Missing = cmp.Or(c.Rules.Existing, r.Existing), cmp.Or(c.Rules.Missing, r.Missing)
	for name, can := range map[string]*bool{"variants": &r.Can.Variants, "stock": &r.Can.Stock, "images": &r.Can.Images} {
		*can = !slices.Contains(c.Rules.Cannot, name)
	}
	return r
}

// plan decides the case under rules.
func (c planCase) plan(r Rules) Plan {
	f := ProductInputs{Names: map[plugin.CategoryID]string{"4": "Одяг", "5": "Взуття"}, Category: c.Category, SeveralInCRM: c.SeveralInCRM, Unsent: c.Unsent}
	if c.Linked != "" {
		at := slices.IndexFunc(c.Shop, func(p plugin.Product) bool { return p.ID == c.Linked })
		f.Link, f.Shop = &c.Link, &c.Shop[at]
	}
	switch {
	case c.CRM == nil:
		return DecideMissing(r, c.Link, *f.Shop)
	case f.Link == nil:
		f.Hits = c.hits(r)
	}
	return Decide(r, *c.CRM, f)
}

// hits looks a product up as a shop does.
func (c planCase) hits(r Rules) []keyMatch {
	var out []keyMatch
	for _, p := range c.Shop {
		if !found(r.Match, *c.CRM, p) {
			continue
		}
		h := c.Owners[p.ID]
		h.Product = p
		out = append(out, h)
	}
	return out
}

func found(key settings.MatchKey, g CRMProduct, p plugin.Product) bool {
	keys := sliceutil.Set(KeysOf(key, g))
	switch k, _ := ShopKey(key); k {
	case plugin.KeyName:
		return slices.ContainsFunc(slices.Collect(maps.Keys(keys)), func(n string) bool { return NameKey(n) == NameKey(p.Name) })
	case plugin.KeyExternalID:
		return keys[p.ExternalID]
	case plugin.KeySKU:
		return slices.ContainsFunc(p.Variants, func(v plugin.Variant) bool { return keys[v.SKU] })
	case plugin.KeyBarcode:
		return slices.ContainsFunc(p.Variants, func(v plugin.Variant) bool { return keys[v.Barcode] })
	}
	return keys[string(p.ID)]
}

// tell renders a decision for people, a fact a line.
func tell(d Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", d.Action)
	if d.Product != "" {
		fmt.Fprintf(&b, " product %s", d.Product)
	}
	if d.Joins {
		b.WriteString(", joins")
	}
	if d.Missing != "" {
		fmt.Fprintf(&b, ", missing: %s", d.Missing)
	}
	if d.Open {
		b.WriteString(", looks again")
	}
	b.WriteString("\n")
	if d.New != nil {
		fmt.Fprintf(&b, "  new %q published=%v unit=%q attributes=%q text=%q\n", d.New.Name, d.New.Published, d.New.Unit, listText(d.New.Attributes), d.New.Description)
		for i, v := range d.New.Variants {
			fmt.Fprintf(&b, "    %s: %s\n", d.Adds[i], tellVariant(v))
		}
	}
	if d.Category != "" {
		fmt.Fprintf(&b, "  into category %s\n", d.Category)
	}
	for _, offer := range slices.Sorted(maps.Keys(d.Pairs)) {
		fmt.Fprintf(&b, "  %s is %s\n", offer, d.Pairs[offer])
	}
	tellPatch(&b, d)
	for _, offer := range slices.Sorted(maps.Keys(d.Gone)) {
		fmt.Fprintf(&b, "  %s is gone: %s\n", offer, d.Gone[offer])
	}
	if d.Images != nil {
		fmt.Fprintf(&b, "  pictures %s\n", strings.Join(d.Images, " "))
	}
	for _, it := range d.Items {
		fmt.Fprintf(&b, "  %s: %s %s\n", it.Kind, it.Reason, JSON(it.Params))
	}
	return b.String()
}

func tellVariant(v plugin.NewVariant) string {
	return fmt.Sprintf("sku=%q barcode=%q price=%s stock=%s published=%v options=%q size=%q",
		v.SKU, v.Barcode, v.Price, stockText(v.Stock), v.Published, listText(v.Options), sizeText(v.Size))
}

func tellPatch(b *strings.Builder, d Plan) {
	for _, c := range d.Changes {
		if c.Field == catalog.FieldCreated {
			continue
		}
		fmt.Fprintf(b, "  %s %s: %q → %q", cmp.Or(string(c.Variant), "product"), c.Field, c.Old, c.New)
		if c.Overwrote {
			b.WriteString(", over the shop's edit")
		}
		b.WriteString("\n")
	}
	if d.Patch == nil {
		return
	}
	for i, v := range d.Patch.AddVariants {
		fmt.Fprintf(b, "  adds %s: %s\n", d.Adds[i], tellVariant(v))
	}
	if d.Patch.Expect != d.Seen || d.Patch.ID != d.Product {
		b.WriteString("  PATCH OF ANOTHER PRODUCT OR VERSION\n")
	}
}

func readCase(t *testing.T, path string) planCase {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c planCase
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return c
}

func TestPlans(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/plan/*.json")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d cases: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			t.Parallel()
			c := readCase(t, path)
			golden.Equal(t, strings.TrimSuffix(path, ".json")+".txt", tell(c.plan(c.rules())))
		})
	}
}

// Every combination of the four menus, for each kind of product there is.
func TestPolicies(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/policies/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d cases: %v", len(paths), err)
	}
	combinations := 0
	for _, path := range paths {
		c := readCase(t, path)
		var b strings.Builder
		combinations = 0
		for _, m := range []settings.MatchKey{settings.MatchID, settings.MatchSKU, settings.MatchName, settings.MatchBarcode, settings.MatchExternalID, settings.MatchNever} {
			for _, n := range []settings.NewPolicy{settings.NewHide, settings.NewPublish, settings.NewSkip} {
				for _, e := range []settings.ExistingPolicy{settings.ExistingUpdate, settings.ExistingSkip} {
					for _, x := range []settings.MissingPolicy{settings.MissingNothing, settings.MissingHide, settings.MissingUnavailable} {
						c.Rules.Match, c.Rules.New, c.Rules.Existing, c.Rules.Missing = m, n, e, x
						fmt.Fprintf(&b, "%-11s %-7s %-6s %-11s → %s\n", m, n, e, x, brief(c.plan(c.rules())))
						combinations++
					}
				}
			}
		}
		golden.Equal(t, strings.TrimSuffix(path, ".json")+".txt", b.String())
	}
	if combinations != 108 {
		t.Errorf("%d combinations, want 108", combinations)
	}
}

// brief tells a decision in one line.
func brief(d Plan) string {
	parts := []string{string(d.Action)}
	if d.Product != "" {
		parts[0] += " " + string(d.Product)
	}
	if d.Joins {
		parts = append(parts, "joins")
	}
	if d.New != nil {
		parts = append(parts, fmt.Sprintf("published=%v", d.New.Published))
	}
	for _, c := range d.Changes {
		if c.Field != catalog.FieldCreated {
			parts = append(parts, strings.TrimSpace(string(c.Variant)+" "+string(c.Field))+"="+c.New)
		}
	}
	for _, it := range d.Items {
		parts = append(parts, string(it.Kind)+":"+string(it.Reason))
	}
	return strings.Join(parts, ", ")
}
