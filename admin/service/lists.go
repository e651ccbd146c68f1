package service

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

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
	kept map[plugin.ConnectionID]*form.CRMLists
}

func newListCache() *listCache { return &listCache{kept: map[plugin.ConnectionID]*form.CRMLists{}} }

func (c *listCache) get(id plugin.ConnectionID) *form.CRMLists {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[id]
}

func (c *listCache) put(id plugin.ConnectionID, l *form.CRMLists) {
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

// Lists reads both sides' lists for the connection of a request. What the CRM does not tell carries its
// error; err is the shop's.
func (s *Service) Lists(ctx context.Context, req *web.Request) (form.Lists, error) {
	shop, err := ReadShop(ctx, req.Shop)
	if err != nil {
		return form.Lists{}, err
	}
	return form.Lists{CRM: s.CRMLists(ctx, req.Conn.ID), Shop: shop}, nil
}

// CRMLists answers the CRM's lists of a connection within Reach, whatever the CRM does: what cannot be read
// carries its error.
func (s *Service) CRMLists(ctx context.Context, id plugin.ConnectionID) *form.CRMLists {
	now := s.Host.Clock().Now()
	before := s.lists.get(id)
	if before != nil {
		age := listsFresh
		if before.Err() != nil {
			age = listsFailed
		}
		if now.Sub(before.ReadAt) < age {
			return before
		}
	}
	return s.Refresh(ctx, id)
}

// Refresh reads the CRM's lists now. What cannot be read stays as it was known before.
func (s *Service) Refresh(ctx context.Context, id plugin.ConnectionID) *form.CRMLists {
	before := s.lists.get(id)
	// A reader who goes away must not leave a failure behind for the next.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Reach)
	defer cancel()
	l := s.readLists(ctx, id, before)
	if err := l.Err(); err != nil {
		s.Host.Logger().Warn("the CRM's lists could not be read", "connection", string(id), "error", err.Error())
	}
	// Failures count from when they were found out: waiting for them again at once helps nobody.
	l.ReadAt = s.Host.Clock().Now()
	s.lists.put(id, l)
	return l
}

// Forget drops what was read of the CRM for a connection.
func (s *Service) Forget(id plugin.ConnectionID) { s.lists.drop(id) }

// parallelReads is how many lists are asked for at once.
const parallelReads = 4

func (s *Service) readLists(ctx context.Context, id plugin.ConnectionID, before *form.CRMLists) *form.CRMLists {
	l := &form.CRMLists{}
	if before != nil {
		*l = *before
	}
	dir, err := s.Open(ctx, id)
	if err != nil {
		l.FailAll(err)
		return l
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallelReads)
	for _, read := range []func(){
		func() { fetch(ctx, &l.Sources, dir.Sources) },
		func() { fetch(ctx, &l.Statuses, dir.OrderStatuses) },
		func() { fetch(ctx, &l.Payments, dir.PaymentMethods) },
		func() { fetch(ctx, &l.Deliveries, dir.DeliveryServices) },
		func() { fetch(ctx, &l.Fields, dir.CustomFields) },
		func() { fetch(ctx, &l.Warehouses, dir.Warehouses) },
		func() { fetch(ctx, &l.Categories, dir.Categories) },
		func() { fetch(ctx, &l.Pipelines, dir.Pipelines) },
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

// fetch reads one list; when it fails, the rows of the reading before stay.
func fetch[T any](ctx context.Context, l *form.List[T], read func(context.Context) ([]T, error)) {
	defer func() {
		if p := recover(); p != nil {
			l.Err = fmt.Errorf("read list: panic: %v: %w", p, crm.ErrUnavailable)
		}
	}()
	rows, err := read(ctx)
	if l.Err = err; err == nil {
		l.Rows = rows
	}
}
