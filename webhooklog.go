package keybridge

import (
	"context"
	"slices"

	"github.com/keybridge/keybridge/admin"
	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// webhookLog shows on the merchant's page what the CRM's calls did.
type webhookLog struct{ inbox *hooks.Inbox }

// Seen implements admin.Webhooks.
func (w webhookLog) Seen(ctx context.Context, id plugin.ConnectionID, object settings.Object) (admin.WebhookSeen, error) {
	links, err := w.inbox.Links(ctx, id)
	if err != nil {
		return admin.WebhookSeen{}, err
	}
	i := slices.IndexFunc(links, func(l hooks.LinkView) bool { return l.Object == object })
	if i < 0 {
		return admin.WebhookSeen{}, nil
	}
	link := links[i]
	seen := admin.WebhookSeen{Received: link.LastReceived, Applied: link.Last[hooks.Applied].At}
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
