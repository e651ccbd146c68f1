package plan

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// said writes guards as their codes with all they tell.
func said(guards []catalog.Guard) []string {
	var out []string
	for _, g := range guards {
		text := string(g.Code)
		for _, key := range []string{"list", "count", "of", "move", "setting"} {
			if v, ok := g.Params[key]; ok {
				text += " " + key + "=" + v
			}
		}
		out = append(out, text)
	}
	return out
}

// TestJudge: each guard speaks one above its limits and is silent at them. What a guard lets through is written.
func TestGuards(t *testing.T) {
	t.Parallel()
	limits := settings.Limits{
		MissingCount: 20, MissingPercent: 10, PriceCount: 20, PricePercent: 10, PriceMove: 50, StockCount: 20, StockPercent: 10,
	}
	calm := Measures{Linked: 200, LinkedVariants: 200, Products: 200, Offers: 200, Seen: 200, SeenBefore: 200}
	for _, tt := range []struct {
		name string
		kind catalog.Kind
		edit func(m *Measures)
		want string // guards, with commas between
	}{
		{"all is well", catalog.Full, func(*Measures) {}, ""},
		{"prices are well", catalog.Prices, func(*Measures) {}, ""},

		{"no products", catalog.Full, func(m *Measures) { m.Products = 0 }, "empty list=products of=200"},
		{"no products and nothing linked", catalog.Full, func(m *Measures) { *m = Measures{} }, ""},
		{"no offers", catalog.Full, func(m *Measures) { m.Offers = 0 }, "empty list=offers of=200"},
		{"no offers and no variant linked", catalog.Full, func(m *Measures) { m.Offers, m.LinkedVariants = 0, 0 }, ""},
		{"neither: said once", catalog.Full, func(m *Measures) { m.Products, m.Offers = 0, 0 }, "empty list=products of=200"},
		{"no prices", catalog.Prices, func(m *Measures) { m.Offers = 0 }, "empty list=prices of=200"},
		{"no prices and no variant linked", catalog.Prices, func(m *Measures) { m.Offers, m.LinkedVariants = 0, 0 }, ""},
		{"a price run reads no products", catalog.Prices, func(m *Measures) { m.Products = 0 }, ""},

		{"as many missing as may be", catalog.Full, func(m *Measures) { m.Missing = 20 }, ""},
		{"one more", catalog.Full, func(m *Measures) { m.Missing = 21 }, "missing count=21 of=200"},
		{"many, but a small part", catalog.Full, func(m *Measures) { m.Missing, m.Linked = 21, 210 }, ""},
		{"few, but half", catalog.Full, func(m *Measures) { m.Missing, m.Linked = 2, 4 }, "missing count=2 of=4"},
		{"missing in a price run", catalog.Prices, func(m *Measures) { m.Missing, m.MissingVariants = 100, 100 }, ""},
		{"as many variants as may be", catalog.Full, func(m *Measures) { m.MissingVariants = 20 }, ""},
		{"one variant more", catalog.Full, func(m *Measures) { m.MissingVariants = 21 }, "missing_variants count=21 of=200"},
		{"few variants, but half", catalog.Full, func(m *Measures) { m.MissingVariants, m.LinkedVariants = 2, 4 }, "missing_variants count=2 of=4"},

		{"half of the list is lost", catalog.Full, func(m *Measures) { m.Seen = 100 }, ""},
		{"more than half is lost", catalog.Full, func(m *Measures) { m.Seen = 99 }, "unseen count=101 of=200"},
		{"lost, and told as missing", catalog.Full, func(m *Measures) { m.Seen, m.Missing = 99, 1 }, ""},
		{"lost with the whole list", catalog.Full, func(m *Measures) { m.Seen, m.Products, m.Linked = 0, 0, 0 }, ""},
		{"one of one is lost", catalog.Full, func(m *Measures) { m.Seen, m.SeenBefore = 0, 1 }, ""},
		{"two of two are lost", catalog.Full, func(m *Measures) { m.Seen, m.SeenBefore = 0, 2 }, "unseen count=2 of=2"},
		{"more is seen than before", catalog.Full, func(m *Measures) { m.Seen, m.SeenBefore = 200, 10 }, ""},

		{"as many are something else as may be", catalog.Full, func(m *Measures) { m.Replaced = 20 }, ""},
		{"one more is", catalog.Full, func(m *Measures) { m.Replaced = 21 }, "replaced count=21 of=200"},
		{"five of few are", catalog.Full, func(m *Measures) { m.Replaced, m.Linked = 5, 20 }, ""},
		{"six of few are", catalog.Full, func(m *Measures) { m.Replaced, m.Linked = 6, 20 }, "replaced count=6 of=20"},
		{"half of them are", catalog.Full, func(m *Measures) { m.Replaced, m.Linked = 1, 2 }, "replaced count=1 of=2"},

		{"as many prices move as may", catalog.Prices, func(m *Measures) { m.PriceMoves = 20 }, ""},
		{"one more moves", catalog.Prices, func(m *Measures) { m.PriceMoves = 21 }, "prices count=21 of=200 move=50"},
		{"one more moves in a full run", catalog.Full, func(m *Measures) { m.PriceMoves = 21 }, "prices count=21 of=200 move=50"},

		{"as many are sold out as may be", catalog.Prices, func(m *Measures) { m.SoldOut, m.Before = 20, 200 }, ""},
		{"one more is sold out", catalog.Prices, func(m *Measures) { m.SoldOut, m.Before = 21, 200 }, "stock count=21 of=200"},
		{"with those of the last hour", catalog.Prices, func(m *Measures) { m.SoldOut, m.Recent, m.Before = 1, 20, 200 }, "stock count=1 of=200"},
		{"none now, whatever was", catalog.Prices, func(m *Measures) { m.Recent, m.Before = 100, 200 }, ""},
		{
			"since a setting was changed", catalog.Full, func(m *Measures) { m.SoldOut, m.Before, m.Setting = 21, 200, "warehouses" },
			"stock count=21 of=200 setting=warehouses",
		},

		{"the first to change what was there before", catalog.Full, func(m *Measures) { m.Foreign = 1 }, "first_update count=1"},
		{"not the first", catalog.Full, func(m *Measures) { m.Foreign, m.FormerForeign = 1, 1 }, ""},
		{"nothing that was there before", catalog.Full, func(m *Measures) { m.FormerForeign = 0 }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := calm
			tt.edit(&m)
			if got := strings.Join(said(EvaluateGuards(tt.kind, m, limits)), ", "); got != tt.want {
				t.Errorf("%+v: %q, want %q", m, got, tt.want)
			}
		})
	}
}

