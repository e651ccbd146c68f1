package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// How many changes and pins a page lists.
const (
	changesShown = 100
	pinsShown    = 100
)

// changesPage lists what a run has written.
type changesPage struct {
	frame
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
	frame
	back, run string
	pinned    map[plugin.ProductID][]settings.OwnedField
}

func (a *Admin) pinnable(r *http.Request, v *visit, f frame, run catalog.Run, back string, products []plugin.ProductID) (pinnable, error) {
	pinned, err := a.Products.Pinned(r.Context(), v.conn.ID, products)
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
		out.Pins, out.CSRFField, out.CSRF = p.links.Pins, p.CSRFField, p.CSRF
	}
	return out
}

// showChanges lists what a run has written, value by value.
func (a *Admin) showChanges(w http.ResponseWriter, r *http.Request, v *visit) error {
	run, err := a.runOf(r, v)
	if err != nil {
		return err
	}
	list, err := a.Runs.Changes(r.Context(), run.ID, afterID(r), changesShown)
	if err != nil {
		return err
	}
	page := changesPage{frame: a.frame(r, v), Run: v.words.T("run.kind."+string(run.Kind)) + ", " + v.whenSet(run.StartedAt)}
	var products []plugin.ProductID
	for _, c := range list {
		products = append(products, c.Product)
	}
	pin, err := a.pinnable(r, v, page.frame, run, "changes", products)
	if err != nil {
		return err
	}
	for _, c := range list {
		page.Rows = append(page.Rows, changeView{
			Name: orID(c.Name, string(c.Product)), Field: v.words.T("field." + string(c.Field)), Old: changeText(v.words, c.Field, c.Old),
			New: changeText(v.words, c.Field, c.New), Overwrote: c.Overwrote, pinView: pin.view(c.Product, c.Field),
		})
	}
	if len(list) == changesShown {
		page.Next = page.Runs + "/" + pin.run + "/changes?after=" + strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	return a.render(w, r, v, http.StatusOK, "changes", v.words.T("changes.title"), page)
}

// afterID is where a list goes on; what is no number is the beginning.
func afterID(r *http.Request) int64 {
	id, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	return id
}

// pinsPage lists pins.
type pinsPage struct {
	frame
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

func (a *Admin) showPins(w http.ResponseWriter, r *http.Request, v *visit) error {
	list, err := a.Products.Pins(r.Context(), v.conn.ID, pinAfter(r), pinsShown)
	if err != nil {
		return err
	}
	page := pinsPage{frame: a.frame(r, v)}
	for _, p := range list {
		page.Rows = append(page.Rows, pinRow{
			p.Product, p.Field, orID(p.Name, string(p.Product)), v.words.T("field." + string(p.Field)), v.when(p.At),
		})
	}
	if next := nextPins(list); next != "" {
		page.Next = page.Pins + "?" + next
	}
	return a.render(w, r, v, http.StatusOK, "pins", v.words.T("pins.title"), page)
}

// nextPins is the query of the following page; empty at the end. pinAfter reads it.
func nextPins(list []catalog.Pin) string {
	if len(list) < pinsShown {
		return ""
	}
	last := list[len(list)-1]
	return url.Values{"product": {string(last.Product)}, "field": {string(last.Field)}}.Encode()
}

func pinAfter(r *http.Request) catalog.Pin {
	q := r.URL.Query()
	return catalog.Pin{Product: plugin.ProductID(q.Get("product")), Field: settings.OwnedField(q.Get("field"))}
}

// addPin is «Закріпити».
func (a *Admin) addPin(w http.ResponseWriter, r *http.Request, v *visit) error {
	err := a.Products.Pin(r.Context(), v.conn.ID, plugin.ProductID(r.PostFormValue("product")),
		settings.OwnedField(r.PostFormValue("field")), v.op.ID)
	if errors.Is(err, plugin.ErrInvalid) {
		return errNotFound // no button of ours asks for that
	}
	if err != nil {
		return err
	}
	l := a.links(v.conn.ID)
	to := l.Pins
	if run, err := strconv.ParseInt(r.PostFormValue("run"), 10, 64); err == nil {
		switch back := r.PostFormValue("back"); back {
		case "changes", "plan":
			to = l.Runs + "/" + strconv.FormatInt(run, 10) + "/" + back
		}
	}
	return redirect(w, r, to, "pinned", "")
}

// removePin is «Відкріпити».
func (a *Admin) removePin(w http.ResponseWriter, r *http.Request, v *visit) error {
	err := a.Products.Unpin(r.Context(), v.conn.ID, plugin.ProductID(r.PostFormValue("product")),
		settings.OwnedField(r.PostFormValue("field")), v.op.ID)
	if err != nil {
		return err
	}
	return redirect(w, r, a.links(v.conn.ID).Pins, "unpinned", "")
}

type apiWritten struct {
	ID        int64            `json:"id"`
	CRMID     string           `json:"crm_id"`
	Product   plugin.ProductID `json:"product"`
	Variant   plugin.VariantID `json:"variant,omitempty"`
	Name      string           `json:"name"`
	Field     catalog.Field    `json:"field"`
	Old       string           `json:"old"`
	New       string           `json:"new"`
	Overwrote bool             `json:"overwrote,omitempty"`
	At        time.Time        `json:"at"`
}

type apiWrittenList struct {
	Changes []apiWritten `json:"changes"`
	// Next is the value of "after" for the following page; 0 at the end.
	Next int64 `json:"next,omitempty"`
}

func (a *Admin) apiChanges(r *http.Request, v *visit) (int, any, error) {
	run, err := a.runOf(r, v)
	if err != nil {
		return 0, nil, err
	}
	list, err := a.Runs.Changes(r.Context(), run.ID, afterID(r), changesShown)
	if err != nil {
		return 0, nil, err
	}
	out := apiWrittenList{Changes: []apiWritten{}}
	for _, c := range list {
		out.Changes = append(out.Changes, apiWritten{c.ID, c.CRMID, c.Product, c.Variant, c.Name, c.Field, c.Old, c.New, c.Overwrote, c.At})
	}
	if len(list) == changesShown {
		out.Next = list[len(list)-1].ID
	}
	return http.StatusOK, out, nil
}

type apiPin struct {
	Product  plugin.ProductID    `json:"product"`
	Field    settings.OwnedField `json:"field"`
	Name     string              `json:"name,omitempty"`
	PinnedBy string              `json:"pinned_by,omitempty"`
	PinnedAt time.Time           `json:"pinned_at,omitzero"`
}

type apiPinList struct {
	Pins []apiPin `json:"pins"`
	// Next is the query of the following page; empty at the end.
	Next string `json:"next,omitempty"`
}

func (a *Admin) apiPins(r *http.Request, v *visit) (int, any, error) {
	list, err := a.Products.Pins(r.Context(), v.conn.ID, pinAfter(r), pinsShown)
	if err != nil {
		return 0, nil, err
	}
	out := apiPinList{Pins: []apiPin{}, Next: nextPins(list)}
	for _, p := range list {
		out.Pins = append(out.Pins, apiPin{p.Product, p.Field, p.Name, p.By, p.At})
	}
	return http.StatusOK, out, nil
}

func (a *Admin) apiPin(r *http.Request, v *visit) (int, any, error) { return a.apiSetPin(r, v, true) }

func (a *Admin) apiUnpin(r *http.Request, v *visit) (int, any, error) {
	return a.apiSetPin(r, v, false)
}

func (a *Admin) apiSetPin(r *http.Request, v *visit, on bool) (int, any, error) {
	var in apiPin
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return http.StatusBadRequest, apiError{Error: "bad_json"}, nil //nolint:nilerr // as in apiSave
	}
	set := a.Products.Unpin
	if on {
		set = a.Products.Pin
	}
	err := set(r.Context(), v.conn.ID, in.Product, in.Field, v.op.ID)
	if errors.Is(err, plugin.ErrInvalid) {
		return http.StatusUnprocessableEntity, apiError{Error: "unknown_field", Message: v.words.T("problem.unknown_option")}, nil
	}
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, apiPin{Product: in.Product, Field: in.Field}, nil
}
