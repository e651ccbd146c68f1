package demoshop

import (
	"net/http"

	"github.com/keybridge/keybridge/plugin"
)

// integrationCard is one entry of the integrations page.
type integrationCard struct {
	ID      string
	Name    string
	Title   string
	Version string
	State   string
	Upgrade bool // the recorded version is another than the plugin's
	Path    string
}

// integrationsPage has the two blocks merchants know.
type integrationsPage struct {
	Frame     adminFrame
	Connected []integrationCard
	Available []integrationCard
	Problem   string
}

func (e *Engine) adminIntegrations(w http.ResponseWriter, r *http.Request) {
	e.showIntegrations(w, r, http.StatusOK, "")
}

func (e *Engine) showIntegrations(w http.ResponseWriter, r *http.Request, status int, problem string) {
	page := integrationsPage{Frame: e.frame(r, sectionIntegrations, "Інтеграції"), Problem: problem}
	if p := e.plugin(); p != nil {
		row, err := e.store.integration(r.Context(), p.Manifest().ID)
		if err != nil {
			e.adminFail(w, r, err)
			return
		}
		card := newIntegrationCard(p.Manifest(), row)
		// What is being removed is still connected in part: it stays where it can be removed again.
		if row.State == stateConnected || row.State == stateRemoving {
			page.Connected = append(page.Connected, card)
		} else {
			page.Available = append(page.Available, card)
		}
	}
	e.render(w, r, status, "admin/integrations", page)
}

func newIntegrationCard(m plugin.Manifest, row integrationRow) integrationCard {
	return integrationCard{
		ID: m.ID, Name: m.Name, Title: m.Admin.Title, Version: m.Version, State: row.State, Path: pluginAdminPath,
		Upgrade: row.State == stateConnected && row.Version != m.Version,
	}
}

func (e *Engine) adminConnect(w http.ResponseWriter, r *http.Request) {
	if err := e.Connect(r.Context()); err != nil {
		e.cfg.Logger.ErrorContext(r.Context(), "integration is not connected", "error", err)
		e.showIntegrations(w, r, http.StatusBadGateway, "Підключити не вдалося. Нічого не зламано: натисніть «ПІДКЛЮЧИТИ» ще раз, робота продовжиться з місця зупинки.")
		return
	}
	http.Redirect(w, r, pluginAdminPath+"/", http.StatusSeeOther)
}

func (e *Engine) adminUpgrade(w http.ResponseWriter, r *http.Request) {
	if err := e.UpgradePlugin(r.Context()); err != nil {
		e.cfg.Logger.ErrorContext(r.Context(), "integration is not upgraded", "error", err)
		e.showIntegrations(w, r, http.StatusBadGateway, "Оновити не вдалося. Спробуйте ще раз за хвилину.")
		return
	}
	http.Redirect(w, r, "/admin/integrations?done=upgraded", http.StatusSeeOther)
}

func (e *Engine) adminRemovePage(w http.ResponseWriter, r *http.Request) {
	p := e.plugin()
	if p == nil {
		e.adminFail(w, r, plugin.ErrNotFound)
		return
	}
	e.render(w, r, http.StatusOK, "admin/remove", struct {
		Frame adminFrame
		Name  string
	}{e.frame(r, sectionIntegrations, "Видалити "+p.Manifest().Name), p.Manifest().Name})
}

func (e *Engine) adminRemove(w http.ResponseWriter, r *http.Request) {
	data := plugin.KeepData
	if r.PostFormValue("data") == string(plugin.DropData) {
		data = plugin.DropData
	}
	if err := e.Disconnect(r.Context(), data); err != nil {
		e.cfg.Logger.ErrorContext(r.Context(), "integration is not removed", "error", err)
		e.showIntegrations(w, r, http.StatusBadGateway, "Видалення не завершено. Натисніть «Видалити» ще раз.")
		return
	}
	http.Redirect(w, r, "/admin/integrations?done=removed", http.StatusSeeOther)
}
