package plan

import (
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// moved reports whether a price moves by more than so many percent of what it was. One that was not
// set does not move.
func moved(from, to plugin.Money, percent int) bool {
	if !from.IsSet() || from.Amount.Sign() <= 0 || !to.IsSet() || from.Currency != to.Currency {
		return false
	}
	by := to.Amount.Sub(from.Amount).Abs()
	return by.Mul(decimal.NewFromInt(100)).GreaterThan(from.Amount.Mul(decimal.NewFromInt(int64(percent))))
}

// CountForGuards fills in the Counts of a plan: linked says that the product was linked before, by l, and replaced that
// it has become something else.
func (d *Plan) CountForGuards(linked bool, l Link, replaced bool) {
	if d.Action != ActUpdate || d.Empty() && len(d.Images) == 0 {
		return
	}
	d.Foreign = d.Joins || linked && !l.CreatedHere
	d.Replaced = linked && replaced && d.From == ""
}

// Measures are what guards look at: the plan as a whole beside what is linked.
type Measures struct {
	// Linked counts products that were linked before and are not known to be gone; LinkedVariants
	// their variants.
	Linked         int `db:"linked"`
	LinkedVariants int `db:"linked_variants"`
	// Products and Offers count what the lists answered, Offers those of prices in a price run.
	Products int `db:"products"`
	Offers   int `db:"offers"`
	// Seen counts linked products that the list showed; SeenBefore those of the last full run under
	// the same filter, 0 when there was none.
	Seen       int `db:"seen"`
	SeenBefore int `db:"-"`

	// Missing and MissingVariants count what was not missing before.
	Missing         int `db:"missing"`
	MissingVariants int `db:"missing_variants"`
	PriceMoves      int `db:"price_moves"`
	Replaced        int `db:"replaced"`
	// Foreign counts planned updates of products that we did not create; FormerForeign those that
	// finished runs have made.
	Foreign       int `db:"foreign_made"`
	FormerForeign int `db:"-"`
	// SoldOut counts linked variants that the plan brings from available to none, Recent those that were
	// brought there within the hour before, and Before those available before all that. The last two are
	// filled only when SoldOut may be too many. Setting was changed since the run before.
	SoldOut int    `db:"sold_out"`
	Recent  int    `db:"-"`
	Before  int    `db:"-"`
	Setting string `db:"-"`
}

// EvaluateGuards answers the guards that speak up; nil when none does.
func EvaluateGuards(kind catalog.Kind, m Measures, limits settings.Limits) []catalog.Guard {
	var out []catalog.Guard
	speak := func(when bool, code catalog.GuardCode, n, of int) {
		if when {
			out = append(out, catalog.Guard{Code: code, Params: catalog.Params{"count": strconv.Itoa(n), "of": strconv.Itoa(of)}})
		}
	}
	empty := func(when bool, list string, of int) {
		if when {
			out = append(out, catalog.Guard{Code: catalog.GuardEmpty, Params: catalog.Params{"list": list, "of": strconv.Itoa(of)}})
		}
	}
	if kind == catalog.Full {
		empty(m.Products == 0 && m.Linked > 0, "products", m.Linked)
		empty(m.Products > 0 && m.Offers == 0 && m.LinkedVariants > 0, "offers", m.LinkedVariants)
		speak(above(m.Missing, m.Linked, limits.MissingCount, limits.MissingPercent) || halfOf(m.Missing, m.Linked), catalog.GuardMissing, m.Missing, m.Linked)
		speak(above(m.MissingVariants, m.LinkedVariants, limits.MissingCount, limits.MissingPercent) || halfOf(m.MissingVariants, m.LinkedVariants),
			catalog.GuardVariants, m.MissingVariants, m.LinkedVariants)
		lost := m.SeenBefore - m.Seen
		speak(m.Products > 0 && m.Missing == 0 && lost*2 > m.SeenBefore && m.SeenBefore >= 2, catalog.GuardUnseen, lost, m.SeenBefore)
	} else {
		empty(m.Offers == 0 && m.LinkedVariants > 0, "prices", m.LinkedVariants)
	}
	speak(above(m.Replaced, m.Linked, 5, 10) || halfOf(m.Replaced, m.Linked), catalog.GuardReplaced, m.Replaced, m.Linked)
	if above(m.PriceMoves, m.LinkedVariants, limits.PriceCount, limits.PricePercent) {
		out = append(out, catalog.Guard{Code: catalog.GuardPrices, Params: catalog.Params{
			"count": strconv.Itoa(m.PriceMoves), "of": strconv.Itoa(m.LinkedVariants), "move": strconv.Itoa(limits.PriceMove),
		}})
	}
	if (SoldOutCount{Now: m.SoldOut, Recent: m.Recent, Before: m.Before}).Suspicious(limits) && m.SoldOut > 0 {
		p := catalog.Params{"count": strconv.Itoa(m.SoldOut), "of": strconv.Itoa(m.Before)}
		if m.Setting != "" {
			p["setting"] = m.Setting
		}
		out = append(out, catalog.Guard{Code: catalog.GuardStock, Params: p})
	}
	if m.Foreign > 0 && m.FormerForeign == 0 {
		out = append(out, catalog.Guard{Code: catalog.GuardForeign, Params: catalog.Params{"count": strconv.Itoa(m.Foreign)}})
	}
	return out
}

// Asks reports whether a person is to be asked before the first write.
func Asks(guards []catalog.Guard) bool {
	return slices.ContainsFunc(guards, func(g catalog.Guard) bool { return g.Code != catalog.GuardStock })
}

// EvaluateTreeGuards answers the guards of the category tree that speak up; nil when none does. One category of few may
// well get another name.
func EvaluateTreeGuards(m TreeMeasures) []catalog.Guard {
	params := catalog.Params{"count": strconv.Itoa(m.Touched), "of": strconv.Itoa(m.Linked)}
	switch {
	case m.Linked == 0:
		return nil
	case m.Read == 0:
		return []catalog.Guard{{Code: catalog.GuardEmpty, Params: catalog.Params{"list": "categories", "of": params["of"]}}}
	case m.Gone == m.Linked, above(m.Touched, m.Linked, 20, 10), m.Touched >= 2 && halfOf(m.Touched, m.Linked):
		return []catalog.Guard{{Code: catalog.GuardTree, Params: params}}
	}
	return nil
}

// above reports whether n is more than the least number that matters and more than a share of all.
func above(n, of, least, percent int) bool { return n > least && n*100 > of*percent }

// halfOf reports whether n is half of two or more; half of an odd number is rounded down, unless that
// leaves a single one.
func halfOf(n, of int) bool {
	return of >= 2 && (n*2 >= of || n >= 2 && n*2+1 >= of)
}
