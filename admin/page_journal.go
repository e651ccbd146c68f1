package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

const (
	// groupsShown is how many groups of orders that wait a page of the journal lists.
	groupsShown = 10
	// retriedAtOnce is how many orders one click lets go on; what is more waits for the next.
	retriedAtOnce = 1000
)

// journalPages show orders on their way to the CRM and let those that wait go on.
type journalPages struct{ base }

// journalPage lists a connection's orders, newest first, one page after the other.
type journalPage struct {
	web.Base
	Journal *journalView
	Tabs    []journalTab
	Groups  []groupView
	// Next is the address of the following page; empty at the end.
	Next string
}

// journalTab leads to some of the orders; those shown now have no address.
type journalTab struct {
	Name, Address string
}

// groupView is what waits for a person for one and the same reason.
type groupView struct {
	Reason, Anchor string
	Text           string // how many
	Count          int
	Code, Params   string // name the group in the form
}

func (p journalPages) show(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	ctx := r.Context()
	shop, err := service.ReadShop(ctx, req.Shop)
	if err != nil {
		return err
	}
	head, err := p.head(ctx, req)
	if err != nil {
		return err
	}
	head.Show = showAsked(r.URL.Query().Get("show"), head)
	f, err := service.JournalFilter(req, head.Show, r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	rows, err := p.svc.Journal.List(ctx, f, service.JournalShown)
	if err != nil {
		return err
	}
	names := p.namesOf(ctx, req, shop)
	head.Entries = p.entryViews(req, names, rows)
	page := journalPage{Base: p.web.Base(r, req), Journal: head, Tabs: journalTabs(req, head)}
	if len(rows) == service.JournalShown {
		page.Next = head.All + "?" + url.Values{"show": {head.Show}, "before": {service.JournalCursor(rows[len(rows)-1])}}.Encode()
	}
	if head.Show == service.ShowWaiting {
		if page.Groups, err = p.groupViews(r, req, names); err != nil {
			return err
		}
	}
	return p.web.Render(w, r, req, http.StatusOK, "journal-page", req.Words.T("journal.title"), page)
}

// showAsked is what the address asks for, else what waits for a person if anything does.
func showAsked(asked string, head *journalView) string {
	switch {
	case service.Shows(asked):
		return asked
	case head.Waiting > 0:
		return service.ShowWaiting
	}
	return service.ShowAll
}

func journalTabs(req *web.Request, head *journalView) []journalTab {
	tabs := []journalTab{{Name: req.Words.T("journal.show.all"), Address: head.All + "?show=" + service.ShowAll}}
	if head.Waiting > 0 {
		tabs = slices.Insert(tabs, 0, journalTab{Name: req.Words.N("journal.waiting", head.Waiting), Address: head.All + "?show=" + service.ShowWaiting})
	}
	for _, c := range head.Counts {
		tabs = append(tabs, journalTab{Name: c.Text, Address: c.Address})
	}
	for i := range tabs {
		if strings.HasSuffix(tabs[i].Address, "?show="+head.Show) {
			tabs[i].Address = ""
		}
	}
	return tabs
}

// groupViews are the groups of more than one order that wait for the same reason.
func (p journalPages) groupViews(r *http.Request, req *web.Request, names codeNames) ([]groupView, error) {
	groups, err := p.svc.Journal.Groups(r.Context(), service.JournalOf(req), groupsShown)
	if err != nil {
		return nil, err
	}
	var out []groupView
	for _, g := range groups {
		if g.Count < 2 {
			continue
		}
		params, err := json.Marshal(g.Params)
		if err != nil {
			return nil, err
		}
		out = append(out, groupView{
			Reason: req.Words.Say("order.reason."+string(g.Reason), names.in(req, g.Params)), Text: req.Words.N("journal.group", g.Count),
			Anchor: mendedAt(g.Reason, req.Conn.Settings.Orders.Target), Count: g.Count, Code: string(g.Reason), Params: string(params),
		})
	}
	return out, nil
}

// retryGroup lets everything go on that waits for one reason.
func (p journalPages) retryGroup(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	f, params := service.JournalOf(req), []byte(r.PostFormValue("params"))
	f.Reason = orders.Reason(r.PostFormValue("reason"))
	if f.Reason == "" || json.Unmarshal(params, &f.Params) != nil || f.Params == nil {
		return web.ErrNotFound
	}
	if !web.JSONIsText(params) {
		return web.ErrNoText
	}
	n, err := p.svc.Journal.RetryGroup(r.Context(), f, req.Conn.ID, retriedAtOnce)
	if err != nil {
		return err
	}
	done := "group_retried"
	if n == 0 {
		done = "entry_moved_on"
	}
	return p.backToJournal(w, r, req, done)
}

func (p journalPages) retryEntry(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	return p.onEntry(w, r, req, "retried", func(ctx context.Context, id int64) error {
		return p.svc.Journal.RetryBy(ctx, id, req.Conn.ID)
	})
}

func (p journalPages) ignoreEntry(w http.ResponseWriter, r *http.Request, req *web.Request) error {
	return p.onEntry(w, r, req, "ignored", p.svc.Journal.Ignore)
}

// onEntry does something to an entry that this connection's page lists.
func (p journalPages) onEntry(
	w http.ResponseWriter, r *http.Request, req *web.Request, done string, do func(context.Context, int64) error,
) error {
	id, err := strconv.ParseInt(chi.URLParam(r, "entry"), 10, 64)
	if err != nil {
		return web.ErrNotFound
	}
	e, err := p.svc.Journal.Entry(r.Context(), id)
	if err != nil {
		return err
	}
	f := service.JournalOf(req)
	if ours := e.Connection == f.Connection || e.Connection == "" && f.Unrouted; !ours || e.Shop != f.Shop {
		return web.ErrNotFound
	}
	switch err := do(r.Context(), id); {
	case errors.Is(err, plugin.ErrConflict), errors.Is(err, plugin.ErrRefused):
		done = "entry_moved_on"
	case err != nil:
		return err
	}
	return p.backToJournal(w, r, req, done)
}

// backToJournal leads back to where an order was acted on: the journal's own page, or the connection's.
func (p journalPages) backToJournal(w http.ResponseWriter, r *http.Request, req *web.Request, done string) error {
	show := r.PostFormValue("show")
	if !service.Shows(show) {
		return web.Redirect(w, r, req.Links.Connection, done, "journal")
	}
	http.Redirect(w, r, req.Links.Journal+"?"+url.Values{"show": {show}, "done": {done}}.Encode(), http.StatusSeeOther)
	return nil
}
