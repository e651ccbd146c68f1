package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

// connectPage is the page before there is a connection.
type connectPage struct {
	frame
	keyForm
	// Others says that the shop has connections already.
	Others bool
	// Twin is the address of a connection to the same account, when there is one.
	Twin string
}

// keyForm is the form with the API key. The key itself is never written into a page.
type keyForm struct {
	Action  string
	Hint    string // the stored key's last characters; empty when there is none
	Problem string
	// Again asks for a second connection to the same account knowingly.
	Again bool
}

// listedConnection is a line of «Підключені».
type listedConnection struct {
	Name, Link, DeleteLink string
	Enabled, Running       bool
}

type homePage struct {
	frame
	Connections []listedConnection
}

// showHome leads to the one connection, lists several, or offers to make the first.
func (a *Admin) showHome(w http.ResponseWriter, r *http.Request, v *visit) error {
	conns, err := a.Settings.List(r.Context(), v.op.Shop)
	if err != nil {
		return err
	}
	done := r.URL.Query().Get("done")
	if !slices.Contains(doneCodes, done) {
		done = ""
	}
	switch {
	case len(conns) == 1:
		return redirect(w, r, a.links(conns[0].ID).Connection, done, "")
	case len(conns) == 0 && v.may(plugin.PermConfigure):
		return redirect(w, r, a.links("").Connect, done, "")
	}
	page := homePage{frame: a.frame(r, v)}
	for _, c := range conns {
		l := a.links(c.ID)
		page.Connections = append(page.Connections, listedConnection{
			Name: connectionName(c), Link: l.Connection, DeleteLink: l.Delete, Enabled: c.Enabled, Running: c.Running(),
		})
	}
	return a.render(w, r, v, http.StatusOK, "home", a.Name, page)
}

func (a *Admin) showConnect(w http.ResponseWriter, r *http.Request, v *visit) error {
	return a.renderConnect(w, r, v, http.StatusOK, connectPage{})
}

func (a *Admin) renderConnect(w http.ResponseWriter, r *http.Request, v *visit, status int, page connectPage) error {
	conns, err := a.Settings.List(r.Context(), v.op.Shop)
	if err != nil {
		return err
	}
	page.frame, page.Others = a.frame(r, v), len(conns) > 0
	page.Action = page.Connect
	return a.render(w, r, v, status, "connect", a.Name, page)
}

// connect makes a connection of a key that works.
func (a *Admin) connect(w http.ResponseWriter, r *http.Request, v *visit) error {
	key := strings.TrimSpace(r.PostFormValue("key"))
	account, code, err := a.tryKey(r.Context(), key)
	if err != nil {
		return err
	}
	if code != "" {
		return a.renderConnect(w, r, v, statusOf(code), connectPage{keyForm: keyForm{Problem: v.words.T("connect." + code)}})
	}
	twin, err := a.twin(r.Context(), v.op.Shop, account)
	if err != nil {
		return err
	}
	if twin != "" && r.PostFormValue("again") != "on" {
		return a.renderConnect(w, r, v, http.StatusConflict, connectPage{
			keyForm: keyForm{Problem: v.words.T("connect.twin"), Again: true}, Twin: a.links(twin).Connection,
		})
	}
	conn, err := a.Settings.Create(r.Context(), v.op.Shop, a.CRM, a.Name, key, string(account))
	if err != nil {
		return err
	}
	return redirect(w, r, a.links(conn.ID).Connection, "connected", "")
}

// tryKey asks the CRM whose key it is. The code says what is wrong with it; words "connect.…".
func (a *Admin) tryKey(ctx context.Context, key string) (account crm.Fingerprint, code string, err error) {
	if key == "" {
		return "", "empty", nil
	}
	dir, err := a.OpenKey(key)
	if err != nil { // by its form it cannot be a key
		return "", "malformed", nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.Reach)
	defer cancel()
	account, err = dir.Account(ctx)
	if err != nil {
		a.Host.Logger().Info("API key tried", "outcome", trouble(err))
	}
	return account, trouble(err), nil
}

// statusOf is the HTTP status that goes with a problem of a key.
func statusOf(code string) int {
	switch code {
	case "crm_unavailable", "crm_limited", "no_redis":
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

// twin answers the shop's connection to the account; empty when there is none.
func (a *Admin) twin(ctx context.Context, shop plugin.ShopID, account crm.Fingerprint) (plugin.ConnectionID, error) {
	conns, err := a.Settings.List(ctx, shop)
	if err != nil {
		return "", err
	}
	for _, c := range conns {
		if account.Same(crm.Fingerprint(c.Account)) {
			return c.ID, nil
		}
	}
	return "", nil
}

// replaceKey takes another key of the same account.
func (a *Admin) replaceKey(w http.ResponseWriter, r *http.Request, v *visit) error {
	key := strings.TrimSpace(r.PostFormValue("key"))
	account, code, err := a.tryKey(r.Context(), key)
	if err != nil {
		return err
	}
	if stored := crm.Fingerprint(v.conn.Account); code == "" && stored != "" && !stored.Same(account) {
		code = "other_account"
	}
	if code != "" {
		return a.renderConnection(w, r, v, statusOf(code), attempt{keyProblem: v.words.T("connect." + code)})
	}
	if err := a.Settings.SetKey(r.Context(), v.conn.ID, key, string(account)); err != nil {
		return err
	}
	a.lists.drop(v.conn.ID)
	return redirect(w, r, a.links(v.conn.ID).Connection, "key_replaced", "")
}

// turnSwitch turns the merchant's switch.
func (a *Admin) turnSwitch(w http.ResponseWriter, r *http.Request, v *visit) error {
	on := r.PostFormValue("on") == "1"
	if err := a.Settings.SetEnabled(r.Context(), v.conn.ID, on); err != nil {
		return err
	}
	done := "switched_off"
	if on {
		done = "switched_on"
		a.reschedule(r.Context(), v)
	}
	return redirect(w, r, a.links(v.conn.ID).Connection, done, "")
}

// refreshLists forgets what was read of the CRM.
func (a *Admin) refreshLists(w http.ResponseWriter, r *http.Request, v *visit) error {
	done := "refreshed"
	if a.listsAnew(r.Context(), v.conn.ID).err() != nil {
		done = "" // the page tells what is the matter
	}
	return redirect(w, r, a.links(v.conn.ID).Connection, done, "settings")
}

type deletePage struct {
	frame
	Name string
}

func (a *Admin) askDelete(w http.ResponseWriter, r *http.Request, v *visit) error {
	page := deletePage{frame: a.frame(r, v), Name: connectionName(v.conn)}
	return a.render(w, r, v, http.StatusOK, "delete", v.words.T("delete.title"), page)
}

func (a *Admin) deleteConnection(w http.ResponseWriter, r *http.Request, v *visit) error {
	if r.PostFormValue("confirm") != "yes" {
		return a.askDelete(w, r, v)
	}
	if err := a.Settings.Delete(r.Context(), v.conn.ID); err != nil {
		return err
	}
	a.lists.drop(v.conn.ID)
	return redirect(w, r, a.links("").Home, "deleted", "")
}
