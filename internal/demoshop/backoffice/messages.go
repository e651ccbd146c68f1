package backoffice

import (
	"net/http"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop/bridge"
	"github.com/keybridge/keybridge/internal/demoshop/store"
)

// messageItem is a message with its time in the shop's zone and the plugin's page that helps.
type messageItem struct {
	store.Message
	When string
	Href string
}

// messagesPage is the bell's list.
type messagesPage struct {
	Frame    pageFrame
	Messages []messageItem
	UpTo     string // the newest moment shown
}

func (b *Office) messages(w http.ResponseWriter, r *http.Request) {
	rows, err := b.Store.Office.Messages(r.Context())
	if err != nil {
		b.fail(w, r, err)
		return
	}
	page := messagesPage{Frame: b.frame(r, sectionMessages, "Повідомлення")}
	newest := time.Time{}
	for _, m := range rows {
		item := messageItem{Message: m, When: b.Local(m.At)}
		if m.Path != "" {
			item.Href = bridge.AdminPath + m.Path
		}
		if m.At.After(newest) {
			newest = m.At
		}
		page.Messages = append(page.Messages, item)
	}
	page.UpTo = newest.UTC().Format(time.RFC3339Nano)
	b.pages.Render(w, r, http.StatusOK, "messages", page)
}

func (b *Office) messagesRead(w http.ResponseWriter, r *http.Request) {
	upTo, err := time.Parse(time.RFC3339Nano, r.PostFormValue("up_to"))
	if err != nil {
		upTo = b.Now()
	}
	if err := b.Store.Office.ReadMessages(r.Context(), upTo); err != nil {
		b.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/messages?done=read", http.StatusSeeOther)
}
