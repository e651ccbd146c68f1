package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// entriesShown is how many orders the page lists.
const entriesShown = 20

// journalView lists orders on their way to the CRM.
type journalView struct {
	Counts  []stateCount
	Entries []entryView
	// Waiting counts those that a person must look at.
	Waiting int
	// All leads to the journal's own page, with what waits for a person first; Show is what of it is listed.
	All, Show string
}

// stateCount is how many stand in a state, and leads to them.
type stateCount struct {
	Class, Text, Address string
}

type entryView struct {
	ID                   int64
	Number, State, Class string
	Reason               string
	Anchor               string // where on the page the reason is mended; empty: not here
	CRMNumber, CRMURL    string
	Placed, Next         string
	Attempts             int
	Retry, Ignore        string // addresses; empty: not to be had
	Difference           string
	// Unrouted: no connection took it, so every connection's page lists it and may send it.
	Unrouted bool
}

// journalView is what the connection's page lists: what waits for a person, and then the latest. It is nil while
// orders are not synced and never were.
func (a *Admin) journalView(ctx context.Context, v *visit, names codeNames) (*journalView, error) {
	waiting, calm := journalOf(v), journalOf(v)
	waiting.Waiting, calm.Calm = true, true
	rows, err := a.Journal.List(ctx, waiting, entriesShown)
	if err != nil {
		return nil, err
	}
	if room := entriesShown - len(rows); room > 0 {
		latest, err := a.Journal.List(ctx, calm, room)
		if err != nil {
			return nil, err
		}
		rows = append(rows, latest...)
	}
	if len(rows) == 0 && v.conn.Settings.Orders.Target == settings.TargetOff {
		return nil, nil
	}
	out, err := a.journalHead(ctx, v)
	if err != nil {
		return nil, err
	}
	out.Entries = a.entryViews(v, names, rows)
	return out, nil
}

// journalHead counts the orders by state.
func (a *Admin) journalHead(ctx context.Context, v *visit) (*journalView, error) {
	counts, err := a.Journal.Counts(ctx, journalOf(v))
	if err != nil {
		return nil, err
	}
	looking := journalOf(v)
	looking.Waiting, looking.States = true, []orders.EntryState{orders.Checking}
	uncertain, err := a.Journal.Counts(ctx, looking)
	if err != nil {
		return nil, err
	}
	out := &journalView{
		Waiting: counts[orders.Blocked] + counts[orders.Dead] + uncertain[orders.Checking], All: a.links(v.conn.ID).Journal,
	}
	for _, state := range entryStates() {
		if n := counts[state]; n > 0 {
			out.Counts = append(out.Counts, stateCount{entryClass(state), v.words.N("journal.count."+string(state), n), out.All + "?show=" + string(state)})
		}
	}
	return out, nil
}

func (a *Admin) entryViews(v *visit, names codeNames, rows []orders.Row) []entryView {
	var out []entryView
	for _, row := range rows {
		out = append(out, a.entryView(v, names, row))
	}
	return out
}

// journalOf is what a connection's page lists: its own orders, and those that no connection took and
// that it may still send.
func journalOf(v *visit) orders.Filter {
	return orders.Filter{Shop: v.op.Shop, Connection: v.conn.ID, Unrouted: v.conn.Settings.Orders.Target != settings.TargetOff}
}

// entryStates are all states, the most pressing first.
func entryStates() []orders.EntryState {
	return []orders.EntryState{
		orders.Blocked, orders.Dead, orders.Checking, orders.Retrying, orders.Sending, orders.Pending, orders.Created,
		orders.Done, orders.Ignored,
	}
}

func entryClass(s orders.EntryState) string {
	switch s {
	case orders.Done:
		return "ok"
	case orders.Blocked, orders.Dead:
		return "fail"
	case orders.Checking, orders.Retrying:
		return "warn"
	case orders.Ignored:
		return "off"
	}
	return "busy"
}

