package keybridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
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
	// budget answers the budget of now. Errors: budget.ErrNoRedis.
	budget func() (*budget.Budget, error)
	// near is how far away a turn may be to be waited for; 0: 2 s.
	near time.Duration
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
			return a.wait(ctx, account, lane)
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

// wait waits for the budget's consent while a turn is near. What is further away is tried again from
// its row, so that one account's queue does not hold the workers all accounts share. Errors:
// *budget.WaitError in the background, crm.ErrLimited elsewhere.
func (a *accounts) wait(ctx context.Context, account budget.Account, lane budget.Lane) error {
	most := cmp.Or(a.near, 2*time.Second)
	if lane == budget.Clicks { // no row tries again, so a little more patience
		most *= 5
	}
	b, err := a.budget()
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, most+most/2)
	defer cancel()
	err = b.WaitAtMost(short, account, lane, most)
	if err != nil && short.Err() != nil && ctx.Err() == nil { // near all the time, but others came first
		err = &budget.WaitError{After: time.Second, Every: time.Second}
	}
	var later *budget.WaitError
	if lane != budget.Background && errors.As(err, &later) {
		return crm.NewLimited(later.After, err)
	}
	return err
}

func (a *accounts) account(key string) budget.Account { return budget.AccountOf(a.box.Digests(key)[0]) }

// pause stops the account's requests as long as the CRM asked. Should Redis be gone just now, the
// next request fails for that reason anyway.
func (a *accounts) pause(account budget.Account, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if b, err := a.budget(); err == nil {
		_ = b.Pause(ctx, account, d)
	}
}

// usage answers how much of the minute's budget a connection's key has used.
func (a *accounts) usage(ctx context.Context, id plugin.ConnectionID) (budget.Usage, error) {
	key, err := a.settings.Key(ctx, id)
	if err != nil {
		return budget.Usage{}, err
	}
	b, err := a.budget()
	if err != nil {
		return budget.Usage{}, err
	}
	return b.Usage(ctx, a.account(key))
}
