package admin

import (
	"net/http"
	"net/url"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// planPage shows what a run would write.
type planPage struct {
	web.Base
	// Waits: the run waits for a decision, so Approve and Cancel are offered.
	Waits           bool
	Approve, Cancel string
	Guards          []string
	// Beside says what goes on while it waits.
	Beside string
	Counts []string
	// Items lists what the plan leaves alone and why; empty when that is nothing.
	Items string
	// Categories stand on the first page alone.
	Categories []words.Planned
	Products   []plannedView
	// Next is the address of the following page; empty at the end.
	Next string
}

// plannedView is what is planned for a product, with what can be pinned of it.
type plannedView struct {
	words.Planned
	Changes []plannedChange
}

type plannedChange struct {
	words.Change
	pinView
}

// viewPlanned offers each pin once, also where several variants change.
func viewPlanned(w words.Planned, id plugin.ProductID, pin pinnable) plannedView {
	out := plannedView{Planned: w}
	offered := map[catalog.Field]bool{}
	for _, c := range w.Changes {
		row := plannedChange{Change: c}
		if !offered[c.Code] {
			row.pinView, offered[c.Code] = pin.view(id, c.Code), true
		}
		out.Changes = append(out.Changes, row)
	}
	return out
}

// showPlan lists what a run would do, product by product.
func (p runPages) showPlan(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	run, err := p.svc.RunOf(r, req)
	if err != nil {
		return err
	}
	list, err := p.svc.Runs.Plan(r.Context(), run.ID, r.URL.Query().Get("after"), service.PlanShown)
	if err != nil {
		return err
	}
	counts, err := p.svc.Runs.PlanCounts(r.Context(), run.ID)
	if err != nil {
		return err
	}
	view := p.view(req, run)
	page := planPage{
		Base: p.web.Base(r, req), Waits: run.State == catalog.Approval, Approve: view.Approve, Cancel: view.Cancel,
		Guards: view.Guards, Beside: view.Beside, Counts: planCounts(req, counts), Items: view.Items,
	}
	if r.URL.Query().Get("after") == "" {
		tree, err := p.svc.Runs.PlanTree(r.Context(), run.ID, service.CategoriesShown)
		if err != nil {
			return err
		}
		for _, c := range tree {
			page.Categories = append(page.Categories, words.DescribeCategory(req.Words, c))
		}
	}
	var products []plugin.ProductID
	for _, p := range list {
		products = append(products, p.Product)
	}
	pin, err := p.pinnable(r, req, page.Base, run, "plan", products)
	if err != nil {
		return err
	}
	for _, p := range list {
		page.Products = append(page.Products, viewPlanned(words.DescribePlanned(req.Words, p), p.Product, pin))
	}
	if len(list) == service.PlanShown {
		page.Next = view.Plan + "?after=" + url.QueryEscape(list[len(list)-1].CRMID)
	}
	return p.web.Render(w, r, req, http.StatusOK, "plan", req.Words.T("plan.title"), page)
}

// approve is «Застосувати саме це».
func (p runPages) approve(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	run, err := p.svc.RunOf(r, req)
	if err != nil {
		return err
	}
	done, err := p.svc.Approve(r.Context(), req, run.ID)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, req.Links.Connection, done, "runs")
}
