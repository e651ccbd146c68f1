package backoffice

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/demoshop/web"
)

// phoneRegions are the countries whose phones buyers may write without a country code.
func phoneRegions() []string { return []string{"UA", "PL", "MD", "RO", "DE", "CZ", "SK"} }

// settingsPage is the form of the shop's settings.
type settingsPage struct {
	Frame    pageFrame
	Settings store.Settings
	Regions  []string
	URL      string
}

func (b *Office) settings(w http.ResponseWriter, r *http.Request) {
	b.pages.Render(w, r, http.StatusOK, "settings", settingsPage{
		Frame: b.frame(r, sectionSettings, "Налаштування"), Settings: web.SettingsOf(r), Regions: phoneRegions(), URL: b.PublicURL.String(),
	})
}

func (b *Office) saveSettings(w http.ResponseWriter, r *http.Request) {
	set := store.Settings{
		CollectUTM: r.PostFormValue("collect_utm") != "", Kopecks: r.PostFormValue("kopecks") != "",
		PhoneRegion: strings.ToUpper(r.PostFormValue("phone_region")),
	}
	if !slices.Contains(phoneRegions(), set.PhoneRegion) {
		b.fail(w, r, domain.ErrInvalid)
		return
	}
	if err := b.Store.Office.SaveSettings(r.Context(), set); err != nil {
		b.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/settings?done=saved", http.StatusSeeOther)
}
