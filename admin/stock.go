package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// stockView is the link for the CRM's calls about stock and how they fare.
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
	// Told: somebody can tell how calls fare.
	Told bool
}

type stockChangeView struct {
	At, Name, Field, Old, New string
}

// stockView: what cannot be told now is left out.
func (a *Admin) stockView(ctx context.Context, v *visit, link string) stockView {
	view := stockView{Link: link, NoLink: v.noLink()}
	if a.Webhooks == nil {
		return view
	}
	s, err := a.Webhooks.StockSeen(ctx, v.conn.ID)
	if err != nil {
		a.Host.Logger().Warn("stock calls", "connection", string(v.conn.ID), "error", err.Error())
		return view
	}
	view.Told = true
	view.Received, view.Applied = v.when(s.ReceivedAt), v.when(s.AppliedAt)
	view.Calls, view.Written, view.Waiting, view.Unknown = int(s.Calls), int(s.Written), int(s.Waiting), int(s.Unknown)
	view.UnknownOffers = strings.Join(s.UnknownOffers, ", ")
	if s.Reason != "" {
		view.Reason = v.stockReason(s.Reason)
	}
	for _, c := range s.Changes {
		view.Changes = append(view.Changes, stockChangeView{
			At: v.when(c.At), Name: c.Name, Field: v.words.T("field." + string(c.Field)), Old: c.Old, New: c.New,
		})
	}
	return view
}

// stockReason finds the words of a reason: of our own, of runs, or of webhooks.
func (v *visit) stockReason(code string) string {
	for _, family := range []string{"stock.reason.", "run.reason.", "hook.reason."} {
		if v.words.Has(family + code) {
			return v.words.Say(family+code, nil)
		}
	}
	return code
}

// webhookLinks are the links to paste into the CRM; empty for those who may not see them, and where there
// is none yet.
type webhookLinks struct{ Order, Card, Stock string }

func (a *Admin) webhookLinks(ctx context.Context, v *visit) (l webhookLinks, err error) {
	if !v.may(plugin.PermConfigure) {
		return l, nil
	}
	links, err := a.Settings.Links(ctx, v.conn.ID)
	if err != nil {
		return l, err
	}
	for object, to := range map[settings.Object]*string{
		settings.ObjectOrder: &l.Order, settings.ObjectCard: &l.Card, settings.ObjectStock: &l.Stock,
	} {
		if link, ok := links[object]; ok {
			*to = a.Host.URLs().Public.JoinPath(webhookPath(object), link.Token).String()
		}
	}
	return l, nil
}

// noLink says why somebody sees no link.
func (v *visit) noLink() string {
	if v.may(plugin.PermConfigure) {
		return v.words.T("webhook.none")
	}
	return v.words.T("webhook.hidden")
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

// apiStock is how stock calls fare, in JSON. It holds no link. Times are UTC; zero ones are left out.
type apiStock struct {
	Calls         int64            `json:"calls"`
	ReceivedAt    time.Time        `json:"received_at,omitzero"`
	AppliedAt     time.Time        `json:"applied_at,omitzero"`
	Written       int64            `json:"written"`
	Waiting       int64            `json:"waiting"`
	Unknown       int64            `json:"unknown"`
	UnknownOffers []string         `json:"unknown_offers,omitempty"`
	Reason        string           `json:"reason,omitempty"`
	Changes       []apiStockChange `json:"changes"`
}

type apiStockChange struct {
	At      time.Time        `json:"at"`
	CRMID   string           `json:"crm_id"`
	Product plugin.ProductID `json:"product"`
	Variant plugin.VariantID `json:"variant"`
	Name    string           `json:"name"`
	Field   catalog.Field    `json:"field"`
	Old     string           `json:"old"`
	New     string           `json:"new"`
}

func (a *Admin) apiStock(r *http.Request, v *visit) (int, any, error) {
	out := apiStock{Changes: []apiStockChange{}}
	if a.Webhooks == nil {
		return http.StatusOK, out, nil
	}
	s, err := a.Webhooks.StockSeen(r.Context(), v.conn.ID)
	if err != nil {
		return 0, nil, err
	}
	out.Calls, out.ReceivedAt, out.AppliedAt, out.Written = s.Calls, s.ReceivedAt, s.AppliedAt, s.Written
	out.Waiting, out.Unknown, out.UnknownOffers, out.Reason = s.Waiting, s.Unknown, s.UnknownOffers, s.Reason
	for _, c := range s.Changes {
		out.Changes = append(out.Changes, apiStockChange{c.At, c.CRMID, c.Product, c.Variant, c.Name, c.Field, c.Old, c.New})
	}
	return http.StatusOK, out, nil
}
