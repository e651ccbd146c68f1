// Package stockcalls takes the CRM's calls about stock (webhooks): a call is a hint, upon which a worker reads price
// and stock a moment later and writes them.
package stockcalls

import (
	"context"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/plugin"
)

// Calls takes the CRM's calls about stock. A call is a hint: the offers it names are kept as they
// came, and a moment later a worker makes a notice of each, reads their price and stock and writes them as
// a price run would; a call that comes twice is read once more and finds nothing to write (idempotent). Safe for
// concurrent use. Errors are our database's: the call can be repeated.
type Calls struct{ T *session.Tools }

var _ jobs.Source = (*Calls)(nil)

// Note stores that a call named offers; none is a call too. It takes no longer for many of them than it
// takes to store them.
func (s *Calls) Note(ctx context.Context, conn plugin.ConnectionID, offers []string) error {
	now := s.T.Now()
	return s.T.Store.StockCalls.Add(ctx, conn, offers, now, now.Add(s.T.Deps.Config.Gather))
}

// Status is the status of the stock notifications of a connection; zero when there never was one.
func (s *Calls) Status(ctx context.Context, conn plugin.ConnectionID) (catalog.StockStatus, error) {
	return s.T.Store.StockCalls.Status(ctx, conn)
}

// Changes lists what calls have written lately, newest first.
func (s *Calls) Changes(ctx context.Context, conn plugin.ConnectionID, limit int) ([]catalog.Change, error) {
	return s.T.Store.StockCalls.Changes(ctx, conn, limit)
}

// bodyKept is how long the offers of a call are kept that nobody could work on.
const bodyKept = 24 * time.Hour

// Purge forgets what is older than age, and what calls named a day ago and nobody could work on.
func (s *Calls) Purge(ctx context.Context, age time.Duration) error {
	return s.T.Store.StockCalls.Purge(ctx, s.T.Now().Add(-age), s.T.Now().Add(-bodyKept))
}

// Due implements jobs.Source: connections with calls whose offers are to be read.
func (s *Calls) Due(ctx context.Context, now time.Time, limit int) ([]jobs.Task, error) {
	return s.T.Store.StockCalls.Due(ctx, now, now.Add(s.T.Deps.Config.HandOver), limit)
}