func (a *Admin) entryView(v *visit, names codeNames, row orders.Row) entryView {
	e := entryView{
		ID: row.ID, Number: row.Number, State: v.words.T("journal.state." + string(row.State)), Class: entryClass(row.State),
		CRMNumber: row.CRMID, CRMURL: row.CRMURL, Placed: v.when(row.PlacedAt), Next: v.when(row.NextAt), Attempts: row.Attempts,
		Unrouted: row.Connection == "",
	}
	if e.Number == "" {
		e.Number = string(row.Order)
	}
	if row.Reason != "" {
		e.Reason = v.words.Say("order.reason."+string(row.Reason), names.in(v, row.Params))
	}
	if row.State == orders.Blocked && v.conn.Settings.Orders.Target != settings.TargetOff {
		e.Anchor = mendedAt(row.Reason, v.conn.Settings.Orders.Target)
	}
	if row.Differs() {
		e.Difference = v.words.T("journal.differs", "shop", row.Total.String(), "crm", row.CRMTotal.String(), "currency", row.Currency)
	}
	at := a.links(v.conn.ID).Journal + "/" + strconv.FormatInt(row.ID, 10)
	if canRetry(row) {
		e.Retry = at + "/retry"
	}
	if canIgnore(row) {
		e.Ignore = at + "/ignore"
	}
	return e
}

// mendedAt is the id of the setting that keeps an order from being sent; empty when none does.
func mendedAt(why orders.Reason, target settings.Target) string {
	switch why {
	case orders.ReasonNoSource, orders.ReasonSourceGone, orders.ReasonCurrencyMismatch:
		return menu{Name: "source"}.ID()
	case orders.ReasonUnmappedPayment:
		return tableID(mapPayments, target)
	case orders.ReasonUnmappedDelivery:
		return tableID(mapDeliveries, target)
	case orders.ReasonUnmappedAddOn, orders.ReasonFieldGone:
		return tableID(mapAddOns, target)
	}
	return ""
}

// canRetry: the entry stands still, or would go on later than now.
func canRetry(row orders.Row) bool {
	switch row.State {
	case orders.Retrying, orders.Ignored:
		return true
	}
	return row.Waits()
}

// canIgnore: the CRM does not have the order as far as we know, and nobody is asking it just now.
func canIgnore(row orders.Row) bool {
	switch row.State {
	case orders.Pending, orders.Retrying:
		return row.CRMID == ""
	}
	return row.Waits() && row.CRMID == ""
}

// codeNames are where reasons' codes have their names.
type codeNames struct {
	shop *shopLists
	// crm reads the CRM's lists. It is asked only for a code of the CRM's: that may cost requests.
	crm func() *lists
}

// namesOf are the names for a connection whose page has not read the CRM's lists.
func (a *Admin) namesOf(ctx context.Context, v *visit, shop *shopLists) codeNames {
	return codeNames{shop: shop, crm: func() *lists { return a.listsOf(ctx, v.conn.ID) }}
}

// in puts names in place of the codes in a reason's params. A code without one stays.
func (n codeNames) in(v *visit, p orders.Params) map[string]string {
	out := map[string]string{}
	for k, code := range p {
		if e := find(n.list(k), code); e != nil {
			code = v.name(*e)
		}
		out[k] = code
	}
	return out
}

// list is where the codes of a param are listed; none for what is no code.
func (n codeNames) list(param string) []entry {
	switch param {
	case "payment":
		return paymentRows(n.shop)
	case "delivery":
		return deliveryRows(n.shop)
	case "add_on":
		return addOnRows(n.shop)
	case "status":
		return statusRows(n.shop)
	case "crm_status":
		l := n.crm()
		return slices.Concat(crmStatusRows(l.statuses.rows), cardStatusRows(l.pipelines.rows))
	}
	return nil
}

func (a *Admin) retryEntry(w http.ResponseWriter, r *http.Request, v *visit) error {
	return a.onEntry(w, r, v, "retried", func(ctx context.Context, id int64) error {
		return a.Journal.RetryBy(ctx, id, v.conn.ID)
	})
}

func (a *Admin) ignoreEntry(w http.ResponseWriter, r *http.Request, v *visit) error {
	return a.onEntry(w, r, v, "ignored", a.Journal.Ignore)
}

// onEntry does something to an entry that this connection's page lists.
func (a *Admin) onEntry(
	w http.ResponseWriter, r *http.Request, v *visit, done string, do func(context.Context, int64) error,
) error {
	id, err := strconv.ParseInt(chi.URLParam(r, "entry"), 10, 64)
	if err != nil {
		return errNotFound
	}
	e, err := a.Journal.Entry(r.Context(), id)
	if err != nil {
		return err
	}
	f := journalOf(v)
	if ours := e.Connection == f.Connection || e.Connection == "" && f.Unrouted; !ours || e.Shop != f.Shop {
		return errNotFound
	}
	switch err := do(r.Context(), id); {
	case errors.Is(err, plugin.ErrConflict), errors.Is(err, plugin.ErrRefused):
		done = "entry_moved_on"
	case err != nil:
		return err
	}
	return a.backToJournal(w, r, v, done)
}
