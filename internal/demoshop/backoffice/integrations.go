package backoffice

import (
	"net/http"

	"github.com/keybridge/keybridge/internal/demoshop/bridge"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// integrationPages are the list of integrations and what is done there.
type integrationPages struct{ *Office }

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
	Frame     pageFrame
	Connected []integrationCard
	Available []integrationCard
	Problem   string
}

func (b *integrationPages) list(w http.ResponseWriter, r *http.Request) {
	b.show(w, r, http.StatusOK, "")
}

func (b *integrationPages) show(w http.ResponseWriter, r *http.Request, status int, problem string) {
	page := integrationsPage{Frame: b.frame(r, sectionIntegrations, "Інтеграції"), Problem: problem}
	if p := b.integration.Plugin(); p != nil {
		row, err := b.Store.Office.Integration(r.Context(), p.Manifest().ID)
		if err != nil {
			b.fail(w, r, err)
			return
		}
		card := newIntegrationCard(p.Manifest(), row)
		// What is being removed is still connected in part: it stays where it can be removed again.
		if row.State == store.StateConnected || row.State == store.StateRemoving {
			page.Connected = append(page.Connected, card)
		} else {
			page.Available = append(page.Available, card)
		}
	}
	b.pages.Render(w, r, status, "integrations", page)
}

func newIntegrationCard(m plugin.Manifest, row store.IntegrationRow) integrationCard {
	return integrationCard{
		ID: m.ID, Name: m.Name, Title: m.Admin.Title, Version: m.Version, State: row.State, Path: bridge.AdminPath,
		Upgrade: row.State == store.StateConnected && row.Version != m.Version,
	}
}

func (b *integrationPages) connect(w http.ResponseWriter, r *http.Request) {
	if err := b.integration.Connect(r.Context()); err != nil {
		b.Log.ErrorContext(r.Context(), "integration is not connected", "error", err)
		b.show(w, r, http.StatusBadGateway, "Підключити не вдалося. Нічого не зламано: натисніть «ПІДКЛЮЧИТИ» ще раз, робота продовжиться з місця зупинки.")
		return
	}
	http.Redirect(w, r, bridge.AdminPath+"/", http.StatusSeeOther)
}

func (b *integrationPages) upgrade(w http.ResponseWriter, r *http.Request) {
	if err := b.integration.UpgradePlugin(r.Context()); err != nil {
		b.Log.ErrorContext(r.Context(), "integration is not upgraded", "error", err)
		b.show(w, r, http.StatusBadGateway, "Оновити не вдалося. Спробуйте ще раз за хвилину.")
		return
	}
	http.Redirect(w, r, "/admin/integrations?done=upgraded", http.StatusSeeOther)
}

func (b *integrationPages) askRemove(w http.ResponseWriter, r *http.Request) {
	p := b.integration.Plugin()
	if p == nil {
		b.fail(w, r, domain.ErrNotFound)
		return
	}
	b.pages.Render(w, r, http.StatusOK, "remove", struct {
		Frame pageFrame
		Name  string
	}{b.frame(r, sectionIntegrations, "Видалити "+p.Manifest().Name), p.Manifest().Name})
}

func (b *integrationPages) remove(w http.ResponseWriter, r *http.Request) {
	data := plugin.KeepData
	if r.PostFormValue("data") == string(plugin.DropData) {
		data = plugin.DropData
	}
	if err := b.integration.Disconnect(r.Context(), data); err != nil {
		b.Log.ErrorContext(r.Context(), "integration is not removed", "error", err)
		b.show(w, r, http.StatusBadGateway, "Видалення не завершено. Натисніть «Видалити» ще раз.")
		return
	}
	http.Redirect(w, r, "/admin/integrations?done=removed", http.StatusSeeOther)
}
