package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/cache"
	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

// How long lists are believed, how long a failure is, and for how many connections they are kept.
const (
	listsFresh  = time.Minute
	listsFailed = 15 * time.Second
	listsKept   = 256
)

// newListCache remembers lists for a minute, so that a merchant who clicks about does not use up the minute's
// requests. Failures count from when they were found out: waiting for them again at once helps nobody.
func newListCache(c plugin.Clock) *cache.Cache[plugin.ConnectionID, *form.CRMLists] {
	return cache.New[plugin.ConnectionID](c, listsKept, func(l *form.CRMLists) time.Duration {
		if l.Err() != nil {
			return listsFailed
		}
		return listsFresh
	})
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
	// A reader who goes away must not leave a failure behind for the next.
	l, _ := s.lists.Get(context.WithoutCancel(ctx), id, func(ctx context.Context) (*form.CRMLists, error) { return s.readLists(ctx, id), nil })
	return l
}

// Refresh reads the CRM's lists now. What cannot be read stays as it was known before.
func (s *Service) Refresh(ctx context.Context, id plugin.ConnectionID) *form.CRMLists {
	l, _ := s.lists.Reload(context.WithoutCancel(ctx), id, func(ctx context.Context) (*form.CRMLists, error) { return s.readLists(ctx, id), nil })
	return l
}

// Forget drops what was read of the CRM for a connection.
func (s *Service) Forget(id plugin.ConnectionID) { s.lists.Forget(id) }

// parallelReads is how many lists are asked for at once.
const parallelReads = 4

func (s *Service) readLists(ctx context.Context, id plugin.ConnectionID) *form.CRMLists {
	ctx, cancel := context.WithTimeout(ctx, s.Reach)
	defer cancel()
	l := &form.CRMLists{}
	if before, ok := s.lists.Last(id); ok {
		*l = *before
	}
	if dir, err := s.Open(ctx, id); err != nil {
		l.FailAll(err)
	} else {
		fetchAll(ctx, l, dir)
	}
	if err := l.Err(); err != nil {
		s.Host.Logger().Warn("the CRM's lists could not be read", "connection", string(id), "error", err.Error())
	}
	return l
}

func fetchAll(ctx context.Context, l *form.CRMLists, dir Directory) {
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
}

// fetch reads one list; when it fails, the rows of the reading before stay.
func fetch[T any](ctx context.Context, l *form.List[T], read func(context.Context) ([]T, error)) {
	var rows []T
	err := contain.Do(func() (err error) {
		rows, err = read(ctx)
		return err
	})
	var panicked *contain.Panic
	if errors.As(err, &panicked) {
		err = fmt.Errorf("read list: %w: %w", err, crm.ErrUnavailable)
	}
	if l.Err = err; err == nil {
		l.Rows = rows
	}
}
