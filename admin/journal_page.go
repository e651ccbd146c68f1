package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keybridge/keybridge/orders"
)

const (
	// journalRows is how many orders a page of the journal lists, groupsShown how many groups of those that wait.
	journalRows = 50
	groupsShown = 10
	// retriedAtOnce is how many orders one click lets go on; what is more waits for the next.
	retriedAtOnce = 1000
)

// What of the journal is shown, beside a state: showWaiting what waits for a person, showAll everything.
const (
	showWaiting = "waiting"
	showAll     = "all"
)

// journalPage lists a connection's orders, newest first, one page after the other.
type journalPage struct {
	frame
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

func (a *Admin) showJournal(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	shop, err := readShop(ctx, v.shop)
	if err != nil {
		return err
	}
	head, err := a.journalHead(ctx, v)
	if err != nil {
		return err
	}
	head.Show = showAsked(r.URL.Query().Get("show"), head)
	f, err := journalFilter(v, head.Show, r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	rows, err := a.Journal.List(ctx, f, journalRows)
	if err != nil {
		return err
	}
	names := a.namesOf(ctx, v, shop)
	head.Entries = a.entryViews(v, names, rows)
	page := journalPage{frame: a.frame(r, v), Journal: head, Tabs: journalTabs(v, head)}
	if len(rows) == journalRows {
		page.Next = head.All + "?" + url.Values{"show": {head.Show}, "before": {journalCursor(rows[len(rows)-1])}}.Encode()
	}
	if head.Show == showWaiting {
		if page.Groups, err = a.groupViews(r, v, names); err != nil {
			return err
		}
	}
	return a.render(w, r, v, http.StatusOK, "journal-page", v.words.T("journal.title"), page)
}

// shows reports whether there is such a part of the journal.
func shows(part string) bool {
	return part == showAll || part == showWaiting || slices.Contains(entryStates(), orders.EntryState(part))
}

// showAsked is what the address asks for, else what waits for a person if anything does.
func showAsked(asked string, head *journalView) string {
	switch {
	case shows(asked):
		return asked
	case head.Waiting > 0:
		return showWaiting
	}
	return showAll
}

// journalFilter is the part of the journal that is shown, from behind a cursor on.
func journalFilter(v *visit, show, before string) (orders.Filter, error) {
	f := journalOf(v)
	switch show {
	case showWaiting:
		f.Waiting = true
	case showAll:
	default:
		f.States = []orders.EntryState{orders.EntryState(show)}
	}
	if before == "" {
		return f, nil
	}
	at, id, _ := strings.Cut(before, ".")
	micros, errAt := strconv.ParseInt(at, 10, 64)
	row, errID := strconv.ParseInt(id, 10, 64)
	if errAt != nil || errID != nil {
		return f, errNotFound
	}
	placed := time.UnixMicro(micros).UTC()
	if year := placed.Year(); year < 1 || year > 9999 { // no order is that old, and the database reckons not that far
		return f, errNotFound
	}
	f.Before = &orders.Row{ID: row, PlacedAt: placed}
	return f, nil
}

// journalCursor names a row, so that the list can go on behind it.
func journalCursor(row orders.Row) string {
	return fmt.Sprintf("%d.%d", row.PlacedAt.UnixMicro(), row.ID)
}

func journalTabs(v *visit, head *journalView) []journalTab {
	tabs := []journalTab{{Name: v.words.T("journal.show.all"), Address: head.All + "?show=" + showAll}}
	if head.Waiting > 0 {
		tabs = slices.Insert(tabs, 0, journalTab{Name: v.words.N("journal.waiting", head.Waiting), Address: head.All + "?show=" + showWaiting})
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
func (a *Admin) groupViews(r *http.Request, v *visit, names codeNames) ([]groupView, error) {
	groups, err := a.Journal.Groups(r.Context(), journalOf(v), groupsShown)
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
			Reason: v.words.Say("order.reason."+string(g.Reason), names.in(v, g.Params)), Text: v.words.N("journal.group", g.Count),
			Anchor: mendedAt(g.Reason, v.conn.Settings.Orders.Target), Count: g.Count, Code: string(g.Reason), Params: string(params),
		})
	}
	return out, nil
}

// retryGroup lets everything go on that waits for one reason.
func (a *Admin) retryGroup(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, params := journalOf(v), []byte(r.PostFormValue("params"))
	f.Reason = orders.Reason(r.PostFormValue("reason"))
	if f.Reason == "" || json.Unmarshal(params, &f.Params) != nil || f.Params == nil {
		return errNotFound
	}
	if !jsonIsText(params) {
		return errNoText
	}
	n, err := a.Journal.RetryGroup(r.Context(), f, v.conn.ID, retriedAtOnce)
	if err != nil {
		return err
	}
	done := "group_retried"
	if n == 0 {
		done = "entry_moved_on"
	}
	return a.backToJournal(w, r, v, done)
}

// backToJournal leads back to where an order was acted on: the journal's own page, or the connection's.
func (a *Admin) backToJournal(w http.ResponseWriter, r *http.Request, v *visit, done string) error {
	show := r.PostFormValue("show")
	if !shows(show) {
		return redirect(w, r, a.links(v.conn.ID).Connection, done, "journal")
	}
	http.Redirect(w, r, a.links(v.conn.ID).Journal+"?"+url.Values{"show": {show}, "done": {done}}.Encode(), http.StatusSeeOther)
	return nil
}
