package admin

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
)

// pressingShown is how much of what needs a person stands beside the latest run.
const pressingShown = 20

// itemView is a product or category that was left alone, or not done whole.
type itemView struct {
	Name, Reason string
}

// pressing are errors and conflicts of a run.
func (p runPages) pressing(ctx context.Context, req *web.Request, run int64) ([]itemView, error) {
	var out []itemView
	for _, kind := range []catalog.ItemKind{catalog.ItemError, catalog.ItemConflict} {
		list, err := p.svc.Runs.ItemsOf(ctx, run, kind, 0, pressingShown-len(out))
		if err != nil {
			return nil, err
		}
		out = append(out, itemViews(req, list)...)
	}
	return out, nil
}

func itemViews(req *web.Request, list []catalog.Item) []itemView {
	out := make([]itemView, len(list))
	for i, it := range list {
		out[i] = itemView{Name: cmp.Or(it.Name, it.CRMID), Reason: words.DescribeItem(req.Words, it)}
	}
	return out
}

// itemsPage lists what a run left alone, a kind at a time.
type itemsPage struct {
	web.Base
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

// showItems lists what a run left alone and why.
func (p runPages) showItems(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	run, err := p.svc.RunOf(r, req)
	if err != nil {
		return err
	}
	counts, err := p.svc.Runs.CountItems(r.Context(), run.ID)
	if err != nil {
		return err
	}
	kind := service.KindAsked(r, counts)
	list, err := p.svc.Runs.ItemsOf(r.Context(), run.ID, kind, service.AfterID(r), service.ItemsShown)
	if err != nil {
		return err
	}
	at := req.Links.Runs + "/" + strconv.FormatInt(run.ID, 10) + "/items?"
	page := itemsPage{
		Base: p.web.Base(r, req), Run: req.Words.T("run.kind."+string(run.Kind)) + ", " + req.WhenSet(run.StartedAt), Rows: itemViews(req, list),
	}
	for _, k := range catalog.ItemKinds() {
		one := itemKind{Name: req.Words.T("items.kind." + string(k)), Count: counts[k]}
		if k != kind {
			one.Address = at + url.Values{"kind": {string(k)}}.Encode()
		}
		if counts[k] > 0 {
			page.Kinds = append(page.Kinds, one)
		}
	}
	if len(list) == service.ItemsShown {
		page.Next = at + url.Values{"kind": {string(kind)}, "after": {strconv.FormatInt(list[len(list)-1].ID, 10)}}.Encode()
	}
	return p.web.Render(w, r, req, http.StatusOK, "items", req.Words.T("items.title"), page)
}
