package keybridge

import (
	"context"
	"slices"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/catalog/stockcalls"
	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// webhookLog shows on the merchant's page what the CRM's calls did.
type webhookLog struct {
	inbox *hooks.Inbox
	stock *stockcalls.Calls
}

// StockSeen implements service.Webhooks.
func (w webhookLog) StockSeen(ctx context.Context, id plugin.ConnectionID) (service.StockSeen, error) {
	s, err := w.stock.Status(ctx, id)
	if err != nil {
		return service.StockSeen{}, err
	}
	bad, err := w.inbox.LastUnreadable(ctx, id, settings.ObjectStock)
	if err != nil {
		return service.StockSeen{}, err
	}
	changes, err := w.stock.Changes(ctx, id, stockChangesShown)
	if err != nil {
		return service.StockSeen{}, err
	}
	seen := service.StockSeen{StockStatus: s, Changes: changes}
	if bad.At.After(s.ReceivedAt) {
		seen.ReceivedAt, seen.Reason = bad.At, string(bad.Reason)
	}
	return seen, nil
}

// stockChangesShown is how many of the latest values that stock calls wrote the page shows.
const stockChangesShown = 10

// Seen implements service.Webhooks.
func (w webhookLog) Seen(ctx context.Context, id plugin.ConnectionID, object settings.Object) (service.WebhookSeen, error) {
	links, err := w.inbox.Links(ctx, id)
	if err != nil {
		return service.WebhookSeen{}, err
	}
	i := slices.IndexFunc(links, func(l hooks.LinkView) bool { return l.Object == object })
	if i < 0 {
		return service.WebhookSeen{}, nil
	}
	link := links[i]
	seen := service.WebhookSeen{Received: link.LastReceived, Applied: link.Last[hooks.Applied].At}
	var newest hooks.EventView
	for _, e := range link.Last {
		if e.At.After(newest.At) {
			newest = e
		}
	}
	if newest.Outcome != hooks.Applied {
		seen.Reason, seen.Params = string(newest.Reason), newest.Params
	}
	return seen, nil
}
