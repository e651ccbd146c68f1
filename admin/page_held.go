package admin

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
)

// heldPages show the stock that is held back, and take a person's word about it.
type heldPages struct{ base }

// heldView is the stock that is held back, in words.
type heldView struct {
	// Text says how much it is, Since when it began.
	Text, Since string
	// Causes say what held it back.
	Causes []string
	// Confirmed says how much of it is being written by now; empty: nothing.
	Confirmed string
	// Until is what a person confirms who sees this; empty: there is nothing to confirm.
	Until string
}

// view: nil when nothing is held back.
func (p heldPages) view(ctx context.Context, req *web.Request) (*heldView, error) {
	held, err := p.svc.Products.Held(ctx, req.Conn.ID)
	if err != nil || held.Count+held.Confirmed == 0 {
		return nil, err
	}
	view := &heldView{Since: req.When(held.Since)}
	if held.Count > 0 {
		view.Text, view.Until = req.Words.N("held.text", held.Count), held.Until.Format(time.RFC3339Nano)
	}
	if held.Confirmed > 0 {
		view.Confirmed = req.Words.N("held.confirmed", held.Confirmed)
	}
	for _, c := range held.Causes {
		view.Causes = append(view.Causes, heldCause(req, c))
	}
	return view, nil
}

// heldCause says what held stock back, and what was changed before.
func heldCause(req *web.Request, c catalog.HeldCause) string {
	text := req.Words.N("held.cause.call", c.Count, "time", req.When(c.Since))
	if c.Run != 0 {
		text = req.Words.N("held.cause.run", c.Count, "run", c.Run, "time", req.When(c.Since))
	}
	return text + words.Setting(req.Words, c.Setting)
}

// heldPage lists the stock that is held back.
type heldPage struct {
	web.Base
	View *heldView // nil: nothing is
	Rows []heldRow
	// Next is the address of the following page; empty at the end.
	Next string
}

type heldRow struct {
	Name, SKU, Old, Says, Since string
}

func (p heldPages) show(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	view, err := p.view(r.Context(), req)
	if err != nil {
		return err
	}
	list, err := p.svc.Products.HeldVariants(r.Context(), req.Conn.ID, r.URL.Query().Get("after"), service.HeldShown)
	if err != nil {
		return err
	}
	page := heldPage{Base: p.web.Base(r, req), View: view}
	for _, h := range list {
		row := heldRow{Name: cmp.Or(h.Name, h.Offer), SKU: h.SKU, Old: h.Old, Says: h.Says, Since: req.When(h.Since)}
		if h.Old == "" {
			row.Old = req.Words.T("held.untracked")
		}
		page.Rows = append(page.Rows, row)
	}
	if len(list) == service.HeldShown {
		page.Next = page.HeldStock + "?after=" + url.QueryEscape(list[len(list)-1].Offer)
	}
	return p.web.Render(w, r, req, http.StatusOK, "held", req.Words.T("held.title"), page)
}

// confirm is «Так, їх справді немає», about what the person has seen.
func (p heldPages) confirm(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	n, err := p.confirmUntil(r.Context(), req, r.PostFormValue("until"))
	if err != nil {
		return err
	}
	done := "held_confirmed"
	if n == 0 {
		done = "held_none"
	}
	return web.Redirect(w, r, req.Links.HeldStock, done, "")
}

// confirmUntil confirms what was held back up to a moment; what is no moment confirms nothing.
func (p heldPages) confirmUntil(ctx context.Context, req *web.Request, until string) (int, error) {
	at, err := time.Parse(time.RFC3339Nano, until)
	if err != nil {
		return 0, nil //nolint:nilerr // no page of ours says so
	}
	return p.svc.Products.ConfirmHeld(ctx, req.Conn.ID, at, req.Operator.ID)
}
