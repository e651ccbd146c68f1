package keybridge

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/secret"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/connector"
	"github.com/keybridge/keybridge/plugin"
)

// accounts opens connectors to the CRM. Every request they make asks the budget first.
type accounts struct {
	url      string
	client   *http.Client
	settings *settings.Store
	box      *secret.Box
	budget   *budget.Budget
}

// open answers the connector of a connection; its requests are counted in the given lane.
func (a *accounts) open(ctx context.Context, id plugin.ConnectionID, lane budget.Lane) (*connector.Connector, error) {
	key, err := a.settings.Key(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("open CRM of connection %s: %w", id, err)
	}
	return a.openKey(key, lane)
}

// openKey answers a connector for a key that may not be stored yet.
func (a *accounts) openKey(key string, lane budget.Lane) (*connector.Connector, error) {
	account := a.account(key)
	client, err := keycrm.New(a.url, key,
		keycrm.WithHTTPClient(a.client),
		keycrm.WithBudget(func(ctx context.Context, _ keycrm.Request) error {
			return a.budget.Wait(ctx, account, lane)
		}),
		keycrm.WithObserver(func(c keycrm.Call) {
			if c.RetryAfter > 0 {
				a.pause(account, c.RetryAfter)
			}
		}))
	if err != nil {
		return nil, fmt.Errorf("open CRM: %w", err)
	}
	return connector.New(client), nil
}

func (a *accounts) account(key string) budget.Account { return budget.AccountOf(a.box.Digests(key)[0]) }

// pause stops the account's requests as long as the CRM asked. Should Redis be gone just now, the
// next request fails for that reason anyway.
func (a *accounts) pause(account budget.Account, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = a.budget.Pause(ctx, account, d)
}

// usage answers how much of the minute's budget a connection's key has used.
func (a *accounts) usage(ctx context.Context, id plugin.ConnectionID) (budget.Usage, error) {
	key, err := a.settings.Key(ctx, id)
	if err != nil {
		return budget.Usage{}, err
	}
	return a.budget.Usage(ctx, a.account(key))
}
