package admin

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// pinView offers to pin a field, or says that it is pinned; nothing when neither is possible.
type pinView struct {
	Product plugin.ProductID
	Pin     settings.OwnedField // empty: no pin is possible
	Pinned  bool
	// Back is where the button leads back to: "changes" or "plan", and Run whose.
	Back, Run string
	// For templates that get the view alone.
	Pins, CSRFField, CSRF string
}

// pinnable makes such views of one run.
type pinnable struct {
	web.Base
	back, run string
	pinned    map[plugin.ProductID][]settings.OwnedField
}

// pinnable looks up what is pinned already of the products of a page.
func (p runPages) pinnable(r *http.Request, req *web.Request, f web.Base, run catalog.Run, back string, products []plugin.ProductID) (pinnable, error) {
	pinned, err := p.svc.Products.Pinned(r.Context(), req.Conn.ID, products)
	return pinnable{f, back, strconv.FormatInt(run.ID, 10), pinned}, err
}

func (p pinnable) view(id plugin.ProductID, f catalog.Field) pinView {
	if id == "" || !f.Pinnable() {
		return pinView{}
	}
	field := settings.OwnedField(f)
	out := pinView{Product: id, Pinned: slices.Contains(p.pinned[id], field)}
	if p.MayOperate && !out.Pinned {
		out.Pin, out.Back, out.Run = field, p.back, p.run
		out.Pins, out.CSRFField, out.CSRF = p.Links.Pins, p.CSRFField, p.CSRF
	}
	return out
}
