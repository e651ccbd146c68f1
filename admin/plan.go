package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

const (
	// planShown is how many products a page of a plan lists.
	planShown = 50
	// treeShown is how many categories its first page lists.
	treeShown = 500
)

// planPage shows what a run would write.
type planPage struct {
	frame
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
	Categories []PlannedWords
	Products   []plannedView
	// Next is the address of the following page; empty at the end.
	Next string
}

// plannedView is what is planned for a product, with what can be pinned of it.
type plannedView struct {
	PlannedWords
	Changes []plannedChange
}

type plannedChange struct {
	ChangeWords
	pinView
}

// viewPlanned offers each pin once, also where several variants change.
func viewPlanned(w PlannedWords, id plugin.ProductID, pin pinnable) plannedView {
	out := plannedView{PlannedWords: w}
	offered := map[catalog.Field]bool{}
	for _, c := range w.Changes {
		row := plannedChange{ChangeWords: c}
		if !offered[c.Code] {
			row.pinView, offered[c.Code] = pin.view(id, c.Code), true
		}
		out.Changes = append(out.Changes, row)
	}
	return out
}

// showPlan lists what a run would do, product by product.
func (a *Admin) showPlan(w http.ResponseWriter, r *http.Request, v *visit) error {
	run, err := a.runOf(r, v)
	if err != nil {
		return err
	}
	list, err := a.Runs.Plan(r.Context(), run.ID, r.URL.Query().Get("after"), planShown)
	if err != nil {
		return err
	}
	counts, err := a.Runs.PlanCounts(r.Context(), run.ID)
	if err != nil {
		return err
	}
	view := a.runView(v, run)
	page := planPage{
		frame: a.frame(r, v), Waits: run.State == catalog.Approval, Approve: view.Approve, Cancel: view.Cancel,
		Guards: view.Guards, Beside: view.Beside, Counts: planCounts(v, counts), Items: view.Items,
	}
	if r.URL.Query().Get("after") == "" {
		tree, err := a.Runs.PlanTree(r.Context(), run.ID, treeShown)
		if err != nil {
			return err
		}
		for _, c := range tree {
			page.Categories = append(page.Categories, DescribeCategory(v.words, c))
		}
	}
	var products []plugin.ProductID
	for _, p := range list {
		products = append(products, p.Product)
	}
	pin, err := a.pinnable(r, v, page.frame, run, "plan", products)
	if err != nil {
		return err
	}
	for _, p := range list {
		page.Products = append(page.Products, viewPlanned(DescribePlanned(v.words, p), p.Product, pin))
	}
	if len(list) == planShown {
		page.Next = view.Plan + "?after=" + url.QueryEscape(list[len(list)-1].CRMID)
	}
	return a.render(w, r, v, http.StatusOK, "plan", v.words.T("plan.title"), page)
}

func planCounts(v *visit, c catalog.PlanCounts) []string {
	var out []string
	for _, one := range []struct {
		key string
		n   int
	}{{"create", c.Create}, {"update", c.Update}, {"link", c.Link}, {"missing", c.Missing}, {"categories", c.Categories}} {
		if one.n > 0 {
			out = append(out, v.words.N("plan.count."+one.key, one.n))
		}
	}
	return out
}

// runOf reads the run of the address, which must be the connection's.
func (a *Admin) runOf(r *http.Request, v *visit) (catalog.Run, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "run"), 10, 64)
	if err != nil {
		return catalog.Run{}, errNotFound
	}
	run, err := a.Runs.Run(r.Context(), id)
	if err != nil {
		return catalog.Run{}, err
	}
	if run.Connection != v.conn.ID {
		return catalog.Run{}, errNotFound
	}
	return run, nil
}

// approveRun is «Застосувати саме це».
func (a *Admin) approveRun(w http.ResponseWriter, r *http.Request, v *visit) error {
	run, err := a.runOf(r, v)
	if err != nil {
		return err
	}
	done, err := approval(a.Runs.Approve(r.Context(), run.ID, v.op.ID))
	if err != nil {
		return err
	}
	return redirect(w, r, a.links(v.conn.ID).Connection, done, "runs")
}

