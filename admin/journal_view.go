package admin

import (
	"context"
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
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

// view is what the connection's page lists: what waits for a person, and then the latest. It is nil while
// orders are not synced and never were.
func (p journalPages) view(ctx context.Context, req *web.Request, names codeNames) (*journalView, error) {
	waiting, calm := service.JournalOf(req), service.JournalOf(req)
	waiting.Waiting, calm.Calm = true, true
	rows, err := p.svc.Journal.List(ctx, waiting, entriesShown)
	if err != nil {
		return nil, err
	}
	if room := entriesShown - len(rows); room > 0 {
		latest, err := p.svc.Journal.List(ctx, calm, room)
		if err != nil {
			return nil, err
		}
		rows = append(rows, latest...)
	}
	if len(rows) == 0 && req.Conn.Settings.Orders.Target == settings.TargetOff {
		return nil, nil
	}
	out, err := p.head(ctx, req)
	if err != nil {
		return nil, err
	}
	out.Entries = p.entryViews(req, names, rows)
	return out, nil
}

// head counts the orders by state.
func (p journalPages) head(ctx context.Context, req *web.Request) (*journalView, error) {
	counts, err := p.svc.Journal.Counts(ctx, service.JournalOf(req))
	if err != nil {
		return nil, err
	}
	looking := service.JournalOf(req)
	looking.Waiting, looking.States = true, []orders.EntryState{orders.Checking}
	uncertain, err := p.svc.Journal.Counts(ctx, looking)
	if err != nil {
		return nil, err
	}
	out := &journalView{
		Waiting: counts[orders.Blocked] + counts[orders.Dead] + uncertain[orders.Checking], All: req.Links.Journal,
	}
	for _, state := range service.EntryStates() {
		if n := counts[state]; n > 0 {
			out.Counts = append(out.Counts, stateCount{entryClass(state), req.Words.N("journal.count."+string(state), n), out.All + "?show=" + string(state)})
		}
	}
	return out, nil
}

func (p journalPages) entryViews(req *web.Request, names codeNames, rows []orders.Row) []entryView {
	var out []entryView
	for _, row := range rows {
		out = append(out, p.entryView(req, names, row))
	}
	return out
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
	case orders.Pending, orders.Sending, orders.Created: // on their way
	}
	return "busy"
}

func (p journalPages) entryView(req *web.Request, names codeNames, row orders.Row) entryView {
	e := entryView{
		ID: row.ID, Number: row.Number, State: req.Words.T("journal.state." + string(row.State)), Class: entryClass(row.State),
		CRMNumber: row.CRMID, CRMURL: row.CRMURL, Placed: req.When(row.PlacedAt), Next: req.When(row.NextAt), Attempts: row.Attempts,
		Unrouted: row.Connection == "",
	}
	if e.Number == "" {
		e.Number = string(row.Order)
	}
	if row.Reason != "" {
		e.Reason = req.Words.Say("order.reason."+string(row.Reason), names.in(req, row.Params))
	}
	if row.State == orders.Blocked && req.Conn.Settings.Orders.Target != settings.TargetOff {
		e.Anchor = mendedAt(row.Reason, req.Conn.Settings.Orders.Target)
	}
	if row.Differs() {
		e.Difference = req.Words.T("journal.differs", "shop", row.Total.String(), "crm", row.CRMTotal.String(), "currency", row.Currency)
	}
	at := req.Links.Journal + "/" + strconv.FormatInt(row.ID, 10)
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
		return form.FieldID("source")
	case orders.ReasonUnmappedPayment:
		return form.TableID(form.MapPayments, target)
	case orders.ReasonUnmappedDelivery:
		return form.TableID(form.MapDeliveries, target)
	case orders.ReasonUnmappedAddOn, orders.ReasonFieldGone:
		return form.TableID(form.MapAddOns, target)
	default:
		return ""
	}
}

// canRetry: the entry stands still, or would go on later than now.
func canRetry(row orders.Row) bool {
	switch row.State {
	case orders.Retrying, orders.Ignored:
		return true
	default:
		return row.Waits()
	}
}

// canIgnore: the CRM does not have the order as far as we know, and nobody is asking it just now.
func canIgnore(row orders.Row) bool {
	switch row.State {
	case orders.Pending, orders.Retrying:
		return row.CRMID == ""
	default:
		return row.Waits() && row.CRMID == ""
	}
}

// codeNames are where reasons' codes have their names.
type codeNames struct {
	shop *form.ShopLists
	// crm reads the CRM's lists. It is asked only for a code of the CRM's: that may cost requests.
	crm func() *form.CRMLists
}

// namesOf are the names for a connection whose page has not read the CRM's lists.
func (p journalPages) namesOf(ctx context.Context, req *web.Request, shop *form.ShopLists) codeNames {
	return codeNames{shop: shop, crm: func() *form.CRMLists { return p.svc.CRMLists(ctx, req.Conn.ID) }}
}

// in puts names in place of the codes in a reason's params. A code without one stays.
func (n codeNames) in(req *web.Request, p orders.Params) map[string]string {
	out := map[string]string{}
	for k, code := range p {
		if e := form.Find(n.list(k), code); e != nil {
			code = e.Label(req.Words)
		}
		out[k] = code
	}
	return out
}

// list is where the codes of a param are listed; none for what is no code.
func (n codeNames) list(param string) []form.Entry {
	switch param {
	case "payment":
		return form.PaymentRows(n.shop)
	case "delivery":
		return form.DeliveryRows(n.shop)
	case "add_on":
		return form.AddOnRows(n.shop)
	case "status":
		return form.StatusRows(n.shop)
	case "crm_status":
		l := n.crm()
		return slices.Concat(form.CRMStatusRows(l.Statuses.Rows), form.CardStatusRows(l.Pipelines.Rows))
	}
	return nil
}
