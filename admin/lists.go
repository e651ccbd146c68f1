package admin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/secret"
	"github.com/keybridge/keybridge/plugin"
)

// list is one list of the CRM. Beside an error the rows are those of an earlier reading, if any.
type list[T any] struct {
	rows []T
	err  error
}

// lists is everything the settings refer to, as read at one moment.
type lists struct {
	sources    list[crm.Source]
	statuses   list[crm.Status]
	pipelines  list[crm.Pipeline]
	payments   list[crm.PaymentMethod]
	deliveries list[crm.DeliveryService]
	fields     list[crm.Field]
	warehouses list[crm.Warehouse]
	categories list[crm.Category]
	readAt     time.Time
}

// err answers why the lists could not be read; nil when they could. An account without pipelines is
// no trouble in itself.
func (l *lists) err() error {
	var first error
	for _, err := range []error{
		l.sources.err, l.statuses.err, l.payments.err, l.deliveries.err, l.fields.err, l.categories.err, l.pipelines.err,
		l.warehouses.err,
	} {
		if errors.Is(err, crm.ErrUnauthorised) {
			return err
		}
		if first == nil && !errors.Is(err, crm.ErrFeatureOff) {
			first = err
		}
	}
	return first
}

// trouble names what an error of the CRM means for the merchant; words "reason.…". Empty for nil.
func trouble(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, budget.ErrNoRedis):
		return "no_redis"
	case errors.Is(err, secret.ErrSealed):
		return "key_sealed"
	case errors.Is(err, crm.ErrUnauthorised):
		return "crm_unauthorised"
	case errors.Is(err, crm.ErrFeatureOff):
		return "crm_feature_off"
	case errors.Is(err, crm.ErrLimited):
		return "crm_limited"
	case errors.Is(err, crm.ErrRefused):
		return "crm_refused"
	}
	return "crm_unavailable"
}

// How long lists are believed, how long a failure is, and for how many connections they are kept.
const (
	listsFresh  = time.Minute
	listsFailed = 15 * time.Second
	listsKept   = 256
)

// listCache remembers lists for a minute, so that a merchant who clicks about does not use up the
// minute's requests. Safe for concurrent use.
type listCache struct {
	mu   sync.Mutex
	kept map[plugin.ConnectionID]*lists
}

func newListCache() *listCache { return &listCache{kept: map[plugin.ConnectionID]*lists{}} }

func (c *listCache) get(id plugin.ConnectionID) *lists {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[id]
}

func (c *listCache) put(id plugin.ConnectionID, l *lists) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.kept[id]; !known && len(c.kept) >= listsKept {
		for other := range c.kept { // any: it is read again when asked for
			delete(c.kept, other)
			break
		}
	}
	c.kept[id] = l
}

func (c *listCache) drop(id plugin.ConnectionID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept, id)
}

// listsOf answers the lists of a connection within Reach, whatever the CRM does: what cannot be read
// carries its error.
func (a *Admin) listsOf(ctx context.Context, id plugin.ConnectionID) *lists {
	now := a.Host.Clock().Now()
	before := a.lists.get(id)
	if before != nil {
		age := listsFresh
		if before.err() != nil {
			age = listsFailed
		}
		if now.Sub(before.readAt) < age {
			return before
		}
	}
	return a.listsAnew(ctx, id)
}

// listsAnew reads the CRM's lists now. What cannot be read stays as it was known before.
func (a *Admin) listsAnew(ctx context.Context, id plugin.ConnectionID) *lists {
	before := a.lists.get(id)
	// A reader who goes away must not leave a failure behind for the next.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Reach)
	defer cancel()
	l := a.readLists(ctx, id, before)
	if err := l.err(); err != nil {
		a.Host.Logger().Warn("the CRM's lists could not be read", "connection", string(id), "error", err.Error())
	}
	// Failures count from when they were found out: waiting for them again at once helps nobody.
	l.readAt = a.Host.Clock().Now()
	a.lists.put(id, l)
	return l
}

// parallelReads is how many lists are asked for at once.
const parallelReads = 4

func (a *Admin) readLists(ctx context.Context, id plugin.ConnectionID, before *lists) *lists {
	l := &lists{}
	if before != nil {
		*l = *before
	}
	dir, err := a.Open(ctx, id)
	if err != nil {
		l.failAll(err)
		return l
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallelReads)
	for _, read := range []func(){
		func() { fetch(ctx, &l.sources, dir.Sources) },
		func() { fetch(ctx, &l.statuses, dir.OrderStatuses) },
		func() { fetch(ctx, &l.payments, dir.PaymentMethods) },
		func() { fetch(ctx, &l.deliveries, dir.DeliveryServices) },
		func() { fetch(ctx, &l.fields, dir.CustomFields) },
		func() { fetch(ctx, &l.warehouses, dir.Warehouses) },
		func() { fetch(ctx, &l.categories, dir.Categories) },
		func() { fetch(ctx, &l.pipelines, dir.Pipelines) },
	} {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			read()
		})
	}
	wg.Wait()
	return l
}

func (l *lists) failAll(err error) {
	l.sources.err, l.statuses.err, l.pipelines.err, l.payments.err = err, err, err, err
	l.deliveries.err, l.fields.err, l.categories.err, l.warehouses.err = err, err, err, err
}

// fetch reads one list; when it fails, the rows of the reading before stay.
func fetch[T any](ctx context.Context, l *list[T], read func(context.Context) ([]T, error)) {
	defer func() {
		if p := recover(); p != nil {
			l.err = fmt.Errorf("read list: panic: %v: %w", p, crm.ErrUnavailable)
		}
	}()
	rows, err := read(ctx)
	if l.err = err; err == nil {
		l.rows = rows
	}
}