// approval sorts what came of an approval into the codes of "done." words.
func approval(err error) (done string, other error) {
	switch {
	case err == nil:
		return "run_approved", nil
	case errors.Is(err, catalog.ErrMoved):
		return "run_moved", nil
	case errors.Is(err, catalog.ErrNotWaiting):
		return "run_not_waiting", nil
	case errors.Is(err, catalog.ErrOff):
		return "run_off", nil
	}
	return "", err
}

type apiChange struct {
	Variant plugin.VariantID `json:"variant,omitempty"`
	Field   catalog.Field    `json:"field"`
	Old     string           `json:"old"`
	New     string           `json:"new"`
	// Held: it will be held back; see /held.
	Held bool `json:"held,omitempty"`
}

type apiPlanned struct {
	CRMID    string           `json:"crm_id"`
	Product  plugin.ProductID `json:"product,omitempty"`
	Name     string           `json:"name"`
	Action   string           `json:"action"`
	Pictures int              `json:"pictures,omitempty"`
	Changes  []apiChange      `json:"changes"`
}

type apiCategory struct {
	CRMID     string `json:"crm_id"`
	Action    string `json:"action"`
	Name      string `json:"name"`
	OldName   string `json:"old_name,omitempty"`
	Parent    string `json:"parent"`
	OldParent string `json:"old_parent,omitempty"`
}

type apiPlan struct {
	Create   int          `json:"create"`
	Update   int          `json:"update"`
	Link     int          `json:"link"`
	Missing  int          `json:"missing"`
	Products []apiPlanned `json:"products"`
	// Categories come with the first page alone.
	Categories []apiCategory `json:"categories"`
	// Next is the value of "after" for the following page; empty at the end.
	Next string `json:"next,omitempty"`
}

func (a *Admin) apiPlan(r *http.Request, v *visit) (int, any, error) {
	run, err := a.runOf(r, v)
	if err != nil {
		return 0, nil, err
	}
	list, err := a.Runs.Plan(r.Context(), run.ID, r.URL.Query().Get("after"), planShown)
	if err != nil {
		return 0, nil, err
	}
	c, err := a.Runs.PlanCounts(r.Context(), run.ID)
	if err != nil {
		return 0, nil, err
	}
	out := apiPlan{Create: c.Create, Update: c.Update, Link: c.Link, Missing: c.Missing, Products: []apiPlanned{}, Categories: []apiCategory{}}
	if r.URL.Query().Get("after") == "" {
		tree, err := a.Runs.PlanTree(r.Context(), run.ID, treeShown)
		if err != nil {
			return 0, nil, err
		}
		for _, t := range tree {
			out.Categories = append(out.Categories, apiCategory(t))
		}
	}
	for _, p := range list {
		row := apiPlanned{CRMID: p.CRMID, Product: p.Product, Name: p.Name, Action: p.Action, Pictures: p.Pictures, Changes: []apiChange{}}
		for _, ch := range p.Changes {
			row.Changes = append(row.Changes, apiChange{Variant: ch.Variant, Field: ch.Field, Old: ch.Old, New: ch.New, Held: ch.Held})
		}
		out.Products = append(out.Products, row)
	}
	if len(list) == planShown {
		out.Next = list[len(list)-1].CRMID
	}
	return http.StatusOK, out, nil
}

func (a *Admin) apiRun(r *http.Request, v *visit) (int, any, error) {
	run, err := a.runOf(r, v)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, newAPIRun(run), nil
}

func (a *Admin) apiApprove(r *http.Request, v *visit) (int, any, error) {
	run, err := a.runOf(r, v)
	if err != nil {
		return 0, nil, err
	}
	done, err := approval(a.Runs.Approve(r.Context(), run.ID, v.op.ID))
	switch {
	case err != nil:
		return 0, nil, err
	case done != "run_approved":
		return http.StatusConflict, apiError{Error: done, Message: v.words.T("done." + done)}, nil
	}
	return http.StatusAccepted, apiStarted{run.ID}, nil
}

func (a *Admin) apiCancel(r *http.Request, v *visit) (int, any, error) {
	run, err := a.runOf(r, v)
	if err != nil {
		return 0, nil, err
	}
	if err := a.Runs.Cancel(r.Context(), run.ID); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, apiStarted{run.ID}, nil
}
