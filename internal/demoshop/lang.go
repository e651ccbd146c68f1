package demoshop

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

const (
	langCookie = "demoshop_lang"
	langLife   = 365 * 24 * time.Hour
)

// adminLanguages are those staff may read the admin in. The shop's own pages are Ukrainian but for
// their frame and the list of integrations; the plugin's pages follow the choice whole.
func adminLanguages() []plugin.Language {
	return []plugin.Language{{Code: Locale, Name: "Українська"}, {Code: "en", Name: "English"}}
}

func isAdminLanguage(code string) bool {
	return slices.ContainsFunc(adminLanguages(), func(l plugin.Language) bool { return l.Code == code })
}

// langOf is the language this browser chose, else the configured one.
func (e *Engine) langOf(r *http.Request) string {
	if c, err := r.Cookie(langCookie); err == nil && isAdminLanguage(c.Value) {
		return c.Value
	}
	return e.cfg.AdminLang
}

// adminLanguage remembers the language in this browser and goes back to where it was chosen.
func (e *Engine) adminLanguage(w http.ResponseWriter, r *http.Request) {
	lang := r.PostFormValue("lang")
	if !isAdminLanguage(lang) {
		e.adminFail(w, r, plugin.ErrInvalid)
		return
	}
	http.SetCookie(w, e.cookie(langCookie, lang, langLife))
	http.Redirect(w, r, safeNext(r.PostFormValue("back")), http.StatusSeeOther)
}

// langLink is one entry of the language switch.
type langLink struct {
	plugin.Language
	Here bool
}

// Languages are the entries of the language switch.
func (f adminFrame) Languages() []langLink {
	var out []langLink
	for _, l := range adminLanguages() {
		out = append(out, langLink{l, l.Code == f.Lang})
	}
	return out
}

// backTo is the address to come back to after a choice made in the frame: only what was opened with
// GET can be opened again. r.URL of a plugin's page has lost its prefix, RequestURI has not.
func backTo(r *http.Request) string {
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil || r.Method != http.MethodGet {
		return ""
	}
	q := u.Query()
	q.Del("done") // what was done is not done again
	u.RawQuery = q.Encode()
	return u.RequestURI()
}

// Say puts the words of the frame into the operator's language.
func (f adminFrame) Say(words string) string {
	if said, ok := english(words); ok && f.Lang == "en" {
		return said
	}
	return words
}

func english(words string) (string, bool) {
	switch words {
	case "До вмісту":
		return "Skip to content", true
	case "керування магазином":
		return "shop admin", true
	case "Меню":
		return "Menu", true
	case "Мова":
		return "Language", true
	case "Замовлення":
		return "Orders", true
	case "Товари":
		return "Products", true
	case "Категорії":
		return "Categories", true
	case "Інтеграції":
		return "Integrations", true
	case "Повідомлення":
		return "Messages", true
	case "Налаштування":
		return "Settings", true
	case "Відкрити магазин":
		return "Open the shop", true
	case "непрочитаних":
		return "unread", true
	case "Вийти":
		return "Sign out", true
	}
	return englishIntegrations(words)
}

// englishIntegrations are the words of the list of integrations, from which the plugin is connected.
func englishIntegrations(words string) (string, bool) {
	switch words {
	case "Підключені":
		return "Connected", true
	case "Доступні":
		return "Available", true
	case "Поки що нічого не підключено.":
		return "Nothing is connected yet.", true
	case "Видалення не завершено. Натисніть «Видалити», щоб довести його до кінця.":
		return "Removal is not finished. Press “Remove” to finish it.", true
	case "Версія":
		return "Version", true
	case "Замовлення йдуть у CRM, товари — з неї.":
		return "Orders go to the CRM, products come from it.", true
	case "Оновити до":
		return "Upgrade to", true
	case "Редагувати":
		return "Edit", true
	case "Переглянути":
		return "View", true
	case "Видалити":
		return "Remove", true
	case "CRM для інтернет-торгівлі: товари, ціни й залишки з CRM у магазин, замовлення з магазину в CRM, статуси назад.":
		return "A CRM for online shops: products, prices and stock come from it into the shop, orders go from the shop to it, statuses come back.", true
	case "Минулого разу підключення не завершилося. Почніть ще раз.":
		return "Connecting did not finish last time. Start again.", true
	case "ПІДКЛЮЧИТИ":
		return "CONNECT", true
	case "Підключає власник":
		return "The owner connects it", true
	case "Усі доступні інтеграції вже підключено.":
		return "All integrations there are have been connected.", true
	case "Зараз доступних інтеграцій немає.":
		return "There are no integrations right now.", true
	}
	return "", false
}
