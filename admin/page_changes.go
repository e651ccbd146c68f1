package admin

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/plugin"
)

// changesPage lists what a run has written.
type changesPage struct {
	web.Base
	Run  string
	Rows []changeView
	// Next is the address of the following page; empty at the end.
	Next string
}

// changeView is one value that was written.
type changeView struct {
	Name, Field, Old, New string
	Overwrote             bool
	pinView
}

// showChanges lists what a run has written, value by value.
func (p runPages) showChanges(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	run, err := p.svc.RunOf(r, req)
	if err != nil {
		return err
	}
	list, err := p.svc.Runs.Changes(r.Context(), run.ID, service.AfterID(r), service.ChangesShown)
	if err != nil {
		return err
	}
	page := changesPage{Base: p.web.Base(r, req), Run: req.Words.T("run.kind."+string(run.Kind)) + ", " + req.WhenSet(run.StartedAt)}
	var products []plugin.ProductID
	for _, c := range list {
		products = append(products, c.Product)
	}
	pin, err := p.pinnable(r, req, page.Base, run, "changes", products)
	if err != nil {
		return err
	}
	for _, c := range list {
		page.Rows = append(page.Rows, changeView{
			Name: cmp.Or(c.Name, string(c.Product)), Field: req.Words.T("field." + string(c.Field)), Old: words.Value(req.Words, c.Field, c.Old),
			New: words.Value(req.Words, c.Field, c.New), Overwrote: c.Overwrote, pinView: pin.view(c.Product, c.Field),
		})
	}
	if len(list) == service.ChangesShown {
		page.Next = page.Runs + "/" + pin.run + "/changes?after=" + strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	return p.web.Render(w, r, req, http.StatusOK, "changes", req.Words.T("changes.title"), page)
}
