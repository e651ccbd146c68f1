package admin

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// pinPages show, set and remove pins.
type pinPages struct{ base }

// pinsPage lists pins.
type pinsPage struct {
	web.Base
	Rows []pinRow
	Next string
}

type pinRow struct {
	Product   plugin.ProductID
	Field     settings.OwnedField
	Name      string
	FieldName string
	When      string
}

func (p pinPages) show(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	list, err := p.svc.Products.Pins(r.Context(), req.Conn.ID, service.PinAfter(r), service.PinsShown)
	if err != nil {
		return err
	}
	page := pinsPage{Base: p.web.Base(r, req)}
	for _, p := range list {
		page.Rows = append(page.Rows, pinRow{
			p.Product, p.Field, cmp.Or(p.Name, string(p.Product)), req.Words.T("field." + string(p.Field)), req.When(p.At),
		})
	}
	if next := service.NextPins(list); next != "" {
		page.Next = page.Pins + "?" + next
	}
	return p.web.Render(w, r, req, http.StatusOK, "pins", req.Words.T("pins.title"), page)
}

// add is «Закріпити».
func (p pinPages) add(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	err := p.svc.Products.Pin(r.Context(), req.Conn.ID, plugin.ProductID(r.PostFormValue("product")),
		settings.OwnedField(r.PostFormValue("field")), req.Operator.ID)
	if errors.Is(err, plugin.ErrInvalid) {
		return web.ErrNotFound // no button of ours asks for that
	}
	if err != nil {
		return err
	}
	l := req.Links
	to := l.Pins
	if run, err := strconv.ParseInt(r.PostFormValue("run"), 10, 64); err == nil {
		switch back := r.PostFormValue("back"); back {
		case "changes", "plan":
			to = l.Runs + "/" + strconv.FormatInt(run, 10) + "/" + back
		}
	}
	return web.Redirect(w, r, to, "pinned", "")
}

// remove is «Відкріпити».
func (p pinPages) remove(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	err := p.svc.Products.Unpin(r.Context(), req.Conn.ID, plugin.ProductID(r.PostFormValue("product")),
		settings.OwnedField(r.PostFormValue("field")), req.Operator.ID)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, req.Links.Pins, "unpinned", "")
}
