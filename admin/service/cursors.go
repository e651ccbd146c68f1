package service

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// How much a page of each list shows.
const (
	RunsShown       = 8   // runs
	ItemsShown      = 100 // what a run left alone
	ChangesShown    = 100 // values a run wrote
	PlanShown       = 50  // products of a plan
	CategoriesShown = 500 // categories of a plan, on its first page
	PinsShown       = 100 // pinned fields
	HiddenShown     = 50  // products and variants that wait for a person
	HeldShown       = 100 // variants whose stock is held back
	JournalShown    = 50  // orders
)

// ProductIDs reads posted ids and drops repeats and blanks, and what one page could not have held.
func ProductIDs(posted []string) []plugin.ProductID {
	seen := map[string]bool{"": true}
	var out []plugin.ProductID
	for _, id := range posted {
		if !seen[id] && len(out) < plugin.MaxBatch {
			seen[id] = true
			out = append(out, plugin.ProductID(id))
		}
	}
	return out
}

// KindAsked is the kind that the address names, else the most pressing there is.
func KindAsked(r *http.Request, counts map[catalog.ItemKind]int) catalog.ItemKind {
	if kind := catalog.ItemKind(r.URL.Query().Get("kind")); slices.Contains(catalog.ItemKinds(), kind) {
		return kind
	}
	for _, kind := range catalog.ItemKinds() {
		if counts[kind] > 0 {
			return kind
		}
	}
	return catalog.ItemKinds()[0]
}

// AfterID is where a list goes on; what is no number is the beginning.
func AfterID(r *http.Request) int64 {
	id, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	return id
}

// NextPins is the query of the following page; empty at the end. PinAfter reads it.
func NextPins(list []catalog.Pin) string {
	if len(list) < PinsShown {
		return ""
	}
	last := list[len(list)-1]
	return url.Values{"product": {string(last.Product)}, "field": {string(last.Field)}}.Encode()
}

// PinAfter is the pin behind which a page begins; the zero pin for the first.
func PinAfter(r *http.Request) catalog.Pin {
	q := r.URL.Query()
	return catalog.Pin{Product: plugin.ProductID(q.Get("product")), Field: settings.OwnedField(q.Get("field"))}
}