func TestGuardsTree(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		m    TreeMeasures
		want string
	}{
		{"nothing is linked", TreeMeasures{Touched: 5}, ""},
		{"nothing is read", TreeMeasures{Linked: 3}, "empty list=categories of=3"},
		{"nothing is touched", TreeMeasures{Linked: 30, Read: 30}, ""},
		{"all are gone", TreeMeasures{Linked: 1, Read: 1, Touched: 1, Gone: 1}, "categories count=1 of=1"},
		{"one of two has another name", TreeMeasures{Linked: 2, Read: 2, Touched: 1}, ""},
		{"two of four have", TreeMeasures{Linked: 4, Read: 4, Touched: 2}, "categories count=2 of=4"},
		{"two of six have", TreeMeasures{Linked: 6, Read: 6, Touched: 2, Gone: 2}, ""},
		{"twenty of many", TreeMeasures{Linked: 100, Read: 100, Touched: 20}, ""},
		{"more of many", TreeMeasures{Linked: 100, Read: 100, Touched: 21}, "categories count=21 of=100"},
		{"more of very many", TreeMeasures{Linked: 210, Read: 210, Touched: 21}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(said(EvaluateTreeGuards(tt.m)), ", "); got != tt.want {
				t.Errorf("%+v: %q, want %q", tt.m, got, tt.want)
			}
		})
	}
}

func TestGuardsThatAskAPerson(t *testing.T) {
	t.Parallel()
	stock, missing := catalog.Guard{Code: catalog.GuardStock}, catalog.Guard{Code: catalog.GuardMissing}
	for _, tt := range []struct {
		name   string
		guards []catalog.Guard
		want   bool
	}{
		{"none", nil, false},
		{"what only holds back stock", []catalog.Guard{stock}, false},
		{"any other", []catalog.Guard{missing}, true},
		{"one of several", []catalog.Guard{stock, missing}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Asks(tt.guards); got != tt.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestMovedPrices(t *testing.T) {
	t.Parallel()
	money := func(amount, currency string) plugin.Money {
		return plugin.Money{Amount: decimal.RequireFromString(amount), Currency: currency}
	}
	for _, tt := range []struct {
		name     string
		from, to plugin.Money
		want     bool
	}{
		{"by as much as may be", money("100", "UAH"), money("150", "UAH"), false},
		{"by more", money("100", "UAH"), money("150.01", "UAH"), true},
		{"down by more", money("100", "UAH"), money("49.99", "UAH"), true},
		{"not at all", money("100", "UAH"), money("100", "UAH"), false},
		{"from nothing set", plugin.Money{}, money("100", "UAH"), false},
		{"to nothing set", money("100", "UAH"), plugin.Money{}, false},
		{"from nothing to pay", money("0", "UAH"), money("100", "UAH"), false},
		{"from below nothing", money("-1", "UAH"), money("100", "UAH"), false},
		{"into another currency", money("100", "UAH"), money("200", "USD"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := moved(tt.from, tt.to, 50); got != tt.want {
				t.Errorf("moved(%v, %v) = %v", tt.from, tt.to, got)
			}
		})
	}
}

func TestWhatGuardsAskOfAPlan(t *testing.T) {
	t.Parallel()
	change := func(edit ...func(*Plan)) Plan {
		d := Plan{Action: ActUpdate, Writes: Writes{Category: "c"}}
		for _, e := range edit {
			e(&d)
		}
		return d
	}
	for _, tt := range []struct {
		name              string
		d                 Plan
		linked            bool
		l                 Link
		replaced          bool
		foreign, replaces bool
	}{
		{name: "a product that was there before", d: change(), linked: true, foreign: true},
		{name: "one of our own", d: change(), linked: true, l: Link{CreatedHere: true}},
		{name: "one that is joined now", d: change(func(d *Plan) { d.Joins = true }), foreign: true},
		{name: "neither", d: change()},
		{name: "one that is something else now", d: change(), linked: true, l: Link{CreatedHere: true}, replaced: true, replaces: true},
		{name: "something else that was not linked", d: change(), replaced: true},
		{name: "something else that is taken over from another", d: change(func(d *Plan) { d.From = "9" }), linked: true, l: Link{CreatedHere: true}, replaced: true},
		{name: "nothing to change", d: change(func(d *Plan) { d.Category = "" }), linked: true},
		{name: "pictures alone", d: change(func(d *Plan) { d.Category, d.Images = "", []string{"a"} }), linked: true, foreign: true},
		{name: "nothing done", d: change(func(d *Plan) { d.Action = ActLink }), linked: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := tt.d
			d.CountForGuards(tt.linked, tt.l, tt.replaced)
			if d.Foreign != tt.foreign || d.Replaced != tt.replaces {
				t.Errorf("foreign %v, replaced %v, want %v, %v", d.Foreign, d.Replaced, tt.foreign, tt.replaces)
			}
		})
	}
}
