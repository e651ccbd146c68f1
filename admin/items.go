package admin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

const (
	// pressingShown is how much of what needs a person stands beside the latest run.
	pressingShown = 20
	// itemsShown is how many items a page lists.
	itemsShown = 100
)

// itemView is a product or category that was left alone, or not done whole.
type itemView struct {
	Name, Reason string
}

// pressing are errors and conflicts of a run.
func (a *Admin) pressing(ctx context.Context, v *visit, run int64) ([]itemView, error) {
	var out []itemView
	for _, kind := range []catalog.ItemKind{catalog.ItemError, catalog.ItemConflict} {
		list, err := a.Runs.ItemsOf(ctx, run, kind, 0, pressingShown-len(out))
		if err != nil {
			return nil, err
		}
		out = append(out, itemViews(v, list)...)
	}
	return out, nil
}

func itemViews(v *visit, list []catalog.Item) []itemView {
	out := make([]itemView, len(list))
	for i, it := range list {
		out[i] = itemView{Name: orID(it.Name, it.CRMID), Reason: DescribeItem(v.words, it)}
	}
	return out
}

// itemsPage lists what a run left alone, a kind at a time.
type itemsPage struct {
	frame
	Run   string
	Kinds []itemKind
	Rows  []itemView
	// Next is the address of the following page; empty at the end.
	Next string
}

// itemKind leads to the items of a kind; those shown now have no address.
type itemKind struct {
	Name, Address string
	Count         int
}

// kindAsked is the kind that the address names, else the most pressing there is.
func kindAsked(r *http.Request, counts map[catalog.ItemKind]int) catalog.ItemKind {
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

// showItems lists what a run left alone and why.
func (a *Admin) showItems(w http.ResponseWriter, r *http.Request, v *visit) error {
	run, err := a.runOf(r, v)
	if err != nil {
		return err
	}
	counts, err := a.Runs.CountItems(r.Context(), run.ID)
	if err != nil {
		return err
	}
	kind := kindAsked(r, counts)
	list, err := a.Runs.ItemsOf(r.Context(), run.ID, kind, afterID(r), itemsShown)
	if err != nil {
		return err
	}
	at := a.links(v.conn.ID).Runs + "/" + strconv.FormatInt(run.ID, 10) + "/items?"
	page := itemsPage{
		frame: a.frame(r, v), Run: v.words.T("run.kind."+string(run.Kind)) + ", " + v.whenSet(run.StartedAt), Rows: itemViews(v, list),
	}
	for _, k := range catalog.ItemKinds() {
		one := itemKind{Name: v.words.T("items.kind." + string(k)), Count: counts[k]}
		if k != kind {
			one.Address = at + url.Values{"kind": {string(k)}}.Encode()
		}
		if counts[k] > 0 {
			page.Kinds = append(page.Kinds, one)
		}
	}
	if len(list) == itemsShown {
		page.Next = at + url.Values{"kind": {string(kind)}, "after": {strconv.FormatInt(list[len(list)-1].ID, 10)}}.Encode()
	}
	return a.render(w, r, v, http.StatusOK, "items", v.words.T("items.title"), page)
}

type apiItem struct {
	ID      int64            `json:"id"`
	Kind    catalog.ItemKind `json:"kind"`
	CRMID   string           `json:"crm_id"`
	Product plugin.ProductID `json:"product,omitempty"`
	Name    string           `json:"name"`
	Reason  catalog.Reason   `json:"reason"`
	Params  catalog.Params   `json:"params,omitempty"`
	Text    string           `json:"text"` // the reason in words
	At      time.Time        `json:"at"`
}

type apiItemList struct {
	Kind   catalog.ItemKind         `json:"kind"`
	Counts map[catalog.ItemKind]int `json:"counts"`
	Items  []apiItem                `json:"items"`
	// Next is the value of "after" for the following page; 0 at the end.
	Next int64 `json:"next,omitempty"`
}

func (a *Admin) apiItems(r *http.Request, v *visit) (int, any, error) {
	run, err := a.runOf(r, v)
	if err != nil {
		return 0, nil, err
	}
	out := apiItemList{Items: []apiItem{}}
	if out.Counts, err = a.Runs.CountItems(r.Context(), run.ID); err != nil {
		return 0, nil, err
	}
	out.Kind = kindAsked(r, out.Counts)
	list, err := a.Runs.ItemsOf(r.Context(), run.ID, out.Kind, afterID(r), itemsShown)
	if err != nil {
		return 0, nil, err
	}
	for _, it := range list {
		out.Items = append(out.Items, apiItem{
			it.ID, it.Kind, it.CRMID, it.Product, it.Name, it.Reason, it.Params, DescribeItem(v.words, it), it.At,
		})
	}
	if len(list) == itemsShown {
		out.Next = list[len(list)-1].ID
	}
	return http.StatusOK, out, nil
}
