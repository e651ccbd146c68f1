package admin

import (
	"context"
	"net/http"
	"strings"

	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

// connectPages lead to the connections of a shop and make new ones.
type connectPages struct{ base }

// connectPage is the page before there is a connection.
type connectPage struct {
	web.Base
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
	web.Base
	Connections []listedConnection
}

// showHome leads to the one connection, lists several, or offers to make the first.
func (p connectPages) showHome(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	conns, err := p.svc.Settings.List(r.Context(), req.Operator.Shop)
	if err != nil {
		return err
	}
	done := web.DoneCode(r)
	switch {
	case len(conns) == 1:
		return web.Redirect(w, r, p.web.Links(conns[0].ID).Connection, done, "")
	case len(conns) == 0 && req.May(plugin.PermConfigure):
		return web.Redirect(w, r, req.Links.Connect, done, "")
	}
	page := homePage{Base: p.web.Base(r, req)}
	for _, c := range conns {
		l := p.web.Links(c.ID)
		page.Connections = append(page.Connections, listedConnection{
			Name: c.Title(), Link: l.Connection, DeleteLink: l.Delete, Enabled: c.Enabled, Running: c.Running(),
		})
	}
	return p.web.Render(w, r, req, http.StatusOK, "home", p.svc.Name, page)
}

func (p connectPages) showConnect(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	return p.renderConnect(w, r, req, http.StatusOK, connectPage{})
}

func (p connectPages) renderConnect(w http.ResponseWriter, r *http.Request, req *web.Request, status int, page connectPage) error {
	conns, err := p.svc.Settings.List(r.Context(), req.Operator.Shop)
	if err != nil {
		return err
	}
	page.Base, page.Others = p.web.Base(r, req), len(conns) > 0
	page.Action = page.Connect
	return p.web.Render(w, r, req, status, "connect", p.svc.Name, page)
}

// connect makes a connection of a key that works.
func (p connectPages) connect(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	key := strings.TrimSpace(r.PostFormValue("key"))
	account, code := p.svc.TryKey(r.Context(), key)
	if code != "" {
		return p.renderConnect(w, r, req, statusOf(code), connectPage{keyForm: keyForm{Problem: req.Words.T("connect." + code)}})
	}
	twin, err := p.twin(r.Context(), req.Operator.Shop, account)
	if err != nil {
		return err
	}
	if twin != "" && r.PostFormValue("again") != "on" {
		return p.renderConnect(w, r, req, http.StatusConflict, connectPage{
			keyForm: keyForm{Problem: req.Words.T("connect.twin"), Again: true}, Twin: p.web.Links(twin).Connection,
		})
	}
	conn, err := p.svc.Settings.Create(r.Context(), req.Operator.Shop, p.svc.CRM, p.svc.Name, key, string(account))
	if err != nil {
		return err
	}
	return web.Redirect(w, r, p.web.Links(conn.ID).Connection, "connected", "")
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
func (p connectPages) twin(ctx context.Context, shop plugin.ShopID, account crm.Fingerprint) (plugin.ConnectionID, error) {
	conns, err := p.svc.Settings.List(ctx, shop)
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
