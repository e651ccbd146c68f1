package admin

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

// replaceKey takes another key of the same account.
func (p connectionPages) replaceKey(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	key := strings.TrimSpace(r.PostFormValue("key"))
	account, code := p.svc.TryKey(r.Context(), key)
	if stored := crm.Fingerprint(req.Conn.Account); code == "" && stored != "" && !stored.Same(account) {
		code = "other_account"
	}
	if code != "" {
		return p.render(w, r, req, statusOf(code), formState{keyProblem: req.Words.T("connect." + code)})
	}
	if err := p.svc.Settings.SetKey(r.Context(), req.Conn.ID, key, string(account)); err != nil {
		return err
	}
	p.svc.Forget(req.Conn.ID)
	return web.Redirect(w, r, req.Links.Connection, "key_replaced", "")
}

// turnSwitch turns the merchant's switch.
func (p connectionPages) turnSwitch(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	on := r.PostFormValue("on") == "1"
	if err := p.svc.Settings.SetEnabled(r.Context(), req.Conn.ID, on); err != nil {
		return err
	}
	done := "switched_off"
	if on {
		done = "switched_on"
		p.svc.Reschedule(r.Context(), req)
	}
	return web.Redirect(w, r, req.Links.Connection, done, "")
}

// refreshLists forgets what was read of the CRM.
func (p connectionPages) refreshLists(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	done := "refreshed"
	if p.svc.Refresh(r.Context(), req.Conn.ID).Err() != nil {
		done = "" // the page tells what is the matter
	}
	return web.Redirect(w, r, req.Links.Connection, done, "settings")
}

type deletePage struct {
	web.Base
	Name string
}

func (p connectionPages) askDelete(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	page := deletePage{Base: p.web.Base(r, req), Name: req.Conn.Title()}
	return p.web.Render(w, r, req, http.StatusOK, "delete", req.Words.T("delete.title"), page)
}

func (p connectionPages) delete(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	if r.PostFormValue("confirm") != "yes" {
		return p.askDelete(w, r, req)
	}
	if err := p.svc.Settings.Delete(r.Context(), req.Conn.ID); err != nil {
		return err
	}
	p.svc.Forget(req.Conn.ID)
	return web.Redirect(w, r, req.Links.Home, "deleted", "")
}

// save is «ЗБЕРЕГТИ».
func (p connectionPages) save(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	ctx := r.Context()
	lists, err := p.svc.Lists(ctx, req)
	if err != nil {
		return err
	}
	set, problems := form.Parse(r.PostForm, req.Conn.Settings, lists)
	version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err != nil {
		version = -1 // no form of ours: nothing was saved from it
	}
	saved, problems, err := p.svc.Save(ctx, req, service.SaveInput{
		Settings: set, Version: version, Override: r.PostFormValue("override") == "on", Lists: lists, Problems: problems,
	})
	switch {
	case errors.Is(err, settings.ErrStale):
		// The page is shown with what was typed and from the version that is stored now: saving again
		// is then done knowingly.
		if req.Conn, err = p.svc.Settings.Get(ctx, req.Conn.ID); err != nil {
			return err
		}
		return p.render(w, r, req, http.StatusConflict, formState{set: &set, stale: true})
	case err != nil:
		return err
	case len(problems) > 0:
		return p.render(w, r, req, http.StatusUnprocessableEntity, formState{set: &set, problems: problems})
	}
	done := "saved"
	if !saved.Running() {
		done = "saved_not_ready"
	}
	return web.Redirect(w, r, req.Links.Connection, done, "")
}
