package admin

import (
	"context"
	"strings"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// stockView is the link for the CRM's notifications about stock, and their status.
type stockView struct {
	// Link is empty where NoLink says why.
	Link, NoLink string
	// Received and Applied are moments in words; empty: never.
	Received, Applied string
	// Calls and Written count; Waiting and Unknown are offers still to be read, and those of which the
	// shop has nothing.
	Calls, Written, Waiting, Unknown int
	UnknownOffers                    string
	Reason                           string
	Changes                          []stockChangeView
	// Told: the status of notifications is known.
	Told bool
}

type stockChangeView struct {
	At, Name, Field, Old, New string
}

// stockView: what cannot be told now is left out.
func (p base) stockView(ctx context.Context, req *web.Request, link string) stockView {
	view := stockView{Link: link, NoLink: noLink(req)}
	if p.svc.Webhooks == nil {
		return view
	}
	s, err := p.svc.Webhooks.StockSeen(ctx, req.Conn.ID)
	if err != nil {
		p.svc.Host.Logger().Warn("stock calls", "connection", string(req.Conn.ID), "error", err.Error())
		return view
	}
	view.Told = true
	view.Received, view.Applied = req.When(s.ReceivedAt), req.When(s.AppliedAt)
	view.Calls, view.Written, view.Waiting, view.Unknown = int(s.Calls), int(s.Written), int(s.Waiting), int(s.Unknown)
	view.UnknownOffers = strings.Join(s.UnknownOffers, ", ")
	if s.Reason != "" {
		view.Reason = stockReason(req.Words, s.Reason)
	}
	for _, c := range s.Changes {
		view.Changes = append(view.Changes, stockChangeView{
			At: req.When(c.At), Name: c.Name, Field: req.Words.T("field." + string(c.Field)), Old: c.Old, New: c.New,
		})
	}
	return view
}

// stockReason finds the words of a reason: of our own, of runs, or of webhooks.
func stockReason(w *i18n.Words, code string) string {
	for _, family := range []string{"stock.reason.", "run.reason.", "hook.reason."} {
		if w.Has(family + code) {
			return w.Say(family+code, nil)
		}
	}
	return code
}

// webhookLinks are the links to paste into the CRM; empty for those who may not see them, and where there
// is none yet.
type webhookLinks struct{ Order, Card, Stock string }

func (p base) webhookLinks(ctx context.Context, req *web.Request) (l webhookLinks, err error) {
	if !req.May(plugin.PermConfigure) {
		return l, nil
	}
	links, err := p.svc.Settings.Links(ctx, req.Conn.ID)
	if err != nil {
		return l, err
	}
	for object, to := range map[settings.Object]*string{
		settings.ObjectOrder: &l.Order, settings.ObjectCard: &l.Card, settings.ObjectStock: &l.Stock,
	} {
		if link, ok := links[object]; ok {
			*to = p.svc.Host.URLs().Public.JoinPath(webhookPath(object), link.Token).String()
		}
	}
	return l, nil
}

// noLink says why somebody sees no link.
func noLink(req *web.Request) string {
	if req.May(plugin.PermConfigure) {
		return req.Words.T("webhook.none")
	}
	return req.Words.T("webhook.hidden")
}

// webhookPath is where the handler of webhooks listens; plugin.yaml says the same.
func webhookPath(o settings.Object) string {
	switch o {
	case settings.ObjectCard:
		return "cards"
	case settings.ObjectStock:
		return "stock"
	case settings.ObjectOrder:
	}
	return "orders"
}
