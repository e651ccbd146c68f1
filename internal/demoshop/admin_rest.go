package demoshop

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// categoryItem is a row of the category list.
type categoryItem struct {
	flatNode
	All   int
	Shown int
}

// categoriesPage is the whole tree.
type categoriesPage struct {
	Frame      adminFrame
	Categories []categoryItem
	Loose      int // products without a category
}

func (e *Engine) adminCategories(w http.ResponseWriter, r *http.Request) {
	rows, err := e.store.categories(r.Context(), e.store.db)
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	counts, err := e.store.categoryCounts(r.Context())
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	page := categoriesPage{Frame: e.frame(r, sectionCategories, "Категорії"), Loose: counts[0][0]}
	for _, n := range newTree(rows).flat() {
		page.Categories = append(page.Categories, categoryItem{n, counts[n.ID][0], counts[n.ID][1]})
	}
	e.render(w, r, http.StatusOK, "admin/categories", page)
}

// messageItem is a message with its time in the shop's zone and the plugin's page that helps.
type messageItem struct {
	messageRow
	When string
	Href string
}

// messagesPage is the bell's list.
type messagesPage struct {
	Frame    adminFrame
	Messages []messageItem
	UpTo     string // the newest moment shown
}

func (e *Engine) adminMessages(w http.ResponseWriter, r *http.Request) {
	rows, err := e.store.messages(r.Context())
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	page := messagesPage{Frame: e.frame(r, sectionMessages, "Повідомлення")}
	newest := time.Time{}
	for _, m := range rows {
		item := messageItem{messageRow: m, When: e.local(m.At)}
		if m.Path != "" {
			item.Href = pluginAdminPath + m.Path
		}
		if m.At.After(newest) {
			newest = m.At
		}
		page.Messages = append(page.Messages, item)
	}
	page.UpTo = newest.UTC().Format(time.RFC3339Nano)
	e.render(w, r, http.StatusOK, "admin/messages", page)
}

func (e *Engine) adminMessagesRead(w http.ResponseWriter, r *http.Request) {
	upTo, err := time.Parse(time.RFC3339Nano, r.PostFormValue("up_to"))
	if err != nil {
		upTo = e.now()
	}
	if err := e.store.readMessages(r.Context(), upTo); err != nil {
		e.adminFail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/messages?done=read", http.StatusSeeOther)
}

// phoneRegions are the countries whose phones buyers may write without a country code.
func phoneRegions() []string { return []string{"UA", "PL", "MD", "RO", "DE", "CZ", "SK"} }

// settingsPage is the form of the shop's settings.
type settingsPage struct {
	Frame    adminFrame
	Settings shopSettings
	Regions  []string
	URL      string
}

func (e *Engine) adminSettings(w http.ResponseWriter, r *http.Request) {
	e.render(w, r, http.StatusOK, "admin/settings", settingsPage{
		Frame: e.frame(r, sectionSettings, "Налаштування"), Settings: frameSettings(r), Regions: phoneRegions(), URL: e.cfg.PublicURL.String(),
	})
}

func (e *Engine) adminSettingsSave(w http.ResponseWriter, r *http.Request) {
	set := shopSettings{
		CollectUTM: r.PostFormValue("collect_utm") != "", Kopecks: r.PostFormValue("kopecks") != "",
		PhoneRegion: strings.ToUpper(r.PostFormValue("phone_region")),
	}
	if !slices.Contains(phoneRegions(), set.PhoneRegion) {
		e.adminFail(w, r, plugin.ErrInvalid)
		return
	}
	if err := e.store.saveSettings(r.Context(), set); err != nil {
		e.adminFail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/settings?done=saved", http.StatusSeeOther)
}
