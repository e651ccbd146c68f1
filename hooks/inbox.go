package hooks

import (
	"context"
	"errors"
	"time"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/contain"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// TaskKind names the inbox among the jobs.
const TaskKind = "inbox"

// Inbox does the work that webhooks leave: it reads the object from the CRM and moves the shop's
// order. Safe for concurrent use, by any number of processes.
type Inbox struct {
	Deps
	store store
}

var _ jobs.Source = (*Inbox)(nil)

// Due implements jobs.Source. Errors: those of Postgres.
func (b *Inbox) Due(ctx context.Context, now time.Time, limit int) ([]jobs.Task, error) {
	rows, err := objects().Due(ctx, b.DB, now, now.Add(b.Config.RequeueAfter), limit)
	return jobs.Tasks(TaskKind, jobs.Interactive, rows), err
}

// Handle implements jobs.Handler for TaskKind: it reads one object from the CRM and applies it. What goes wrong with the
// CRM or the shop is written into the row and is no error here. Errors: those of Postgres, and then the task is tried
// again.
func (b *Inbox) Handle(ctx context.Context, id int64) error {
	now := b.Clock.Now()
	m, err := b.store.claim(ctx, id, now, now.Add(b.Config.Lease))
	if err != nil || m == nil {
		return err
	}
	res := result{event: event{Connection: m.Connection, Object: m.Object, ObjectID: m.ObjectID}}
	if err = b.contained(ctx, m, &res); err == nil {
		err = b.finish(ctx, m, res)
	}
	if errors.Is(err, lease.ErrLost) {
		b.Log.Warn("webhook: the lease ran out, another worker goes on", "connection", string(m.Connection),
			"object", string(m.Object), "id", m.ObjectID)
		return nil
	}
	return err
}

// finish gives the object back, also when the process is being stopped: what was done is written down.
func (b *Inbox) finish(ctx context.Context, m *message, res result) error {
	res.At = b.Clock.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return b.store.finish(ctx, m, res)
}

// Look has an order or card read although no webhook has spoken of it. A failure is logged: the next webhook
// about it does the same.
func (b *Inbox) Look(ctx context.Context, conn plugin.ConnectionID, t settings.Target, crmID string) {
	object := settings.ObjectOrder
	if t == settings.TargetCards {
		object = settings.ObjectCard
	}
	if err := b.store.look(ctx, conn, object, crmID, b.Clock.Now()); err != nil {
		b.Log.Warn("status: not asked for", "connection", string(conn), "object", string(object), "id", crmID, "error", err.Error())
	}
}

// Purge forgets what is older than age: objects that are dealt with, and their journal. Errors: those of Postgres.
func (b *Inbox) Purge(ctx context.Context, age time.Duration) error {
	return b.store.purge(ctx, b.Clock.Now().Add(-age))
}

// contained is work whose panic is tried again later and later, and told, rather than over and over.
func (b *Inbox) contained(ctx context.Context, m *message, res *result) error {
	err := contain.Do(func() error { return b.work(ctx, m, res) })
	if contain.Log(b.Log, err, "webhook: work panicked", "connection", string(m.Connection), "object", string(m.Object), "id", m.ObjectID) {
		b.again(m, res, 0, ReasonInternal)
		return nil
	}
	return err
}

// work fills res. An error means that Postgres could not be asked.
func (b *Inbox) work(ctx context.Context, m *message, res *result) error {
	conn, err := b.Connections.Get(ctx, m.Connection)
	switch {
	case errors.Is(err, plugin.ErrNotFound):
		res.Outcome, res.Reason = Ignored, ReasonConnectionOff
		return nil
	case err != nil:
		return err
	case !conn.Running() || conn.Settings.Orders.Target == settings.TargetOff:
		res.Outcome, res.Reason = Ignored, ReasonConnectionOff
		return nil
	case !b.Active(conn.Shop):
		res.Outcome, res.Reason = Ignored, ReasonShopInactive
		return nil
	}
	if waits, err := b.unconverted(ctx, m, conn, res); err != nil || waits {
		return err
	}
	state, err := b.readObject(ctx, m)
	if err != nil {
		return b.readFailed(ctx, m, err, res)
	}
	res.CRMStatus = state.Status
	link, err := b.find(ctx, m, conn, state, res)
	if err != nil || res.Outcome != "" {
		return err
	}
	res.Order = link.Order
	return b.apply(ctx, m, conn, link, state, res)
}

func (b *Inbox) readObject(ctx context.Context, m *message) (orders.State, error) {
	reader, err := b.Reader(ctx, m.Connection)
	if err != nil {
		return orders.State{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.Config.Request)
	defer cancel()
	return reader.OrderState(ctx, target(m.Object), m.ObjectID)
}

// readFailed records a read that failed.
func (b *Inbox) readFailed(ctx context.Context, m *message, cause error, res *result) error {
	var later *budget.WaitError
	switch {
	case errors.As(cause, &later):
		res.wait(max(later.After, time.Second), ReasonWaitingBudget)
		if m.Reason != ReasonWaitingBudget { // one that had its turn in vain does not begin to wait anew
			res.behind = later.Every
		}
	case errors.Is(cause, budget.ErrNoRedis):
		res.wait(b.Config.RetryBase, ReasonNoRedis)
	case errors.Is(cause, crm.ErrNotFound):
		res.Outcome, res.Reason = Gone, ReasonCRMGone
		link, err := b.findSent(ctx, m)
		if errors.Is(err, plugin.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		res.Order = link.Order
		return b.Orders.MarkDeleted(ctx, link.Entry)
	case errors.Is(cause, crm.ErrUnauthorised), errors.Is(cause, crm.ErrFeatureOff):
		b.again(m, res, b.Config.RetryCap, ReasonUnauthorised)
	default:
		b.again(m, res, crm.RetryAfter(cause), ReasonUnavailable)
	}
	b.Log.Warn("webhook: the CRM cannot be read", "connection", string(m.Connection), "object", string(m.Object),
		"id", m.ObjectID, "error", cause.Error())
	return nil
}

// again tries later; pause 0 takes one that grows with each try.
func (b *Inbox) again(m *message, res *result, pause time.Duration, why Reason) {
	if pause <= 0 {
		pause = b.Config.backoff().Pause(m.Tries)
	}
	res.wait(pause, why)
	res.failed = true
}

// wait goes on after a pause. Nothing was tried, so nothing failed.
func (r *result) wait(pause time.Duration, why Reason) {
	r.Outcome, r.Reason, r.retry = Waiting, why, pause
}

func target(o settings.Object) settings.Target {
	if o == settings.ObjectCard {
		return settings.TargetCards
	}
	return settings.TargetOrders
}
