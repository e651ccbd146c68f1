package catalog

import (
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/internal/settings"
)

// GuardCode says why a run waits for a person before its first write.
type GuardCode string

// The codes of guards. Parameters stand in brackets.
const (
	GuardMissing    GuardCode = "missing"          // [count, of] products the CRM no longer has
	GuardVariants   GuardCode = "missing_variants" // [count, of]
	GuardUnseen     GuardCode = "unseen"           // [count, of] linked products the list has lost since the last full run
	GuardEmpty      GuardCode = "empty"            // [list, of] a list was empty although things are linked
	GuardIncomplete GuardCode = "incomplete"       // [list, read, total]
	GuardPrices     GuardCode = "prices"           // [count, of, move] prices that move by more than so many percent
	GuardReplaced   GuardCode = "replaced"         // [count, of] linked products that are now something else
	GuardRematch    GuardCode = "rematch"          // [count] links that change, in a run that matches anew
	GuardTree       GuardCode = "categories"       // [count, of] linked categories gone, renamed or moved
	GuardForeign    GuardCode = "first_update"     // [count] the first run to update what it did not create
	// GuardStock stops nothing: it holds back the stock of variants that would go from available to none.
	GuardStock GuardCode = "stock" // [count, of, setting]
)

// GuardCodes lists every code, so that a page can be checked to have words for each.
func GuardCodes() []GuardCode {
	return []GuardCode{
		GuardMissing, GuardVariants, GuardUnseen, GuardEmpty, GuardIncomplete, GuardPrices, GuardReplaced, GuardForeign,
		GuardRematch, GuardTree, GuardStock,
	}
}

// Guard is one reason for which a run waits for a person, or does not do all it could.
type Guard struct {
	Code   GuardCode `json:"code"`
	Params Params    `json:"params,omitempty"`
}

// measures are what guards look at: the plan as a whole beside what is linked.
type measures struct {
	// Linked counts products that were joined before and are not known to be gone; LinkedVariants
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

// judge answers the guards that speak up. It is pure.
func judge(kind Kind, m measures, limits settings.Limits) []Guard {
	var out []Guard
	speak := func(when bool, code GuardCode, n, of int) {
		if when {
			out = append(out, Guard{Code: code, Params: Params{"count": strconv.Itoa(n), "of": strconv.Itoa(of)}})
		}
	}
	empty := func(when bool, list string, of int) {
		if when {
			out = append(out, Guard{Code: GuardEmpty, Params: Params{"list": list, "of": strconv.Itoa(of)}})
		}
	}
	if kind == Full {
		empty(m.Products == 0 && m.Linked > 0, "products", m.Linked)
		empty(m.Products > 0 && m.Offers == 0 && m.LinkedVariants > 0, "offers", m.LinkedVariants)
		speak(above(m.Missing, m.Linked, limits.MissingCount, limits.MissingPercent) || halfOf(m.Missing, m.Linked), GuardMissing, m.Missing, m.Linked)
		speak(above(m.MissingVariants, m.LinkedVariants, limits.MissingCount, limits.MissingPercent) || halfOf(m.MissingVariants, m.LinkedVariants),
			GuardVariants, m.MissingVariants, m.LinkedVariants)
		lost := m.SeenBefore - m.Seen
		speak(m.Products > 0 && m.Missing == 0 && lost*2 > m.SeenBefore && m.SeenBefore >= 2, GuardUnseen, lost, m.SeenBefore)
	} else {
		empty(m.Offers == 0 && m.LinkedVariants > 0, "prices", m.LinkedVariants)
	}
	speak(above(m.Replaced, m.Linked, 5, 10) || halfOf(m.Replaced, m.Linked), GuardReplaced, m.Replaced, m.Linked)
	if above(m.PriceMoves, m.LinkedVariants, limits.PriceCount, limits.PricePercent) {
		out = append(out, Guard{Code: GuardPrices, Params: Params{
			"count": strconv.Itoa(m.PriceMoves), "of": strconv.Itoa(m.LinkedVariants), "move": strconv.Itoa(limits.PriceMove),
		}})
	}
	if (drain{Now: m.SoldOut, Recent: m.Recent, Before: m.Before}).suspicious(limits) && m.SoldOut > 0 {
		p := Params{"count": strconv.Itoa(m.SoldOut), "of": strconv.Itoa(m.Before)}
		if m.Setting != "" {
			p["setting"] = m.Setting
		}
		out = append(out, Guard{Code: GuardStock, Params: p})
	}
	if m.Foreign > 0 && m.FormerForeign == 0 {
		out = append(out, Guard{Code: GuardForeign, Params: Params{"count": strconv.Itoa(m.Foreign)}})
	}
	return out
}

// asks reports whether a person is to be asked before the first write.
func asks(guards []Guard) bool {
	return slices.ContainsFunc(guards, func(g Guard) bool { return g.Code != GuardStock })
}

// judgeTree answers the guards of the category tree. One category of few may well get another name.
func judgeTree(m treeMeasures) []Guard {
	params := Params{"count": strconv.Itoa(m.Touched), "of": strconv.Itoa(m.Linked)}
	switch {
	case m.Linked == 0:
		return nil
	case m.Read == 0:
		return []Guard{{Code: GuardEmpty, Params: Params{"list": "categories", "of": params["of"]}}}
	case m.Gone == m.Linked, above(m.Touched, m.Linked, 20, 10), m.Touched >= 2 && halfOf(m.Touched, m.Linked):
		return []Guard{{Code: GuardTree, Params: params}}
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
