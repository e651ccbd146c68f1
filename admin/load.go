package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// loadWait is how long a page waits for Redis; without it the page says so.
const loadWait = time.Second

// load is how busy everything is: the minute's requests of a connection, and the queues of all.
type load struct {
	// Redis: it answers. Without it nothing of the rest is known.
	Redis  bool
	Usage  *Usage
	Queues []Queue
}

func (a *Admin) load(ctx context.Context, id plugin.ConnectionID, health plugin.Health) load {
	out := load{Redis: health.Redis}
	if !out.Redis {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, loadWait)
	defer cancel()
	if a.Usage != nil {
		u, err := a.Usage(ctx, id)
		if err != nil {
			return a.unknownLoad(id, err)
		}
		out.Usage = &u
	}
	if a.Queues != nil {
		var err error
		if out.Queues, err = a.Queues(ctx); err != nil {
			return a.unknownLoad(id, err)
		}
	}
	return out
}

func (a *Admin) unknownLoad(id plugin.ConnectionID, err error) load {
	a.Host.Logger().Warn("queues", "connection", string(id), "error", err.Error())
	return load{}
}

// loadView is load in words.
type loadView struct {
	Away   bool
	Usage  *usageView
	Queues []queueView
}

type usageView struct {
	Usage
	// Still is until when nothing is sent; empty: it is.
	Still string
}

type queueView struct {
	Title, Oldest string
	Queue
}

// loadView is nil when there is nothing that could be told.
func (a *Admin) loadView(ctx context.Context, v *visit, health plugin.Health) *loadView {
	if a.Usage == nil && a.Queues == nil {
		return nil
	}
	l := a.load(ctx, v.conn.ID, health)
	view := &loadView{Away: !l.Redis}
	if l.Usage != nil {
		view.Usage = &usageView{*l.Usage, v.when(l.Usage.StillUntil)}
	}
	for _, q := range l.Queues {
		row := queueView{Title: v.words.T("queue." + q.Name), Queue: q}
		if seconds := int(q.Oldest.Round(time.Second) / time.Second); seconds > 0 {
			row.Oldest = v.words.N("queue.oldest", seconds)
		}
		view.Queues = append(view.Queues, row)
	}
	return view
}

type apiHealth struct {
	Database bool       `json:"database"`
	Redis    bool       `json:"redis"`
	Workers  bool       `json:"workers"`
	Budget   *apiBudget `json:"budget,omitempty"`
	Queues   []apiQueue `json:"queues,omitempty"`
}

type apiBudget struct {
	Limit   int        `json:"limit"`
	Used    int        `json:"used"`
	Free    int        `json:"free"`
	Waiting apiWaiting `json:"waiting"`
	// StillUntil is until when nothing is sent.
	StillUntil time.Time `json:"still_until,omitzero"`
}

type apiWaiting struct {
	Clicks   int `json:"clicks"`
	Statuses int `json:"statuses"`
	Orders   int `json:"orders"`
	Runs     int `json:"runs"`
}

type apiQueue struct {
	Name          string  `json:"name"`
	Waiting       int     `json:"waiting"`
	Running       int     `json:"running"`
	Later         int     `json:"later"`
	Dead          int     `json:"dead"`
	OldestSeconds float64 `json:"oldest_seconds"`
}

func (a *Admin) apiHealth(r *http.Request, v *visit) (int, any, error) {
	h := a.Health(r.Context())
	l := a.load(r.Context(), v.conn.ID, h)
	out := apiHealth{Database: h.Database, Redis: l.Redis, Workers: h.Workers}
	if u := l.Usage; u != nil {
		out.Budget = &apiBudget{u.Limit, u.Used, u.Free(), apiWaiting{u.Clicks, u.Statuses, u.Orders, u.Runs}, u.StillUntil}
	}
	for _, q := range l.Queues {
		out.Queues = append(out.Queues, apiQueue{q.Name, q.Waiting, q.Running, q.Later, q.Dead, q.Oldest.Seconds()})
	}
	return http.StatusOK, out, nil
}
