package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// heldShown is how many variants a page of held stock shows.
const heldShown = 100

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

// heldView: nil when nothing is held back.
func (a *Admin) heldView(ctx context.Context, v *visit) (*heldView, error) {
	held, err := a.Products.Held(ctx, v.conn.ID)
	if err != nil || held.Count+held.Confirmed == 0 {
		return nil, err
	}
	view := &heldView{Since: v.when(held.Since)}
	if held.Count > 0 {
		view.Text, view.Until = v.words.N("held.text", held.Count), held.Until.Format(time.RFC3339Nano)
	}
	if held.Confirmed > 0 {
		view.Confirmed = v.words.N("held.confirmed", held.Confirmed)
	}
	for _, c := range held.Causes {
		view.Causes = append(view.Causes, heldCause(v, c))
	}
	return view, nil
}

// heldCause says what held stock back, and what was changed before.
func heldCause(v *visit, c catalog.HeldCause) string {
	text := v.words.N("held.cause.call", c.Count, "time", v.when(c.Since))
	if c.Run != 0 {
		text = v.words.N("held.cause.run", c.Count, "run", c.Run, "time", v.when(c.Since))
	}
	return text + settingText(v.words, c.Setting)
}

// settingText names a setting that was changed, as a sentence to go on with; empty: none was.
func settingText(w *i18n.Words, setting string) string {
	if setting == "" {
		return ""
	}
	return " " + w.T("held.setting."+setting)
}

// heldPage lists the stock that is held back.
type heldPage struct {
	frame
	View *heldView // nil: nothing is
	Rows []heldRow
	// Next is the address of the following page; empty at the end.
	Next string
}

type heldRow struct {
	Name, SKU, Old, Says, Since string
}

func (a *Admin) showHeld(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := a.heldView(r.Context(), v)
	if err != nil {
		return err
	}
	list, err := a.Products.HeldVariants(r.Context(), v.conn.ID, r.URL.Query().Get("after"), heldShown)
	if err != nil {
		return err
	}
	page := heldPage{frame: a.frame(r, v), View: view}
	for _, h := range list {
		row := heldRow{Name: orID(h.Name, h.Offer), SKU: h.SKU, Old: h.Old, Says: h.Says, Since: v.when(h.Since)}
		if h.Old == "" {
			row.Old = v.words.T("held.untracked")
		}
		page.Rows = append(page.Rows, row)
	}
	if len(list) == heldShown {
		page.Next = page.HeldStock + "?after=" + url.QueryEscape(list[len(list)-1].Offer)
	}
	return a.render(w, r, v, http.StatusOK, "held", v.words.T("held.title"), page)
}

// confirmHeld is «Так, їх справді немає», about what the person has seen.
func (a *Admin) confirmHeld(w http.ResponseWriter, r *http.Request, v *visit) error {
	n, err := a.confirmUntil(r.Context(), v, r.PostFormValue("until"))
	if err != nil {
		return err
	}
	done := "held_confirmed"
	if n == 0 {
		done = "held_none"
	}
	return redirect(w, r, a.links(v.conn.ID).HeldStock, done, "")
}

// confirmUntil confirms what was held back up to a moment; what is no moment confirms nothing.
func (a *Admin) confirmUntil(ctx context.Context, v *visit, until string) (int, error) {
	at, err := time.Parse(time.RFC3339Nano, until)
	if err != nil {
		return 0, nil //nolint:nilerr // no page of ours says so
	}
	return a.Products.ConfirmHeld(ctx, v.conn.ID, at, v.op.ID)
}

type apiHeldCause struct {
	Run     int64     `json:"run,omitempty"` // 0: stock calls
	Setting string    `json:"setting,omitempty"`
	Since   time.Time `json:"since"`
	Count   int       `json:"count"`
}

type apiHeldVariant struct {
	Offer   string           `json:"offer"`
	Product plugin.ProductID `json:"product"`
	Variant plugin.VariantID `json:"variant"`
	Name    string           `json:"name"`
	SKU     string           `json:"sku,omitempty"`
	Old     string           `json:"old"`
	Says    string           `json:"says"`
	Since   time.Time        `json:"since"`
	Run     int64            `json:"run,omitempty"`
}

type apiHeld struct {
	Count     int              `json:"count"`
	Confirmed int              `json:"confirmed,omitempty"`
	Since     time.Time        `json:"since,omitzero"`
	Until     time.Time        `json:"until,omitzero"`
	Causes    []apiHeldCause   `json:"causes"`
	Variants  []apiHeldVariant `json:"variants"`
	// Next is the value of "after" for the following page; empty at the end.
	Next string `json:"next,omitempty"`
}

func (a *Admin) apiHeld(r *http.Request, v *visit) (int, any, error) {
	held, err := a.Products.Held(r.Context(), v.conn.ID)
	if err != nil {
		return 0, nil, err
	}
	list, err := a.Products.HeldVariants(r.Context(), v.conn.ID, r.URL.Query().Get("after"), heldShown)
	if err != nil {
		return 0, nil, err
	}
	out := apiHeld{
		Count: held.Count, Confirmed: held.Confirmed, Since: held.Since, Until: held.Until, Causes: []apiHeldCause{},
		Variants: []apiHeldVariant{},
	}
	for _, c := range held.Causes {
		out.Causes = append(out.Causes, apiHeldCause(c))
	}
	for _, h := range list {
		out.Variants = append(out.Variants, apiHeldVariant{h.Offer, h.Product, h.Variant, h.Name, h.SKU, h.Old, h.Says, h.Since, h.Run})
	}
	if len(list) == heldShown {
		out.Next = list[len(list)-1].Offer
	}
	return http.StatusOK, out, nil
}

type apiConfirmed struct {
	Confirmed int `json:"confirmed"`
}

// apiConfirmHeld confirms what was held back up to "until", as apiHeld answers it.
func (a *Admin) apiConfirmHeld(r *http.Request, v *visit) (int, any, error) {
	var in struct {
		Until time.Time `json:"until"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Until.IsZero() {
		return http.StatusBadRequest, apiError{Error: "bad_json"}, nil //nolint:nilerr // as in apiSave
	}
	n, err := a.Products.ConfirmHeld(r.Context(), v.conn.ID, in.Until, v.op.ID)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, apiConfirmed{n}, nil
}

// HeldMessage tells the merchant, in the shop's language, that stock is held back.
func (a *Admin) HeldMessage(ctx context.Context, n catalog.HeldNotice) (plugin.Message, error) {
	w, err := a.wordsOf(ctx, n.Shop)
	if err != nil {
		return plugin.Message{}, err
	}
	m := plugin.Message{
		Shop: n.Shop, Severity: plugin.Problem, Key: "stock-held-" + string(n.Connection), Title: w.T("message.held.title"),
		Text: w.N("message.held.text", n.Count), Path: "c/" + string(n.Connection) + "/held", At: n.At,
	}
	if n.Again {
		m.Title = w.T("message.held.again")
	}
	for _, c := range n.Causes {
		if c.Setting != "" {
			m.Text += settingText(w, c.Setting)
			break
		}
	}
	return m, nil
}
