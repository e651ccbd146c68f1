package admin

import (
	"context"
	"time"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/plugin"
)

// loadView is load in words.
type loadView struct {
	Away   bool
	Usage  *usageView
	Queues []queueView
}

type usageView struct {
	budget.Usage
	// Paused is until when nothing is sent; empty: it is.
	Paused string
}

type queueView struct {
	Title, Oldest string
	service.Queue
}

// loadView is nil when there is nothing that could be told.
func (p base) loadView(ctx context.Context, req *web.Request, health plugin.Health) *loadView {
	if p.svc.Usage == nil && p.svc.Queues == nil {
		return nil
	}
	l := p.svc.Load(ctx, req.Conn.ID, health)
	view := &loadView{Away: !l.Redis}
	if l.Usage != nil {
		view.Usage = &usageView{*l.Usage, req.When(l.Usage.StoppedUntil())}
	}
	for _, q := range l.Queues {
		row := queueView{Title: req.Words.T("queue." + q.Name), Queue: q}
		if seconds := int(q.Oldest.Round(time.Second) / time.Second); seconds > 0 {
			row.Oldest = req.Words.N("queue.oldest", seconds)
		}
		view.Queues = append(view.Queues, row)
	}
	return view
}
